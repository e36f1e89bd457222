//! Lambda: sandboxes that stay warm between invocations, have their own clock and a deadline, and can die at any await.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws::{Clients, Values};
use chrono::TimeDelta;
use emulators::s3::{ACCESS_KEY, IN_PROCESS_ENDPOINT, SECRET_KEY};
use ingest::{Config, Ingest, Invocation};
use serde_json::Value;
use tokio::sync::Notify;

use crate::wire;
use crate::world::World;

/// The process in a sandbox, with its current run, if any.
#[derive(Debug)]
pub(crate) struct Process {
    sandbox: u32,
    run: AtomicU32,
    kill: Mutex<Option<Arc<Notify>>>,
    /// Posts that the run was served and has not put yet.
    holding: AtomicU64,
    /// Pages that the run was served and that did not arrive whole.
    pages_lost: AtomicU64,
}

impl Process {
    pub(crate) fn new(sandbox: u32) -> Arc<Self> {
        let (holding, pages_lost) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { sandbox, run: AtomicU32::new(0), kill: Mutex::default(), holding, pages_lost })
    }

    pub(crate) fn name(&self) -> String {
        format!("run {} ({})", self.run.load(Ordering::Relaxed), self.sandbox)
    }

    pub(crate) fn run(&self) -> u32 {
        self.run.load(Ordering::Relaxed)
    }

    pub(crate) fn is_at_work(&self) -> bool {
        self.kill().is_some()
    }

    /// Records that the run was served `posts` posts. Returns how many it holds now.
    pub(crate) fn receive(&self, posts: u64) -> u64 {
        self.holding.fetch_add(posts, Ordering::Relaxed) + posts
    }

    /// Records that the run puts `posts` posts.
    pub(crate) fn release(&self, posts: u64) {
        let holding = self.holding.load(Ordering::Relaxed);
        self.holding.store(holding.saturating_sub(posts), Ordering::Relaxed);
    }

    /// Records that a page did not arrive whole.
    pub(crate) fn lose_page(&self) {
        self.pages_lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn pages_lost(&self) -> u64 {
        self.pages_lost.load(Ordering::Relaxed)
    }

    /// Ends the process at its current await.
    pub(crate) fn die(&self) {
        if let Some(kill) = &*self.kill() {
            kill.notify_one();
        }
    }

    fn kill(&self) -> std::sync::MutexGuard<'_, Option<Arc<Notify>>> {
        self.kill.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one invocation until it ends, its process dies, or the deadline passes.
    pub(crate) async fn invoke<T, E>(
        &self,
        run: u32,
        timeout: Duration,
        answer: impl Future<Output = Result<T, E>>,
        error_type: impl Fn(&E) -> &'static str,
    ) -> Outcome<T> {
        let kill = Arc::new(Notify::new());
        self.run.store(run, Ordering::Relaxed);
        self.holding.store(0, Ordering::Relaxed);
        self.pages_lost.store(0, Ordering::Relaxed);
        *self.kill() = Some(Arc::clone(&kill));
        let outcome = tokio::select! {
            biased;
            () = kill.notified() => Outcome::Died,
            answer = answer => answer.map_or_else(|error| Outcome::Failed(error_type(&error)), Outcome::Answered),
            () = tokio::time::sleep(timeout) => Outcome::Overran,
        };
        *self.kill() = None;
        outcome
    }
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// With an answer.
    Answered(T),
    /// With an error of this type.
    Failed(&'static str),
    /// The process was killed.
    Died,
    /// The deadline passed.
    Overran,
}

impl Outcome<Value> {
    /// Returns the `status` of the answer, the type of the error, `died` or `overran`.
    pub fn status(&self) -> &str {
        match self {
            Self::Answered(answer) => answer["status"].as_str().unwrap_or("answered"),
            Self::Failed(error_type) => error_type,
            Self::Died => "died",
            Self::Overran => "overran",
        }
    }

    /// Returns a number in the answer.
    pub fn number(&self, name: &str) -> u64 {
        match self {
            Self::Answered(answer) => answer[name].as_u64().unwrap_or(0),
            _ => 0,
        }
    }
}

/// A sandbox of `ingest`.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) process: Arc<Process>,
    ingest: Ingest,
    /// How far the clock is ahead of the true time.
    skew: TimeDelta,
}

impl Sandbox {
    pub(crate) fn new(world: &World, config: Config, skew: TimeDelta, file_tweets_max: usize) -> Self {
        let process = Process::new(world.next_number());
        let ingest = Ingest::new(config, &clients(world, &process, ingest::TIMEOUTS), wire::x(world, &process));
        Self { ingest: ingest.with_file_tweets_max(file_tweets_max), process, skew }
    }

    /// Runs one invocation with `left` until its deadline.
    pub async fn run(&self, world: &World, left: Duration) -> Outcome<Value> {
        let run = world.next_number();
        let (invocation, owner) = (Invocation::new(world.now() + self.skew, left), world.random_number());
        world.note(format!("run {run} ({}) begins, clock {:+} ms", self.process.sandbox, self.skew.num_milliseconds()));
        let answer = ingest::handle(&self.ingest, invocation, owner, |line| world.emit(line));
        let outcome = self.process.invoke(run, left, answer, ingest::Error::error_type).await;
        world.note(format!("run {run} ends: {}", outcome.status()));
        world.count_run(&outcome, self.process.pages_lost());
        outcome
    }
}

/// Returns the SDK's clients over the wire of a sandbox.
pub(crate) fn clients(world: &World, process: &Arc<Process>, timeouts: aws::Timeouts) -> Clients {
    let values = Values {
        http_client: wire::aws(world, process),
        endpoint_url: IN_PROCESS_ENDPOINT.to_owned(),
        access_key: ACCESS_KEY,
        secret_key: SECRET_KEY,
    };
    Clients::from_values(values, timeouts)
}
