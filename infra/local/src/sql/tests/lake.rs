//! A lake with cases that are hard to count: two days, edits, a pause followed by late tweets, and a file added by
//! hand.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use emulators::x_api::Options;
use ingest::Wire;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::demo;
use crate::fixtures::put_refined;
use crate::lake::{Lake, emulator_secret};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::serve::start_x_api;
use crate::sql::{Session, ref_dir};

/// 2026-11-23T03:28:00Z, the time of the questions.
pub const NOW: DateTime<Utc> = DateTime::from_timestamp_secs(1_795_404_480).unwrap();
/// Minutes before `NOW` at which ingest runs: first for half an hour of posts, then every quarter of an hour over
/// midnight, then after a pause of three hours.
const RUNS: [i64; 8] = [248, 233, 218, 203, 188, 173, 18, 3];
/// 2026-11-20T23:59:40Z, the start of the posts in the file added by hand.
const BY_HAND_AT: DateTime<Utc> = DateTime::from_timestamp_secs(1_795_219_180).unwrap();

static CLOCK_MS: AtomicI64 = AtomicI64::new(0);

fn clock() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(CLOCK_MS.load(Ordering::SeqCst)).unwrap()
}

/// Makes the whole lake, in `target/sql/lake`, and opens a session over it.
pub async fn make() -> (PathBuf, Session) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/sql/lake");
    let target = root.parent().unwrap();
    if target.exists() {
        std::fs::remove_dir_all(target).unwrap();
    }
    std::fs::create_dir_all(target.join("answers")).unwrap();
    std::fs::write(target.join("now.txt"), NOW.to_rfc3339()).unwrap();
    {
        let lake = Lake::open(&root, clock, &emulator_secret()).unwrap();
        let x_api = start_x_api(0, Options::default(), clock).await.unwrap();
        for minutes in RUNS {
            CLOCK_MS.store((NOW - TimeDelta::minutes(minutes)).timestamp_millis(), Ordering::SeqCst);
            let config = demo::config(&x_api.url()).unwrap();
            let wire = Wire::http(&config.x_api_base_url).unwrap();
            let mut pipeline = Pipeline::open(&lake, config, wire, clock).await.unwrap();
            pipeline.catch_up(&Progress::on(lake.s3()), u64::MAX).await.unwrap();
            pipeline.all_refined().unwrap();
        }
        x_api.stop().await;
    }
    put_by_hand(&root);
    let session = Session::open(&ref_dir(&root), NOW).await.unwrap();
    (root, session)
}

/// Makes a lake with only the file added by hand, and opens a session over it.
pub async fn make_by_hand_only() -> (TempDir, Session) {
    let root = tempfile::tempdir().unwrap();
    put_by_hand(root.path());
    let session = Session::open(&ref_dir(root.path()), NOW).await.unwrap();
    (root, session)
}

/// Adds cases that the emulator does not produce and refines them as any file; without `capture`, so `capturado_em` is
/// null.
fn put_by_hand(root: &Path) {
    let texts = [
        // Each line tests a rule of `palavras`.
        "Leia HTTPS://t.co/AbC1,x www.gov.br/a?b=c fim", // links extend to the next blank
        "https://pt.wikipedia.org/wiki/São_Paulo\u{a0}cidade https://a.b/c\u{2003}outra", // any kind of blank
        "@Planalto @a_b1:oi joao@gmail.com",             // mentions, and an address
        "#Água_2026 #é2 # só#tag",                       // hashtags
        "R$ 10,50 2026 4mil G20 covid19 1º x2 ²",        // numbers
        "&amp;lt;b&amp;gt; Tom &amp;amp; Jerry R&amp;D &amp;#39;aspas&amp;#39;", // entities escaped twice
        "AÇÃO ação Ação e\u{301}tica ÉTICA",             // case, and a combining accent
        "bem-vindo d'água fala.sem.espaço olá!!!olá",    // a word ends where letters end
        "日本語 Россия россия ελλάδα",                   // other scripts
        "❤\u{fe0f} 👍🏽 a\u{fe0f} :) não que VOCÊ",        // no letters; words of the list
        "",
    ];
    let mut posts: Vec<Value> = (0..).zip(texts).map(|(number, text)| post(number, text, None)).collect();
    // Edited over midnight, the versions out of order.
    let history = [10, 11, 12];
    for (version, text) in [(12, "terceira versão :("), (10, "primeira versão :)"), (11, "segunda versão :D")] {
        let ids = history.iter().filter(|&&id| id <= version).map(|&id| id_of(id).to_string()).collect();
        posts.push(post(version, text, Some(ids)));
    }
    posts.push(json!({ "id": id_of(90).to_string(), "created_at": "2026-11-22T00:00:00.000Z" })); // no text, no author, no counts
    let raw = json!({ "data": posts }).to_string();
    put_refined(&ref_dir(root), "tweets/ano=2026/mes=11/dia=20/by-hand.json", raw.as_bytes());
}

fn id_of(number: i64) -> i64 {
    1_990_000_000_000_000_000 + number
}

fn post(number: i64, text: &str, history: Option<Vec<String>>) -> Value {
    // Versions of one tweet are twelve seconds apart; the others are at the last millisecond of a minute.
    let (version, after_ms) = match history {
        Some(_) => (number, 11_999 * (number - 10)),
        None => (number + 50, 60_000 * number + 19_999),
    };
    let created_at = BY_HAND_AT + TimeDelta::milliseconds(after_ms);
    let id = id_of(version).to_string();
    json!({
        "id": id,
        "edit_history_tweet_ids": history.unwrap_or_else(|| vec![id.clone()]),
        "created_at": created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "text": text,
        "author_id": "77",
        "public_metrics": { "like_count": 1_000_000 - number },
    })
}
