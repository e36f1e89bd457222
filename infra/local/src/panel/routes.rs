//! Answers each path from a snapshot: no request runs a statement.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::assets;
use super::question_page;
use super::questions;
use super::watcher::Published;

/// Nothing of a post can become HTML or script: only our own files run, and with `trusted-types 'none'` no text can be
/// parsed as HTML.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Answers a path that is not `/events`.
pub fn answer(path: &str, headers: &HeaderMap, published: &Published) -> Response<Bytes> {
    if let Some(asset) = assets::at(path) {
        return tagged(headers, asset.content_type, asset.body, &asset.etag);
    }
    if path == "/snapshot.json" {
        return tagged(headers, "application/json", published.body.clone(), &published.etag);
    }
    match path.strip_prefix("/q/").map(|name| (name, name.strip_suffix(".csv"))) {
        Some((_, Some(name))) => csv(name, published),
        Some((name, None)) => table(name, published),
        None => plain(StatusCode::NOT_FOUND, "no such page\n"),
    }
}

fn csv(name: &str, published: &Published) -> Response<Bytes> {
    let Some(question) = questions::named(name) else { return unknown() };
    match published.snapshot.answer(question.name) {
        Some(Ok(answer)) => {
            let mut response = of(StatusCode::OK, "text/csv; charset=utf-8; header=present", Bytes::from(answer.csv.clone()));
            let file = format!("attachment; filename=\"{name}.csv\"");
            if let Ok(value) = HeaderValue::from_str(&file) {
                response.headers_mut().insert(CONTENT_DISPOSITION, value);
            }
            response
        }
        Some(Err(error)) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
        None => plain(StatusCode::SERVICE_UNAVAILABLE, "not computed yet; try again\n"),
    }
}

fn table(name: &str, published: &Published) -> Response<Bytes> {
    let Some(question) = questions::named(name) else { return unknown() };
    let html = question_page::html(question, published.snapshot.answer(question.name), published.snapshot.at);
    of(StatusCode::OK, "text/html; charset=utf-8", Bytes::from(html))
}

fn unknown() -> Response<Bytes> {
    plain(StatusCode::NOT_FOUND, "no such question\n")
}

/// Answers 304 if the client has this version.
fn tagged(headers: &HeaderMap, content_type: &'static str, body: Bytes, etag: &str) -> Response<Bytes> {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let is_known = known.flat_map(|tags| tags.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == etag);
    let mut response =
        if is_known { of(StatusCode::NOT_MODIFIED, content_type, Bytes::new()) } else { of(StatusCode::OK, content_type, body) };
    if let Ok(etag) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

/// Answers with a line of text.
pub fn plain(status: StatusCode, text: &str) -> Response<Bytes> {
    of(status, "text/plain; charset=utf-8", Bytes::from(text.to_owned()))
}

/// Builds a response, with the headers that all responses have.
pub fn of(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers: [(HeaderName, &'static str); 7] = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
