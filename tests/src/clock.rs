use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// The world's true time: tokio's paused clock, counted from the world's first moment.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: DateTime<Utc>,
    origin: Instant,
}

impl Clock {
    /// Creates a clock that shows `start` now.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self { start, origin: Instant::now() }
    }

    /// Returns the true time.
    pub fn now(&self) -> DateTime<Utc> {
        self.start + self.elapsed()
    }

    /// Returns the time since the world's first moment.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Returns the world's first moment.
    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }
}
