use aws_sdk_secretsmanager::Client;

use crate::Error;

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
                _ => Err(Error::new("read", format!("secret {id}"), error)),
            },
        }
    }
}
