#![expect(missing_docs, reason = "the messages are the documentation of fields")]

use aws_sdk_s3::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The cause of an error.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A failed AWS call: the operation, the resource it was applied to, and the cause.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// AWS refused the request.
    #[error("cannot {action} {resource}: AWS answered {status} {code}")]
    Answered { action: &'static str, resource: String, status: u16, code: String, source: BoxError },
    /// No response, or an inconclusive one (5xx, truncated): a write may have been applied.
    #[error("cannot {action} {resource}: no usable answer")]
    NoAnswer { action: &'static str, resource: String, source: BoxError },
    /// The object is larger than the caller accepts.
    #[error("{resource} has {bytes} bytes; the limit is {bytes_max}")]
    TooLarge { resource: String, bytes: u64, bytes_max: u64 },
}

impl Error {
    /// Returns whether a write that failed with this error may still have been applied.
    pub fn fate_is_unknown(&self) -> bool {
        matches!(self, Self::NoAnswer { .. })
    }

    pub(crate) fn new<E>(action: &'static str, resource: String, error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.code().map(str::to_owned);
        match (status, error) {
            (Some(status), error @ SdkError::ServiceError(_)) if status < 500 => {
                Self::Answered { action, resource, status, code: code.unwrap_or_default(), source: error.into() }
            }
            (_, error) => Self::NoAnswer { action, resource, source: error.into() },
        }
    }
}
