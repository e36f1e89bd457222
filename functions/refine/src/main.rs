//! The bootstrap that Lambda starts.

use std::time::SystemTime;

use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn, tracing};
use refine::{Refine, handle};
use serde_json::Value;
use tokio::time::Instant;

#[expect(clippy::disallowed_methods, reason = "main is where the environment is read")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber(); // format and level: LoggingConfig in template.yaml
    // A bad configuration is kept and answered to every invocation: an error out of `main` has no type on Lambda.
    let refine = &Refine::connect(|name| std::env::var(name).ok()).await;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        match refine {
            Ok(refine) => handle(refine, event.payload, Instant::now() + left).await,
            Err(error) => Err(refine::unconfigured(error)),
        }
        // The runtime logs what it is given once more, with `Debug`: this type holds the message and nothing behind it.
        .map_err(Diagnostic::from)
    }))
    .await
}
