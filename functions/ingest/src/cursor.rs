//! The cursor: a small JSON object that records what is captured. It is the only object that two runs can contend for.

use std::collections::HashMap;
use std::time::Duration;

use aws::{Condition, ETag, Put, Store};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tweets::TweetId;

use crate::error::Error;
use crate::stop::Stop;

/// Key of the cursor in the RAW bucket, outside the prefix that triggers `refine`.
pub const CURSOR_KEY: &str = "state/ingest.json";
const VERSION: u32 = 1;
const CURSOR_BYTES_MAX: u64 = 64 << 10;
/// How far ahead a lease may end. One that ends later was written by a wrong clock: no Lambda runs longer than 15 minutes.
const LEASE_AHEAD_MAX: Duration = Duration::from_mins(16);
/// Attempts of one cursor write before the run gives up.
const WRITES_MAX: u32 = 4;

/// What is captured, what is in progress, and which run holds the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    version: u32,
    /// `<owner>:<sequence>`, by which a writer recognizes its own write when it reads it back.
    writer: String,
    /// Every post below this id is captured or was reported as lost.
    pub done: TweetId,
    /// The open sweep, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<OpenSweep>,
    /// The file that is named but may not have been put yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// The lease of the running invocation, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Posts billed this month.
    pub month: Month,
}

/// A sweep from `top` down to `done`. Everything at or above `next_until` is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSweep {
    /// Exclusive upper end of the span.
    pub top: TweetId,
    /// Exclusive upper bound of the next run's first request.
    pub next_until: TweetId,
    /// The query that the sweep was opened with. It does not change during the sweep.
    pub query: String,
}

/// A file that the cursor has named. The name never changes: the span from `oldest` to `next_until` belongs to this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Key of the file in the RAW bucket.
    pub key: String,
    /// Lowest id of the file when it was named.
    pub oldest: TweetId,
    /// Highest id of the file when it was named.
    pub newest: TweetId,
    /// Number of posts in the file when it was named, all of them billed. 0 if the cursor does not record it.
    #[serde(default)]
    pub count: u64,
}

/// How long a run may be active. It only prevents double billing; correctness never depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Deadline of the run plus the lease margin.
    pub until: DateTime<Utc>,
}

/// Posts billed in one calendar month (UTC). May be too high after a crash, never too low.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// Year and month, such as `2026-11`.
    pub name: String,
    /// Posts read, including those of a request in flight.
    pub posts_read: u64,
}

impl Cursor {
    /// Creates the cursor of the very first run.
    pub fn starting_at(done: TweetId, month: String) -> Self {
        let month = Month { name: month, posts_read: 0 };
        Self { version: VERSION, writer: String::new(), done, sweep: None, pending: None, lease: None, month }
    }

    /// Returns whether another run may be active at `now`.
    pub fn is_leased(&self, now: DateTime<Utc>) -> bool {
        self.lease.is_some_and(|lease| now < lease.until && lease.until <= now + LEASE_AHEAD_MAX)
    }
}

/// The cursor object, with the version that this invocation last saw.
pub(crate) struct CursorFile {
    store: Store,
    owner: u64,
    sequence: u32,
    known: Option<ETag>,
}

impl CursorFile {
    pub(crate) fn new(store: Store, owner: u64) -> Self {
        Self { store, owner, sequence: 0, known: None }
    }

    /// Reads the cursor. Returns `None` before the first run.
    pub(crate) async fn read(&mut self) -> Result<Option<Cursor>, Error> {
        let object = self.store.get(CURSOR_KEY, CURSOR_BYTES_MAX).await.map_err(|source| Error::RawUnreadable { source })?;
        let Some(object) = object else { return Ok(None) };
        let cursor: Cursor = serde_json::from_slice(&object.body)
            .map_err(|error| self.invalid(format!("cannot be parsed at line {}, column {}", error.line(), error.column())))?;
        if cursor.version != VERSION {
            return Err(self.invalid(format!("version {}, expected {VERSION}", cursor.version)));
        }
        self.known = Some(object.etag);
        Ok(Some(cursor))
    }

    /// Replaces the version of the cursor that this invocation last saw. Recognizes its own write if the response was lost.
    ///
    /// # Errors
    /// [`Stop::Lost`] if another run has written the cursor since.
    pub(crate) async fn write(&mut self, cursor: &mut Cursor) -> Result<(), Stop> {
        self.sequence += 1;
        cursor.writer = format!("{:016x}:{}", self.owner, self.sequence);
        let body = Bytes::from(serde_json::to_vec(cursor).map_err(|error| self.invalid(error.to_string()))?);
        let condition = self.known.clone().map_or(Condition::Absent, Condition::Unchanged);
        let mut unanswered = None;
        for attempt in 0..WRITES_MAX {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
            }
            match self.store.put(CURSOR_KEY, body.clone(), "application/json", HashMap::new(), &condition).await {
                Ok(Put::Written(etag)) => {
                    self.known = Some(etag);
                    return Ok(());
                }
                Ok(Put::Conflict) => break,
                Ok(Put::Refused) => {}
                Err(error) if error.fate_is_unknown() => unanswered = Some(error),
                Err(source) => return Err(Error::RawUnwritable { source }.into()),
            }
            let current = self.store.get(CURSOR_KEY, CURSOR_BYTES_MAX).await.map_err(|source| Error::RawUnreadable { source })?;
            match current {
                Some(object) if object.body == body => {
                    self.known = Some(object.etag);
                    return Ok(());
                }
                current if current.as_ref().map(|object| &object.etag) == self.known.as_ref() => {} // unchanged: send again
                _ => return Err(Stop::Lost),
            }
        }
        Err(Error::WriteUnknown { bucket: self.store.bucket().to_owned(), key: CURSOR_KEY.to_owned(), source: unanswered }.into())
    }

    fn invalid(&self, problem: String) -> Error {
        Error::CursorInvalid { bucket: self.store.bucket().to_owned(), key: CURSOR_KEY.to_owned(), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn id(id: i64) -> TweetId {
        TweetId::new(id).unwrap()
    }

    #[test]
    fn a_cursor_is_small_json_with_ids_as_strings() {
        let mut cursor = Cursor::starting_at(id(7), "2026-11".into());
        expect![[r#"{"version":1,"writer":"","done":"7","month":{"name":"2026-11","posts_read":0}}"#]]
            .assert_eq(&serde_json::to_string(&cursor).unwrap());
        cursor.sweep = Some(OpenSweep { top: id(90), next_until: id(50), query: "q".into() });
        cursor.pending = Some(Pending { key: "tweets/k.json".into(), oldest: id(40), newest: id(49), count: 9 });
        cursor.lease = Some(Lease { until: "2026-11-23T14:05:00Z".parse().unwrap() });
        let text = serde_json::to_string(&cursor).unwrap();
        expect![[r#"{"version":1,"writer":"","done":"7","sweep":{"top":"90","next_until":"50","query":"q"},"pending":{"key":"tweets/k.json","oldest":"40","newest":"49","count":9},"lease":{"until":"2026-11-23T14:05:00Z"},"month":{"name":"2026-11","posts_read":0}}"#]]
            .assert_eq(&text);
        assert_eq!(serde_json::from_str::<Cursor>(&text).unwrap(), cursor);
        let without_count = serde_json::from_str::<Cursor>(&text.replace(r#","count":9"#, "")).unwrap();
        assert_eq!(without_count.pending.unwrap().count, 0);
    }

    #[test]
    fn a_lease_holds_until_it_expires_unless_it_is_absurdly_long() {
        let now: DateTime<Utc> = "2026-11-23T14:05:00Z".parse().unwrap();
        for (ahead_seconds, leased) in [(-1, false), (0, false), (1, true), (960, true), (961, false)] {
            let lease = Lease { until: now + chrono::Duration::seconds(ahead_seconds) };
            let cursor = Cursor { lease: Some(lease), ..Cursor::starting_at(id(7), "2026-11".into()) };
            assert_eq!(cursor.is_leased(now), leased, "{ahead_seconds}");
        }
    }
}
