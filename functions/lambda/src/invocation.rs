use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// The longest time a function can run. Source: AWS Lambda quotas.
const TIMEOUT_MAX: Duration = Duration::from_mins(15);

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

    /// Returns the time until the deadline.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Returns the time from the start to the deadline.
    pub fn total(&self) -> Duration {
        self.deadline - self.started
    }

    /// Returns the deadline as a wall-clock time.
    pub fn deadline(&self) -> DateTime<Utc> {
        self.now + self.total()
    }

    /// Returns the instant that is `margin` before the deadline, but not before the start.
    pub fn stop(&self, margin: Duration) -> Instant {
        self.deadline.checked_sub(margin).unwrap_or(self.started).max(self.started)
    }
}

/// Returns the time left until the deadline in an invocation's context; zero once it has passed.
///
/// Lambda sends the deadline as milliseconds since 1970. `cargo lambda watch` (1.9.2) sends 600,000 to every invocation, a
/// duration: read as an instant it would leave no time at all.
pub fn time_left(deadline: SystemTime, now: SystemTime) -> Duration {
    match deadline.duration_since(UNIX_EPOCH) {
        Ok(span) if span <= TIMEOUT_MAX => span,
        _ => deadline.duration_since(now).unwrap_or_default(),
    }
}

/// Returns a duration in whole milliseconds, as logs and metrics have it.
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_an_instant_on_lambda_and_a_span_under_cargo_lambda_watch() {
        let now_ms = 1_795_443_607_900;
        for (deadline_ms, left_ms) in [
            (now_ms + 60_000, 60_000),
            (now_ms, 0),
            (now_ms - 1, 0),
            (600_000, 600_000), // cargo lambda watch
            (900_000, 900_000),
            (900_001, 0), // not a duration but an instant in 1970: passed
        ] {
            let at = |ms| UNIX_EPOCH + Duration::from_millis(ms);
            assert_eq!(time_left(at(deadline_ms), at(now_ms)), Duration::from_millis(left_ms), "{deadline_ms}");
        }
    }
}
