//! Selects the included objects that a tweet refers to.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// `includes` of one page: the arrays by name (`users`, `tweets` or `posts`, `media`, …), with objects as they were sent.
pub(crate) type Includes = BTreeMap<String, Vec<Box<RawValue>>>;

/// Ids, keys and `@usernames`.
type Names<'a> = HashSet<Cow<'a, str>>;

/// The names by which an object can be referenced.
#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    media_key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    username: Option<Cow<'a, str>>,
}

/// An included object and its names.
struct Included<'a> {
    kind: &'a str,
    name: Cow<'a, str>,
    at_username: Option<String>,
    object: &'a RawValue,
}

impl<'a> Included<'a> {
    fn read(kind: &'a str, object: &'a RawValue) -> Option<Self> {
        let Identity { id, media_key, username } = serde_json::from_str(object.get()).ok()?;
        Some(Self { kind, name: media_key.or(id)?, at_username: username.map(|name| format!("@{name}")), object })
    }

    fn is_in(&self, wanted: &Names) -> bool {
        wanted.contains(&self.name) || self.at_username.as_deref().is_some_and(|name| wanted.contains(name))
    }
}

/// Returns the objects of `pages` that the given tweets refer to, directly or through an included tweet, each object once.
pub(crate) fn referred_by<'a>(tweets: impl Iterator<Item = &'a RawValue>, pages: &[&'a Includes]) -> BTreeMap<&'a str, Vec<&'a RawValue>> {
    if pages.iter().all(|page| page.is_empty()) {
        return BTreeMap::new();
    }
    let mut wanted = Names::new();
    tweets.for_each(|tweet| collect_references(tweet, &mut wanted));

    let objects = pages.iter().copied().flatten().flat_map(|(kind, objects)| objects.iter().map(move |object| (kind, object)));
    let objects: Vec<Included> = objects.filter_map(|(kind, object)| Included::read(kind, object)).collect();
    let mut kept = BTreeMap::<&str, Vec<&RawValue>>::new();
    let mut seen = HashSet::new();
    loop {
        let before = seen.len();
        for included in &objects {
            if included.is_in(&wanted) && seen.insert((included.kind, included.name.as_ref())) {
                kept.entry(included.kind).or_default().push(included.object);
                if matches!(included.kind, "tweets" | "posts") {
                    collect_references(included.object, &mut wanted);
                }
            }
        }
        // An included tweet may refer to objects that precede it, so repeat until nothing new is found.
        if seen.len() == before {
            return kept;
        }
    }
}

/// Maximum nesting depth of a reference in a tweet. Current references are three levels deep.
const DEPTH_MAX: usize = 16;

/// Adds the ids, keys and `@usernames` that one tweet refers to.
///
/// A reference is a string under a key that ends in `_id`, `_ids` or `_keys`, the `id` of an item of `referenced_tweets`
/// or `referenced_posts`, or `id` and `username` of an item of `mentions`. The conversation is excluded because it has no
/// expansion. References are recognized by the form of the key, so fields added in the future are covered. Source: the
/// values of `expansions` in X OpenAPI 2.159 and 2.167.
fn collect_references<'a>(tweet: &'a RawValue, wanted: &mut Names<'a>) {
    let own_id = serde_json::from_str::<Identity>(tweet.get()).ok().and_then(|tweet| tweet.id);
    // The edit history names the tweet itself, which may be in `includes` because another tweet refers to it.
    let held_before = own_id.as_ref().is_some_and(|id| wanted.contains(id));
    collect(tweet, 0, Role::Plain, wanted);
    if let (Some(id), false) = (own_id, held_before) {
        wanted.remove(&id);
    }
}

/// Whether a value, or each item of a list, refers to something, by its key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Not a reference, though it may contain some.
    Plain,
    /// An id or a key.
    Reference,
    /// An object that refers to another one by `id` or `username`.
    ReferringObject,
}

impl Role {
    fn of(key: &str) -> Self {
        match key {
            "referenced_tweets" | "referenced_posts" | "mentions" => Self::ReferringObject,
            key if key.ends_with("_id") || key.ends_with("_ids") || key.ends_with("_keys") => Self::Reference,
            _ => Self::Plain,
        }
    }
}

/// Adds the references in one value: the value itself, or the contents of an object or a list. Each level is parsed
/// separately, so that a value Rust cannot represent (half a surrogate pair, 1e400) hides only itself.
fn collect<'a>(value: &'a RawValue, depth: usize, role: Role, wanted: &mut Names<'a>) {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'"') if role == Role::Reference => wanted.extend(text(json)),
        Some(b'[') if depth < DEPTH_MAX => {
            for item in serde_json::from_str::<Vec<&RawValue>>(json).unwrap_or_default() {
                collect(item, depth + 1, role, wanted);
            }
        }
        Some(b'{') if depth < DEPTH_MAX => each_field(json, |key, value| match (key, role) {
            ("conversation_id", _) => {}
            ("id", Role::ReferringObject) => collect(value, depth + 1, Role::Reference, wanted),
            ("username", Role::ReferringObject) => wanted.extend(text(value.get()).map(|name| format!("@{name}").into())),
            (key, _) => collect(value, depth + 1, Role::of(key), wanted),
        }),
        _ => {}
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn text(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(json).ok().map(|Text(text)| text)
}

/// Passes each field of an object to `visit`. Collecting them in a map would cost more than the rest of a page.
fn each_field<'a>(object: &'a str, visit: impl FnMut(&str, &'a RawValue)) {
    struct Fields<F>(F);
    impl<'a, F: FnMut(&str, &'a RawValue)> Visitor<'a> for Fields<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'a>>(mut self, mut fields: A) -> Result<(), A::Error> {
            while let Some((Text(key), value)) = fields.next_entry()? {
                (self.0)(&key, value);
            }
            Ok(())
        }
    }
    // The object was already parsed as part of the page. The only possible error is an escape in a key.
    let _ = serde_json::Deserializer::from_str(object).deserialize_map(Fields(visit));
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    #[track_caller]
    fn check(tweets: &[Value], includes: &Value, want: Expect) {
        let tweets: Vec<Box<RawValue>> = tweets.iter().map(|tweet| serde_json::value::to_raw_value(tweet).unwrap()).collect();
        let includes: Includes = serde_json::from_str(&includes.to_string()).unwrap();
        let kept = referred_by(tweets.iter().map(|tweet| &**tweet), &[&includes]);
        let names: Vec<String> = kept
            .iter()
            .flat_map(|(kind, objects)| objects.iter().map(move |object| (kind, object)))
            .map(|(kind, object)| {
                let value: Value = serde_json::from_str(object.get()).unwrap();
                format!("{kind} {}", value.get("media_key").unwrap_or(&value["id"]).as_str().unwrap())
            })
            .collect();
        want.assert_eq(&names.join(", "));
    }

    #[test]
    fn only_what_the_tweets_refer_to_is_kept() {
        let includes = json!({
            "users": [{"id": "1"}, {"id": "2"}, {"id": "3", "username": "planalto"}, {"id": "4"}],
            "tweets": [{"id": "90", "author_id": "4"}, {"id": "91"}],
            "media": [{"media_key": "3_1"}, {"media_key": "3_2"}],
            "places": [{"id": "p1"}, {"id": "p2"}],
        });
        check(&[json!({"id": "100", "author_id": "1"})], &includes, expect!["users 1"]);
        check(&[json!({"id": "100", "in_reply_to_user_id": "2"})], &includes, expect!["users 2"]);
        check(&[json!({"entities": {"mentions": [{"username": "planalto"}]}})], &includes, expect!["users 3"]);
        check(&[json!({"attachments": {"media_keys": ["3_2"]}, "geo": {"place_id": "p1"}})], &includes, expect!["media 3_2, places p1"]);
        // The author of an included tweet is also included.
        check(&[json!({"referenced_tweets": [{"type": "quoted", "id": "90"}]})], &includes, expect!["tweets 90, users 4"]);
        check(&[json!({"referenced_posts": [{"type": "quoted", "id": "91"}]})], &includes, expect!["tweets 91"]);
        // The conversation, the tweet itself, and a number that merely looks like an id are not references.
        check(&[json!({"id": "90", "conversation_id": "91", "edit_history_tweet_ids": ["90"], "text": "1"})], &includes, expect![""]);
        check(&[json!({"context_annotations": [{"domain": {"id": "1"}}]})], &includes, expect![""]);
    }

    #[test]
    fn an_odd_field_hides_no_reference() {
        let includes: Includes = serde_json::from_str(r#"{"users":[{"id":"1"},{"id":"2"}]}"#).unwrap();
        let deep = format!(r#""deep":{}{}"#, "[".repeat(100_000), "]".repeat(100_000));
        for odd in [r#""text":"\ud83d""#, r#""n":1e400"#, r#""a\u0062":1"#, deep.as_str()] {
            let tweet = format!(r#"{{"id":"9",{odd},"author_id":"2"}}"#);
            let tweet: &RawValue = serde_json::from_str(&tweet).unwrap();
            let kept = referred_by([tweet].into_iter(), &[&includes]);
            assert_eq!(kept["users"].iter().map(|user| user.get()).collect::<Vec<_>>(), [r#"{"id":"2"}"#], "{odd:.20}");
        }
    }
}
