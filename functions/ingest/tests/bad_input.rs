//! Operator mistakes before the first post is read. Each one is reported by name, nothing is written, no secret is logged,
//! and the same process recovers once the mistake is corrected.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::time::Duration;

use emulators::secrets::Secret;
use emulators::x_api::{EMULATOR_TOKEN, Fault};
use expect_test::{Expect, expect};
use ingest::{Ingest, answer};
use tweets::TweetId;

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use world::{RAW, SECRET, World, invocation, lookup, now};

async fn check_config(variables: &[(&str, &str)], want: Expect) {
    let ingest = Ingest::connect(|name| lookup(variables, name)).await;
    for _ in 0..3 {
        let told = answer(&ingest, invocation(), 1, |_| ()).await.unwrap_err();
        assert_eq!(told.error_type, "ConfigInvalid");
        want.assert_eq(&told.error_message);
    }
}

#[tokio::test(start_paused = true)]
async fn every_invocation_is_answered_with_every_problem_of_the_environment() {
    check_config(
        &[],
        expect![[r"
            3 problem(s) in the environment:
              RAW_BUCKET is not set; template.yaml sets it on the function
              X_SECRET_ID is not set; template.yaml sets it on the function
              SEARCH_QUERY is not set; template.yaml sets it on the function"]],
    )
    .await;
    check_config(
        &[("X_SECRET_ID", "token"), ("SEARCH_QUERY", "-lang:pt"), ("MAX_POSTS_PER_RUN", "many"), ("X_API_BASE_URL", "http://x.com")],
        expect![[r"
            4 problem(s) in the environment:
              RAW_BUCKET is not set; template.yaml sets it on the function
              SEARCH_QUERY only excludes posts; the X API requires at least one term that matches some
              X_API_BASE_URL must be an https address (http only on 127.0.0.1): the bearer token is sent there
              MAX_POSTS_PER_RUN is not a whole number from 10 to 100000"]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_query_of_0_or_513_characters_is_refused_before_x_is_asked() {
    let required = [("RAW_BUCKET", RAW), ("X_SECRET_ID", SECRET)];
    let too_long = "é".repeat(513);
    check_config(
        &[&required[..], &[("SEARCH_QUERY", "")]].concat(),
        expect![[r"
            1 problem(s) in the environment:
              SEARCH_QUERY is not set; template.yaml sets it on the function"]],
    )
    .await;
    check_config(
        &[&required[..], &[("SEARCH_QUERY", &too_long)]].concat(),
        expect![[r"
            1 problem(s) in the environment:
              SEARCH_QUERY has 513 characters; the X API accepts 1 to 512"]],
    )
    .await;
}

/// A rejected page is billed and requested again at every tick. One odd post must not do that to the other posts of its page.
#[tokio::test(start_paused = true)]
async fn a_post_without_an_id_costs_no_other() {
    let world = World::new();
    world.secrets.set(SECRET, Secret::Value(EMULATOR_TOKEN.into()));
    let id = TweetId::lowest_at(now() - Duration::from_mins(2));
    let body = format!(r#"{{"data":[{{"text":"segredo"}},{{"id":"{id}","text":"RT @a: \ud83d…"}}],"meta":{{"result_count":2}}}}"#);
    world.x_api.script([Some(Fault::Other { status: 200, content_type: "application/json".into(), body })]);
    let told = world.invoke().await.unwrap();
    expect![[r#"complete, 1 post(s) of 2 read: {"post-without-id":1}"#]].assert_eq(&format!(
        "{}, {} post(s) of {} read: {}",
        told["status"].as_str().unwrap(),
        told["posts"],
        told["posts_read"],
        told["problems"]
    ));
}
