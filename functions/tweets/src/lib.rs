//! The values that the pipeline shares: tweet ids, RAW documents and keys, REF partitions and columns.
//!
//! Values in, values out. This crate never does I/O, never reads a clock, and never links tokio, arrow or an SDK.

pub mod columns;
mod created_at;
pub mod document;
mod id;
mod includes;
pub mod page;
mod partition;
mod raw_document;
mod raw_key;
pub mod repair;

pub use created_at::parse_created_at;
pub use id::{InvalidTweetId, TweetId};
pub use page::{Page, Post};
pub use partition::{InvalidYears, Partition, Years, ref_key};
pub use raw_document::{Capture, RawFile, TWEETS_PER_FILE_MAX};
pub use raw_key::{NotARawFile, RAW_PREFIX, RawKey, check_raw_key};
