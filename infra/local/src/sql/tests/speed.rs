//! Measures and prints the cost of words and files in the profile of `cargo run`.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use serde_json::json;

use super::lake::NOW;
use super::{Session, VIEWS, athena};
use crate::fixtures::put_refined;

const FILES: u32 = 100;
const POSTS_PER_FILE: u32 = 100;

/// `cargo test --workspace --lib -- --ignored --nocapture words_and_files`
#[tokio::test]
#[ignore = "prints times; nothing to compare them with"]
async fn words_and_files() {
    let lake = tempfile::tempdir().unwrap();
    (0..FILES).for_each(|file| put(lake.path(), file));
    let session = Session::open(lake.path(), NOW).await.unwrap();
    let question = |name| std::fs::read_to_string(athena().join(format!("{name}.sql"))).unwrap();
    let pattern = VIEWS[1].1.split_once("lower(t.texto),").and_then(|(_, rest)| rest.split('\'').nth(1)).unwrap();
    for (what, statement) in [
        ("SELECT 1", "SELECT 1".to_owned()),
        ("count(*)", "SELECT count(*) FROM tweets".to_owned()),
        ("texto", "SELECT max(lower(texto)) FROM tweets".to_owned()),
        ("texto and the pattern", format!("SELECT count(regexp_extract_all(lower(texto), '{pattern}', 1)) FROM tweets")),
        ("palavras", "SELECT count(*) FROM palavras".to_owned()),
        ("palavras_por_dia", question("palavras_por_dia")),
        ("saude_linhas_por_arquivo", question("saude_linhas_por_arquivo")),
    ] {
        let begun = cpu();
        session.query(&statement).await.unwrap();
        let spent = cpu() - begun;
        println!("{what:24} {:8.1} ms, {:6.1} µs a post", spent * 1e3, spent * 1e6 / f64::from(FILES * POSTS_PER_FILE));
    }
}

/// Returns the CPU seconds that this thread has used, which do not depend on the load of the machine; wall-clock
/// seconds on systems other than Linux.
fn cpu() -> f64 {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let used = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let used_ns = used.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    used_ns.map_or_else(|| BEGUN.elapsed().as_secs_f64(), |used_ns| used_ns / 1e9)
}

/// Puts posts of twenty words, all of 2026-11-22.
fn put(lake: &Path, file: u32) {
    const WORDS: [&str; 10] = [
        "o presidente",
        "não disse",
        "que a inflação",
        "subiu em",
        "@alguem",
        "#brasil",
        "🔥",
        "educação e saúde",
        "às 16:00",
        "https://t.co/x1",
    ];
    let post = |number: u32| {
        let text: Vec<_> = (0..20).map(|word| WORDS[((number * 7 + word * 3 + number / 9) % 10) as usize]).collect();
        json!({ "id": (1_990_000_000_000_000_000_u64 + u64::from(number)).to_string(), "created_at": "2026-11-22T12:00:00.000Z", "text": text.join(" ") })
    };
    let posts: Vec<_> = (0..POSTS_PER_FILE).map(|number| post(file * POSTS_PER_FILE + number)).collect();
    put_refined(lake, &format!("tweets/{file}.json"), json!({ "data": posts }).to_string().as_bytes());
}
