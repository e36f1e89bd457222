//! Generates RAW files of invented tweets. The same seed and number always yield the same file.

use chrono::{DateTime, TimeDelta, Utc};
use emulators::random::Random;
use serde_json::{Value, json};
use tweets::{RawKey, TweetId};

const TWEETS: usize = 100;

const WORDS: [&str; 48] = [
    "presidente",
    "governo",
    "Brasília",
    "hoje",
    "ontem",
    "reforma",
    "anúncio",
    "coletiva",
    "Planalto",
    "saúde",
    "educação",
    "economia",
    "não",
    "sim",
    "mais",
    "menos",
    "vai",
    "foi",
    "disse",
    "ainda",
    "sobre",
    "depois",
    "antes",
    "povo",
    "Congresso",
    "votação",
    "projeto",
    "lei",
    "medida",
    "imposto",
    "preço",
    "gasolina",
    "emprego",
    "discurso",
    "viagem",
    "ministro",
    "agenda",
    "obra",
    "estado",
    "cidade",
    "acho que",
    "tomara que",
    "&amp; também",
    "kkkk",
    "gente,",
    "olha só:",
    "pois é.",
    "enfim",
];
const SYMBOLS: [&str; 10] = [":)", ":(", "😂", "😡", "&lt;3", ":D", "👏👏", "🇧🇷", "🙏", ":/"];
const TAGS: [&str; 8] = ["Brasil", "Economia", "Política", "STF", "Educação", "Congresso", "ReformaTributaria", "Saude"];
const NAMES: [&str; 12] = ["Ana", "João", "Maria", "Pedro", "Luíza", "Zé", "Carlos", "Beatriz", "Rafael", "Camila", "Tiago", "Inês"];

/// The fields and expansions requested from X.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The default configuration of `ingest`: no expansions, about 1 KB per tweet.
    Default,
    /// Every field and expansion: about 2 KB per tweet.
    Full,
}

/// Returns the key and the text of RAW file number `number`: 100 tweets created within 36 minutes.
pub fn raw_file(seed: u64, number: u64, shape: Shape) -> (String, String) {
    let mut random = Random::new(seed.wrapping_mul(0x9E6D_62D0_6F6A_9A9B) ^ number);
    let start = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(1_795_392_000 + i64::try_from(number).unwrap_or(0) * 2_160);
    let mut times: Vec<i64> = (0..TWEETS).map(|_| i64::try_from(random.below(2_160_000)).unwrap_or(0)).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    let ids: Vec<(u64, DateTime<Utc>)> = times
        .into_iter()
        .map(|ms| {
            let at = start + TimeDelta::milliseconds(ms);
            (u64::try_from(TweetId::lowest_at(at).get()).unwrap_or(0) + random.below(4_194_304), at)
        })
        .collect();

    let mut includes = json!({"users": [], "tweets": []});
    let mut data: Vec<Value> = ids.iter().map(|(id, at)| tweet(*id, *at, &mut random, &mut includes)).collect();
    if shape == Shape::Default {
        includes = json!({});
        for tweet in data.iter_mut().filter_map(Value::as_object_mut) {
            tweet.remove("context_annotations"); // not among the default fields
        }
    }
    let document = json!({
        "data": data,
        "includes": includes,
        "meta": {"result_count": TWEETS},
        "capture": {"captured_at": "2026-11-27T12:00:00.000Z", "requested": ["referenced_tweets"]},
    });
    let id =
        |place: Option<&(u64, DateTime<Utc>)>| place.and_then(|(id, _)| TweetId::new(i64::try_from(*id).ok()?)).unwrap_or(TweetId::MIN);
    let key = RawKey::new(ids.last().map_or(start, |(_, at)| *at), id(ids.last()), id(ids.first()));
    (key.to_string(), document.to_string())
}

fn tweet(id: u64, at: DateTime<Utc>, random: &mut Random, includes: &mut Value) -> Value {
    let author = user(random);
    let text = words(random);
    let (tag, mentioned, url) = (random.pick(&TAGS), user(random), format!("https://t.co/{:010x}", random.below(1 << 40)));
    let likes = if random.one_in(4) { random.below(1_500) } else { random.below(12) };
    let mut tweet = json!({
        "id": id.to_string(), "author_id": author["id"], "conversation_id": id.to_string(), "text": text, "lang": "pt",
        "created_at": at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string(), "possibly_sensitive": random.one_in(100),
        "edit_history_tweet_ids": [id.to_string()], "reply_settings": "everyone",
        "edit_controls": {"edits_remaining": 5, "is_edit_eligible": true, "editable_until": "2026-11-24T13:00:00.000Z"},
        "public_metrics": {"retweet_count": likes / 4, "reply_count": likes / 9, "like_count": likes, "quote_count": likes / 30,
            "bookmark_count": likes / 25, "impression_count": likes * 37 + random.below(90)},
        "entities": {"annotations": [{"start": 0, "end": 9, "probability": 0.8541, "type": "Person", "normalized_text": "Presidente"}]},
        "context_annotations": [{"domain": {"id": "131", "name": "Unified Twitter Taxonomy", "description": "A taxonomy of user interests."},
            "entity": {"id": "847878884917886977", "name": "Política", "description": "Política do Brasil"}}],
    });
    if random.one_in(3) {
        tweet["entities"]["hashtags"] = json!([{"start": 10, "end": 18, "tag": tag}]);
    }
    if random.one_in(3) {
        tweet["entities"]["mentions"] = json!([{"start": 0, "end": 9, "username": mentioned["username"], "id": mentioned["id"]}]);
        push(includes, "users", mentioned);
    }
    if random.one_in(4) {
        let target = format!("https://www1.folha.example/poder/2026/11/{:x}.shtml", random.number());
        tweet["entities"]["urls"] = json!([{"start": 100, "end": 123, "url": url, "expanded_url": target, "display_url": "folha.example/poder/2026…",
            "status": 200, "title": words(random), "unwound_url": target}]);
    }
    if random.one_in(30) {
        tweet["note_tweet"] = json!({"text": format!("{text} {} {}", words(random), words(random))});
    }
    if random.below(5) < 2 {
        let (kind, other) = (random.pick(&["retweeted", "replied_to", "quoted"]), id - random.below(1 << 50));
        tweet["referenced_tweets"] = json!([{"type": kind, "id": other.to_string()}]);
        let mut original = tweet.clone();
        original["id"] = json!(other.to_string());
        original["text"] = json!(words(random));
        push(includes, "tweets", original);
    }
    push(includes, "users", author);
    tweet
}

/// Adds an object to `includes`, where X lists each object once.
fn push(includes: &mut Value, kind: &str, object: Value) {
    if let Some(objects) = includes[kind].as_array_mut()
        && objects.iter().all(|known| known["id"] != object["id"])
    {
        objects.push(object);
    }
}

fn user(random: &mut Random) -> Value {
    let number = random.below(20_000);
    let mut own = Random::new(number); // a user always has the same name
    let (first, last) = (own.pick(&NAMES), own.pick(&NAMES));
    json!({"id": (1_000_000 + number * 48_271_993).to_string(), "username": format!("{}_{number}", first.to_lowercase().replace('ã', "a")),
        "name": format!("{first} {last} 🇧🇷"), "created_at": "2013-05-11T20:14:09.000Z", "verified": false, "location": "São Paulo, Brasil",
        "public_metrics": {"followers_count": number * 3, "following_count": number / 2, "tweet_count": number * 11, "listed_count": 1}})
}

fn words(random: &mut Random) -> String {
    let count = 12 + random.below(18);
    let mut text = (0..count).map(|_| random.pick(&WORDS)).collect::<Vec<_>>().join(" ");
    if random.one_in(3) {
        text = format!("{text} {}", random.pick(&SYMBOLS));
    }
    text
}
