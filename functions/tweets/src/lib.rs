//! The values that the pipeline shares: tweet ids, RAW documents and keys, REF partitions and columns.
//!
//! Values in, values out. This crate never does I/O, never reads a clock, and never links tokio, arrow or an SDK.

pub mod columns;
mod id;
pub mod page;
mod partition;
mod raw;
mod ref_key;
mod time;

pub use id::{InvalidTweetId, TweetId};
pub use page::{Page, Post};
pub use partition::{InvalidYears, Partition, Years};
pub use raw::{Capture, NotARawFile, RAW_PREFIX, RawFile, RawKey, TWEETS_PER_FILE_MAX, check_raw_key, document, repair};
pub use ref_key::ref_key;
pub use time::parse_time;
