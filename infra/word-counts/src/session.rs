//! Session windows, as Spark's `session_window()`: the posts of a word that follow each other within a gap.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::window::{Row, Window, whole_ms};

/// Length of the pause that ends a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    gap_ms: i64,
}

/// An invalid gap.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the gap of a session must be whole milliseconds, at least one; Spark accepts a gap of 0, below 0 or without a unit, and then never emits a row"
)]
pub struct GapError;

impl Gap {
    /// Creates a gap.
    pub fn new(gap: Duration) -> Result<Self, GapError> {
        whole_ms(gap).map(|gap_ms| Self { gap_ms }).ok_or(GapError)
    }

    /// Returns the session that one post opens.
    pub(crate) fn session(self, instant_ms: i64) -> Window {
        Window { start_ms: instant_ms, end_ms: instant_ms.saturating_add(self.gap_ms) }
    }
}

/// The sessions of all words, by start. No two sessions of a word overlap or touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sessions(HashMap<String, BTreeMap<i64, Session>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    end_ms: i64,
    count: u64,
}

impl Sessions {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of sessions.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Adds one occurrence of a word, and joins the sessions of the word that it overlaps or touches.
    pub fn add(&mut self, word: &str, window: Window) {
        if !self.0.contains_key(word) {
            self.0.insert(word.to_owned(), BTreeMap::new());
        }
        let Some(sessions) = self.0.get_mut(word) else { return };
        let (mut start_ms, mut joined) = (window.start_ms, Session { end_ms: window.end_ms, count: 1 });
        while let Some((&start, &session)) = sessions.range(..=joined.end_ms).next_back() {
            if session.end_ms < start_ms {
                break;
            }
            sessions.remove(&start);
            start_ms = start_ms.min(start);
            joined = Session { end_ms: joined.end_ms.max(session.end_ms), count: joined.count + session.count };
        }
        sessions.insert(start_ms, joined);
    }

    /// Removes and returns the sessions that end at or below the watermark.
    pub fn close(&mut self, watermark_ms: i64) -> Vec<Row> {
        let mut closed = Vec::new();
        self.0.retain(|word, sessions| {
            let ended = sessions.extract_if(.., |_, session| session.end_ms <= watermark_ms);
            closed.extend(ended.map(|(start_ms, session)| session.row(start_ms, word)));
            !sessions.is_empty()
        });
        closed
    }

    /// Returns all sessions.
    pub fn rows(&self) -> Vec<Row> {
        let of_word = |(word, sessions): (&String, &BTreeMap<i64, Session>)| -> Vec<Row> {
            sessions.iter().map(|(&start_ms, session)| session.row(start_ms, word)).collect()
        };
        self.0.iter().flat_map(of_word).collect()
    }
}

impl Session {
    fn row(self, start_ms: i64, word: &str) -> Row {
        Row { window: Some(Window { start_ms, end_ms: self.end_ms }), word: word.to_owned(), count: self.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_overlap_or_touch_are_joined() {
        for (instants, want) in [
            (&[0, 10][..], &[(0, 20, 2)][..]), // one ends where the next begins
            (&[0, 11], &[(0, 10, 1), (11, 21, 1)]),
            (&[0, 15, 8], &[(0, 25, 3)]),          // the last one joins the two
            (&[0, 40, 20, 10, 30], &[(0, 50, 5)]), // and with touching ends
            (&[5, 5, 0], &[(0, 15, 3)]),
            (&[i64::MAX, i64::MAX - 1], &[(i64::MAX - 1, i64::MAX, 2)]),
        ] {
            let mut sessions = Sessions::default();
            let gap = Gap::new(Duration::from_millis(10)).unwrap();
            for &instant in instants {
                sessions.add("a", gap.session(instant));
            }
            let mut rows: Vec<(i64, i64, u64)> =
                sessions.rows().iter().map(|row| (row.window.unwrap().start_ms, row.window.unwrap().end_ms, row.count)).collect();
            rows.sort_unstable();
            assert_eq!(rows, want, "{instants:?}");
        }
    }

    #[test]
    fn a_gap_that_yields_no_row_in_spark_is_refused() {
        assert_eq!(Gap::new(Duration::ZERO), Err(GapError));
        assert_eq!(Gap::new(Duration::from_micros(1_500)), Err(GapError));
        assert!(Gap::new(Duration::from_millis(1)).is_ok());
    }
}
