//! The invariants hold in two thousand small worlds, each with its own posts, schedule, clocks and faults.

use std::ops::Range;

use pipeline_tests::{Campaign, trial};

const SEEDS: Range<u64> = 0..2_000;

#[test]
fn the_invariants_hold_whatever_fails() {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let campaign = Campaign::run(SEEDS, threads, None, true);
    if let Some(failure) = campaign.failures.first() {
        panic!("{failure}");
    }
    println!("{campaign}");
    // A simulation that checks nothing, or in which nothing fails, proves nothing.
    assert_eq!(campaign.worlds, SEEDS.end);
    for invariant in ["INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "INV-6", "INV-7", "INV-8"] {
        assert!(campaign.checks.get(invariant).is_some_and(|checks| *checks > 1_000), "{invariant} is checked too rarely");
    }
    assert!(campaign.faults.len() > 60, "only {} kinds of faults occurred", campaign.faults.len());
}

#[test]
fn equal_seeds_give_equal_logs() {
    for seed in 0..20 {
        assert_eq!(trial(seed, None).log, trial(seed, None).log, "seed {seed}");
    }
}
