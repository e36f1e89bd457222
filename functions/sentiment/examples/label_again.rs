//! Labels 1,000 generated tweets the given number of times, for `infra/bench/instructions.py` to count.
//!
//! ```text
//! cargo run --release -p sentiment --example label_again -- ROUNDS
//! ```

use std::error::Error;
use std::hint::black_box;

#[path = "../benches/tweets/mod.rs"]
mod tweets;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds: u32 = std::env::args().nth(1).ok_or("usage: label_again ROUNDS")?.parse()?;
    let texts = tweets::generate(1_000);
    for _ in 0..rounds {
        for text in &texts {
            black_box(sentiment::label(black_box(text)));
        }
    }
    Ok(())
}
