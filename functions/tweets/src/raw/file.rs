//! The RAW file: at most 100 tweets in the API's own response format.

use chrono::{DateTime, SecondsFormat, Utc};

use super::includes::{Includes, referred_by};
use crate::{Post, RawKey};

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

/// The posts of one RAW file, newest first. There is at least one, because an empty file would have no name.
#[derive(Clone, Debug)]
pub struct RawFile {
    newest: Post,
    older: Vec<Post>,
}

impl RawFile {
    /// Creates a file of posts, which must be sorted newest first. Returns `None` without posts.
    pub fn new(posts: impl IntoIterator<Item = Post>) -> Option<Self> {
        let mut posts = posts.into_iter();
        Some(Self { newest: posts.next()?, older: posts.collect() })
    }

    /// Returns the post with the highest id.
    pub fn newest(&self) -> &Post {
        &self.newest
    }

    /// Returns the post with the lowest id.
    pub fn oldest(&self) -> &Post {
        self.older.last().unwrap_or(&self.newest)
    }

    /// Returns the number of posts.
    pub fn count(&self) -> u64 {
        1 + self.older.len() as u64
    }

    /// Returns the key of the file.
    pub fn key(&self) -> RawKey {
        RawKey::new(self.oldest().created_at, self.oldest().id, self.newest.id)
    }

    /// Returns the bytes of the file. `data` has one tweet per line, each as X sent it. `includes` has only the objects they refer to.
    pub fn to_bytes(&self, capture: &Capture) -> Vec<u8> {
        let includes = self.includes();
        let data: Vec<&str> = self.posts().map(|post| post.json.get()).collect();
        let (data, count, newest, oldest) = (data.join(",\n"), self.count(), self.newest.id, self.oldest().id);
        let meta = format!(r#"{{"result_count":{count},"newest_id":"{newest}","oldest_id":"{oldest}"}}"#);
        let capture = serde_json::json!({
            "captured_at": capture.captured_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "query": capture.query,
            "requested": capture.requested,
            "ingest_version": capture.ingest_version,
        });
        format!("{{\"data\":[\n{data}\n],\n\"includes\":{includes},\n\"meta\":{meta},\n\"capture\":{capture}}}\n").into_bytes()
    }

    /// Returns the included objects that the posts refer to, as JSON.
    fn includes(&self) -> String {
        let mut pages: Vec<&Includes> = self.posts().map(|post| &*post.includes).collect();
        pages.dedup_by(|a, b| std::ptr::eq(*a, *b));
        let includes = referred_by(self.posts().map(|post| &*post.json), &pages);
        #[expect(clippy::expect_used, reason = "lists of JSON that was read, by name")]
        serde_json::to_string(&includes).expect("JSON")
    }

    fn posts(&self) -> impl Iterator<Item = &Post> {
        std::iter::once(&self.newest).chain(&self.older)
    }
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
        let file = RawFile::new(Page::parse(body).unwrap().posts).unwrap();
        assert_eq!((file.oldest().id.get(), file.newest().id.get(), file.count()), (5, 9, 2));
        expect![[r#"
            {"data":[
            {"id":"9","author_id":"1","x":1.0},
            {"id":"5","author_id":"2"}
            ],
            "includes":{"users":[{"id":"1"},{"id":"2"}]},
            "meta":{"result_count":2,"newest_id":"9","oldest_id":"5"},
            "capture":{"captured_at":"2026-11-23T14:06:00.123Z","ingest_version":"0.1.0","query":"\"presidente do Brasil\"","requested":["id","text"]}}
        "#]]
        .assert_eq(&String::from_utf8(file.to_bytes(&capture)).unwrap());
        assert!(RawFile::new([]).is_none());
    }
}
