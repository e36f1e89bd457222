//! Labels 100,000 generated tweets, next to a plain `regex` alternation of the same lexicon over the same texts.
//!
//! Prints tweets/s and bytes/s of each. The alternation does less: it unescapes and masks nothing and knows no rule, so it
//! finds other symbols, and more of them.

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

/// Every symbol of the lexicon, the longest first, so that the leftmost match is the longest one too.
fn alternation() -> Regex {
    let mut symbols: Vec<String> = include_str!("../lexicon.csv").lines().skip(1).filter_map(symbol).collect();
    symbols.sort_by_key(|symbol| std::cmp::Reverse(symbol.len()));
    let escaped: Vec<String> = symbols.iter().map(|symbol| regex::escape(symbol)).collect();
    Regex::new(&escaped.join("|")).unwrap_or_else(|error| panic!("{error}"))
}

fn symbol(row: &str) -> Option<String> {
    let (symbol, _) = match row.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",")?,
        None => row.split_once(',')?,
    };
    Some(symbol.to_owned())
}

criterion_group!(label_benches, benches);
criterion_main!(label_benches);
