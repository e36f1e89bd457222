use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::retry::RetryPartition;
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::{Secrets, Store};

/// Timeouts of AWS calls. The SDK's defaults limit neither an attempt nor an operation.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Opening a connection.
    pub connect: Duration,
    /// One attempt: from sending the request to its response.
    pub attempt: Duration,
    /// All attempts of one operation; applied a second time to reading the response body.
    pub operation: Duration,
}

/// Attempts of one operation, including the first.
const ATTEMPTS_MAX: u32 = 2;

/// The SDK's clients, with one configuration.
#[derive(Clone, Debug)]
pub struct Clients {
    s3: aws_sdk_s3::Client,
    secrets: aws_sdk_secretsmanager::Client,
    operation: Duration,
}

/// A configuration built from values only: no profile, environment variable or metadata service can redirect it.
#[derive(Clone, Debug)]
pub struct Values {
    /// The HTTP client that sends the requests.
    pub http_client: SharedHttpClient,
    /// The endpoint: an `http://127.0.0.1` address.
    pub endpoint_url: String,
    /// Access key id.
    pub access_key: &'static str,
    /// Secret access key.
    pub secret_key: &'static str,
}

impl Clients {
    /// Creates clients from the region, credentials and endpoints of the environment, read the way every AWS SDK reads them.
    ///
    /// `var` is used for the two endpoint variables only. If either is set, S3 uses path-style addressing, because a bucket
    /// is not a host name on another server.
    pub async fn from_environment(var: impl Fn(&str) -> Option<String>, timeouts: Timeouts) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeout_config(timeouts))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
            .load()
            .await;
        let has_endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].into_iter().any(|name| var(name).is_some());
        Self::new(&config, has_endpoint, timeouts, None)
    }

    /// Creates clients for a local server.
    pub fn from_values(values: Values, timeouts: Timeouts) -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                values.access_key,
                values.secret_key,
                None,
                None,
                "values",
            )))
            .endpoint_url(values.endpoint_url)
            .http_client(values.http_client)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .timeout_config(timeout_config(timeouts))
            // Backoff spreads the clients of a shared service; a local server has one client. Below a millisecond the jitter
            // disappears in the timer's resolution, so a simulated run is reproducible.
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_initial_backoff(Duration::from_micros(500)))
            .build();
        // By default all clients of a process share one retry quota; simulated worlds must not affect each other.
        Self::new(&config, true, timeouts, Some(RetryPartition::custom("values").build()))
    }

    fn new(config: &SdkConfig, path_style: bool, timeouts: Timeouts, retries: Option<RetryPartition>) -> Self {
        let mut s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(path_style);
        s3.set_retry_partition(retries.clone());
        let mut secrets = aws_sdk_secretsmanager::config::Builder::from(config);
        secrets.set_retry_partition(retries);
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            secrets: aws_sdk_secretsmanager::Client::from_conf(secrets.build()),
            operation: timeouts.operation,
        }
    }

    /// Returns a store for the objects of one bucket.
    pub fn store(&self, bucket: impl Into<String>) -> Store {
        Store::new(self.s3.clone(), bucket.into(), self.operation)
    }

    /// Returns the Secrets Manager client.
    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.secrets.clone())
    }
}

fn timeout_config(timeouts: Timeouts) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(timeouts.connect)
        .operation_attempt_timeout(timeouts.attempt)
        .operation_timeout(timeouts.operation)
        .build()
}
