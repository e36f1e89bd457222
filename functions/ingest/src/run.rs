//! One run, from start to finish. [`Sweep`] makes the decisions; this module carries them out.

use std::collections::HashMap;
use std::time::Duration;

use aws::{Condition, Put};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use lambda::{Fate, Invocation, milliseconds};
use tracing::{debug, warn};
use tweets::page::NotAPage;
use tweets::{Capture, Page, TweetId, raw_document};

use crate::Ingest;
use crate::cursor::{Cursor, CursorFile, Lease, Written};
use crate::error::Error;
use crate::opening::{FLOOR, cursor_at, open_sweep, stored_as, turn_month};
use crate::pace::Pace;
use crate::refusal::Failure;
use crate::summary::{Status, Summary};
use crate::sweep::{File, MAX_RESULTS_MAX, MAX_RESULTS_MIN, Stored, Sweep};
use crate::x_api::{Answer, SearchRequest};

/// Consecutive requests without a page before the run leaves the rest to the next one.
const ATTEMPTS_MAX: u32 = 4;
/// Consecutive bodies that are not a page before the run fails: each may have been billed.
const UNREADABLE_MAX: u32 = 2;
/// Attempts of one put, counting those repeated after a 409.
const PUTS_MAX: u32 = 4;

/// Why reading of a sweep ended.
enum Ending {
    /// The whole span is read and stored.
    Bottom,
    /// The rest is left to the next run.
    Stopped(Status),
    /// Another run took over: write nothing more.
    Lost,
    /// X refused, and an operator must act. Posts read so far can still be stored.
    Refused(Error),
}

/// The outcome of one step.
enum Step {
    Done,
    NoTime,
    Lost,
}

/// The outcome of one request.
enum Asked {
    Page(Answer),
    Again,
    End(Ending),
}

struct Run<'a> {
    ingest: &'a Ingest,
    invocation: &'a Invocation,
    owner: u64,
    pace: Pace,
    file: CursorFile,
    cursor: Cursor,
    sweep: Sweep,
    failures: u32,
    unreadable: u32,
    has_reread_token: bool,
}

impl Ingest {
    pub(crate) async fn run(&self, invocation: &Invocation, owner: u64, summary: &mut Summary) -> Result<(), Error> {
        let Some(mut run) = Run::open(self, invocation, owner, summary).await? else { return Ok(()) };
        let ended = match run.read(summary).await {
            Ok(ending) => run.close(ending, summary).await,
            Err(error) => Err(error),
        };
        summary.posts_reread += run.sweep.unstored(); // zero unless the run was cut short
        ended
    }
}

impl<'a> Run<'a> {
    /// Reads the cursor, settles the pending file of a crashed run, and takes the lease. Returns `None` when there is nothing to do.
    async fn open(ingest: &'a Ingest, invocation: &'a Invocation, owner: u64, summary: &mut Summary) -> Result<Option<Self>, Error> {
        let config = &ingest.config;
        let now = invocation.now();
        let mut file = CursorFile::new(ingest.raw.clone(), owner);
        let (cursor, is_first) = cursor_at(&mut file, config.lookback, now).await?;
        summary.done = Some(cursor.done);
        summary.posts_read_month = cursor.month.posts_read;
        if cursor.is_leased(now) {
            summary.status = Status::Busy;
            return Ok(None);
        }

        let (mut sweep, reread) = open_sweep(&cursor, ingest, now).await?;
        summary.posts_reread += reread;
        if let Some(gap) = sweep.raise_floor(TweetId::lowest_at(now + FLOOR)) {
            summary.lose(gap);
        }
        let mut run = Self {
            ingest,
            invocation,
            owner,
            pace: Pace::of(invocation),
            file,
            cursor,
            sweep,
            failures: 0,
            unreadable: 0,
            has_reread_token: false,
        };
        let request = run.next_request(run.budget(summary));
        if request.is_some() {
            ingest.token().await?; // reports a missing token before anything is written
        }
        if run.sweep.is_at_bottom() && !is_first && run.cursor.sweep.is_none() && summary.gap.is_none() {
            summary.status = Status::Complete;
            return Ok(None);
        }
        run.cursor.lease = Some(Lease { until: invocation.deadline() + config.lease_margin });
        match run.write(request.map_or(0, |request| request.max_results), summary).await? {
            Written::Ours => Ok(Some(run)),
            Written::Lost => {
                summary.status = Status::Busy;
                Ok(None)
            }
        }
    }

    /// Reads pages and stores files until the bottom is reached or the run must stop.
    async fn read(&mut self, summary: &mut Summary) -> Result<Ending, Error> {
        loop {
            while let Some(file) = self.sweep.next_file(false) {
                match self.store(file, summary).await? {
                    Step::Done => {}
                    Step::NoTime => return Ok(Ending::Stopped(Status::Partial)),
                    Step::Lost => return Ok(Ending::Lost),
                }
            }
            if self.sweep.is_at_bottom() {
                return Ok(Ending::Bottom);
            }
            if turn_month(&mut self.cursor, self.invocation.now()) {
                summary.posts_read_month = 0; // a request counts toward the month in which it is sent
            }
            let Some(request) = self.next_request(self.budget(summary)) else {
                let has_month_left = self.next_request(self.month_left(summary)).is_some();
                return Ok(Ending::Stopped(if has_month_left { Status::Partial } else { Status::BudgetExhausted }));
            };
            if self.invocation.left() < self.pace.page {
                return Ok(Ending::Stopped(Status::Partial));
            }
            if self.reserve(request.max_results, summary).await? == Written::Lost {
                return Ok(Ending::Lost);
            }
            let sent_at = self.invocation.now();
            match self.ask(&request, sent_at, summary).await {
                Asked::Page(answer) => {
                    self.lower_top(sent_at, &answer, summary);
                    self.accept(answer.page, &request, summary);
                    if self.sweep.is_stuck() {
                        return Ok(Ending::Refused(Error::PageRepeated));
                    }
                }
                Asked::Again => {}
                Asked::End(ending) => return Ok(ending),
            }
        }
    }

    /// Stores buffered posts, records in the cursor where the next run resumes, and releases the lease.
    async fn close(&mut self, ending: Ending, summary: &mut Summary) -> Result<(), Error> {
        summary.status = Status::Busy; // unless the final write succeeds
        let (status, refusal) = match ending {
            Ending::Bottom => (Status::Complete, None),
            // An answer read only in part has holes, so none of it is stored.
            Ending::Stopped(status) if self.sweep.is_unsorted() => {
                (status, Some(Error::PageUnsorted { status: status.as_str(), held: self.sweep.unstored() }))
            }
            Ending::Stopped(status) => (status, None),
            Ending::Refused(error) => (Status::Partial, Some(error)),
            Ending::Lost => return Ok(()),
        };
        while let Some(file) = self.sweep.next_file(true) {
            match self.store(file, summary).await? {
                Step::Done => {}
                Step::NoTime => break,
                Step::Lost => return Ok(()),
            }
        }
        self.cursor.lease = None;
        if self.write(0, summary).await? == Written::Ours {
            summary.status = status;
            summary.done = Some(self.cursor.done);
        }
        refusal.map_or(Ok(()), Err)
    }

    /// Sends one request and decides what a failure means.
    async fn ask(&mut self, request: &SearchRequest, now: DateTime<Utc>, summary: &mut Summary) -> Asked {
        let token = match self.ingest.token().await {
            Ok(token) => token,
            Err(error) => return Asked::End(Ending::Refused(error)),
        };
        let failure = match self.ingest.x.search_recent(request, &token, now).await {
            // One bad post does not stop a run, but a changed format does. While nothing of the sweep could be read, it
            // may be a changed format.
            Ok(Answer { page, came, .. }) if page.without_id > 0 && page.posts.is_empty() && !self.sweep.has_read() => {
                Failure::NotAPage { source: NotAPage::WithoutIds { posts: page.without_id }, posts: Some(page.without_id), came }
            }
            Ok(answer) => {
                (self.failures, self.unreadable) = (0, 0);
                return Asked::Page(answer);
            }
            Err(failure) => failure,
        };
        let lost = failure.posts_lost(request.max_results);
        summary.count_read(lost);
        summary.posts_reread += lost;
        let error = match failure {
            Failure::NoAnswer { source, .. } => return self.again(source, summary).await,
            Failure::ServerError(status) => return self.again(format!("status {status}").into(), summary).await,
            Failure::NotAPage { source, .. } if self.unreadable + 1 < UNREADABLE_MAX => {
                self.unreadable += 1;
                return self.again(source.into(), summary).await;
            }
            Failure::NotFromX(StatusCode::UNAUTHORIZED, _) | Failure::Unauthorized if !self.has_reread_token => {
                self.has_reread_token = true;
                self.ingest.forget_token().await;
                return Asked::Again;
            }
            Failure::StaleSinceId { date, reason } => {
                let now = date.map_or(self.invocation.now(), |date| date.max(self.invocation.now()));
                match self.sweep.raise_floor(TweetId::lowest_at(now + FLOOR)) {
                    Some(gap) => {
                        summary.lose(gap);
                        return Asked::Again;
                    }
                    None => Failure::StaleSinceId { date, reason }.into_error(&self.ingest.config.secret_id),
                }
            }
            failure => failure.into_error(&self.ingest.config.secret_id),
        };
        Asked::End(ending_of(error))
    }

    /// Waits before the same request is sent again, longer each time, or gives up.
    async fn again(&mut self, source: Box<dyn std::error::Error + Send + Sync>, summary: &mut Summary) -> Asked {
        self.failures += 1;
        // One to two times the doubled base, depending on a number that differs between runs.
        let jitter = self.owner.rotate_left(self.failures * 8) % 1000;
        let wait = Duration::from_millis((200 << self.failures) + (jitter << self.failures) / 5);
        if self.failures >= ATTEMPTS_MAX || self.invocation.left() < self.pace.page + wait {
            summary.is_x_unavailable = true;
            return Asked::End(ending_of(Error::Unavailable { attempts: self.failures, source }));
        }
        debug!(attempt = self.failures, wait_ms = milliseconds(wait), "x api asked again");
        tokio::time::sleep(wait).await;
        Asked::Again
    }

    fn accept(&mut self, page: Page, request: &SearchRequest, summary: &mut Summary) {
        summary.count_page(&page);
        let posts = page.posts.len();
        let accepted = self.sweep.accept(page, request);
        if accepted.is_first_unsorted {
            warn!("x api sent a page that is not sorted; nothing of it is stored before its whole answer is read");
        }
        summary.out_of_span += accepted.out_of_span;
        summary.posts_reread += accepted.reread;
        debug!(posts, out_of_span = accepted.out_of_span, "page read");
    }

    /// Lowers the top if this clock is ahead of X's, based on the `Date` of the first response. Otherwise the top would cover
    /// posts that the API has not indexed yet.
    ///
    /// `Date` has whole seconds and is written after the request was sent, so a difference of a second or more is due to the clock.
    fn lower_top(&mut self, sent_at: DateTime<Utc>, first: &Answer, summary: &Summary) {
        if summary.pages > 0 {
            return;
        }
        let Some(date) = first.date else {
            return warn!("the x api's answer has no date that can be read; a clock that is ahead goes unnoticed");
        };
        if sent_at - date >= TimeDelta::seconds(1) {
            warn!(ahead_ms = (sent_at - date).num_milliseconds(), "this clock is ahead of the x api's");
            self.sweep.lower_top(TweetId::lowest_at(date - self.ingest.config.safety_lag));
        }
    }

    /// Names the file in the cursor, puts it, and settles it.
    async fn store(&mut self, file: File, summary: &mut Summary) -> Result<Step, Error> {
        if !file.is_named {
            if self.invocation.left() < self.pace.name {
                return Ok(Step::NoTime);
            }
            self.sweep.name(&file);
            let next = self.next_request(self.budget(summary)).map_or(0, |request| request.max_results);
            let named = self.write(next, summary).await;
            if !matches!(named, Ok(Written::Ours)) {
                self.sweep.forget_name();
            }
            if named? == Written::Lost {
                return Ok(Step::Lost);
            }
        }
        if self.invocation.left() < self.pace.put {
            return Ok(Step::NoTime);
        }
        let stored = self.put(&file, summary).await?;
        summary.posts_reread += self.sweep.settle(stored);
        Ok(Step::Done)
    }

    /// Puts the file under its key. Returns the object that is stored under it afterwards.
    async fn put(&self, file: &File, summary: &mut Summary) -> Result<Stored, Error> {
        let raw = &self.ingest.raw;
        let key = &file.pending.key;
        let capture = Capture {
            captured_at: self.invocation.now(),
            query: self.sweep.query(),
            requested: &self.ingest.requested,
            ingest_version: env!("CARGO_PKG_VERSION"),
        };
        let body = Bytes::from(raw_document(&file.posts, &capture).unwrap_or_default());
        let count = file.posts.len() as u64;
        let metadata = HashMap::from([
            ("oldest".to_owned(), file.oldest.to_string()),
            ("newest".to_owned(), file.newest.to_string()),
            ("count".to_owned(), count.to_string()),
        ]);
        for attempt in 0..PUTS_MAX {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
            }
            match raw.put(key, body.clone(), "application/json", metadata.clone(), &Condition::Absent).await {
                Ok(Put::Written(_)) => {
                    summary.posts += count;
                    summary.files += 1;
                    debug!(bucket = raw.bucket(), key, posts = count, "file stored");
                    return Ok(Stored { oldest: file.oldest, count });
                }
                // The object already exists: an earlier attempt of this run wrote it and lost the response, or a run presumed dead did.
                Ok(Put::Refused) => {
                    let there = stored_as(self.ingest, key).await?;
                    return there.ok_or_else(|| self.write_unknown(key, None));
                }
                Ok(Put::Conflict) => {}
                Err(error) if error.fate_is_unknown() => return Err(self.write_unknown(key, Some(error))),
                Err(source) => return Err(Error::RawUnwritable { source }),
            }
        }
        Err(self.write_unknown(key, None))
    }

    fn write_unknown(&self, key: &str, source: Option<aws::Error>) -> Error {
        Error::WriteUnknown { bucket: self.ingest.raw.bucket().to_owned(), key: key.to_owned(), source }
    }

    /// Writes the cursor from the state of the sweep, counting the posts of the next request in advance.
    async fn write(&mut self, reserved: u64, summary: &Summary) -> Result<Written, Error> {
        let state = self.sweep.state();
        let is_closed = self.sweep.is_at_bottom() && self.sweep.is_stored();
        self.cursor.done = if is_closed { self.sweep.top() } else { self.sweep.done() };
        // A sweep with nothing stored or named is not saved but opened again: its top may still be lowered.
        let has_begun = state.next_until < state.top || self.sweep.named().is_some();
        self.cursor.sweep = (has_begun && !is_closed).then_some(state);
        self.cursor.pending = self.sweep.named().cloned();
        self.cursor.month.posts_read = summary.posts_read_month + reserved;
        self.file.write(&mut self.cursor).await
    }

    /// Ensures that the cursor counts the posts of a request before the request is sent.
    async fn reserve(&mut self, posts: u64, summary: &Summary) -> Result<Written, Error> {
        if self.cursor.month.posts_read >= summary.posts_read_month + posts {
            return Ok(Written::Ours);
        }
        self.write(posts, summary).await
    }

    /// Returns the next request. After a missing response, uses the smallest page size: the next page may also be billed and lost.
    fn next_request(&self, budget: u64) -> Option<SearchRequest> {
        self.sweep.request(budget, if self.failures == 0 { MAX_RESULTS_MAX } else { MAX_RESULTS_MIN })
    }

    /// Returns the number of posts that may still be read under the caps of the run and of the month.
    fn budget(&self, summary: &Summary) -> u64 {
        let run_left = self.ingest.config.max_posts_per_run.saturating_sub(summary.posts_read);
        run_left.min(self.month_left(summary))
    }

    fn month_left(&self, summary: &Summary) -> u64 {
        self.ingest.config.max_posts_per_month.map_or(u64::MAX, |max| max.saturating_sub(summary.posts_read_month))
    }
}

fn ending_of(error: Error) -> Ending {
    match (error.fate(), &error) {
        (Fate::Resume, Error::RateLimited { .. } | Error::NotFromX { .. }) => {
            warn!(error_type = error.error_type(), error = error.chain(), "x api rate limit");
            Ending::Stopped(Status::RateLimited)
        }
        (Fate::Resume, _) => {
            warn!(error_type = error.error_type(), error = error.chain(), "x api unavailable");
            Ending::Stopped(Status::Partial)
        }
        (Fate::Fail | Fate::Reject, _) => Ending::Refused(error),
    }
}
