//! Whether a run gets anywhere, PURE: an equal answer to an equal request is not progress, nor is a page of known posts.

use std::collections::HashSet;

use tweets::TweetId;

/// Pages without progress before the run stops: the second one shows that the first was no accident.
const STALLED_MAX: u32 = 2;

/// What a run has seen of X's answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    posts: HashSet<TweetId>,
    /// Tokens since the last page that moved the sweep.
    tokens: HashSet<String>,
    stalled: u32,
}

impl Progress {
    /// Notes a post; whether this run reads it for the first time.
    pub(crate) fn is_new(&mut self, id: TweetId) -> bool {
        self.posts.insert(id)
    }

    /// Notes a page. An empty one is progress if its token is a new one.
    pub(crate) fn note(&mut self, has_moved: bool, is_repeated: bool, next_token: Option<&str>) {
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

    /// Whether the answers repeat themselves.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stalled >= STALLED_MAX
    }
}
