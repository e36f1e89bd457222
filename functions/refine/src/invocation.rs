use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Time reserved before the deadline for the answer. A late answer makes the queue repeat the whole batch.
const ANSWER_MARGIN: Duration = Duration::from_millis(500);

/// One invocation: its start time and its deadline.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    now: DateTime<Utc>,
    started: Instant,
    deadline: Instant,
}

impl Invocation {
    /// Creates an invocation that starts now, at wall-clock time `now`, and must end within `left`.
    pub fn new(now: DateTime<Utc>, left: Duration) -> Self {
        let started = Instant::now();
        Self { now, started, deadline: started + left }
    }

    /// Returns the wall-clock time. Read once at the start and advanced by the monotonic clock, so it never steps.
    pub fn now(&self) -> DateTime<Utc> {
        self.now + self.started.elapsed()
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the instant at which work must have stopped.
    pub(crate) fn stop(&self) -> Instant {
        self.deadline.checked_sub(ANSWER_MARGIN).unwrap_or(self.started)
    }
}
