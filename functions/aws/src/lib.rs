//! The only crate that names an AWS SDK: objects in S3, and reading a secret; and how Lambda tells the time that is left.
//!
//! It decides nothing about tweets. What S3 answers comes back as a value when the caller may go on with it (absent,
//! refused, busy), and as an [`Error`] when it cannot.

mod clients;
mod deadline;
mod error;
mod secret;
mod store;

pub use clients::{Clients, Timeouts, Values};
pub use deadline::time_left;
pub use error::Error;
pub use secret::{Secret, Secrets};
pub use store::{Condition, ETag, Head, Listed, Object, Put, Store, is_bucket_name};
