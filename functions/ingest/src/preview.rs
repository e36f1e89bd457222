//! Estimates what runs would read now, before they are billed. The Lambda function never calls it: the
//! estimate is for a person to confirm.

use chrono::{DateTime, Utc};
use tweets::TweetId;

use crate::Ingest;
use crate::cursor::CursorFile;
use crate::error::Error;
use crate::opening::{cursor_at, floor_at, open_sweep};
use crate::sweep::Sweep;
use crate::x_api::MAX_RESULTS_MAX;

/// What is available to read, by X's own count, which may differ slightly from what searches find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Start of the span. Everything earlier is captured, was never requested, or is too old to be served.
    pub from: DateTime<Utc>,
    /// Whether an earlier run left a cursor to resume from.
    pub resumes: bool,
    /// The query of a sweep that an earlier run left open. That sweep is finished first.
    pub open_query: Option<String>,
    /// Number of matching posts.
    pub posts: u64,
    /// Posts billed this month, as the cursor records it.
    pub posts_read_month: u64,
    /// Requests to recent counts that the preview sent. Each is billed.
    pub requests: u64,
}

impl Ingest {
    /// Counts the posts that runs would read until they have caught up. Writes nothing.
    pub async fn preview(&self, now: DateTime<Utc>) -> Result<Preview, Error> {
        let mut file = CursorFile::new(self.raw.clone(), 0); // only writers need an owner
        let (cursor, is_first) = cursor_at(&mut file, self.config.lookback, now).await?;
        let mut open = open_sweep(&cursor, self, now).await?;
        // Posts newer than an open sweep form a sweep of their own, with the current query.
        let newest = TweetId::lowest_at(now - self.config.safety_lag).max(open.top());
        let mut since = Sweep::open(open.top(), newest, self.config.search_query.clone(), self.file_tweets_max);
        for sweep in [&mut open, &mut since] {
            sweep.raise_floor(floor_at(now));
        }
        let mut preview = Preview {
            from: open.done().created_at(),
            resumes: !is_first,
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
