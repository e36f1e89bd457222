//! Labels 100,000 generated tweets and, for comparison, searches them with a plain `regex` alternation of the lexicon.
//!
//! Prints tweets/s and bytes/s of each. The alternation does less: it neither unescapes nor masks and applies no rules, so it
//! finds different and more symbols.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use regex::Regex;
use sentiment::label;

#[path = "tweets/mod.rs"]
mod tweets;

const TWEETS: usize = 100_000;

fn benches(criterion: &mut Criterion) {
    let tweets = tweets::generate(TWEETS);
    let bytes: usize = tweets.iter().map(String::len).sum();
    let alternation = alternation();
    let mut group = criterion.benchmark_group("tweets");
    group.throughput(Throughput::ElementsAndBytes { elements: TWEETS as u64, bytes: bytes as u64 }).sample_size(50);
    measure(&mut group, "label", &tweets, |text| label(text).simbolo.is_some());
    measure(&mut group, "regex", &tweets, |text| alternation.find(text).is_some());
    group.finish();
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, tweets: &[String], found: impl Fn(&str) -> bool) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| tweets.iter().filter(|text| found(black_box(text))).count());
    });
}

/// Returns an alternation of all symbols, longest first, so that the leftmost match is also the longest.
fn alternation() -> Regex {
    let mut rows = csv::Reader::from_reader(include_bytes!("../lexicon.csv").as_slice());
    let mut symbols: Vec<String> = rows.records().flatten().map(|row| row[0].to_owned()).collect();
    symbols.sort_by_key(|symbol| std::cmp::Reverse(symbol.len()));
    let escaped: Vec<String> = symbols.iter().map(|symbol| regex::escape(symbol)).collect();
    Regex::new(&escaped.join("|")).unwrap_or_else(|error| panic!("{error}"))
}

criterion_group!(label_benches, benches);
criterion_main!(label_benches);
