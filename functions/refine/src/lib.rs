//! `refine`: converts RAW documents in S3 to partitioned Parquet in S3, regardless of which trigger delivers them and how often.
//!
//! The crate `rows`, a pure function, decides what a RAW file becomes, so deliveries may repeat, reorder and overlap. This crate reads
//! and stores: it must never change a RAW object, write outside REF, report an object as done before its rows are stored, or log the
//! text of a tweet.

mod config;
mod error;
mod object;
mod reprocess;
mod summary;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws::{Clients, Store};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use events::{Event, Message, Notification, RawObject};
use futures_util::StreamExt as _;
use lambda_runtime::Diagnostic;
use metrics::Line;
use serde_json::Value;
use tracing::{debug, error, warn};
use tweets::{NotARawFile, Years};

pub use config::{Config, TIMEOUTS};
pub use error::Error;
pub use lambda::{ConfigError, Fate, Invocation};
pub use rows::{LEXICON_VERSION, REFINE_VERSION, Rows, RowsByMinute, refine, schema};
pub use summary::Summary;

use object::refine_object;

/// Number of objects processed concurrently: a batch of the queue's default size waits for S3 once, not ten times. At most
/// ten RAW files of [`rows::RAW_BYTES_MAX`] are in memory, and only one of them parsed, because [`rows::refine()`] does not await.
const CONCURRENCY: usize = 10;

/// Time reserved before the deadline for the answer. A late answer makes the queue repeat the whole batch.
const ANSWER_MARGIN: Duration = Duration::from_millis(500);

/// The Lambda function, ready to handle events.
#[derive(Debug)]
pub struct Refine {
    target: Store,
    table_years: Years,
    has_served: AtomicBool,
}

impl Refine {
    /// Configures the function from the environment.
    pub async fn connect(var: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let config = Config::from_env(&var)?;
        Ok(Self::new(&Clients::from_environment(&var, TIMEOUTS).await, config))
    }

    /// Creates the function from existing clients.
    pub fn new(clients: &Clients, config: Config) -> Self {
        Self { target: clients.store(config.ref_bucket), table_years: config.table_years, has_served: AtomicBool::new(false) }
    }
}

/// Handles one invocation. If the configuration failed, every invocation returns that same error and its type.
pub async fn answer(
    refine: &Result<Refine, Error>,
    event: Value,
    invocation: Invocation,
    mut emit: impl FnMut(Line),
) -> Result<Value, Diagnostic> {
    match refine {
        Ok(refine) => handle(refine, event, invocation, emit).await.map_err(|error| Diagnostic::from(&error)),
        Err(error) => {
            Summary::default().log(Duration::ZERO, Some(error));
            emit(Line::errors(invocation.now(), error.error_type(), error.cause(), 1));
            Err(error.into())
        }
    }
}

/// Refines every object named by `event` until the time of the invocation runs out, and passes its metrics to `emit`.
///
/// Returns the messages to repeat for a queue event, and the [`Summary`] for any other event.
///
/// # Errors
/// Returns an error if the event is unknown, or if an object was not refined and no queue will redeliver it.
pub async fn handle(refine: &Refine, event: Value, invocation: Invocation, emit: impl FnMut(Line)) -> Result<Value, Error> {
    let mut summary = Summary { is_cold: !refine.has_served.swap(true, Ordering::Relaxed), ..Summary::default() };
    let outcome = refine.run(event, invocation, &mut summary).await;
    summary.log(invocation.elapsed(), outcome.as_ref().err());
    summary.lines(invocation.now(), invocation.elapsed()).into_iter().for_each(emit);
    outcome
}

impl Refine {
    async fn run(&self, event: Value, invocation: Invocation, summary: &mut Summary) -> Result<Value, Error> {
        let event = events::parse(event).map_err(Error::from).inspect_err(|error| summary.fail(error))?;
        match event {
            Event::Reprocess(order) => self.reprocess(order, invocation, summary).await,
            Event::Direct(notification) => {
                let failed = self.refine_all([(0, notification)], invocation, summary).await;
                failed.into_values().next().map_or_else(|| Ok(serde_json::json!(summary)), Err)
            }
            Event::Queue(messages) => {
                summary.messages = messages.len() as u64;
                let (ids, failed) = self.refine_messages(messages, invocation, summary).await;
                Ok(batch_response(ids, &failed))
            }
        }
    }

    /// Returns the ids of all messages, and the errors of those to repeat, by position.
    async fn refine_messages(
        &self,
        messages: Vec<Message>,
        invocation: Invocation,
        summary: &mut Summary,
    ) -> (Vec<String>, BTreeMap<usize, Error>) {
        let (mut ids, mut known, mut unknown) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (place, Message { id, notification }) in messages.into_iter().enumerate() {
            match notification {
                Ok(notification) => known.push((place, notification)),
                Err(error) => {
                    let error = Error::from(error);
                    summary.fail(&error);
                    error!(message_id = id, error_type = error.error_type(), error = error.chain(), "message rejected");
                    unknown.insert(place, error);
                }
            }
            ids.push(id);
        }
        unknown.append(&mut self.refine_all(known, invocation, summary).await);
        (ids, unknown)
    }

    /// Refines all objects. Returns the first error of each notification that is not done.
    async fn refine_all(
        &self,
        notifications: impl IntoIterator<Item = (usize, Notification)>,
        invocation: Invocation,
        summary: &mut Summary,
    ) -> BTreeMap<usize, Error> {
        let mut objects = Vec::new();
        for (place, notification) in notifications {
            summary.ignored += notification.ignored.len() as u64;
            notification.ignored.iter().for_each(|name| debug!(name, "notification ignored"));
            objects.extend(notification.objects.into_iter().filter(|object| self.takes(object, summary)).map(|object| (place, object)));
        }
        summary.objects += objects.len() as u64;

        let mut failed = BTreeMap::new();
        let outcomes = futures_util::stream::iter(objects)
            .map(|(place, object)| async move {
                (place, refine_object(&self.target, self.table_years, &object, invocation.stop(ANSWER_MARGIN)).await, object)
            })
            .buffer_unordered(CONCURRENCY);
        let mut outcomes = std::pin::pin!(outcomes);
        while let Some((place, outcome, object)) = outcomes.next().await {
            match outcome {
                Ok(done) => summary.add(done, invocation.now()),
                Err(error) => {
                    summary.fail(&error);
                    log_failure(&object, &error);
                    failed.entry(place).or_insert(error);
                }
            }
        }
        failed
    }
}

impl Refine {
    /// Returns whether an object is to be refined. An object that is not a RAW file is ignored, logged and counted. An object
    /// of an unexpected bucket or prefix is accepted and then refused with the reason: its sender must be corrected.
    fn takes(&self, object: &RawObject, summary: &mut Summary) -> bool {
        match tweets::check_raw_key(&object.key) {
            Ok(()) | Err(NotARawFile::OutsidePrefix) => true,
            Err(_) if object.bucket == self.target.bucket() => true,
            Err(reason) => {
                ignore(object, reason, summary);
                false
            }
        }
    }
}

fn ignore(object: &RawObject, reason: NotARawFile, summary: &mut Summary) {
    let RawObject { bucket, key } = object;
    summary.ignored += 1;
    warn!(bucket, key, reason = reason.to_string(), "object ignored: not a RAW file");
}

fn log_failure(object: &RawObject, error: &Error) {
    let RawObject { bucket, key } = object;
    match error.fate() {
        Fate::Fail | Fate::Reject => error!(bucket, key, error_type = error.error_type(), error = error.chain(), "object rejected"),
        Fate::Resume => warn!(bucket, key, error_type = error.error_type(), error = error.chain(), "object left for the next delivery"),
    }
}

/// Source: AWS Lambda developer guide, reporting batch item failures for Lambda functions with an Amazon SQS trigger.
fn batch_response(ids: Vec<String>, failed: &BTreeMap<usize, Error>) -> Value {
    let failures = ids.into_iter().enumerate().filter(|(place, _)| failed.contains_key(place));
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures.extend(failures.map(|(_, id)| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        failure
    }));
    serde_json::json!(response)
}
