//! Invocations, from the event to the contents of REF.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use expect_test::expect;
use rows::{LEXICON_VERSION, REFINE_VERSION};
use serde_json::{Value, json};
use tweets::Years;
use world::{RAW, REF, World, document, failures, notification, queue};

const KEY: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_7_7.json";
const REF_KEY: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_7_7.parquet";

macro_rules! sample {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../events/", $name))).unwrap()
    };
}

/// The sample events and, in `raw/`, the RAW files that they name.
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");

const FIRST: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_2124866860615730246_2124870575825357463.json";
const SECOND: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-20Z_2124870600072626909_2124874278921832390.json";
const BY_HAND: &str = "tweets/by hand/presidência + ação.json";
const FIRST_REF: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_2124866860615730246_2124870575825357463.parquet";
const BY_HAND_REF: &str = "tweets/ano=2026/mes=11/dia=23/by%20hand%2Fpresid%C3%AAncia%20%2B%20a%C3%A7%C3%A3o.json.parquet";

#[tokio::test(start_paused = true)]
async fn the_samples_do_what_they_are_named_for() {
    for (event, want, written) in [
        (sample!("s3-put.json"), None, vec![FIRST_REF]),
        (sample!("eventbridge-object-created.json"), None, vec![BY_HAND_REF]),
        (sample!("s3-test-event.json"), None, vec![]),
        (sample!("reprocess.json"), None, vec![FIRST_REF]),
        (sample!("sqs-two-puts.json"), Some(failures(&[])), vec![FIRST_REF, BY_HAND_REF]),
        (sample!("sqs-one-bad-file.json"), Some(failures(&["c80e8021-a70a-42c7-a470-796e1186f753"])), vec![FIRST_REF]),
    ] {
        let world = World::new();
        for key in [FIRST, SECOND, BY_HAND] {
            world.put_raw(key, std::fs::read(format!("{SAMPLES}/raw/{key}")).unwrap()).await;
        }
        let answer = world.handle(event.clone()).await.unwrap();
        assert_eq!(world.written(), written, "{event}");
        assert_eq!(want.unwrap_or_else(|| answer.clone()), answer, "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_the_answer_is_the_summary() {
    let world = World::new();
    world.put_raw(KEY, document(7)).await;
    let answer = world.handle(notification(RAW, KEY)).await.unwrap();
    expect![[r#"{"backfill_rows":0,"failures":0,"files_created":1,"files_replaced":0,"files_unchanged":0,"ignored":0,"malformed_fields":{},"messages":0,"negativo":0,"neutro":0,"objects":1,"positivo":1,"raw_bytes":81,"rejected":0,"rows":1}"#]]
        .assert_eq(&without(answer, "ref_bytes").to_string());
}

fn without(mut answer: Value, field: &str) -> Value {
    answer.as_object_mut().unwrap().remove(field).unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn a_repeated_delivery_finds_its_file_stored() {
    let world = World::new();
    world.put_raw(KEY, document(7)).await;
    let notification = notification(RAW, KEY);
    // Concurrently in one batch, and in a later batch.
    assert_eq!(world.handle(queue([&notification; 5])).await.unwrap(), failures(&[]));
    let first = world.get_ref(REF_KEY).await;
    let answer = world.handle(notification).await.unwrap();
    assert_eq!((&answer["files_unchanged"], &answer["rows"]), (&json!(1), &json!(0)));
    assert_eq!(world.get_ref(REF_KEY).await, first);
    assert_eq!(world.written(), [REF_KEY]);
}

#[tokio::test(start_paused = true)]
async fn what_another_version_wrote_is_replaced_and_not_counted_again() {
    for (refine_version, lexicon_version, want) in [
        (REFINE_VERSION, LEXICON_VERSION, "files_unchanged"),
        ("0.0.1", LEXICON_VERSION, "files_replaced"),
        (REFINE_VERSION, "0", "files_replaced"),
    ] {
        let world = World::new();
        world.put_raw(KEY, document(7)).await;
        world.put_ref(REF_KEY, "old", [("refine-version", refine_version), ("lexicon-version", lexicon_version)]).await;
        let answer = world.handle(notification(RAW, KEY)).await.unwrap();
        assert_eq!((&answer[want], &answer["rows"]), (&json!(1), &json!(0)), "{refine_version} {lexicon_version}");
        let is_replaced = want == "files_replaced";
        assert_eq!(world.get_ref(REF_KEY).await != "old", is_replaced);
        let metadata = world.ref_metadata(REF_KEY).await;
        assert_eq!(metadata["refine-version"], REFINE_VERSION);
        assert_eq!(metadata["lexicon-version"], LEXICON_VERSION);
    }
}

#[track_caller]
fn check_error(outcome: Result<Value, refine::Error>, error_type: &str, want: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.error_type(), error_type);
    let diagnostic = lambda_runtime::Diagnostic::from(&error);
    assert_eq!(diagnostic.error_type, error_type);
    assert!(!diagnostic.error_message.contains("segredo"), "{}", diagnostic.error_message);
    assert_eq!(diagnostic.error_message, want);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_a_document_is_rejected_with_the_position() {
    let tweet = |fields: &str| format!(r#"{{"data":[{{"id":"1","created_at":"2026-11-23T14:05:00Z"}},{{{fields},"text":"segredo"}}]}}"#);
    for (body, want) in [
        (String::new(), expect!["not a document of tweets: the file is empty, not an object"]),
        (document(7)[..70].to_owned(), expect!["not a document of tweets: cut off at data[0].text (line 1, column 70)"]),
        ("segredo".to_owned(), expect!["not a document of tweets: not JSON at . (line 1, column 1)"]),
        ("<html>segredo".to_owned(), expect!["not a document of tweets: not JSON at . (line 1, column 1)"]),
        ("[]".to_owned(), expect!["not a document of tweets: the file is an array, not an object"]),
        (
            tweet(r#""created_at":"2026-11-23T14:05:00Z""#),
            expect!["not a document of tweets: `id` of data[1] is missing; an id is a string of digits from 1 to 2^63-1"],
        ),
        (
            tweet(r#""id":"2""#),
            expect![
                "not a document of tweets: data[1] is of the year 2010 by its `id`, and the table has 2024 to 2035; to accept the file as it is, deploy a wider TableYears and redrive the message"
            ],
        ),
        (
            tweet(r#""id":"2","created_at":"1601-01-01T00:00:00Z""#),
            expect![
                "not a document of tweets: data[1] is of the year 1601 by its `created_at`, and the table has 2024 to 2035; to accept the file as it is, deploy a wider TableYears and redrive the message"
            ],
        ),
        (
            tweet(r#""created_at":"2026-11-23T14:05:00Z","id":"12345678901234567890""#),
            expect!["not a document of tweets: `id` of data[1] is a string; an id is a string of digits from 1 to 2^63-1"],
        ),
        (
            format!(r#"{{"data":{}}}"#, "[".repeat(100_000)),
            expect!["not a document of tweets: not JSON at data[0][0] (line 1, column 100009)"],
        ),
        (
            format!(r#"{{"meta":{}}}"#, "[".repeat(100_000)),
            expect!["not a document of tweets: not JSON at meta[0] (line 1, column 100009)"],
        ),
    ] {
        let world = World::new();
        world.put_raw(KEY, body).await;
        let error = world.handle(notification(RAW, KEY)).await.unwrap_err();
        assert_eq!(error.error_type(), "RawRejected", "{error}");
        assert!(!error.chain().contains("segredo"), "{}", error.chain());
        want.assert_eq(&std::error::Error::source(&error).unwrap().to_string());
        assert!(world.written().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_malformed_value_costs_no_row_and_is_counted() {
    let world = World::new();
    let posts = json!([
        {"id": "2124866860615730001", "text": "bom :)", "edit_history_tweet_ids": [""], "lang": 5},
        {"id": "2124866860615730002", "created_at": "2026-11-23T14:05:00Z", "text": ["segredo"], "lang": "pt"},
    ]);
    world.put_raw(KEY, json!({"data": posts, "includes": [], "meta": {"result_count": 3}}).to_string()).await;
    let answer = world.handle(notification(RAW, KEY)).await.unwrap();
    assert_eq!((&answer["rows"], &answer["positivo"]), (&json!(2), &json!(1)));
    let want = json!({"created_at": 1, "edit_history_tweet_ids": 1, "includes": 1, "lang": 1, "result_count": 1, "text": 1});
    assert_eq!(answer["malformed_fields"], want);
    let lines = world.metrics();
    let counted = lines.iter().flat_map(|line| &line.values).find(|(metric, _)| *metric == metrics::Metric::MalformedFields);
    assert_eq!(counted.unwrap().1, json!(6));
}

/// A byte order mark, Latin-1, and a number too large for any type: each costs at most its own value.
#[tokio::test(start_paused = true)]
async fn bytes_that_json_does_not_have_cost_no_row() {
    for (raw, want) in [
        (
            &b"\xef\xbb\xbf{\"data\":[{\"id\":\"2124866860615730001\",\"created_at\":\"2026-11-23T14:05:01Z\",\"text\":\"a\"}]}"[..],
            json!({}),
        ),
        (b"{\"data\":[{\"id\":\"7\",\"created_at\":\"2026-11-23T14:05:01Z\",\"text\":\"a\xe7\xe3o\"}]}", json!({"bytes_not_utf8": 1})),
        (
            b"{\"data\":[{\"id\":\"7\",\"created_at\":\"2026-11-23T14:05:01Z\",\"text\":\"a\",\"public_metrics\":{\"like_count\":1e400}}]}",
            json!({"like_count": 1}),
        ),
    ] {
        let world = World::new();
        world.put_raw(KEY, raw.to_vec()).await;
        let answer = world.handle(notification(RAW, KEY)).await.unwrap();
        assert_eq!((&answer["rows"], &answer["malformed_fields"]), (&json!(1), &want));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_a_raw_file_is_ignored_and_counted() {
    let world = World::new();
    let ignored =
        ["tweets/a.JSON", "tweets/a.jsonl", "tweets/a.json.gz", "tweets/ano=2026/", "tweets/._a.json", "tweets/x/_temporary/0/a.json"];
    let taken = ["tweets/_import/a.json", "tweets/.b/b.json", "tweets/.json"];
    for (key, id) in ignored.into_iter().chain(taken).zip(1..) {
        world.put_raw(key, document(id)).await;
    }
    let messages: Vec<Value> = ignored.iter().chain(&taken).map(|key| notification(RAW, key)).collect();
    assert_eq!(world.handle(queue(&messages)).await.unwrap(), failures(&[]));
    let mut written = world.written();
    written.sort();
    let day = "tweets/ano=2026/mes=11/dia=23";
    assert_eq!(written, ["%2Eb%2Fb.json", "%2Ejson", "%5Fimport%2Fa.json"].map(|stem| format!("{day}/{stem}.parquet")));

    world.put_raw("state/ingest.json", "{}").await;
    let answer = world.handle(json!({"reprocess": {"bucket": RAW, "prefix": ""}})).await.unwrap();
    assert_eq!((&answer["ignored"], &answer["objects"], &answer["failures"]), (&json!(7), &json!(3), &json!(0)), "{answer}");
}

/// X sends one when it cuts a text inside an emoji. The file and all its other tweets must survive.
#[tokio::test(start_paused = true)]
async fn half_a_surrogate_pair_is_read_as_an_unknown_character() {
    let world = World::new();
    let raw = r#"{"data":[{"id":"8","created_at":"2026-11-23T14:05:00Z","text":"RT @a: :) \ud83d…"},{"id":"7","created_at":"2026-11-23T14:05:00Z"}]}"#;
    world.put_raw(KEY, raw.to_owned()).await;
    let answer = world.handle(notification(RAW, KEY)).await.unwrap();
    assert_eq!((&answer["rows"], &answer["positivo"]), (&json!(2), &json!(1)));
    let refined = rows::refine(KEY, raw.as_bytes(), Years::DEFAULT).unwrap();
    assert_eq!(world.get_ref(REF_KEY).await, refined.objects[0].bytes);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let world = World::new();
    world.put_raw(KEY, vec![b' '; 8 * 1024 * 1024 + 1]).await;
    check_error(
        world.handle(notification(RAW, KEY)).await,
        "RawTooLarge",
        "the file is larger than a RAW file can be; split it and delete the message: s3://xpto-raw/tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_7_7.json has 8388609 bytes; the limit is 8388608",
    );
    let exactly = "tweets/exactly.json";
    world.put_raw(exactly, document(7) + &" ".repeat(8 * 1024 * 1024 - document(7).len())).await;
    assert_eq!(world.handle(notification(RAW, exactly)).await.unwrap()["rows"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_asks_for_what_cannot_be_done_is_told_why() {
    let world = World::new();
    world.put_raw("state/ingest.json", document(7)).await;
    check_error(
        world.handle(notification(RAW, "tweets/gone.json")).await,
        "RawMissing",
        "s3://xpto-raw/tweets/gone.json does not exist; restore it and redrive the message, or delete the message",
    );
    check_error(
        world.handle(notification(RAW, "state/ingest.json")).await,
        "KeyOutsideRaw",
        "s3://xpto-raw/state/ingest.json is not a RAW file: RAW files are below `tweets/`; set that prefix on the notification of the bucket",
    );
    check_error(
        world.handle(notification(REF, REF_KEY)).await,
        "BucketIsRef",
        "s3://xpto-ref/tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_7_7.parquet is in REF, the bucket that refine writes to; remove the notification from that bucket",
    );
    let elsewhere = world.handle(notification("another-bucket", KEY)).await.unwrap_err();
    assert_eq!(elsewhere.error_type(), "RawUnreadable");
    assert!(elsewhere.chain().contains("another-bucket") && elsewhere.chain().contains("404 NoSuchBucket"), "{}", elsewhere.chain());
    check_error(
        world.handle(sample!("scheduler-tick.json")).await,
        "EventUnknown",
        r#"refine takes an SQS batch, an S3 notification, the EventBridge event "Object Created" or `reprocess`, not an object of `account`, `detail`, `detail-type`, `id`, `region`, `resources`, `source`, `time`; check what invokes the function"#,
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_fails_alone_and_as_a_whole() {
    let world = World::new();
    world.put_raw(KEY, document(7)).await;
    world.put_raw("tweets/second.json", document(8)).await;
    let both =
        json!({"Records": [notification(RAW, "tweets/gone.json")["Records"][0], notification(RAW, "tweets/second.json")["Records"][0]]});
    let messages = [
        sample!("s3-test-event.json"),
        json!("segredo"),
        notification(RAW, KEY),
        both,
        notification(REF, REF_KEY),
        json!({"Records": [{"eventName": "ObjectRemoved:Delete"}]}),
    ];
    assert_eq!(world.handle(queue(&messages)).await.unwrap(), failures(&["1", "3", "4"]));
    let mut written = world.written();
    written.sort();
    assert_eq!(written, [REF_KEY, "tweets/ano=2026/mes=11/dia=23/second.json.parquet"]);
}

/// Memory is bounded: files have at most [`rows::RAW_BYTES_MAX`] bytes, and ten are processed at once,
/// however many an event names.
#[tokio::test(start_paused = true)]
async fn a_file_across_midnight_is_two_objects() {
    let world = World::new();
    let tweets = json!({"data": [{"id": "8", "created_at": "2026-11-24T00:00:00Z", "text": "a"}, {"id": "7", "created_at": "2026-11-23T23:59:59Z"}]});
    world.put_raw(KEY, tweets.to_string()).await;
    let answer = world.handle(notification(RAW, KEY)).await.unwrap();
    assert_eq!((&answer["files_created"], &answer["rows"]), (&json!(2), &json!(2)));
    assert_eq!(world.written(), [REF_KEY, "tweets/ano=2026/mes=11/dia=24/2026-11-23T14-05Z_7_7.parquet"]);
    let refined = rows::refine(KEY, tweets.to_string().as_bytes(), Years::DEFAULT).unwrap();
    assert_eq!(world.get_ref(REF_KEY).await, refined.objects[0].bytes);
}
