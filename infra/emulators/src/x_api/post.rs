//! A post: the fields that queries match, and its JSON.

use serde::Deserialize;
use serde_json::Value;

use super::draft::Draft;
use super::entities::{self, Kind};
use super::object::Object;
use super::{snowflake, vocabulary};

/// One version of a post. An edit creates a new version with a new id.
#[derive(Clone, Debug)]
pub struct Post {
    pub(super) id: u64,
    pub(super) edit_history: Vec<u64>,
    pub(super) successor: Option<u64>,
    pub(super) traits: Traits,
    body: Body,
}

/// The fields that the operators of a query match.
#[derive(Clone, Debug, Default)]
pub(super) struct Traits {
    /// The whole text, escaped as in the JSON.
    pub text: String,
    pub lang: String,
    pub author_id: Option<u64>,
    pub in_reply_to_user_id: Option<u64>,
    pub conversation_id: Option<u64>,
    pub references: Vec<Reference>,
    pub hashtags: Vec<String>,
    pub mentions: Vec<String>,
    /// Expanded URLs.
    pub links: Vec<String>,
    pub media_keys: Vec<String>,
    pub place_id: Option<String>,
    pub likes: u64,
    pub replies: u64,
    pub reposts: u64,
}

/// A reference to another post.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "type")]
    pub kind: ReferenceKind,
    #[serde(deserialize_with = "number_in_a_string")]
    pub id: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReferenceKind {
    Retweeted,
    Quoted,
    RepliedTo,
}

impl ReferenceKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Retweeted => "retweeted",
            Self::Quoted => "quoted",
            Self::RepliedTo => "replied_to",
        }
    }
}

/// Source of the JSON: a seeded post is only formatted when it is served.
#[derive(Clone, Debug)]
enum Body {
    Draft(Box<Draft>),
    Given(Object),
}

/// A post from a test that the emulator cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPost {
    /// The post is not a JSON object.
    #[error("a post must be a JSON object")]
    NotAnObject(#[source] serde_json::Error),
    /// The post has no id of 1 to 19 digits in a string.
    #[error("a post needs an `id`: a string of 1 to 19 digits")]
    NoId,
}

impl Post {
    /// Returns the id: the creation time of this version and 22 more bits.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the whole text as served: HTML-escaped, not cut at 280 characters.
    pub fn text(&self) -> &str {
        &self.traits.text
    }

    /// Returns the ids of all versions up to this one, oldest first.
    pub fn edit_history(&self) -> &[u64] {
        &self.edit_history
    }

    /// Returns the JSON of the post with all of its fields, under the older names (`note_tweet`), spelled as it is
    /// sent.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.fields()).unwrap_or_default()
    }

    /// Creates a post from JSON and preserves its spelling; accepts both families of names.
    pub fn from_json(json: &str) -> Result<Self, InvalidPost> {
        let given: Object = serde_json::from_str(json).map_err(InvalidPost::NotAnObject)?;
        let mut fields = Object::default();
        for (name, value) in given.iter() {
            fields.push_raw(vocabulary::older(name), value.to_owned());
        }
        let id = number(&fields, "id").ok_or(InvalidPost::NoId)?;
        let history: Vec<String> = fields.read("edit_history_tweet_ids").unwrap_or_default();
        let mut edit_history: Vec<u64> = history.iter().filter_map(|id| id.parse().ok()).collect();
        if edit_history.is_empty() {
            edit_history.push(id);
            fields.push("edit_history_tweet_ids", &[id.to_string()]);
        }
        Ok(Self { id, edit_history, successor: None, traits: Traits::of(&fields), body: Body::Given(fields) })
    }

    pub(super) fn seeded(id: u64, edit_history: Vec<u64>, successor: Option<u64>, draft: Draft) -> Self {
        Self { id, edit_history, successor, traits: draft.traits(), body: Body::Draft(Box::new(draft)) }
    }

    /// Returns whether a search at that time finds the post: already indexed, and not yet replaced by an indexed edit.
    pub(super) fn visible(&self, indexed_until_ms: i64) -> bool {
        snowflake::unix_ms(self.id) <= indexed_until_ms && self.successor.is_none_or(|next| snowflake::unix_ms(next) > indexed_until_ms)
    }

    pub(super) fn is(&self, kind: ReferenceKind) -> bool {
        self.traits.references.iter().any(|reference| reference.kind == kind)
    }

    /// Returns all fields under the older names, in the order in which they are sent.
    pub(super) fn fields(&self) -> Object {
        match &self.body {
            Body::Draft(draft) => draft.fields(self.id, &self.edit_history),
            Body::Given(fields) => fields.clone(),
        }
    }
}

impl Traits {
    fn of(fields: &Object) -> Self {
        let note = fields.read::<Value>("note_tweet").and_then(|note| note["text"].as_str().map(str::to_owned));
        let text = note.filter(|text| !text.is_empty()).or_else(|| fields.read("text")).unwrap_or_default();
        let values = |kind| entities::scan(&text).into_iter().filter(move |e| e.kind == kind).map(|e| e.value);
        let json = |name: &str| fields.read::<Value>(name).unwrap_or_default();
        let (metrics, attachments) = (json("public_metrics"), json("attachments"));
        let reposts = metrics["repost_count"].as_u64().or(metrics["retweet_count"].as_u64());
        Self {
            lang: fields.read("lang").unwrap_or_else(|| "und".to_owned()),
            author_id: number(fields, "author_id"),
            in_reply_to_user_id: number(fields, "in_reply_to_user_id"),
            conversation_id: number(fields, "conversation_id"),
            references: fields.read("referenced_tweets").unwrap_or_default(),
            hashtags: values(Kind::Hashtag).collect(),
            mentions: values(Kind::Mention).collect(),
            links: expanded_links(&json("entities")),
            media_keys: serde_json::from_value(attachments["media_keys"].clone()).unwrap_or_default(),
            place_id: json("geo")["place_id"].as_str().map(str::to_owned),
            likes: metrics["like_count"].as_u64().unwrap_or(0),
            replies: metrics["reply_count"].as_u64().unwrap_or(0),
            reposts: reposts.unwrap_or(0),
            text,
        }
    }
}

fn expanded_links(entities: &Value) -> Vec<String> {
    let urls = entities["urls"].as_array().map(Vec::as_slice).unwrap_or_default();
    urls.iter().filter_map(|url| url["expanded_url"].as_str().or(url["url"].as_str())).map(str::to_owned).collect()
}

fn number(fields: &Object, name: &str) -> Option<u64> {
    let digits: String = fields.read(name)?;
    (digits.len() <= 19).then(|| digits.parse().ok())?
}

fn number_in_a_string<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let digits = String::deserialize(deserializer)?;
    digits.parse().map_err(serde::de::Error::custom)
}
