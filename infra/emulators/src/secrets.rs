//! The one operation of AWS Secrets Manager that the pipeline uses: `GetSecretValue`.
//!
//! Signatures are not verified: the user of the emulator supplies its secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::s3::InProcess;

/// Distinguishes a request of Secrets Manager from one of S3: it names the operation.
pub(crate) const TARGET_HEADER: &str = "x-amz-target";
const GET_SECRET_VALUE: &str = "secretsmanager.GetSecretValue";
const ARN_PREFIX: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";
/// AWS adds a hyphen and six random characters to the name in an ARN.
const ARN_SUFFIX: &str = "-local0";
/// The stage of the current value; the only stage here.
const CURRENT: &str = "AWSCURRENT";
/// On AWS an id has the shape of a UUID and changes with the value; here there is only one version.
const VERSION_ID: &str = "00000000-0000-4000-8000-000000000000";

/// The state of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// No secret has this name.
    Missing,
    /// Created, but without a value: the state after a first deployment.
    NoValue,
    /// The current value.
    Value(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::NoValue => "NoValue",
            Self::Value(_) => "Value(..)",
        })
    }
}

/// Secrets by name. Clones hold the same secrets.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    by_name: Arc<RwLock<BTreeMap<String, Secret>>>,
}

impl Secrets {
    /// Creates an empty set of secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets or rotates the secret called `name`, a plain name or an ARN; the next call sees it.
    ///
    /// A secret set by its name is also found by an ARN of that name, whatever its partition, region and account.
    pub fn set(&self, name: impl Into<String>, secret: Secret) {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), secret);
    }

    /// Returns an HTTP client for `aws_sdk_secretsmanager::Config` that reaches these secrets without a socket.
    pub fn http_client(&self) -> SharedHttpClient {
        let secrets = self.clone();
        SharedHttpClient::new(InProcess::new(move |request| {
            let secrets = secrets.clone();
            async move { Ok(secrets.call(request).await) }
        }))
    }

    /// Answers one request of the JSON 1.1 protocol; a failure is an error of Secrets Manager in the response.
    #[expect(clippy::unused_async, reason = "the same shape as the other emulators, for the server and the wire")]
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.answer(&request) {
            Ok(secret) => response(StatusCode::OK, &secret),
            Err((error_type, message)) => response(StatusCode::BAD_REQUEST, &json!({ "__type": error_type, "Message": message })),
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Value, (&'static str, String)> {
        let target = request.headers().get(TARGET_HEADER).and_then(|target| target.to_str().ok()).unwrap_or_default();
        if target != GET_SECRET_VALUE {
            return Err(("UnknownOperationException", format!("this local Secrets Manager only supports {GET_SECRET_VALUE}")));
        }
        let input: GetSecretValue = serde_json::from_slice(request.body())
            .map_err(|_| ("SerializationException", "the request is not a JSON object with a SecretId".to_owned()))?;
        let (name, secret) = self.find(&input.secret_id);
        let not_found = |message: &str| Err(("ResourceNotFoundException", message.to_owned()));
        let value = match secret {
            Secret::Missing => return not_found("Secrets Manager can't find the specified secret."),
            Secret::Value(value) if input.version_stage == CURRENT => value,
            Secret::Value(_) | Secret::NoValue => {
                return not_found(&format!(
                    "Secrets Manager can't find the specified secret value for staging label: {}",
                    input.version_stage
                ));
            }
        };
        let arn = if name.starts_with("arn:") { name.clone() } else { format!("{ARN_PREFIX}{name}{ARN_SUFFIX}") };
        let name = name_in_arn(&name).map_or(name.as_str(), |(_, name)| name);
        Ok(json!({
            "ARN": arn, "Name": name, "SecretString": value, "VersionId": VERSION_ID, "VersionStages": [CURRENT],
        }))
    }

    fn find(&self, id: &str) -> (String, Secret) {
        let secrets = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let names = name_in_arn(id).map_or([id; 3], |(whole, short)| [id, whole, short]);
        let found = names.into_iter().find_map(|name| Some((name.to_owned(), secrets.get(name)?.clone())));
        found.unwrap_or((id.to_owned(), Secret::Missing))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
    #[serde(default = "current")]
    version_stage: String,
}

fn current() -> String {
    CURRENT.to_owned()
}

/// Returns the end of an ARN, unchanged and without the hyphen and six characters that AWS adds to the name.
fn name_in_arn(arn: &str) -> Option<(&str, &str)> {
    let (_, name) = arn.strip_prefix("arn:")?.split_once(":secret:")?;
    let short = name.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 6).map_or(name, |(short, _)| short);
    Some((name, short))
}

fn response(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    response
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::Client;
    use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Credentials, Region};
    use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;

    use super::*;
    use crate::s3::IN_PROCESS_ENDPOINT;

    fn client(secrets: &Secrets) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .endpoint_url(IN_PROCESS_ENDPOINT)
            .http_client(secrets.http_client());
        Client::from_conf(config.build())
    }

    /// Returns the value, or the error's code and message.
    async fn get(client: &Client, id: &str) -> Result<String, (String, String)> {
        match client.get_secret_value().secret_id(id).send().await {
            Ok(secret) => Ok(secret.secret_string.unwrap()),
            Err(error) => {
                let error = error.into_service_error();
                Err((error.code().unwrap().to_owned(), error.message().unwrap().to_owned()))
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_state_of_a_secret_has_the_answer_of_aws() {
        let secrets = Secrets::new();
        let client = client(&secrets);
        let not_found = |message: &str| Err(("ResourceNotFoundException".to_owned(), message.to_owned()));
        let missing = not_found("Secrets Manager can't find the specified secret.");
        let no_value = not_found("Secrets Manager can't find the specified secret value for staging label: AWSCURRENT");
        assert_eq!(get(&client, "x-token").await, missing);
        for (secret, want) in [
            (Secret::NoValue, no_value),
            (Secret::Value("one".into()), Ok("one".to_owned())),
            (Secret::Value("two".into()), Ok("two".to_owned())),
            (Secret::Missing, missing),
        ] {
            secrets.set("x-token", secret);
            assert_eq!(get(&client, "x-token").await, want);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_found_by_its_arn() {
        let secrets = Secrets::new();
        secrets.set("prod/x-token", Secret::Value("named".into()));
        secrets.set("arn:aws:secretsmanager:sa-east-1:123456789012:secret:other-AbCdEf", Secret::Value("arn".into()));
        let client = client(&secrets);
        let arn = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:";
        assert_eq!(get(&client, &format!("{arn}prod/x-token-AbCdEf")).await.as_deref(), Ok("named"));
        assert_eq!(get(&client, &format!("{arn}prod/x-token")).await.as_deref(), Ok("named"));
        assert_eq!(get(&client, "arn:aws:secretsmanager:sa-east-1:123456789012:secret:other-AbCdEf").await.as_deref(), Ok("arn"));
        let named = client.get_secret_value().secret_id("prod/x-token").send().await.unwrap();
        assert_eq!(named.name(), Some("prod/x-token"));
        assert_eq!(get(&client, named.arn().unwrap()).await.as_deref(), Ok("named"));
        let previous = client.get_secret_value().secret_id("prod/x-token").version_stage("AWSPREVIOUS").send().await;
        assert!(previous.unwrap_err().into_service_error().is_resource_not_found_exception());
    }

    #[tokio::test]
    async fn any_other_call_is_refused() {
        for (target, body, want) in [
            ("secretsmanager.PutSecretValue", "{}", "UnknownOperationException"),
            (GET_SECRET_VALUE, "{}", "SerializationException"),
            (GET_SECRET_VALUE, "not json", "SerializationException"),
        ] {
            let request = Request::post("/").header(TARGET_HEADER, target).body(Bytes::from(body)).unwrap();
            let response = Secrets::new().call(request).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            let answer: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(answer["__type"], want);
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secrets = Secrets::new();
        secrets.set("name", Secret::Value("s3cr3t".into()));
        assert!(!format!("{secrets:?}").contains("s3cr3t"));
    }
}
