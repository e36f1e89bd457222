//! What a run writes to the log. One test, because a subscriber of one thread misses lines that another thread logs first.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use emulators::secrets::Secret;
use emulators::x_api::EMULATOR_TOKEN;
use lambda_runtime::tracing::Level;
use lambda_runtime::tracing::subscriber::fmt;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt as _;
use serde_json::Value;

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use world::{SECRET, World};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_without_a_token_is_told_by_name_and_its_text_never() {
    let log = Log::default();
    let writer = log.clone();
    let _guard = fmt().json().with_max_level(Level::TRACE).with_writer(move || writer.clone()).set_default();

    let invalid = "secret `xpto/x-bearer-token` holds no token; store {\"bearer_token\": \"…\"} or the bare token";
    for (secret, error_type, message) in [
        (
            Secret::Missing,
            "SecretMissing",
            "the secret that X_SECRET_ID names does not exist; deploy the template, which creates it, or correct X_SECRET_ID",
        ),
        (
            Secret::NoValue,
            "SecretEmpty",
            "secret `xpto/x-bearer-token` has no value yet; store the token with: aws secretsmanager put-secret-value --secret-id xpto/x-bearer-token --secret-string file://token.txt",
        ),
        (Secret::Value(r#"{"bearer_token": "segredo"#.into()), "SecretInvalid", invalid), // not JSON
        (Secret::Value("segredo em duas palavras".into()), "SecretInvalid", invalid),
        (Secret::Value(r#"{"token": "segredo"}"#.into()), "SecretInvalid", invalid),
        (Secret::Value(r#"{"bearer_token": {"segredo": 1}}"#.into()), "SecretInvalid", invalid),
        (Secret::Value(r#"{"bearer_token": ""}"#.into()), "SecretInvalid", invalid),
        (Secret::Value("[\"segredo\"]".into()), "SecretInvalid", invalid),
        (Secret::Value(String::new()), "SecretInvalid", invalid),
    ] {
        let world = World::new();
        world.secrets.set(SECRET, secret.clone());
        for _ in 0..2 {
            let told = world.invoke().await.unwrap_err();
            assert_eq!((told.error_type.as_str(), told.error_message.as_str()), (error_type, message), "{secret:?}");
        }
        assert_eq!(world.x_api.served().requests, 0, "{secret:?}: X was asked without a token");
        assert!(!world.has_cursor().await, "{secret:?}: something was written");

        world.secrets.set(SECRET, Secret::Value(EMULATOR_TOKEN.into()));
        assert_eq!(world.invoke().await.unwrap()["status"], "complete", "{secret:?}: the same process goes on");
    }
    // Only logs of `ingest` count: the emulators are not part of the function, and the in-process wire has no TLS.
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(|line| {
        let target = line["target"].as_str().unwrap();
        target.starts_with("ingest") && line["level"] != "TRACE"
    });
    let ours: Vec<Value> = ours.collect();
    let names = |message: &str| {
        let line = ours.iter().find(|line| line["fields"]["message"] == message).expect("both are logged");
        line["fields"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>()
    };
    let (finished, failed) = (names("ingest finished"), names("ingest failed"));
    assert_eq!(finished.symmetric_difference(&failed).collect::<Vec<_>>(), ["error", "error_type"], "a failed line has the same fields");
    for line in ours.iter().map(Value::to_string) {
        assert!(!line.contains("segredo") && !line.contains(EMULATOR_TOKEN), "{line}");
    }
}
