//! Protections that can be switched off at the wire, to prove that the simulation notices.

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};

use crate::fault::Call;

/// A protection that is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ablation {
    /// S3 overwrites a RAW object in spite of `If-None-Match: *`.
    RawIgnoresIfNoneMatch,
    /// S3 creates the cursor a second time in spite of `If-None-Match: *`.
    CursorIgnoresIfNoneMatch,
    /// S3 overwrites a version of the cursor other than the one in `If-Match`.
    CursorIgnoresIfMatch,
    /// The cursor is returned without `pending`.
    HidePending,
    /// The cursor is returned without `lease`.
    HideLease,
    /// An existing RAW file is answered with 404.
    DenyRaw,
    /// An existing cursor is answered with 404.
    DenyCursor,
    /// A run that looks for the pending file of a dead run gets 404; after a refused put it gets the true answer.
    MisleadRecovery,
    /// The cursor is returned without the name of its writer.
    HideWriter,
    /// The key in REF contains only the day, and nothing else of the RAW key.
    RefKeyForgetsRawKey,
    /// Answers of X have no `Date`.
    HideDate,
    /// Each page of X is sorted, even if the answer as a whole is not.
    SortPages,
    /// An answer of X that counts posts but contains none looks like one that found nothing.
    HideCount,
}

impl Ablation {
    /// Every ablation.
    pub const ALL: [Self; 13] = [
        Self::RawIgnoresIfNoneMatch,
        Self::CursorIgnoresIfNoneMatch,
        Self::CursorIgnoresIfMatch,
        Self::HidePending,
        Self::HideLease,
        Self::DenyRaw,
        Self::DenyCursor,
        Self::RefKeyForgetsRawKey,
        Self::MisleadRecovery,
        Self::HideWriter,
        Self::HideDate,
        Self::SortPages,
        Self::HideCount,
    ];

    /// Returns whether a put is applied regardless of its conditions.
    pub(crate) fn ignores_condition(self, call: Call, has_if_match: bool) -> bool {
        match self {
            Self::RawIgnoresIfNoneMatch => call == Call::PutRaw,
            Self::CursorIgnoresIfNoneMatch => call == Call::PutCursor && !has_if_match,
            Self::CursorIgnoresIfMatch => call == Call::PutCursor && has_if_match,
            _ => false,
        }
    }

    /// Returns the answer of S3 as the functions see it.
    pub(crate) fn distort(self, call: Call, method: &Method, answer: Response<Bytes>, was_refused: bool) -> Response<Bytes> {
        match (self, call) {
            (Self::HidePending, Call::GetCursor) => without(answer, "pending"),
            (Self::HideLease, Call::GetCursor) => without(answer, "lease"),
            (Self::DenyRaw, Call::HeadRaw) | (Self::DenyCursor, Call::GetCursor) => refusal(404, "NoSuchKey", method),
            (Self::MisleadRecovery, Call::HeadRaw) if !was_refused => refusal(404, "NoSuchKey", method),
            (Self::HideWriter, Call::GetCursor) => without(answer, "writer"),
            _ => answer,
        }
    }

    /// Returns an answer of X as the functions see it.
    pub(crate) fn distort_page(self, mut answer: Response<Bytes>) -> Response<Bytes> {
        if self == Self::HideDate {
            answer.headers_mut().remove(header::DATE);
        }
        if !matches!(self, Self::SortPages | Self::HideCount) {
            return answer;
        }
        let Ok(mut page) = serde_json::from_slice::<serde_json::Value>(answer.body()) else { return answer };
        let id = |post: &serde_json::Value| post["id"].as_str().and_then(|id| id.parse::<i64>().ok());
        if self == Self::HideCount && page["data"].is_null() && page["meta"].is_object() {
            page["meta"] = serde_json::json!({ "result_count": 0 });
        } else if let Some(posts) = page["data"].as_array_mut().filter(|_| self == Self::SortPages) {
            posts.sort_by_key(|post| std::cmp::Reverse(id(post)));
        } else {
            return answer;
        }
        answer.map(|_| Bytes::from(page.to_string()))
    }
}

fn without(answer: Response<Bytes>, field: &str) -> Response<Bytes> {
    let Ok(mut cursor) = serde_json::from_slice::<serde_json::Value>(answer.body()) else { return answer };
    let Some(fields) = cursor.as_object_mut() else { return answer };
    if fields.remove(field).is_none() {
        return answer;
    }
    if field == "writer" {
        fields.insert(field.to_owned(), "".into()); // a cursor without a writer is not valid
    }
    let body = Bytes::from(cursor.to_string());
    let (mut parts, _) = answer.into_parts();
    let checksums: Vec<_> = parts.headers.keys().filter(|name| name.as_str().starts_with("x-amz-checksum")).cloned().collect();
    for name in checksums {
        parts.headers.remove(name);
    }
    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
    Response::from_parts(parts, body)
}

/// Returns an S3 error response.
pub(crate) fn refusal(status: u16, code: &str, method: &Method) -> Response<Bytes> {
    let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>simulated</Message></Error>");
    let mut response = Response::new(if *method == Method::HEAD { Bytes::new() } else { Bytes::from(xml) });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/xml"));
    response
}
