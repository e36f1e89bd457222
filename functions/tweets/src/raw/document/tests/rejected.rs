//! Which files are rejected as a whole, and the messages of the rejections.

use super::super::*;
use expect_test::{Expect, expect};

#[track_caller]
fn check_rejected(raw: &str, want: Expect) {
    let error = Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap_err().to_string();
    want.assert_eq(error.strip_prefix("not a document of tweets: ").unwrap());
    assert!(!error.contains("segr"), "{error}");
    assert!(error.len() < 400, "{} bytes", error.len());
}

#[test]
fn a_file_that_is_not_json_is_rejected_with_the_position_only() {
    let deep = format!(r#"{{"data":{}}}"#, "[".repeat(200_000));
    check_rejected("", expect!["the file is empty, not an object"]);
    check_rejected("\u{feff}\n", expect!["the file is empty, not an object"]);
    check_rejected("<html>segredo", expect!["not JSON at . (line 1, column 1)"]);
    check_rejected(
        r#"{"data":[{"id":"1","created_at":"2026-01-01T00:00:00Z","text":"segr"#,
        expect!["cut off at data[0].text (line 1, column 67)"],
    );
    check_rejected(r#"{"data":[]} segredo"#, expect!["not JSON at . (line 1, column 13)"]);
    check_rejected(&deep, expect!["not JSON at data[0][0] (line 1, column 200009)"]);
    check_rejected(
        &format!(r#"{{"data":[{{"id":"1","{}":[x"#, "é".repeat(10_000)),
        expect!["not JSON at data[0].éééééééééééééééééééééééééééééééééééééééééééééééééééééééé (line 1, column 20024)"],
    );
}

#[test]
fn an_answer_that_contradicts_itself_is_rejected() {
    check_rejected(
        "{}",
        expect!["`data` has no posts and `meta.result_count` is missing; an answer without posts has a `meta.result_count` of 0"],
    );
    check_rejected(
        r#"{"errors":[{"title":"segredo"}]}"#,
        expect!["`data` has no posts and `meta.result_count` is missing; an answer without posts has a `meta.result_count` of 0"],
    );
    check_rejected(
        r#"{"meta":{}}"#,
        expect!["`data` has no posts and `meta.result_count` is missing; an answer without posts has a `meta.result_count` of 0"],
    );
    check_rejected(
        r#"{"data":[]}"#,
        expect!["`data` has no posts and `meta.result_count` is missing; an answer without posts has a `meta.result_count` of 0"],
    );
    check_rejected(
        r#"{"data":null,"meta":{"result_count":"0"}}"#,
        expect!["`data` has no posts and `meta.result_count` is missing; an answer without posts has a `meta.result_count` of 0"],
    );
    check_rejected(
        r#"{"meta":{"result_count":3}}"#,
        expect!["`data` has no posts and `meta.result_count` is 3; an answer without posts has a `meta.result_count` of 0"],
    );
    check_rejected(
        r#"{"data":null,"meta":{"result_count":3}}"#,
        expect!["`data` has no posts and `meta.result_count` is 3; an answer without posts has a `meta.result_count` of 0"],
    );
    check_rejected(
        r#"{"data":[],"meta":{"result_count":-1}}"#,
        expect!["`data` has no posts and `meta.result_count` is -1; an answer without posts has a `meta.result_count` of 0"],
    );
    check_rejected(
        r#"{"tweets":[{"id":"7","text":"segredo"}],"meta":{"result_count":0}}"#,
        expect!["`data` has no posts and `tweets` has; an answer without posts has a `meta.result_count` of 0"],
    );
}

#[test]
fn a_file_that_is_not_a_page_of_posts_is_rejected() {
    for (raw, want) in [
        ("null", expect!["the file is null, not an object"]),
        ("[]", expect!["the file is an array, not an object"]),
        ("\"segredo\"", expect!["the file is a string, not an object"]),
        (r#"{"data":{"id":"7","text":"segredo"}}"#, expect!["`data` is an object, not an array of posts"]),
        (r#"{"data":[["7","segredo"]]}"#, expect!["data[0] is an array, not a post"]),
        (r#"{"data":[{"id":"7","text":"a"},"segredo"]}"#, expect!["data[1] is a string, not a post"]),
        (r#"{"data":[{"id":"7","text":"a"},null]}"#, expect!["data[1] is null, not a post"]),
        (r#"{"data":[],"data":[{"id":"7","text":"a"}]}"#, expect!["`data` is a repeated field, not an array of posts"]),
        (
            r#"{"data":[{"id":"7","name":"segredo","username":"segredo","public_metrics":{},"entities":{}}]}"#,
            expect!["no item of `data` is a post; they look like users, objects of `entities`, `id`, `name`, `public_metrics`, `username`"],
        ),
        (
            r#"{"data":[{"id":"7","event_type":"MessageCreate","text":"segredo","dm_conversation_id":"1-2","sender_id":"1"}]}"#,
            expect![
                "no item of `data` is a post; they look like direct messages, objects of `dm_conversation_id`, `event_type`, `id`, `sender_id`, `text`"
            ],
        ),
        (
            r#"{"data":[{"id":"7","text":"segredo","dm_x":1,"referenced_tweets":[]}]}"#,
            expect!["no item of `data` is a post; they look like direct messages, objects of `dm_x`, `id`, `referenced_tweets`, `text`"],
        ),
        (
            r#"{"data":[{"id":"7","name":"segredo","owner_id":"1","member_count":3,"private":false}]}"#,
            expect!["no item of `data` is a post; they look like lists, objects of `id`, `member_count`, `name`, `owner_id`, `private`"],
        ),
        (
            r#"{"data":[{"id":"7","type":"tweets","status":"complete","upload_url":"segredo"}]}"#,
            expect!["no item of `data` is a post; they look like compliance jobs, objects of `id`, `status`, `type`, `upload_url`"],
        ),
        (r#"{"data":[{"id":"7","name":"segredo"}]}"#, expect!["no item of `data` is a post; they look like objects of `id`, `name`"]),
        (r#"{"data":[{}]}"#, expect!["no item of `data` is a post; they look like objects without fields"]),
    ] {
        check_rejected(raw, want);
    }
}

#[test]
fn a_file_with_too_many_posts_is_rejected() {
    check_rejected(
        &format!(r#"{{"data":[{}{{"text":"segredo"}}]}}"#, "{},".repeat(50_000)),
        expect!["`data` has more than 50000 posts; split the file"],
    );
    let posts = r#"{"id":"2124866860615730001","text":""},"#.repeat(50_000);
    assert_eq!(
        Document::parse(format!(r#"{{"data":[{}]}}"#, posts.trim_end_matches(',')).as_bytes(), Years::DEFAULT).unwrap().tweets.len(),
        50_000
    );
}

#[test]
fn an_odd_item_among_posts_becomes_a_row() {
    for odd in [r#"{"id":"2124866860615730002","name":"a","username":"b"}"#, r#"{"id":"2124866860615730002"}"#] {
        let raw = format!(r#"{{"data":[{odd},{{"id":"2124866860615730001","text":5}}]}}"#);
        assert_eq!(Document::parse(raw.as_bytes(), Years::DEFAULT).unwrap().tweets.len(), 2, "{odd}");
    }
}

#[test]
fn a_post_that_cannot_be_placed_rejects_the_file() {
    let post = |id: &str, created_at: &str| {
        format!(r#"{{"data":[{{"id":"2124866860615730001","text":"a"}},{{{id}{created_at}"author_id":"1","text":"segredo"}}]}}"#)
    };
    let now = r#""created_at":"2026-11-23T14:05:00Z","#;
    for (id, created_at, want) in [
        ("", now, expect!["`id` of data[1] is missing; an id is a string of digits from 1 to 2^63-1"]),
        (r#""id":null,"#, now, expect!["`id` of data[1] is missing; an id is a string of digits from 1 to 2^63-1"]),
        (r#""id":2124866860615730001,"#, now, expect!["`id` of data[1] is a number; an id is a string of digits from 1 to 2^63-1"]),
        (r#""id":"","#, now, expect!["`id` of data[1] is a string; an id is a string of digits from 1 to 2^63-1"]),
        (r#""id":"12345678901234567890","#, now, expect!["`id` of data[1] is a string; an id is a string of digits from 1 to 2^63-1"]),
        (r#""id":{"segredo":1},"#, now, expect!["`id` of data[1] is an object; an id is a string of digits from 1 to 2^63-1"]),
        (r#""id":"8","id":"9","#, now, expect!["`id` of data[1] is a repeated field; an id is a string of digits from 1 to 2^63-1"]),
        (
            r#""id":"8","#,
            r#""created_at":"1601-01-01T00:00:00Z","#,
            expect![
                "data[1] is of the year 1601 by its `created_at`, and the table has 2024 to 2035; to accept the file as it is, deploy a wider TableYears and redrive the message"
            ],
        ),
        (
            r#""id":"2124866860615730002","#,
            r#""created_at":"2036-01-01T00:00:00Z","#,
            expect![
                "data[1] is of the year 2036 by its `created_at`, and the table has 2024 to 2035; to accept the file as it is, deploy a wider TableYears and redrive the message"
            ],
        ),
        (
            r#""id":"8","#,
            r#""created_at":"segredo","#,
            expect![
                "data[1] is of the year 2010 by its `id`, and the table has 2024 to 2035; to accept the file as it is, deploy a wider TableYears and redrive the message"
            ],
        ),
        (
            r#""id":"9223372036854775807","#,
            "",
            expect![
                "data[1] is of the year 2080 by its `id`, and the table has 2024 to 2035; to accept the file as it is, deploy a wider TableYears and redrive the message"
            ],
        ),
    ] {
        check_rejected(&post(id, created_at), want);
    }
}
