//! Formats the posts of a page, and the objects they refer to, as requested.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::corpus::Corpus;
use super::draft::FUTURE_FIELD;
use super::object::{Object, raw};
use super::parameters::Asked;
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
pub(super) fn answer(posts: &[Arc<Post>], asked: &Asked, spoken: &[Vocabulary], corpus: &Corpus) -> Answer {
    let mut wanted = Wanted::default();
    let mut errors: Vec<Value> =
        asked.refused_fields.iter().map(|field| problem::not_authorized_for_field(asked.vocabulary, field)).collect();
    for post in posts {
        wanted.of_page(post, asked);
    }
    let mut referenced = Vec::new();
    for (id, parameter) in wanted.posts.clone() {
        if let Some(post) = corpus.post(id) {
            wanted.of_referenced(&post, asked);
            referenced.push(post);
        } else {
            errors.push(problem::not_found(asked.vocabulary, "tweet", parameter, &id.to_string()));
        }
    }
    let spell_posts = |posts: &[Arc<Post>]| -> Vec<Object> { posts.iter().map(|p| post(p, asked, spoken)).collect() };
    let user = |id: &u64| limited(&people::user(*id), &["id", "name", "username"], &asked.user_fields, spoken);
    let media = |key: &String| limited(&people::media(key), &["media_key", "type"], &asked.media_fields, spoken);
    let place = |id: &String| limited(&people::place(id), &["id", "full_name"], &asked.place_fields, spoken);
    let mut includes = Object::default();
    include(&mut includes, "users", wanted.users.iter().map(user).collect(), spoken);
    include(&mut includes, "tweets", spell_posts(&referenced), spoken);
    include(&mut includes, "media", wanted.media.iter().map(media).collect(), spoken);
    include(&mut includes, "places", wanted.places.iter().map(place).collect(), spoken);
    Answer { data: spell_posts(posts), includes, errors, users: wanted.users.len() as u64, referenced: referenced.len() as u64 }
}

fn include(includes: &mut Object, name: &str, objects: Vec<Object>, spoken: &[Vocabulary]) {
    if !objects.is_empty() {
        speak(includes, name, &raw(&objects), spoken);
    }
}

/// The objects that a page refers to, without duplicates.
#[derive(Default)]
struct Wanted {
    users: BTreeSet<u64>,
    /// Ids, with the expansion that requested them.
    posts: BTreeSet<(u64, &'static str)>,
    media: BTreeSet<String>,
    places: BTreeSet<String>,
}

impl Wanted {
    fn of_page(&mut self, post: &Post, asked: &Asked) {
        let traits = &post.traits;
        let expands = |name: &str| asked.expansions.contains(name);
        if expands("author_id") {
            self.users.extend(traits.author_id);
        }
        if expands("in_reply_to_user_id") {
            self.users.extend(traits.in_reply_to_user_id);
        }
        if expands("entities.mentions.username") {
            self.users.extend(traits.mentions.iter().map(|name| people::id_of(name)));
        }
        if asked.expansions.iter().any(|name| name.starts_with("referenced_tweets.id")) {
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

    fn of_referenced(&mut self, post: &Post, asked: &Asked) {
        if asked.expansions.contains("referenced_tweets.id.author_id") {
            self.users.extend(post.traits.author_id);
        }
        if asked.expansions.contains("referenced_tweets.id.attachments.media_keys") {
            self.media.extend(post.traits.media_keys.iter().cloned());
        }
    }
}

/// Returns a post with the requested fields and the unknown future field.
fn post(post: &Post, asked: &Asked, spoken: &[Vocabulary]) -> Object {
    let mut spelled = Object::default();
    for (name, value) in post.fields().iter() {
        let known = Vocabulary::Tweet.post_fields().contains(&name);
        if asked.post_fields.contains(name) || !known || name == FUTURE_FIELD {
            speak(&mut spelled, name, value, spoken);
        }
    }
    spelled
}

fn limited(object: &Object, always: &[&str], asked: &BTreeSet<String>, spoken: &[Vocabulary]) -> Object {
    let mut spelled = Object::default();
    for (name, value) in object.iter().filter(|(name, _)| always.contains(name) || asked.contains(*name)) {
        speak(&mut spelled, name, value, spoken);
    }
    spelled
}

/// Appends a field under its spelling in each family in use, and spells its contents in the same family.
fn speak(object: &mut Object, name: &str, value: &RawValue, spoken: &[Vocabulary]) {
    let inside = match name {
        "public_metrics" => spell_keys(value, spoken),
        "withheld" => spell_scope(value, spoken),
        _ => None,
    };
    let value = inside.as_deref().unwrap_or(value);
    let mut last = None;
    for spelling in spoken.iter().map(|vocabulary| vocabulary.spell(name)) {
        if last != Some(spelling) {
            object.push_raw(spelling, value.to_owned());
        }
        last = Some(spelling);
    }
}

fn spell_keys(value: &RawValue, spoken: &[Vocabulary]) -> Option<Box<RawValue>> {
    let object: Object = serde_json::from_str(value.get()).ok()?;
    let mut spelled = Object::default();
    for (name, value) in object.iter() {
        speak(&mut spelled, older(name), value, spoken);
    }
    Some(raw(&spelled))
}

/// `withheld.scope` names the object type: `tweet` or `post`.
fn spell_scope(value: &RawValue, spoken: &[Vocabulary]) -> Option<Box<RawValue>> {
    let mut withheld: Value = serde_json::from_str(value.get()).ok()?;
    let scope = spoken.first()?.spell(older(withheld["scope"].as_str()?)).to_owned();
    withheld["scope"] = Value::String(scope);
    Some(raw(&withheld))
}
