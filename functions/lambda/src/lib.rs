//! What both Lambda functions do around their work: the time of an invocation, their configuration, and how a failure is reported.
//!
//! Nothing here depends on posts or tweets. The crate reads neither the clock nor the environment: `main` passes both in.

mod env;
mod failure;
mod invocation;

pub use env::{ConfigError, Env, Fault, Problem};
pub use failure::{Fate, chain, diagnostic};
pub use invocation::{Invocation, milliseconds, time_left};

/// Logs the one line of an invocation. A failed one has every field of a finished one, and the type and the message of its error.
///
/// ```ignore
/// lambda::summary_line!(failure, finished: "ingest finished", failed: "ingest failed", posts, files, elapsed_ms);
/// ```
#[macro_export]
macro_rules! summary_line {
    ($failure:expr, finished: $finished:literal, failed: $failed:literal, $($field:ident),+ $(,)?) => {
        match $failure {
            None => ::tracing::info!($($field,)+ $finished),
            Some(failure) => {
                ::tracing::error!($($field,)+ error_type = failure.error_type(), error = failure.chain(), $failed);
            }
        }
    };
}
