#![expect(missing_docs, reason = "the messages are the documentation of fields")]

use aws_sdk_s3::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A call to AWS that gave no answer to go on with. Says what was tried on what, and why it failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// AWS answered, and the answer is no.
    #[error("cannot {action} {resource}: AWS answered {status} {code}")]
    Answered { action: &'static str, resource: String, status: u16, code: String, source: BoxError },
    /// No answer came, or one that says nothing (5xx, cut off): a write may have been done.
    #[error("cannot {action} {resource}: no answer to rely on")]
    NoAnswer { action: &'static str, resource: String, source: BoxError },
    /// The object is larger than the caller takes.
    #[error("{resource} has {bytes} bytes, more than the {bytes_max} that are read")]
    TooLarge { resource: String, bytes: u64, bytes_max: u64 },
}

impl Error {
    /// Whether a write that ended so may have been done all the same.
    pub fn fate_is_unknown(&self) -> bool {
        matches!(self, Self::NoAnswer { .. })
    }

    /// The HTTP status that AWS answered with.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::NoAnswer { .. } | Self::TooLarge { .. } => None,
        }
    }

    /// The error code that AWS answered with, `NoSuchBucket` for example.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Answered { code, .. } => Some(code),
            Self::NoAnswer { .. } | Self::TooLarge { .. } => None,
        }
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
