//! The function with an in-process S3: the real SDK, no socket, tokio's clock.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::{Clients, Condition, Put, Store, Values};
use bytes::Bytes;
use chrono::DateTime;
use emulators::s3::{ACCESS_KEY, EmbeddedS3, IN_PROCESS_ENDPOINT, InProcess, SECRET_KEY};
use metrics::Line;
use refine::{Config, Error, Invocation, Refine, TIMEOUTS, handle};
use serde_json::{Value, json};
use tweets::Years;

pub const RAW: &str = "xpto-raw";
pub const REF: &str = "xpto-ref";
/// Start time of every invocation.
pub const NOW: &str = "2026-11-23T14:20:00Z";

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It is answered after this delay.
    Answered(Duration),
    /// It is executed, but its response is lost.
    AnswerLost,
    /// It is refused with this status.
    Refused(u16),
}

type Rule = dyn Fn(&http::Method, &str) -> Fate + Send + Sync;

pub struct World {
    pub refine: Refine,
    raw: Store,
    reference: Store,
    rule: Arc<Mutex<Box<Rule>>>,
    created: Arc<Mutex<Vec<String>>>,
    metrics: Mutex<Vec<Line>>,
}

impl World {
    /// Creates two empty buckets.
    pub fn new() -> Self {
        let s3 = EmbeddedS3::in_memory(DateTime::default);
        s3.create_bucket(RAW).unwrap();
        s3.create_bucket(REF).unwrap();
        let created = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&created);
        s3.on_object_created(move |object| {
            if object.bucket == REF {
                seen.lock().unwrap().push(object.key.clone());
            }
        });
        let rule: Arc<Mutex<Box<Rule>>> = Arc::new(Mutex::new(Box::new(|_, _| Fate::Answered(Duration::ZERO))));
        let ruled = Arc::clone(&rule);
        let wire = InProcess::new(move |request: http::Request<Bytes>| {
            let fate = ruled.lock().unwrap()(request.method(), request.uri().path());
            let s3 = s3.clone();
            async move {
                match fate {
                    Fate::Answered(after) => {
                        tokio::time::sleep(after).await;
                        Ok(s3.call(request).await)
                    }
                    Fate::AnswerLost => {
                        s3.call(request).await;
                        Err(io::Error::from(io::ErrorKind::ConnectionReset).into())
                    }
                    Fate::Refused(status) => Ok(http::Response::builder().status(status).body(Bytes::new())?),
                }
            }
        });
        let clients = Clients::from_values(
            Values {
                http_client: aws_smithy_runtime_api::client::http::SharedHttpClient::new(wire),
                endpoint_url: IN_PROCESS_ENDPOINT.to_owned(),
                access_key: ACCESS_KEY,
                secret_key: SECRET_KEY,
            },
            TIMEOUTS,
        );
        let refine = Refine::new(&clients, Config { ref_bucket: REF.to_owned(), table_years: Years::DEFAULT });
        Self { refine, raw: clients.store(RAW), reference: clients.store(REF), rule, created, metrics: Mutex::default() }
    }

    /// Sets the fate of all further requests. `rule` receives the method and the path.
    pub fn rule(&self, rule: impl Fn(&http::Method, &str) -> Fate + Send + Sync + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    pub async fn put_raw(&self, key: &str, body: impl Into<Bytes>) {
        let put = self.raw.put(key, body.into(), "application/json", BTreeMap::new().into_iter().collect(), &Condition::Absent);
        assert!(matches!(put.await.unwrap(), Put::Written(_)), "{key}");
    }

    pub async fn get_raw(&self, key: &str) -> Bytes {
        self.raw.get(key, u64::MAX).await.unwrap().unwrap().body
    }

    /// Writes a REF object as another version of `refine` would have.
    pub async fn put_ref(&self, key: &str, body: &'static str, versions: [(&str, &str); 2]) {
        let metadata = versions.map(|(name, version)| (name.to_owned(), version.to_owned())).into();
        self.reference.put(key, Bytes::from_static(body.as_bytes()), "text/plain", metadata, &Condition::Absent).await.unwrap();
    }

    pub async fn get_ref(&self, key: &str) -> Bytes {
        self.reference.get(key, u64::MAX).await.unwrap().unwrap().body
    }

    pub async fn ref_metadata(&self, key: &str) -> BTreeMap<String, String> {
        self.reference.head(key).await.unwrap().unwrap().metadata.into_iter().collect()
    }

    /// Returns the keys written to REF so far, in order. A key written twice appears twice.
    pub fn written(&self) -> Vec<String> {
        self.created.lock().unwrap().clone()
    }

    /// Runs an invocation with one minute left.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        self.handle_within(event, Duration::from_mins(1)).await
    }

    /// Runs an invocation with `left` remaining, at [`NOW`].
    pub async fn handle_within(&self, event: Value, left: Duration) -> Result<Value, Error> {
        let invocation = Invocation::new(NOW.parse().unwrap(), left);
        handle(&self.refine, event, invocation, |line| self.metrics.lock().unwrap().push(line)).await
    }

    /// Returns the metrics emitted since the last call.
    pub fn metrics(&self) -> Vec<Line> {
        std::mem::take(&mut *self.metrics.lock().unwrap())
    }
}

/// Returns a document with one tweet.
pub fn document(id: u64) -> String {
    json!({"data": [{"id": id.to_string(), "created_at": "2026-11-23T14:05:00.000Z", "text": "segredo :)"}]}).to_string()
}

/// Returns a notification, for use as the body of a message or on its own.
pub fn notification(bucket: &str, key: &str) -> Value {
    json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]})
}

/// Returns a batch of messages with the ids `0`, `1` and so on.
pub fn queue<'a>(bodies: impl IntoIterator<Item = &'a Value>) -> Value {
    let message = |(id, body): (usize, &Value)| json!({"messageId": id.to_string(), "eventSource": "aws:sqs", "body": body.to_string()});
    json!({"Records": bodies.into_iter().enumerate().map(message).collect::<Vec<_>>()})
}

/// Returns the answer that asks the queue to repeat these messages.
pub fn failures(ids: &[&str]) -> Value {
    json!({"batchItemFailures": ids.iter().map(|id| json!({"itemIdentifier": id})).collect::<Vec<_>>()})
}
