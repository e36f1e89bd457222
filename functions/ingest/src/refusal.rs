//! Classifies responses without a page: refusals by X, with X's wording, and responses that are not from X. Pure.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Response, StatusCode};
use serde_json::{Map, Value};
use tweets::page::NotAPage;

use crate::error::{BoxError, Error};
use crate::response_form::{ResponseForm, response_form};

/// Maximum size of a refusal's body. X's refusals are below a hundredth of it.
const PROBLEM_BYTES_MAX: usize = 64 << 10;
/// Maximum length, in characters, of X's reason in a message.
const REASON_CHARS_MAX: usize = 300;

/// Why one request returned no page.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No complete response arrived. A retry may succeed.
    NoAnswer {
        /// The cause reported by the transport.
        source: BoxError,
        /// Whether X may have billed the posts of the lost page.
        may_be_billed: bool,
    },
    /// 5xx.
    ServerError(StatusCode),
    /// 200 with a body that is not a page.
    NotAPage {
        source: NotAPage,
        /// Number of posts it may have cost, if the body states it.
        posts: Option<u64>,
        form: ResponseForm,
    },
    /// 429 until the time in `x-rate-limit-reset`.
    RateLimited(Option<DateTime<Utc>>),
    /// 429 because of the account's usage cap. Waiting does not help.
    UsageCapExceeded(String),
    /// 401.
    Unauthorized,
    /// 402.
    CreditsDepleted,
    /// 403.
    Forbidden(String),
    /// `since_id` is older than the seven days that are served. The server's clock determines where they begin.
    StaleSinceId { date: Option<DateTime<Utc>>, reason: String },
    /// Any other refusal, with the reason from X.
    Rejected(StatusCode, String),
    /// A refusal that is not in X's format: a proxy or another server may have responded.
    NotFromX(StatusCode, ResponseForm),
}

impl Failure {
    /// Returns the number of posts that may be billed although their page, of at most `max_results`, was lost. Never too low: if X
    /// does not state the number, the whole page counts.
    pub(crate) fn posts_lost(&self, max_results: u64) -> u64 {
        match self {
            Self::NotAPage { posts, .. } => posts.map_or(max_results, |posts| posts.min(max_results)),
            Self::NoAnswer { may_be_billed: true, .. } => max_results,
            _ => 0,
        }
    }

    /// Converts the failure to the error that ends the run when no retry remains. `secret` is the source of the token.
    pub(crate) fn into_error(self, secret: &str) -> Error {
        match self {
            Self::NoAnswer { source, .. } => Error::Unavailable { attempts: 1, source },
            Self::ServerError(status) => Error::Unavailable { attempts: 1, source: format!("status {status}").into() },
            Self::NotAPage { source, form, .. } => Error::PageUnreadable { form, source },
            Self::RateLimited(reset) => Error::RateLimited { reset },
            Self::UsageCapExceeded(reason) => Error::UsageCapExceeded { reason },
            Self::Unauthorized => Error::Unauthorized { secret: secret.to_owned() },
            Self::CreditsDepleted => Error::CreditsDepleted,
            Self::Forbidden(reason) => Error::Forbidden { reason },
            Self::StaleSinceId { reason, .. } => Error::RequestRejected { status: 400, reason },
            Self::Rejected(status, reason) => Error::RequestRejected { status: status.as_u16(), reason },
            Self::NotFromX(status, form) => Error::NotFromX { status: status.as_u16(), form },
        }
    }
}

/// Classifies a response from `base_url` with a status other than 200 and 5xx. `date` is the server's clock.
pub(crate) fn of(response: &Response<Bytes>, base_url: &str, date: Option<DateTime<Utc>>) -> Failure {
    let (status, headers) = (response.status(), response.headers());
    let Some(problem) = Problem::parse(response.body()) else { return Failure::NotFromX(status, response_form(response, base_url)) };
    let reason = problem.reason();
    match status.as_u16() {
        401 => Failure::Unauthorized,
        402 => Failure::CreditsDepleted,
        403 => Failure::Forbidden(reason),
        429 if problem.is_usage_cap() => Failure::UsageCapExceeded(reason),
        429 => {
            let reset = headers.get("x-rate-limit-reset").and_then(|value| value.to_str().ok()?.parse().ok());
            Failure::RateLimited(reset.and_then(|seconds| DateTime::from_timestamp(seconds, 0)))
        }
        400 if problem.says_since_id_is_old() => Failure::StaleSinceId { date, reason },
        _ => Failure::Rejected(status, reason),
    }
}

/// The body of a refusal by X.
struct Problem(Map<String, Value>);

impl Problem {
    /// Returns `None` if the body is not from X, whose refusals are objects with a `title`, a `detail`, a `type`, or
    /// `errors` with messages.
    fn parse(body: &[u8]) -> Option<Self> {
        let body = body.get(..PROBLEM_BYTES_MAX.min(body.len()))?;
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return None };
        let problem = Self(members);
        let is_problem = ["title", "detail", "type"].iter().any(|name| problem.text(name).is_some()) || problem.messages().next().is_some();
        is_problem.then_some(problem)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Returns the message of each of the `errors`.
    fn messages(&self) -> impl Iterator<Item = &str> {
        let errors = self.0.get("errors").and_then(Value::as_array);
        errors.into_iter().flatten().filter_map(|error| ["message", "detail"].iter().find_map(|name| error.get(name)?.as_str()))
    }

    /// Returns whether this is the usage cap. Its type appears under two hosts, so only the last segment is compared.
    fn is_usage_cap(&self) -> bool {
        let named = |member, name| self.text(member).is_some_and(|text| text.rsplit('/').next() == Some(name));
        named("type", "usage-capped") || named("title", "UsageCapExceeded")
    }

    /// Returns whether X refuses `since_id` as too old, with a message similar to `'since_id' must be a tweet id created after
    /// 2026-06-22T16:35Z. Please use a 'since_id' that is larger than 2069097036665323520`.
    fn says_since_id_is_old(&self) -> bool {
        self.messages().chain(self.text("detail")).any(|message| {
            let message = message.to_ascii_lowercase();
            let is_of_age =
                ["created after", "newer than", "more recent than", "older than", "too old"].iter().any(|words| message.contains(words));
            let names_a_floor = ["larger than", "greater than", "higher than"].iter().any(|words| {
                let after =
                    message.split_once(words).map(|(_, after)| after.trim_start_matches(|char: char| !char.is_ascii_alphanumeric()));
                after.is_some_and(|after| after.len() >= 15 && after.bytes().take(15).all(|byte| byte.is_ascii_digit()))
            });
            message.contains("since_id") && !message.contains("until_id") && (is_of_age || names_a_floor)
        })
    }

    /// Returns X's own wording: the title, the reason, and the messages of its errors or else the detail.
    fn reason(&self) -> String {
        let messages = self.messages().collect::<Vec<_>>().join("; ");
        let said = if messages.is_empty() { self.text("detail") } else { Some(messages.as_str()) };
        let parts = [self.text("title"), self.text("reason"), said];
        let reason = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        if reason.is_empty() { "no reason given".to_owned() } else { reason.chars().take(REASON_CHARS_MAX).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const BASE: &str = "https://api.x.com";

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
        let response = headers.iter().fold(Response::builder().status(status), |response, (name, value)| response.header(*name, *value));
        response.body(Bytes::from(body.to_owned())).unwrap()
    }

    #[track_caller]
    fn check(answer: Response<Bytes>, want: Expect) {
        let error = of(&answer, BASE, None).into_error("xpto/token");
        want.assert_eq(&format!("{}, {:?}, {:?}: {}", error.error_type(), error.cause(), error.fate(), error.chain()));
    }

    #[test]
    fn the_words_of_x_are_quoted() {
        let invalid = |parameter: &str, message: &str| {
            let error = serde_json::json!({ "parameters": { parameter: ["7"] }, "message": message });
            answer(400, &[], &serde_json::json!({ "errors": [error], "title": "Invalid Request" }).to_string())
        };
        check(
            invalid("since_id", "The `since_id` query parameter value [7x] is not valid"),
            expect![
                "RequestRejected, Settings, Fail: X API refused the request (400: Invalid Request: The `since_id` query parameter value [7x] is not valid); check SEARCH_QUERY, X_EXPANSIONS, X_FIELD_VOCABULARY and X_API_BASE_URL"
            ],
        );
        check(
            answer(400, &[], r#"{"title":"Bad","errors":[{"message":"a"},{"message":7},{"detail":"b"},null]}"#),
            expect![
                "RequestRejected, Settings, Fail: X API refused the request (400: Bad: a; b); check SEARCH_QUERY, X_EXPANSIONS, X_FIELD_VOCABULARY and X_API_BASE_URL"
            ],
        );
        check(
            answer(401, &[], r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#),
            expect!["Unauthorized, Token, Fail: X API refused the bearer token (401); store a new one in secret `xpto/token`"],
        );
    }

    #[test]
    fn only_words_about_age_mean_that_since_id_is_too_old() {
        for (message, is_old) in [
            (
                "'since_id' must be a tweet id created after 2026-06-22T16:35Z. Please use a 'since_id' that is larger than 2069097036665323520",
                true,
            ),
            ("'since_id' must be a post id created after 2026-06-22T16:35Z.", true),
            ("Please use a `since_id` larger than '2069097036665323520'", true),
            ("since_id is too old", true),
            ("'since_id' must be larger than 0", false),
            ("'since_id' must be a number", false),
            ("'until_id' must be larger than 'since_id' 2069097036665323520", false),
            ("Invalid use of 'since_id' or 'until_id' in conjunction with 'start_time' or 'end_time'", false),
            ("'start_time' must be created after 2026-06-22T16:35Z", false),
        ] {
            let body =
                serde_json::json!({ "errors": [{ "parameters": { "since_id": ["7"] }, "message": message }], "title": "Invalid Request" });
            let failure = of(&answer(400, &[], &body.to_string()), BASE, None);
            assert_eq!(matches!(failure, Failure::StaleSinceId { .. }), is_old, "{message}");
            assert!(failure.into_error("s").chain().contains(message), "{message}");
        }
    }

    #[test]
    fn an_answer_not_from_x_does_not_blame_the_token_the_app_or_the_query() {
        let html = [("content-type", "text/html; charset=utf-8")];
        check(
            answer(401, &html, "<html>Proxy login</html>"),
            expect![
                "Unauthorized, Token, Fail: answered 401 in a form that is not X's (text/html, 24 bytes); a proxy, a firewall or another server may have answered in its place: check X_API_BASE_URL and the network path to it"
            ],
        );
        check(
            answer(402, &html, "<html>Quota</html>"),
            expect![
                "CreditsDepleted, Credits, Fail: answered 402 in a form that is not X's (text/html, 18 bytes); a proxy, a firewall or another server may have answered in its place: check X_API_BASE_URL and the network path to it"
            ],
        );
        check(
            answer(403, &[("content-type", "application/json")], r#"{"message":"Forbidden"}"#),
            expect![
                "Forbidden, Settings, Fail: answered 403 in a form that is not X's (application/json, 23 bytes); a proxy, a firewall or another server may have answered in its place: check X_API_BASE_URL and the network path to it"
            ],
        );
        check(
            answer(429, &[], "slow down"),
            expect![
                "RateLimited, Passing, Resume: answered 429 in a form that is not X's (no content type, 9 bytes); a proxy, a firewall or another server may have answered in its place: check X_API_BASE_URL and the network path to it"
            ],
        );
        check(
            answer(404, &[], ""),
            expect![
                "RequestRejected, Settings, Fail: answered 404 in a form that is not X's (an empty body); a proxy, a firewall or another server may have answered in its place: check X_API_BASE_URL and the network path to it"
            ],
        );
        for (location, want) in [
            ("https://login.example.com:8443/a?token=segredo", "a redirect to the host login.example.com"),
            ("//login.example.com/a", "a redirect to the host login.example.com"),
            ("/2/other", "a redirect to the host api.x.com"),
            ("mailto:segredo@example.com", "a redirect)"),
        ] {
            let message = of(&answer(302, &[("location", location)], ""), BASE, None).into_error("s").chain();
            assert!(message.contains(want) && !message.contains("segredo"), "{message}");
        }
    }
}
