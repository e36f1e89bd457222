//! Client of the X API: recent search, the one call of a run, and recent counts, which estimates what a run would read.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use serde::Deserialize;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;
use tweets::page::posts_stated;
use tweets::{Page, TweetId};

use crate::error::BoxError;
use crate::http_date;
use crate::refusal::{self, Failure};
use crate::response_form::{ResponseForm, response_form};
use crate::token::BearerToken;

/// Timeout of one request, from the first byte sent to the last byte received.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Limit of the response body. A page of 100 posts with every expansion is below 1 MiB.
const BODY_BYTES_MAX: usize = 16 << 20;
const USER_AGENT: &str = concat!("xpto-tweets-ingest/", env!("CARGO_PKG_VERSION"));
/// Characters left unescaped: the unreserved characters of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The transport of requests: the network, or a service in this process. All other code is the same for both.
#[derive(Clone)]
pub enum Wire {
    /// HTTP, created by [`Wire::http`].
    Http(reqwest::Client),
    /// A service that responds in this process.
    InProcess(BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>),
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Http(_) => "Http",
            Self::InProcess(_) => "InProcess",
        })
    }
}

impl Wire {
    /// Creates an HTTP wire that ignores redirects and proxy settings of the environment: both could
    /// send the token elsewhere.
    ///
    /// Certificates are loaded only if `base_url` is `https`, so a machine without any can still reach itself.
    ///
    /// # Errors
    /// Fails if TLS cannot be set up on this machine.
    pub fn http(base_url: &Url) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(USER_AGENT);
        let client = if base_url.scheme() == "https" { client } else { client.tls_certs_only([]) };
        client.build().map(Self::Http)
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        // A request that reached X may have been answered even if the response was lost.
        match self {
            Self::InProcess(service) => service.clone().oneshot(request).await.map_err(|source| {
                let refused = source.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
                Failure::NoAnswer { source, may_be_billed: !refused }
            }),
            Self::Http(client) => {
                let unsent = |source: reqwest::Error| Failure::NoAnswer { source: source.into(), may_be_billed: false };
                let request = reqwest::Request::try_from(request).map_err(unsent)?;
                let response = client.execute(request).await;
                let response = response.map_err(|error| Failure::NoAnswer { may_be_billed: !error.is_connect(), source: error.into() })?;
                let (head, body) = Response::<reqwest::Body>::from(response).into_parts();
                let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
                let body = body.map_err(|source| Failure::NoAnswer { source, may_be_billed: answer_is_billed(head.status) })?;
                Ok(Response::from_parts(head, body.to_bytes()))
            }
        }
    }
}

/// Returns whether X bills a response with this status. Failed requests are not billed. Source: X API v2 pricing.
fn answer_is_billed(status: StatusCode) -> bool {
    status == StatusCode::OK
}

/// Page size limits of the API. Source: X OpenAPI 2.159, `GET /2/tweets/search/recent`.
pub(crate) const MAX_RESULTS_MIN: u64 = 10;
pub(crate) const MAX_RESULTS_MAX: u64 = 100;

/// A search for posts with `since_id < id < until_id`, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// The search query, in X's query language.
    pub query: String,
    /// Exclusive lower bound: 0 or an id.
    pub since_id: i64,
    /// Exclusive upper bound.
    pub until_id: TweetId,
    /// Page size, 10 to 100.
    pub max_results: u64,
    /// Token of the next page. Set after a page that moved nothing or was not sorted.
    pub next_token: Option<String>,
}

impl SearchRequest {
    fn span(&self) -> Vec<(&'static str, String)> {
        vec![("query", self.query.clone()), ("since_id", self.since_id.to_string()), ("until_id", self.until_id.to_string())]
    }
}

/// A page of posts with the information from its response headers.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The parsed page.
    pub page: Page,
    /// The server's clock (header `Date`), to the second.
    pub date: Option<DateTime<Utc>>,
    /// The form of the response, for error messages.
    pub form: ResponseForm,
}

/// A client of the X API at one base URL.
#[derive(Clone, Debug)]
pub struct XClient {
    wire: Wire,
    base_url: String,
    fields: Vec<(&'static str, String)>,
}

impl XClient {
    /// Creates a client of the API at `base_url` that requests these fields and expansions.
    pub(crate) fn new(wire: Wire, base_url: &Url, fields: Vec<(&'static str, String)>) -> Self {
        Self { wire, base_url: base_url.as_str().trim_end_matches('/').to_owned(), fields }
    }

    /// Sends one search request. `now` is the run's clock.
    pub(crate) async fn search_recent(&self, search: &SearchRequest, token: &BearerToken, now: DateTime<Utc>) -> Result<Answer, Failure> {
        let mut parameters = search.span();
        parameters.push(("max_results", search.max_results.to_string()));
        parameters.push(("sort_order", "recency".to_owned()));
        parameters.extend(self.fields.iter().cloned());
        parameters.extend(search.next_token.clone().map(|token| ("next_token", token)));
        let response = self.get("/2/tweets/search/recent", &parameters, token, now).await?;
        let form = response_form(&response, &self.base_url);
        match Page::parse(response.body()) {
            Ok(page) => Ok(Answer { page, date: date(response.headers(), now), form }),
            Err(source) => Err(Failure::NotAPage { source, posts: posts_stated(response.body()), form }),
        }
    }

    /// Returns X's count of matching posts in the span of this search. One request, billed like one post.
    pub(crate) async fn counts_recent(&self, search: &SearchRequest, token: &BearerToken, now: DateTime<Utc>) -> Result<u64, Failure> {
        let mut parameters = search.span();
        parameters.push(("granularity", "day".to_owned())); // fewest buckets: only the total is used
        let response = self.get("/2/tweets/counts/recent", &parameters, token, now).await?;
        let total = serde_json::from_slice::<Counts>(response.body()).ok().and_then(|counts| counts.meta.total());
        total.ok_or_else(|| {
            let form = response_form(&response, &self.base_url);
            Failure::NoAnswer { source: format!("an answer without a total ({form})").into(), may_be_billed: true }
        })
    }

    /// Sends one request and returns its response if the status is 200.
    async fn get(
        &self,
        path: &str,
        parameters: &[(&str, String)],
        token: &BearerToken,
        now: DateTime<Utc>,
    ) -> Result<Response<Bytes>, Failure> {
        let request = self.request(path, parameters, token);
        let request = request.map_err(|error| Failure::NoAnswer { source: error.into(), may_be_billed: false })?;
        let response = tokio::time::timeout(REQUEST_TIMEOUT, self.wire.send(request)).await;
        // The point of the timeout is unknown, so the page may already have been on its way.
        let response = response.map_err(|elapsed| Failure::NoAnswer { source: elapsed.into(), may_be_billed: true })??;
        match response.status() {
            StatusCode::OK => Ok(response),
            status if status.is_server_error() => Err(Failure::ServerError(status)),
            _ => Err(refusal::of(&response, &self.base_url, date(response.headers(), now))),
        }
    }

    fn request(&self, path: &str, parameters: &[(&str, String)], token: &BearerToken) -> Result<Request<Bytes>, http::Error> {
        let query: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED))).collect();

        let mut authorization = HeaderValue::from_str(&token.authorization())?;
        authorization.set_sensitive(true);
        Request::get(format!("{}{path}?{}", self.base_url, query.join("&")))
            .header(header::AUTHORIZATION, authorization)
            .header(header::USER_AGENT, USER_AGENT)
            .body(Bytes::new())
    }
}

fn date(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    headers.get(header::DATE).and_then(|date| http_date::parse(date.to_str().ok()?, now))
}

/// Response body of recent counts, in either vocabulary.
#[derive(Deserialize)]
struct Counts {
    meta: CountsMeta,
}

#[derive(Deserialize)]
struct CountsMeta {
    total_post_count: Option<u64>,
    total_tweet_count: Option<u64>,
}

impl CountsMeta {
    fn total(&self) -> Option<u64> {
        self.total_post_count.or(self.total_tweet_count)
    }
}
