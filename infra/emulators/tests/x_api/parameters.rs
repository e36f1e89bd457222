//! Requests that are refused, with the error messages.

use bytes::Bytes;
use chrono::TimeDelta;
use emulators::x_api::{COUNTS_PATH, Options, SEARCH_PATH, snowflake};
use http::{Method, Request};
use serde_json::json;

use crate::{DEFAULT_QUERY, at, count, emulator, found, ids, now, parsed, request, search};

#[test]
fn invalid_parameters_are_refused() {
    let emulator = emulator(Options::default());
    let id = |seconds_ago| snowflake::lowest_id(now() - TimeDelta::seconds(seconds_ago)).to_string();
    let (recent, stale) = (id(3_600), id(7 * 86_400 + 1));
    let (long, longest) = ("a".repeat(513), "é".repeat(512));
    let q = ("query", "presidente");
    let conjunction = "in conjunction with";
    for (parameters, why) in [
        (vec![], "`query` query parameter can not be empty"),
        (vec![("query", "")], "can not be empty"),
        (vec![("query", &long)], "more than 512 characters"),
        (vec![("query", "lang:pt")], "stand alone"),
        (vec![q, ("max_results", "9")], "not between 10 and 100"),
        (vec![q, ("max_results", "101")], "not between 10 and 100"),
        (vec![q, ("max_results", "ten")], "not between 10 and 100"),
        (vec![q, ("since_id", &recent), ("start_time", "2026-11-23T12:00:00Z")], conjunction),
        (vec![q, ("until_id", &recent), ("end_time", "2026-11-23T12:00:00Z")], conjunction),
        (vec![q, ("since_id", &recent), ("end_time", "2026-11-23T12:00:00Z")], conjunction), // the older, stricter rule
        (vec![q, ("since_id", "x")], "does not match"),
        (vec![q, ("since_id", "")], "does not match"),
        (vec![q, ("since_id", "12345678901234567890")], "does not match"),
        (vec![q, ("since_id", "-1")], "does not match"),
        (vec![q, ("since_id", &stale)], "'since_id' must be a tweet id created after 2026-11-16T21:05Z"),
        (vec![q, ("until_id", &stale)], "'until_id' must be a tweet id created after"),
        (vec![q, ("start_time", "2026-11-16T21:05:30Z")], "must be on or after"), // a quarter of a second too old
        (vec![q, ("start_time", "2026-11-23T21:05:21Z")], "minimum of 10 seconds"),
        (vec![q, ("end_time", "2026-11-23T21:05:21Z")], "minimum of 10 seconds"),
        (vec![q, ("start_time", "2026-11-23T12:00:00.5Z")], "whole seconds"),
        (vec![q, ("start_time", "yesterday")], "RFC 3339"),
        (vec![q, ("start_time", "2026-11-23T12:00:00Z"), ("end_time", "2026-11-23T12:00:00Z")], "must be after"),
        (vec![q, ("next_token", "a"), ("pagination_token", "a")], "can not both be given"),
        (vec![q, ("next_token", "b26v89c19zqg8o3f")], "not valid for this request"),
        (vec![q, ("sort_order", "oldest")], "not one of [recency,relevancy]"),
        (vec![q, ("tweet.fields", "id"), ("post.fields", "id")], "can not be used in one request"),
        (vec![q, ("tweet.fields", "note_post")], "[note_post] is not one of"),
        (vec![q, ("post.fields", "note_tweet")], "[note_tweet] is not one of"),
        (vec![q, ("post.fields", "author_id")], "[author_id] is not one of"), // only an expansion since 2.167
        (vec![q, ("tweet.fields", "")], "[] is not one of"),
        (vec![q, ("tweet.fields", "id, text")], "[ text] is not one of"),
        (vec![q, ("tweet.fields", "id,id")], "more than once"),
        (vec![q, ("expansions", "authors")], "[authors] is not one of"),
        (vec![q, ("tweet.fields", "id"), ("expansions", "referenced_posts")], "[referenced_posts] is not one of"),
        (vec![q, ("post.fields", "id"), ("expansions", "referenced_tweets.id")], "[referenced_tweets.id] is not one of"),
        (vec![q, ("expansions", "referenced_tweets.id,referenced_posts")], "is not one of"),
        (vec![q, ("user.fields", "shoe_size")], "[shoe_size] is not one of"),
        (vec![q, ("media.fields", "x")], "[x] is not one of"),
        (vec![q, ("place.fields", "x")], "[x] is not one of"),
        (vec![q, ("poll.fields", "x")], "[x] is not one of"),
        (vec![q, q], "more than once"),
        (vec![q, ("colour", "red")], "[colour] is not one of"),
        (vec![q, ("granularity", "day")], "[granularity] is not one of"), // belongs to counts
    ] {
        let (status, body) = search(&emulator, &parameters, now());
        assert_eq!(status, 400, "{parameters:?}");
        assert_eq!(body["title"], "Invalid Request");
        assert!(body["type"].as_str().unwrap().ends_with("/2/problems/invalid-request"));
        let messages: Vec<&str> = body["errors"].as_array().unwrap().iter().map(|e| e["message"].as_str().unwrap()).collect();
        assert!(messages.iter().any(|message| message.contains(why)), "{parameters:?}: {messages:?}");
    }
    assert_eq!(emulator.served().posts, 0);
    assert_eq!(
        search(&emulator, &[("query", &longest), ("start_time", "2026-11-23T21:00:00Z")], now()).0,
        200,
        "512 characters, not bytes"
    );
}

#[test]
fn parameters_at_their_limits_are_accepted() {
    let emulator = emulator(Options::default());
    let floor = snowflake::lowest_id(now() - TimeDelta::days(7)).to_string();
    for parameters in [
        vec![("max_results", "10")],
        vec![("max_results", "100")],
        vec![("since_id", &*floor)],
        vec![("start_time", "2026-11-16T21:05:31Z")],
        vec![("start_time", "2026-11-23T21:05:20Z")],
        vec![("start_time", "2026-11-23T15:00:00-03:00")],
        vec![("start_time", "2026-11-23T21:00:00.000Z")],
        vec![("since_id", &floor), ("until_id", &floor)],
        vec![("until_id", "9223372036854775807")],
        vec![("sort_order", "recency")],
        vec![("tweet.fields", "id"), ("expansions", "author_id"), ("user.fields", "most_recent_tweet_id")],
        vec![("post.fields", "id"), ("expansions", "author_id"), ("user.fields", "subscribes_to_you")],
    ] {
        found(&emulator, &parameters, now());
    }
}

#[test]
fn a_stale_since_id_is_answered_with_the_floor() {
    let time = at("2026-06-29T16:35:50.162Z");
    let (status, body) = search(&emulator(Options::default()), &[("query", "presidente"), ("since_id", "2069097036665323519")], time);
    assert_eq!(status, 400);
    // The exact body that X was observed to send, at a time when its floor was this one.
    assert_eq!(
        body,
        json!({
            "errors": [{
                "parameters": { "since_id": ["2069097036665323519"] },
                "message": "'since_id' must be a tweet id created after 2026-06-22T16:35Z. Please use a 'since_id' that is larger than 2069097036665323520",
            }],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": "https://api.twitter.com/2/problems/invalid-request",
        })
    );
}

#[test]
fn every_wrong_parameter_is_reported() {
    let wrong = [("query", ""), ("max_results", "5"), ("colour", "red")];
    let (_, body) = search(&emulator(Options::default()), &wrong, now());
    assert_eq!(body["errors"].as_array().unwrap().len(), 3, "{body}");
}

#[test]
fn a_token_continues_its_own_request_only() {
    let emulator = emulator(Options::default());
    let base = [("query", "presidente"), ("tweet.fields", "lang"), ("max_results", "20")];
    let page = found(&emulator, &base, now());
    let token = page["meta"]["next_token"].as_str().unwrap();
    for name in ["next_token", "pagination_token"] {
        // Tokens do not expire, and the order of parameters does not matter.
        let next = found(&emulator, &[(name, token), base[2], base[1], base[0]], now() + TimeDelta::days(2));
        assert!(ids(&next)[0] < *ids(&page).last().unwrap());
    }
    for changed in [
        [("query", "presidencia"), base[1], base[2]],
        [base[0], ("tweet.fields", "geo"), base[2]],
        [base[0], base[1], ("max_results", "21")],
    ] {
        let mut parameters = changed.to_vec();
        parameters.push(("next_token", token));
        assert_eq!(search(&emulator, &parameters, now()).0, 400, "{changed:?}");
    }
}

#[test]
fn a_token_is_valid_after_its_since_id_is_below_the_floor() {
    let emulator = emulator(Options::default());
    let since = snowflake::lowest_id(now() - TimeDelta::days(7)).to_string();
    let base = [("query", "presidente"), ("since_id", &*since)];
    let page = found(&emulator, &base, now());
    let token = page["meta"]["next_token"].as_str().unwrap();
    let later = now() + TimeDelta::minutes(1);
    assert_eq!(search(&emulator, &base, later).0, 400);
    assert_eq!(search(&emulator, &[base[0], base[1], ("next_token", token)], later).0, 200);
}

#[test]
fn the_query_string_is_decoded_once() {
    let emulator = emulator(Options::default());
    let send = |query: &str| {
        let mut request = request(SEARCH_PATH, &[]);
        *request.uri_mut() = format!("https://api.x.com{SEARCH_PATH}?{query}").parse().unwrap();
        parsed(&emulator.respond(&request, now())).0
    };
    assert_eq!(send("query=%22presidente+do%20Brasil%22&max_results=10"), 200);
    assert_eq!(send("query=%FF"), 400);
    assert_eq!(send("query=a&&"), 200);
}

#[test]
fn wrong_credentials_methods_and_paths_are_refused() {
    let emulator = emulator(Options::default());
    let send = |method: Method, path: &str, authorization: Option<&str>| {
        let mut request = Request::builder().method(method).uri(format!("{path}?query=presidente&start_time=2026-11-23T21:00:00Z"));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        parsed(&emulator.respond(&request.body(Bytes::new()).unwrap(), now()))
    };
    let bearer = format!("Bearer {}", emulators::x_api::EMULATOR_TOKEN);
    for (method, path, authorization, want) in [
        (Method::GET, SEARCH_PATH, Some(&*bearer), 200),
        (Method::GET, COUNTS_PATH, Some(&*bearer), 200),
        (Method::GET, SEARCH_PATH, None, 401),
        (Method::GET, SEARCH_PATH, Some("Bearer other"), 401),
        (Method::GET, SEARCH_PATH, Some(&bearer[7..]), 401),
        (Method::GET, COUNTS_PATH, Some("Basic abc"), 401),
        (Method::POST, SEARCH_PATH, Some(&*bearer), 404),
        (Method::GET, "/2/usage/tweets", Some(&*bearer), 404),
    ] {
        let (status, body) = send(method.clone(), path, authorization);
        assert_eq!(status, want, "{method} {path} {authorization:?}");
        if status == 401 {
            assert_eq!(body, json!({ "title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized" }));
        }
    }
}

#[test]
fn a_span_is_counted_by_granularity() {
    let emulator = emulator(Options::default());
    let span = [("query", DEFAULT_QUERY), ("start_time", "2026-11-23T18:30:00Z"), ("end_time", "2026-11-23T20:15:00Z")];
    let want = emulator.corpus().visible(at(span[1].1)..at(span[2].1), now()).len();
    for (granularity, buckets, first_end) in
        [("minute", 105, "2026-11-23T18:31:00.000Z"), ("hour", 3, "2026-11-23T19:00:00.000Z"), ("day", 1, "2026-11-23T20:15:00.000Z")]
    {
        let (status, body) = count(&emulator, &[span[0], span[1], span[2], ("granularity", granularity)], now());
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["meta"]["total_tweet_count"], want);
        let data = body["data"].as_array().unwrap();
        assert_eq!(data.len(), buckets);
        assert_eq!(data[0]["start"], "2026-11-23T18:30:00.000Z");
        assert_eq!(data[0]["end"], first_end);
        assert_eq!(data.last().unwrap()["end"], "2026-11-23T20:15:00.000Z");
        assert_eq!(data.iter().map(|bucket| bucket["tweet_count"].as_u64().unwrap()).sum::<u64>(), want as u64);
    }
    let (_, newer) = count(&emulator, &[span[0], span[1], span[2], ("search_count.fields", "start,end,post_count")], now());
    assert_eq!(newer["meta"]["total_post_count"], want);
    assert!(newer["data"][0]["post_count"].is_u64());
    // Of a search with the same parameters.
    let token = found(&emulator, &span, now())["meta"]["next_token"].as_str().unwrap().to_owned();
    assert_eq!(count(&emulator, &[span[0], span[1], span[2], ("next_token", &token)], now()).0, 400);
    for wrong in [("granularity", "week"), ("max_results", "10"), ("tweet.fields", "id"), ("next_token", "x")] {
        assert_eq!(count(&emulator, &[span[0], wrong], now()).0, 400, "{wrong:?}");
    }
    assert_eq!(emulator.served().counts, 4);
    assert_eq!(emulator.served().posts, 10, "of the search");
}
