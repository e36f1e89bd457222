//! Ingest until caught up, each new RAW file through the queue to refine.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use chrono::TimeDelta;
use ingest::{Config, Ingest, Invocation, Wire};
use refine::Refine;
use serde_json::Value;
use tweets::TweetId;

use crate::lake::{Lake, REF_BUCKET};
use crate::queue::Queue;
use crate::report::Report;
use crate::{Clock, Outcome};

/// How long one invocation may take, as in the template.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Invocations before `cargo run` gives up catching up.
const INVOCATIONS_MAX: u32 = 1_000;
/// How often a lease that an earlier, killed run left is looked at.
const BUSY_PAUSE: Duration = Duration::from_secs(5);

/// Both functions, and the queue between them.
#[derive(Debug)]
pub struct Pipeline {
    ingest: Ingest,
    refine: Refine,
    queue: Queue,
    clock: Clock,
}

/// What a catching-up came to.
#[derive(Clone, Debug, Default)]
pub struct Caught {
    /// Posts put into RAW.
    pub posts: u64,
    /// Files put into RAW.
    pub files: u64,
    /// Posts read, paid for or not.
    pub posts_read: u64,
    /// Dollars at X's prices.
    pub estimated_usd: f64,
    /// Runs of ingest.
    pub runs: u32,
    /// How the last run ended.
    pub status: String,
}

impl Pipeline {
    /// The pipeline over a lake.
    pub async fn open(lake: &Lake, config: Config, wire: Wire, clock: Clock) -> Outcome<Self> {
        let ingest = Ingest::new(config, &lake.clients(ingest::TIMEOUTS), wire);
        let refine = refine_of(lake);
        Ok(Self { ingest, refine, queue: Queue::open(lake).await?, clock })
    }

    /// Runs ingest until everything up to now (less the safety lag) is captured, and refine until the queue is empty.
    pub async fn catch_up(&mut self, report: &Report, safety_lag: Duration) -> Outcome<Caught> {
        let goal = TweetId::lowest_at((self.clock)() - TimeDelta::from_std(safety_lag)?);
        let mut caught = Caught::default();
        self.deliver().await?;
        for _ in 0..INVOCATIONS_MAX {
            let owner = RandomState::new().build_hasher().finish();
            let answer = ingest::handle(&self.ingest, Invocation::new((self.clock)(), TIMEOUT, owner), |_| ()).await?;
            self.deliver().await?;
            caught.add(&answer);
            match caught.status.as_str() {
                "complete" if answer["done"].as_str().and_then(|done| done.parse().ok()).is_some_and(|done: TweetId| done >= goal) => break,
                "complete" | "partial" => {}
                "busy" => {
                    report.line("an earlier run was cut off and still holds its lease, 65 seconds at most; waiting");
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                _ => break,
            }
        }
        Ok(caught)
    }

    /// Hands everything that waits to refine.
    pub async fn deliver(&mut self) -> Outcome {
        deliver(&mut self.queue, &self.refine, self.clock, |_| {}).await
    }

    /// RAW keys that could not be refined.
    pub fn dead(&self) -> &[String] {
        self.queue.dead()
    }
}

/// Refine over a lake.
pub fn refine_of(lake: &Lake) -> Refine {
    Refine::new(&lake.clients(refine::TIMEOUTS), refine::Config { ref_bucket: REF_BUCKET.to_owned() })
}

/// Hands everything that waits to refine; `on_batch` is told how many messages each batch had.
pub async fn deliver(queue: &mut Queue, refine: &Refine, clock: Clock, on_batch: impl Fn(u64)) -> Outcome {
    while let Some(batch) = queue.receive() {
        let answer = refine::handle(refine, batch.event(), refine::Invocation::new(clock(), TIMEOUT), |_| ()).await?;
        on_batch(batch.len());
        queue.settle(batch, &answer)?;
    }
    Ok(())
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
