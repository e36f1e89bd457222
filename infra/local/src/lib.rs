//! The whole pipeline in one process: the functions themselves, over an embedded S3 and an emulated X API.
//!
//! It adds no logic of its own to the path: ingest and refine are the code that Lambda runs, under the real SDK and the
//! real HTTP client. What is local is around them: a folder for the buckets, a queue, a clock, and SQL over the result.

mod bulk;
pub mod cli;
mod demo;
mod ignored;
mod lake;
mod live;
mod output;
mod pipeline;
mod queue;
mod report;
mod reprocess;
mod serve;
pub mod sql;
mod stream;

pub use lake::{Lake, RAW_BUCKET, REF_BUCKET, SECRET_ID};
pub use output::{is_closed as is_output_closed, message};

/// What a command gives back: an error is shown with its causes.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A command that ended well and left something to do: the next run goes on. Its exit code differs from a failure's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfinished(pub String);

/// Reads the wall clock; `main` passes it in, so that everything else can be told another time.
pub type Clock = fn() -> chrono::DateTime<chrono::Utc>;

/// Reads a variable of the environment; passed in by `main` likewise.
pub type Variable = fn(&str) -> Option<String>;

/// The seed of the emulated posts: the same minute has the same posts in every run.
const SEED: u64 = 2026;
