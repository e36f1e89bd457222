//! A post and its JSON.

use super::draft::Draft;
use super::object::Object;
use super::traits::{ReferenceKind, Traits, number};
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

    /// Returns whether a search finds the post if everything up to that time is indexed: it is, and no edit that replaces it is.
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
