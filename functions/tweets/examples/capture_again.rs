//! Parses a page of posts and builds its RAW document, as `ingest` does, a given number of times.
//! `infra/bench/instructions.py` counts the instructions.
//!
//! ```text
//! cargo run --release -p tweets --example capture_again -- ROUNDS FILE      # an answer of the X API, or a RAW file
//! ```

use std::error::Error;
use std::hint::black_box;

use chrono::DateTime;
use tweets::{Capture, Page, RawFile};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rounds, file] = &arguments[..] else { return Err("usage: capture_again ROUNDS FILE".into()) };
    let (body, requested) = (std::fs::read(file)?, ["id".to_owned(), "text".to_owned()]);
    let capture = Capture { captured_at: DateTime::default(), query: "presidente lang:pt", requested: &requested, ingest_version: "0" };
    for _ in 0..rounds.parse::<u32>()? {
        let page = Page::parse(black_box(&body))?;
        black_box(RawFile::new(page.posts).map(|file| file.to_bytes(&capture)));
    }
    Ok(())
}
