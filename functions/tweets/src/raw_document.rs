//! The RAW file: at most 100 tweets in the API's own response format.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::includes::{Includes, referred_by};
use crate::{Post, TweetId};

/// Maximum number of tweets in one RAW file. Set by the customer; also the largest page of the X API.
pub const TWEETS_PER_FILE_MAX: usize = 100;

/// How the tweets of a file were requested.
#[derive(Clone, Debug)]
pub struct Capture<'a> {
    /// When the file was assembled (UTC). Written with milliseconds.
    pub captured_at: DateTime<Utc>,
    /// The query of the sweep.
    pub query: &'a str,
    /// The requested fields and expansions.
    pub requested: &'a [String],
    /// Version of `ingest`.
    pub ingest_version: &'static str,
}

#[derive(Serialize)]
struct Meta {
    result_count: usize,
    newest_id: TweetId,
    oldest_id: TweetId,
}

/// Builds the bytes of a RAW file. `data` has one tweet per line, each as X sent it, newest first. `includes` has only the
/// objects they refer to.
///
/// `posts` must be sorted newest first. Returns `None` if it is empty, because an empty file has no name.
pub fn raw_document(posts: &[Post], capture: &Capture) -> Option<Vec<u8>> {
    let (newest, oldest) = (posts.first()?, posts.last()?);
    let mut pages: Vec<&Includes> = posts.iter().map(|post| &*post.includes).collect();
    pages.dedup_by(|a, b| std::ptr::eq(*a, *b));
    let includes = referred_by(posts.iter().map(|post| &*post.json), &pages);
    let meta = Meta { result_count: posts.len(), newest_id: newest.id, oldest_id: oldest.id };
    let capture = serde_json::json!({
        "captured_at": capture.captured_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "query": capture.query,
        "requested": capture.requested,
        "ingest_version": capture.ingest_version,
    });

    let data: Vec<&str> = posts.iter().map(|post| post.json.get()).collect();
    let (includes, meta) = (serde_json::to_string(&includes).ok()?, serde_json::to_string(&meta).ok()?);
    Some(
        format!("{{\"data\":[\n{}\n],\n\"includes\":{includes},\n\"meta\":{meta},\n\"capture\":{capture}}}\n", data.join(",\n"))
            .into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Page;
    use expect_test::expect;

    #[test]
    fn a_file_is_an_api_answer_with_its_capture() {
        let body = br#"{"data":[{"id":"9","author_id":"1","x":1.0},{"id":"5","author_id":"2"}],
            "includes":{"users":[{"id":"1"},{"id":"2"},{"id":"3"}]},"meta":{}}"#;
        let capture = Capture {
            captured_at: "2026-11-23T14:06:00.1239Z".parse().unwrap(),
            query: "\"presidente do Brasil\"",
            requested: &["id".into(), "text".into()],
            ingest_version: "0.1.0",
        };
        let document = raw_document(&Page::parse(body).unwrap().posts, &capture).unwrap();
        expect![[r#"
            {"data":[
            {"id":"9","author_id":"1","x":1.0},
            {"id":"5","author_id":"2"}
            ],
            "includes":{"users":[{"id":"1"},{"id":"2"}]},
            "meta":{"result_count":2,"newest_id":"9","oldest_id":"5"},
            "capture":{"captured_at":"2026-11-23T14:06:00.123Z","ingest_version":"0.1.0","query":"\"presidente do Brasil\"","requested":["id","text"]}}
        "#]]
        .assert_eq(&String::from_utf8(document).unwrap());
        assert!(raw_document(&[], &capture).is_none());
    }
}
