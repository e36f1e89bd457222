//! What a run determines before its first request to X: the cursor, the month's count, and the sweep that an earlier run left open.

use std::time::Duration;

use aws::Head;
use chrono::{DateTime, TimeDelta, Utc};
use tweets::TweetId;

use crate::Ingest;
use crate::cursor::{Cursor, CursorFile, Month};
use crate::error::Error;
use crate::sweep::{Stored, Sweep};

/// How long the API serves a post, seven days, less a margin that keeps the floor above `since_id` during a run.
const SERVED_FOR: TimeDelta = TimeDelta::minutes(7 * 24 * 60 - 2);

/// Returns the floor: the lowest id that is requested at `now`.
pub(crate) fn floor_at(now: DateTime<Utc>) -> TweetId {
    TweetId::lowest_at(now - SERVED_FOR)
}

/// Returns the cursor as of `now`, and whether this is the very first run.
pub(crate) async fn cursor_at(file: &mut CursorFile, lookback: Duration, now: DateTime<Utc>) -> Result<(Cursor, bool), Error> {
    let stored = file.read().await?;
    let is_first = stored.is_none();
    let mut cursor = stored.unwrap_or_else(|| Cursor::starting_at(TweetId::lowest_at(now - lookback), month(now)));
    turn_month(&mut cursor, now);
    Ok((cursor, is_first))
}

/// Starts the count of a new month and returns whether it did. A clock that is behind does not return to the previous month.
pub(crate) fn turn_month(cursor: &mut Cursor, now: DateTime<Utc>) -> bool {
    let is_new = cursor.month.name < month(now);
    if is_new {
        cursor.month = Month { name: month(now), posts_read: 0 };
    }
    is_new
}

/// Resumes the cursor's open sweep, checking in S3 whether its pending file was written, or opens a new one.
pub(crate) async fn open_sweep(cursor: &Cursor, ingest: &Ingest, now: DateTime<Utc>) -> Result<Sweep, Error> {
    let Some(open) = cursor.sweep.clone() else {
        let top = TweetId::lowest_at(now - ingest.config.safety_lag).max(cursor.done); // never moves backwards
        return Ok(Sweep::open(cursor.done, top, ingest.config.search_query.clone(), ingest.file_tweets_max));
    };
    let mut sweep = Sweep::resume(cursor.done, open, cursor.pending.clone(), ingest.file_tweets_max);
    if let Some(pending) = &cursor.pending
        && let Some(stored) = head_raw(ingest, &pending.key).await?
    {
        sweep.settle(stored);
    }
    Ok(sweep)
}

/// Reads the metadata of a RAW object. Returns `None` if the object does not exist.
pub(crate) async fn head_raw(ingest: &Ingest, key: &str) -> Result<Option<Stored>, Error> {
    let head = ingest.raw.head(key).await.map_err(|source| Error::RawUnreadable { source })?;
    let Some(Head { metadata, .. }) = head else { return Ok(None) };
    let oldest = metadata.get("oldest").and_then(|oldest| oldest.parse().ok());
    let oldest = oldest.ok_or_else(|| Error::RawForeign { bucket: ingest.raw.bucket().to_owned(), key: key.to_owned() })?;
    let count = metadata.get("count").and_then(|count| count.parse().ok()).unwrap_or(0);
    Ok(Some(Stored { oldest, count }))
}

fn month(now: DateTime<Utc>) -> String {
    now.format("%Y-%m").to_string()
}
