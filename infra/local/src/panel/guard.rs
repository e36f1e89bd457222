//! Decides which requests are answered at all.
//!
//! Any page in the user's browser can send requests to a port of this machine. A page of another origin is refused by
//! `Origin` and `Sec-Fetch-Site`. A page whose own name was made to resolve to 127.0.0.1 is of the same origin and is
//! refused by `Host`, which browsers always send.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

/// Names of this machine that a browser may use.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Returns the status with which a request is refused.
pub fn refusal(method: &Method, headers: &HeaderMap, port: u16) -> Option<StatusCode> {
    let is_own = |authority: &str| NAMES.iter().any(|name| authority == format!("{name}:{port}"));
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_some() || !host.is_some_and(|host| is_own(&host.to_ascii_lowercase())) {
        return Some(StatusCode::MISDIRECTED_REQUEST);
    }
    let is_own_origin = |origin: &str| origin.strip_prefix("http://").is_some_and(is_own);
    if headers.get_all(ORIGIN).iter().any(|origin| !origin.to_str().is_ok_and(is_own_origin)) {
        return Some(StatusCode::FORBIDDEN);
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // A link from elsewhere may open the page, but no other page may load it or a part of it.
    let is_link = text("sec-fetch-mode") == Some("navigate") && text("sec-fetch-dest") == Some("document");
    if matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) && !is_link {
        return Some(StatusCode::FORBIDDEN);
    }
    (method != Method::GET && method != Method::HEAD).then_some(StatusCode::METHOD_NOT_ALLOWED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, headers: &[(&str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        refusal(&Method::from_bytes(method.as_bytes()).unwrap(), &map, 8765).map_or(200, |status| status.as_u16())
    }

    #[test]
    fn only_this_machine_by_its_own_name_is_answered() {
        for (host, want) in [
            ("127.0.0.1:8765", 200),
            ("localhost:8765", 200),
            ("LocalHost:8765", 200),
            ("[::1]:8765", 200),
            ("127.0.0.1", 421),
            ("127.0.0.1:80", 421),
            ("evil.example:8765", 421),
            ("localhost.evil.example:8765", 421),
            ("127.0.0.1:8765.evil.example", 421),
            ("", 421),
        ] {
            assert_eq!(status("GET", &[("host", host)]), want, "{host}");
        }
        assert_eq!(status("GET", &[]), 421);
        assert_eq!(status("GET", &[("host", "localhost:8765"), ("host", "evil.example")]), 421);
    }

    #[test]
    fn a_page_of_another_origin_gets_nothing() {
        for (name, value, want) in [
            ("origin", "http://localhost:8765", 200),
            ("origin", "http://127.0.0.1:9999", 403),
            ("origin", "https://localhost:8765", 403),
            ("origin", "null", 403),
            ("sec-fetch-site", "same-origin", 200),
            ("sec-fetch-site", "none", 200),
            ("sec-fetch-site", "cross-site", 403),
            ("sec-fetch-site", "same-site", 403),
        ] {
            assert_eq!(status("GET", &[("host", "localhost:8765"), (name, value)]), want, "{name}: {value}");
        }
        let link =
            [("host", "localhost:8765"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert_eq!(status("GET", &link), 200);
        let frame =
            [("host", "localhost:8765"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        assert_eq!(status("GET", &frame), 403);
    }

    #[test]
    fn only_reading_is_possible() {
        for (method, want) in [("GET", 200), ("HEAD", 200), ("POST", 405), ("PUT", 405), ("DELETE", 405), ("OPTIONS", 405), ("TRACE", 405)]
        {
            assert_eq!(status(method, &[("host", "localhost:8765")]), want, "{method}");
        }
    }
}
