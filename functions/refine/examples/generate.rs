//! Writes RAW files of 100 invented tweets each to a folder, for comparison with other tools.
//!
//! ```text
//! cargo run --release -p refine --example generate -- DIR FILES SEED default|full
//! ```

#[path = "raw_files/mod.rs"]
mod raw_files;

use std::error::Error;
use std::fs;
use std::path::Path;

use raw_files::{Shape, raw_file};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, files, seed, shape] = &arguments[..] else {
        return Err("usage: generate DIR FILES SEED default|full".into());
    };
    let shape = match shape.as_str() {
        "default" => Shape::Default,
        "full" => Shape::Full,
        other => return Err(format!("shape `{other}` is neither `default` nor `full`").into()),
    };
    let (seed, mut bytes) = (seed.parse()?, 0);
    let files: u64 = files.parse()?;
    for number in 0..files {
        let (key, text) = raw_file(seed, number, shape);
        let path = Path::new(folder).join(key);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(folder)))?;
        fs::write(path, &text)?;
        bytes += text.len() as u64;
    }
    println!("{files} files, {} tweets, {} bytes a tweet", files * 100, bytes / (files * 100).max(1));
    Ok(())
}
