//! An emulated X API v2 that answers recent search and recent counts over generated posts.
//!
//! [`XEmulator::respond`] is a function of the request and a clock that the caller passes; the emulator reads no clock
//! and uses no network, so that a test can replay it and a server can serve it. Its internal state consists of
//! rate-limit windows, as in the real API, and of scripted faults and counters for tests.

mod answer;
mod choices;
mod corpus;
mod counts;
mod draft;
mod entities;
mod fault;
mod object;
mod options;
mod parameters;
mod people;
mod phrases;
mod post;
mod problem;
mod query;
mod rate_limit;
mod search;
mod served;
pub mod snowflake;
mod state;
mod text;
mod token;
mod traffic;
mod traits;
mod vocabulary;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

pub use corpus::Corpus;
pub use draft::FUTURE_FIELD;
pub use fault::Fault;
pub use options::{EMULATOR_TOKEN, Options};
pub use phrases::MARKER_WORD;
pub use post::{InvalidPost, Post};
pub use served::Served;
pub use vocabulary::{AnswerNames, Vocabulary};

use fault::{FaultResponse, PROBLEM_JSON};
use parameters::{CountsRequest, SearchRequest};
use problem::Problem;
use rate_limit::RateLimitStatus;
use state::State;

/// Path of recent search.
pub const SEARCH_PATH: &str = "/2/tweets/search/recent";
/// Path of recent counts.
pub const COUNTS_PATH: &str = "/2/tweets/counts/recent";

/// The emulator as a `tower` service.
pub type XService = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, Box<dyn std::error::Error + Send + Sync>>;

/// An emulated X API. Clones share their state.
#[derive(Clone, Debug)]
pub struct XEmulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    corpus: Corpus,
    options: Options,
    state: Mutex<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Search,
    Counts,
}

impl XEmulator {
    /// Creates an emulator over a corpus.
    pub fn new(corpus: Corpus, options: Options) -> Self {
        Self { inner: Arc::new(Inner { corpus, options, state: Mutex::default() }) }
    }

    /// Returns the posts that it searches.
    pub fn corpus(&self) -> &Corpus {
        &self.inner.corpus
    }

    /// Returns the counters of what it has served so far.
    pub fn served(&self) -> Served {
        self.state().served.clone()
    }

    /// Queues the responses to the next requests, one entry each; `None` is the regular response. Entries are added to
    /// those already queued.
    pub fn script(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.state().script.extend(faults);
    }

    /// Once the script is used up, answers every request with this fault until the next call.
    pub fn always(&self, fault: Option<Fault>) {
        self.state().always = fault;
    }

    /// Returns the response to a request that arrives at `now`.
    pub fn respond(&self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        let endpoint = match (request.method(), request.uri().path()) {
            (&Method::GET, SEARCH_PATH) => Some(Endpoint::Search),
            (&Method::GET, COUNTS_PATH) => Some(Endpoint::Counts),
            _ => None,
        };
        let (rate_limit, fault) = self.receive(endpoint, now);
        let reply = self.reply(request, endpoint, rate_limit, fault.as_ref(), now);
        let rate_limit = match &fault {
            Some(fault) if fault.exhausts_window() => RateLimitStatus { remaining: 0, ..rate_limit },
            _ => rate_limit,
        };
        let answer = response(reply, rate_limit, now);
        *self.state().served.statuses.entry(answer.status().as_u16()).or_default() += 1;
        answer
    }

    /// Returns the emulator as a `tower` service that reads the given clock.
    pub fn service(&self, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> XService {
        let (emulator, clock) = (self.clone(), Arc::new(clock));
        let service = tower::service_fn(move |request: Request<Bytes>| {
            let answer = emulator.respond(&request, clock());
            async move { Ok::<_, Infallible>(answer) }
        });
        BoxCloneSyncService::new(service.map_err(|never| match never {}))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive(&self, endpoint: Option<Endpoint>, now: DateTime<Utc>) -> (RateLimitStatus, Option<Fault>) {
        let options = &self.inner.options;
        let mut state = self.state();
        state.served.requests += 1;
        let rate_limit = match endpoint {
            Some(Endpoint::Counts) => state.counts_window.admit(options.counts_limit, now),
            Some(Endpoint::Search) | None => state.search_window.admit(options.search_limit, now),
        };
        let fault = state.script.pop_front().unwrap_or_else(|| state.always.clone());
        (rate_limit, fault)
    }

    fn reply(
        &self,
        request: &Request<Bytes>,
        endpoint: Option<Endpoint>,
        rate_limit: RateLimitStatus,
        fault: Option<&Fault>,
        now: DateTime<Utc>,
    ) -> Reply {
        match fault {
            Some(Fault::Other { status, content_type, body }) => {
                return Reply { status: *status, content_type: content_type.clone(), body: body.clone() };
            }
            Some(fault) => {
                if let Some(response) = fault.response() {
                    return response.into();
                }
            }
            None => {}
        }
        let refusal = |fault: Fault| fault.response().map(Reply::from).unwrap_or_default();
        let mut reply = match (self.authorized(request), endpoint) {
            (false, _) => refusal(Fault::Unauthorized),
            (true, None) => refusal(Fault::EmptyNotFound),
            (true, Some(_)) if !rate_limit.admitted => refusal(Fault::RateLimited),
            (true, Some(endpoint)) => self.serve(request.uri().query().unwrap_or_default(), endpoint, now),
        };
        if fault == Some(&Fault::CutBody) {
            let middle = (0..=reply.body.len() / 2).rev().find(|at| reply.body.is_char_boundary(*at));
            reply.body.truncate(middle.unwrap_or(0));
        }
        reply
    }

    fn authorized(&self, request: &Request<Bytes>) -> bool {
        let sent = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        sent.and_then(|value| value.split_once(' '))
            .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token == self.inner.options.token)
    }

    fn serve(&self, parameters: &str, endpoint: Endpoint, now: DateTime<Utc>) -> Reply {
        let Inner { corpus, options, .. } = &*self.inner;
        let body = match endpoint {
            Endpoint::Search => SearchRequest::read(parameters, options, now).map(|request| {
                let number = self.state().next_page();
                let page = search::page(&request, corpus, options, now, number);
                self.state().served.page(&page);
                page.body
            }),
            Endpoint::Counts => CountsRequest::read(parameters, options, now).map(|request| {
                self.state().served.counts += 1;
                counts::counts(&request, corpus, options, now)
            }),
        };
        match body {
            Ok(body) => Reply {
                status: 200,
                content_type: "application/json; charset=utf-8".to_owned(),
                body: serde_json::to_string(&body).unwrap_or_default(),
            },
            Err(problem) => problem.into(),
        }
    }
}

/// A response without its headers.
#[derive(Debug, Default)]
struct Reply {
    status: u16,
    content_type: String,
    body: String,
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status, content_type: PROBLEM_JSON.to_owned(), body: problem.body.to_string() }
    }
}

impl From<FaultResponse> for Reply {
    fn from(fault: FaultResponse) -> Self {
        Self { status: fault.status, content_type: fault.content_type.to_owned(), body: fault.body }
    }
}

fn response(reply: Reply, rate_limit: RateLimitStatus, now: DateTime<Utc>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&reply.content_type)
        && !value.is_empty()
    {
        headers.insert(CONTENT_TYPE, value);
    }
    if let Ok(value) = HeaderValue::from_str(&now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        headers.insert(DATE, value);
    }
    for (name, value) in [
        ("x-rate-limit-limit", i64::from(rate_limit.limit)),
        ("x-rate-limit-remaining", i64::from(rate_limit.remaining)),
        ("x-rate-limit-reset", rate_limit.reset),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    response
}
