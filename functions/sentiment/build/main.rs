//! Checks `lexicon.csv` and turns it into the tables that the search walks, so that nothing is parsed at run time.

use std::path::Path;
use std::{env, fs};

mod csv;
mod tables;
mod windows;

const LEXICON: &str = "lexicon.csv";

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={LEXICON}");
    if let Err(problems) = generate() {
        for problem in problems {
            println!("cargo::error={problem}");
        }
    }
}

/// Every problem is one line of text, to be fixed in one go.
fn generate() -> Result<(), Vec<String>> {
    let text = fs::read_to_string(LEXICON).map_err(|error| vec![format!("cannot read {LEXICON}: {error}")])?;
    let rows = csv::read(&text)
        .map_err(|problems| problems.iter().map(|problem| format!("{LEXICON}:{}: {}", problem.line, problem.reason)).collect::<Vec<_>>())?;
    write("lexicon.rs", tables::source(&rows, &text).as_bytes())?;
    write("touching.bin", &windows::touching(&rows))?;
    write("pairs.bin", windows::of_pairs(&rows).as_flattened())
}

fn write(name: &str, contents: &[u8]) -> Result<(), Vec<String>> {
    let out_dir = env::var_os("OUT_DIR").ok_or_else(|| vec!["OUT_DIR is not set; build with cargo".to_owned()])?;
    let path = Path::new(&out_dir).join(name);
    fs::write(&path, contents).map_err(|error| vec![format!("cannot write {}: {error}", path.display())])
}
