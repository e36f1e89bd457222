//! Results of a search: which posts, in which order, with which fields.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use emulators::x_api::{AnswerNames, Corpus, FUTURE_FIELD, Options, Vocabulary, XEmulator, snowflake};
use serde_json::{Value, json};

use crate::{ALL_POST_FIELDS, ALL_TWEET_FIELDS, DEFAULT_QUERY, all_pages, at, emulator, found, ids, minutes_ago, now};

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_pages_of_a_search_contain_exactly_the_visible_posts() {
    let emulator = emulator(Options::default());
    let start = minutes_ago(now(), 45);
    let pages = all_pages(&emulator, &[("start_time", &start), ("max_results", "100")], now(), 20);
    assert!(pages.len() > 3);
    let found: Vec<u64> = pages.iter().flat_map(ids).collect();
    assert!(found.windows(2).all(|pair| pair[0] > pair[1]), "posts are newest first, within and across pages");
    let span = at(&start)..now() - TimeDelta::seconds(30);
    let mut want: Vec<u64> = emulator.corpus().visible(span, now()).iter().map(|post| post.id()).collect();
    want.reverse();
    assert_eq!(found, want, "the default query finds every post");
    for page in &pages {
        assert_eq!(page["meta"]["result_count"], ids(page).len());
        assert_eq!(page["meta"]["newest_id"], page["data"][0]["id"]);
        assert_eq!(page["meta"]["oldest_id"], page["data"].as_array().unwrap().last().unwrap()["id"]);
    }
    assert_eq!(emulator.served().posts, found.len() as u64);
    assert!(emulator.served().times.values().all(|times| *times == 1));
}

#[test]
fn ids_limit_a_search_exclusively_on_both_sides() {
    let emulator = emulator(Options::default());
    let all = ids(&found(&emulator, &[("max_results", "100")], now()));
    let (since, until) = (all[40].to_string(), all[10].to_string());
    let page = found(&emulator, &[("since_id", &since), ("until_id", &until), ("max_results", "100")], now());
    assert_eq!(ids(&page), all[11..40]);
    let neighbours = [("since_id", (all[11] - 1).to_string()), ("until_id", (all[11] + 1).to_string())];
    let page = found(&emulator, &neighbours.each_ref().map(|(name, id)| (*name, id.as_str())), now());
    assert_eq!(ids(&page), [all[11]]);
}

#[test]
fn times_limit_a_search_to_a_half_open_span() {
    let posts: Vec<Value> = ["2026-11-23T12:00:00Z", "2026-11-23T12:00:09.999Z", "2026-11-23T12:00:10Z"]
        .map(|time| json!({ "id": snowflake::lowest_id(at(time)).to_string(), "text": "a" }))
        .to_vec();
    let emulator = XEmulator::new(Corpus::fixed(posts).unwrap(), Options::default());
    let bounds = [("query", "a"), ("start_time", "2026-11-23T12:00:00Z"), ("end_time", "2026-11-23T12:00:10Z")];
    let page = found(&emulator, &bounds, now());
    assert_eq!(ids(&page), ["2026-11-23T12:00:09.999Z", "2026-11-23T12:00:00Z"].map(|time| snowflake::lowest_id(at(time))));
}

#[test]
fn without_bounds_the_last_half_minute_is_omitted() {
    let emulator = emulator(Options::default());
    let newest = ids(&found(&emulator, &[], now()))[0];
    assert!(snowflake::created(newest) < now() - TimeDelta::seconds(30));
    let far = snowflake::lowest_id(now() + TimeDelta::days(1)).to_string();
    let newest = ids(&found(&emulator, &[("until_id", &far)], now()))[0];
    assert!(snowflake::created(newest) > now() - TimeDelta::seconds(30));
    assert!(snowflake::created(newest) <= now(), "no post is from the future");
}

#[test]
fn a_search_without_results_has_no_data() {
    let body = found(&emulator(Options::default()), &[("query", "palavraquenaoexiste"), ("start_time", &minutes_ago(now(), 9))], now());
    assert_eq!(body, json!({ "meta": { "result_count": 0 } }));
}

#[test]
fn a_new_post_is_found_after_the_index_lag() {
    let emulator = emulator(Options { index_lag: TimeDelta::seconds(90), ..Options::default() });
    let until = snowflake::lowest_id(now()).to_string();
    let first = ids(&found(&emulator, &[("until_id", &until)], now()))[0];
    assert!(snowflake::created(first) <= now() - TimeDelta::seconds(90));
    let later = ids(&found(&emulator, &[("until_id", &until)], now() + TimeDelta::seconds(90)))[0];
    assert!(snowflake::created(later) > now() - TimeDelta::seconds(90));
}

#[test]
fn only_requested_fields_are_sent() {
    let emulator = emulator(Options::default());
    let data = |parameters: &[(&str, &str)]| {
        let mut parameters = parameters.to_vec();
        parameters.push(("max_results", "100"));
        let mut posts = found(&emulator, &parameters, now())["data"].take();
        for post in posts.as_array_mut().unwrap() {
            post.as_object_mut().unwrap().remove(FUTURE_FIELD);
        }
        posts
    };
    for (parameters, want) in [
        (vec![], "edit_history_tweet_ids id text"),
        (vec![("tweet.fields", "created_at,lang")], "created_at edit_history_tweet_ids id lang text"),
        (vec![("post.fields", "created_at")], "created_at edit_history_post_ids id text"),
        (vec![("expansions", "author_id")], "author_id edit_history_tweet_ids id text"),
        (vec![("expansions", "author_id"), ("post.fields", "id")], "author_id edit_history_post_ids id text"),
    ] {
        let want: BTreeSet<&str> = want.split(' ').collect();
        for post in data(&parameters).as_array().unwrap() {
            assert_eq!(keys(post), want, "{parameters:?}");
        }
    }
    let everything = data(&[("tweet.fields", ALL_TWEET_FIELDS)]);
    let names: BTreeSet<&str> = everything.as_array().unwrap().iter().flat_map(keys).collect();
    for name in ["author_id", "note_tweet", "referenced_tweets", "in_reply_to_user_id", "attachments", "public_metrics"] {
        assert!(names.contains(name), "{name}");
    }
    let newer = data(&[("post.fields", ALL_POST_FIELDS), ("expansions", "referenced_posts")]);
    let names: BTreeSet<&str> = newer.as_array().unwrap().iter().flat_map(keys).collect();
    assert!(names.is_superset(&["note_post", "referenced_posts", "edit_history_post_ids"].into()), "{names:?}");
    assert!(names.iter().all(|name| !name.contains("tweet")), "{names:?}");
    assert!(newer[0]["public_metrics"]["repost_count"].is_u64());
}

#[test]
fn expansions_fill_includes_and_report_missing_objects() {
    let emulator = emulator(Options::default());
    let older = "author_id,referenced_tweets.id,in_reply_to_user_id,entities.mentions.username,attachments.media_keys,\
                 geo.place_id,edit_history_tweet_ids,referenced_tweets.id.author_id";
    let newer = "author_id,referenced_posts,in_reply_to_user_id,entities.mentions.username,attachments.media_keys,\
                 geo.place_id,edit_history_post_ids";
    for (fields, expansions, posts, references) in
        [("tweet.fields", older, "tweets", "referenced_tweets"), ("post.fields", newer, "posts", "referenced_posts")]
    {
        let body = found(
            &emulator,
            &[
                (fields, "created_at"),
                ("expansions", expansions),
                ("user.fields", "location,public_metrics"),
                ("media.fields", "url,width"),
                ("place.fields", "country_code,geo"),
                ("max_results", "100"),
            ],
            now(),
        );
        let included = |name: &str, key: &str| -> BTreeSet<String> {
            let list = body["includes"][name].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
        };
        let (users, included_posts, media) = (included("users", "id"), included(posts, "id"), included("media", "media_key"));
        let mut missing = BTreeSet::new();
        for post in body["data"].as_array().unwrap() {
            assert!(users.contains(post["author_id"].as_str().unwrap()));
            if let Some(id) = post[references][0]["id"].as_str()
                && !included_posts.contains(id)
            {
                missing.insert(id.to_owned());
            }
            for key in post["attachments"]["media_keys"].as_array().map(Vec::as_slice).unwrap_or_default() {
                assert!(media.contains(key.as_str().unwrap()));
            }
        }
        assert!(!included_posts.is_empty() && !media.is_empty() && !missing.is_empty());
        let reported: BTreeSet<String> =
            body["errors"].as_array().unwrap().iter().map(|e| e["resource_id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(missing, reported);
        assert!(body["errors"][0]["type"].as_str().unwrap().ends_with("/2/problems/resource-not-found"));
        assert!(keys(&body["includes"]["media"][0]).is_superset(&["media_key", "type", "width"].into()));
    }
    assert!(emulator.served().included_users > 100);
}

#[test]
fn a_field_that_needs_a_user_is_a_partial_error() {
    let body = found(&emulator(Options::default()), &[("tweet.fields", "non_public_metrics")], now());
    assert_eq!(ids(&body).len(), 10);
    assert_eq!(body["errors"][0]["field"], "non_public_metrics");
}

#[test]
fn names_can_be_of_the_other_vocabulary_or_of_both() {
    for (names, has, has_not) in [
        (AnswerNames::Always(Vocabulary::Post), vec!["edit_history_post_ids"], vec!["edit_history_tweet_ids"]),
        (AnswerNames::Both, vec!["edit_history_post_ids", "edit_history_tweet_ids"], vec![]),
    ] {
        let body = found(&emulator(Options { names, ..Options::default() }), &[("tweet.fields", "public_metrics,lang")], now());
        let post = &body["data"][0];
        assert!(has.iter().all(|name| post.get(name).is_some()), "{post}");
        assert!(has_not.iter().all(|name| post.get(name).is_none()), "{post}");
        assert!(post["public_metrics"]["repost_count"].is_u64());
        assert_eq!(post["public_metrics"]["retweet_count"].is_u64(), names == AnswerNames::Both);
    }
}

#[test]
fn numbers_keep_their_spelling() {
    let text = r#"{"id":"ID","text":"a","public_metrics":{"repost_count":1.0e2,"like_count":-0},"new":[1E+2,12345678901234567890123]}"#;
    let text = text.replace("ID", &snowflake::lowest_id(now() - TimeDelta::hours(1)).to_string());
    let corpus = Corpus::of(vec![emulators::x_api::Post::from_json(&text).unwrap()]);
    let emulator = XEmulator::new(corpus, Options::default());
    let request = crate::request(emulators::x_api::SEARCH_PATH, &[("query", "a"), ("tweet.fields", "public_metrics")]);
    let body = String::from_utf8(emulator.respond(&request, now()).into_body().to_vec()).unwrap();
    assert!(body.contains(r#""public_metrics":{"retweet_count":1.0e2,"like_count":-0},"new":[1E+2,12345678901234567890123]"#), "{body}");
}

#[test]
fn retweets_are_served_only_with_the_option() {
    let id = snowflake::lowest_id(now() - TimeDelta::hours(1));
    let retweet = json!({ "id": id.to_string(), "text": "RT @a: b", "referenced_tweets": [{ "type": "retweeted", "id": "7" }] });
    for (retweets, query, want) in [(false, "b", 0), (true, "b", 1), (true, "b -is:retweet", 0)] {
        let corpus = Corpus::fixed(vec![retweet.clone()]).unwrap();
        let emulator = XEmulator::new(corpus, Options { retweets, ..Options::default() });
        assert_eq!(ids(&found(&emulator, &[("query", query)], now())).len(), want);
    }
}

#[test]
fn different_queries_find_different_posts() {
    let emulator = emulator(Options::default());
    let total = |query: &str| {
        let (status, body) = crate::count(&emulator, &[("query", query), ("start_time", &minutes_ago(now(), 60))], now());
        assert_eq!(status, 200, "{body}");
        body["meta"]["total_tweet_count"].as_u64().unwrap()
    };
    let all = total(DEFAULT_QUERY);
    let (with, without) = (total("presidente"), total(&format!("{DEFAULT_QUERY} -presidente")));
    assert!(with > 0 && without > 0);
    assert_eq!(with + without, all);
    assert_eq!(total("presidencia has:links") + total("presidência -has:links"), total("PRESIDÊNCIA"));
}

/// Accents match both ways, so the default query, which is ASCII, finds the same posts as its correctly spelled form.
#[test]
fn the_default_query_finds_the_same_posts_with_and_without_accents() {
    let spelled = [("presidencia", "presidência"), ("Palacio", "Palácio"), ("Republica", "República"), ("Brasilia", "Brasília")];
    let accented = spelled.iter().fold(DEFAULT_QUERY.to_owned(), |query, (plain, accented)| query.replace(plain, accented));
    assert!(DEFAULT_QUERY.is_ascii() && accented.matches(|c: char| !c.is_ascii()).count() == spelled.len(), "{accented}");

    let emulator = emulator(Options::default());
    let pages = |query: &str| {
        let since = minutes_ago(now(), 60);
        let pages = all_pages(&emulator, &[("query", query), ("start_time", &since), ("max_results", "100")], now(), 1_000);
        pages.iter().flat_map(ids).collect::<Vec<_>>()
    };
    assert_eq!(pages(DEFAULT_QUERY), pages(&accented));
    for (plain, _) in &spelled[..3] {
        let phrase = DEFAULT_QUERY.split('"').find(|phrase| phrase.contains(plain)).unwrap();
        assert!(!pages(&format!("\"{phrase}\"")).is_empty(), "no post has `{phrase}` with accents");
    }
}
