//! Memory and time of a long stream: `cargo run --release -p word-counts --example million -- [complete|append|update]
//! [posts]`.
//!
//! The input is fifty posts per second, 100 per file and trigger, with twelve words each from a vocabulary of 20,000,
//! in windows of ten minutes every five.

use std::time::{Duration, Instant};

use word_counts::{Mode, Post, Query, State, Windows, Words};

const POSTS_PER_SECOND: u64 = 50;
const POSTS_PER_FILE: u64 = 100;
const VOCABULARY: u64 = 20_000;
const START_MS: i64 = 1_795_442_400_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "append".to_owned());
    let mode = Mode::ALL.into_iter().find(|mode| mode.name() == name).ok_or("the mode is complete, append or update")?;
    let posts: u64 = arguments.next().map_or(Ok(1_000_000), |posts| posts.parse())?;

    let windows = Windows::new(Duration::from_mins(10), Duration::from_mins(5))?;
    let mut state = State::new(Query::new(mode, Some(windows.into()), Some(Duration::from_secs(30)), Words::Lake)?);
    let (mut rows, mut late, mut windows_max, mut counts_max) = (0, 0, 0, 0);
    let started = Instant::now();
    let mut random = 2026;
    for file in 0..posts / POSTS_PER_FILE {
        let mut trigger = state.begin();
        for post in file * POSTS_PER_FILE..(file + 1) * POSTS_PER_FILE {
            let age_ms = next(&mut random) % 20_000; // out of order, but never late
            let created_at_ms = START_MS + i64::try_from(post * 1_000 / POSTS_PER_SECOND)? - i64::try_from(age_ms)?;
            trigger.add(&Post { created_at_ms, texto: Some(&text(&mut random)) });
        }
        let emitted;
        (state, emitted) = trigger.finish();
        let (windows, counts) = state.size();
        rows += emitted.rows.len();
        late += emitted.late_dropped;
        (windows_max, counts_max) = (windows_max.max(windows), counts_max.max(counts));
    }
    println!(
        "{name}: {posts} posts in {:.1} s, {rows} rows, late_dropped {late}; at most {windows_max} windows and {counts_max} counts kept, peak memory {} MiB",
        started.elapsed().as_secs_f64(),
        peak_kib().map_or_else(|| "?".to_owned(), |kib| (kib / 1024).to_string())
    );
    Ok(())
}

fn text(random: &mut u64) -> String {
    (0..12)
        .map(|_| {
            let rank = (next(random) % VOCABULARY) * (next(random) % VOCABULARY) / VOCABULARY; // low ranks are frequent
            letters(rank) + " "
        })
        .collect()
}

/// Writes a number in letters.
fn letters(mut number: u64) -> String {
    let mut word = String::from("w");
    loop {
        word.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
        if number == 0 {
            return word;
        }
    }
}

/// Returns the next number of a splitmix64 generator.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Returns the peak memory of this process, if the system reports it as Linux does.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}
