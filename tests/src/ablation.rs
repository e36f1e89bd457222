//! Protections that can be taken away at the wire, to see that the simulation notices.

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};

use crate::fault::Call;

/// A protection that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ablation {
    /// S3 writes over a RAW object although `If-None-Match: *` was asked for.
    RawIgnoresIfNoneMatch,
    /// S3 makes the first cursor twice although `If-None-Match: *` was asked for.
    CursorIgnoresIfNoneMatch,
    /// S3 writes over another version of the cursor than the one that `If-Match` names.
    CursorIgnoresIfMatch,
    /// The cursor comes back without `pending`.
    HidePending,
    /// The cursor comes back without `lease`.
    HideLease,
    /// A RAW file that is there is answered with 404.
    DenyRaw,
    /// A cursor that is there is answered with 404.
    DenyCursor,
    /// A run that looks for the file that a dead one named is told that it is not there; after a refused put it is.
    MisleadRecovery,
    /// The cursor comes back without the name of its writer.
    HideWriter,
    /// The key in REF tells the day and no more of the RAW key.
    RefKeyForgetsRawKey,
    /// Answers of X come without `Date`.
    HideDate,
    /// Pages of X come in order, whatever lies between two of them.
    SortPages,
    /// An answer of X that counts posts and holds none looks like one that found nothing.
    HideCount,
}

impl Ablation {
    /// All of them.
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

    /// Whether a put is done whatever its conditions say.
    pub(crate) fn ignores_condition(self, call: Call, has_if_match: bool) -> bool {
        match self {
            Self::RawIgnoresIfNoneMatch => call == Call::PutRaw,
            Self::CursorIgnoresIfNoneMatch => call == Call::PutCursor && !has_if_match,
            Self::CursorIgnoresIfMatch => call == Call::PutCursor && has_if_match,
            _ => false,
        }
    }

    /// The answer as the proxy passes it on.
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
}

impl Ablation {
    /// An answer of X as the proxy passes it on.
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
        fields.insert(field.to_owned(), "".into()); // a cursor has one
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

/// An error of S3.
pub(crate) fn refusal(status: u16, code: &str, method: &Method) -> Response<Bytes> {
    let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>simulated</Message></Error>");
    let mut response = Response::new(if *method == Method::HEAD { Bytes::new() } else { Bytes::from(xml) });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/xml"));
    response
}
