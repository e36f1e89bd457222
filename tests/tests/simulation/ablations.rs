//! The simulation must be able to fail: each protection is switched off at the wire, and the invariant that it protects must be
//! violated within a number of seeds.

use std::time::Duration;

use chrono::TimeDelta;
use pipeline_tests::{Ablation, Call, Campaign, Fault, Order, ServingQuirks, Shape, Trial, World, check};

/// Most violations occur within a few worlds, and the tests run in parallel anyway.
const WORLDS_AT_ONCE: u64 = 4;

#[track_caller]
fn breaks(ablation: Ablation, invariant: &str, seeds: u64) {
    let mut start = 0;
    while start < seeds {
        let end = (start + WORLDS_AT_ONCE).min(seeds);
        let campaign = Campaign::run(start..end, 1, Some(ablation), false);
        let breaks = |trial: &&Trial| trial.verdict.violations.iter().any(|(violated, _)| *violated == invariant);
        if let Some(trial) = campaign.failures.iter().find(breaks) {
            let command = format!("--seeds {}..{} --without {ablation:?} --log", trial.seed, trial.seed + 1);
            assert!(trial.to_string().contains(&command), "a failure prints the command that reproduces it");
            return;
        }
        start = end;
    }
    panic!("without this protection ({ablation:?}), {invariant} still holds in {seeds} worlds");
}

#[test]
fn raw_needs_if_none_match() {
    breaks(Ablation::RawIgnoresIfNoneMatch, "INV-8", 200);
}

#[test]
fn the_cursor_needs_if_match() {
    breaks(Ablation::CursorIgnoresIfMatch, "INV-2", 1_000);
}

#[test]
fn the_first_cursor_needs_if_none_match() {
    breaks(Ablation::CursorIgnoresIfNoneMatch, "INV-2", 1_000);
}

#[test]
fn a_run_needs_the_pending_file() {
    breaks(Ablation::HidePending, "INV-2", 1_000);
}

#[test]
fn a_run_needs_the_lease() {
    breaks(Ablation::HideLease, "INV-6", 200);
}

#[test]
fn a_run_needs_to_see_an_existing_file() {
    breaks(Ablation::DenyRaw, "INV-4", 200);
}

#[test]
fn a_run_needs_to_see_an_existing_cursor() {
    breaks(Ablation::DenyCursor, "INV-4", 200);
}

#[test]
fn a_ref_key_needs_the_raw_key() {
    breaks(Ablation::RefKeyForgetsRawKey, "INV-3", 200);
}

/// Runs a scripted world, for protections whose case is too rare in random ones.
#[track_caller]
fn breaks_in(ablation: Ablation, shape: Shape, script: impl AsyncFn(&World)) {
    let violations = World::scripted_without(ablation, shape, async |world| {
        script(&world).await;
        world.wait(300).await;
        world.ingest().await;
        check(&world, true).violations
    });
    assert!(violations.iter().any(|(violated, _)| *violated == "INV-1"), "without {ablation:?}: {violations:?}");
}

#[test]
fn a_run_needs_the_clock_of_x() {
    breaks_in(Ablation::HideDate, Shape::scripted(), async |world| {
        world.late_post(40, 10);
        let ahead = world.sandbox_with(TimeDelta::seconds(30), |_| ());
        ahead.run(world, Duration::from_mins(1)).await;
    });
}

#[test]
fn a_run_needs_to_see_an_unsorted_page() {
    let quirks = ServingQuirks { order: Order::Shuffled, page_posts_max: 3, ..ServingQuirks::default() };
    breaks_in(Ablation::SortPages, Shape { quirks, ..Shape::scripted() }, async |world| {
        world.posts(9);
        world.ingest().await;
    });
}

#[test]
fn a_run_needs_to_see_a_count_without_posts() {
    breaks_in(Ablation::HideCount, Shape::scripted(), async |world| {
        world.posts(3);
        world.script(Call::Search, 1, Fault::Contradiction);
        world.ingest().await;
    });
}
