//! Runs ingest until it has caught up, and passes each new RAW file through the queue to refine.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use aws::Clients;
use chrono::{SecondsFormat, TimeDelta};
use ingest::{Config, Gap, Ingest, Invocation, Preview, Status, Summary, Wire};
use metrics::Metric;
use refine::Refine;
use tweets::{TweetId, Years};

use crate::lake::{Lake, REF_BUCKET};
use crate::queue::Queue;
use crate::report::Report;
use crate::{Clock, Outcome};

/// Timeout of one invocation, as in the template.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Maximum number of invocations of ingest before `cargo run` gives up.
const INVOCATIONS_MAX: u32 = 1_000;
/// Maximum number of RAW files named in an error, besides the one whose reason is given.
const NAMED_MAX: usize = 10;

/// Both functions and the queue between them.
#[derive(Debug)]
pub struct Pipeline {
    config: Config,
    clients: Clients,
    wire: Wire,
    refine: Refine,
    queue: Queue,
    clock: Clock,
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
    pub status: Status,
}

impl Pipeline {
    /// Opens the pipeline over a lake.
    pub async fn open(lake: &Lake, config: Config, wire: Wire, clock: Clock) -> Outcome<Self> {
        let (clients, refine) = (lake.clients(ingest::TIMEOUTS), refine_of(lake));
        Ok(Self { config, clients, wire, refine, queue: Queue::open(lake).await?, clock })
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
        let (mut caught, mut sweeps, mut done_before) = (Caught::default(), 0, None);
        self.deliver().await?;
        for _ in 0..INVOCATIONS_MAX {
            let owner = RandomState::new().build_hasher().finish();
            let ingest = self.ingest(posts_max - caught.posts_read.min(posts_max));
            let run = ingest::run(&ingest, Invocation::new((self.clock)(), TIMEOUT), owner, |_| ()).await;
            self.deliver().await?; // also delivers files that a failed run stored
            let run = run?;
            caught.add(&run);
            if let Some(Gap { from, to }) = run.gap {
                let [from, to] = [from, to].map(|id| id.created_at().to_rfc3339_opts(SecondsFormat::Millis, true));
                report.line(&format!("posts from {from} to {to} are lost: the X API serves seven days"));
            }
            let done = run.done;
            let has_moved = run.posts > 0 || done != done_before;
            done_before = done;
            match run.status {
                Status::Complete if done.is_some_and(|done| done >= goal) => break,
                // The first run may have completed a sweep that was opened earlier. The next run reaches as far as X's
                // clock allows.
                Status::Complete if sweeps == 0 => sweeps += 1,
                Status::Complete => {
                    let behind = done.map_or(0, |done| (goal.created_at() - done.created_at()).num_seconds());
                    report
                        .line(&format!("this clock is about {behind} s ahead of the X API's; what came in since is left to the next run"));
                    break;
                }
                Status::Partial if has_moved => {}
                // The folder is locked, so the run that holds the lease has ended. On AWS nothing shows that, so the next run waits
                // until the lease expires.
                Status::Busy => {
                    report.line("an earlier run was cut off; going on where it stopped");
                    ingest.end_lease(owner).await?;
                }
                Status::Partial | Status::RateLimited | Status::BudgetExhausted => break,
            }
        }
        Ok(caught)
    }

    /// Delivers all pending messages to refine.
    pub async fn deliver(&mut self) -> Outcome {
        deliver(&mut self.queue, &self.refine, self.clock, |_| {}).await?;
        Ok(())
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

/// Fails if messages of the queue were set aside, with the reason of the first and the keys of others.
pub async fn all_refined(queue: &Queue, refine: &Refine, clock: Clock) -> Outcome {
    let Some((keys, notification)) = queue.dead() else { return Ok(()) };
    // With a queue, the response only names failed messages; without one, it is the reason itself.
    let reason =
        refine::handle(refine, notification, refine::Invocation::new(clock(), TIMEOUT), |_| ()).await.err().map(|error| error.chain());
    let reason = reason.unwrap_or_else(|| "it can be by now".to_owned());
    let (count, others) = (keys.len(), keys.iter().skip(1).take(NAMED_MAX));
    let others: Vec<String> = others.map(|key| format!("\n  nor could {key}")).collect();
    let others = others.concat();
    Err(format!("{count} RAW file(s) could not be refined: {reason}{others}\ncorrect or remove them in the lake's folder, and run again")
        .into())
}

impl Caught {
    fn add(&mut self, run: &Summary) {
        self.posts += run.posts;
        self.files += run.files;
        self.posts_read += run.posts_read;
        self.estimated_usd += run.estimated_usd();
        self.runs += 1;
        self.status = run.status;
    }
}
