//! The rows of the table `tweets`: converts the bytes of one RAW file to the Parquet files of REF.
//!
//! REF is a function of RAW: the key and the bytes of an object follow from the RAW key, the RAW bytes and the versions of this crate and
//! of the lexicon. Values in, values out. This crate never does I/O, never reads a clock, and never links tokio or an SDK.

mod columns;
mod encode;
mod refine;

pub use columns::schema;
pub use refine::{RefObject, Refined, Rows, RowsByMinute, refine};
pub use sentiment::LEXICON_VERSION;

/// Version of the rows, stored with every REF object as `refine-version`. An object of another version is rewritten.
///
/// Increase it with every change to the rows, the types or the writer's settings.
pub const REFINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Maximum size of a RAW file. A hundred tweets with every expansion take about 0.2 MiB.
pub const RAW_BYTES_MAX: u64 = 8 * 1024 * 1024;
