use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde_json::{Value, json};
use tweets::TweetId;

use crate::sweep::Gap;

/// Dollars for one post read. Source: X API pricing, pay per use, August 2026.
pub const USD_PER_POST: f64 = 0.005;
/// Dollars for one request of recent counts. Same source.
pub const USD_PER_COUNT: f64 = 0.005;
/// Dollars for one user read, which `author_id` and its like expand to. Same source.
const USD_PER_USER: f64 = 0.010;

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// The sweep reached its bottom: all up to `done` is captured.
    Complete,
    /// Time, the cap of one run, or the patience with X ran out; the next run goes on.
    #[default]
    Partial,
    /// X said 429; the next run goes on.
    RateLimited,
    /// The month's cap leaves no request.
    BudgetExhausted,
    /// Another run is at work.
    Busy,
}

impl Status {
    /// The name in the answer and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::RateLimited => "rate_limited",
            Self::BudgetExhausted => "budget_exhausted",
            Self::Busy => "busy",
        }
    }
}

/// What one run did, filled as it goes, so that a failed run reports its progress.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How it ended.
    pub status: Status,
    /// Posts put into RAW.
    pub posts: u64,
    /// Files put into RAW.
    pub files: u64,
    /// Pages received, empty ones included.
    pub pages: u64,
    /// Pages without a post that had a token.
    pub empty_pages: u64,
    /// Posts that X was asked for and sent, or may have sent, in this run.
    pub posts_read: u64,
    /// Users in `includes`; billed apart.
    pub users_read: u64,
    /// Posts in `includes`; billed apart.
    pub included_posts_read: u64,
    /// Posts read this month, as the cursor has it.
    pub posts_read_month: u64,
    /// Posts paid for twice: read by this run again, or read and not stored.
    pub posts_reread: u64,
    /// Posts outside the span asked for, or seen before; dropped.
    pub out_of_span: u64,
    /// Partial errors of pages, by type.
    pub problems: BTreeMap<String, u64>,
    /// Everything below is captured.
    pub done: Option<TweetId>,
    /// What can never be captured.
    pub gap: Option<Gap>,
}

impl Summary {
    /// Counts posts that X sent, or may have sent.
    pub(crate) fn count_read(&mut self, posts: u64) {
        self.posts_read += posts;
        self.posts_read_month += posts;
    }

    /// What the run costs at X, in dollars, before the discount of what was read earlier the same UTC day.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
    pub fn estimated_usd(&self) -> f64 {
        (self.posts_read + self.included_posts_read) as f64 * USD_PER_POST + self.users_read as f64 * USD_PER_USER
    }

    /// The answer of the function.
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
