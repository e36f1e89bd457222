//! The only crate that depends on the AWS SDK: S3 objects and reading a secret.
//!
//! It makes no decisions about tweets. An S3 response that the caller can act on (absent, refused, busy) is a value;
//! anything else is an [`Error`].

mod clients;
mod error;
mod secret;
mod store;

pub use clients::{Clients, Timeouts, Values};
pub use error::Error;
pub use secret::{Secret, Secrets};
pub use store::{Condition, ETag, Head, Listed, Object, Put, Store};
