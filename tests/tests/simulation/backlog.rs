//! Back-pressure and long absence: a large backlog under a cap, and more than seven days without a run.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pipeline_tests::{Call, Fault, ServingQuirks, Shape, World};

const POSTS: i64 = 100_000;
const POSTS_PER_RUN: u64 = 1_000;

#[test]
fn a_backlog_of_100_000_posts_takes_many_runs_and_little_memory() {
    let quirks = ServingQuirks { page_posts_max: 70, ..ServingQuirks::default() };
    let mut shape = Shape { file_tweets_max: 100, quirks, ..Shape::scripted() };
    shape.config.lookback = Duration::from_hours(7 * 24);
    shape.config.max_posts_per_run = POSTS_PER_RUN;
    World::scripted(shape, async |world| {
        for place in 0..POSTS {
            world.post(120 + place * 6 * 86_400 / POSTS);
        }
        let sandbox = world.sandbox();
        let mut runs = 0;
        loop {
            let run = sandbox.run(&world, Duration::from_mins(1)).await;
            assert!(run.number("posts_read") <= POSTS_PER_RUN && run.number("posts_reread") == 0, "{run:?}");
            runs += 1;
            match run.status() {
                "partial" => assert_eq!((run.number("posts"), run.number("files")), (POSTS_PER_RUN, POSTS_PER_RUN / 100)),
                "complete" => break assert_eq!(run.number("posts"), POSTS_PER_RUN),
                other => panic!("{other}"),
            }
            world.wait(120).await;
        }
        assert_eq!(runs, 100, "each run reads up to its cap");
        assert_eq!(world.captured().len(), usize::try_from(POSTS).unwrap());
        let held_max = world.record(|record| record.held_max);
        assert!(held_max <= 199, "{held_max} posts were in memory at once");
        world.come_to_rest().await;
        assert!(world.x(|x| x.served.values().all(|times| *times == 1)), "nothing is paid for twice");
    });
}

fn time(gap: &serde_json::Value, end: &str) -> DateTime<Utc> {
    gap[end].as_str().and_then(|time| time.parse().ok()).unwrap_or_default()
}

#[test]
fn posts_older_than_seven_days_are_reported_as_a_gap_and_capture_continues() {
    World::scripted(Shape::scripted(), async |world| {
        world.posts(4);
        assert_eq!(world.ingest().await.status(), "complete");
        let done = world.cursor().unwrap().done;
        world.wait(9 * 86_400).await;
        let lost = [world.post(8 * 86_400), world.post(7 * 86_400 + 60)];
        let kept = [world.post(7 * 86_400 - 600), world.post(3_600), world.post(120)];
        let run = world.ingest().await;
        let pipeline_tests::Outcome::Answered(summary) = &run else { panic!("{run:?}") };
        assert_eq!(run.status(), "complete");
        assert_eq!(summary["gap"]["from_id"], done.to_string());
        let floor = world.now() - TimeDelta::days(7) + TimeDelta::minutes(2);
        assert!((floor - time(&summary["gap"], "to")).abs() < TimeDelta::seconds(1));
        let captured = world.captured();
        assert!(kept.iter().all(|id| captured.contains(id)) && !lost.iter().any(|id| captured.contains(id)));
        world.wait(300).await;
        let pipeline_tests::Outcome::Answered(next) = world.ingest().await else { panic!("no answer") };
        assert!(next["gap"].is_null(), "a gap is reported once");
        world.come_to_rest().await;
    });
}

#[test]
fn posts_already_captured_by_an_open_sweep_are_not_in_the_gap() {
    let quirks = ServingQuirks { page_posts_max: 2, ..ServingQuirks::default() };
    World::scripted(Shape { quirks, ..Shape::scripted() }, async |world| {
        let posts = world.posts(6);
        world.script(Call::Search, 2, Fault::Status { status: 429, applied: false });
        assert_eq!(world.ingest().await.status(), "rate_limited");
        let open = world.cursor().unwrap().sweep.unwrap();
        assert_eq!(open.next_until, posts[4]);
        world.wait(8 * 86_400).await;
        let pipeline_tests::Outcome::Answered(summary) = world.ingest().await else { panic!("no answer") };
        assert_eq!(summary["gap"]["to_id"], open.next_until.to_string());
        world.come_to_rest().await;
        assert_eq!(world.captured(), posts[4..]);
    });
}
