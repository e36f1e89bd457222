//! The fold: a state and the posts of a trigger produce the next state and the rows to emit.
//!
//! The watermark follows Spark 3.4 and later, trigger by trigger:
//! - It is the newest post of the *earlier* triggers less the lateness. It starts at 1970 and never moves back.
//! - A window is closed when its end is at or below the watermark. Lateness applies to windows, not to posts: a post is
//!   dropped from each of its windows that the *previous* trigger already closed, and counted in the others.
//! - The trigger that closes a window is therefore its last chance: its posts still count, then append emits the window.
//! - A trigger without posts also moves the watermark; [`State::is_due`] returns whether that would change anything.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::query::{Mode, Query};
use crate::session::{Gap, Sessions};
use crate::window::Row;

type Counts = HashMap<String, u64>;

/// The state that is kept between two triggers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    query: Query,
    /// Number of the next trigger, from 0.
    next_trigger: u64,
    /// The newest post so far, in milliseconds since 1970.
    newest_ms: i64,
    /// The watermark of the last trigger: windows that end at or below it are closed.
    watermark_ms: i64,
    /// Counts by start of the window; running counts are all under 0.
    counts: BTreeMap<i64, Counts>,
    /// The counts of a query with sessions.
    #[serde(default, skip_serializing_if = "Sessions::is_empty")]
    sessions: Sessions,
}

/// What is counted of a tweet, or of a line.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// `criado_em` of the tweet or arrival of the line, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Text of the tweet or line. A row without text has no words, not even the empty one.
    pub texto: Option<&'a str>,
}

/// Output of one trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// Number of the trigger, from 0.
    pub trigger: u64,
    /// The watermark that the trigger used, in milliseconds since 1970; `None` for a query without one.
    pub watermark_ms: Option<i64>,
    /// Number of posts that were folded in.
    pub posts: u64,
    /// Occurrences of words that were not counted in a window because it was closed. For sessions, each word counts once
    /// for each of its instants, as in Spark.
    pub late_dropped: u64,
    /// Rows ordered by window, then by descending count, then by word.
    pub rows: Vec<Row>,
}

impl State {
    /// Creates the state before the first trigger.
    pub fn new(query: Query) -> Self {
        Self { query, next_trigger: 0, newest_ms: 0, watermark_ms: 0, counts: BTreeMap::new(), sessions: Sessions::default() }
    }

    /// Returns the query that this state belongs to.
    pub fn query(&self) -> Query {
        self.query
    }

    /// Returns the number of the next trigger, from 0.
    pub fn next_trigger(&self) -> u64 {
        self.next_trigger
    }

    /// Returns the number of windows in the state, and of counts in all of them; a session is a window with one count.
    pub fn size(&self) -> (usize, usize) {
        let (windows, counts): (usize, usize) = (self.counts.len(), self.counts.values().map(HashMap::len).sum());
        (windows + self.sessions.len(), counts + self.sessions.len())
    }

    /// Returns all counts in the state, ordered as [`Emitted::rows`]: what the last trigger emitted in complete.
    pub fn rows(&self) -> Vec<Row> {
        let windowed = self.counts.iter().flat_map(|(&key, counts)| {
            let window = self.query.window(key);
            counts.iter().map(move |(word, &count)| Row { window, word: word.clone(), count })
        });
        sorted(windowed.chain(self.sessions.rows()).collect())
    }

    /// Returns whether a trigger without posts would move the watermark, and so close windows.
    pub fn is_due(&self) -> bool {
        self.query.forgets() && self.next_watermark_ms() > self.watermark_ms
    }

    /// Begins a trigger. It owns the state until it is finished, so that an unfinished trigger can only be discarded.
    pub fn begin(self) -> Trigger {
        let (closed_ms, watermark_ms) = (self.watermark_ms, self.next_watermark_ms());
        Trigger { state: self, closed_ms, watermark_ms, posts: 0, late_dropped: 0, changed: BTreeMap::new(), late: HashSet::new() }
    }

    fn next_watermark_ms(&self) -> i64 {
        self.query.watermark_ms(self.newest_ms).map_or(self.watermark_ms, |watermark_ms| self.watermark_ms.max(watermark_ms))
    }

    fn add(&mut self, key: i64, word: &str) {
        let counts = self.counts.entry(key).or_default();
        match counts.get_mut(word) {
            Some(count) => *count += 1,
            None => _ = counts.insert(word.to_owned(), 1),
        }
    }

    /// Removes and returns the counts of windows and sessions that have ended at the watermark.
    fn close(&mut self, watermark_ms: i64) -> Vec<Row> {
        let query = self.query;
        let mut rows = self.sessions.close(watermark_ms);
        for (key, counts) in self.counts.extract_if(.., |&key, _| query.is_closed(key, watermark_ms)) {
            let window = query.window(key);
            rows.extend(counts.into_iter().map(|(word, count)| Row { window, word, count }));
        }
        sorted(rows)
    }
}

/// A trigger that is accepting posts.
#[derive(Debug)]
pub struct Trigger {
    state: State,
    /// Windows that end here or earlier were closed by the previous trigger: posts are late for them.
    closed_ms: i64,
    watermark_ms: i64,
    posts: u64,
    late_dropped: u64,
    /// In update mode, the counts that the trigger changed.
    changed: BTreeMap<i64, HashSet<String>>,
    /// Words that were too late for a session, with their instants.
    late: HashSet<(i64, String)>,
}

impl Trigger {
    /// Folds one post in.
    pub fn add(&mut self, post: &Post<'_>) {
        self.posts += 1;
        self.state.newest_ms = self.state.newest_ms.max(post.created_at_ms);
        let query = self.state.query;
        let Some(texto) = post.texto else { return };
        query.words().of(texto, |word| match query.gap() {
            Some(gap) => self.add_to_session(gap, post.created_at_ms, word),
            None => self.add_to_windows(post.created_at_ms, word),
        });
    }

    fn add_to_session(&mut self, gap: Gap, instant_ms: i64, word: &str) {
        let session = gap.session(instant_ms);
        if !self.state.query.is_late(session, self.closed_ms) {
            self.state.sessions.add(word, session);
        } else if self.late.insert((instant_ms, word.to_owned())) {
            self.late_dropped += 1;
        }
    }

    fn add_to_windows(&mut self, instant_ms: i64, word: &str) {
        let query = self.state.query;
        for key in query.keys(instant_ms) {
            if query.is_closed(key, self.closed_ms) {
                self.late_dropped += 1;
                continue;
            }
            self.state.add(key, word);
            if query.mode() == Mode::Update {
                let changed = self.changed.entry(key).or_default();
                if !changed.contains(word) {
                    changed.insert(word.to_owned());
                }
            }
        }
    }

    /// Gives up a trigger without posts and returns the unchanged state.
    pub fn abandon(self) -> State {
        debug_assert_eq!(self.posts, 0, "the state has changed");
        self.state
    }

    /// Ends the trigger and returns the state to keep and the rows to emit.
    pub fn finish(mut self) -> (State, Emitted) {
        let rows = match self.state.query.mode() {
            Mode::Complete => self.state.rows(),
            Mode::Append => self.state.close(self.watermark_ms),
            Mode::Update => {
                let rows = self.changed_rows();
                self.state.close(self.watermark_ms);
                rows
            }
            Mode::Batch => {
                let rows = self.state.rows();
                self.state.counts.clear();
                rows
            }
        };
        let trigger = self.state.next_trigger;
        let watermark_ms = self.state.query.has_watermark().then_some(self.watermark_ms);
        let emitted = Emitted { trigger, watermark_ms, posts: self.posts, late_dropped: self.late_dropped, rows };
        (State { next_trigger: trigger + 1, watermark_ms: self.watermark_ms, ..self.state }, emitted)
    }

    fn changed_rows(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (key, words) in std::mem::take(&mut self.changed) {
            let (window, counts) = (self.state.query.window(key), self.state.counts.get(&key));
            rows.extend(words.into_iter().map(|word| {
                let count = counts.and_then(|counts| counts.get(&word)).copied().unwrap_or(0);
                Row { window, word, count }
            }));
        }
        sorted(rows)
    }
}

/// Orders rows by window, then by descending count, then by word.
fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_unstable_by(|left, right| {
        left.window.cmp(&right.window).then(right.count.cmp(&left.count)).then_with(|| left.word.cmp(&right.word))
    });
    rows
}
