//! `cargo run -p pipeline-tests -- --seeds 0..100000`: runs many simulated worlds and reports what happened in them.

use std::ops::Range;
use std::process::ExitCode;

use pipeline_tests::{Ablation, Campaign, trial};

const USAGE: &str = "usage: pipeline-tests --seeds A..B [--threads N] [--log] [--without PROTECTION]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let Some(seeds) = value("--seeds").and_then(|seeds| range(seeds)) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let named = |name: &String| Ablation::ALL.into_iter().find(|ablation| format!("{ablation:?}") == *name);
    let ablation = value("--without").map(named);
    if ablation == Some(None) {
        eprintln!("PROTECTION is one of {:?}", Ablation::ALL);
        return ExitCode::FAILURE;
    }
    let ablation = ablation.flatten();
    if arguments.iter().any(|argument| argument == "--log") {
        let trials = seeds.map(|seed| trial(seed, ablation)).inspect(|trial| println!("{trial}"));
        let failed = trials.filter(|trial| !trial.verdict.violations.is_empty()).count();
        return if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = value("--threads").and_then(|threads| threads.parse().ok()).unwrap_or(cores);
    let campaign = Campaign::run(seeds, threads, ablation, false);
    println!("{campaign}");
    if let Some(first) = campaign.failures.first() {
        println!("{first}");
        println!("the first of {} failed worlds:", campaign.failed);
        for failure in campaign.failures.iter().take(20) {
            println!("seed {} fails: {:?}", failure.seed, failure.verdict.violations);
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn range(text: &str) -> Option<Range<u64>> {
    let (start, end) = text.split_once("..")?;
    Some(start.parse().ok()?..end.parse().ok()?)
}
