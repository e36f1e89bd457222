//! Replays inputs found by the fuzzer: every input yields an answer or an error, never a panic.
//!
//! Each file is a list of texts in which one character represents one byte. docs/testing.md explains how to find more.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use serde_json::Value;
use tweets::{Page, Years};

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use world::{RAW, World, notification};

fn inputs(list: &str) -> Vec<Vec<u8>> {
    let texts: Vec<String> = serde_json::from_str(list).unwrap();
    assert!(!texts.is_empty());
    texts.iter().map(|text| text.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect()).collect()
}

#[test]
fn raw_files_are_rows_or_rejected() {
    for raw in inputs(include_str!("hostile/raw.json")) {
        let refined = rows::refine("tweets/x.json", &raw, Years::DEFAULT);
        assert_eq!(refined, rows::refine("tweets/x.json", &raw, Years::DEFAULT));
    }
}

#[test]
fn answers_of_x_are_pages_or_refused() {
    for body in inputs(include_str!("hostile/page.json")) {
        let Ok(page) = Page::parse(&body) else { continue };
        assert!(page.posts.iter().all(|post| post.id.get() > 0));
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_answered_or_refused() {
    let world = World::new();
    for event in inputs(include_str!("hostile/event.json")) {
        let Ok(event) = serde_json::from_slice::<Value>(&event) else { continue };
        let messages = event["Records"].as_array().map_or(0, Vec::len);
        match world.handle(event).await {
            Ok(answer) => {
                let failed = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
                assert!(failed <= messages, "{answer}");
            }
            Err(error) => assert!(!error.chain().is_empty()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keys_lead_nowhere() {
    let world = World::new();
    for key in inputs(include_str!("hostile/key.json")) {
        match world.handle(notification(RAW, &String::from_utf8_lossy(&key))).await {
            Ok(answer) => assert_eq!((&answer["ignored"], &answer["objects"]), (&1.into(), &0.into()), "{answer}"),
            Err(error) => {
                let known = ["EventUnknown", "KeyOutsideRaw", "RawMissing", "RawUnreadable"];
                assert!(known.contains(&error.error_type()), "{}", error.chain());
            }
        }
    }
    assert!(world.written().is_empty());
}
