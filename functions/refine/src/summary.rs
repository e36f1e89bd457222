use std::time::Duration;

use serde::Serialize;
use tracing::{error, info};

use crate::Rows;
use crate::error::Error;
use crate::object::Done;

/// What one invocation did: its one log line, and its answer to whoever is not a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Messages of the queue; 0 without one.
    pub messages: u64,
    /// RAW objects named by the event.
    pub objects: u64,
    /// RAW objects and messages that were not done.
    pub failures: u64,
    /// Notifications of anything but a new object.
    pub ignored: u64,
    /// REF files that were not there before.
    pub files_created: u64,
    /// REF files of another version, written anew.
    pub files_replaced: u64,
    /// REF files that were there already, from an earlier delivery.
    pub files_unchanged: u64,
    /// Rows of created files. A row is counted when its file is created and never again, so the sum over all
    /// invocations is at most the number of rows in REF; it is less by the files whose creation S3 did not confirm.
    pub rows: u64,
    /// Those rows by sentiment.
    #[serde(flatten)]
    pub rows_by_sentiment: Rows,
    /// Bytes read.
    pub raw_bytes: u64,
    /// Bytes written.
    pub ref_bytes: u64,
}

impl Summary {
    pub(crate) fn add(&mut self, done: Done) {
        self.files_created += done.files_created;
        self.files_replaced += done.files_replaced;
        self.files_unchanged += done.files_unchanged;
        self.rows += done.rows.total();
        self.rows_by_sentiment += done.rows;
        self.raw_bytes += done.raw_bytes;
        self.ref_bytes += done.ref_bytes;
    }

    /// Writes the line.
    pub(crate) fn log(&self, elapsed: Duration, failed: Option<&Error>) {
        let Self { messages, objects, failures, ignored, files_created, files_replaced, files_unchanged, rows, .. } = *self;
        let Rows { positivo, negativo, neutro } = self.rows_by_sentiment;
        let (raw_bytes, ref_bytes) = (self.raw_bytes, self.ref_bytes);
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        match failed {
            None => info!(
                messages,
                objects,
                failures,
                ignored,
                files_created,
                files_replaced,
                files_unchanged,
                rows,
                positivo,
                negativo,
                neutro,
                raw_bytes,
                ref_bytes,
                elapsed_ms,
                "refine finished"
            ),
            Some(error) => error!(
                messages,
                objects,
                failures,
                files_created,
                files_replaced,
                files_unchanged,
                rows,
                elapsed_ms,
                error_type = error.error_type(),
                error = error.chain(),
                "refine failed"
            ),
        }
    }
}
