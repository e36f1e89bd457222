//! The whole pipeline in one process: the functions themselves, over an embedded S3 and an emulated X API.
//!
//! It adds no logic of its own to the path: ingest and refine are the code that Lambda runs, under the real SDK and the
//! real HTTP client. What is local is around them: a folder for the buckets, a queue, a clock, and SQL over the result.

mod bulk;
pub mod cli;
mod demo;
mod lake;
mod pipeline;
mod queue;
mod report;
mod reprocess;
mod serve;
mod sql;
mod stream;

pub use lake::{Lake, RAW_BUCKET, REF_BUCKET, SECRET_ID};

/// What a command gives back: an error is shown with its causes.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Reads the wall clock; `main` passes it in, so that everything else can be told another time.
pub type Clock = fn() -> chrono::DateTime<chrono::Utc>;

/// The seed of the emulated posts: the same minute has the same posts in every run.
const SEED: u64 = 2026;

/// The default query: the presidency, no person's name, so that it does not go stale with an election.
pub const DEFAULT_QUERY: &str = "(\"presidente do Brasil\" OR \"presidente brasileiro\" OR \"presidência do Brasil\" OR \
\"Palácio do Planalto\" OR @planalto OR (\"presidente da República\" (Brasil OR brasileiro OR brasileiros OR Brasília OR \
Planalto))) lang:pt -is:retweet -is:nullcast";
