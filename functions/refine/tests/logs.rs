//! What an invocation writes to the log, and what it never writes (INV-7).

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use lambda_runtime::tracing::Level;
use lambda_runtime::tracing::subscriber::fmt;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt as _;
use serde_json::{Value, json};
use world::{RAW, REF, World, document, failures, notification, queue};

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
    /// Returns the log lines of the selected targets, parsed as JSON.
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
    world.put_raw("tweets/odd.json", r#"{"data":[{"id":"2124866860615730001","text":"segredo","lang":["segredo"]}]}"#.to_owned()).await;
    world.put_raw("tweets/._good.json", "segredo".to_owned()).await;
    let names = ["tweets/good.json", "tweets/cut.json", "tweets/odd.json", "tweets/._good.json"];
    let messages: Vec<Value> = names.map(|key| notification(RAW, key)).into_iter().chain([json!("segredo")]).collect();
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
            ("WARN", "object ignored: not a RAW file", "", "tweets/._good.json"),
            ("DEBUG", "object refined", "", "tweets/good.json"),
            ("ERROR", "object rejected", "RawRejected", "tweets/cut.json"),
            ("WARN", "malformed values read as null", "", "tweets/odd.json"),
            ("DEBUG", "object refined", "", "tweets/odd.json"),
            ("INFO", "refine finished", "", ""),
            ("ERROR", "refine failed", "EventUnknown", ""),
        ]
    );
    assert_eq!(ours[4]["fields"]["examples"], "data[0].lang: an array; data[0].created_at: missing");
    let finished = &ours[6]["fields"];
    assert_eq!((&finished["messages"], &finished["rows"], &finished["failures"]), (&json!(5), &json!(2), &json!(2)));
    assert_eq!((&finished["ignored"], &finished["malformed_fields"]), (&json!(1), &json!(r#"{"created_at":1,"lang":1}"#)));
    // A failed line has the fields of a finished one. `malformed_fields` is absent where there are none.
    let names = |line: &Value| line["fields"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let (finished, failed) = (names(&ours[6]), names(&ours[7]));
    assert_eq!(finished.symmetric_difference(&failed).collect::<Vec<_>>(), ["error", "error_type", "malformed_fields"]);
    // Field names are part of the shape and are logged. The content of a tweet or a message is not,
    // neither by us nor by the SDK.
    for line in log.lines(|target| !target.starts_with("s3s")) {
        let line = line.to_string().replace("an object of `segredo`", "");
        assert!(!line.contains("segredo"), "{line}");
    }
}

/// RAW files that are rejected: key, body and error type.
fn bad_files() -> Vec<(&'static str, String, &'static str)> {
    let tweet = |fields: &str| format!(r#"{{"data":[{{{fields},"text":"segredo"}}]}}"#);
    vec![
        ("tweets/empty.json", String::new(), "RawRejected"),
        ("tweets/cut.json", document(7)[..75].to_owned(), "RawRejected"),
        ("tweets/words.json", "segredo".to_owned(), "RawRejected"),
        ("tweets/page.json", "<!DOCTYPE html><p>segredo".to_owned(), "RawRejected"),
        ("tweets/large.json", "segredo ".repeat(1024 * 1024 + 1), "RawTooLarge"),
        ("tweets/no id.json", tweet(r#""created_at":"2026-11-23T14:05:00Z""#), "RawRejected"),
        ("tweets/1601.json", tweet(r#""id":"2","created_at":"1601-01-01T00:00:00Z""#), "RawRejected"),
        ("tweets/20 digits.json", tweet(r#""id":"12345678901234567890","created_at":"2026-11-23T14:05:00Z""#), "RawRejected"),
        ("tweets/deep.json", format!(r#"{{"meta":{}"#, r#"{"fundo":["#.repeat(100_000)), "RawRejected"), // the path is reported
        ("state/ingest.json", document(8), "KeyOutsideRaw"),
    ]
}

/// Checks INV-5: a bad file or message fails alone, is kept where it is, and is named and counted.
#[tokio::test(start_paused = true)]
async fn everything_bad_in_one_batch_fails_alone_and_is_kept_and_named() {
    let log = Log::default();
    let writer = log.clone();
    let _guard = fmt().json().with_max_level(Level::DEBUG).with_writer(move || writer.clone()).set_default();

    let files = bad_files();
    let world = World::new();
    for (key, body, _) in &files {
        world.put_raw(key, body.clone()).await;
    }
    world.put_raw("tweets/good.json", document(7)).await;
    // Good files come first, in the middle and last.
    let mut messages = vec![notification(RAW, "tweets/good.json")];
    let mut want: Vec<(&str, &str)> = files.iter().map(|(key, _, error_type)| (*key, *error_type)).collect();
    messages.extend(files.iter().map(|(key, ..)| notification(RAW, key)));
    messages.push(notification(RAW, "tweets/good.json"));
    messages.extend([
        notification(RAW, "tweets/gone.json"),
        notification("another-bucket", "tweets/any.json"),
        notification(REF, "tweets/any.parquet"),
        json!("segredo"),
        notification(RAW, "tweets/good.json"),
    ]);
    want.extend([
        ("tweets/gone.json", "RawMissing"),
        ("tweets/any.json", "RawUnreadable"),
        ("tweets/any.parquet", "BucketIsRef"),
        ("", "EventUnknown"),
    ]);

    let answer = world.handle(queue(&messages)).await.unwrap();
    assert_eq!(answer, failures(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "13", "14", "15"]));
    assert_eq!(world.written(), ["tweets/ano=2026/mes=11/dia=23/good.json.parquet"], "the rest of the batch is done");
    for (key, body, _) in &files {
        assert_eq!(world.get_raw(key).await, body.as_bytes(), "{key} is kept as it was");
    }
    let ours = log.lines(|target| target.starts_with("refine"));
    let text = |line: &Value, name: &str| line["fields"][name].as_str().unwrap_or_default().to_owned();
    let errors = ours.iter().filter(|line| line["level"] == "ERROR");
    let mut told: Vec<(String, String)> = errors.map(|line| (text(line, "key"), text(line, "error_type"))).collect();
    let mut want: Vec<(String, String)> = want.into_iter().map(|(key, error_type)| (key.to_owned(), error_type.to_owned())).collect();
    told.sort();
    want.sort();
    assert_eq!(told, want, "each is named once, with its type");
    assert_eq!(ours.last().unwrap()["fields"]["failures"], json!(14), "and counted");
    for line in log.lines(|target| !target.starts_with("s3s")) {
        assert!(!line.to_string().contains("segredo"), "{line}");
    }
}
