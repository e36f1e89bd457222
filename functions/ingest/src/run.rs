//! One run, from start to finish. [`Sweep`] makes the decisions; this module carries them out.

use std::collections::HashMap;
use std::time::Duration;

use aws::{Condition, Put};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use lambda::Invocation;
use tracing::{debug, warn};
use tweets::{Capture, Page, TweetId};

use crate::Ingest;
use crate::cursor::{Cursor, CursorFile, Lease};
use crate::error::Error;
use crate::opening::{cursor_at, floor_at, head_raw, open_sweep, turn_month};
use crate::pace::Pace;
use crate::status::Status;
use crate::stop::Stop;
use crate::summary::Summary;
use crate::sweep::{File, Stored, Sweep};
use crate::x_api::{Answer, MAX_RESULTS_MAX, MAX_RESULTS_MIN, SearchRequest};

/// A run in progress.
pub(crate) struct Run<'a> {
    pub(crate) ingest: &'a Ingest,
    pub(crate) invocation: &'a Invocation,
    pub(crate) owner: u64,
    pub(crate) pace: Pace,
    pub(crate) summary: &'a mut Summary,
    pub(crate) sweep: Sweep,
    file: CursorFile,
    cursor: Cursor,
    /// Whether no earlier run has written a cursor.
    is_first: bool,
    /// Consecutive requests without an answer to rely on.
    pub(crate) failures: u32,
    /// Consecutive bodies that are not a page.
    pub(crate) unreadable: u32,
    pub(crate) has_reread_token: bool,
}

impl Ingest {
    /// Carries out one run. `summary` is complete however the run ends.
    pub(crate) async fn run(&self, invocation: &Invocation, owner: u64, summary: &mut Summary) -> Result<(), Error> {
        match Run::carry_out(self, invocation, owner, summary).await {
            Ok(()) => Ok(()),
            Err(Stop::Lost) => {
                summary.status = Status::Busy;
                Ok(())
            }
            Err(Stop::Early(status)) => {
                summary.status = status;
                Ok(())
            }
            Err(Stop::Refused(error) | Stop::Failed(error)) => Err(*error),
        }
    }
}

impl<'a> Run<'a> {
    async fn carry_out(ingest: &'a Ingest, invocation: &'a Invocation, owner: u64, summary: &'a mut Summary) -> Result<(), Stop> {
        let mut run = Self::open(ingest, invocation, owner, summary).await?;
        let ended = match run.begin().await {
            Ok(()) => {
                let read = run.read().await;
                run.close(read).await
            }
            Err(stop) => Err(stop),
        };
        run.summary.posts_reread += run.sweep.reread();
        ended
    }

    /// Reads the cursor, and settles the pending file of a crashed run.
    async fn open(ingest: &'a Ingest, invocation: &'a Invocation, owner: u64, summary: &'a mut Summary) -> Result<Self, Stop> {
        let now = invocation.now();
        let mut file = CursorFile::new(ingest.raw.clone(), owner);
        let (cursor, is_first) = cursor_at(&mut file, ingest.config.lookback, now).await?;
        summary.done = Some(cursor.done);
        summary.posts_read_month = cursor.month.posts_read;
        if cursor.is_leased(now) {
            return Err(Stop::Lost);
        }
        let mut sweep = open_sweep(&cursor, ingest, now).await?;
        if let Some(gap) = sweep.raise_floor(floor_at(now)) {
            summary.report_gap(gap);
        }
        let (pace, has_reread_token) = (Pace::of(invocation), false);
        Ok(Self { ingest, invocation, owner, pace, summary, sweep, file, cursor, is_first, failures: 0, unreadable: 0, has_reread_token })
    }

    /// Takes the lease, unless there is nothing to do.
    async fn begin(&mut self) -> Result<(), Stop> {
        let request = self.next_request(self.budget());
        if request.is_some() {
            self.ingest.token().await?; // reports a missing token before anything is written
        }
        if self.sweep.is_at_bottom() && !self.is_first && self.cursor.sweep.is_none() && self.summary.gap.is_none() {
            return Err(Stop::Early(Status::Complete));
        }
        self.cursor.lease = Some(Lease { until: self.invocation.deadline() + self.ingest.config.lease_margin });
        self.write(request.map_or(0, |request| request.max_results)).await
    }

    /// Reads pages and stores files until the bottom is reached.
    async fn read(&mut self) -> Result<(), Stop> {
        loop {
            while let Some(file) = self.sweep.next_file(false) {
                self.store(&file).await?;
            }
            if self.sweep.is_at_bottom() {
                return Ok(());
            }
            let request = self.request_within_caps()?;
            self.needs(self.pace.page)?;
            self.reserve(request.max_results).await?;
            let sent_at = self.invocation.now();
            let Some(answer) = self.ask(&request, sent_at).await? else { continue };
            self.lower_top(sent_at, &answer);
            self.accept(answer.page, &request);
            if self.sweep.is_stuck() {
                return Err(Stop::Refused(Box::new(Error::PageRepeated)));
            }
        }
    }

    /// Ends the run after reading: keeps what was read, and reports why the rest was not, if an operator must act.
    async fn close(&mut self, read: Result<(), Stop>) -> Result<(), Stop> {
        let (status, refusal) = match read {
            Ok(()) => (Status::Complete, None),
            // An answer read only in part has holes, so none of it is stored.
            Err(Stop::Early(status)) if self.sweep.is_unsorted() => {
                (status, Some(Box::new(Error::PageUnsorted { status: status.as_str(), held: self.sweep.unstored() })))
            }
            Err(Stop::Early(status)) => (status, None),
            Err(Stop::Refused(error)) => (Status::Partial, Some(error)),
            Err(stop @ (Stop::Lost | Stop::Failed(_))) => return Err(stop),
        };
        self.summary.status = match self.release().await {
            Ok(()) => status,
            Err(Stop::Lost) => Status::Busy,
            Err(stop) => return Err(stop),
        };
        refusal.map_or(Ok(()), |error| Err(Stop::Refused(error)))
    }

    /// Stores buffered posts, records in the cursor where the next run resumes, and releases the lease.
    async fn release(&mut self) -> Result<(), Stop> {
        while let Some(file) = self.sweep.next_file(true) {
            match self.store(&file).await {
                Err(Stop::Early(_)) => break, // no time is left for it
                stored => stored?,
            }
        }
        self.cursor.lease = None;
        self.write(0).await?;
        self.summary.done = Some(self.cursor.done);
        Ok(())
    }

    fn accept(&mut self, page: Page, request: &SearchRequest) {
        self.summary.count_page(&page);
        let posts = page.posts.len();
        let accepted = self.sweep.accept(page, request);
        if accepted.is_first_unsorted {
            warn!("x api sent a page that is not sorted; nothing of it is stored before its whole answer is read");
        }
        self.summary.out_of_span += accepted.out_of_span;
        debug!(posts, out_of_span = accepted.out_of_span, "page read");
    }

    /// Lowers the top if this clock is ahead of X's, based on the `Date` of the first response. Otherwise the top would cover
    /// posts that the API has not indexed yet.
    ///
    /// `Date` has whole seconds and is written after the request was sent, so a difference of a second or more is due to the clock.
    fn lower_top(&mut self, sent_at: DateTime<Utc>, first: &Answer) {
        if self.summary.pages > 0 {
            return;
        }
        let Some(date) = first.date else {
            return warn!("the x api's answer has no readable date; a clock that is ahead would go undetected");
        };
        if sent_at - date >= TimeDelta::seconds(1) {
            warn!(ahead_ms = (sent_at - date).num_milliseconds(), "this clock is ahead of the x api's");
            self.sweep.lower_top(TweetId::lowest_at(date - self.ingest.config.safety_lag));
        }
    }

    /// Names the file in the cursor, puts it, and settles it.
    async fn store(&mut self, file: &File) -> Result<(), Stop> {
        if !file.is_named {
            self.name(file).await?;
        }
        self.needs(self.pace.put)?;
        let stored = self.put(file).await?;
        self.sweep.settle(stored);
        Ok(())
    }

    async fn name(&mut self, file: &File) -> Result<(), Stop> {
        self.needs(self.pace.name)?;
        self.sweep.name(file);
        let next = self.next_request(self.budget()).map_or(0, |request| request.max_results);
        let named = self.write(next).await;
        if named.is_err() {
            self.sweep.forget_name();
        }
        named
    }

    /// Puts the file under its key. Returns the object that is stored under it afterwards.
    async fn put(&mut self, file: &File) -> Result<Stored, Error> {
        let raw = &self.ingest.raw;
        let key = &file.pending.key;
        let capture = Capture {
            captured_at: self.invocation.now(),
            query: self.sweep.query(),
            requested: &self.ingest.requested,
            ingest_version: env!("CARGO_PKG_VERSION"),
        };
        let body = Bytes::from(file.raw.to_bytes(&capture));
        let (oldest, newest, count) = (file.raw.oldest().id, file.raw.newest().id, file.raw.count());
        let metadata = HashMap::from([
            ("oldest".to_owned(), oldest.to_string()),
            ("newest".to_owned(), newest.to_string()),
            ("count".to_owned(), count.to_string()),
        ]);
        match raw.put(key, body, "application/json", metadata, &Condition::Absent).await {
            Ok(Put::Written(_)) => {
                self.summary.posts += count;
                self.summary.files += 1;
                debug!(bucket = raw.bucket(), key, posts = count, "file stored");
                Ok(Stored { oldest, count })
            }
            // The object already exists: an earlier attempt of this run wrote it and lost the response, or a run presumed dead did.
            Ok(Put::Refused) => head_raw(self.ingest, key).await?.ok_or_else(|| self.write_unknown(key, None)),
            Ok(Put::Conflict) => Err(self.write_unknown(key, None)),
            Err(error) if error.fate_is_unknown() => Err(self.write_unknown(key, Some(error))),
            Err(source) => Err(Error::RawUnwritable { source }),
        }
    }

    fn write_unknown(&self, key: &str, source: Option<aws::Error>) -> Error {
        Error::WriteUnknown { bucket: self.ingest.raw.bucket().to_owned(), key: key.to_owned(), source }
    }

    /// Writes the cursor from the state of the sweep, counting the posts of the next request in advance.
    async fn write(&mut self, reserved: u64) -> Result<(), Stop> {
        let state = self.sweep.state();
        let is_closed = self.sweep.is_at_bottom() && self.sweep.is_stored();
        self.cursor.done = if is_closed { self.sweep.top() } else { self.sweep.done() };
        // A sweep with nothing stored or named is not saved but opened again: its top may still be lowered.
        let has_begun = state.next_until < state.top || self.sweep.named().is_some();
        self.cursor.sweep = (has_begun && !is_closed).then_some(state);
        self.cursor.pending = self.sweep.named().cloned();
        self.cursor.month.posts_read = self.summary.posts_read_month + reserved;
        self.file.write(&mut self.cursor).await
    }

    /// Ensures that the cursor counts the posts of a request before the request is sent.
    async fn reserve(&mut self, posts: u64) -> Result<(), Stop> {
        if self.cursor.month.posts_read >= self.summary.posts_read_month + posts {
            return Ok(());
        }
        self.write(posts).await
    }

    /// Returns the next request. Stops the run if one of the caps leaves no room for it.
    fn request_within_caps(&mut self) -> Result<SearchRequest, Stop> {
        if turn_month(&mut self.cursor, self.invocation.now()) {
            self.summary.posts_read_month = 0; // a request counts toward the month in which it is sent
        }
        self.next_request(self.budget()).ok_or_else(|| {
            let has_month_left = self.next_request(self.month_left()).is_some();
            Stop::Early(if has_month_left { Status::Partial } else { Status::BudgetExhausted })
        })
    }

    /// Returns the next request. After a missing response, uses the smallest page size: the next page may also be billed and lost.
    fn next_request(&self, budget: u64) -> Option<SearchRequest> {
        self.sweep.request(budget, if self.failures == 0 { MAX_RESULTS_MAX } else { MAX_RESULTS_MIN })
    }

    /// Returns the number of posts that may still be read under the caps of the run and of the month.
    fn budget(&self) -> u64 {
        let run_left = self.ingest.config.max_posts_per_run.saturating_sub(self.summary.posts_read);
        run_left.min(self.month_left())
    }

    fn month_left(&self) -> u64 {
        self.ingest.config.max_posts_per_month.map_or(u64::MAX, |max| max.saturating_sub(self.summary.posts_read_month))
    }

    /// Stops the run if less than `time` is left.
    fn needs(&self, time: Duration) -> Result<(), Stop> {
        if self.invocation.left() < time { Err(Stop::Early(Status::Partial)) } else { Ok(()) }
    }
}
