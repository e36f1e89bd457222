//! Checks `lexicon.csv` and writes it as Rust source, so that a bad row fails the build and nothing is parsed at run time.

use std::path::Path;
use std::{env, fs};

mod rows;

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

/// Writes `entries.rs`, or returns every problem as a line of text.
fn generate() -> Result<(), Vec<String>> {
    let text = fs::read_to_string(LEXICON).map_err(|error| vec![format!("cannot read {LEXICON}: {error}")])?;
    let rows = rows::read(&text)
        .map_err(|problems| problems.iter().map(|problem| format!("{LEXICON}:{}: {}", problem.line, problem.reason)).collect::<Vec<_>>())?;
    let out_dir = env::var_os("OUT_DIR").ok_or_else(|| vec!["OUT_DIR is not set; build with cargo".to_owned()])?;
    let path = Path::new(&out_dir).join("entries.rs");
    fs::write(&path, source(&rows)).map_err(|error| vec![format!("cannot write {}: {error}", path.display())])?;
    println!("cargo::rustc-env=LEXICON_HASH={:016x}", fnv1a(text.as_bytes()));
    Ok(())
}

/// Returns the table that `src/lexicon.rs` includes; it declares the types.
fn source(rows: &[rows::Row]) -> String {
    let entries = rows.iter().map(|row| {
        let rows::Row { simbolo, sentimento, family } = row;
        let (first, last) = (simbolo.chars().next().unwrap_or_default(), simbolo.chars().next_back().unwrap_or_default());
        format!(
            "    Entry {{ symbol: {simbolo:?}, sentimento: Sentimento::{sentimento}, family: Family::{family}, first: {first:?}, last: {last:?} }},\n"
        )
    });
    format!("static ENTRIES: [Entry; {}] = [\n{}];\n", rows.len(), entries.collect::<String>())
}

/// FNV-1a with its 64-bit parameters: unlike the hasher of `std`, it is the same on every machine and with every compiler.
/// Source: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
