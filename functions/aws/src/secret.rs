use aws_sdk_secretsmanager::Client;

use crate::Error;
use crate::error::BoxError;

/// The contents of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Its current value.
    Value(String),
    /// The secret exists but has no value yet.
    NoValueYet,
    /// No secret of that name exists in this account and region.
    Missing,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value(..)",
            Self::NoValueYet => "NoValueYet",
            Self::Missing => "Missing",
        })
    }
}

/// AWS Secrets Manager.
#[derive(Clone, Debug)]
pub struct Secrets {
    client: Client,
}

impl Secrets {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Reads the current value of the secret with this name or ARN.
    pub async fn read(&self, id: &str) -> Result<Secret, Error> {
        match self.client.get_secret_value().secret_id(id).send().await {
            Ok(output) => Ok(match (output.secret_string, output.secret_binary) {
                (Some(text), _) => Secret::Value(text),
                (None, Some(bytes)) => Secret::Value(String::from_utf8_lossy(bytes.as_ref()).into_owned()),
                (None, None) => Secret::NoValueYet,
            }),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_resource_not_found_exception() => {
                    // Both cases have the same error code and differ only in the message.
                    let no_value = service.meta().message().is_some_and(|message| message.contains("staging label"));
                    Ok(if no_value { Secret::NoValueYet } else { Secret::Missing })
                }
                _ => Err(without_id(Error::new("read", "the secret".to_owned(), error), id)),
            },
        }
    }
}

/// Removes `id` from the causes. AWS repeats the requested id, which is a secret if someone configured it instead of its name.
fn without_id(error: Error, id: &str) -> Error {
    let redacted = |source: BoxError| -> BoxError {
        let mut texts = Vec::new();
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*source);
        while let Some(error) = cause {
            texts.push(error.to_string().replace(id, "…"));
            cause = error.source();
        }
        texts.join(": ").into()
    };
    match error {
        Error::Answered { action, resource, status, code, source } => {
            Error::Answered { action, resource, status, code, source: redacted(source) }
        }
        Error::NoAnswer { action, resource, source } => Error::NoAnswer { action, resource, source: redacted(source) },
        error @ Error::TooLarge { .. } => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_id_is_removed_from_the_message() {
        let source: BoxError = "not authorized to perform: secretsmanager:GetSecretValue on resource: segredo".into();
        let error = Error::Answered { action: "read", resource: "the secret".into(), status: 400, code: "AccessDenied".into(), source };
        let redacted = without_id(error, "segredo");
        let text = format!("{redacted}: {}", std::error::Error::source(&redacted).unwrap());
        assert_eq!(
            text,
            "cannot read the secret: AWS answered 400 AccessDenied: not authorized to perform: secretsmanager:GetSecretValue on resource: …"
        );
    }
}
