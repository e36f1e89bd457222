use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest time a function can run. Source: AWS Lambda quotas.
const TIMEOUT_MAX: Duration = Duration::from_mins(15);

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
