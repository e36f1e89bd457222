//! What is read out of RAW files.

use super::*;
use expect_test::{Expect, expect};

fn with_tweet(fields: &str) -> String {
    format!(r#"{{"data":[{{"id":"7","created_at":"2026-11-23T14:05:00.000Z",{fields}}}]}}"#)
}

#[track_caller]
fn check_kind(fields: &str, capture: &str, want: Expect) {
    let raw = with_tweet(fields).replacen("{\"data\"", &format!("{{{capture}\"data\""), 1);
    let document = Document::parse(raw.as_bytes()).unwrap();
    want.assert_eq(
        &document
            .kind(&document.tweets[0])
            .map_or("unknown".into(), |kind| format!("{} {}", kind.tipo, kind.referenced_id.map_or(String::new(), |id| id.to_string()))),
    );
}

#[test]
fn the_first_kind_that_applies_is_told() {
    let asked = r#""capture":{"requested":["id","referenced_tweets"]},"#;
    let post_family = r#""capture":{"requested":["id","referenced_posts"]},"#;
    check_kind(r#""referenced_tweets":[{"type":"quoted","id":"1"},{"type":"replied_to","id":"2"}]"#, "", expect!["resposta 2"]);
    check_kind(r#""referenced_posts":[{"type":"reposted","id":"1"}]"#, "", expect!["retweet 1"]);
    check_kind(
        r#""referenced_posts":[{"type":"quoted","id":"3"}],"referenced_tweets":[{"type":"quoted","id":"1"}]"#,
        "",
        expect!["citacao 3"],
    );
    check_kind(r#""referenced_posts":[],"referenced_tweets":[{"type":"quoted","id":"1"}]"#, "", expect!["citacao 1"]);
    check_kind(r#""referenced_posts":[]"#, "", expect!["original "]);
    check_kind(r#""text":"a""#, asked, expect!["original "]);
    check_kind(r#""text":"a""#, post_family, expect!["original "]);
    check_kind(r#""text":"a""#, r#""capture":{"requested":["id"]},"#, expect!["unknown"]);
    check_kind(r#""text":"a""#, "", expect!["unknown"]);
}

#[test]
fn both_vocabularies_read_alike_and_the_newer_wins() {
    for fields in [
        r#""note_tweet":{"text":"n"},"public_metrics":{"retweet_count":3},"edit_history_tweet_ids":["5","7"]"#,
        r#""note_post":{"text":"n"},"public_metrics":{"repost_count":3},"edit_history_post_ids":["5","7"]"#,
        r#""note_post":{"text":"n"},"note_tweet":{"text":"old"},"public_metrics":{"repost_count":3,"retweet_count":9},
           "edit_history_post_ids":["5","7"],"edit_history_tweet_ids":["6"]"#,
    ] {
        let raw = with_tweet(fields);
        let document = Document::parse(raw.as_bytes()).unwrap();
        let tweet = &document.tweets[0];
        assert_eq!(tweet.note_text(), Some("n"), "{fields}");
        assert_eq!(tweet.public_metrics.unwrap().retweets(), Some(Count(3)), "{fields}");
        assert_eq!(tweet.original_id().get(), 5, "{fields}");
    }
}

#[test]
fn an_empty_note_does_not_hide_the_other() {
    for (fields, want) in [
        (r#""note_post":{"text":""},"note_tweet":{"text":"n"}"#, Some("n")),
        (r#""note_post":{},"note_tweet":{"text":"n"}"#, Some("n")),
        (r#""note_post":{"text":"n"},"note_tweet":{"text":""}"#, Some("n")),
        (r#""note_post":{"text":""}"#, Some("")),
        (r#""note_post":null"#, None),
    ] {
        let raw = with_tweet(fields);
        assert_eq!(Document::parse(raw.as_bytes()).unwrap().tweets[0].note_text(), want, "{fields}");
    }
}

#[test]
fn a_retweeted_tweet_is_found_in_either_list_and_the_newer_wins() {
    let included = |posts: &str, tweets: &str| {
        let includes = format!(
            r#"{{"data":[{{"id":"7","created_at":"2026-11-23T14:05:00Z",
            "referenced_tweets":[{{"type":"quoted","id":"2"}},{{"type":"retweeted","id":"1"}}]}}],
            "includes":{{"posts":{posts},"tweets":{tweets}}}}}"#
        );
        let document = Document::parse(includes.as_bytes()).unwrap();
        document.retweeted(&document.tweets[0]).and_then(Included::text).map(str::to_owned)
    };
    let (newer, older) = (r#"[{"id":"1","text":"newer"}]"#, r#"[{"id":"1","text":"older"}]"#);
    assert_eq!(included(newer, older).as_deref(), Some("newer"));
    assert_eq!(included("[]", older).as_deref(), Some("older"));
    assert_eq!(included(newer, "null").as_deref(), Some("newer"));
    assert_eq!(included(r#"[{"id":"2","text":"quoted"}]"#, "[]"), None, "a quoted tweet is never taken");
}

#[test]
fn a_whole_number_may_be_written_in_any_form() {
    for (number, want) in
        [("100", Some(100)), ("1e2", Some(100)), ("100.0", Some(100)), ("-1", Some(-1)), ("1.5", None), ("1e300", None), ("\"1\"", None)]
    {
        let raw = with_tweet(&format!(r#""public_metrics":{{"like_count":{number}}}"#));
        let count = Document::parse(raw.as_bytes()).ok().and_then(|document| document.tweets[0].public_metrics?.like_count);
        assert_eq!(count, want.map(Count), "{number}");
    }
}

#[test]
fn nothing_found_is_a_document_without_tweets() {
    for raw in [r#"{"meta":{"result_count":0}}"#, r#"{"data":[],"includes":null}"#] {
        assert_eq!(Document::parse(raw.as_bytes()).unwrap().tweets.len(), 0, "{raw}");
    }
}

#[test]
fn what_is_no_document_is_refused_by_its_place_alone() {
    let deep = format!(r#"{{"data":{}}}"#, "[".repeat(200_000));
    for (raw, want) in [
        ("", expect!["not a document of tweets: cut off at . (line 1, column 0)"]),
        ("<html>segredo", expect!["not a document of tweets: not JSON at . (line 1, column 1)"]),
        (r#"{"errors":[]}"#, expect!["not a document of tweets: neither `data` nor `meta` at . (line 1, column 1)"]),
        (
            r#"{"data":[{"id":"1","created_at":"2026-01-01T00:00:00Z","text":"segr"#,
            expect!["not a document of tweets: cut off at data[0].text (line 1, column 67)"],
        ),
        (
            r#"{"data":[{"created_at":"2026-01-01T00:00:00Z"}]}"#,
            expect!["not a document of tweets: missing field or unexpected value at data[0] (line 1, column 46)"],
        ),
        (r#"{"data":[{"id":"1"}]}"#, expect!["not a document of tweets: missing field or unexpected value at data[0] (line 1, column 19)"]),
        (
            r#"{"data":[{"id":"12345678901234567890","created_at":"2026-01-01T00:00:00Z"}]}"#,
            expect!["not a document of tweets: missing field or unexpected value at data[0].id (line 1, column 37)"],
        ),
        (
            r#"{"data":[{"id":"1","created_at":"1601-01-01T00:00:00Z"}]}"#,
            expect!["not a document of tweets: missing field or unexpected value at data[0].created_at (line 1, column 55)"],
        ),
        (
            r#"{"data":[{"id":"1","created_at":"segredo"}]}"#,
            expect!["not a document of tweets: missing field or unexpected value at data[0].created_at (line 1, column 42)"],
        ),
        (r#"{"data":[]} segredo"#, expect!["not a document of tweets: not JSON at . (line 1, column 13)"]),
        (&deep, expect!["not a document of tweets: missing field or unexpected value at data[0][0] (line 1, column 10)"]),
    ] {
        let error = Document::parse(raw.as_bytes()).unwrap_err().to_string();
        want.assert_eq(&error);
        assert!(!error.contains("segr"), "{error}");
    }
}

#[test]
fn the_place_is_told_in_a_few_words_however_long_the_names_of_fields_are() {
    let raw = format!(r#"{{"data":[{{"id":"1","{}":[x"#, "é".repeat(10_000));
    let told = Document::parse(raw.as_bytes()).unwrap_err().to_string();
    assert!(told.len() < 400, "{} bytes", told.len());
}
