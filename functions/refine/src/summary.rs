use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lambda::{Fate, milliseconds};
use metrics::{Cause, Line, Metric};
use rows::{Rows, RowsByMinute};
use serde::Serialize;

use crate::error::Error;
use crate::object::Done;

/// Maximum age of a minute with row counts. CloudWatch accepts two weeks, but takes up to two days to show data older than
/// one day. Source: Amazon CloudWatch user guide, publish custom metrics.
const MINUTE_AGE_MAX: TimeDelta = TimeDelta::hours(24);
/// How far ahead of the clock a minute may be: the limit of CloudWatch. Same source.
const MINUTE_AHEAD_MAX: TimeDelta = TimeDelta::hours(2);

/// What one invocation did. Logged as one line, and returned unless the event comes from a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Messages of the queue. 0 without a queue.
    pub messages: u64,
    /// RAW objects named by the event.
    pub objects: u64,
    /// RAW objects and messages that were not done.
    pub failures: u64,
    /// Failures that were rejected and require an operator.
    pub rejected: u64,
    /// Notifications of anything but a new object, and objects that are not RAW files.
    pub ignored: u64,
    /// REF files that did not exist before.
    pub files_created: u64,
    /// REF files of another version that were rewritten.
    pub files_replaced: u64,
    /// REF files that already existed from an earlier delivery.
    pub files_unchanged: u64,
    /// Rows of created files. A row is counted only when its file is created, so the sum over all invocations is at most
    /// the number of rows in REF. It is lower by the rows of files whose creation S3 did not confirm.
    pub rows: u64,
    /// The same rows by sentiment.
    #[serde(flatten)]
    pub rows_by_sentiment: Rows,
    /// Rows of tweets too old, or too far ahead, to be counted at their own minute.
    pub backfill_rows: u64,
    /// Values that could not be read, by field name. Each delivery of a file counts them again.
    pub malformed_fields: BTreeMap<&'static str, u64>,
    /// Bytes of RAW files read.
    pub raw_bytes: u64,
    /// Bytes of REF files written.
    pub ref_bytes: u64,
    /// All other rows by the minute of their tweets: at most 1,560 minutes, whatever the files contain.
    #[serde(skip)]
    pub rows_by_minute: RowsByMinute,
    /// Failures by type and cause.
    #[serde(skip)]
    pub errors: BTreeMap<(&'static str, Cause), u64>,
    /// Whether this is the first invocation of its process.
    #[serde(skip)]
    pub is_cold: bool,
}

impl Summary {
    /// Counts the result of an object, at the time `now`.
    pub(crate) fn add(&mut self, done: Done, now: DateTime<Utc>) {
        self.files_created += done.files_created;
        self.files_replaced += done.files_replaced;
        self.files_unchanged += done.files_unchanged;
        self.raw_bytes += done.raw_bytes;
        self.ref_bytes += done.ref_bytes;
        for (name, count) in done.malformed.by_field() {
            *self.malformed_fields.entry(name).or_default() += count;
        }
        for (minute, rows) in done.rows_by_minute {
            self.rows += rows.total();
            self.rows_by_sentiment += rows;
            if (now - MINUTE_AGE_MAX..now + MINUTE_AHEAD_MAX).contains(&minute) {
                *self.rows_by_minute.entry(minute).or_default() += rows;
            } else {
                self.backfill_rows += rows.total();
            }
        }
    }

    /// Counts a failure.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.failures += 1;
        self.rejected += u64::from(error.fate() != Fate::Resume);
        *self.errors.entry((error.error_type(), error.cause())).or_default() += 1;
    }

    /// Returns the metrics of the invocation that ended at `now`: one line for it, one for each minute with new rows, and
    /// one for each type of error.
    pub fn lines(&self, now: DateTime<Utc>, elapsed: Duration) -> Vec<Line> {
        let invocation = Line::at(now)
            .with(Metric::Files, self.files_created)
            .with(Metric::Rows, self.rows)
            .with(Metric::DurationMs, milliseconds(elapsed))
            .with_some(Metric::BackfillRows, self.backfill_rows)
            .with_some(Metric::RejectedFiles, self.rejected)
            .with_some(Metric::MalformedFields, self.malformed_fields.values().sum())
            .with_some(Metric::ColdStarts, self.is_cold.into());
        let minutes = self.rows_by_minute.iter().map(|(minute, rows)| {
            let Rows { positivo, negativo, neutro } = *rows;
            let minute = Line::at(*minute).with_some(Metric::RowsPositivo, positivo).with_some(Metric::RowsNegativo, negativo);
            minute.with_some(Metric::RowsNeutro, neutro)
        });
        let errors = self.errors.iter().map(|((error_type, cause), count)| Line::errors(now, error_type, *cause, *count));
        [invocation].into_iter().chain(minutes).chain(errors).collect()
    }

    /// Logs the invocation as one line.
    pub(crate) fn log(&self, elapsed: Duration, failure: Option<&Error>) {
        let Self { messages, objects, failures, rejected, ignored, .. } = *self;
        let Self { files_created, files_replaced, files_unchanged, rows, backfill_rows, raw_bytes, ref_bytes, .. } = *self;
        let Rows { positivo, negativo, neutro } = self.rows_by_sentiment;
        let malformed_fields = (!self.malformed_fields.is_empty()).then(|| serde_json::json!(self.malformed_fields).to_string());
        let elapsed_ms = milliseconds(elapsed);
        lambda::summary_line!(
            failure,
            finished: "refine finished",
            failed: "refine failed",
            messages,
            objects,
            failures,
            rejected,
            ignored,
            files_created,
            files_replaced,
            files_unchanged,
            rows,
            positivo,
            negativo,
            neutro,
            backfill_rows,
            malformed_fields,
            raw_bytes,
            ref_bytes,
            elapsed_ms,
        );
    }
}
