use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// One invocation: its start time, its deadline, and a number unique to it.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    now: DateTime<Utc>,
    started: Instant,
    deadline: Instant,
    /// Random number that names the writer of a cursor. Not the request id, which a retry repeats.
    pub owner: u64,
}

impl Invocation {
    /// Creates an invocation that starts now, at wall-clock time `now`, and must end within `left`.
    pub fn new(now: DateTime<Utc>, left: Duration, owner: u64) -> Self {
        let started = Instant::now();
        Self { now, started, deadline: started + left, owner }
    }

    /// Returns the wall-clock time. Read once at the start and advanced by the monotonic clock, so it never steps.
    pub fn now(&self) -> DateTime<Utc> {
        self.now + self.started.elapsed()
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the time until the deadline.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Returns the deadline as a wall-clock time.
    pub fn deadline(&self) -> DateTime<Utc> {
        self.now + (self.deadline - self.started)
    }

    /// Returns the minimum time that each step needs to begin.
    pub fn pace(&self) -> Pace {
        Pace::of_run(self.deadline - self.started)
    }
}

/// The minimum time left for a step to begin, so that the step and all mandatory later steps can finish before the deadline.
///
/// In a run of 60 s or more, the last page may be requested with 24 s left (8 s X, naming 5, put 5, final write 5, 1 spare), the
/// last file named with 16 s left, and the last put started with 11 s left. A shorter run scales these times in proportion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Minimum time left to request a page.
    pub page: Duration,
    /// Minimum time left to name a file.
    pub name: Duration,
    /// Minimum time left to put a file.
    pub put: Duration,
}

impl Pace {
    fn of_run(total: Duration) -> Self {
        let share = |seconds: u32| (total * seconds / 60).min(Duration::from_secs(seconds.into()));
        Self { page: share(24), name: share(16), put: share(11) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_keep_the_shares_and_long_ones_the_seconds() {
        let ms = |total: u64| {
            let pace = Pace::of_run(Duration::from_secs(total));
            [pace.page, pace.name, pace.put].map(|step| step.as_millis())
        };
        assert_eq!(ms(900), [24_000, 16_000, 11_000]);
        assert_eq!(ms(60), [24_000, 16_000, 11_000]);
        assert_eq!(ms(30), [12_000, 8_000, 5_500]);
    }
}
