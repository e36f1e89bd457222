//! Checks responses against both published specs of the API, and the emulator's lists of names against theirs.
//!
//! `openapi-2.159.json` and `openapi-2.167.json` contain the two paths and the schemas they need, without the
//! descriptions.

use chrono::TimeDelta;
use emulators::x_api::{FUTURE_FIELD, Options};
use serde_json::{Value, json};

use crate::{ALL_POST_FIELDS, ALL_TWEET_FIELDS, count, emulator, found, minutes_ago, now, search};

const OLDER: &str = include_str!("openapi-2.159.json");
const NEWER: &str = include_str!("openapi-2.167.json");

struct Spec {
    document: Value,
    search: &'static str,
    counts: &'static str,
    /// Schemas whose objects may only contain the properties that they name.
    closed: &'static [&'static str],
}

fn older() -> Spec {
    Spec {
        document: serde_json::from_str(OLDER).unwrap(),
        search: "Get2TweetsSearchRecentResponse",
        counts: "Get2TweetsCountsRecentResponse",
        closed: &[
            "Tweet",
            "User",
            "Place",
            "Expansions",
            "SearchCount",
            "Get2TweetsSearchRecentResponse",
            "Get2TweetsCountsRecentResponse",
        ],
    }
}

fn newer() -> Spec {
    Spec {
        document: serde_json::from_str(NEWER).unwrap(),
        search: "SearchPostsRecentResponse",
        counts: "GetPostsCountsRecentResponse",
        closed: &[
            "Post",
            "User",
            "Place",
            "Media",
            "Expansions",
            "PostPublicMetrics",
            "UserPublicMetrics",
            "SearchPostsRecentResponse",
            "GetPostsCountsRecentResponse",
            "GetPostsCountsRecentResponseData",
        ],
    }
}

impl Spec {
    #[track_caller]
    fn check(&self, schema: &str, body: &Value) {
        let mut root = self.document.clone();
        for name in self.closed {
            root["components"]["schemas"][name]["additionalProperties"] = json!(false);
        }
        root["$ref"] = json!(format!("#/components/schemas/{schema}"));
        let validator = jsonschema::validator_for(&root).unwrap();
        let errors: Vec<String> = validator.iter_errors(body).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }

    fn values(&self, parameter: &str) -> Vec<&str> {
        let values = &self.document["components"]["parameters"][parameter]["schema"]["items"]["enum"];
        values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
    }
}

/// Removes the future field, which is in no spec; everything else must be in the spec.
fn without_the_future(mut body: Value) -> Value {
    let posts = |value: &mut Value| {
        for post in value.as_array_mut().into_iter().flatten() {
            post.as_object_mut().unwrap().remove(FUTURE_FIELD);
        }
    };
    posts(&mut body["data"]);
    if body.get("includes").is_some() {
        for name in ["tweets", "posts"] {
            if body["includes"].get(name).is_some() {
                posts(&mut body["includes"][name]);
            }
        }
    }
    body
}

#[test]
fn search_responses_match_both_specs() {
    let emulator = emulator(Options::default());
    let older_expansions = "author_id,referenced_tweets.id,referenced_tweets.id.author_id,in_reply_to_user_id,\
         entities.mentions.username,attachments.media_keys,geo.place_id,edit_history_tweet_ids";
    let newer_expansions = "author_id,referenced_posts,in_reply_to_user_id,entities.mentions.username,\
         attachments.media_keys,geo.place_id,edit_history_post_ids";
    for (spec, fields_name, fields, expansions) in
        [(older(), "tweet.fields", ALL_TWEET_FIELDS, older_expansions), (newer(), "post.fields", ALL_POST_FIELDS, newer_expansions)]
    {
        let everything = [
            (fields_name, fields),
            ("expansions", expansions),
            ("user.fields", "created_at,description,location,protected,public_metrics,verified,verified_type"),
            ("media.fields", "alt_text,duration_ms,height,preview_image_url,public_metrics,url,width"),
            ("place.fields", "country,country_code,geo,name,place_type"),
            ("max_results", "100"),
        ];
        let mut seen = 0;
        for hours in 0..6 {
            let body = without_the_future(found(&emulator, &everything, now() - TimeDelta::hours(hours)));
            spec.check(spec.search, &body);
            seen += body["data"].as_array().unwrap().len();
        }
        assert_eq!(seen, 600);
        let bare = found(&emulator, &[(fields_name, "id"), ("max_results", "100")], now());
        spec.check(spec.search, &without_the_future(bare));
        spec.check(spec.search, &found(&emulator, &[("query", "naohanada"), ("start_time", &minutes_ago(now(), 5))], now()));
        let (status, refused) = search(&emulator, &[(fields_name, "id"), ("max_results", "1")], now());
        assert_eq!(status, 400);
        spec.check("InvalidRequestProblem", &refused);
    }
}

/// Checks that the check itself can fail.
#[test]
#[should_panic(expected = "edit_history_post_ids")]
fn a_response_in_the_other_vocabulary_is_detected() {
    let spec = older();
    let body = found(&emulator(Options::default()), &[("post.fields", "id")], now());
    spec.check(spec.search, &without_the_future(body));
}

#[test]
fn count_responses_match_both_specs() {
    let emulator = emulator(Options::default());
    let start = minutes_ago(now(), 100);
    for (spec, fields) in [(older(), "start,end,tweet_count"), (newer(), "start,end,post_count")] {
        for granularity in ["minute", "hour", "day"] {
            let parameters =
                [("query", "presidente"), ("start_time", &*start), ("granularity", granularity), ("search_count.fields", fields)];
            let (status, body) = count(&emulator, &parameters, now());
            assert_eq!(status, 200);
            spec.check(spec.counts, &body);
        }
    }
}

#[test]
fn every_name_in_a_spec_can_be_requested() {
    let emulator = emulator(Options::default());
    for (spec, family, parameters) in [
        (older(), "tweet.fields", [("tweet.fields", "TweetFieldsParameter"), ("expansions", "TweetExpansionsParameter")]),
        (newer(), "post.fields", [("post.fields", "PostFieldsParameter"), ("expansions", "PostExpansionsParameter")]),
    ] {
        let shared = [
            ("user.fields", "UserFieldsParameter"),
            ("media.fields", "MediaFieldsParameter"),
            ("place.fields", "PlaceFieldsParameter"),
            ("poll.fields", "PollFieldsParameter"),
        ];
        for (name, list) in parameters.into_iter().chain(shared) {
            let values = spec.values(list);
            let mut request = vec![(name, values.join(","))];
            if name != family {
                request.push((family, "id".to_owned()));
            }
            let request: Vec<(&str, &str)> = request.iter().map(|(name, value)| (*name, value.as_str())).collect();
            found(&emulator, &request, now());
            // The error for an invalid value lists the valid ones: exactly those of the spec.
            let (_, refused) =
                search(&emulator, &[("query", "a"), (name, "?"), (family, "id")][..if name == family { 2 } else { 3 }], now());
            let message = refused["errors"][0]["message"].as_str().unwrap();
            let mut listed: Vec<&str> = message.rsplit_once('[').unwrap().1.trim_end_matches(']').split(',').collect();
            let mut values = values;
            listed.sort_unstable();
            values.sort_unstable();
            assert_eq!(listed, values, "{name}");
        }
    }
}
