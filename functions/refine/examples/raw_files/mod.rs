//! Generates RAW files of invented tweets. The same seed and number always yield the same file.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tweets::{RawKey, TweetId};

const TWEETS: usize = 100;

/// A reproducible pseudorandom number generator (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        items.get(index).copied().unwrap_or_default()
    }
}

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
    let mut numbers = Numbers(seed.wrapping_mul(0x9E6D_62D0_6F6A_9A9B) ^ number);
    let start = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(1_795_392_000 + i64::try_from(number).unwrap_or(0) * 2_160);
    let mut times: Vec<i64> = (0..TWEETS).map(|_| i64::try_from(numbers.below(2_160_000)).unwrap_or(0)).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    let ids: Vec<(u64, DateTime<Utc>)> = times
        .into_iter()
        .map(|ms| {
            let at = start + TimeDelta::milliseconds(ms);
            (u64::try_from(TweetId::lowest_at(at).get()).unwrap_or(0) + numbers.below(4_194_304), at)
        })
        .collect();

    let mut includes = json!({"users": [], "tweets": []});
    let mut data: Vec<Value> = ids.iter().map(|(id, at)| tweet(*id, *at, &mut numbers, &mut includes)).collect();
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

fn tweet(id: u64, at: DateTime<Utc>, numbers: &mut Numbers, includes: &mut Value) -> Value {
    let author = user(numbers);
    let text = words(numbers);
    let (tag, mentioned, url) = (numbers.pick(&TAGS), user(numbers), format!("https://t.co/{:010x}", numbers.below(1 << 40)));
    let likes = if numbers.one_in(4) { numbers.below(1_500) } else { numbers.below(12) };
    let mut tweet = json!({
        "id": id.to_string(), "author_id": author["id"], "conversation_id": id.to_string(), "text": text, "lang": "pt",
        "created_at": at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string(), "possibly_sensitive": numbers.one_in(100),
        "edit_history_tweet_ids": [id.to_string()], "reply_settings": "everyone",
        "edit_controls": {"edits_remaining": 5, "is_edit_eligible": true, "editable_until": "2026-11-24T13:00:00.000Z"},
        "public_metrics": {"retweet_count": likes / 4, "reply_count": likes / 9, "like_count": likes, "quote_count": likes / 30,
            "bookmark_count": likes / 25, "impression_count": likes * 37 + numbers.below(90)},
        "entities": {"annotations": [{"start": 0, "end": 9, "probability": 0.8541, "type": "Person", "normalized_text": "Presidente"}]},
        "context_annotations": [{"domain": {"id": "131", "name": "Unified Twitter Taxonomy", "description": "A taxonomy of user interests."},
            "entity": {"id": "847878884917886977", "name": "Política", "description": "Política do Brasil"}}],
    });
    if numbers.one_in(3) {
        tweet["entities"]["hashtags"] = json!([{"start": 10, "end": 18, "tag": tag}]);
    }
    if numbers.one_in(3) {
        tweet["entities"]["mentions"] = json!([{"start": 0, "end": 9, "username": mentioned["username"], "id": mentioned["id"]}]);
        push(includes, "users", mentioned);
    }
    if numbers.one_in(4) {
        let target = format!("https://www1.folha.example/poder/2026/11/{:x}.shtml", numbers.next());
        tweet["entities"]["urls"] = json!([{"start": 100, "end": 123, "url": url, "expanded_url": target, "display_url": "folha.example/poder/2026…",
            "status": 200, "title": words(numbers), "unwound_url": target}]);
    }
    if numbers.one_in(30) {
        tweet["note_tweet"] = json!({"text": format!("{text} {} {}", words(numbers), words(numbers))});
    }
    if numbers.below(5) < 2 {
        let (kind, other) = (numbers.pick(&["retweeted", "replied_to", "quoted"]), id - numbers.below(1 << 50));
        tweet["referenced_tweets"] = json!([{"type": kind, "id": other.to_string()}]);
        let mut original = tweet.clone();
        original["id"] = json!(other.to_string());
        original["text"] = json!(words(numbers));
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

fn user(numbers: &mut Numbers) -> Value {
    let number = numbers.below(20_000);
    let mut own = Numbers(number); // a user always has the same name
    let (first, last) = (own.pick(&NAMES), own.pick(&NAMES));
    json!({"id": (1_000_000 + number * 48_271_993).to_string(), "username": format!("{}_{number}", first.to_lowercase().replace('ã', "a")),
        "name": format!("{first} {last} 🇧🇷"), "created_at": "2013-05-11T20:14:09.000Z", "verified": false, "location": "São Paulo, Brasil",
        "public_metrics": {"followers_count": number * 3, "following_count": number / 2, "tweet_count": number * 11, "listed_count": 1}})
}

fn words(numbers: &mut Numbers) -> String {
    let count = 12 + numbers.below(18);
    let mut text = (0..count).map(|_| numbers.pick(&WORDS)).collect::<Vec<_>>().join(" ");
    if numbers.one_in(3) {
        text = format!("{text} {}", numbers.pick(&SYMBOLS));
    }
    text
}
