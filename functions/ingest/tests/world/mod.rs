//! `ingest` with emulated S3, secrets and X API, all in this process.

use std::time::Duration;

use aws::{Clients, Values};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use chrono::{DateTime, Utc};
use emulators::s3::{ACCESS_KEY, EmbeddedS3, IN_PROCESS_ENDPOINT, InProcess, SECRET_KEY};
use emulators::secrets::Secrets;
use emulators::server::answer_aws;
use emulators::x_api::{Corpus, Options, XEmulator};
use ingest::{CURSOR_KEY, Config, DEFAULT_QUERY, Ingest, Invocation, Preview, TIMEOUTS, Wire, answer};
use lambda_runtime::Diagnostic;
use serde_json::Value;

pub const RAW: &str = "xpto-raw";
pub const SECRET: &str = "xpto/x-bearer-token";

pub fn now() -> DateTime<Utc> {
    "2026-11-23T21:05:30Z".parse().unwrap()
}

pub fn invocation() -> Invocation {
    Invocation::new(now(), Duration::from_mins(1))
}

/// The function with an in-process S3, secrets and X API.
pub struct World {
    ingest: Result<Ingest, ingest::Error>,
    clients: Clients,
    pub secrets: Secrets,
    pub x_api: XEmulator,
}

impl World {
    pub fn new() -> Self {
        Self::build(None)
    }

    /// The same with an X API at this address, over HTTP.
    pub fn over_http(base_url: &str) -> Self {
        Self::build(Some(base_url))
    }

    fn build(base_url: Option<&str>) -> Self {
        let (s3, secrets) = (EmbeddedS3::in_memory(now), Secrets::new());
        s3.create_bucket(RAW).unwrap();
        let held = secrets.clone();
        let wire = InProcess::new(move |request| {
            let (s3, secrets) = (s3.clone(), held.clone());
            async move { Ok(answer_aws(&s3, &secrets, request).await) }
        });
        let values = Values {
            http_client: SharedHttpClient::new(wire),
            endpoint_url: IN_PROCESS_ENDPOINT.to_owned(),
            access_key: ACCESS_KEY,
            secret_key: SECRET_KEY,
        };
        let clients = Clients::from_values(values, TIMEOUTS);
        let x_api = XEmulator::new(Corpus::seeded(1), Options::default());
        let variables = [
            ("RAW_BUCKET", RAW),
            ("X_SECRET_ID", SECRET),
            ("SEARCH_QUERY", DEFAULT_QUERY),
            ("X_API_BASE_URL", base_url.unwrap_or_default()),
        ];
        let config = Config::from_env(|name| lookup(&variables, name)).unwrap();
        let wire = match base_url {
            None => Wire::InProcess(x_api.service(now)),
            Some(_) => Wire::http(&config.x_api_base_url).unwrap(),
        };
        let ingest = Ok(Ingest::new(config, &clients, wire));
        Self { ingest, clients, secrets, x_api }
    }

    pub async fn invoke(&self) -> Result<Value, Diagnostic> {
        answer(&self.ingest, invocation(), 1, |_| ()).await
    }

    pub async fn preview(&self) -> Result<Preview, ingest::Error> {
        self.ingest.as_ref().unwrap().preview(now()).await
    }

    pub async fn cursor(&self) -> Value {
        let object = self.clients.store(RAW).get(CURSOR_KEY, 64 << 10).await.unwrap().unwrap();
        serde_json::from_slice(&object.body).unwrap()
    }

    pub async fn has_cursor(&self) -> bool {
        self.clients.store(RAW).head(CURSOR_KEY).await.unwrap().is_some()
    }
}

pub fn lookup(variables: &[(&str, &str)], name: &str) -> Option<String> {
    variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}
