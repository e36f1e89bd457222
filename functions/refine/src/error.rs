#![expect(missing_docs, reason = "the messages are the documentation")]

use events::EventUnknown;
use lambda::{ConfigError, Fate};
use lambda_runtime::Diagnostic;
use metrics::Cause;
use tweets::document::NotADocument;

/// Why an event, or one object of it, was not refined.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    ConfigInvalid(#[from] ConfigError),
    #[error(transparent)]
    EventUnknown(#[from] EventUnknown),
    #[error("s3://{bucket}/{key} is not a RAW file: RAW files are below `tweets/`; set that prefix on the notification of the bucket")]
    KeyOutsideRaw { bucket: String, key: String },
    #[error("s3://{bucket}/{key} is in REF, the bucket that refine writes to; remove the notification from that bucket")]
    BucketIsRef { bucket: String, key: String },
    #[error("s3://{bucket}/{key} does not exist; restore it and redrive the message, or delete the message")]
    RawMissing { bucket: String, key: String },
    #[error("cannot read RAW; it is safe to repeat this, and 403 means that refine may not read the bucket")]
    RawUnreadable { source: aws::Error },
    #[error("the file is larger than a RAW file can be; split it and delete the message")]
    RawTooLarge { source: aws::Error },
    #[error("s3://{bucket}/{key} is rejected as a whole; put a corrected file under another key and delete the message")]
    RawRejected { bucket: String, key: String, source: NotADocument },
    #[error("cannot write the Parquet file; the message is safe to repeat, and 403 means that refine may not write to the bucket")]
    RefUnwritable { source: aws::Error },
    #[error(
        "s3://{bucket}/{key} was changed by other writers at the same time, {attempts} attempts at most; the message is safe to repeat"
    )]
    RefContended { bucket: String, key: String, attempts: u32 },
    #[error("no time was left for s3://{bucket}/{key}; the message is safe to repeat")]
    DeadlineReached { bucket: String, key: String },
}

impl Error {
    /// Returns the fate of the error. Exhaustive on purpose: a new variant does not compile until its fate is chosen.
    pub fn fate(&self) -> Fate {
        match self {
            Self::ConfigInvalid(_) => Fate::Fail,
            Self::EventUnknown(_)
            | Self::KeyOutsideRaw { .. }
            | Self::BucketIsRef { .. }
            | Self::RawMissing { .. }
            | Self::RawTooLarge { .. }
            | Self::RawRejected { .. } => Fate::Reject,
            // No answer means a transient S3 problem: retry. A refusal means our permissions or configuration: reject.
            Self::RawUnreadable { source } | Self::RefUnwritable { source } => match source {
                aws::Error::NoAnswer { .. } => Fate::Resume,
                aws::Error::Answered { .. } | aws::Error::TooLarge { .. } => Fate::Reject,
            },
            Self::RefContended { .. } | Self::DeadlineReached { .. } => Fate::Resume,
        }
    }

    /// Returns a stable name that alarms can match.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::ConfigInvalid(_) => "ConfigInvalid",
            Self::EventUnknown(_) => "EventUnknown",
            Self::KeyOutsideRaw { .. } => "KeyOutsideRaw",
            Self::BucketIsRef { .. } => "BucketIsRef",
            Self::RawMissing { .. } => "RawMissing",
            Self::RawUnreadable { .. } => "RawUnreadable",
            Self::RawTooLarge { .. } => "RawTooLarge",
            Self::RawRejected { .. } => "RawRejected",
            Self::RefUnwritable { .. } => "RefUnwritable",
            Self::RefContended { .. } => "RefContended",
            Self::DeadlineReached { .. } => "DeadlineReached",
        }
    }

    /// Returns what an operator has to check when the error repeats. Each cause has its own alarm.
    pub fn cause(&self) -> Cause {
        match self {
            Self::ConfigInvalid(_) | Self::EventUnknown(_) | Self::KeyOutsideRaw { .. } | Self::BucketIsRef { .. } => Cause::Settings,
            Self::RawMissing { .. } | Self::RawTooLarge { .. } | Self::RawRejected { .. } => Cause::File,
            Self::RawUnreadable { .. } | Self::RefUnwritable { .. } | Self::RefContended { .. } | Self::DeadlineReached { .. } => {
                Cause::Storage
            }
        }
    }

    /// Returns the message and those of its causes, in one line.
    pub fn chain(&self) -> String {
        lambda::chain(self)
    }
}

impl From<&Error> for Diagnostic {
    fn from(error: &Error) -> Self {
        lambda::diagnostic(error.error_type(), error)
    }
}
