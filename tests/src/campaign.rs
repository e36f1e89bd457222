//! Runs many worlds, checks and counts them, and keeps what is needed to reproduce the first failures.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::ablation::Ablation;
use crate::fault::Call;
use crate::invariants::{Verdict, check};
use crate::life::live;
use crate::world::World;

/// The result of one seed.
#[derive(Debug)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// The protection that was switched off.
    pub ablation: Option<Ablation>,
    /// The result of the checks.
    pub verdict: Verdict,
    /// Faults by request and kind.
    pub faults: BTreeMap<(Call, &'static str), u64>,
    /// Runs by how they ended.
    pub runs: BTreeMap<String, u64>,
    /// Posts in the world.
    pub posts: u64,
    /// RAW files.
    pub files: u64,
    /// The event log.
    pub log: String,
}

/// Runs one world and checks the invariants.
pub fn trial(seed: u64, ablation: Option<Ablation>) -> Trial {
    let kept = Mutex::new(None);
    let lived = catch_unwind(AssertUnwindSafe(|| {
        World::of_seed(seed, ablation, async |world| {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(world.clone());
            let is_settled = live(&world).await;
            check(&world, is_settled)
        })
    }));
    let verdict = lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Verdict { violations: vec![("panic", text.unwrap_or_default())], ..Verdict::default() }
    });
    let (faults, runs, log) = (BTreeMap::new(), BTreeMap::new(), String::new());
    let mut trial = Trial { seed, ablation, verdict, faults, runs, posts: 0, files: 0, log };
    if let Some(world) = kept.into_inner().unwrap_or_else(PoisonError::into_inner) {
        trial.faults = world.fault_counts();
        (trial.runs, trial.files) = world.record(|record| {
            let files = record.writes.iter().filter(|write| write.call == Call::PutRaw).count() as u64;
            (record.runs.clone(), files)
        });
        trial.posts = world.x(|x| x.posts.0.len() as u64);
        trial.log = format!("{:#?}\n{}", world.shape(), world.journal().text());
    }
    trial
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.log)?;
        for ((call, kind), count) in &self.faults {
            writeln!(f, "fault: {count} x {call:?}: {kind}")?;
        }
        for (invariant, violation) in &self.verdict.violations {
            writeln!(f, "{invariant} does not hold: {violation}")?;
        }
        let (seed, end) = (self.seed, self.seed + 1);
        let without = self.ablation.map(|ablation| format!(" --without {ablation:?}")).unwrap_or_default();
        writeln!(f, "seed {seed}; reproduce it with: cargo run -p pipeline-tests -- --seeds {seed}..{end}{without} --log")
    }
}

/// The totals of many trials.
#[derive(Debug, Default)]
pub struct Campaign {
    /// Worlds run.
    pub worlds: u64,
    /// Posts in them.
    pub posts: u64,
    /// RAW files written.
    pub files: u64,
    /// Runs by how they ended.
    pub runs: BTreeMap<String, u64>,
    /// Faults by request and kind.
    pub faults: BTreeMap<(Call, &'static str), u64>,
    /// Checks by invariant.
    pub checks: BTreeMap<&'static str, u64>,
    /// The first trials that failed.
    pub failures: Vec<Trial>,
    /// The number of failed trials.
    pub failed: u64,
}

/// The number of failures whose logs are kept.
const FAILURES_KEPT: usize = 3;

impl Campaign {
    /// Runs the worlds of `seeds` on `threads` threads. With `until_failure`, stops at the first failure.
    pub fn run(seeds: Range<u64>, threads: usize, ablation: Option<Ablation>, until_failure: bool) -> Self {
        let (next, is_over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
        let sum = Mutex::new(Self::default());
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds.end {
                            break;
                        }
                        let trial = trial(seed, ablation);
                        if until_failure && !trial.verdict.violations.is_empty() {
                            is_over.store(true, Ordering::Relaxed);
                        }
                        sum.lock().unwrap_or_else(PoisonError::into_inner).add(trial);
                    }
                });
            }
        });
        sum.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&mut self, trial: Trial) {
        self.worlds += 1;
        self.posts += trial.posts;
        self.files += trial.files;
        trial.runs.iter().for_each(|(how, count)| *self.runs.entry(how.clone()).or_default() += count);
        trial.faults.iter().for_each(|(kind, count)| *self.faults.entry(*kind).or_default() += count);
        trial.verdict.checks.iter().for_each(|(invariant, count)| *self.checks.entry(invariant).or_default() += count);
        if !trial.verdict.violations.is_empty() {
            self.failed += 1;
            self.failures.push(trial);
            self.failures.sort_by_key(|trial| trial.seed);
            for trial in self.failures.iter_mut().skip(FAILURES_KEPT) {
                trial.log.clear();
            }
        }
    }
}

impl fmt::Display for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worlds, posts, files, failed, .. } = self;
        writeln!(f, "{worlds} worlds, {posts} posts, {files} RAW files, {failed} worlds failed")?;
        writeln!(f, "runs: {}", self.runs.iter().map(|(how, count)| format!("{count} {how}")).collect::<Vec<_>>().join(", "))?;
        writeln!(f, "checks: {}", self.checks.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", "))?;
        writeln!(f, "faults injected: {}", self.faults.values().sum::<u64>())?;
        for ((call, kind), count) in &self.faults {
            writeln!(f, "  {count:>8}  {call:?}: {kind}")?;
        }
        Ok(())
    }
}
