//! The parts of a post that queries match.

use serde::Deserialize;
use serde_json::Value;

use super::entities::{self, Kind};
use super::object::Object;

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

impl Traits {
    pub fn of(fields: &Object) -> Self {
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

/// Reads a number that is sent as a string.
pub(super) fn number(fields: &Object, name: &str) -> Option<u64> {
    let digits: String = fields.read(name)?;
    (digits.len() <= 19).then(|| digits.parse().ok())?
}

fn number_in_a_string<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let digits = String::deserialize(deserializer)?;
    digits.parse().map_err(serde::de::Error::custom)
}
