//! Invocations while S3 is slow, loses answers or refuses: they end in time, and nothing is lost or done twice.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;
use world::{Fate, RAW, World, document, failures, notification, queue};

const KEY: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_7_7.json";
const REF_KEY: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_7_7.parquet";

#[tokio::test(start_paused = true)]
async fn an_invocation_ends_before_its_deadline_and_gives_back_what_is_left() {
    let world = World::new();
    world.put_raw(KEY, document(7)).await;
    world.put_raw("tweets/slow.json", document(8)).await;
    world.rule(|_, path| Fate::Answered(if path.ends_with("slow.json") { Duration::from_secs(4) } else { Duration::ZERO }));
    let event = queue(&[notification(RAW, KEY), notification(RAW, "tweets/slow.json")]);

    let started = Instant::now();
    let answer = world.handle_within(event.clone(), Duration::from_secs(3)).await.unwrap();
    assert_eq!(answer, failures(&["1"]));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(world.written(), [REF_KEY]);

    let too_late = world.handle_within(event.clone(), Duration::ZERO).await.unwrap();
    assert_eq!(too_late, failures(&["0", "1"]));
    let alone = world.handle_within(notification(RAW, KEY), Duration::ZERO).await.unwrap_err();
    assert_eq!(alone.error_type(), "DeadlineReached");

    assert_eq!(world.handle(event).await.unwrap(), failures(&[]));
    assert_eq!(world.written().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn reprocessing_stops_in_time_and_says_where_it_goes_on() {
    let world = World::new();
    for id in 10..35 {
        world.put_raw(&format!("tweets/{id}.json"), document(id)).await;
    }
    world.put_raw("tweets/12.bad.json", "{").await; // rejected and skipped
    world.rule(|_, _| Fate::Answered(Duration::from_millis(400)));
    let mut event = json!({"reprocess": {"bucket": RAW, "prefix": "tweets/"}});
    let mut invocations = 0;
    while !event.is_null() {
        let started = Instant::now();
        let answer = world.handle_within(event, Duration::from_secs(3)).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        invocations += 1;
        event = answer["next"].clone();
        assert!(invocations < 10, "{event}");
    }
    assert!(invocations > 1);
    let mut written = world.written();
    written.sort();
    written.dedup();
    assert_eq!(written.len(), 25);
}

#[tokio::test(start_paused = true)]
async fn ten_objects_wait_for_s3_together() {
    let world = World::new();
    let keys: Vec<String> = (0..10).map(|n| format!("tweets/{n}.json")).collect();
    for (key, id) in keys.iter().zip(1..) {
        world.put_raw(key, document(id)).await;
    }
    world.put_raw(KEY, document(7)).await;
    world.rule(|_, _| Fate::Answered(Duration::from_millis(30)));

    let started = Instant::now();
    world.handle(notification(RAW, KEY)).await.unwrap();
    let one = started.elapsed();
    let started = Instant::now();
    let batch: Vec<Value> = keys.iter().map(|key| notification(RAW, key)).collect();
    assert_eq!(world.handle(queue(&batch)).await.unwrap(), failures(&[]));
    assert!(started.elapsed() < 2 * one, "{:?} for ten, {one:?} for one", started.elapsed());
    assert_eq!(world.written().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn forty_objects_are_under_way_ten_at_a_time() {
    let world = World::new();
    let keys: Vec<String> = (0..40).map(|n| format!("tweets/{n}.json")).collect();
    for (key, id) in keys.iter().zip(1..) {
        world.put_raw(key, document(id)).await;
    }
    // An object is read, parsed and encoded between its GET and its PUT.
    let under_way = Arc::new(Mutex::new((0_usize, 0_usize)));
    let counted = Arc::clone(&under_way);
    world.rule(move |method, _| {
        let (now, most) = &mut *counted.lock().unwrap();
        if method == Method::GET {
            *now += 1;
        } else {
            *now -= 1;
        }
        *most = *now.max(most);
        Fate::Answered(Duration::from_millis(30))
    });
    let batch: Vec<Value> = keys.iter().map(|key| notification(RAW, key)).collect();
    assert_eq!(world.handle(queue(&batch)).await.unwrap(), failures(&[]));
    assert_eq!(*under_way.lock().unwrap(), (0, 10));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_changes_nothing() {
    for lost in 0..6 {
        let world = World::new();
        world.put_raw(KEY, document(7)).await;
        let requests = AtomicU32::new(0);
        world.rule(
            move |_, _| {
                if requests.fetch_add(1, Ordering::Relaxed) == lost { Fate::AnswerLost } else { Fate::Answered(Duration::ZERO) }
            },
        );
        assert_eq!(world.handle(queue([&notification(RAW, KEY)])).await.unwrap(), failures(&[]), "{lost}");
        assert_eq!(world.written(), [REF_KEY], "{lost}");
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_with_ref_gives_the_message_back() {
    for (status, puts, want) in [
        (409, 1, None), // another delivery was writing at the same moment
        (409, 3, None),
        (409, 4, Some("RefContended")),
        (403, 1, Some("RefUnwritable")),
        (503, 1, None), // retried by the SDK
        (503, 9, Some("RefUnwritable")),
    ] {
        let world = World::new();
        world.put_raw(KEY, document(7)).await;
        let seen = AtomicU32::new(0);
        world.rule(move |method, _| match method {
            &Method::PUT if seen.fetch_add(1, Ordering::Relaxed) < puts => Fate::Refused(status),
            _ => Fate::Answered(Duration::ZERO),
        });
        let outcome = world.handle(notification(RAW, KEY)).await;
        assert_eq!(outcome.as_ref().err().map(refine::Error::error_type), want, "{status} {puts}");
        assert_eq!(world.written().len(), usize::from(want.is_none()), "{status} {puts}");
    }
}
