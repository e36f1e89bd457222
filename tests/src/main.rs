//! `cargo run -p pipeline-tests -- --seeds 0..100000`: runs many simulated worlds and reports what happened in them.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::process::ExitCode;

use clap::Parser;
use pipeline_tests::{Ablation, Campaign, trial};

/// Runs many simulated worlds and reports what happened in them.
#[derive(Debug, Parser)]
#[command(name = "pipeline-tests")]
struct Options {
    /// Seeds of the worlds, such as 0..100000.
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    seeds: Range<u64>,
    /// Number of threads [default: one per core].
    #[arg(long, value_name = "COUNT", conflicts_with = "log")]
    threads: Option<NonZeroUsize>,
    /// Prints what happened in each world, in the order of the seeds.
    #[arg(long)]
    log: bool,
    /// A protection to switch off.
    #[arg(long, value_name = "PROTECTION", value_parser = ablation)]
    without: Option<Ablation>,
}

fn main() -> ExitCode {
    let Options { seeds, threads, log, without } = Options::parse();
    if log {
        let trials = seeds.map(|seed| trial(seed, without)).inspect(|trial| println!("{trial}"));
        let failed = trials.filter(|trial| !trial.verdict.violations.is_empty()).count();
        return if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let threads = threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let campaign = Campaign::run(seeds, threads, without, false);
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

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let range = || {
        let (start, end) = text.split_once("..")?;
        Some(start.parse().ok()?..end.parse().ok()?).filter(|range: &Range<u64>| !range.is_empty())
    };
    range().ok_or_else(|| "write two numbers, the greater one second, such as 0..100000".to_owned())
}

fn ablation(text: &str) -> Result<Ablation, String> {
    let named = Ablation::ALL.into_iter().find(|ablation| format!("{ablation:?}") == text);
    named.ok_or_else(|| format!("it is one of {:?}", Ablation::ALL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_refused() {
        let parse = |arguments: &[&str]| Options::try_parse_from([&["pipeline-tests"], arguments].concat());
        let options = parse(&["--seeds", "3..5", "--threads", "2", "--without", "HideDate"]).unwrap();
        assert_eq!((options.seeds, options.threads.map(NonZeroUsize::get)), (3..5, Some(2)));
        assert_eq!(options.without, Some(Ablation::HideDate));
        for wrong in [
            &[][..],
            &["--seeds", "3"],
            &["--seeds", "5..5"],
            &["--seeds", "0..9", "--thread", "2"],
            &["--seeds", "0..9", "--threads", "0"],
            &["--seeds", "0..9", "--threads", "two"],
            &["--seeds", "0..9", "--without", "Everything"],
            &["--seeds", "0..9", "--threads", "2", "--log"],
            &["--seeds", "0..9", "more"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
