//! A RAW file as `refine` reads it: borrowed from the input, in both vocabularies of the X API, ignoring unknown fields.
//!
//! X renamed tweets to posts in 2026, and its responses change gradually. Both spellings of each name are therefore read, at
//! any depth, and the newer one wins if both are present.
//!
//! Only the id and the year of a tweet decide whether it becomes a row. Any other value of an unexpected form is null, or
//! dropped from its list, and recorded in [`Malformed`]. Files are accepted or rejected as a whole.

mod evidence;
mod fields;
mod lenient;
mod malformed;
mod rejected;
mod scalar;
mod sent;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Datelike as _, Utc};
use serde::de::DeserializeSeed as _;
use serde_json::value::RawValue;

use crate::columns::tipo;
use crate::{TweetId, Years};

use lenient::{Checked, Lenient, Sent};
use malformed::Segment;
use sent::{Answer, Data, Entities, Note, Reference, SentPost};

pub use fields::Count;
pub use malformed::{Example, Malformed};
pub use rejected::NotADocument;
pub use scalar::Text;
pub use sent::{IncludedPost, PublicMetrics, User};

/// A RAW file: tweets, the users and tweets they refer to, and how they were captured.
#[derive(Debug)]
pub struct Document<'a> {
    /// Tweets in the order of the file.
    pub tweets: Vec<Tweet<'a>>,
    /// When `ingest` captured the file. `None` for an API response that was added to RAW by hand.
    pub captured_at: Option<DateTime<Utc>>,
    /// Values that could not be read.
    pub malformed: Malformed,
    /// Whether the file is UTF-8. Invalid bytes may be inside a string that is not read.
    pub is_utf8: bool,
    references_requested: bool,
    users: HashMap<TweetId, User<'a>>,
    included: HashMap<TweetId, IncludedPost<'a>>,
}

/// One tweet of a RAW file.
#[derive(Debug)]
pub struct Tweet<'a> {
    /// Id of the tweet.
    pub id: TweetId,
    /// Creation time: `created_at`, or the time in the id if that is missing or malformed.
    pub created_at: DateTime<Utc>,
    sent: Box<SentPost<'a>>,
}

/// The kind of a tweet and the tweet that it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// A value of [`tipo`].
    pub tipo: &'static str,
    /// The referenced tweet; `None` for an original.
    pub referenced_id: Option<TweetId>,
}

impl<'a> Document<'a> {
    /// Parses a RAW file for a table of these years. A byte order mark at the start is skipped.
    ///
    /// # Errors
    /// Returns [`NotADocument`] if the file is not a JSON object with a list of tweets in `data`, or with none and a
    /// `meta.result_count` of 0. Also fails if one of the tweets has no valid id, or is of a year that the table does not cover.
    pub fn parse(raw: &'a [u8], years: Years) -> Result<Self, NotADocument> {
        let raw = without_byte_order_mark(raw);
        let mut malformed = Malformed::default();
        // UTF-8 is validated once for the whole file, which makes reading a tenth cheaper than validating each string.
        let utf8 = std::str::from_utf8(raw);
        let read = match utf8 {
            Ok(text) => read(serde_json::Deserializer::from_str(text), &mut malformed),
            Err(_) => read(serde_json::Deserializer::from_slice(raw), &mut malformed), // the invalid string may not be read at all
        };
        let answer = match read.map_err(|error| NotADocument::locate(raw, &error))? {
            Sent::Value(answer) => answer,
            Sent::Null => return Err(other_form("the file", lenient::NULL, "an object")),
            Sent::Malformed(found) => return Err(other_form("the file", found, "an object")),
        };
        let result_count = answer.meta.and_then(|meta| meta.result_count);
        let posts = posts(answer.data, result_count, raw)?;
        if result_count.is_some_and(|Count(count)| usize::try_from(count) != Ok(posts.len())) {
            malformed.record_at(&[Segment::Field("meta"), Segment::Field("result_count")], "another number than there are posts");
        }
        let tweets =
            posts.into_iter().enumerate().map(|(index, post)| tweet(index, post, years, &mut malformed)).collect::<Result<_, _>>()?;
        let includes = answer.includes.unwrap_or_default();
        let capture = answer.capture.unwrap_or_default();
        // The later entry is kept, so the newer spelling wins here too.
        let mut referenced = includes.tweets.unwrap_or_default();
        referenced.extend(includes.posts.unwrap_or_default());
        Ok(Self {
            tweets,
            captured_at: capture.captured_at,
            malformed,
            is_utf8: utf8.is_ok(),
            references_requested: capture.requested.unwrap_or_default().0,
            users: by_id(includes.users.unwrap_or_default(), |user| user.id),
            included: by_id(referenced, |tweet| tweet.id),
        })
    }

    /// Returns the author of a tweet, if users were requested.
    pub fn author(&self, tweet: &Tweet) -> Option<&User<'a>> {
        self.users.get(&tweet.author_id()?)
    }

    /// Returns the included tweet that `tweet` retweets.
    pub fn retweeted(&self, tweet: &Tweet) -> Option<&IncludedPost<'a>> {
        self.included.get(&tweet.reference(&["retweeted", "reposted"])?)
    }

    /// Returns the kind of a tweet. `None` if references were neither sent nor requested, because the kind is then unknown.
    pub fn kind(&self, tweet: &Tweet) -> Option<Kind> {
        [(tipo::RETWEET, &["retweeted", "reposted"][..]), (tipo::RESPOSTA, &["replied_to"]), (tipo::CITACAO, &["quoted"])]
            .into_iter()
            .find_map(|(tipo, types)| Some(Kind { tipo, referenced_id: Some(tweet.reference(types)?) }))
            .or_else(|| {
                (self.references_requested || tweet.references().is_some()).then_some(Kind { tipo: tipo::ORIGINAL, referenced_id: None })
            })
    }
}

/// Maps the objects by their id, into a map that does not grow: growing would hash every id again.
fn by_id<T>(objects: Vec<T>, id: impl Fn(&T) -> Option<TweetId>) -> HashMap<TweetId, T> {
    let mut by_id = HashMap::with_capacity(objects.len());
    by_id.extend(objects.into_iter().filter_map(|object| Some((id(&object)?, object))));
    by_id
}

/// Skips byte order marks. Windows programs write one at the start of a text, and RFC 8259 allows a reader to skip it.
fn without_byte_order_mark(mut raw: &[u8]) -> &[u8] {
    while let Some(rest) = raw.strip_prefix("\u{feff}".as_bytes()) {
        raw = rest;
    }
    raw
}

fn read<'a, R: serde_json::de::Read<'a>>(
    mut json: serde_json::Deserializer<R>,
    malformed: &mut Malformed,
) -> Result<Sent<Answer<'a>>, serde_json::Error> {
    let answer = Lenient::new(malformed).deserialize(&mut json)?;
    json.end()?;
    Ok(answer)
}

fn other_form(place: impl Into<String>, found: &'static str, wanted: &'static str) -> NotADocument {
    NotADocument::OtherForm { place: place.into(), found, wanted }
}

/// Returns the posts of a file if it is a page of posts.
fn posts<'a>(data: Option<Checked<Data<'a>>>, result_count: Option<Count>, raw: &[u8]) -> Result<Vec<Box<SentPost<'a>>>, NotADocument> {
    let data = match data {
        None => Data::default(),
        Some(Checked::Valid(data)) => data,
        Some(Checked::Malformed(found)) => return Err(other_form("`data`", found, "an array of posts")),
    };
    if let Some((index, found)) = data.not_an_object {
        return Err(other_form(format!("data[{index}]"), found, "a post"));
    }
    if data.has_more {
        return Err(NotADocument::TooManyPosts { posts_max: sent::POSTS_MAX });
    }
    if data.posts.is_empty() {
        let problem = match result_count {
            None => "`meta.result_count` is missing".to_owned(),
            Some(Count(0)) => match unknown_list_of_objects(raw) {
                None => return Ok(Vec::new()),
                Some(name) => format!("`{name}` has"),
            },
            Some(Count(count)) => format!("`meta.result_count` is {count}"),
        };
        return Err(NotADocument::WithoutPosts { problem });
    }
    let evidence = || data.posts.iter().map(|post| post.evidence);
    if evidence().any(evidence::Evidence::is_post) {
        return Ok(data.posts);
    }
    Err(NotADocument::OtherObjects { looks_like: evidence::describe(evidence(), raw) })
}

/// Returns the name of a list of objects that X does not send: posts under a name other than `data`.
fn unknown_list_of_objects(raw: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(raw);
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&text).ok()?;
    let has_objects = |value: &RawValue| {
        let items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
        items.iter().any(|item| item.get().starts_with('{'))
    };
    let mut unknown = fields.into_iter().filter(|(name, _)| !["data", "includes", "meta", "errors", "capture"].contains(&name.as_str()));
    unknown.find(|(_, value)| has_objects(value)).map(|(name, _)| name.chars().take(64).collect())
}

/// Converts a post to a tweet, if it has an id and a place in the table.
fn tweet<'a>(index: usize, sent: Box<SentPost<'a>>, years: Years, malformed: &mut Malformed) -> Result<Tweet<'a>, NotADocument> {
    let id = match sent.id {
        Some(Checked::Valid(id)) => id,
        Some(Checked::Malformed(found)) => return Err(NotADocument::WithoutId { index, found }),
        None => return Err(NotADocument::WithoutId { index, found: "missing" }),
    };
    let mut time_in_id = |found| {
        malformed.record_at(&[Segment::Field("data"), Segment::Item(index), Segment::Field("created_at")], found);
        (id.created_at(), "id")
    };
    let (created_at, field) = match sent.created_at {
        Some(Checked::Valid(created_at)) => (created_at, "created_at"),
        Some(Checked::Malformed(found)) => time_in_id(found),
        None => time_in_id("missing"),
    };
    if years.contains(created_at.year()) {
        return Ok(Tweet { id, created_at, sent });
    }
    Err(NotADocument::OtherYear { index, year: created_at.year(), field, years })
}

impl<'a> Tweet<'a> {
    /// Returns the id of the author.
    pub fn author_id(&self) -> Option<TweetId> {
        self.sent.author_id
    }

    /// Returns the id of the tweet that started the conversation.
    pub fn conversation_id(&self) -> Option<TweetId> {
        self.sent.conversation_id
    }

    /// Returns the language code that X assigned. The set of codes is open.
    pub fn lang(&self) -> Option<&str> {
        self.sent.lang.as_deref()
    }

    /// Returns whether a link in the tweet may lead to sensitive content.
    pub fn possibly_sensitive(&self) -> Option<bool> {
        self.sent.possibly_sensitive
    }

    /// Returns the counts at capture time.
    pub fn public_metrics(&self) -> PublicMetrics {
        self.sent.public_metrics.unwrap_or_default()
    }

    /// Returns `text`, which holds only the beginning of a long tweet.
    pub fn text(&self) -> Option<&str> {
        self.sent.text.as_deref()
    }

    /// Returns the full text of a long tweet.
    pub fn note_text(&self) -> Option<&str> {
        note_text(self.sent.note_post.as_deref(), self.sent.note_tweet.as_deref())
    }

    /// Returns the hashtags of the full text, without `#`.
    pub fn hashtags(&self) -> Option<impl Iterator<Item = &str>> {
        self.recognised(|entities| entities.hashtags.as_deref()).map(|tags| tags.iter().filter_map(|hashtag| hashtag.tag.as_deref()))
    }

    /// Returns the handles mentioned in the full text, without `@`.
    pub fn mentions(&self) -> Option<impl Iterator<Item = &str>> {
        let mentions = self.recognised(|entities| entities.mentions.as_deref());
        mentions.map(|mentions| mentions.iter().filter_map(|mention| mention.username.as_deref()))
    }

    /// Returns the links of the full text, each once: X repeats a link for each photo it leads to.
    pub fn urls(&self) -> Option<impl Iterator<Item = &str>> {
        let urls = self.recognised(|entities| entities.urls.as_deref())?;
        let is_alone = urls.len() == 1; // the common case, and a set costs more than reading the link
        let mut seen = HashSet::new();
        Some(urls.iter().filter_map(sent::Url::target).filter(move |target| is_alone || seen.insert(*target)))
    }

    /// Returns a list of entities: that of the full text if X sent it, otherwise that of `text`.
    fn recognised<'t, T>(&'t self, list: impl Fn(&'t Entities<'a>) -> Option<&'t [T]>) -> Option<&'t [T]> {
        let notes = [&self.sent.note_post, &self.sent.note_tweet].map(|note| note.as_ref().and_then(|note| note.entities.as_ref()));
        fullest(notes.into_iter().chain([self.sent.entities.as_ref()]).flatten().filter_map(list), |list| !list.is_empty())
    }

    /// Returns the first id of the edit history: the id of the tweet before its edits.
    pub fn original_id(&self) -> TweetId {
        let histories = [self.sent.edit_history_post_ids, self.sent.edit_history_tweet_ids];
        histories.into_iter().flatten().find_map(|history| history.0).unwrap_or(self.id)
    }

    fn references(&self) -> Option<&[Reference<'a>]> {
        let lists = [self.sent.referenced_posts.as_deref(), self.sent.referenced_tweets.as_deref()];
        fullest(lists.into_iter().flatten(), |list| !list.is_empty())
    }

    fn reference(&self, types: &[&str]) -> Option<TweetId> {
        self.references()?.iter().find(|reference| reference.kind.as_deref().is_some_and(|kind| types.contains(&kind)))?.id
    }
}

impl IncludedPost<'_> {
    /// Returns `text`, which holds only the beginning of a long tweet.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Returns the full text of a long tweet.
    pub fn note_text(&self) -> Option<&str> {
        note_text(self.note_post.as_deref(), self.note_tweet.as_deref())
    }
}

fn note_text<'n>(post: Option<&'n Note>, tweet: Option<&'n Note>) -> Option<&'n str> {
    fullest([post, tweet].into_iter().flatten().filter_map(|note| note.text.as_deref()), |text| !text.is_empty())
}

/// Returns the first spelling with content, so that an empty one does not hide the other. Otherwise returns the first one sent.
fn fullest<T: Copy>(mut sent: impl Iterator<Item = T>, has_content: impl Fn(&T) -> bool) -> Option<T> {
    let first = sent.next()?;
    if has_content(&first) { Some(first) } else { sent.find(|other| has_content(other)).or(Some(first)) }
}
