//! Tracks whether a run makes progress: an equal answer to an equal request is not progress, nor is a page of known posts. Pure.

use std::collections::HashSet;

use tweets::TweetId;

/// Pages without progress before the run stops. The second one shows that the first was not an accident.
const STALLED_MAX: u32 = 2;

/// What a run has received from X so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    posts: HashSet<TweetId>,
    /// Tokens received since the last page that moved the sweep.
    tokens: HashSet<String>,
    stalled: u32,
}

impl Progress {
    /// Records a post. Returns whether this run reads it for the first time.
    pub(crate) fn is_new(&mut self, id: TweetId) -> bool {
        self.posts.insert(id)
    }

    /// Records a page. An empty page is progress if its token is new.
    pub(crate) fn record(&mut self, has_moved: bool, is_repeated: bool, next_token: Option<&str>) {
        if has_moved {
            self.tokens.clear();
            self.stalled = 0;
            return;
        }
        let is_new_token = next_token.is_some_and(|token| self.tokens.insert(token.to_owned()));
        if is_repeated || !is_new_token {
            self.stalled += 1;
        }
    }

    /// Returns whether the answers repeat themselves.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stalled >= STALLED_MAX
    }
}
