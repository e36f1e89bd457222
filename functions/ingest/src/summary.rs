use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use lambda::{Invocation, milliseconds};
use metrics::{Line, Metric};
use serde_json::{Value, json};
use tracing::warn;
use tweets::page::{BYTES_NOT_UTF8, RESULT_COUNT_DIFFERS};
use tweets::{Page, TweetId};

use crate::error::Error;
use crate::status::Status;
use crate::sweep::Gap;

/// Price in dollars of one post read. Source: X API pricing, pay per use, August 2026.
pub const USD_PER_POST: f64 = 0.005;
/// Price in dollars of one request to recent counts. Same source.
pub const USD_PER_COUNT: f64 = 0.005;
/// Price in dollars of one user read, as expanded by `author_id` and similar expansions. Same source.
const USD_PER_USER: f64 = 0.010;

/// What one run did. Updated during the run, so that a failed run also reports its progress.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How the run ended.
    pub status: Status,
    /// Posts put into RAW.
    pub posts: u64,
    /// Files put into RAW.
    pub files: u64,
    /// Pages received, empty ones included.
    pub pages: u64,
    /// Pages without posts that had a token.
    pub empty_pages: u64,
    /// Requested posts that X sent, or may have sent, in this run.
    pub posts_read: u64,
    /// Users in `includes`. Billed separately.
    pub users_read: u64,
    /// Posts in `includes`. Billed separately.
    pub included_posts_read: u64,
    /// Posts read this month, as the cursor records it.
    pub posts_read_month: u64,
    /// Posts billed twice: read again by this run, or read and not stored.
    pub posts_reread: u64,
    /// Posts outside the requested span, or already seen. They are dropped.
    pub out_of_span: u64,
    /// Partial errors of pages, by type.
    pub problems: BTreeMap<String, u64>,
    /// Every post below this id is captured.
    pub done: Option<TweetId>,
    /// The span that can never be captured.
    pub gap: Option<Gap>,
    /// Whether the run gave up because X did not respond.
    pub is_x_unavailable: bool,
    /// Whether this is the first run of its process.
    pub is_cold: bool,
}

impl Summary {
    /// Counts posts that X sent, or may have sent.
    pub(crate) fn count_read(&mut self, posts: u64) {
        self.posts_read += posts;
        self.posts_read_month += posts;
    }

    /// Counts posts that may be billed although their page was lost. They are read again.
    pub(crate) fn count_lost(&mut self, posts: u64) {
        self.count_read(posts);
        self.posts_reread += posts;
    }

    /// Counts a page and logs a warning about anything unusual in it.
    pub(crate) fn count_page(&mut self, page: &Page) {
        let posts = page.posts.len() as u64 + page.without_id;
        self.pages += 1;
        self.empty_pages += u64::from(page.posts.is_empty() && page.next_token.is_some());
        self.users_read += page.included_users;
        self.included_posts_read += page.included_posts;
        self.count_read(posts);
        for (problem, count) in &page.problems {
            *self.problems.entry(problem.clone()).or_default() += count;
        }
        if page.without_id > 0 {
            warn!(posts = page.without_id, "posts without an id are dropped: no file can hold them");
            *self.problems.entry("post-without-id".to_owned()).or_default() += page.without_id;
        }
        if let Some(places) = page.problems.get(BYTES_NOT_UTF8) {
            warn!(places, "x api sent bytes that are not utf-8; they are replaced");
        }
        if page.problems.contains_key(RESULT_COUNT_DIFFERS) {
            warn!(posts, "x api counted a different number of posts than it sent");
        }
    }

    /// Reports a gap before the cursor moves past it.
    pub(crate) fn report_gap(&mut self, gap: Gap) {
        let (from, to) = (gap.from.created_at().to_rfc3339(), gap.to.created_at().to_rfc3339());
        warn!(from, to, from_id = %gap.from, to_id = %gap.to, "posts are lost: the x api no longer serves them");
        self.gap = Some(self.gap.map_or(gap, |earlier| Gap { from: earlier.from, to: gap.to }));
    }

    /// Returns the estimated cost of the run at X, in dollars, without the discount for posts already read
    /// on the same UTC day.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
    pub fn estimated_usd(&self) -> f64 {
        (self.posts_read + self.included_posts_read) as f64 * USD_PER_POST + self.users_read as f64 * USD_PER_USER
    }

    /// Returns how far `done` is behind `now`. `None` if the cursor has not been read.
    pub fn lag_seconds(&self, now: DateTime<Utc>) -> Option<u64> {
        let lag = now - self.done?.created_at();
        Some(u64::try_from(lag.num_seconds()).unwrap_or(0))
    }

    /// Returns the length of the gap, rounded up so that a gap of any length is more than zero.
    pub fn gap_seconds(&self) -> u64 {
        let gap_ms = self.gap.map_or(0, |gap| (gap.to.created_at() - gap.from.created_at()).num_milliseconds());
        u64::try_from(gap_ms).unwrap_or(0).div_ceil(1000)
    }

    /// Returns the metrics of the run that ended at `now`.
    #[expect(clippy::cast_precision_loss, reason = "a month's posts are far below 2^52")]
    pub fn lines(&self, now: DateTime<Utc>, elapsed: Duration, failure: Option<&Error>) -> Vec<Line> {
        let mut line = Line::at(now)
            .with(Metric::Posts, self.posts)
            .with(Metric::Files, self.files)
            .with(Metric::EstimatedUsd, self.estimated_usd())
            .with(Metric::DurationMs, milliseconds(elapsed))
            .with_some(Metric::GapSeconds, self.gap_seconds())
            .with_some(Metric::OutOfSpanPosts, self.out_of_span)
            .with_some(Metric::PostsReread, self.posts_reread)
            .with_some(Metric::RateLimitStops, (self.status == Status::RateLimited).into())
            .with_some(Metric::BudgetStops, (self.status == Status::BudgetExhausted).into())
            .with_some(Metric::UnavailableStops, self.is_x_unavailable.into())
            .with_some(Metric::ColdStarts, self.is_cold.into());
        if let Some(lag_seconds) = self.lag_seconds(now) {
            line = line
                .with(Metric::LagSeconds, lag_seconds)
                .with(Metric::PostsReadMonth, self.posts_read_month)
                .with(Metric::EstimatedUsdMonth, self.posts_read_month as f64 * USD_PER_POST);
        }
        let errors = failure.map(|failure| Line::errors(now, failure.error_type(), failure.cause(), 1));
        [line].into_iter().chain(errors).collect()
    }

    /// Logs the run as one line.
    pub(crate) fn log(&self, invocation: &Invocation, failure: Option<&Error>) {
        let Self { posts, files, pages, posts_read, posts_read_month, posts_reread, out_of_span, .. } = *self;
        let (status, estimated_usd, done) = (self.status.as_str(), self.estimated_usd(), self.done.map(tracing::field::display));
        let (lag_seconds, gap_seconds) = (self.lag_seconds(invocation.now()), self.gap_seconds());
        let elapsed_ms = milliseconds(invocation.elapsed());
        lambda::summary_line!(
            failure,
            finished: "ingest finished",
            failed: "ingest failed",
            status,
            posts,
            files,
            pages,
            posts_read,
            posts_read_month,
            posts_reread,
            out_of_span,
            estimated_usd,
            done,
            lag_seconds,
            gap_seconds,
            elapsed_ms,
        );
    }

    /// Returns the answer of the function as JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "status": self.status.as_str(),
            "posts": self.posts,
            "files": self.files,
            "pages": self.pages,
            "empty_pages": self.empty_pages,
            "posts_read": self.posts_read,
            "posts_read_month": self.posts_read_month,
            "posts_reread": self.posts_reread,
            "out_of_span": self.out_of_span,
            "problems": self.problems,
            "estimated_usd": self.estimated_usd(),
            "done": self.done,
            "gap": self.gap.map(|gap| json!({
                "from": gap.from.created_at().to_rfc3339_opts(SecondsFormat::Millis, true),
                "to": gap.to.created_at().to_rfc3339_opts(SecondsFormat::Millis, true),
                "from_id": gap.from,
                "to_id": gap.to,
            })),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(lines: &[Line], metric: Metric) -> Option<&Value> {
        lines.iter().flat_map(|line| &line.values).find(|(named, _)| *named == metric).map(|(_, value)| value)
    }

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().unwrap()
    }

    #[test]
    fn lag_and_month_are_emitted_once_the_cursor_is_known() {
        let now = at("2026-11-23T14:05:00Z");
        let mut summary = Summary { posts_read: 3, posts_read_month: 200, users_read: 1, ..Summary::default() };
        let unknown = summary.lines(now, Duration::ZERO, None);
        assert_eq!((value(&unknown, Metric::LagSeconds), value(&unknown, Metric::PostsReadMonth)), (None, None));
        summary.done = Some(TweetId::lowest_at(at("2026-11-23T14:03:59.500Z")));
        let known = summary.lines(now, Duration::from_millis(1500), None);
        for (metric, want) in [
            (Metric::LagSeconds, json!(60)),
            (Metric::PostsReadMonth, json!(200)),
            (Metric::EstimatedUsdMonth, json!(1.0)),
            (Metric::EstimatedUsd, json!(0.025)), // three posts and a user
            (Metric::DurationMs, json!(1500)),
        ] {
            assert_eq!(value(&known, metric), Some(&want), "{metric:?}");
        }
    }

    #[test]
    fn a_gap_of_a_millisecond_is_one_second() {
        let gap = |from: &str, to: &str| Gap { from: TweetId::lowest_at(at(from)), to: TweetId::lowest_at(at(to)) };
        for (gap, want) in [
            (None, 0),
            (Some(gap("2026-11-23T14:05:00Z", "2026-11-23T14:05:00.001Z")), 1),
            (Some(gap("2026-11-23T14:05:00Z", "2026-11-24T14:05:00Z")), 86_400),
        ] {
            assert_eq!(Summary { gap, ..Summary::default() }.gap_seconds(), want);
        }
    }
}
