//! The query of a stream.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::session::Gap;
use crate::window::{Window, Windows};
use crate::words::Words;

/// Which rows a trigger emits, with Spark's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// All counts, at every trigger. No count is dropped.
    Complete,
    /// The counts of a window, once, when the watermark has passed its end.
    Append,
    /// The counts that the trigger changed.
    Update,
    /// The counts of this trigger's posts alone, as a `DStream` without state.
    Batch,
}

/// The spans of event time by which words are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Grouping {
    /// Tumbling or sliding windows.
    Windows(Windows),
    /// Sessions of each word.
    Sessions(Gap),
}

/// Mode, windows, lateness and word rule of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    mode: Mode,
    #[serde(rename = "windows")]
    grouping: Option<Grouping>,
    late_ms: Option<i64>,
    #[serde(default)]
    words: Words,
}

/// Combinations that Spark refuses, too.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "a message is its own doc")]
pub enum QueryError {
    #[error(
        "append is not supported for counts without a watermark: it emits a count once it can no longer change, and without windows every count can; give a window, or use update or complete"
    )]
    AppendNeedsWindows,
    #[error(
        "append is not supported for counts without a watermark: it emits a window once the watermark has passed its end; give --late a time, or use update or complete"
    )]
    AppendNeedsWatermark,
    #[error(
        "update is not supported for session windows: a post can join sessions that were emitted as two; use complete, or append, which emits a session once it has ended"
    )]
    UpdateOfSessions,
    #[error("batch counts the posts of each trigger alone, whatever their time; leave the windows out, or use complete, append or update")]
    BatchWithWindows,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 4] = [Self::Complete, Self::Append, Self::Update, Self::Batch];

    /// Returns the name of the mode: Spark's, or `batch`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Append => "append",
            Self::Update => "update",
            Self::Batch => "batch",
        }
    }
}

impl From<Windows> for Grouping {
    fn from(windows: Windows) -> Self {
        Self::Windows(windows)
    }
}

impl From<Gap> for Grouping {
    fn from(gap: Gap) -> Self {
        Self::Sessions(gap)
    }
}

impl Query {
    /// Creates a query; without windows it keeps one running count per word. `late` is how far the watermark trails the
    /// newest post; without it no post is late, and all counts are kept.
    pub fn new(mode: Mode, grouping: Option<Grouping>, late: Option<Duration>, words: Words) -> Result<Self, QueryError> {
        match (mode, grouping) {
            (Mode::Append, None) => Err(QueryError::AppendNeedsWindows),
            (Mode::Append, Some(_)) if late.is_none() => Err(QueryError::AppendNeedsWatermark),
            (Mode::Update, Some(Grouping::Sessions(_))) => Err(QueryError::UpdateOfSessions),
            (Mode::Batch, Some(_)) => Err(QueryError::BatchWithWindows),
            _ => {
                let late_ms = late.map(|late| i64::try_from(late.as_millis()).unwrap_or(i64::MAX));
                Ok(Self { mode, grouping, late_ms, words })
            }
        }
    }

    /// Returns the output mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the word rule.
    pub fn words(&self) -> Words {
        self.words
    }

    /// Returns the gap of the sessions, if the query has sessions.
    pub(crate) fn gap(&self) -> Option<Gap> {
        match self.grouping {
            Some(Grouping::Sessions(gap)) => Some(gap),
            _ => None,
        }
    }

    /// Returns whether the query has a watermark.
    pub(crate) fn has_watermark(&self) -> bool {
        self.late_ms.is_some()
    }

    /// Returns the watermark for a newest post at that instant, if there is a watermark.
    pub(crate) fn watermark_ms(&self, newest_ms: i64) -> Option<i64> {
        self.late_ms.map(|late_ms| newest_ms.saturating_sub(late_ms))
    }

    /// Returns whether windows below the watermark are closed and dropped.
    pub(crate) fn forgets(&self) -> bool {
        self.grouping.is_some() && self.has_watermark() && matches!(self.mode, Mode::Append | Mode::Update)
    }

    /// Returns the keys of the windows that contain an instant; without windows there is only one key.
    pub(crate) fn keys(&self, instant_ms: i64) -> impl Iterator<Item = i64> {
        let windows = self.windows();
        let windowed = windows.map(|windows| windows.of(instant_ms).map(|window| window.start_ms));
        let running = windows.is_none().then_some(0);
        windowed.into_iter().flatten().chain(running)
    }

    /// Returns the window of a key.
    pub(crate) fn window(&self, key: i64) -> Option<Window> {
        self.windows().map(|windows| windows.at(key))
    }

    /// Returns whether the window of a key has ended at the watermark.
    pub(crate) fn is_closed(&self, key: i64, watermark_ms: i64) -> bool {
        self.forgets() && self.window(key).is_some_and(|window| window.end_ms <= watermark_ms)
    }

    /// Returns whether a post is too late to open this session. Unlike a window, a session also drops late posts in
    /// complete.
    pub(crate) fn is_late(&self, session: Window, watermark_ms: i64) -> bool {
        self.has_watermark() && session.end_ms <= watermark_ms
    }

    fn windows(&self) -> Option<Windows> {
        match self.grouping {
            Some(Grouping::Windows(windows)) => Some(windows),
            _ => None,
        }
    }
}
