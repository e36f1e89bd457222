//! The steps of a scripted scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use emulators::random::Random;
use ingest::{Config, Cursor};
use serde_json::Value;
use tweets::TweetId;

use crate::fault::Call;
use crate::invariants::{Verdict, check, ids};
use crate::sandbox::{Outcome, Sandbox};
use crate::world::World;

/// The number of fault-free runs, five minutes apart, within which a scenario must come to rest.
const RUNS_MAX: usize = 40;

impl World {
    /// Adds a post created `seconds_ago` that search finds at once.
    pub fn post(&self, seconds_ago: i64) -> TweetId {
        self.late_post(seconds_ago, 0)
    }

    /// Adds a post created `seconds_ago` that search finds in `seconds_from_now`.
    pub fn late_post(&self, seconds_ago: i64, seconds_from_now: i64) -> TweetId {
        let ago = TimeDelta::seconds(seconds_ago);
        let lag = if seconds_from_now == 0 { TimeDelta::zero() } else { ago + TimeDelta::seconds(seconds_from_now) };
        self.x(|x| x.posts.add(self.now() - ago, lag))
    }

    /// Adds one post per minute, the newest two minutes old. Returns them oldest first.
    pub fn posts(&self, count: i64) -> Vec<TweetId> {
        (0..count).rev().map(|place| self.post(120 + 60 * place)).collect()
    }

    /// Deletes the post: search no longer finds it.
    pub fn delete(&self, id: TweetId) {
        self.note(format!("{id} is deleted"));
        self.x(|x| x.posts.delete(id, self.now()));
    }

    /// Hides the post: search does not find it for `time`.
    pub fn hide(&self, id: TweetId, time: Duration) {
        self.note(format!("{id} is hidden"));
        self.x(|x| x.posts.hide(id, self.now(), self.now() + time));
    }

    /// From now on, X sends the post without its id.
    pub fn lose_id(&self, id: TweetId) {
        self.note(format!("{id} is sent without its id"));
        self.x(|x| x.posts.lose_id(id));
    }

    /// Replaces the post by a version created now. Returns its id.
    pub fn edit(&self, id: TweetId) -> TweetId {
        self.note(format!("{id} is edited"));
        self.x(|x| x.posts.edit(id, self.now(), TimeDelta::zero()))
    }

    /// Creates a sandbox with a correct clock and the world's configuration.
    pub fn sandbox(&self) -> Sandbox {
        self.sandbox_with(TimeDelta::zero(), |_| ())
    }

    /// Creates a sandbox whose clock is `ahead`, with a changed configuration.
    pub fn sandbox_with(&self, ahead: TimeDelta, change: impl FnOnce(&mut Config)) -> Sandbox {
        let mut config = self.shape().config.clone();
        change(&mut config);
        Sandbox::new(self, config, ahead, self.shape().file_tweets_max)
    }

    /// Runs once in a new sandbox.
    pub async fn ingest(&self) -> Outcome<Value> {
        self.sandbox().run(self, self.shape().timeout).await
    }

    /// Lets the time pass.
    pub async fn wait(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// Returns the ids in each RAW file, by key, newest first.
    pub fn files(&self) -> BTreeMap<String, Vec<TweetId>> {
        self.record(|record| {
            let raw = record.writes.iter().filter(|write| write.call == Call::PutRaw);
            raw.map(|write| (write.key.clone(), ids(&write.body))).collect()
        })
    }

    /// Returns every id in RAW, oldest first, once per occurrence.
    pub fn captured(&self) -> Vec<TweetId> {
        let mut ids: Vec<TweetId> = self.files().into_values().flatten().collect();
        ids.sort_unstable();
        ids
    }

    /// Returns the current cursor.
    pub fn cursor(&self) -> Option<Cursor> {
        self.record(|record| {
            let last = record.writes.iter().rfind(|write| write.call == Call::PutCursor)?;
            serde_json::from_slice(&last.body).ok()
        })
    }

    /// Delivers one batch to `refine`.
    pub async fn deliver(&self) {
        self.queue().deliver(self, &mut Random::new(self.seed()), false).await;
    }

    /// Returns whether messages are waiting for `refine`.
    pub fn has_waiting(&self) -> bool {
        !self.queue().is_empty()
    }

    /// Returns the RAW keys of the dead letters.
    pub fn dead_letters(&self) -> Vec<String> {
        self.queue().dead_keys()
    }

    /// Moves the dead letters back to the queue, as an operator would.
    pub fn redrive(&self) {
        self.queue().redrive();
    }

    /// Sets whether the RAW bucket announces new files.
    pub fn set_announced(&self, is_announced: bool) {
        self.queue().set_announced(is_announced);
    }

    /// Sends all of RAW through `refine` again, as an operator would.
    pub async fn reprocess(&self) {
        self.queue().reprocess(self).await;
    }

    /// Returns the metrics that the functions emitted since the last call.
    pub fn metrics(&self) -> Vec<metrics::Line> {
        self.record(|record| std::mem::take(&mut record.metrics))
    }

    /// Delivers batches to `refine` until the queue is empty.
    pub async fn deliver_all(&self) {
        let mut random = Random::new(self.seed());
        while !self.queue().is_empty() {
            self.queue().deliver(self, &mut random, false).await;
        }
    }

    /// Stops the faults, runs every five minutes until nothing is left to do, and then checks the invariants.
    ///
    /// # Panics
    /// If one is violated, with the whole event log.
    #[track_caller]
    pub fn come_to_rest(&self) -> impl Future<Output = Verdict> {
        self.come_to_rest_but_for("")
    }

    /// Like [`World::come_to_rest`], except for one invariant that does not apply.
    ///
    /// # Panics
    /// As [`World::come_to_rest`].
    #[track_caller]
    pub fn come_to_rest_but_for(&self, invariant: &'static str) -> impl Future<Output = Verdict> {
        let caller = std::panic::Location::caller();
        async move {
            self.stop_faults();
            let sandbox = self.sandbox();
            let mut complete = 0;
            for _ in 0..RUNS_MAX {
                self.wait(300).await;
                let outcome = sandbox.run(self, self.shape().timeout).await;
                complete = if outcome.status() == "complete" { complete + 1 } else { 0 };
                if complete == 2 {
                    break;
                }
            }
            if self.shape().refines {
                self.deliver_all().await;
            }
            let mut verdict = check(self, complete == 2);
            verdict.violations.retain(|(violated, _)| *violated != invariant);
            let violations = &verdict.violations;
            assert!(violations.is_empty(), "{}\n{caller}: {violations:#?}", self.journal().text());
            verdict
        }
    }
}
