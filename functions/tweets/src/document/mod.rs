//! A RAW file as `refine` reads it: borrowed from the bytes, both vocabularies of the X API, unknown fields ignored.
//!
//! X renamed tweets to posts in 2026 and the answers follow unevenly, so both spellings of each name are read, at any
//! depth, and the newer one wins when both are present.

mod fields;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::TweetId;
use crate::columns::tipo;

use fields::CapturedAt;
pub use fields::{Count, CreatedAt, Text};

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
    pub created_at: CreatedAt,
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
    /// `created_at`, has an id outside 1…2^63−1, was created in a year that the table does not cover, or has a known
    /// field of another type: the file is the unit of rejection.
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
            captured_at: captured_at.map(|time| time.0),
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
    captured_at: Option<CapturedAt>,
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
