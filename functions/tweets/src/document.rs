//! A RAW file as `refine` reads it: borrowed from the bytes, both vocabularies of the X API, unknown fields ignored.
//!
//! X renamed tweets to posts in 2026 and the answers follow unevenly, so both spellings of each name are read, at any
//! depth, and the newer one wins when both are present.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{Error as _, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::columns::tipo;
use crate::{TweetId, parse_created_at};

/// A RAW file: tweets, the users and tweets they refer to, and how they were captured.
#[derive(Debug)]
pub struct Document<'a> {
    /// In the order of the file.
    pub tweets: Vec<Tweet<'a>>,
    /// When `ingest` read it; `None` for an API answer that somebody put into RAW by hand.
    pub captured_at: Option<DateTime<Utc>>,
    references_requested: bool,
    users: HashMap<TweetId, User<'a>>,
    included: HashMap<TweetId, Included<'a>>,
}

/// The file is not a document of tweets. Tells the place, never a value: serde's own messages quote values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a document of tweets: {problem} at {path} (line {line}, column {column})")]
pub struct NotADocument {
    problem: &'static str,
    path: String,
    line: usize,
    column: usize,
}

/// One tweet, as sent.
#[expect(clippy::struct_field_names, reason = "the API's own names")]
#[derive(Debug, Deserialize)]
pub struct Tweet<'a> {
    /// Its id.
    pub id: TweetId,
    /// When it was created.
    pub created_at: Time,
    /// The user who wrote it.
    pub author_id: Option<TweetId>,
    /// The tweet that began the conversation.
    pub conversation_id: Option<TweetId>,
    /// Language as X tells it, an open list.
    #[serde(borrow)]
    pub lang: Option<Text<'a>>,
    /// Whether a link in it may lead to sensitive content.
    pub possibly_sensitive: Option<bool>,
    /// Counts at capture.
    pub public_metrics: Option<PublicMetrics>,
    /// Hashtags, mentions and links.
    #[serde(borrow)]
    pub entities: Option<Entities<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    note_post: Option<Note<'a>>,
    #[serde(borrow)]
    note_tweet: Option<Note<'a>>,
    #[serde(borrow)]
    referenced_posts: Option<Vec<Reference<'a>>>,
    #[serde(borrow)]
    referenced_tweets: Option<Vec<Reference<'a>>>,
    edit_history_post_ids: Option<Vec<TweetId>>,
    edit_history_tweet_ids: Option<Vec<TweetId>>,
}

/// Counts at capture; absent ones were not sent.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct PublicMetrics {
    /// Likes.
    pub like_count: Option<Count>,
    /// Replies.
    pub reply_count: Option<Count>,
    /// Quotes.
    pub quote_count: Option<Count>,
    /// Bookmarks.
    pub bookmark_count: Option<Count>,
    /// Views.
    pub impression_count: Option<Count>,
    repost_count: Option<Count>,
    retweet_count: Option<Count>,
}

/// Parts of the text that X recognised.
#[derive(Debug, Deserialize)]
pub struct Entities<'a> {
    /// `#tag` without the sign.
    #[serde(borrow)]
    pub hashtags: Option<Vec<Hashtag<'a>>>,
    /// `@username` without the sign.
    #[serde(borrow)]
    pub mentions: Option<Vec<Mention<'a>>>,
    /// Links.
    #[serde(borrow)]
    pub urls: Option<Vec<Url<'a>>>,
}

/// A hashtag.
#[derive(Debug, Deserialize)]
pub struct Hashtag<'a> {
    /// Without `#`.
    #[serde(borrow)]
    pub tag: Text<'a>,
}

/// A mention.
#[derive(Debug, Deserialize)]
pub struct Mention<'a> {
    /// Without `@`.
    #[serde(borrow)]
    pub username: Text<'a>,
}

/// A link.
#[derive(Debug, Deserialize)]
pub struct Url<'a> {
    #[serde(borrow)]
    expanded_url: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

impl<'a> Url<'a> {
    /// Where the link leads; the short form when X did not expand it.
    pub fn target(&self) -> Option<&Text<'a>> {
        self.expanded_url.as_ref().or(self.url.as_ref())
    }
}

/// A user in `includes`.
#[derive(Debug, Deserialize)]
pub struct User<'a> {
    id: TweetId,
    /// Handle without `@`.
    #[serde(borrow)]
    pub username: Option<Text<'a>>,
    /// Display name.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
}

/// A tweet in `includes`: only its words matter here.
#[derive(Debug, Deserialize)]
pub struct Included<'a> {
    id: TweetId,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    note_post: Option<Note<'a>>,
    #[serde(borrow)]
    note_tweet: Option<Note<'a>>,
}

/// What kind of tweet it is, and the tweet that it refers to by being so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// A value of [`tipo`].
    pub tipo: &'static str,
    /// The referenced tweet; `None` for an original.
    pub referenced_id: Option<TweetId>,
}

impl<'a> Document<'a> {
    /// Reads a RAW file.
    ///
    /// # Errors
    /// [`NotADocument`] when it is not a JSON object with `data` or `meta`, or when any tweet in it lacks `id` or
    /// `created_at`, has an id outside 1…2^63−1, or has a known field of another type: the file is the unit of rejection.
    pub fn parse(raw: &'a [u8]) -> Result<Self, NotADocument> {
        // UTF-8 is checked once, for the whole file: reading is a tenth cheaper than when each string is checked.
        let wire: Result<Wire, _> = match std::str::from_utf8(raw) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(raw), // the broken string may be one that nobody reads
        };
        let wire = match wire {
            Ok(wire) => wire,
            Err(error) => return Err(NotADocument::locate(raw, &error)),
        };
        if wire.data.is_none() && wire.meta.is_none() {
            return Err(NotADocument { problem: "neither `data` nor `meta`", path: ".".into(), line: 1, column: 1 });
        }
        let Includes { users, tweets, posts } = wire.includes.unwrap_or_default();
        let (captured_at, requested) = wire.capture.map_or((None, None), |capture| (capture.captured_at, capture.requested));
        Ok(Self {
            tweets: wire.data.unwrap_or_default(),
            captured_at: captured_at.map(Time::get),
            // Whatever the form of the list: the names are unmistakable.
            references_requested: requested
                .is_some_and(|requested| requested.get().contains("referenced_tweets") || requested.get().contains("referenced_posts")),
            users: users.into_iter().flatten().map(|user| (user.id, user)).collect(),
            // The later one stays, so the newer spelling wins here, too.
            included: tweets.into_iter().chain(posts).flatten().map(|tweet| (tweet.id, tweet)).collect(),
        })
    }

    /// The author of a tweet, when users were asked for.
    pub fn author(&self, tweet: &Tweet) -> Option<&User<'a>> {
        self.users.get(&tweet.author_id?)
    }

    /// The included tweet that `tweet` retweets.
    pub fn retweeted(&self, tweet: &Tweet) -> Option<&Included<'a>> {
        self.included.get(&tweet.reference(&["retweeted", "reposted"])?)
    }

    /// What kind of tweet it is; `None` when references were neither sent nor asked for, so that nobody can know.
    pub fn kind(&self, tweet: &Tweet) -> Option<Kind> {
        [(tipo::RETWEET, &["retweeted", "reposted"][..]), (tipo::RESPOSTA, &["replied_to"]), (tipo::CITACAO, &["quoted"])]
            .into_iter()
            .find_map(|(tipo, types)| Some(Kind { tipo, referenced_id: Some(tweet.reference(types)?) }))
            .or_else(|| {
                (self.references_requested || tweet.references().is_some()).then_some(Kind { tipo: tipo::ORIGINAL, referenced_id: None })
            })
    }
}

impl Tweet<'_> {
    /// `text`: of a long tweet only the beginning.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The whole text of a long tweet.
    pub fn note_text(&self) -> Option<&str> {
        note_text(self.note_post.as_ref(), self.note_tweet.as_ref())
    }

    /// The first id of the edit history: the same tweet before its edits.
    pub fn original_id(&self) -> TweetId {
        let history = self.edit_history_post_ids.as_ref().or(self.edit_history_tweet_ids.as_ref());
        history.and_then(|ids| ids.first().copied()).unwrap_or(self.id)
    }

    fn references(&self) -> Option<&[Reference<'_>]> {
        let newer = self.referenced_posts.as_deref();
        newer.filter(|references| !references.is_empty()).or(self.referenced_tweets.as_deref()).or(newer)
    }

    fn reference(&self, types: &[&str]) -> Option<TweetId> {
        self.references()?.iter().find(|reference| types.contains(&&*reference.r#type)).map(|reference| reference.id)
    }
}

impl Included<'_> {
    /// `text`: of a long tweet only the beginning.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The whole text of a long tweet.
    pub fn note_text(&self) -> Option<&str> {
        note_text(self.note_post.as_ref(), self.note_tweet.as_ref())
    }
}

impl PublicMetrics {
    /// Retweets, under either name.
    pub fn retweets(&self) -> Option<Count> {
        self.repost_count.or(self.retweet_count)
    }
}

/// The first of the two that says something, so that an empty note does not hide the other.
fn note_text<'n>(post: Option<&'n Note>, tweet: Option<&'n Note>) -> Option<&'n str> {
    let mut sent = [post, tweet].into_iter().flatten().filter_map(|note| note.text.as_deref());
    let first = sent.next();
    first.filter(|text| !text.is_empty()).or(sent.next()).or(first)
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    data: Option<Vec<Tweet<'a>>>,
    #[serde(borrow)]
    includes: Option<Includes<'a>>,
    meta: Option<IgnoredAny>,
    #[serde(borrow)]
    capture: Option<CaptureWire<'a>>,
}

#[derive(Default, Deserialize)]
struct Includes<'a> {
    #[serde(borrow)]
    users: Option<Vec<User<'a>>>,
    #[serde(borrow)]
    tweets: Option<Vec<Included<'a>>>,
    #[serde(borrow)]
    posts: Option<Vec<Included<'a>>>,
}

#[derive(Deserialize)]
struct CaptureWire<'a> {
    captured_at: Option<Time>,
    #[serde(borrow)]
    requested: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Note<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    r#type: Text<'a>,
    id: TweetId,
}

/// A string borrowed from the bytes unless an escape in it forces a copy.
///
/// A type of its own because serde borrows a `Cow` only when it is a field by itself, not inside `Option` or `Vec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowed)
    }
}

/// A time in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(DateTime<Utc>);

impl Time {
    /// The time, UTC.
    pub fn get(self) -> DateTime<Utc> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        parse_created_at(&text).map(Self).ok_or_else(|| D::Error::custom("not a time in RFC 3339"))
    }
}

/// A whole number, also when it is written `1e2` or `100.0`: JSON has one kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub i64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of at most 63 bits")
            }
            fn visit_i64<E>(self, count: i64) -> Result<Count, E> {
                Ok(Count(count))
            }
            fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<Count, E> {
                i64::try_from(count).map(Count).map_err(E::custom)
            }
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, where f64 holds every whole number")]
            fn visit_f64<E: serde::de::Error>(self, count: f64) -> Result<Count, E> {
                if count.fract() == 0.0 && count.abs() < 9_007_199_254_740_992.0 {
                    Ok(Count(count as i64))
                } else {
                    Err(E::custom("not whole"))
                }
            }
        }
        deserializer.deserialize_any(Whole)
    }
}

/// Of the place in a file that is told; `data[99].entities.urls[9].expanded_url` has 38.
const PATH_CHARS_MAX: usize = 64;

impl NotADocument {
    /// Names the place by reading once more, slower, with the path kept.
    fn locate(raw: &[u8], error: &serde_json::Error) -> Self {
        let mut deserializer = serde_json::Deserializer::from_slice(raw);
        let path = match serde_path_to_error::deserialize::<_, Wire>(&mut deserializer) {
            Ok(_) => ".".to_owned(), // the document itself is read; what follows it is the problem
            // Names of fields that nobody knows are in it, as long as the file makes them.
            Err(located) => located.path().to_string().chars().take(PATH_CHARS_MAX).collect(),
        };
        let problem = match error.classify() {
            serde_json::error::Category::Eof => "cut off",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "not JSON",
            serde_json::error::Category::Data => "missing field or unexpected value",
        };
        Self { problem, path, line: error.line(), column: error.column() }
    }
}

#[cfg(test)]
mod tests {
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
            &document.kind(&document.tweets[0]).map_or("unknown".into(), |kind| {
                format!("{} {}", kind.tipo, kind.referenced_id.map_or(String::new(), |id| id.to_string()))
            }),
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
        for (number, want) in [
            ("100", Some(100)),
            ("1e2", Some(100)),
            ("100.0", Some(100)),
            ("-1", Some(-1)),
            ("1.5", None),
            ("1e300", None),
            ("\"1\"", None),
        ] {
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
            (
                r#"{"data":[{"id":"1"}]}"#,
                expect!["not a document of tweets: missing field or unexpected value at data[0] (line 1, column 19)"],
            ),
            (
                r#"{"data":[{"id":"12345678901234567890","created_at":"2026-01-01T00:00:00Z"}]}"#,
                expect!["not a document of tweets: missing field or unexpected value at data[0].id (line 1, column 37)"],
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
}
