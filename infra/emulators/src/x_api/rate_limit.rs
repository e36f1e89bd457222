//! Requests per 15 minutes, counted as the API's headers report them.

use chrono::{DateTime, TimeDelta, Utc};

const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// The window of one endpoint; it opens with a request and closes 15 minutes later.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RateWindow {
    opened: Option<DateTime<Utc>>,
    used: u32,
}

/// The values of the three headers, and whether the request is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateLimitStatus {
    pub limit: u32,
    pub remaining: u32,
    /// Time of the reset, in Unix seconds.
    pub reset: i64,
    pub admitted: bool,
}

impl RateWindow {
    pub fn admit(&mut self, limit: u32, now: DateTime<Utc>) -> RateLimitStatus {
        let opened = match self.opened {
            Some(opened) if opened <= now && now < opened + WINDOW => opened,
            _ => {
                self.used = 0;
                *self.opened.insert(now)
            }
        };
        let admitted = self.used < limit;
        self.used += u32::from(admitted);
        // Whole seconds, rounded up: at that second the window is open again.
        let reset = (opened + WINDOW + TimeDelta::milliseconds(999)).timestamp();
        RateLimitStatus { limit, remaining: limit - self.used, reset, admitted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_with_a_request_and_lasts_15_minutes() {
        let mut window = RateWindow::default();
        let at = |time: &str| time.parse::<DateTime<Utc>>().unwrap();
        let reset = at("2026-11-23T12:15:01Z").timestamp();
        for (now, remaining, admitted, want_reset) in [
            ("2026-11-23T12:00:00.500Z", 1, true, reset),
            ("2026-11-23T12:10:00Z", 0, true, reset),
            ("2026-11-23T12:15:00Z", 0, false, reset),
            ("2026-11-23T12:15:01Z", 1, true, at("2026-11-23T12:30:01Z").timestamp()),
        ] {
            let rate_limit = window.admit(2, at(now));
            assert_eq!((rate_limit.remaining, rate_limit.admitted, rate_limit.reset), (remaining, admitted, want_reset), "{now}");
        }
    }
}
