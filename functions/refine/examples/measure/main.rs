//! Measures the cost of `refine`: CPU time per RAW file of 100 tweets, and bytes of REF per tweet.
//!
//! ```text
//! cargo run --release -p refine --example measure                # 200 generated files in the full shape
//! cargo run --release -p refine --example measure -- DIR         # the RAW files below DIR
//! cargo run --release -p refine --example measure -- DIR OUT     # and their REF files to OUT
//! ```

#[path = "../raw_files/mod.rs"]
mod raw_files;

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use raw_files::{Shape, raw_file};
use rows::refine;
use tweets::Years;
use tweets::document::Document;

const FILES: u64 = 200;
const ROUNDS: usize = 10;

struct RawFile {
    key: String,
    bytes: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let files = match arguments.next() {
        Some(folder) => read(Path::new(&folder))?,
        None => {
            (0..FILES).map(|number| raw_file(1, number, Shape::Full)).map(|(key, text)| RawFile { key, bytes: text.into_bytes() }).collect()
        }
    };
    let out = arguments.next();

    let (mut raw_bytes, mut ref_bytes, mut tweets) = (0, 0, 0);
    for RawFile { key, bytes } in &files {
        raw_bytes += bytes.len();
        for object in refine(key, bytes, Years::DEFAULT)?.objects {
            ref_bytes += object.bytes.len();
            tweets += object.rows().total();
            if let Some(out) = &out {
                let path = Path::new(out).join(&object.key);
                fs::create_dir_all(path.parent().unwrap_or(Path::new(out)))?;
                fs::write(path, &object.bytes)?;
            }
        }
    }
    let each = |bytes: usize| bytes as u64 / tweets.max(1);
    println!("{} files, {tweets} tweets; bytes of a tweet: {} RAW, {} REF", files.len(), each(raw_bytes), each(ref_bytes));

    let refined = median(&files, |RawFile { key, bytes }| drop(black_box(refine(key, bytes, Years::DEFAULT))));
    let parsed = median(&files, |RawFile { bytes, .. }| drop(black_box(Document::parse(bytes, Years::DEFAULT))));
    println!("CPU of a file, median: {refined:?}, of which {parsed:?} to read the JSON");
    Ok(())
}

/// Returns the median over all files of the best of [`ROUNDS`], which excludes time taken by other processes.
fn median(files: &[RawFile], work: impl Fn(&RawFile)) -> Duration {
    let mut best = vec![Duration::MAX; files.len()];
    for _ in 0..ROUNDS {
        for (file, best) in files.iter().zip(&mut best) {
            let started = Instant::now();
            work(file);
            *best = started.elapsed().min(*best);
        }
    }
    best.sort_unstable();
    best.get(best.len() / 2).copied().unwrap_or_default()
}

fn read(folder: &Path) -> Result<Vec<RawFile>, Box<dyn Error>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(below)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let key = format!("tweets/{}", path.strip_prefix(folder)?.display());
                files.push(RawFile { key, bytes: fs::read(path)? });
            }
        }
    }
    files.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(files)
}
