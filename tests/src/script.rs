//! What a written scenario does to its world.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use ingest::{Config, Cursor};
use serde_json::Value;
use tweets::TweetId;

use crate::fault::Call;
use crate::invariants::{Verdict, check, ids};
use crate::random::Random;
use crate::sandbox::{Outcome, Sandbox};
use crate::world::World;

/// Fault-free runs, five minutes apart, in which a scenario must have come to rest.
const RUNS_MAX: usize = 40;

impl World {
    /// A post of so many seconds ago, which search finds at once.
    pub fn post(&self, seconds_ago: i64) -> TweetId {
        self.late_post(seconds_ago, 0)
    }

    /// A post of so many seconds ago, which search finds so many seconds from now.
    pub fn late_post(&self, seconds_ago: i64, seconds_from_now: i64) -> TweetId {
        let ago = TimeDelta::seconds(seconds_ago);
        let lag = if seconds_from_now == 0 { TimeDelta::zero() } else { ago + TimeDelta::seconds(seconds_from_now) };
        self.x(|x| x.posts.add(self.now() - ago, lag))
    }

    /// One post a minute, the newest two minutes old; oldest first.
    pub fn posts(&self, count: i64) -> Vec<TweetId> {
        (0..count).rev().map(|place| self.post(120 + 60 * place)).collect()
    }

    /// Search finds the post no more.
    pub fn delete(&self, id: TweetId) {
        self.note(format!("{id} is deleted"));
        self.x(|x| x.posts.delete(id, self.now()));
    }

    /// Search does not find the post for so long.
    pub fn hide(&self, id: TweetId, time: Duration) {
        self.note(format!("{id} is hidden"));
        self.x(|x| x.posts.hide(id, self.now(), self.now() + time));
    }

    /// X sends the post without its id.
    pub fn lose_id(&self, id: TweetId) {
        self.note(format!("{id} is sent without its id"));
        self.x(|x| x.posts.lose_id(id));
    }

    /// The post is replaced by a version of now; its id.
    pub fn edit(&self, id: TweetId) -> TweetId {
        self.note(format!("{id} is edited"));
        self.x(|x| x.posts.edit(id, self.now(), TimeDelta::zero()))
    }

    /// A new sandbox with a right clock and the world's configuration.
    pub fn sandbox(&self) -> Sandbox {
        self.sandbox_with(TimeDelta::zero(), |_| ())
    }

    /// A new sandbox whose clock is `ahead`, with a changed configuration.
    pub fn sandbox_with(&self, ahead: TimeDelta, change: impl FnOnce(&mut Config)) -> Sandbox {
        let mut config = self.shape().config.clone();
        change(&mut config);
        Sandbox::new(self, config, ahead, self.shape().file_tweets_max)
    }

    /// One run in a new sandbox.
    pub async fn ingest(&self) -> Outcome<Value> {
        self.sandbox().run(self, self.shape().timeout).await
    }

    /// Nothing happens for so long.
    pub async fn wait(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// RAW files with their ids, newest first.
    pub fn files(&self) -> BTreeMap<String, Vec<TweetId>> {
        self.record(|record| {
            let raw = record.writes.iter().filter(|write| write.call == Call::PutRaw);
            raw.map(|write| (write.key.clone(), ids(&write.body))).collect()
        })
    }

    /// Every id in RAW, oldest first, as often as it is there.
    pub fn captured(&self) -> Vec<TweetId> {
        let mut ids: Vec<TweetId> = self.files().into_values().flatten().collect();
        ids.sort_unstable();
        ids
    }

    /// The cursor as it is.
    pub fn cursor(&self) -> Option<Cursor> {
        self.record(|record| {
            let last = record.writes.iter().rfind(|write| write.call == Call::PutCursor)?;
            serde_json::from_slice(&last.body).ok()
        })
    }

    /// One batch of what waits goes to `refine`.
    pub async fn deliver(&self) {
        self.queue().deliver(self, &mut Random::new(self.seed()), false).await;
    }

    /// Whether messages wait for `refine`.
    pub fn has_waiting(&self) -> bool {
        !self.queue().is_empty()
    }

    /// RAW keys whose messages were set aside.
    pub fn dead_letters(&self) -> Vec<String> {
        self.queue().dead_keys()
    }

    /// An operator sends what was set aside through the queue once more.
    pub fn redrive(&self) {
        self.queue().redrive();
    }

    /// Whether the RAW bucket announces new files from now on.
    pub fn set_announced(&self, is_announced: bool) {
        self.queue().set_announced(is_announced);
    }

    /// An operator sends all of RAW through `refine` once more.
    pub async fn reprocess(&self) {
        self.queue().reprocess(self).await;
    }

    /// Metrics that the functions emitted since this was last asked.
    pub fn metrics(&self) -> Vec<metrics::Line> {
        self.record(|record| std::mem::take(&mut record.metrics))
    }

    /// Everything that waits goes to `refine`.
    pub async fn deliver_all(&self) {
        let mut random = Random::new(self.seed());
        while !self.queue().is_empty() {
            self.queue().deliver(self, &mut random, false).await;
        }
    }

    /// No faults any more, a run every five minutes until nothing is left to do, and then the promise is checked.
    ///
    /// # Panics
    /// When it does not hold, with the whole event log.
    #[track_caller]
    pub fn come_to_rest(&self) -> impl Future<Output = Verdict> {
        self.come_to_rest_but_for("")
    }

    /// The same where one invariant does not apply.
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
            let mut verdict = check(self, complete == 2).await;
            verdict.violations.retain(|(violated, _)| *violated != invariant);
            let violations = &verdict.violations;
            assert!(violations.is_empty(), "{}\n{caller}: {violations:#?}", self.journal().text());
            verdict
        }
    }
}
