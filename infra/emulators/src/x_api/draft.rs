//! A seeded post before it is formatted: the choices that determine its text and its fields.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::choices::Choices;
use super::entities::{self, Entity, Kind};
use super::object::{Object, raw};
use super::people;
use super::phrases;
use super::snowflake;
use super::text::{ascii_json, escape, shorten};
use super::traits::{Reference, Traits};

/// A key that is in no spec, sent in some posts whether requested or not: unknown future fields must be preserved.
pub const FUTURE_FIELD: &str = "relevance_forecast";

/// Numbers that JSON allows and few programs write.
const FUTURE_VALUE: &str = r#"{"score":1.0e2,"exact":12345678901234567890123,"floor":-0.0,"steps":[1E+2,0.10,5e-324],"model":"v\u0031"}"#;

/// How long after its first version a post can be edited.
const EDITABLE_MS: i64 = 30 * 60_000;
const EDITS_MAX: usize = 5;

/// All data of a seeded post.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    seed: u64,
    author_id: u64,
    /// The whole text, escaped.
    text: String,
    links: Vec<Link>,
    media_keys: Vec<String>,
    place: Option<&'static str>,
    reference: Option<Reference>,
    in_reply_to_user_id: Option<u64>,
    conversation_id: u64,
    metrics: Metrics,
}

#[derive(Clone, Debug)]
struct Link {
    short: String,
    expanded: String,
    media_key: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Metrics {
    reposts: u32,
    replies: u32,
    likes: u32,
    quotes: u32,
    bookmarks: u32,
    impressions: u32,
}

/// The inputs that a draft gets from the surrounding traffic.
#[derive(Clone, Debug)]
pub(super) struct Situation {
    /// Determines every choice of the post; the same for all its versions.
    pub seed: u64,
    pub author_id: u64,
    /// Number of the edit; 0 for the first version.
    pub edit: usize,
    pub reference: Option<Reference>,
    /// Author of the post that this one replies to.
    pub in_reply_to_user_id: Option<u64>,
    /// Author of the post that this one quotes.
    pub quoted_user_id: Option<u64>,
    pub conversation_id: u64,
}

impl Draft {
    pub fn compose(situation: &Situation) -> Self {
        let mut random = Choices::of(situation.seed, 10, 0);
        let mut plain = String::new();
        if let Some(user) = situation.in_reply_to_user_id {
            let _ = write!(plain, "@{} ", people::username(user));
        }
        push_sentence(&mut random, &mut plain);
        // Before the paragraphs, so that the link is also in the first 280 characters of a long post.
        let page = Link::marked(&mut random);
        let _ = write!(plain, " {}", page.short);
        if random.chance(if situation.reference.is_none() { 90 } else { 15 }) {
            for _ in 0..=2 + random.below(4) {
                let _ = write!(plain, "\n\n{}", random.pick(&phrases::PARAGRAPHS));
            }
        }
        for note in phrases::EDIT_NOTES.iter().take(situation.edit) {
            plain.push_str(note);
        }
        let mut links = Vec::new();
        if let (Some(user), Some(quoted)) = (situation.quoted_user_id, &situation.reference) {
            let expanded = format!("https://x.com/{}/status/{}", people::username(user), quoted.id);
            links.push(Link { short: short_link(&mut random), expanded, media_key: None });
        }
        let media_keys = media_keys(&mut random);
        if let Some(key) = media_keys.first() {
            let expanded = format!("https://x.com/{}/media/{key}", people::username(situation.author_id));
            links.push(Link { short: short_link(&mut random), expanded, media_key: Some(key.clone()) });
        }
        for link in &links {
            let _ = write!(plain, " {}", link.short);
        }
        links.insert(0, page);
        let place = random.chance(25).then(|| random.pick(&phrases::PLACES).0);
        Self {
            seed: situation.seed,
            author_id: situation.author_id,
            text: escape(&plain),
            links,
            media_keys,
            place,
            reference: situation.reference.clone(),
            in_reply_to_user_id: situation.in_reply_to_user_id,
            conversation_id: situation.conversation_id,
            metrics: Metrics::choose(&mut random),
        }
    }

    pub fn traits(&self) -> Traits {
        let found = entities::scan(&self.text);
        let values = |kind| found.iter().filter(move |e| e.kind == kind).map(|e| e.value.clone()).collect();
        Traits {
            text: self.text.clone(),
            lang: "pt".to_owned(),
            author_id: Some(self.author_id),
            in_reply_to_user_id: self.in_reply_to_user_id,
            conversation_id: Some(self.conversation_id),
            references: self.reference.iter().cloned().collect(),
            hashtags: values(Kind::Hashtag),
            mentions: values(Kind::Mention),
            links: self.links.iter().map(|link| link.expanded.clone()).collect(),
            media_keys: self.media_keys.clone(),
            place_id: self.place.map(str::to_owned),
            likes: self.metrics.likes.into(),
            replies: self.metrics.replies.into(),
            reposts: self.metrics.reposts.into(),
        }
    }

    /// Returns every field under its older name.
    pub fn fields(&self, id: u64, edit_history: &[u64]) -> Object {
        let mut random = Choices::of(self.seed, 11, 0);
        let first_ms = snowflake::unix_ms(edit_history.first().copied().unwrap_or(id));
        let escaped = random.chance(100);
        let json_string = |text: &str| if escaped { ascii_json(text) } else { raw(&text).get().to_owned() };
        let short = shorten(&self.text);
        let mut fields = Object::default();
        fields.push("id", &id.to_string());
        fields.push_text("text", &json_string(short.as_deref().unwrap_or(&self.text)));
        fields.push("edit_history_tweet_ids", &strings(edit_history));
        fields.push("created_at", &snowflake::created_at(snowflake::unix_ms(id)));
        fields.push("author_id", &self.author_id.to_string());
        fields.push("lang", &"pt");
        fields.push("conversation_id", &self.conversation_id.to_string());
        if let Some(user) = self.in_reply_to_user_id {
            fields.push("in_reply_to_user_id", &user.to_string());
        }
        if let Some(Reference { kind, id }) = &self.reference {
            fields.push("referenced_tweets", &[json!({ "type": kind.name(), "id": id.to_string() })]);
        }
        if short.is_some() {
            fields.push("note_tweet", &self.note(&json_string(&self.text)));
        }
        fields.push(
            "edit_controls",
            &json!({
                "edits_remaining": EDITS_MAX - edit_history.len().saturating_sub(1).min(EDITS_MAX),
                "is_edit_eligible": self.in_reply_to_user_id.is_none(),
                "editable_until": snowflake::created_at(first_ms + EDITABLE_MS),
            }),
        );
        let found = self.entities(short.as_deref().unwrap_or(&self.text), true);
        if !found.is_empty() {
            fields.push("entities", &found);
        }
        self.push_optional(&mut fields, &mut random);
        fields
    }

    /// Returns the whole text, as it is spelled in JSON, with its entities.
    fn note(&self, text: &str) -> Object {
        let mut note = Object::default();
        note.push_text("text", text);
        let found = self.entities(&self.text, false);
        if !found.is_empty() {
            note.push("entities", &found);
        }
        note
    }

    /// Appends the fields that only some posts have, or that have other values in some posts.
    fn push_optional(&self, fields: &mut Object, random: &mut Choices) {
        if !self.media_keys.is_empty() {
            fields.push("attachments", &json!({ "media_keys": self.media_keys }));
        }
        if let Some(place) = self.place {
            let point = if random.chance(300) { r#","coordinates":{"type":"Point","coordinates":[-4.78825e1,-15.79420]}"# } else { "" };
            fields.push_text("geo", &format!(r#"{{"place_id":"{place}"{point}}}"#));
        }
        fields.push("possibly_sensitive", &random.chance(20));
        fields.push("public_metrics", &self.metrics.to_object());
        let everyone_mostly = ["everyone", "everyone", "everyone", "following", "subscribers", "verified"];
        fields.push("reply_settings", &random.pick(&everyone_mostly));
        if random.chance(300) {
            fields.push("context_annotations", &politics());
        }
        if random.chance(5) {
            fields.push("withheld", &json!({ "copyright": false, "country_codes": ["DE"], "scope": "tweet" }));
        }
        if random.chance(50) {
            fields.push_text(FUTURE_FIELD, FUTURE_VALUE);
        }
    }

    /// Returns the hashtags, mentions and links of a text, and annotations where the older spec has them.
    fn entities(&self, text: &str, annotate: bool) -> Object {
        let found = entities::scan(text);
        let mut lists = Object::default();
        let mut list = |name: &str, kind: Kind, describe: &dyn Fn(&Entity) -> Value| {
            let items: Vec<Value> = found.iter().filter(|e| e.kind == kind).map(describe).collect();
            if !items.is_empty() {
                lists.push(name, &items);
            }
        };
        list("hashtags", Kind::Hashtag, &|e| json!({ "start": e.start, "end": e.end, "tag": e.value }));
        list(
            "mentions",
            Kind::Mention,
            &|e| json!({ "start": e.start, "end": e.end, "username": e.value, "id": people::id_of(&e.value).to_string() }),
        );
        list("urls", Kind::Link, &|e| self.describe_link(e));
        if annotate && let Some(annotation) = annotate_brazil(text) {
            lists.push_text("annotations", &annotation);
        }
        lists
    }

    fn describe_link(&self, entity: &Entity) -> Value {
        let mut url = json!({ "start": entity.start, "end": entity.end, "url": entity.value });
        if let Some(link) = self.links.iter().find(|link| link.short == entity.value) {
            let bare = link.expanded.trim_start_matches("https://").trim_start_matches("www.");
            url["expanded_url"] = json!(link.expanded);
            url["display_url"] = json!(bare.chars().take(26).collect::<String>() + "…");
            if let Some(key) = &link.media_key {
                url["media_key"] = json!(key);
            }
        }
        url
    }
}

impl Link {
    /// Creates a link to a news page with [`phrases::MARKER_WORD`] in its path.
    fn marked(random: &mut Choices) -> Self {
        let short = format!("https://t.co/{}{}", phrases::MARKER_WORD, short_code(random, 2));
        Self { short, expanded: format!("{}{}", random.pick(&phrases::SITES), random.below(1_000_000)), media_key: None }
    }
}

impl Metrics {
    /// Chooses counters: small for most posts, very large for some.
    fn choose(random: &mut Choices) -> Self {
        let likes = random.below(12) * random.below(12) * if random.chance(30) { 997 } else { 1 };
        Self {
            reposts: likes / 5,
            replies: random.below(9),
            likes,
            quotes: likes / 23,
            bookmarks: likes / 31,
            impressions: likes * 41 + random.below(400),
        }
    }

    fn to_object(self) -> Object {
        let mut metrics = Object::default();
        metrics.push("retweet_count", &self.reposts);
        metrics.push("reply_count", &self.replies);
        metrics.push("like_count", &self.likes);
        metrics.push("quote_count", &self.quotes);
        metrics.push("bookmark_count", &self.bookmarks);
        metrics.push("impression_count", &self.impressions);
        metrics
    }
}

/// Appends the first sentence: opener, core, mood sign, tail, hashtags.
fn push_sentence(random: &mut Choices, text: &mut String) {
    let (core, signs): (_, &[&str]) = match random.below(100) {
        0..36 => (random.pick(&phrases::PRAISE), &phrases::SMILES),
        36..72 => (random.pick(&phrases::COMPLAINT), &phrases::FROWNS),
        _ => (random.pick(&phrases::NEWS), &phrases::TRAPS),
    };
    let sign = if random.chance(850) { random.pick(signs) } else { "" };
    let first = !sign.is_empty() && random.chance(60);
    if first {
        let _ = write!(text, "{sign} ");
    }
    let _ = write!(text, "{}{core}", random.pick(&phrases::OPENERS));
    text.push_str(random.pick(&["", "", ".", "!", "!!!", "..."]));
    if !first && !sign.is_empty() {
        // An emoticon of ASCII letters would become part of the preceding word, so only the others are glued to it.
        let glued = random.chance(150) && !sign.starts_with(|c: char| c.is_ascii_alphanumeric());
        let _ = write!(text, "{}{sign}", if glued { "" } else { " " });
    }
    text.push_str(random.pick(&phrases::TAILS));
    for _ in 0..random.below(4).saturating_sub(1) {
        let _ = write!(text, " {}", random.pick(&phrases::HASHTAGS));
    }
    if random.chance(80) {
        let _ = write!(text, " @{}", random.pick(&phrases::HANDLES));
    }
}

fn media_keys(random: &mut Choices) -> Vec<String> {
    let (kind, count) = match random.below(100) {
        0..9 => (3, 1),
        9..11 => (3, 4),
        11..14 => (7, 1),
        _ => return Vec::new(),
    };
    (0..count).map(|_| format!("{kind}_{}", 1_900_000_000_000_000_000 + (random.number() >> 8))).collect()
}

fn short_link(random: &mut Choices) -> String {
    format!("https://t.co/{}", short_code(random, 10))
}

fn short_code(random: &mut Choices, length: usize) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    (0..length).map(|_| char::from(random.pick(ALPHABET))).collect()
}

fn annotate_brazil(text: &str) -> Option<String> {
    let start = text[..text.find("Brasil")?].chars().count();
    let end = start + "Brasil".len() - 1;
    Some(format!(r#"[{{"start":{start},"end":{end},"probability":9.940e-1,"type":"Place","normalized_text":"Brasil"}}]"#))
}

fn politics() -> Value {
    json!([{
        "domain": { "id": "131", "name": "Unified Twitter Taxonomy" },
        "entity": { "id": "847878884917886977", "name": "Politics" },
    }])
}

fn strings(ids: &[u64]) -> Vec<String> {
    ids.iter().map(u64::to_string).collect()
}
