//! What an invocation writes to the log, and what it never does (INV-7).

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use lambda_runtime::tracing::Level;
use lambda_runtime::tracing::subscriber::fmt;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt as _;
use serde_json::{Value, json};
use world::{RAW, World, document, notification, queue};

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

impl Log {
    /// Lines as JSON, of those that log under a target to look at.
    fn lines(&self, is_of_interest: impl Fn(&str) -> bool) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| is_of_interest(line["target"].as_str().unwrap())).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn one_line_an_invocation_one_for_each_failure_and_no_text_of_a_tweet() {
    let log = Log::default();
    let writer = log.clone();
    let _guard = fmt().json().with_max_level(Level::DEBUG).with_writer(move || writer.clone()).set_default();

    let world = World::new();
    world.put_raw("tweets/good.json", document(7)).await;
    world.put_raw("tweets/cut.json", document(7)[..75].to_owned()).await;
    let messages = [notification(RAW, "tweets/good.json"), notification(RAW, "tweets/cut.json"), json!("segredo")];
    world.handle(queue(&messages)).await.unwrap();
    world.handle(json!({"segredo": "segredo"})).await.unwrap_err();

    let ours = log.lines(|target| target.starts_with("refine"));
    let told: Vec<_> = ours
        .iter()
        .map(|line| {
            let fields = &line["fields"];
            let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
            (line["level"].as_str().unwrap().to_owned(), text("message"), text("error_type"), text("key"))
        })
        .collect();
    let told: Vec<_> = told.iter().map(|(a, b, c, d)| (a.as_str(), b.as_str(), c.as_str(), d.as_str())).collect();
    assert_eq!(
        told,
        [
            ("ERROR", "message rejected", "EventUnknown", ""),
            ("DEBUG", "object refined", "", "tweets/good.json"),
            ("ERROR", "object rejected", "RawRejected", "tweets/cut.json"),
            ("INFO", "refine finished", "", ""),
            ("ERROR", "refine failed", "EventUnknown", ""),
        ]
    );
    let finished = &ours[3]["fields"];
    assert_eq!((&finished["messages"], &finished["rows"], &finished["failures"]), (&json!(3), &json!(1), &json!(2)));
    // The name of a field is shape, and told; what a tweet or a message says is not, neither by us nor by the SDK.
    for line in log.lines(|target| !target.starts_with("s3s")) {
        let line = line.to_string().replace("an object of `segredo`", "");
        assert!(!line.contains("segredo"), "{line}");
    }
}
