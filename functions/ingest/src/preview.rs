//! What runs would find now, asked of X before they are paid for. The Lambda function never asks: only people confirm.

use chrono::{DateTime, Utc};
use tweets::TweetId;

use crate::Ingest;
use crate::cursor::CursorFile;
use crate::error::Error;
use crate::opening::{FLOOR, cursor_at, open_sweep};
use crate::sweep::{MAX_RESULTS_MAX, Sweep};

/// What is there to read, by X's own count, which may differ a little from what searches find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Where the reading begins: all before is captured, was not asked for, or is no longer served.
    pub from: DateTime<Utc>,
    /// Whether an earlier run left a cursor to go on from.
    pub goes_on: bool,
    /// The query of a sweep that an earlier run left open, and that is finished first.
    pub open_query: Option<String>,
    /// Posts that match.
    pub posts: u64,
    /// Posts paid for this month, as the cursor has it.
    pub posts_read_month: u64,
    /// Requests of recent counts that this took; each is billed.
    pub requests: u64,
}

impl Ingest {
    /// Counts what runs from now on would read until they have caught up. Writes nothing.
    pub async fn preview(&self, now: DateTime<Utc>) -> Result<Preview, Error> {
        let mut file = CursorFile::new(self.raw.clone(), 0); // 0: an owner is for writers
        let (cursor, is_first) = cursor_at(&mut file, self.config.lookback, now).await?;
        let (mut open, _) = open_sweep(&cursor, self, now).await?;
        // What came since an open sweep was opened is a sweep of its own, with the query of today.
        let newest = TweetId::lowest_at(now - self.config.safety_lag).max(open.top());
        let mut since = Sweep::open(open.top(), newest, self.config.search_query.clone(), self.file_tweets_max);
        for sweep in [&mut open, &mut since] {
            sweep.raise_floor(TweetId::lowest_at(now + FLOOR));
        }
        let mut preview = Preview {
            from: open.done().created_at(),
            goes_on: !is_first,
            open_query: cursor.sweep.map(|sweep| sweep.query),
            posts: 0,
            posts_read_month: cursor.month.posts_read,
            requests: 0,
        };
        let token = self.token().await?;
        for request in [&open, &since].into_iter().filter_map(|sweep| sweep.request(u64::MAX, MAX_RESULTS_MAX)) {
            let counted = self.x.counts_recent(&request, &token, now).await;
            preview.posts += counted.map_err(|failure| failure.into_error(&self.config.secret_id))?;
            preview.requests += 1;
        }
        Ok(preview)
    }
}
