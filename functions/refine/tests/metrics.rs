//! Metrics of invocations: each row counts once and at its tweet's own minute, however often it is delivered.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use metrics::{Line, Metric};
use serde_json::{Value, json};
use world::{Fate, RAW, World, failures, notification, queue};

/// Returns a RAW file of tweets with these times and texts.
fn document(tweets: &[(&str, &str)]) -> String {
    let tweet =
        |(id, (created_at, text)): (usize, &(&str, &str))| json!({"id": (id + 1).to_string(), "created_at": created_at, "text": text});
    json!({"data": tweets.iter().enumerate().map(tweet).collect::<Vec<_>>()}).to_string()
}

/// Returns the values of a metric by minute.
fn by_minute(lines: &[Line], metric: Metric) -> BTreeMap<String, u64> {
    let mut values = BTreeMap::new();
    for line in lines {
        for (_, value) in line.values.iter().filter(|(named, _)| *named == metric) {
            *values.entry(line.at.format("%d %H:%M:%S").to_string()).or_default() += value.as_u64().unwrap();
        }
    }
    values
}

fn total(lines: &[Line], metric: Metric) -> u64 {
    by_minute(lines, metric).into_values().sum()
}

fn minutes<const N: usize>(want: [(&str, u64); N]) -> BTreeMap<String, u64> {
    want.map(|(minute, rows)| (minute.to_owned(), rows)).into()
}

#[tokio::test(start_paused = true)]
async fn rows_count_at_the_minute_of_their_tweet_and_old_ones_as_backfill() {
    let world = World::new(); // the time is 2026-11-23T14:20
    world
        .put_raw(
            "tweets/a.json",
            document(&[
                ("2026-11-23T14:05:59.999Z", "bom :)"),
                ("2026-11-23T14:05:00.000Z", "bom :)"),
                ("2026-11-23T14:05:30.000Z", "ruim :("),
                ("2026-11-23T11:06:10-03:00", "nada"),
                ("2026-11-22T14:20:00.000Z", "nada"),    // exactly 24 hours old
                ("2026-11-22T14:19:59.999Z", "ruim :("), // older
                ("2026-11-23T16:19:59.000Z", "nada"),    // as far ahead as CloudWatch accepts
                ("2026-11-23T16:20:00.000Z", "nada"),    // further ahead
            ]),
        )
        .await;
    world.handle(notification(RAW, "tweets/a.json")).await.unwrap();
    let lines = world.metrics();
    assert_eq!(by_minute(&lines, Metric::RowsPositivo), minutes([("23 14:05:00", 2)]));
    assert_eq!(by_minute(&lines, Metric::RowsNegativo), minutes([("23 14:05:00", 1)]));
    assert_eq!(by_minute(&lines, Metric::RowsNeutro), minutes([("22 14:20:00", 1), ("23 14:06:00", 1), ("23 16:19:00", 1)]));
    assert_eq!((total(&lines, Metric::Rows), total(&lines, Metric::BackfillRows)), (8, 2));
    assert_eq!(lines.len(), 1 + 4, "one line for the invocation, one for each minute");
}

#[tokio::test(start_paused = true)]
async fn files_of_one_batch_share_their_minutes_and_a_huge_file_has_no_more_lines_than_a_day_has_minutes() {
    let world = World::new();
    let same: Vec<_> = (0..100).map(|_| ("2026-11-23T14:05:30Z", "bom :)")).collect();
    let keys: Vec<_> = (0..10).map(|place| format!("tweets/{place}.json")).collect();
    for key in &keys {
        world.put_raw(key, document(&same)).await;
    }
    let batch: Vec<_> = keys.iter().map(|key| notification(RAW, key)).collect();
    assert_eq!(world.handle(queue(&batch)).await.unwrap(), failures(&[]));
    let lines = world.metrics();
    assert_eq!((lines.len(), by_minute(&lines, Metric::RowsPositivo)), (2, minutes([("23 14:05:00", 1000)])));

    let times: Vec<_> = (0..4 * 24 * 60)
        .map(|minute| format!("2026-11-{:02}T{:02}:{:02}:00Z", 20 + minute / 1440, minute / 60 % 24, minute % 60))
        .collect();
    let spread: Vec<_> = times.iter().map(|time| (time.as_str(), "nada")).collect();
    world.put_raw("tweets/by hand.json", document(&spread)).await;
    world.handle(notification(RAW, "tweets/by+hand.json")).await.unwrap();
    let lines = world.metrics();
    assert_eq!(lines.len(), 1 + 26 * 60);
    assert_eq!(total(&lines, Metric::RowsNeutro) + total(&lines, Metric::BackfillRows), 4 * 24 * 60);
}

#[tokio::test(start_paused = true)]
async fn repeated_deliveries_count_no_row_twice() {
    let world = World::new();
    world.put_raw("tweets/a.json", document(&[("2026-11-23T14:05:00Z", "bom :)"), ("2026-11-22T01:05:00Z", "nada")])).await;
    let event = queue([&notification(RAW, "tweets/a.json"), &notification(RAW, "tweets/a.json")]);
    for _ in 0..3 {
        assert_eq!(world.handle(event.clone()).await.unwrap(), failures(&[]));
    }
    let reprocess = json!({"reprocess": {"bucket": RAW, "prefix": "tweets/"}});
    assert_eq!(world.handle(reprocess).await.unwrap()["files_unchanged"], 2);
    let lines = world.metrics();
    assert_eq!((total(&lines, Metric::Rows), total(&lines, Metric::RowsPositivo), total(&lines, Metric::BackfillRows)), (2, 1, 1));
    assert_eq!(total(&lines, Metric::Files), 2);
    assert_eq!(total(&lines, Metric::ColdStarts), 1);
}

/// The next delivery finds a creation that S3 did not confirm as already done: undercounting is preferred to double counting.
#[tokio::test(start_paused = true)]
async fn an_unconfirmed_creation_counts_at_most_once() {
    let world = World::new();
    world.put_raw("tweets/a.json", document(&[("2026-11-23T14:05:00Z", "bom :)")])).await;
    world.rule(|method, _| if method == Method::PUT { Fate::AnswerLost } else { Fate::Answered(Duration::ZERO) });
    let _ = world.handle(queue([&notification(RAW, "tweets/a.json")])).await;
    world.rule(|_, _| Fate::Answered(Duration::ZERO));
    assert_eq!(world.handle(queue([&notification(RAW, "tweets/a.json")])).await.unwrap(), failures(&[]));
    assert_eq!(world.written().len(), 1);
    assert!(total(&world.metrics(), Metric::RowsPositivo) <= 1);
}

#[tokio::test(start_paused = true)]
async fn errors_count_by_type_and_what_is_given_up_apart() {
    let world = World::new();
    world.put_raw("tweets/cut.json", "{").await;
    world.put_raw("tweets/slow.json", document(&[("2026-11-23T14:05:00Z", "bom :)")])).await;
    world.rule(|_, path| Fate::Answered(Duration::from_secs(if path.ends_with("slow.json") { 100 } else { 0 })));
    let messages = [notification(RAW, "tweets/cut.json"), notification(RAW, "tweets/slow.json"), json!("?")];
    assert_eq!(world.handle(queue(&messages)).await.unwrap(), failures(&["0", "1", "2"]));
    world.handle(json!({"what": "is this"})).await.unwrap_err();
    let lines = world.metrics();
    let errors: Vec<_> = lines.iter().filter_map(|line| line.error).map(|(error_type, cause)| (error_type, cause.as_str())).collect();
    let want = [("EventUnknown", "settings"), ("RawRejected", "file"), ("RawUnreadable", "storage"), ("EventUnknown", "settings")];
    assert_eq!(errors, want);
    assert_eq!((total(&lines, Metric::Errors), total(&lines, Metric::RejectedFiles)), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn a_function_without_configuration_says_so_each_time() {
    let unconfigured = refine::Refine::connect(|_| None).await;
    let mut lines = Vec::new();
    for _ in 0..2 {
        let invocation = refine::Invocation::new(world::NOW.parse().unwrap(), Duration::from_mins(1));
        let answer = refine::answer(&unconfigured, Value::Null, invocation, |line| lines.push(line)).await;
        assert_eq!(answer.unwrap_err().error_type, "ConfigInvalid");
    }
    assert_eq!(lines.iter().map(|line| line.error.unwrap().0).collect::<Vec<_>>(), ["ConfigInvalid"; 2]);
}
