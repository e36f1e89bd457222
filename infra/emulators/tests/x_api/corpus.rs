//! Properties of the generated traffic.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use emulators::random::fnv1a;
use emulators::x_api::{Corpus, FUTURE_FIELD, MARKER_WORD, Post, snowflake};
use proptest::prelude::*;
use serde_json::Value;

use crate::{at, now};

fn json(post: &Post) -> Value {
    serde_json::from_str(&post.to_json()).unwrap()
}

fn spell(posts: &[std::sync::Arc<Post>]) -> Vec<String> {
    posts.iter().map(|post| post.to_json()).collect()
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    let start = at("2026-11-22T15:00:00Z");
    (0..40_i64 * 60_000).prop_map(move |ms| start + TimeDelta::milliseconds(ms))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_span_is_the_sum_of_its_parts(seed in 0..4_u64, mut cuts in [time(), time(), time()]) {
        cuts.sort();
        let [a, b, c] = cuts;
        let corpus = Corpus::seeded(seed);
        let mut parts = spell(&corpus.posts(a..b));
        parts.extend(spell(&corpus.posts(b..c)));
        prop_assert_eq!(parts, spell(&Corpus::seeded(seed).posts(a..c)));
    }
}

#[test]
fn a_later_search_finds_the_same_old_posts() {
    let span = now() - TimeDelta::minutes(90)..now();
    let first = Corpus::seeded(5).posts(span.clone());
    let later = Corpus::seeded(5);
    later.posts(now()..now() + TimeDelta::minutes(1));
    assert_eq!(spell(&first), spell(&later.posts(span.clone())));
    assert_ne!(spell(&first), spell(&Corpus::seeded(6).posts(span)));
}

/// Pins the traffic across platforms, compilers and releases: a change to it changes every demo.
#[test]
fn the_traffic_of_a_seed_never_changes() {
    let posts = Corpus::seeded(1).posts(at("2026-11-23T21:00:00Z")..at("2026-11-23T21:10:00Z"));
    let all = spell(&posts).join("\n");
    let hash = fnv1a(all.bytes());
    expect_test::expect!["posts 156, fnv 99e7e6f33311cc83"].assert_eq(&format!("posts {}, fnv {hash:x}", posts.len()));
}

#[test]
fn a_week_has_rhythm_bursts_and_quiet_hours() {
    let corpus = Corpus::seeded(1);
    let start = at("2026-11-16T00:00:00Z");
    let hours: Vec<usize> =
        (0..7 * 24).map(|hour| corpus.posts(start + TimeDelta::hours(hour)..start + TimeDelta::hours(hour + 1)).len()).collect();
    let total: usize = hours.iter().sum();
    let per_minute = total / (7 * 24 * 60);
    assert!((8..=11).contains(&per_minute), "{total} posts in a week");
    assert!(*hours.iter().max().unwrap() > 1_500, "no burst: {hours:?}");
    assert!(*hours.iter().min().unwrap() < 30, "no quiet hour: {hours:?}");
    let night: usize = hours.iter().skip(6).step_by(24).sum();
    let evening: usize = hours.iter().skip(23).step_by(24).sum();
    assert!(evening > 10 * night, "20 h in Brasília has {evening}, 3 h has {night}");
}

/// The demo captures half an hour.
#[test]
fn no_half_hour_is_empty() {
    let corpus = Corpus::seeded(1);
    let start = at("2026-12-01T00:00:00Z");
    let half_hour = TimeDelta::minutes(30);
    let fewest = (0..30)
        .flat_map(|day| (12..18).map(move |half| start + TimeDelta::days(day) + half_hour * half)) // the night in Brasília
        .map(|from| corpus.posts(from..from + half_hour).len())
        .min();
    assert!(fewest.unwrap() >= 3, "{fewest:?}");
}

#[test]
fn every_kind_of_post_occurs_and_is_well_formed() {
    let corpus = Corpus::seeded(1);
    let posts = corpus.posts(now() - TimeDelta::hours(4)..now());
    let mut seen = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for post in &posts {
        let json = json(post);
        assert!(ids.insert(post.id()), "{} twice", post.id());
        let created = snowflake::created(post.id());
        assert_eq!(json["created_at"], created.format("%Y-%m-%dT%H:%M:%S.000Z").to_string());
        for text in [json["text"].as_str().unwrap(), post.text()] {
            assert!(text.contains(MARKER_WORD), "{text}");
            let unescaped = text.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "");
            assert!(!unescaped.contains(['<', '>', '&']), "{text}");
        }
        let text = json["text"].as_str().unwrap();
        assert!(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").chars().count() <= 280, "{text}");
        for (list, sigil) in [("hashtags", "#"), ("mentions", "@"), ("urls", "")] {
            for entity in json["entities"][list].as_array().map(Vec::as_slice).unwrap_or_default() {
                seen.insert(list);
                let [start, end] = ["start", "end"].map(|edge| usize::try_from(entity[edge].as_u64().unwrap()).unwrap());
                let value = entity["tag"].as_str().or(entity["username"].as_str()).or(entity["url"].as_str()).unwrap();
                let slice: String = text.chars().skip(start).take(end - start).collect();
                assert_eq!(slice, format!("{sigil}{value}"));
            }
        }
        let history = post.edit_history();
        assert_eq!(history.last(), Some(&post.id()));
        assert!(history.is_sorted());
        for (name, holds) in [
            ("long", !json["note_tweet"].is_null()),
            ("reply", json["referenced_tweets"][0]["type"] == "replied_to"),
            ("quote", json["referenced_tweets"][0]["type"] == "quoted"),
            ("edit", history.len() > 1),
            ("second edit", history.len() > 2),
            ("media", !json["attachments"]["media_keys"].is_null()),
            ("place", !json["geo"].is_null()),
            ("sensitive", json["possibly_sensitive"] == true),
            ("withheld", !json["withheld"].is_null()),
            ("context", !json["context_annotations"].is_null()),
            ("future", !json[FUTURE_FIELD].is_null()),
            ("unusual number", post.to_json().contains("1.0e2")),
            ("\\u escapes", post.to_json().contains("\\u00e")),
            ("expanded", !json["entities"]["urls"][0]["expanded_url"].is_null()),
            ("heart", text.contains("&lt;3")),
            ("angry", text.contains("&gt;:(")),
            ("ampersand", text.contains("&amp;")),
            ("newline", text.contains('\n')),
            ("accent", text.contains('ç')),
            ("skin tone", text.contains("👍🏽")),
            ("joined emoji", text.contains("🤦🏽\u{200d}♀")),
            ("smile", text.contains(":)")),
            ("frown", text.contains(":(")),
        ] {
            if holds {
                seen.insert(name);
            }
        }
    }
    assert_eq!(seen.len(), 26, "seen: {seen:?} in {} posts", posts.len());
}

#[test]
fn replies_and_quotes_refer_to_older_posts_that_mostly_exist() {
    let corpus = Corpus::seeded(1);
    let (mut present, mut missing) = (0, 0);
    for post in corpus.posts(now() - TimeDelta::minutes(60)..now()) {
        let json = json(&post);
        let Some(id) = json["referenced_tweets"][0]["id"].as_str() else { continue };
        let id: u64 = id.parse().unwrap();
        assert!(id < post.id());
        let Some(target) = corpus.post(id) else {
            missing += 1;
            continue;
        };
        present += 1;
        let target = serde_json::from_str::<Value>(&target.to_json()).unwrap();
        if json["referenced_tweets"][0]["type"] == "replied_to" {
            assert_eq!(json["in_reply_to_user_id"], target["author_id"]);
            assert_eq!(json["conversation_id"], target["conversation_id"]);
        } else {
            assert_eq!(json["conversation_id"], json["edit_history_tweet_ids"][0]);
        }
    }
    assert!(missing > 10 && present > 3 * missing, "{present} present, {missing} missing");
}

#[test]
fn an_edit_replaces_the_old_version_once_it_is_visible() {
    let corpus = Corpus::seeded(1);
    let span = now() - TimeDelta::hours(2)..now();
    let edited = corpus
        .posts(span.clone())
        .into_iter()
        .find(|post| post.edit_history().len() == 2 && snowflake::created(post.edit_history()[0]) >= span.start)
        .unwrap();
    let (old, new) = (edited.edit_history()[0], edited.id());
    let visible = |at| {
        let posts = corpus.visible(span.clone(), at);
        [old, new].map(|id| posts.iter().any(|post| post.id() == id))
    };
    let edit = snowflake::created(new);
    assert_eq!(visible(snowflake::created(old) - TimeDelta::milliseconds(1)), [false, false]);
    assert_eq!(visible(edit - TimeDelta::milliseconds(1)), [true, false]);
    assert_eq!(visible(edit), [false, true]);
    assert!(corpus.post(old).is_some(), "the old version can still be looked up");
}

#[test]
fn posts_given_as_json_keep_their_spelling() {
    let text = r#"{"id":"20","note_post":{"text":"x"},"odd":1.0e2,"edit_history_post_ids":["10","20"],"text":"\u00e7"}"#;
    let corpus = Corpus::of(vec![Post::from_json(text).unwrap(), Post::from_json(r#"{"id":"10","text":"a"}"#).unwrap()]);
    let json = corpus.post(20).unwrap().to_json();
    assert_eq!(json, text.replace("note_post", "note_tweet").replace("post_ids", "tweet_ids"));
    let all = at("2010-01-01T00:00:00Z")..now();
    assert_eq!(corpus.posts(all.clone()).len(), 2);
    assert_eq!(corpus.visible(all, now()).len(), 1, "the first was edited");
    for wrong in ["[]", "{}", r#"{"id":1}"#, r#"{"id":"x"}"#, r#"{"id":"12345678901234567890"}"#] {
        assert!(Post::from_json(wrong).is_err(), "{wrong}");
    }
}
