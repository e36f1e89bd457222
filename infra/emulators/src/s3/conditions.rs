//! Evaluates `If-Match`, `If-None-Match` and the two conditions on time as S3 does. Pure.

use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3Result, s3_error};

use super::object::Head;

/// The conditions of a write.
///
/// Source: "How to prevent object overwrites with conditional writes", Amazon S3 User Guide.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteConditions {
    /// For writes, only `*` exists.
    pub if_none_match: Option<ETagCondition>,
    pub if_match: Option<ETagCondition>,
}

impl WriteConditions {
    /// Returns whether a write over `existing` is allowed: 412 if a condition does not hold, 404 for `If-Match` on a
    /// missing key.
    pub fn check(&self, existing: Option<&Head>) -> S3Result {
        match (&self.if_none_match, existing) {
            (Some(ETagCondition::ETag(_)), _) => {
                return Err(s3_error!(NotImplemented, "a write accepts no If-None-Match but `*`"));
            }
            (Some(ETagCondition::Any), Some(_)) => return Err(precondition_failed()),
            (None, _) | (Some(ETagCondition::Any), None) => {}
        }
        match (&self.if_match, existing) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(no_such_key()),
            (Some(condition), Some(head)) if matches(condition, head) => Ok(()),
            (Some(_), Some(_)) => Err(precondition_failed()),
        }
    }
}

/// The conditions of a read, in the order of RFC 9110, section 13.2.2.
#[expect(clippy::struct_field_names, reason = "the names of the headers")]
#[derive(Clone, Debug, Default)]
pub(super) struct ReadConditions {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

impl ReadConditions {
    /// Returns whether `head` may be returned: 412 or 304 if not.
    pub fn check(&self, head: &Head) -> S3Result {
        let modified = to_the_second(head);
        let wanted = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => matches(condition, head),
            (None, Some(instant)) => modified <= *instant,
            (None, None) => true,
        };
        if !wanted {
            return Err(precondition_failed());
        }
        let known = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => matches(condition, head),
            (None, Some(instant)) => modified <= *instant,
            (None, None) => false,
        };
        if known { Err(not_modified(head)) } else { Ok(()) }
    }
}

fn matches(condition: &ETagCondition, head: &Head) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == head.etag,
    }
}

/// HTTP dates have no fraction; without truncation an object would look newer than its own `Last-Modified`.
fn to_the_second(head: &Head) -> Timestamp {
    let seconds = chrono::DateTime::from_timestamp(head.last_modified.timestamp(), 0).unwrap_or(head.last_modified);
    Timestamp::from(std::time::SystemTime::from(seconds))
}

pub(super) fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

pub(super) fn precondition_failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

/// Creates a 304, which carries the `ETag` that it confirms.
fn not_modified(head: &Head) -> S3Error {
    let mut error = s3_error!(NotModified, "Not Modified");
    if let Ok(etag) = ETag::Strong(head.etag.clone()).to_http_header() {
        error.set_headers([(http::header::ETAG, etag)].into_iter().collect());
    }
    error
}
