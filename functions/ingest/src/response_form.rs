//! Describes the form of a response, for the message of an error. Pure.

use bytes::Bytes;
use http::{HeaderMap, Response, header};
use reqwest::Url;

/// The form of a response received in place of X's. Never contains its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseForm {
    text: String,
    is_json: bool,
}

impl ResponseForm {
    /// Returns whether the body looks like JSON, as X's responses do.
    pub(crate) fn is_json(&self) -> bool {
        self.is_json
    }
}

impl std::fmt::Display for ResponseForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Describes a response from `base_url`: the target host of a redirect, otherwise the type and length of the body.
pub(crate) fn response_form(response: &Response<Bytes>, base_url: &str) -> ResponseForm {
    let (headers, body) = (response.headers(), response.body());
    let is_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    let text = if let Some(location) = headers.get(header::LOCATION).filter(|_| response.status().is_redirection()) {
        let to = location.to_str().ok().and_then(|to| Url::parse(base_url).ok()?.join(to).ok());
        let host = to.as_ref().and_then(|to| to.host_str());
        host.map_or_else(|| "a redirect".to_owned(), |host| format!("a redirect to the host {host}"))
    } else if body.is_empty() {
        "an empty body".to_owned()
    } else {
        format!("{}, {} bytes", media_type(headers), body.len())
    };
    ResponseForm { text, is_json }
}

fn media_type(headers: &HeaderMap) -> String {
    const CHARS_MAX: usize = 60;
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default().trim();
    let is_of_types = |char: &char| char.is_ascii_alphanumeric() || "/+.-".contains(*char);
    let kept: String = media_type.chars().filter(is_of_types).take(CHARS_MAX).collect();
    if kept.is_empty() { "no content type".to_owned() } else { kept }
}
