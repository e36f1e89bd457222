//! The X API emulator compared with the known behaviour of the real API.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

mod behaviours;
mod contract;
mod corpus;
mod parameters;
mod search;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use emulators::x_api::{COUNTS_PATH, Corpus, EMULATOR_TOKEN, Options, SEARCH_PATH, XEmulator};
use http::{Request, Response};
use ingest::DEFAULT_QUERY;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

const ALL_TWEET_FIELDS: &str = "attachments,author_id,context_annotations,conversation_id,created_at,edit_controls,\
     edit_history_tweet_ids,entities,geo,id,in_reply_to_user_id,lang,note_tweet,possibly_sensitive,public_metrics,\
     referenced_tweets,reply_settings,text,withheld";
const ALL_POST_FIELDS: &str = "attachments,context_annotations,conversation_id,created_at,edit_controls,entities,geo,\
     id,lang,note_post,possibly_sensitive,public_metrics,reply_settings,text,withheld";

/// A busy hour of a Monday in Brasília.
fn now() -> DateTime<Utc> {
    at("2026-11-23T21:05:30.250Z")
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn emulator(options: Options) -> XEmulator {
    XEmulator::new(Corpus::seeded(1), options)
}

fn request(path: &str, parameters: &[(&str, &str)]) -> Request<Bytes> {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    Request::get(format!("https://api.x.com{path}?{}", pairs.join("&")))
        .header("authorization", format!("Bearer {EMULATOR_TOKEN}"))
        .body(Bytes::new())
        .unwrap()
}

/// Sends a search and parses the response.
fn search(emulator: &XEmulator, parameters: &[(&str, &str)], now: DateTime<Utc>) -> (u16, Value) {
    parsed(&emulator.respond(&request(SEARCH_PATH, parameters), now))
}

/// Returns the response to a search that must succeed; adds the default query if there is none.
#[track_caller]
fn found(emulator: &XEmulator, parameters: &[(&str, &str)], now: DateTime<Utc>) -> Value {
    let mut parameters = parameters.to_vec();
    if parameters.iter().all(|(name, _)| *name != "query") {
        parameters.push(("query", DEFAULT_QUERY));
    }
    let (status, body) = search(emulator, &parameters, now);
    assert_eq!(status, 200, "{body}");
    body
}

/// Returns the response to a count.
fn count(emulator: &XEmulator, parameters: &[(&str, &str)], now: DateTime<Utc>) -> (u16, Value) {
    parsed(&emulator.respond(&request(COUNTS_PATH, parameters), now))
}

fn parsed(response: &Response<Bytes>) -> (u16, Value) {
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
}

fn ids(body: &Value) -> Vec<u64> {
    let posts = body["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    posts.iter().map(|post| post["id"].as_str().unwrap().parse().unwrap()).collect()
}

/// Returns every page of a search, following `next_token`; at most `pages_max`.
fn all_pages(emulator: &XEmulator, parameters: &[(&str, &str)], now: DateTime<Utc>, pages_max: usize) -> Vec<Value> {
    let mut pages: Vec<Value> = Vec::new();
    let mut token: Option<String> = None;
    while pages.len() < pages_max {
        let mut parameters = parameters.to_vec();
        parameters.extend(token.as_deref().map(|token| ("next_token", token)));
        let page = found(emulator, &parameters, now);
        token = page["meta"]["next_token"].as_str().map(str::to_owned);
        pages.push(page);
        if token.is_none() {
            return pages;
        }
    }
    panic!("more than {pages_max} pages");
}

fn minutes_ago(now: DateTime<Utc>, minutes: i64) -> String {
    (now - TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
