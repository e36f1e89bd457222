use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Kept back from the deadline to answer in: an answer that comes too late makes the queue repeat the whole batch.
const ANSWER_MARGIN: Duration = Duration::from_millis(500);

/// One invocation: when it began, and how long it may last.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    now: DateTime<Utc>,
    started: Instant,
    deadline: Instant,
}

impl Invocation {
    /// An invocation that begins now, at the wall-clock time `now`, and must end within `left`.
    pub fn new(now: DateTime<Utc>, left: Duration) -> Self {
        let started = Instant::now();
        Self { now, started, deadline: started + left }
    }

    /// The wall-clock time. Read once at the start and then counted by the monotonic clock, so that it never steps.
    pub fn now(&self) -> DateTime<Utc> {
        self.now + self.started.elapsed()
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// When work must have stopped.
    pub(crate) fn stop(&self) -> Instant {
        self.deadline.checked_sub(ANSWER_MARGIN).unwrap_or(self.started)
    }
}
