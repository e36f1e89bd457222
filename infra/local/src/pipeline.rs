//! Runs ingest until it has caught up, and passes each new RAW file through the queue to refine.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws::Clients;
use chrono::{SecondsFormat, TimeDelta};
use emulators::files::{self, Unreadable};
use emulators::sqs::{self, Message};
use ingest::{CURSOR_KEY, Config, Gap, Ingest, Invocation, Preview, Status, Summary, Wire};
use metrics::Metric;
use refine::Refine;
use tweets::{TweetId, Years};

use crate::lake::{Lake, RAW_BUCKET, REF_BUCKET};
use crate::output::listed;
use crate::progress::Progress;
use crate::queue::Queue;
use crate::rejected::{self, Rejected};
use crate::{Clock, Failure, Outcome};

/// Timeout of one invocation, as in the template.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Maximum number of invocations of ingest before `cargo run` gives up.
const INVOCATIONS_MAX: u32 = 1_000;
/// Folder of the cursor in the RAW bucket.
const CURSOR_FOLDER: &str = "state/";

/// Both functions and the queue between them.
#[derive(Debug)]
pub struct Pipeline {
    config: Config,
    clients: Clients,
    wire: Wire,
    refine: Refine,
    queue: Queue,
    clock: Clock,
    raw_dir: PathBuf,
    /// Folder of the lake.
    root: PathBuf,
    /// The files that were rejected since the pipeline was opened. The queue delivers those of earlier processes again.
    rejected: Vec<Rejected>,
}

/// Totals of the runs that caught up.
#[derive(Clone, Debug, Default)]
pub struct CatchUp {
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
    ///
    /// # Errors
    /// Fails if the cursor of the lake cannot be read: another one would read and pay for its posts again.
    pub async fn open(lake: &Lake, config: Config, wire: Wire, clock: Clock) -> Outcome<Self> {
        check_cursor(lake)?;
        let (clients, refine) = (lake.clients(ingest::TIMEOUTS), refine_of(lake));
        Ok(Self {
            config,
            clients,
            wire,
            refine,
            queue: Queue::open(lake).await?,
            clock,
            raw_dir: lake.raw_dir(),
            root: lake.root().to_owned(),
            rejected: Vec::new(),
        })
    }

    /// Returns ingest as configured, limited to `posts_max` posts.
    fn ingest(&self, posts_max: u64) -> Ingest {
        let max_posts_per_run = self.config.max_posts_per_run.min(posts_max);
        Ingest::new(Config { max_posts_per_run, ..self.config.clone() }, &self.clients, self.wire.clone())
    }

    /// Estimates what catching up would read, from X's counts.
    pub async fn preview(&self) -> Outcome<Preview> {
        self.ingest(u64::MAX).preview((self.clock)()).await.map_err(|error| self.explained(error))
    }

    /// Returns an error about the cursor in terms of the lake's folder.
    fn explained(&self, error: ingest::Error) -> Failure {
        match error {
            ingest::Error::CursorInvalid { problem, .. } => broken_cursor(&self.raw_dir.join(CURSOR_KEY), &problem),
            other => other.into(),
        }
    }

    /// Runs ingest until everything up to now (less the safety lag) is captured or `posts_max` posts are read, and runs
    /// refine until the queue is empty.
    pub async fn catch_up(&mut self, progress: &Progress, posts_max: u64) -> Outcome<CatchUp> {
        let goal = TweetId::lowest_at((self.clock)() - TimeDelta::from_std(self.config.safety_lag)?);
        let (mut totals, mut sweeps, mut done_before) = (CatchUp::default(), 0, None);
        self.deliver().await?;
        for _ in 0..INVOCATIONS_MAX {
            let owner = RandomState::new().build_hasher().finish();
            let ingest = self.ingest(posts_max - totals.posts_read.min(posts_max));
            let run = ingest::run(&ingest, Invocation::new((self.clock)(), TIMEOUT), owner, |_| ()).await;
            self.deliver().await?; // also delivers files that a failed run stored
            let run = run.map_err(|error| self.explained(error))?;
            totals.add(&run);
            if let Some(Gap { from, to }) = run.gap {
                let [from, to] = [from, to].map(|id| id.created_at().to_rfc3339_opts(SecondsFormat::Millis, true));
                progress.line(&format!("posts from {from} to {to} are lost: the X API serves seven days"));
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
                    progress.line(&format!(
                        "this clock is about {behind} s ahead of the X API's; posts that arrived since are left to the next run"
                    ));
                    break;
                }
                Status::Partial if has_moved => {}
                // The folder is locked, so the run that holds the lease has ended. On AWS nothing shows that, so the next run waits
                // until the lease expires.
                Status::Busy => {
                    progress.line("an earlier run was interrupted; continuing where it stopped");
                    ingest.end_lease(owner).await.map_err(|error| self.explained(error))?;
                }
                Status::Partial | Status::RateLimited | Status::BudgetExhausted => break,
            }
        }
        Ok(totals)
    }

    /// Delivers all pending messages to refine.
    pub async fn deliver(&mut self) -> Outcome {
        deliver(&mut self.queue, &self.refine, self.clock, |_| {}).await?;
        self.rejected.extend(rejected_files(self.queue.take_dead(), &self.refine, self.clock).await);
        rejected::write(&self.root, &self.rejected)
    }

    /// Fails if some RAW files could not be refined, with the reason of the first.
    pub fn all_refined(&self) -> Outcome {
        all_refined(&self.rejected, self.queue.unreadable())
    }
}

/// Checks that the cursor is a file that can be read, or is absent.
fn check_cursor(lake: &Lake) -> Outcome {
    let path = lake.raw_dir().join(CURSOR_KEY);
    // The usual advice, to move something away, would lose the cursor.
    let cause = |entry: &Unreadable| format!("{}: {}", entry.path.display(), entry.cause);
    let problem = match files::metadata(&path) {
        Err(error) => {
            let entry = error.get_ref().and_then(|inner| inner.downcast_ref());
            Some(entry.map_or_else(|| error.to_string(), cause))
        }
        Ok(Some(metadata)) if !metadata.is_file() => Some("it is not a file".to_owned()),
        Ok(Some(_)) => File::open(&path).err().map(|error| error.to_string()),
        Ok(None) => None,
    };
    match problem.or_else(|| lake.s3().unlisted(RAW_BUCKET, CURSOR_FOLDER).first().map(cause)) {
        Some(problem) => Err(broken_cursor(&path, &problem)),
        None => Ok(()),
    }
}

fn broken_cursor(path: &Path, problem: &str) -> Failure {
    let is_empty = fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0);
    format!(
        "cannot use the cursor {}: {}; it records which posts are captured, and without it they would be read and paid for again, so \
         first see \"A broken cursor on a laptop\" in RUNBOOK.md",
        path.display(),
        if is_empty { "it is empty" } else { problem }
    )
    .into()
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
        let answer = refine::handle(refine, sqs::event(&batch), refine::Invocation::new(clock(), TIMEOUT), count).await?;
        on_batch(batch.len() as u64);
        queue.settle(batch, &answer)?;
    }
    Ok(malformed)
}

/// Returns the files of messages that were set aside, each with the reason.
///
/// With a queue, the response of `refine` only names failed messages; given a notification, it is the reason itself. A
/// file that is refined at this last attempt is not rejected.
pub async fn rejected_files(dead: Vec<Message>, refine: &Refine, clock: Clock) -> Vec<Rejected> {
    let mut rejected = Vec::new();
    for Message { object, .. } in dead {
        let refined = refine::handle(refine, object.notification(), refine::Invocation::new(clock(), TIMEOUT), |_| ()).await;
        rejected.extend(refined.err().map(|error| Rejected { key: object.key, reason: on_laptop(&error) }));
    }
    rejected
}

/// Fails if RAW files could not be refined: names the rejected ones, with the reason of the first, and counts the files and
/// folders that could not be read.
pub fn all_refined(rejected: &[Rejected], unreadable: &[Unreadable]) -> Outcome {
    let mut problems = Vec::new();
    if let [first, others @ ..] = rejected {
        let reason = format!("{}: {}", first.key, first.reason);
        let others: Vec<String> = others.iter().map(|other| format!("nor could {}", other.key)).collect();
        problems.push(format!("{} RAW file(s) could not be refined: {reason}{}", rejected.len(), listed(&others)));
    }
    if !unreadable.is_empty() {
        problems.push(format!("{} file(s) or folder(s) of RAW could not be read:{}", unreadable.len(), listed(unreadable)));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("{}\ncorrect or remove them in the lake's folder, and run again", problems.join("\n")).into())
}

/// Returns the reason without advice for AWS: the innermost cause, such as the error of the file, if there is one.
fn on_laptop(error: &refine::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(cause) = reason.source() {
        reason = cause;
    }
    reason.to_string()
}

impl CatchUp {
    fn add(&mut self, run: &Summary) {
        self.posts += run.posts;
        self.files += run.files;
        self.posts_read += run.posts_read;
        self.estimated_usd += run.estimated_usd();
        self.runs += 1;
        self.status = run.status;
    }
}
