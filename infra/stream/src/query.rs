//! The query of a stream.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::window::{Window, Windows};

/// Which rows a trigger emits, with Spark's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// All counts, at every trigger. No post is ever late and no count is dropped.
    Complete,
    /// The counts of a window, once, when the watermark has passed its end.
    Append,
    /// The counts that the trigger changed.
    Update,
}

/// Mode, windows and lateness of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    mode: Mode,
    windows: Option<Windows>,
    late_ms: i64,
}

/// Running counts never become final, so append would never emit one; Spark also refuses this.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("append emits a count once it can no longer change, and without windows every count can; give a window, or take update")]
pub struct AppendNeedsWindows;

impl Mode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Complete, Self::Append, Self::Update];

    /// Returns the name of the mode, as in Spark.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Append => "append",
            Self::Update => "update",
        }
    }
}

impl Query {
    /// Creates a query; without windows it keeps one running count per word. `late` is how far the watermark trails the
    /// newest post.
    pub fn new(mode: Mode, windows: Option<Windows>, late: Duration) -> Result<Self, AppendNeedsWindows> {
        if mode == Mode::Append && windows.is_none() {
            return Err(AppendNeedsWindows);
        }
        Ok(Self { mode, windows, late_ms: i64::try_from(late.as_millis()).unwrap_or(i64::MAX) })
    }

    /// Returns the output mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the watermark for a newest post at that instant.
    pub(crate) fn watermark_ms(&self, newest_ms: i64) -> i64 {
        newest_ms.saturating_sub(self.late_ms)
    }

    /// Returns whether windows below the watermark are closed and dropped.
    pub(crate) fn forgets(&self) -> bool {
        self.windows.is_some() && self.mode != Mode::Complete
    }

    /// Returns the keys of the windows that contain an instant; without windows there is only one key.
    pub(crate) fn keys(&self, instant_ms: i64) -> impl Iterator<Item = i64> {
        let windowed = self.windows.map(|windows| windows.of(instant_ms).map(|window| window.start_ms));
        let running = self.windows.is_none().then_some(0);
        windowed.into_iter().flatten().chain(running)
    }

    /// Returns the window of a key.
    pub(crate) fn window(&self, key: i64) -> Option<Window> {
        self.windows.map(|windows| windows.at(key))
    }

    /// Returns whether the window of a key has ended at the watermark.
    pub(crate) fn is_closed(&self, key: i64, watermark_ms: i64) -> bool {
        self.forgets() && self.window(key).is_some_and(|window| window.end_ms <= watermark_ms)
    }
}
