//! The whole pipeline in one process: the functions themselves, on an embedded S3 and an emulated X API.
//!
//! It adds no logic of its own to the path: ingest and refine are the code that Lambda runs, under the real SDK and the
//! real HTTP client. Only the surroundings are local: a folder for the buckets, a queue, a clock, and SQL on the
//! result.

mod bulk;
pub mod cli;
mod demo;
#[cfg(test)]
mod fixtures;
mod ignored;
mod lake;
mod live;
mod output;
mod panel;
mod parquet;
mod pipeline;
mod progress;
mod queue;
mod rejected;
mod reprocess;
mod serve;
pub mod sql;
mod stream;
mod tables;

pub use lake::{Lake, RAW_BUCKET, REF_BUCKET, SECRET_ID};
pub use output::{is_closed as is_output_closed, message, with_causes};

/// Why a command failed: printed with its causes.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Result of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

/// A command that succeeded with work left: the next run resumes it. Its exit code differs from that of a failure.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfinished(pub String);

/// A command line that cannot be run, found after it was parsed.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Usage {
    kind: clap::error::ErrorKind,
    text: String,
}

impl Usage {
    /// Creates the error of options that cannot be used together.
    pub(crate) fn conflict(text: impl std::fmt::Display) -> Failure {
        Self { kind: clap::error::ErrorKind::ArgumentConflict, text: text.to_string() }.into()
    }
}

/// Reads the wall clock; `main` passes it in, so that tests can pass in another time.
pub type Clock = fn() -> chrono::DateTime<chrono::Utc>;

/// Reads an environment variable; also passed in by `main`.
pub type Variable = fn(&str) -> Option<String>;

/// Seed of the emulated posts: every run produces the same posts for the same minute.
const SEED: u64 = 2026;
