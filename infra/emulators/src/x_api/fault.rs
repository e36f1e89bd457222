//! Responses that a test can request instead of the regular one.

use serde_json::{Value, json};

/// The response to return instead. Every body but that of `Other` was observed from the real API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 400 `invalid-request`.
    InvalidRequest,
    /// 401 with a JSON body of type `about:blank`.
    Unauthorized,
    /// 402 `CreditsDepleted`, type `…/problems/credits`.
    CreditsDepleted,
    /// 402 `Payment Required`, type `…/problems/credits-depleted`.
    PaymentRequired,
    /// 403 `client-not-enrolled`.
    ClientNotEnrolled,
    /// 429, type `about:blank`; the headers report that nothing remains.
    RateLimited,
    /// 429, type `…/problems/rate-limit-exceeded`; the headers report that nothing remains.
    RateLimitExceeded,
    /// 429 `UsageCapExceeded`; the headers look healthy.
    UsageCapExceeded,
    /// 500, 502, 503 or 504 (any status works) with an HTML page.
    Html(u16),
    /// 404 without a body.
    EmptyNotFound,
    /// 200 with an HTML page as its body.
    HtmlInstead,
    /// The regular response, its body cut in the middle. Its posts count as served.
    CutBody,
    /// Any other status, type and body.
    Other {
        /// The status code.
        status: u16,
        /// The `content-type`.
        content_type: String,
        /// The body.
        body: String,
    },
}

/// The response of a fault, before the common headers are added.
pub(super) struct FaultResponse {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
}

const HTML: &str = "<!DOCTYPE html>\n<html><head><title>X / Error</title></head><body><h1>Over capacity</h1></body></html>\n";

impl Fault {
    /// Returns the response; `None` for faults that modify another response.
    pub(super) fn response(&self) -> Option<FaultResponse> {
        let response = |status, content_type, body: &str| Some(FaultResponse { status, content_type, body: body.to_owned() });
        match self {
            Self::Html(status) => response(*status, HTML_TYPE, HTML),
            Self::HtmlInstead => response(200, HTML_TYPE, HTML),
            Self::EmptyNotFound => response(404, "", ""),
            Self::CutBody | Self::Other { .. } => None,
            _ => self.problem().and_then(|(status, body)| response(status, PROBLEM_JSON, &body.to_string())),
        }
    }

    /// Returns the status and the document of a fault that X describes as a problem.
    fn problem(&self) -> Option<(u16, Value)> {
        let title = |status: u16, title: &str, kind: &str, detail: &str| {
            (status, json!({ "title": title, "detail": detail, "type": kind, "status": status }))
        };
        Some(match self {
            Self::InvalidRequest => (
                400,
                json!({
                    "errors": [{ "parameters": { "query": ["…"] }, "message": "The request is not valid" }],
                    "title": "Invalid Request",
                    "detail": "One or more parameters to your request was invalid.",
                    "type": "https://api.twitter.com/2/problems/invalid-request",
                }),
            ),
            Self::Unauthorized => title(401, "Unauthorized", "about:blank", "Unauthorized"),
            Self::CreditsDepleted => title(
                402,
                "CreditsDepleted",
                "https://api.x.com/2/problems/credits",
                "Your enrolled account does not have any credits to fulfill this request.",
            ),
            Self::PaymentRequired => title(
                402,
                "Payment Required",
                "https://api.twitter.com/2/problems/credits-depleted",
                "Your account has run out of credits.",
            ),
            Self::ClientNotEnrolled => (
                403,
                json!({
                    "title": "Client Forbidden",
                    "detail": "When authenticating requests you must use keys and tokens from an app that is attached to a Project.",
                    "reason": "client-not-enrolled",
                    "client_id": "00000000",
                    "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
                    "required_enrollment": "Appropriate Level of API Access",
                    "type": "https://api.twitter.com/2/problems/client-forbidden",
                }),
            ),
            Self::RateLimited => title(429, "Too Many Requests", "about:blank", "Too Many Requests"),
            Self::RateLimitExceeded => {
                let kind = "https://api.x.com/2/problems/rate-limit-exceeded";
                title(429, "Too Many Requests", kind, "Rate limit exceeded for this endpoint.")
            }
            Self::UsageCapExceeded => (
                429,
                json!({
                    "title": "UsageCapExceeded",
                    "detail": "Usage cap exceeded: Monthly product cap",
                    "period": "Monthly",
                    "scope": "Product",
                    "account_id": "1",
                    "product_name": "standard-basic",
                    "type": "https://api.twitter.com/2/problems/usage-capped",
                }),
            ),
            Self::Html(_) | Self::HtmlInstead | Self::EmptyNotFound | Self::CutBody | Self::Other { .. } => return None,
        })
    }

    /// Returns whether the rate-limit headers of this response report that nothing remains.
    pub(super) fn exhausts_window(&self) -> bool {
        matches!(self, Self::RateLimited | Self::RateLimitExceeded)
    }
}

pub(super) const PROBLEM_JSON: &str = "application/problem+json";
const HTML_TYPE: &str = "text/html; charset=utf-8";
