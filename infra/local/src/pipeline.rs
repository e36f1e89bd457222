//! Runs ingest until it has caught up, and passes each new RAW file through the queue to refine.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use aws::{Clients, Condition};
use chrono::TimeDelta;
use ingest::{CURSOR_KEY, Config, Cursor, Ingest, Invocation, Preview, Wire};
use metrics::Metric;
use refine::Refine;
use serde_json::Value;
use tweets::{TweetId, Years};

use crate::lake::{Lake, RAW_BUCKET, REF_BUCKET};
use crate::queue::Queue;
use crate::rejected::{self, Rejected};
use crate::report::Report;
use crate::{Clock, Outcome};

/// Timeout of one invocation, as in the template.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Maximum number of invocations of ingest before `cargo run` gives up.
const INVOCATIONS_MAX: u32 = 1_000;
/// Maximum number of RAW files named in an error, besides the one whose reason is given.
const NAMED_MAX: usize = 10;
/// A cursor is less than a hundredth of this size.
const CURSOR_BYTES_MAX: u64 = 64 << 10;

/// Both functions and the queue between them.
#[derive(Debug)]
pub struct Pipeline {
    config: Config,
    clients: Clients,
    wire: Wire,
    refine: Refine,
    queue: Queue,
    clock: Clock,
    /// Folder of the lake.
    root: PathBuf,
    /// The rejected files that the lake's folder lists.
    rejected: Vec<Rejected>,
}

/// Totals of the runs that caught up.
#[derive(Clone, Debug, Default)]
pub struct Caught {
    /// Posts put into RAW.
    pub posts: u64,
    /// Files put into RAW.
    pub files: u64,
    /// Posts read, billed or not.
    pub posts_read: u64,
    /// Estimated cost in US dollars, at X's prices.
    pub estimated_usd: f64,
    /// Number of runs of ingest.
    pub runs: u32,
    /// Status of the last run.
    pub status: String,
}

impl Pipeline {
    /// Opens the pipeline over a lake.
    pub async fn open(lake: &Lake, config: Config, wire: Wire, clock: Clock) -> Outcome<Self> {
        let (clients, refine) = (lake.clients(ingest::TIMEOUTS), refine_of(lake));
        // What an earlier process rejected is delivered again: the list starts empty.
        rejected::write(lake.root(), &[])?;
        Ok(Self {
            config,
            clients,
            wire,
            refine,
            queue: Queue::open(lake).await?,
            clock,
            root: lake.root().to_owned(),
            rejected: Vec::new(),
        })
    }

    /// Returns ingest as configured, limited to `posts_max` posts.
    fn ingest(&self, posts_max: u64) -> Ingest {
        let max_posts_per_run = self.config.max_posts_per_run.min(posts_max);
        Ingest::new(Config { max_posts_per_run, ..self.config.clone() }, &self.clients, self.wire.clone())
    }

    /// Returns what catching up would read, according to X's counts.
    pub async fn preview(&self) -> Result<Preview, ingest::Error> {
        self.ingest(u64::MAX).preview((self.clock)()).await
    }

    /// Runs ingest until everything up to now (less the safety lag) is captured or `posts_max` posts are read, and runs
    /// refine until the queue is empty.
    pub async fn catch_up(&mut self, report: &Report, posts_max: u64) -> Outcome<Caught> {
        let goal = TweetId::lowest_at((self.clock)() - TimeDelta::from_std(self.config.safety_lag)?);
        let (mut caught, mut sweeps, mut done_before) = (Caught::default(), 0, Value::Null);
        self.deliver().await?;
        for _ in 0..INVOCATIONS_MAX {
            let owner = RandomState::new().build_hasher().finish();
            let ingest = self.ingest(posts_max - caught.posts_read.min(posts_max));
            let answer = ingest::handle(&ingest, Invocation::new((self.clock)(), TIMEOUT, owner), |_| ()).await;
            self.deliver().await?; // also delivers files that a failed run stored
            let answer = answer?;
            caught.add(&answer);
            if let (Some(from), Some(to)) = (answer["gap"]["from"].as_str(), answer["gap"]["to"].as_str()) {
                report.line(&format!("posts from {from} to {to} are lost: the X API serves seven days"));
            }
            let done: Option<TweetId> = answer["done"].as_str().and_then(|done| done.parse().ok());
            let has_moved = answer["posts"].as_u64() > Some(0) || answer["done"] != done_before;
            done_before = answer["done"].clone();
            match caught.status.as_str() {
                "complete" if done.is_some_and(|done| done >= goal) => break,
                // The first run may have completed a sweep that was opened earlier. The next run reaches as far as X's
                // clock allows.
                "complete" if sweeps == 0 => sweeps += 1,
                "complete" => {
                    let behind = done.map_or(0, |done| (goal.created_at() - done.created_at()).num_seconds());
                    report
                        .line(&format!("this clock is about {behind} s ahead of the X API's; what came in since is left to the next run"));
                    break;
                }
                "partial" if has_moved => {}
                "busy" => {
                    report.line("an earlier run was cut off; going on where it stopped");
                    self.end_lease().await?;
                }
                _ => break,
            }
        }
        Ok(caught)
    }

    /// Ends the lease of a run that was cut off. The folder is locked, so the holder of the lease has ended. On AWS
    /// nothing shows that, so the next run waits until the lease expires.
    async fn end_lease(&self) -> Outcome {
        let raw = self.clients.store(RAW_BUCKET);
        let Some(object) = raw.get(CURSOR_KEY, CURSOR_BYTES_MAX).await? else { return Ok(()) };
        let mut cursor: Cursor = serde_json::from_slice(&object.body)?;
        cursor.lease = None;
        let body = serde_json::to_vec(&cursor)?.into();
        raw.put(CURSOR_KEY, body, "application/json", HashMap::new(), &Condition::Unchanged(object.etag)).await?;
        Ok(())
    }

    /// Delivers all pending messages to refine.
    pub async fn deliver(&mut self) -> Outcome {
        deliver(&mut self.queue, &self.refine, self.clock, |_| {}).await?;
        if self.queue.dead().len() == self.rejected.len() {
            return Ok(());
        }
        for (key, notification) in self.queue.dead().skip(self.rejected.len()) {
            self.rejected.push(Rejected { key: key.to_owned(), reason: reason(&self.refine, notification, self.clock).await });
        }
        rejected::write(&self.root, &self.rejected)
    }

    /// Fails if some RAW files could not be refined, with the reason of the first.
    pub async fn all_refined(&self) -> Outcome {
        all_refined(&self.queue, &self.refine, self.clock).await
    }
}

/// Creates refine over a lake.
pub fn refine_of(lake: &Lake) -> Refine {
    Refine::new(&lake.clients(refine::TIMEOUTS), refine::Config { ref_bucket: REF_BUCKET.to_owned(), table_years: Years::DEFAULT })
}

/// Delivers all pending messages to refine; `on_batch` receives the number of messages of each batch. Returns the
/// number of malformed values.
pub async fn deliver(queue: &mut Queue, refine: &Refine, clock: Clock, on_batch: impl Fn(u64)) -> Outcome<u64> {
    let mut malformed = 0;
    while let Some(batch) = queue.receive() {
        let count = |line: metrics::Line| {
            let counts = line.values.into_iter().filter(|(metric, _)| *metric == Metric::MalformedFields);
            malformed += counts.filter_map(|(_, count)| count.as_u64()).sum::<u64>();
        };
        let answer = refine::handle(refine, batch.event(), refine::Invocation::new(clock(), TIMEOUT), count).await?;
        on_batch(batch.len());
        queue.settle(batch, &answer)?;
    }
    Ok(malformed)
}

/// Returns why `refine` fails on a notification: with a queue, its response only names failed messages; without one, it
/// is the reason itself.
async fn reason(refine: &Refine, notification: &Value, clock: Clock) -> String {
    let refined = refine::handle(refine, notification.clone(), refine::Invocation::new(clock(), TIMEOUT), |_| ()).await;
    refined.err().map_or_else(|| "it can be by now".to_owned(), |error| error.chain())
}

/// Fails if messages of the queue were set aside, with the reason of the first and the keys of others.
pub async fn all_refined(queue: &Queue, refine: &Refine, clock: Clock) -> Outcome {
    let keys: Vec<&str> = queue.dead().map(|(key, _)| key).collect();
    let Some((_, notification)) = queue.dead().next() else { return Ok(()) };
    let reason = reason(refine, notification, clock).await;
    let (count, others) = (keys.len(), keys.iter().skip(1).take(NAMED_MAX));
    let others: Vec<String> = others.map(|key| format!("\n  nor could {key}")).collect();
    let others = others.concat();
    Err(format!("{count} RAW file(s) could not be refined: {reason}{others}\ncorrect or remove them in the lake's folder, and run again")
        .into())
}

impl Caught {
    fn add(&mut self, answer: &Value) {
        let count = |name: &str| answer[name].as_u64().unwrap_or(0);
        self.posts += count("posts");
        self.files += count("files");
        self.posts_read += count("posts_read");
        self.estimated_usd += answer["estimated_usd"].as_f64().unwrap_or(0.0);
        self.runs += 1;
        answer["status"].as_str().unwrap_or_default().clone_into(&mut self.status);
    }
}
