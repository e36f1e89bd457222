//! Formats the posts of a page, and the objects they refer to, as requested.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::corpus::Corpus;
use super::draft::FUTURE_FIELD;
use super::object::{Object, raw};
use super::parameters::RequestedFields;
use super::people;
use super::post::Post;
use super::problem;
use super::vocabulary::{Vocabulary, older};

/// The parts of a search response; empty ones are omitted.
pub(super) struct Answer {
    pub data: Vec<Object>,
    pub includes: Object,
    pub errors: Vec<Value>,
    pub users: u64,
    pub referenced: u64,
}

/// Formats a page.
pub(super) fn answer(posts: &[Arc<Post>], requested: &RequestedFields, vocabularies: &[Vocabulary], corpus: &Corpus) -> Answer {
    let mut objects = ReferencedObjects::default();
    let mut errors: Vec<Value> =
        requested.refused_fields.iter().map(|field| problem::not_authorized_for_field(requested.vocabulary, field)).collect();
    for post in posts {
        objects.of_page(post, requested);
    }
    let mut referenced = Vec::new();
    for (id, parameter) in objects.posts.clone() {
        if let Some(post) = corpus.post(id) {
            objects.of_referenced(&post, requested);
            referenced.push(post);
        } else {
            errors.push(problem::not_found(requested.vocabulary, "tweet", parameter, &id.to_string()));
        }
    }
    let format_posts = |posts: &[Arc<Post>]| -> Vec<Object> { posts.iter().map(|p| post(p, requested, vocabularies)).collect() };
    let user = |id: &u64| limited(&people::user(*id), &["id", "name", "username"], &requested.user_fields, vocabularies);
    let media = |key: &String| limited(&people::media(key), &["media_key", "type"], &requested.media_fields, vocabularies);
    let place = |id: &String| limited(&people::place(id), &["id", "full_name"], &requested.place_fields, vocabularies);
    let mut includes = Object::default();
    include(&mut includes, "users", objects.users.iter().map(user).collect(), vocabularies);
    include(&mut includes, "tweets", format_posts(&referenced), vocabularies);
    include(&mut includes, "media", objects.media.iter().map(media).collect(), vocabularies);
    include(&mut includes, "places", objects.places.iter().map(place).collect(), vocabularies);
    Answer { data: format_posts(posts), includes, errors, users: objects.users.len() as u64, referenced: referenced.len() as u64 }
}

fn include(includes: &mut Object, name: &str, objects: Vec<Object>, vocabularies: &[Vocabulary]) {
    if !objects.is_empty() {
        push_renamed(includes, name, &raw(&objects), vocabularies);
    }
}

/// The objects that a page refers to, without duplicates.
#[derive(Default)]
struct ReferencedObjects {
    users: BTreeSet<u64>,
    /// Ids, with the expansion that requested them.
    posts: BTreeSet<(u64, &'static str)>,
    media: BTreeSet<String>,
    places: BTreeSet<String>,
}

impl ReferencedObjects {
    fn of_page(&mut self, post: &Post, requested: &RequestedFields) {
        let traits = &post.traits;
        let expands = |name: &str| requested.expansions.contains(name);
        if expands("author_id") {
            self.users.extend(traits.author_id);
        }
        if expands("in_reply_to_user_id") {
            self.users.extend(traits.in_reply_to_user_id);
        }
        if expands("entities.mentions.username") {
            self.users.extend(traits.mentions.iter().map(|name| people::id_of(name)));
        }
        if requested.expansions.iter().any(|name| name.starts_with("referenced_tweets.id")) {
            self.posts.extend(traits.references.iter().map(|reference| (reference.id, "referenced_tweets.id")));
        }
        if expands("edit_history_tweet_ids") {
            let others = post.edit_history.iter().filter(|id| **id != post.id);
            self.posts.extend(others.map(|id| (*id, "edit_history_tweet_ids")));
        }
        if expands("attachments.media_keys") {
            self.media.extend(traits.media_keys.iter().cloned());
        }
        if expands("geo.place_id") {
            self.places.extend(traits.place_id.clone());
        }
    }

    fn of_referenced(&mut self, post: &Post, requested: &RequestedFields) {
        if requested.expansions.contains("referenced_tweets.id.author_id") {
            self.users.extend(post.traits.author_id);
        }
        if requested.expansions.contains("referenced_tweets.id.attachments.media_keys") {
            self.media.extend(post.traits.media_keys.iter().cloned());
        }
    }
}

/// Returns a post with the requested fields and the unknown future field.
fn post(post: &Post, requested: &RequestedFields, vocabularies: &[Vocabulary]) -> Object {
    let mut renamed = Object::default();
    for (name, value) in post.fields().iter() {
        let known = Vocabulary::Tweet.post_fields().contains(&name);
        if requested.post_fields.contains(name) || !known || name == FUTURE_FIELD {
            push_renamed(&mut renamed, name, value, vocabularies);
        }
    }
    renamed
}

fn limited(object: &Object, always: &[&str], requested: &BTreeSet<String>, vocabularies: &[Vocabulary]) -> Object {
    let mut renamed = Object::default();
    for (name, value) in object.iter().filter(|(name, _)| always.contains(name) || requested.contains(*name)) {
        push_renamed(&mut renamed, name, value, vocabularies);
    }
    renamed
}

/// Appends a field under its name in each vocabulary in use, and renames its contents in the same way.
fn push_renamed(object: &mut Object, name: &str, value: &RawValue, vocabularies: &[Vocabulary]) {
    let inside = match name {
        "public_metrics" => rename_keys(value, vocabularies),
        "withheld" => rename_scope(value, vocabularies),
        _ => None,
    };
    let value = inside.as_deref().unwrap_or(value);
    let mut last = None;
    for new_name in vocabularies.iter().map(|vocabulary| vocabulary.name_of(name)) {
        if last != Some(new_name) {
            object.push_raw(new_name, value.to_owned());
        }
        last = Some(new_name);
    }
}

fn rename_keys(value: &RawValue, vocabularies: &[Vocabulary]) -> Option<Box<RawValue>> {
    let object: Object = serde_json::from_str(value.get()).ok()?;
    let mut renamed = Object::default();
    for (name, value) in object.iter() {
        push_renamed(&mut renamed, older(name), value, vocabularies);
    }
    Some(raw(&renamed))
}

/// `withheld.scope` names the object type: `tweet` or `post`.
fn rename_scope(value: &RawValue, vocabularies: &[Vocabulary]) -> Option<Box<RawValue>> {
    let mut withheld: Value = serde_json::from_str(value.get()).ok()?;
    let scope = vocabularies.first()?.name_of(older(withheld["scope"].as_str()?)).to_owned();
    withheld["scope"] = Value::String(scope);
    Some(raw(&withheld))
}
