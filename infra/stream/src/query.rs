//! What is asked of a stream.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::window::{Window, Windows};

/// Which rows a trigger emits, as Spark names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// All counts, every time. Nothing is ever late or forgotten.
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

/// Running counts always change, so append would never emit one; Spark refuses that too.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("append emits a count once it can no longer change, and without windows every count can; give a window, or take update")]
pub struct AppendNeedsWindows;

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Complete, Self::Append, Self::Update];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Append => "append",
            Self::Update => "update",
        }
    }
}

impl Query {
    /// A query; without windows it keeps one running count a word. `late` is how far the watermark stays behind the newest post.
    pub fn new(mode: Mode, windows: Option<Windows>, late: Duration) -> Result<Self, AppendNeedsWindows> {
        if mode == Mode::Append && windows.is_none() {
            return Err(AppendNeedsWindows);
        }
        Ok(Self { mode, windows, late_ms: i64::try_from(late.as_millis()).unwrap_or(i64::MAX) })
    }

    /// The mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Where the watermark goes when the newest post is of that instant.
    pub(crate) fn watermark_ms(&self, newest_ms: i64) -> i64 {
        newest_ms.saturating_sub(self.late_ms)
    }

    /// Whether windows behind the watermark are closed and forgotten.
    pub(crate) fn forgets(&self) -> bool {
        self.windows.is_some() && self.mode != Mode::Complete
    }

    /// The key under which the counts of a window are kept; without windows there is only one.
    pub(crate) fn keys(&self, instant_ms: i64) -> impl Iterator<Item = i64> {
        let windowed = self.windows.map(|windows| windows.of(instant_ms).map(|window| window.start_ms));
        let running = self.windows.is_none().then_some(0);
        windowed.into_iter().flatten().chain(running)
    }

    /// The window of a key.
    pub(crate) fn window(&self, key: i64) -> Option<Window> {
        self.windows.map(|windows| windows.at(key))
    }

    /// Whether the window of a key has ended at the watermark.
    pub(crate) fn is_closed(&self, key: i64, watermark_ms: i64) -> bool {
        self.forgets() && self.window(key).is_some_and(|window| window.end_ms <= watermark_ms)
    }
}
