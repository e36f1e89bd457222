//! One run, told from the top to the bottom. What to do is decided by [`Sweep`]; this file carries it out.

use std::collections::HashMap;
use std::time::Duration;

use aws::{Condition, Put};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, warn};
use tweets::page::{BYTES_NOT_UTF8, NotAPage};
use tweets::{Capture, TweetId, raw_document};

use crate::Ingest;
use crate::cursor::{Cursor, CursorFile, Lease, Month, Written};
use crate::deadline::{Invocation, Pace};
use crate::error::{Error, Fate};
use crate::summary::{Status, Summary};
use crate::sweep::{File, Gap, MAX_RESULTS_MAX, MAX_RESULTS_MIN, Stored, Sweep};
use crate::x_api::{Answer, Failure, SearchRequest};

/// The API serves seven days; the two minutes keep the floor above `since_id` while a run lasts.
pub(crate) const FLOOR: TimeDelta = TimeDelta::minutes(-7 * 24 * 60 + 2);
/// Requests in a row without a page before the run leaves it to the next one.
const ATTEMPTS_MAX: u32 = 4;
/// Bodies in a row that are no page before the run fails: each may have been paid for.
const UNREADABLE_MAX: u32 = 2;
/// Times one put is sent again after 409.
const PUTS_MAX: u32 = 4;

/// How the reading of a sweep came to its end.
enum Ending {
    /// All of the span is read and stored.
    Bottom,
    /// The rest is for the next run.
    Stopped(Status),
    /// Another run took over: write nothing more.
    Lost,
    /// X refuses, and somebody must act; what is read so far can still be stored.
    Refused(Error),
}

/// How one step ended.
enum Step {
    Done,
    NoTime,
    Lost,
}

/// What one request gave.
enum Asked {
    Page(Answer),
    Again,
    End(Ending),
}

struct Run<'a> {
    ingest: &'a Ingest,
    invocation: &'a Invocation,
    pace: Pace,
    file: CursorFile,
    cursor: Cursor,
    sweep: Sweep,
    failures: u32,
    unreadable: u32,
    has_reread_token: bool,
}

impl Ingest {
    pub(crate) async fn run(&self, invocation: &Invocation, summary: &mut Summary) -> Result<(), Error> {
        let Some(mut run) = Run::open(self, invocation, summary).await? else { return Ok(()) };
        let ended = match run.read(summary).await {
            Ok(ending) => run.close(ending, summary).await,
            Err(error) => Err(error),
        };
        summary.posts_reread += run.sweep.unstored(); // nothing, unless the run was cut short
        ended
    }
}

impl<'a> Run<'a> {
    /// Reads the cursor, settles what a dead run left, and takes the lease; `None` when there is nothing to do.
    async fn open(ingest: &'a Ingest, invocation: &'a Invocation, summary: &mut Summary) -> Result<Option<Self>, Error> {
        let config = &ingest.config;
        let now = invocation.now();
        let mut file = CursorFile::new(ingest.raw.clone(), invocation.owner);
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
            say(gap, summary);
        }
        let mut run =
            Self { ingest, invocation, pace: invocation.pace(), file, cursor, sweep, failures: 0, unreadable: 0, has_reread_token: false };
        let request = run.next_request(run.budget(summary));
        if request.is_some() {
            ingest.token().await?; // a missing token is told before anything is written
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

    /// Reads pages and stores files until the bottom, or until the run must stop.
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
                summary.posts_read_month = 0; // a request counts for the month in which it is sent
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
            match self.ask(&request, summary).await {
                Asked::Page(answer) => {
                    self.lower_top(sent_at, &answer, summary);
                    self.accept(answer, &request, summary);
                }
                Asked::Again => {}
                Asked::End(ending) => return Ok(ending),
            }
        }
    }

    /// Stores what is held, says in the cursor where the next run goes on, and gives the lease back.
    async fn close(&mut self, ending: Ending, summary: &mut Summary) -> Result<(), Error> {
        summary.status = Status::Busy; // unless the last write finds the cursor as this run left it
        let (status, refusal) = match ending {
            Ending::Bottom => (Status::Complete, None),
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

    /// Asks once, and decides what a failure means.
    async fn ask(&mut self, request: &SearchRequest, summary: &mut Summary) -> Asked {
        let token = match self.ingest.token().await {
            Ok(token) => token,
            Err(error) => return Asked::End(Ending::Refused(error)),
        };
        let failure = match self.ingest.x.search_recent(request, &token).await {
            // A bad post is no reason to stop, another format is. While nothing of the sweep could be read, it may be that.
            Ok(Answer { page, .. }) if page.without_id > 0 && page.posts.is_empty() && !self.sweep.has_read() => {
                Failure::NotAPage(NotAPage::WithoutIds { posts: page.without_id })
            }
            Ok(answer) => {
                (self.failures, self.unreadable) = (0, 0);
                return Asked::Page(answer);
            }
            Err(failure) => failure,
        };
        let may_be_billed = matches!(failure, Failure::NotAPage(_) | Failure::NoAnswer { may_be_billed: true, .. });
        if may_be_billed {
            // How many posts were on their way is not known: count all that were asked for, so that the count is never low.
            summary.count_read(request.max_results);
            summary.posts_reread += request.max_results;
        }
        let error = match failure {
            Failure::NoAnswer { source, .. } => return self.again(source, summary).await,
            Failure::ServerError(status) => return self.again(format!("status {status}").into(), summary).await,
            Failure::NotAPage(source) => {
                self.unreadable += 1;
                if self.unreadable < UNREADABLE_MAX {
                    return self.again(source.into(), summary).await;
                }
                Error::PageUnreadable { source }
            }
            Failure::Unauthorized if !self.has_reread_token => {
                self.has_reread_token = true;
                self.ingest.forget_token().await;
                return Asked::Again;
            }
            Failure::StaleSinceId(date) => {
                let now = date.map_or(self.invocation.now(), |date| date.max(self.invocation.now()));
                match self.sweep.raise_floor(TweetId::lowest_at(now + FLOOR)) {
                    Some(gap) => {
                        say(gap, summary);
                        return Asked::Again;
                    }
                    None => Failure::StaleSinceId(date).into_error(&self.ingest.config.secret_id),
                }
            }
            failure => failure.into_error(&self.ingest.config.secret_id),
        };
        Asked::End(ending_of(error))
    }

    /// Waits before the same request is sent again, longer each time, or gives up.
    async fn again(&mut self, source: Box<dyn std::error::Error + Send + Sync>, summary: &mut Summary) -> Asked {
        self.failures += 1;
        // Up to twice the doubled base, by a number that differs from run to run.
        let jitter = self.invocation.owner.rotate_left(self.failures * 8) % 1000;
        let wait = Duration::from_millis((200 << self.failures) + (jitter << self.failures) / 5);
        if self.failures >= ATTEMPTS_MAX || self.invocation.left() < self.pace.page + wait {
            summary.is_x_unavailable = true;
            return Asked::End(ending_of(Error::Unavailable { attempts: self.failures, source }));
        }
        debug!(attempt = self.failures, wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), "x api asked again");
        tokio::time::sleep(wait).await;
        Asked::Again
    }

    fn accept(&mut self, answer: Answer, request: &SearchRequest, summary: &mut Summary) {
        let page = answer.page;
        let posts = page.posts.len() as u64;
        if page.without_id > 0 {
            warn!(posts = page.without_id, "posts without an id are dropped: no file can hold them");
            *summary.problems.entry("post-without-id".to_owned()).or_default() += page.without_id;
        }
        summary.pages += 1;
        summary.empty_pages += u64::from(posts == 0 && page.next_token.is_some());
        summary.users_read += page.included_users;
        summary.included_posts_read += page.included_posts;
        for (problem, count) in &page.problems {
            *summary.problems.entry(problem.clone()).or_default() += count;
        }
        if let Some(places) = page.problems.get(BYTES_NOT_UTF8) {
            warn!(places, "x api sent bytes that are no utf-8; they are replaced");
        }
        summary.count_read(posts + page.without_id);
        let accepted = self.sweep.accept(page, request);
        summary.out_of_span += accepted.out_of_span;
        summary.posts_reread += accepted.reread;
        debug!(posts, out_of_span = accepted.out_of_span, "page read");
    }

    /// A clock that is ahead would put the top where the API has not indexed everything yet, so the first answer's `Date` counts.
    ///
    /// `Date` has whole seconds and is written after the request was sent: a difference of a second or more is the clock's.
    fn lower_top(&mut self, sent_at: DateTime<Utc>, first: &Answer, summary: &Summary) {
        if let Some(date) = first.date
            && summary.pages == 0
            && sent_at - date >= TimeDelta::seconds(1)
        {
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

    /// Puts the file under its key; the object that is there afterwards.
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
                // Somebody was first: this run's own attempt whose answer was lost, or a run that was taken for dead.
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

    /// Writes the cursor as the sweep stands, with the posts of the next request counted in advance.
    async fn write(&mut self, reserved: u64, summary: &Summary) -> Result<Written, Error> {
        let state = self.sweep.state();
        let is_closed = self.sweep.is_at_bottom() && self.sweep.is_stored();
        self.cursor.done = if is_closed { self.sweep.top() } else { self.sweep.done() };
        // A sweep of which nothing is stored or named is opened anew: its top may still be lowered.
        let has_begun = state.next_until < state.top || self.sweep.named().is_some();
        self.cursor.sweep = (has_begun && !is_closed).then_some(state);
        self.cursor.pending = self.sweep.named().cloned();
        self.cursor.month.posts_read = summary.posts_read_month + reserved;
        self.file.write(&mut self.cursor).await
    }

    /// Makes sure that the cursor counts the posts of a request before it is sent.
    async fn reserve(&mut self, posts: u64, summary: &Summary) -> Result<Written, Error> {
        if self.cursor.month.posts_read >= summary.posts_read_month + posts {
            return Ok(Written::Ours);
        }
        self.write(posts, summary).await
    }

    /// What to ask next. After an answer that did not come, as little as X takes: the next one may be billed and lost as well.
    fn next_request(&self, budget: u64) -> Option<SearchRequest> {
        self.sweep.request(budget, if self.failures == 0 { MAX_RESULTS_MAX } else { MAX_RESULTS_MIN })
    }

    /// Posts that may still be read, by this run and this month.
    fn budget(&self, summary: &Summary) -> u64 {
        let run_left = self.ingest.config.max_posts_per_run.saturating_sub(summary.posts_read);
        run_left.min(self.month_left(summary))
    }

    fn month_left(&self, summary: &Summary) -> u64 {
        self.ingest.config.max_posts_per_month.map_or(u64::MAX, |max| max.saturating_sub(summary.posts_read_month))
    }
}

/// The cursor as it counts at `now`, and whether it is that of the very first run.
pub(crate) async fn cursor_at(file: &mut CursorFile, lookback: Duration, now: DateTime<Utc>) -> Result<(Cursor, bool), Error> {
    let stored = file.read().await?;
    let is_first = stored.is_none();
    let mut cursor = stored.unwrap_or_else(|| Cursor::starting_at(TweetId::lowest_at(now - lookback), month(now)));
    turn_month(&mut cursor, now);
    Ok((cursor, is_first))
}

/// Begins the count of a new month; whether there is one. A clock that is behind does not go back to the old.
fn turn_month(cursor: &mut Cursor, now: DateTime<Utc>) -> bool {
    let is_new = cursor.month.name < month(now);
    if is_new {
        cursor.month = Month { name: month(now), posts_read: 0 };
    }
    is_new
}

/// The sweep that the cursor leaves open, its named file settled by looking at it; else a new one. With it the posts that must be read
/// again because that file is smaller than its name.
pub(crate) async fn open_sweep(cursor: &Cursor, ingest: &Ingest, now: DateTime<Utc>) -> Result<(Sweep, u64), Error> {
    let Some(open) = cursor.sweep.clone() else {
        let top = TweetId::lowest_at(now - ingest.config.safety_lag).max(cursor.done); // never backwards
        return Ok((Sweep::open(cursor.done, top, ingest.config.search_query.clone(), ingest.file_tweets_max), 0));
    };
    let mut sweep = Sweep::resume(cursor.done, open, cursor.pending.clone(), ingest.file_tweets_max);
    let stored = match &cursor.pending {
        Some(pending) => stored_as(ingest, &pending.key).await?,
        None => None,
    };
    let reread = stored.map_or(0, |stored| sweep.settle(stored));
    Ok((sweep, reread))
}

/// The object under this key, by its own metadata; `None` when there is none.
async fn stored_as(ingest: &Ingest, key: &str) -> Result<Option<Stored>, Error> {
    let metadata = ingest.raw.metadata(key).await.map_err(|source| Error::RawUnreadable { source })?;
    let Some(metadata) = metadata else { return Ok(None) };
    let oldest = metadata.get("oldest").and_then(|oldest| oldest.parse().ok());
    let oldest = oldest.ok_or_else(|| Error::RawForeign { bucket: ingest.raw.bucket().to_owned(), key: key.to_owned() })?;
    let count = metadata.get("count").and_then(|count| count.parse().ok()).unwrap_or(0);
    Ok(Some(Stored { oldest, count }))
}

/// Says what is lost, before the cursor moves past it.
fn say(gap: Gap, summary: &mut Summary) {
    let (from, to) = (gap.from.created_at().to_rfc3339(), gap.to.created_at().to_rfc3339());
    warn!(from, to, from_id = %gap.from, to_id = %gap.to, "posts are lost: the x api no longer serves them");
    summary.gap = Some(summary.gap.map_or(gap, |earlier| Gap { from: earlier.from, to: gap.to }));
}

fn ending_of(error: Error) -> Ending {
    match (error.fate(), &error) {
        (Fate::Resume, Error::RateLimited { .. }) => {
            warn!(error_type = error.error_type(), error = error.chain(), "x api rate limit");
            Ending::Stopped(Status::RateLimited)
        }
        (Fate::Resume, _) => {
            warn!(error_type = error.error_type(), error = error.chain(), "x api unavailable");
            Ending::Stopped(Status::Partial)
        }
        (Fate::Fail, _) => Ending::Refused(error),
    }
}

fn month(now: DateTime<Utc>) -> String {
    now.format("%Y-%m").to_string()
}
