//! Event-time windows, aligned to 1970-01-01T00:00Z as in Spark's `window()` and the saved queries.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Maximum number of windows that contain one post; Athena's `sequence` has the same limit.
const WINDOWS_MAX: i64 = 10_000;

/// A half-open span of event time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// First millisecond in the window.
    pub start_ms: i64,
    /// First millisecond after the window.
    pub end_ms: i64,
}

/// Windows of one length, one per slide: tumbling when the two are equal, else overlapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    length_ms: i64,
    slide_ms: i64,
}

/// Invalid window lengths.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "a message is its own doc")]
pub enum WindowError {
    #[error("a window and its slide must be whole milliseconds, at least one")]
    NotMilliseconds,
    #[error("the slide is longer than the window, so posts between two windows would be in none; use a slide of at most the window")]
    Gaps,
    #[error("each post would be in more than {WINDOWS_MAX} windows; use a longer slide")]
    TooMany,
}

impl Windows {
    /// Creates windows of `length`, one every `slide`.
    pub fn new(length: Duration, slide: Duration) -> Result<Self, WindowError> {
        let whole_ms = |duration| whole_ms(duration).ok_or(WindowError::NotMilliseconds);
        let (length_ms, slide_ms) = (whole_ms(length)?, whole_ms(slide)?);
        if slide_ms > length_ms {
            return Err(WindowError::Gaps);
        }
        if (length_ms - 1) / slide_ms >= WINDOWS_MAX {
            return Err(WindowError::TooMany);
        }
        Ok(Self { length_ms, slide_ms })
    }

    /// Returns the window that starts at this instant.
    pub fn at(self, start_ms: i64) -> Window {
        Window { start_ms, end_ms: start_ms.saturating_add(self.length_ms) }
    }

    /// Returns the windows that contain an instant, the latest first.
    pub fn of(self, instant_ms: i64) -> impl Iterator<Item = Window> {
        let latest_ms = instant_ms.saturating_sub(instant_ms.rem_euclid(self.slide_ms));
        let before = (0..WINDOWS_MAX).map(move |number| self.at(latest_ms.saturating_sub(number * self.slide_ms)));
        before.take_while(move |window| instant_ms < window.end_ms)
    }
}

/// Converts to milliseconds; `None` for none, for a fraction of one, and if they do not fit in an `i64`.
pub(crate) fn whole_ms(duration: Duration) -> Option<i64> {
    let is_whole = duration.subsec_nanos().is_multiple_of(1_000_000) && !duration.is_zero();
    i64::try_from(duration.as_millis()).ok().filter(|_| is_whole)
}

/// A row of output: the count of one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `None` for a running count.
    pub window: Option<Window>,
    /// The word.
    pub word: String,
    /// Number of occurrences.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(length_ms: u64, slide_ms: u64) -> Result<Windows, WindowError> {
        Windows::new(Duration::from_millis(length_ms), Duration::from_millis(slide_ms))
    }

    #[test]
    fn an_instant_is_in_every_window_that_contains_it() {
        for ((length, slide), instant, want) in [
            ((10, 10), 0, &[0][..]), // tumbling
            ((10, 10), 9, &[0]),
            ((10, 10), 10, &[10]), // half-open
            ((10, 5), 12, &[10, 5]),
            ((10, 5), 15, &[15, 10]), // no longer in [5, 15)
            ((10, 4), 9, &[8, 4, 0]), // a slide that does not divide the window: two windows or three
            ((10, 4), 11, &[8, 4]),
            ((10, 10), -1, &[-10]), // before 1970
            ((10, 5), -10, &[-10, -15]),
        ] {
            let starts: Vec<i64> = windows(length, slide).unwrap().of(instant).map(|window| window.start_ms).collect();
            assert_eq!(starts, want, "{instant} in windows of {length} every {slide}");
        }
    }

    #[test]
    fn the_extremes_of_time_do_not_panic() {
        for instant in [i64::MIN, i64::MAX] {
            assert!(windows(600_000, 300_000).unwrap().of(instant).count() <= 10_000);
        }
    }

    #[test]
    fn invalid_windows_are_refused() {
        assert_eq!(windows(0, 0), Err(WindowError::NotMilliseconds));
        assert_eq!(windows(10, 0), Err(WindowError::NotMilliseconds));
        assert_eq!(Windows::new(Duration::from_micros(1_500), Duration::from_millis(1)), Err(WindowError::NotMilliseconds));
        assert_eq!(Windows::new(Duration::MAX, Duration::MAX), Err(WindowError::NotMilliseconds));
        assert_eq!(windows(10, 11), Err(WindowError::Gaps));
        assert_eq!(windows(10_001, 1), Err(WindowError::TooMany));
        assert!(windows(10_000, 1).is_ok());
    }
}
