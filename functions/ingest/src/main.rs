//! Entry point of the Lambda function `ingest`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::SystemTime;

use chrono::Utc;
use ingest::{Ingest, Invocation, answer};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};
use metrics::Line;
use serde_json::Value;

#[expect(clippy::disallowed_methods, reason = "main is where the environment and the clock are read")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber(); // format and level: LoggingConfig in template.yaml
    // Keep a configuration error and return it to every invocation: Lambda assigns no error type to an
    // error returned by `main`.
    let ingest = &Ingest::connect(|name| std::env::var(name).ok()).await;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let left = lambda::time_left(event.context.deadline(), SystemTime::now());
        let owner = RandomState::new().build_hasher().finish(); // 64 random bits, unique to the invocation
        let emit = |line: Line| println!("{}", line.to_emf(&event.context.env_config.function_name));
        answer(ingest, Invocation::new(Utc::now(), left), owner, emit).await
    }))
    .await
}
