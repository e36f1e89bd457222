//! RAW files: their keys, how they are written, and how they are read.

pub mod document;
mod file;
pub(crate) mod includes;
mod key;
pub mod repair;

pub use file::{Capture, RawFile, TWEETS_PER_FILE_MAX};
pub use key::{NotARawFile, RAW_PREFIX, RawKey, check_raw_key};
