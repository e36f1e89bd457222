//! Refines one RAW file a given number of times. `infra/bench/instructions.py` counts its instructions.
//!
//! ```text
//! cargo run --release -p refine --example refine_again -- ROUNDS FILE
//! ```

use std::error::Error;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rounds, file] = &arguments[..] else { return Err("usage: refine_again ROUNDS FILE".into()) };
    let raw = std::fs::read(file)?;
    for _ in 0..rounds.parse::<u32>()? {
        black_box(rows::refine("tweets/again.json", black_box(&raw), tweets::Years::DEFAULT)?);
    }
    Ok(())
}
