//! Tests of the values read from RAW files.

mod rejected;

use super::*;
use expect_test::{Expect, expect};

fn with_tweet(fields: &str) -> String {
    format!(r#"{{"data":[{{"id":"7","created_at":"2026-11-23T14:05:00.000Z","author_id":"1",{fields}}}]}}"#)
}

#[track_caller]
fn check_kind(fields: &str, capture: &str, want: Expect) {
    let raw = with_tweet(fields).replacen("{\"data\"", &format!("{{{capture}\"data\""), 1);
    let document = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap();
    want.assert_eq(
        &document
            .kind(&document.tweets[0])
            .map_or("unknown".into(), |kind| format!("{} {}", kind.tipo, kind.referenced_id.map_or(String::new(), |id| id.to_string()))),
    );
}

#[test]
fn the_first_kind_that_applies_wins() {
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
fn both_vocabularies_are_read_and_the_newer_one_wins() {
    for fields in [
        r#""note_tweet":{"text":"n"},"public_metrics":{"retweet_count":3},"edit_history_tweet_ids":["5","7"]"#,
        r#""note_post":{"text":"n"},"public_metrics":{"repost_count":3},"edit_history_post_ids":["5","7"]"#,
        r#""note_post":{"text":"n"},"note_tweet":{"text":"old"},"public_metrics":{"repost_count":3,"retweet_count":9},
           "edit_history_post_ids":["5","7"],"edit_history_tweet_ids":["6"]"#,
    ] {
        let raw = with_tweet(fields);
        let document = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap();
        let tweet = &document.tweets[0];
        assert_eq!(tweet.note_text(), Some("n"), "{fields}");
        assert_eq!(tweet.public_metrics().retweets(), Some(Count(3)), "{fields}");
        assert_eq!(tweet.original_id().get(), 5, "{fields}");
    }
}

#[test]
fn an_empty_note_does_not_hide_the_note_of_the_other_vocabulary() {
    for (fields, want) in [
        (r#""note_post":{"text":""},"note_tweet":{"text":"n"}"#, Some("n")),
        (r#""note_post":{},"note_tweet":{"text":"n"}"#, Some("n")),
        (r#""note_post":{"text":"n"},"note_tweet":{"text":""}"#, Some("n")),
        (r#""note_post":{"text":""}"#, Some("")),
        (r#""note_post":null"#, None),
    ] {
        let raw = with_tweet(fields);
        assert_eq!(Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap().tweets[0].note_text(), want, "{fields}");
    }
}

#[test]
fn a_retweeted_tweet_is_found_in_either_list_and_the_newer_one_wins() {
    let included = |posts: &str, tweets: &str| {
        let includes = format!(
            r#"{{"data":[{{"id":"7","created_at":"2026-11-23T14:05:00Z",
            "referenced_tweets":[{{"type":"quoted","id":"2"}},{{"type":"retweeted","id":"1"}}]}}],
            "includes":{{"posts":{posts},"tweets":{tweets}}}}}"#
        );
        let document = Document::parse(includes.as_bytes(), Years::DEFAULT).unwrap();
        document.retweeted(&document.tweets[0]).and_then(IncludedPost::text).map(str::to_owned)
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
        let count = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap().tweets[0].public_metrics().like_count;
        assert_eq!(count, want.map(Count), "{number}");
    }
}

/// Checks the row of a tweet whose other fields are valid, and the malformed values recorded for it.
#[track_caller]
fn check_malformed(fields: &str, want: Expect) {
    let raw = with_tweet(fields);
    let document = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap_or_else(|error| panic!("{fields}: {error}"));
    assert_eq!((document.tweets.len(), document.tweets[0].author_id().map(TweetId::get)), (1, Some(1)), "{fields}");
    let malformed = &document.malformed;
    let examples: Vec<String> = malformed.examples().iter().map(ToString::to_string).collect();
    want.assert_eq(&format!("{:?} {}", malformed.by_field(), examples.join("; ")));
    assert_eq!(malformed.total(), malformed.by_field().values().sum::<u64>());
    assert!(!examples.join("").contains("segredo"), "{examples:?}");
}

#[test]
fn only_a_bad_id_rejects_and_malformed_values_are_counted_by_field() {
    check_malformed(r#""lang":null,"text":null,"entities":null"#, expect!["{} "]);
    check_malformed(r#""lang":5"#, expect![[r#"{"lang": 1} data[0].lang: a number"#]]);
    check_malformed(r#""text":["segredo"]"#, expect![[r#"{"text": 1} data[0].text: an array"#]]);
    check_malformed(r#""text":{"segredo":{"a":[1]}},"x":[[{}]]"#, expect![[r#"{"text": 1} data[0].text: an object"#]]);
    check_malformed(r#""conversation_id":"""#, expect![[r#"{"conversation_id": 1} data[0].conversation_id: a string"#]]);
    check_malformed(r#""conversation_id":12"#, expect![[r#"{"conversation_id": 1} data[0].conversation_id: a number"#]]);
    check_malformed(r#""possibly_sensitive":"true""#, expect![[r#"{"possibly_sensitive": 1} data[0].possibly_sensitive: a string"#]]);
    check_malformed(r#""public_metrics":[1,2,3]"#, expect![[r#"{"public_metrics": 1} data[0].public_metrics: an array"#]]);
    check_malformed(
        r#""public_metrics":{"like_count":"3","reply_count":1.5,"quote_count":true,"impression_count":1e300,"bookmark_count":-1}"#,
        expect![[
            r#"{"impression_count": 1, "like_count": 1, "quote_count": 1, "reply_count": 1} data[0].public_metrics.like_count: a string; data[0].public_metrics.reply_count: a number; data[0].public_metrics.quote_count: a boolean; data[0].public_metrics.impression_count: a number"#
        ]],
    );
    check_malformed(r#""note_tweet":"segredo""#, expect![[r#"{"note_tweet": 1} data[0].note_tweet: a string"#]]);
    check_malformed(
        r#""note_tweet":{"text":7,"entities":[]}"#,
        expect![[r#"{"entities": 1, "text": 1} data[0].note_tweet.text: a number; data[0].note_tweet.entities: an array"#]],
    );
    check_malformed(
        r#""entities":{"hashtags":["segredo",{"tag":"b"},{"tag":1},null,{}],"urls":"segredo","mentions":[["segredo"]]}"#,
        expect![[
            r#"{"hashtags": 2, "mentions": 1, "tag": 2, "urls": 1} data[0].entities.hashtags[0]: a string; data[0].entities.hashtags[2].tag: a number; data[0].entities.hashtags[3]: null; data[0].entities.hashtags[4]: an incomplete object; data[0].entities.urls: a string; data[0].entities.mentions[0]: an array"#
        ]],
    );
    check_malformed(
        r#""referenced_tweets":[{"type":"quoted"},{"type":7,"id":"1"},{"type":"new","id":"1"}]"#,
        expect![[r#"{"type": 2} data[0].referenced_tweets[0]: an incomplete object; data[0].referenced_tweets[1].type: a number"#]],
    );
    check_malformed(
        r#""edit_history_tweet_ids":[""]"#,
        expect![[r#"{"edit_history_tweet_ids": 1} data[0].edit_history_tweet_ids[0]: a string"#]],
    );
    check_malformed(r#""lang":"pt","lang":"en""#, expect![[r#"{"lang": 1} data[0].lang: a repeated field"#]]);
    check_malformed(r#""id":"7","author_id":"1""#, expect![[r#"{"author_id": 1} data[0].author_id: a repeated field"#]]);
}

#[test]
fn a_list_keeps_its_other_items() {
    let raw = with_tweet(
        r#""entities":{"hashtags":["a",{"tag":"b"},{"tag":["c"]}],"mentions":[],"urls":[{"url":5,"expanded_url":"x"},{}]},
            "referenced_tweets":[{"type":"retweeted","id":1},{"type":"quoted","id":"3"}]"#,
    );
    let document = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap();
    let tweet = &document.tweets[0];
    assert_eq!(tweet.hashtags().unwrap().collect::<Vec<_>>(), ["b"]);
    assert_eq!(tweet.mentions().unwrap().count(), 0);
    assert_eq!(tweet.urls().unwrap().collect::<Vec<_>>(), ["x"]);
    assert_eq!(document.kind(tweet).unwrap(), Kind { tipo: tipo::CITACAO, referenced_id: TweetId::new(3) });
}

#[test]
fn a_malformed_edit_history_makes_the_tweet_its_own_original() {
    for (history, want) in [
        (r#"["5","7"]"#, 5),
        (r#"["","7"]"#, 7),
        (r#"["5",""]"#, 7),
        (r#"["5",6]"#, 7),
        ("[5]", 7),
        ("[null]", 7),
        ("[]", 7),
        ("null", 7),
        (r#""5""#, 7),
        (r#"{"0":"5"}"#, 7),
    ] {
        let raw = with_tweet(&format!(r#""edit_history_tweet_ids":{history}"#));
        assert_eq!(Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap().tweets[0].original_id().get(), want, "{history}");
    }
}

#[test]
fn a_missing_or_malformed_creation_time_is_the_time_in_the_id() {
    for (field, want) in [
        ("", "data[0].created_at: missing"),
        (r#","created_at":null"#, "data[0].created_at: missing"),
        (r#","created_at":1795442700"#, "data[0].created_at: a number"),
        (r#","created_at":"Mon Nov 23 14:05:01 +0000 2026""#, "data[0].created_at: a string"),
        (r#","created_at":"""#, "data[0].created_at: a string"),
        (r#","created_at":["2026-11-23T14:05:01Z"]"#, "data[0].created_at: an array"),
        (r#","created_at":"2026-11-23T14:05:01Z","created_at":"2026-11-24T14:05:01Z""#, "data[0].created_at: a repeated field"),
    ] {
        let raw = format!(r#"{{"data":[{{"id":"2124866860615730001","text":"a"{field}}}]}}"#);
        let document = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap();
        assert_eq!(document.tweets[0].created_at, document.tweets[0].id.created_at(), "{field}");
        assert_eq!(document.malformed.examples()[0].to_string(), want, "{field}");
        assert_eq!(document.malformed.by_field()["created_at"], 1, "{field}");
    }
}

#[test]
fn the_creation_time_sent_is_that_of_the_row() {
    for (sent, want) in [
        ("2026-11-23T14:05:01.9999Z", "2026-11-23T14:05:01.999+00:00"),
        ("2026-11-23T11:05:01-03:00", "2026-11-23T14:05:01+00:00"),
        ("2026-11-30T23:59:60Z", "2026-12-01T00:00:00+00:00"),
    ] {
        let raw = format!(r#"{{"data":[{{"id":"7","text":"a","created_at":"{sent}"}}]}}"#);
        assert_eq!(Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap().tweets[0].created_at.to_rfc3339(), want, "{sent}");
    }
}

#[test]
fn malformed_parts_that_no_post_needs_lose_no_row() {
    for (part, want) in [
        (r#""includes":[]"#, "includes: an array"),
        (r#""includes":"segredo""#, "includes: a string"),
        (r#""includes":{"users":{}}"#, "includes.users: an object"),
        (r#""includes":{"users":["segredo"]}"#, "includes.users[0]: a string"),
        (r#""includes":{"users":[{"id":3,"username":"a"}]}"#, "includes.users[0].id: a number"),
        (r#""includes":{"users":[{"username":"a"}]}"#, "includes.users[0]: an incomplete object"),
        (r#""includes":{"tweets":[{"id":"3","text":[]}]}"#, "includes.tweets[0].text: an array"),
        (r#""includes":{"media":5}"#, ""),
        (r#""meta":[]"#, "meta: an array"),
        (r#""meta":{"result_count":"1"}"#, "meta.result_count: a string"),
        (r#""meta":{"result_count":2}"#, "meta.result_count: another number than there are posts"),
        (r#""meta":{"result_count":-1}"#, "meta.result_count: another number than there are posts"),
        (r#""meta":{"result_count":1.0}"#, ""),
        (r#""meta":{}"#, ""),
        (r#""capture":"segredo""#, "capture: a string"),
        (r#""capture":{"captured_at":"segredo"}"#, "capture.captured_at: a string"),
        (r#""capture":{"requested":5}"#, "capture.requested: a number"),
        (r#""errors":5,"__twarc":[1]"#, ""),
    ] {
        let raw = format!(r#"{{"data":[{{"id":"7","created_at":"2026-11-23T14:05:00Z","text":"a"}}],{part}}}"#);
        let document = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap();
        let examples: Vec<String> = document.malformed.examples().iter().map(ToString::to_string).collect();
        assert_eq!((document.tweets.len(), examples.join("; ").as_str()), (1, want), "{part}");
    }
}

#[test]
fn examples_are_few_and_counts_are_complete() {
    let raw = with_tweet(&format!(r#""entities":{{"hashtags":[{}1]}}"#, "1,".repeat(9_999)));
    let malformed = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap().malformed;
    assert_eq!((malformed.total(), malformed.by_field()["hashtags"], malformed.examples().len()), (10_000, 10_000, 10));
}

#[test]
fn entities_are_those_of_the_full_text_and_each_link_occurs_once() {
    let lists = |fields: &str| {
        let raw = with_tweet(fields);
        let document = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap();
        let tweet = &document.tweets[0];
        let list = |list: Option<Vec<&str>>| list.map_or("null".to_owned(), |list| list.join(" "));
        [
            list(tweet.hashtags().map(Iterator::collect)),
            list(tweet.mentions().map(Iterator::collect)),
            list(tweet.urls().map(Iterator::collect)),
        ]
    };
    let of_text = r#""entities":{"hashtags":[{"tag":"a"}],"urls":[{"url":"u"}]}"#;
    let of_note = r#"{"hashtags":[{"tag":"a"},{"tag":"b"}],"mentions":[{"username":"m"}]}"#;
    assert_eq!(lists(of_text), ["a", "null", "u"]);
    assert_eq!(lists(&format!(r#"{of_text},"note_tweet":{{"text":"t","entities":{of_note}}}"#)), ["a b", "m", "u"]);
    assert_eq!(
        lists(&format!(r#"{of_text},"note_post":{{"entities":{of_note}}},"note_tweet":{{"entities":{{"hashtags":[]}}}}"#)),
        ["a b", "m", "u"]
    );
    assert_eq!(lists(&format!(r#"{of_text},"note_tweet":{{"entities":{{"hashtags":[]}}}}"#)), ["a", "null", "u"]);
    assert_eq!(lists(r#""note_tweet":{"entities":{"hashtags":[]}}"#), ["", "null", "null"]);
    let photos = r#""entities":{"urls":[{"url":"f"},{"url":"g"},{"url":"f","media_key":"1"},{"url":"f","media_key":"2"}]}"#;
    assert_eq!(lists(photos), ["null", "null", "f g"]);
}

#[test]
fn nothing_found_is_a_document_without_tweets() {
    for raw in [
        r#"{"meta":{"result_count":0}}"#,
        r#"{"meta":{"result_count":0.0},"data":null}"#,
        r#"{"data":[],"includes":null,"meta":{"result_count":0},"errors":[{"title":"x"}],"x":[1],"y":{}}"#,
        "\u{feff}\u{feff}{\"meta\":{\"result_count\":0}}",
    ] {
        assert_eq!(Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap().tweets.len(), 0, "{raw}");
    }
}
