//! The sweep, a pure module: decides what to request next, which posts of a page to keep, when a file is ready, and what is settled.
//!
//! A sweep covers the half-open span of ids `[done, top)`, from the top down. Everything at or above `next_until` is stored. Posts
//! read below it are held in the buffer, newest first.
//!
//! Each request asks for posts below the lowest id read so far, which assumes sorted pages. If a page is not sorted, the posts
//! between those it contains may be on any later page. From that page on, the sweep follows `next_token` to the end of the answer.

use tweets::{Page, Post, RawFile, TweetId};

use crate::cursor::{OpenSweep, Pending};
use crate::progress::Progress;
use crate::x_api::{MAX_RESULTS_MIN, SearchRequest};

/// A sweep in progress.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    done: TweetId,
    top: TweetId,
    query: String,
    next_until: TweetId,
    /// The file that the cursor names and that is not known to exist. If an earlier run named it, its posts must be read again and
    /// stored under the same key.
    named: Option<Pending>,
    /// Posts at or above this id are not accepted: they are stored, or their span belongs to a pending file that does not include them.
    ceiling: TweetId,
    /// `until_id` of the next request: the lowest id read so far.
    lowest_read: TweetId,
    /// Where to continue after a page that did not move `lowest_read`: the token, with its page size and its `until_id`.
    token: Option<(String, u64, TweetId)>,
    /// The answer that is followed to its end because one of its pages was not sorted.
    unsorted: Option<Unsorted>,
    progress: Progress,
    buffer: Vec<Post>,
    at_bottom: bool,
    /// Posts billed twice so far, apart from those that are still unstored.
    reread: u64,
    file_tweets_max: usize,
}

/// An answer whose pages are not sorted. Only all of its pages together are complete.
#[derive(Clone, Debug)]
struct Unsorted {
    /// `until_id` of its first request. A token is valid only with the same `until_id` and page size.
    until_id: TweetId,
    max_results: u64,
    token: Option<String>,
    /// Everything at or above this id is read, so files may be cut from it.
    complete_above: TweetId,
}

/// The result of accepting a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Posts outside the span of the sweep, or already seen. They are dropped.
    pub(crate) out_of_span: u64,
    /// Whether this is the first unsorted page of the answer.
    pub(crate) is_first_unsorted: bool,
}

/// A file that is ready to be stored.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// The file's name and the span that the name owns.
    pub(crate) pending: Pending,
    /// At most 100 posts. Their oldest differs from `pending.oldest` only in a refill.
    pub(crate) raw: RawFile,
    /// Whether the cursor already names the file.
    pub(crate) is_named: bool,
}

/// What the metadata of a RAW object reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Lowest id in the object.
    pub(crate) oldest: TweetId,
    /// Number of posts in the object.
    pub(crate) count: u64,
}

/// A span that can never be captured because the API no longer serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First lost id.
    pub from: TweetId,
    /// First id after the gap.
    pub to: TweetId,
}

impl Sweep {
    pub(crate) fn open(done: TweetId, top: TweetId, query: String, file_tweets_max: usize) -> Self {
        Self::resume(done, OpenSweep { top, next_until: top, query }, None, file_tweets_max)
    }

    /// Resumes a sweep that another run left open. `named` is the file that run named and that does not exist.
    pub(crate) fn resume(done: TweetId, open: OpenSweep, named: Option<Pending>, file_tweets_max: usize) -> Self {
        let OpenSweep { top, next_until, query } = open;
        let at_bottom = next_until <= done;
        // Posts indexed late, above the newest id of the pending file, are not requested. Storing them in that file could displace
        // posts it already owns. Reading and discarding them on every run could exhaust a small cap.
        let above_name = named.as_ref().and_then(|pending| TweetId::new(pending.newest.get().saturating_add(1)));
        let lowest_read = above_name.map_or(next_until, |above| above.min(next_until));
        Self {
            done,
            top,
            query,
            next_until,
            named,
            ceiling: lowest_read,
            lowest_read,
            token: None,
            unsorted: None,
            progress: Progress::default(),
            buffer: Vec::new(),
            at_bottom,
            reread: 0,
            file_tweets_max,
        }
    }

    pub(crate) fn done(&self) -> TweetId {
        self.done
    }

    pub(crate) fn top(&self) -> TweetId {
        self.top
    }

    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// Returns the sweep as the cursor stores it.
    pub(crate) fn state(&self) -> OpenSweep {
        OpenSweep { top: self.top, next_until: self.next_until, query: self.query.clone() }
    }

    /// Returns whether everything read so far is stored.
    pub(crate) fn is_stored(&self) -> bool {
        self.buffer.is_empty() && self.named.is_none()
    }

    /// Records that the cursor is about to name this file. From now on its span belongs to its key.
    pub(crate) fn name(&mut self, file: &File) {
        self.named = Some(file.pending.clone());
    }

    /// Records that the cursor may not have stored the name. No later run will know that it is reading the posts of this file again.
    pub(crate) fn forget_name(&mut self) {
        self.named = None;
    }

    /// Returns the file that the cursor names and that is not known to exist.
    pub(crate) fn named(&self) -> Option<&Pending> {
        self.named.as_ref()
    }

    /// Returns whether the whole span has been read.
    pub(crate) fn is_at_bottom(&self) -> bool {
        self.at_bottom
    }

    /// Returns whether an unsorted answer is being followed to its end.
    pub(crate) fn is_unsorted(&self) -> bool {
        self.unsorted.is_some()
    }

    /// Returns whether X keeps repeating itself, so that further requests would make no progress.
    pub(crate) fn is_stuck(&self) -> bool {
        !self.at_bottom && self.progress.is_stuck()
    }

    /// Returns whether this run or an earlier one has read anything of the sweep.
    pub(crate) fn has_read(&self) -> bool {
        self.lowest_read < self.top
    }

    /// Returns the number of posts that the next run pays for again: those read but not stored, except posts of a file that the
    /// cursor names.
    pub(crate) fn unstored(&self) -> u64 {
        let named_down_to = self.named.as_ref().map_or(self.next_until, |pending| pending.oldest);
        self.buffer.iter().filter(|post| post.id < named_down_to).count() as u64
    }

    /// Returns the number of posts billed twice: already read by this run, read by an earlier run that crashed, or to be read again by
    /// a later one.
    pub(crate) fn reread(&self) -> u64 {
        self.reread + self.unstored()
    }

    /// Returns the next request, for at most `budget` posts and `page_max` per page. Returns `None` when the span is read or
    /// `budget` is below the API's minimum page size.
    pub(crate) fn request(&self, budget: u64, page_max: u64) -> Option<SearchRequest> {
        if self.at_bottom {
            return None;
        }
        // A token is valid only with every other parameter unchanged, including the page size.
        let (next_token, max_results, until_id) = match (&self.unsorted, &self.token) {
            (Some(unsorted), _) => (unsorted.token.clone(), unsorted.max_results, unsorted.until_id),
            (None, Some((token, max_results, until_id))) if *until_id == self.lowest_read => {
                (Some(token.clone()), *max_results, self.lowest_read)
            }
            _ => (None, budget.min(page_max), self.lowest_read),
        };
        (max_results >= MAX_RESULTS_MIN && max_results <= budget).then(|| SearchRequest {
            query: self.query.clone(),
            since_id: self.done.before(),
            until_id,
            max_results,
            next_token,
        })
    }

    /// Lowers the top because the clock turned out to be ahead. Has no effect once anything is stored or named.
    pub(crate) fn lower_top(&mut self, top: TweetId) {
        if self.next_until == self.top && self.named.is_none() {
            self.top = self.top.min(top.max(self.done));
            self.next_until = self.top;
            self.ceiling = self.ceiling.min(self.top);
            self.lowest_read = self.lowest_read.min(self.top);
        }
    }

    /// Accepts a page: buffers its new posts and updates the position of the sweep.
    pub(crate) fn accept(&mut self, page: Page, request: &SearchRequest) -> Accepted {
        let mut accepted = Accepted::default();
        let Page { posts, next_token, is_last, .. } = page;
        let (sent, lies_outside) = (posts.len(), posts.iter().all(|post| post.id >= request.until_id));
        let is_page_sorted = posts.is_sorted_by(|earlier, later| earlier.id >= later.id);
        let (taken, known) = self.take(posts, request, &mut accepted);
        let is_repeated = sent > 0 && known == sent;

        // Posts above those of the preceding pages are also out of order.
        let is_above = |down_to: TweetId| taken.iter().any(|id| *id >= down_to);
        let is_sorted = taken.is_empty() || (is_page_sorted && !is_above(request.until_id));
        match &mut self.unsorted {
            Some(unsorted) => {
                if is_above(unsorted.complete_above) {
                    unsorted.complete_above = self.ceiling;
                }
                unsorted.token.clone_from(&next_token);
            }
            None if !is_sorted => {
                let complete_above = if is_above(request.until_id) { self.ceiling } else { request.until_id };
                let (until_id, max_results) = (request.until_id, request.max_results);
                self.unsorted = Some(Unsorted { until_id, max_results, token: next_token.clone(), complete_above });
                accepted.is_first_unsorted = true;
            }
            None => {}
        }

        let has_moved = !taken.is_empty() || (self.unsorted.is_none() && self.lowest_read < request.until_id);
        self.progress.record(has_moved, is_repeated, next_token.as_deref());
        // A page that answers a different request does not show where this one ends.
        let is_answer = !(is_repeated && lies_outside);
        let is_all_read = self.unsorted.is_none() && self.lowest_read <= self.done; // no id is left between them
        self.at_bottom = (is_last && is_answer) || is_all_read;
        if self.at_bottom {
            self.unsorted = None;
        }
        self.token = next_token.map(|token| (token, request.max_results, request.until_id));
        accepted
    }

    /// Moves the posts of a page that are new and within the sweep into the buffer. Returns their ids and the number
    /// of posts already seen.
    fn take(&mut self, posts: Vec<Post>, request: &SearchRequest, accepted: &mut Accepted) -> (Vec<TweetId>, usize) {
        let (mut taken, mut known) = (Vec::with_capacity(posts.len()), 0);
        for post in posts {
            if !self.progress.is_new(post.id) {
                known += 1;
                accepted.out_of_span += 1;
                self.reread += 1;
            } else if post.id >= self.top && post.id < request.until_id {
                self.reread += 1; // requested before the top was lowered: the next sweep pays for it again
            } else if post.id < self.done || post.id >= self.ceiling {
                accepted.out_of_span += 1;
            } else {
                self.reread += u64::from(self.named.as_ref().is_some_and(|pending| post.id >= pending.oldest));
                self.lowest_read = self.lowest_read.min(post.id);
                taken.push(post.id);
                self.buffer.push(post);
            }
        }
        self.buffer.sort_by_key(|post| std::cmp::Reverse(post.id));
        (taken, known)
    }

    /// Returns the next file that is ready: a full one, or the remainder when the run `is_stopping` or the span is read.
    pub(crate) fn next_file(&mut self, is_stopping: bool) -> Option<File> {
        let is_last = is_stopping || self.at_bottom;
        let complete_above = self.unsorted.as_ref().map(|unsorted| unsorted.complete_above);
        let complete = complete_above.map_or(self.buffer.len(), |above| self.buffer.partition_point(|post| post.id >= above));
        let (posts, named) = match &self.named {
            Some(pending) => {
                let of_span = self.buffer.iter().take(complete).take_while(|post| post.id >= pending.oldest).count();
                let is_span_read = of_span < complete || self.at_bottom || complete_above.is_some_and(|above| above <= pending.oldest);
                if of_span == 0 && is_span_read {
                    // None of its posts are left: settle the name without an object. It keeps its span.
                    let nothing = Stored { oldest: pending.oldest, count: 0 };
                    self.settle(nothing);
                    return self.next_file(is_stopping);
                }
                let is_ready = is_span_read || of_span >= self.file_tweets_max || is_stopping;
                (if is_ready { of_span } else { 0 }, Some(pending.clone()))
            }
            None if complete >= self.file_tweets_max || is_last => (complete, None),
            None => (0, None),
        };
        let raw = RawFile::new(self.buffer.iter().take(posts.min(self.file_tweets_max)).cloned())?;
        let is_named = named.is_some();
        let pending = named.unwrap_or_else(|| Pending {
            key: raw.key().to_string(),
            oldest: raw.oldest().id,
            newest: raw.newest().id,
            count: raw.count(),
        });
        Some(File { pending, raw, is_named })
    }

    /// Records that a file is in RAW: everything at or above its `oldest` is stored and leaves the buffer. Posts counted in the pending
    /// file that are missing from the stored object will be read, and billed, again.
    pub(crate) fn settle(&mut self, stored: Stored) {
        self.next_until = self.next_until.min(stored.oldest);
        self.ceiling = self.ceiling.min(self.next_until);
        self.lowest_read = self.lowest_read.min(self.next_until);
        self.buffer.retain(|post| post.id < stored.oldest);
        self.at_bottom |= self.unsorted.is_none() && self.lowest_read <= self.done;
        if let Some(cut_short) = self.named.take().filter(|pending| pending.oldest < stored.oldest) {
            let held = self.buffer.iter().filter(|post| post.id >= cut_short.oldest).count() as u64;
            self.reread += cut_short.count.saturating_sub(stored.count + held);
        }
    }

    /// Records that the API no longer serves posts below `floor`. Returns the resulting gap, if any.
    pub(crate) fn raise_floor(&mut self, floor: TweetId) -> Option<Gap> {
        if floor <= self.done || self.at_bottom {
            return None;
        }
        // An unsorted answer does not count as read before its end.
        let read_down_to = self.unsorted.as_ref().map_or(self.lowest_read, |unsorted| unsorted.until_id);
        let gap = Gap { from: self.done, to: floor.min(read_down_to) };
        self.at_bottom = floor >= read_down_to;
        if self.at_bottom {
            self.unsorted = None;
        } else {
            self.done = floor;
        }
        self.token = None; // a token is valid only with the same `since_id`
        if let Some(unsorted) = &mut self.unsorted {
            unsorted.token = None;
        }
        (gap.from < gap.to).then_some(gap)
    }
}
