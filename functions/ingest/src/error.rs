#![expect(missing_docs, reason = "the messages are the documentation")]

use chrono::{DateTime, Utc};
use lambda::{ConfigError, Fate};
use lambda_runtime::Diagnostic;
use metrics::Cause;

use crate::response_form::ResponseForm;

/// The cause of an error.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a run failed or stopped early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    ConfigInvalid(#[from] ConfigError),
    // Neither this message nor that of `SecretUnreadable` repeats X_SECRET_ID: it may contain the token by mistake.
    #[error("the secret that X_SECRET_ID names does not exist; deploy the template, which creates it, or correct X_SECRET_ID")]
    SecretMissing,
    #[error(
        "secret `{secret}` has no value yet; store the token with: aws secretsmanager put-secret-value --secret-id {secret} --secret-string file://token.txt"
    )]
    SecretEmpty { secret: String },
    #[error("secret `{secret}` holds no token; store {{\"bearer_token\": \"…\"}} or the bare token")]
    SecretInvalid { secret: String },
    #[error("cannot read the secret that X_SECRET_ID names; it may not exist, or the function lacks secretsmanager:GetSecretValue on it")]
    SecretUnreadable { source: aws::Error },
    #[error("X API refused the bearer token (401); store a new one in secret `{secret}`")]
    Unauthorized { secret: String },
    #[error("X API credits are used up (402); buy credits in the X developer console, the next run continues by itself")]
    CreditsDepleted,
    #[error("X API refuses this app (403: {reason}); enrol it in a project with access to recent search")]
    Forbidden { reason: String },
    #[error("X API usage cap of the account is reached (429: {reason}); raise it in the X developer console or wait for the next period")]
    UsageCapExceeded { reason: String },
    #[error("X API refused the request ({status}: {reason}); check SEARCH_QUERY, X_EXPANSIONS, X_FIELD_VOCABULARY and X_API_BASE_URL")]
    RequestRejected { status: u16, reason: String },
    #[error(
        "answered {status} in a form that is not X's ({form}); a proxy, a firewall or another server may have answered in its place: check X_API_BASE_URL and the network path to it"
    )]
    NotFromX { status: u16, form: ResponseForm },
    #[error("X API answered 200 with something that is not a page of posts, twice ({form}); {}", unreadable(form))]
    PageUnreadable { form: ResponseForm, source: tweets::page::NotAPage },
    #[error(
        "X API repeated an earlier answer, twice, so the run stopped before it paid for more; the next run resumes there; if this persists, see PageRepeated in RUNBOOK.md"
    )]
    PageRepeated,
    #[error(
        "X API sent pages that are not sorted, and the run had to stop ({status}) before it had read them all: {held} posts are dropped and will be paid for again; see PageUnsorted in RUNBOOK.md"
    )]
    PageUnsorted { status: &'static str, held: u64 },
    #[error("X API rate limit reached; the window resets {}, and the next run resumes there", .reset.map_or("within 15 minutes".to_owned(), |reset| format!("at {reset}")))]
    RateLimited { reset: Option<DateTime<Utc>> },
    #[error("X API gave no usable answer in {attempts} attempt(s); the next run resumes here")]
    Unavailable { attempts: u32, source: BoxError },
    #[error("cannot read RAW; nothing was changed, the next run tries again")]
    RawUnreadable { source: aws::Error },
    #[error("cannot write RAW; the posts already stored are kept, and the next run continues")]
    RawUnwritable { source: aws::Error },
    #[error("it is unknown whether a write to s3://{bucket}/{key} succeeded; the next run checks and continues")]
    WriteUnknown { bucket: String, key: String, source: Option<aws::Error> },
    #[error("s3://{bucket}/{key} is not a cursor of this version ({problem}); see \"A broken cursor\" in RUNBOOK.md before touching it")]
    CursorInvalid { bucket: String, key: String, problem: String },
    #[error("s3://{bucket}/{key} exists without the metadata `oldest`; it was not written by ingest, so move it out of the way")]
    RawForeign { bucket: String, key: String },
}

fn unreadable(form: &ResponseForm) -> &'static str {
    if form.is_json() {
        "its format may have changed, so nothing more is paid for"
    } else {
        "a proxy, a firewall or another server may have answered in its place: check X_API_BASE_URL and the network path to it"
    }
}

impl Error {
    /// Returns the fate of the error. Exhaustive on purpose: a new variant does not compile until its fate is chosen.
    pub fn fate(&self) -> Fate {
        match self {
            Self::ConfigInvalid(_)
            | Self::SecretMissing
            | Self::SecretEmpty { .. }
            | Self::SecretInvalid { .. }
            | Self::SecretUnreadable { .. }
            | Self::Unauthorized { .. }
            | Self::CreditsDepleted
            | Self::Forbidden { .. }
            | Self::UsageCapExceeded { .. }
            | Self::RequestRejected { .. }
            | Self::PageUnreadable { .. }
            | Self::PageRepeated
            | Self::PageUnsorted { .. }
            | Self::RawUnreadable { .. }
            | Self::RawUnwritable { .. }
            | Self::WriteUnknown { .. }
            | Self::CursorInvalid { .. }
            | Self::RawForeign { .. } => Fate::Fail,
            Self::NotFromX { status, .. } => {
                if *status == 429 {
                    Fate::Resume
                } else {
                    Fate::Fail
                }
            }
            Self::RateLimited { .. } | Self::Unavailable { .. } => Fate::Resume,
        }
    }

    /// Returns a stable name that alarms can match.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::ConfigInvalid(_) => "ConfigInvalid",
            Self::SecretMissing => "SecretMissing",
            Self::SecretEmpty { .. } => "SecretEmpty",
            Self::SecretInvalid { .. } => "SecretInvalid",
            Self::SecretUnreadable { .. } => "SecretUnreadable",
            Self::Unauthorized { .. } => "Unauthorized",
            Self::CreditsDepleted => "CreditsDepleted",
            Self::Forbidden { .. } => "Forbidden",
            Self::UsageCapExceeded { .. } => "UsageCapExceeded",
            Self::RequestRejected { .. } => "RequestRejected",
            // The type follows the status, which alarms match. The message notes that the answer may not be X's.
            Self::NotFromX { status, .. } => match status {
                401 => "Unauthorized",
                402 => "CreditsDepleted",
                403 => "Forbidden",
                429 => "RateLimited",
                _ => "RequestRejected",
            },
            Self::PageUnreadable { .. } => "PageUnreadable",
            Self::PageRepeated => "PageRepeated",
            Self::PageUnsorted { .. } => "PageUnsorted",
            Self::RateLimited { .. } => "RateLimited",
            Self::Unavailable { .. } => "Unavailable",
            Self::RawUnreadable { .. } => "RawUnreadable",
            Self::RawUnwritable { .. } => "RawUnwritable",
            Self::WriteUnknown { .. } => "WriteUnknown",
            Self::CursorInvalid { .. } => "CursorInvalid",
            Self::RawForeign { .. } => "RawForeign",
        }
    }

    /// Returns what an operator has to check when the error repeats. Each cause has its own alarm.
    pub fn cause(&self) -> Cause {
        match self {
            Self::SecretMissing
            | Self::SecretEmpty { .. }
            | Self::SecretInvalid { .. }
            | Self::SecretUnreadable { .. }
            | Self::Unauthorized { .. } => Cause::Token,
            Self::NotFromX { status, .. } => match status {
                401 => Cause::Token,
                402 => Cause::Credits,
                429 => Cause::Passing,
                _ => Cause::Settings,
            },
            Self::CreditsDepleted | Self::UsageCapExceeded { .. } => Cause::Credits,
            Self::ConfigInvalid(_)
            | Self::Forbidden { .. }
            | Self::RequestRejected { .. }
            | Self::PageUnreadable { .. }
            | Self::PageRepeated
            | Self::PageUnsorted { .. } => Cause::Settings,
            Self::RawUnreadable { .. }
            | Self::RawUnwritable { .. }
            | Self::WriteUnknown { .. }
            | Self::CursorInvalid { .. }
            | Self::RawForeign { .. } => Cause::Storage,
            Self::RateLimited { .. } | Self::Unavailable { .. } => Cause::Passing,
        }
    }

    /// Returns the message and those of its causes, in one line.
    pub fn chain(&self) -> String {
        lambda::chain(self)
    }
}

impl From<&Error> for Diagnostic {
    fn from(error: &Error) -> Self {
        lambda::diagnostic(error.error_type(), error)
    }
}
