use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// One invocation: when it began, how long it may last, and a number that no other invocation has.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    now: DateTime<Utc>,
    started: Instant,
    deadline: Instant,
    /// Random; names the writer of a cursor. Not the request id, which a retry repeats.
    pub owner: u64,
}

impl Invocation {
    /// An invocation that begins now, at the wall-clock time `now`, and must end within `left`.
    pub fn new(now: DateTime<Utc>, left: Duration, owner: u64) -> Self {
        let started = Instant::now();
        Self { now, started, deadline: started + left, owner }
    }

    /// The wall-clock time. Read once at the start and then counted by the monotonic clock, so that it never steps.
    pub fn now(&self) -> DateTime<Utc> {
        self.now + self.started.elapsed()
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Time until the deadline.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The deadline as a wall-clock time.
    pub fn deadline(&self) -> DateTime<Utc> {
        self.now + (self.deadline - self.started)
    }

    /// How much time each step must still have to begin.
    pub fn pace(&self) -> Pace {
        Pace::of_run(self.deadline - self.started)
    }
}

/// The time that must be left for a step to begin, so that it and all that must follow it can end within the deadline.
///
/// For a run of 60 s or more: the last page may start with 24 s left (8 s X, naming 5, put 5, final write 5, 1 spare), the
/// last file be named with 16 s, the last put start with 11 s. A shorter run keeps the same shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// To ask for a page.
    pub page: Duration,
    /// To name a file.
    pub name: Duration,
    /// To put it.
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
