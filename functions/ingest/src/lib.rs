//! Lambda function `ingest`: stores recent posts from the X API in RAW, each post once.
//!
//! One invocation is one run. It takes the lease, settles the pending file of a crashed run, sweeps from now down to
//! what is already captured, and puts files of at most 100 posts. The cursor in S3 names each file before it is put, so
//! a run that dies at any point leaves a state from which the next run resumes. This crate never links arrow, never
//! reads a clock outside `main`, and leaves nothing running when `handle` returns.

mod ask;
mod config;
mod cursor;
mod error;
mod fields;
mod http_date;
mod lease;
mod opening;
mod pace;
mod preview;
mod progress;
mod refusal;
mod response_form;
mod run;
mod status;
mod stop;
mod summary;
mod sweep;
mod token;
mod x_api;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws::{Clients, Secret, Secrets, Store, Timeouts};
use lambda_runtime::Diagnostic;
use metrics::Line;
use serde_json::Value;
use tokio::sync::Mutex;
use tracing::error;
use tweets::TWEETS_PER_FILE_MAX;

pub use config::{Config, DEFAULT_QUERY, Vocabulary};
pub use cursor::{CURSOR_KEY, Cursor, Lease, Month, OpenSweep, Pending};
pub use error::Error;
pub use lambda::{ConfigError, Fate, Fault, Invocation, Problem};
pub use preview::Preview;
pub use response_form::ResponseForm;
pub use status::Status;
pub use summary::{Summary, USD_PER_COUNT, USD_PER_POST};
pub use sweep::Gap;
pub use token::BearerToken;
pub use x_api::{SearchRequest, Wire, XClient};

/// Timeouts of AWS calls. `ingest` moves only small objects, and its lease outlives its deadline by seconds.
pub const TIMEOUTS: Timeouts =
    Timeouts { connect: Duration::from_secs(1), attempt: Duration::from_secs(2), operation: Duration::from_secs(5) };

/// The Lambda function and its clients, kept warm between invocations.
#[derive(Debug)]
pub struct Ingest {
    config: Config,
    raw: Store,
    secrets: Secrets,
    x: XClient,
    requested: Vec<String>,
    token: Mutex<Option<BearerToken>>,
    file_tweets_max: usize,
    has_served: AtomicBool,
}

impl Ingest {
    /// Configures the function from the environment.
    ///
    /// # Errors
    /// Returns [`Error::ConfigInvalid`], which lists every problem. `main` keeps the error and returns it to every invocation.
    pub async fn connect(var: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let config = Config::from_env(&var)?;
        let clients = Clients::from_environment(&var, TIMEOUTS).await;
        let wire = Wire::http(&config.x_api_base_url).map_err(|source| Error::Unavailable { attempts: 0, source: source.into() })?;
        Ok(Self::new(config, &clients, wire))
    }

    /// Creates the function from existing clients and an existing wire.
    pub fn new(config: Config, clients: &Clients, wire: Wire) -> Self {
        let fields = fields::parameters(config.vocabulary, &config.expansions);
        Self {
            raw: clients.store(&config.raw_bucket),
            secrets: clients.secrets(),
            x: XClient::new(wire, &config.x_api_base_url, fields),
            requested: fields::requested(config.vocabulary, &config.expansions),
            token: Mutex::new(None),
            file_tweets_max: TWEETS_PER_FILE_MAX,
            has_served: AtomicBool::new(false),
            config,
        }
    }

    /// Limits files to `file_tweets_max` tweets, clamped to 2..=100. Lets a simulation with few posts produce many files.
    #[must_use]
    pub fn with_file_tweets_max(self, file_tweets_max: usize) -> Self {
        Self { file_tweets_max: file_tweets_max.clamp(2, TWEETS_PER_FILE_MAX), ..self }
    }

    /// Returns the token, reading the secret once per warm process.
    async fn token(&self) -> Result<BearerToken, Error> {
        let mut kept = self.token.lock().await;
        if let Some(token) = &*kept {
            return Ok(token.clone());
        }
        let secret = self.config.secret_id.clone();
        let token = match self.secrets.read(&secret).await {
            Ok(Secret::Value(value)) => BearerToken::parse(&value).ok_or(Error::SecretInvalid { secret })?,
            Ok(Secret::NoValueYet) => return Err(Error::SecretEmpty { secret }),
            Ok(Secret::Missing) => return Err(Error::SecretMissing),
            Err(source) => return Err(Error::SecretUnreadable { source }),
        };
        *kept = Some(token.clone());
        Ok(token)
    }

    /// Discards the cached token. The next request reads the secret again.
    async fn forget_token(&self) {
        *self.token.lock().await = None;
    }
}

/// Handles one invocation. If the configuration failed, every invocation returns that same error and its type.
pub async fn answer(
    ingest: &Result<Ingest, Error>,
    invocation: Invocation,
    owner: u64,
    mut emit: impl FnMut(Line),
) -> Result<Value, Diagnostic> {
    match ingest {
        Ok(ingest) => handle(ingest, invocation, owner, emit).await.map_err(|failure| Diagnostic::from(&failure)),
        Err(failure) => {
            error!(error_type = failure.error_type(), error = failure.chain(), "ingest is not configured");
            emit(Line::errors(invocation.now(), failure.error_type(), failure.cause(), 1));
            Err(failure.into())
        }
    }
}

/// Handles one invocation: returns the summary of [`run`] as JSON.
pub async fn handle(ingest: &Ingest, invocation: Invocation, owner: u64, emit: impl FnMut(Line)) -> Result<Value, Error> {
    run(ingest, invocation, owner, emit).await.map(|summary| summary.to_json())
}

/// Carries out one run: returns its summary, logs one line, and passes its metrics to `emit`.
///
/// `owner` is a random number, unique to the invocation, that names the writer of a cursor. Not the request id, which a retry repeats.
pub async fn run(ingest: &Ingest, invocation: Invocation, owner: u64, emit: impl FnMut(Line)) -> Result<Summary, Error> {
    let mut summary = Summary { is_cold: !ingest.has_served.swap(true, Ordering::Relaxed), ..Summary::default() };
    let outcome = Box::pin(ingest.run(&invocation, owner, &mut summary)).await; // boxed: the whole run is one large future
    summary.log(&invocation, outcome.as_ref().err());
    summary.lines(invocation.now(), invocation.elapsed(), outcome.as_ref().err()).into_iter().for_each(emit);
    outcome.map(|()| summary)
}
