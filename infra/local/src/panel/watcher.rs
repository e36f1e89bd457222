//! The one task that asks the questions: it looks for new files, computes, and publishes snapshots.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::lake_state::{LakeState, ParquetFiles};
use super::questions::PANEL;
use super::snapshot::{QuestionResult, Snapshot};
use crate::Clock;
use crate::lake::ref_dir;
use crate::sql::{self, KeptRows, Session};

/// Pause between two looks for new files.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Seconds of the clock after which the questions are asked again while no file is new: their windows move with it.
const MINUTE_S: i64 = 60;
/// Characters of an error that the page shows.
const ERROR_MAX: usize = 600;

/// A snapshot as it is served.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// The answers.
    pub snapshot: Snapshot,
    /// The document of the page.
    pub body: Bytes,
    /// Entity tag of the document.
    pub etag: String,
}

impl From<Snapshot> for Published {
    fn from(snapshot: Snapshot) -> Self {
        let body = Bytes::from(snapshot.document().to_string());
        let etag = super::assets::etag(&body);
        Self { snapshot, body, etag }
    }
}

/// The state of the task.
#[derive(Debug)]
pub struct Watcher {
    root: PathBuf,
    clock: Clock,
    files: ParquetFiles,
    /// Rows of the days that the questions look at: a computation reads only new files.
    kept: Arc<KeptRows>,
    snapshot: Snapshot,
    computed_at: Option<DateTime<Utc>>,
    publish: watch::Sender<Arc<Published>>,
}

impl Watcher {
    /// Creates the task of the lake at `root` and the receiver of its snapshots.
    pub fn new(root: PathBuf, clock: Clock) -> (Self, watch::Receiver<Arc<Published>>) {
        let snapshot = Snapshot { at: clock(), lake: root.display().to_string(), ..Snapshot::default() };
        let (publish, published) = watch::channel(Arc::new(Published::from(snapshot.clone())));
        let (files, kept) = Default::default();
        (Self { root, clock, files, kept, snapshot, computed_at: None, publish }, published)
    }

    /// Runs until nobody receives snapshots, on a thread of its own: a page is served while a question is computed.
    pub fn start(self) {
        std::thread::spawn(move || sql::on_large_stacks(|runtime| runtime.block_on(self.run())));
    }

    async fn run(mut self) {
        while !self.publish.is_closed() {
            let begun = Instant::now();
            self.look().await;
            // Sleeps for at least as long as the look took, so that a large lake uses at most half of the time.
            tokio::time::sleep(LOOK_EVERY.max(begun.elapsed())).await;
        }
    }

    /// Computes the answers if a file is new or a minute has begun.
    pub async fn look(&mut self) {
        let mut problems = Vec::new();
        let is_new = self.files.look(&self.root, &mut problems);
        let state = LakeState::read(&self.root, self.files.rows(), problems);
        let now = (self.clock)();
        let is_due = is_new || self.computed_at.is_none_or(|at| at.timestamp() / MINUTE_S != now.timestamp() / MINUTE_S);
        let is_changed = self.snapshot.state.as_ref() != Some(&state);
        self.snapshot.state = Some(state);
        if is_due {
            self.compute(now).await;
        } else if is_changed {
            self.publish();
        }
    }

    /// Asks all questions. The first time each answer is published at once; later, all of them together.
    async fn compute(&mut self, now: DateTime<Utc>) {
        let is_first = self.computed_at.is_none();
        self.snapshot.at = now;
        if is_first {
            self.publish();
        }
        let session = Session::open_keeping(&ref_dir(&self.root), now, &self.kept).await;
        for question in &PANEL {
            let answer: QuestionResult = match &session {
                Ok(session) => session.answer(question.sql).await.map_err(|error| shown(sql::explained(error))),
                Err(error) => Err(error.to_string()),
            };
            self.snapshot.set(question, answer);
            if is_first {
                self.publish();
            }
        }
        self.kept.forget_unused();
        self.computed_at = Some(now);
        if !is_first {
            self.publish();
        }
    }

    fn publish(&mut self) {
        self.snapshot.version += 1;
        let published = Arc::new(Published::from(self.snapshot.clone()));
        self.publish.send_replace(published);
    }

    /// Returns the number of files whose rows were read.
    #[cfg(test)]
    pub fn files_read(&self) -> usize {
        self.kept.files_read()
    }
}

fn shown(error: Box<dyn std::error::Error + Send + Sync>) -> String {
    error.to_string().chars().take(ERROR_MAX).collect()
}
