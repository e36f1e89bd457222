//! `stream` from the user's side: real processes over real Parquet files, killed and restarted.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use crate::{finish, local};

const WINDOWED: [&str; 6] = ["--window", "10m", "--slide", "5m", "--late", "30s"];

fn stream(lake: &Path, arguments: &[&str]) -> Command {
    local(lake, &[&["stream"], arguments].concat())
}

/// Puts REF files `numbers` into a lake, as refine makes them: two minutes apart, the last tweet of each half an hour
/// old.
fn put_files(lake: &Path, numbers: std::ops::Range<i64>, tweets: i64) {
    let start: DateTime<chrono::Utc> = "2026-11-23T14:00:00Z".parse().unwrap();
    for number in numbers {
        let tweet = |row: i64| {
            let minutes = if row == tweets - 1 { number * 2 - 30 } else { number * 2 };
            let created_at = start + TimeDelta::minutes(minutes) + TimeDelta::seconds(row);
            let text = format!("viva o Brasil, palavra{} palavra{}", letter(row), letter(number));
            json!({ "id": (1_000 + number * 100 - row).to_string(), "created_at": created_at.to_rfc3339_opts(SecondsFormat::Millis, true), "text": text })
        };
        let raw = json!({ "data": (0..tweets).map(tweet).collect::<Vec<_>>() }).to_string();
        for object in refine::refine(&format!("tweets/{number:04}.json"), raw.as_bytes(), tweets::Years::DEFAULT).unwrap().objects {
            let path = lake.join("xpto-ref").join(&object.key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &object.bytes).unwrap();
        }
    }
}

fn letter(number: i64) -> char {
    char::from(b'a' + u8::try_from(number % 26).unwrap())
}

/// No word is counted twice or left out, wherever the process dies: the output file ends up the same as without a kill.
#[test]
fn killed_again_and_again_it_gives_the_rows_of_one_quiet_run() {
    for (mode, files) in [("append", 60), ("update", 60), ("complete", 30)] {
        let (quiet, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let run = |lake: &Path| {
            let sink = format!("json:{}", lake.join("rows.json").display());
            let fixed = ["--once", "--no-ingest", "--files-per-trigger", "1", "--mode", mode, "--sink", &sink];
            stream(lake, &[&fixed[..], &WINDOWED].concat())
        };
        put_files(quiet.path(), 0..files, 20);
        finish(run(quiet.path()));

        put_files(killed.path(), 0..files, 20);
        let mut kills = 0;
        for triggers in [1, 2, 3, 1, 2] {
            let mut process = run(killed.path()).stderr(Stdio::piped()).spawn().unwrap();
            // The process reports a trigger just before it writes its rows, and is killed about then.
            BufReader::new(process.stderr.take().unwrap()).lines().take(triggers).for_each(drop);
            process.kill().unwrap();
            kills += u32::from(process.wait().unwrap().code().is_none());
        }
        assert!(kills > 0, "it was always done before it was killed");
        finish(run(killed.path()));
        let rows = |lake: &Path| fs::read_to_string(lake.join("rows.json")).unwrap();
        assert!(rows(quiet.path()).lines().count() > 100);
        assert_eq!(rows(killed.path()), rows(quiet.path()), "{mode}");
    }
}

/// Rows that were written before the process died, without a checkpoint that confirms them.
#[test]
fn rows_that_no_checkpoint_confirms_are_written_once() {
    let lake = tempfile::tempdir().unwrap();
    let rows = lake.path().join("rows.json");
    let sink = format!("json:{}", rows.display());
    let run = || finish(stream(lake.path(), &["--once", "--no-ingest", "--mode", "update", "--sink", &sink]));
    put_files(lake.path(), 0..2, 20);
    run();
    let first = fs::read_to_string(&rows).unwrap();
    let checkpoint = fs::read(lake.path().join("stream.update.json")).unwrap();
    put_files(lake.path(), 2..3, 20);
    run();
    let both = fs::read_to_string(&rows).unwrap();
    assert!(both.starts_with(&first) && both.len() > first.len());
    fs::write(lake.path().join("stream.update.json"), checkpoint).unwrap();
    run();
    assert_eq!(fs::read_to_string(&rows).unwrap(), both);
}

/// The plan of a trigger names its files: if it is repeated, a file that has come since is counted in a later one.
#[test]
fn a_trigger_that_is_repeated_takes_the_files_that_it_had() {
    let lake = tempfile::tempdir().unwrap();
    let run = || finish(stream(lake.path(), &["--once", "--no-ingest", "--mode", "update"]));
    put_files(lake.path(), 0..1, 20);
    run();
    let checkpoint = fs::read(lake.path().join("stream.update.json")).unwrap();
    put_files(lake.path(), 3..4, 20);
    let first = run();
    fs::write(lake.path().join("stream.update.json"), checkpoint).unwrap();
    put_files(lake.path(), 1..3, 20);
    let second = run();
    assert!(first.contains(r#""trigger":1,"#) && second.starts_with(&first) && second[first.len()..].starts_with(r#"{"trigger":2,"#));
}

#[test]
fn each_file_is_folded_in_once_and_modes_do_not_share_a_checkpoint() {
    let lake = tempfile::tempdir().unwrap();
    let run = |mode: &str| finish(stream(lake.path(), &["--once", "--no-ingest", "--mode", mode]));
    put_files(lake.path(), 0..2, 20);
    let totals = |lines: &str| {
        let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| (row["word"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap())).collect::<BTreeMap<_, _>>()
    };
    let first = totals(&run("complete"));
    assert_eq!((first["viva"], first["brasil"], first["palavraa"], first["palavrab"]), (40, 40, 22, 22));
    assert_eq!(run("complete"), "", "without a new file there is no trigger");
    let idle = stream(lake.path(), &["--once", "--no-ingest", "--mode", "complete"]).output().unwrap();
    let told = String::from_utf8_lossy(&idle.stderr).into_owned();
    assert!(
        told.starts_with("nothing new: 2 file(s) are already counted in ") && told.contains("stream.complete.json; delete it"),
        "{told}"
    );
    put_files(lake.path(), 2..3, 20);
    let second = run("complete");
    assert_eq!(totals(&second)["viva"], 60);
    assert!(second.starts_with(r#"{"trigger":1,"mode":"complete","window":null,"word":"brasil","count":60}"#), "{second}");
    assert_eq!(totals(&run("update"))["viva"], 60);
}

/// `--single-batch` is one trigger over all files, and no other one; `--once` then closes what can be closed.
#[test]
fn a_single_batch_is_one_trigger() {
    let lake = tempfile::tempdir().unwrap();
    put_files(lake.path(), 0..30, 20);
    let append = [&["--no-ingest", "--mode", "append"][..], &WINDOWED].concat();
    let run = |flag: &str| stream(lake.path(), &[&[flag, "--files-per-trigger", "7"][..], &append].concat()).output().unwrap();
    let first = run("--single-batch");
    assert_eq!(String::from_utf8_lossy(&first.stdout), "");
    let told = String::from_utf8_lossy(&first.stderr).into_owned();
    assert!(told.starts_with("trigger 0: 30 file(s), 600 posts, 0 rows") && !told.contains("trigger 1"), "{told}");
    assert!(String::from_utf8_lossy(&run("--once").stderr).starts_with("trigger 1: 0 file(s), 0 posts, "));
}

/// Without a flag, a trigger follows as soon as there is a new file; Ctrl-C stores the state.
#[cfg(unix)]
#[test]
fn without_an_interval_a_new_file_is_counted_at_once() {
    let lake = tempfile::tempdir().unwrap();
    put_files(lake.path(), 0..1, 20);
    let mut process =
        stream(lake.path(), &["--no-ingest", "--mode", "update"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(told.next().unwrap().starts_with("trigger 0: 1 file(s), 20 posts"));
    put_files(lake.path(), 1..2, 20);
    assert!(told.next().unwrap().starts_with("trigger 1: 1 file(s), 20 posts"));
    Command::new("sh").args(["-c", &format!("kill -INT {}", process.id())]).status().unwrap();
    assert!(told.next().unwrap().starts_with("stopped; the state is in "));
    assert!(process.wait().unwrap().success());
}

#[test]
fn the_pipeline_runs_before_the_words_are_counted() {
    let lake = tempfile::tempdir().unwrap();
    let command = |arguments: &[&str]| finish(stream(lake.path(), &[&["--once", "--mode", "complete"], arguments].concat()));
    let counted = command(&[]);
    assert!(counted.lines().count() > 20, "{counted}");
    assert!(command(&["--window", "5m", "--top", "3"]).lines().count() == 3);
}

/// Returns the counts of a lake by SQL: `vezes` by `chave`.
fn by_sql(lake: &Path, statement: &str) -> BTreeMap<String, u64> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.arg("--lake").arg(lake).args(["sql", statement, "--format", "json"]).env_clear();
    let rows = finish(command);
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["chave"].as_str().unwrap().to_owned(), row["vezes"].as_u64().unwrap())).collect()
}

#[test]
fn totals_are_those_of_the_saved_queries() {
    let lake = tempfile::tempdir().unwrap();
    let streamed = |arguments: &[&str]| {
        let rows = finish(stream(lake.path(), &[&["--once", "--mode", "complete"], arguments].concat()));
        let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let start =
            |row: &Value| row["window"]["start"].as_str().map(|start| start.trim_end_matches('Z').to_owned() + " ").unwrap_or_default();
        rows.map(|row| (start(&row) + row["word"].as_str().unwrap(), row["count"].as_u64().unwrap())).collect::<BTreeMap<_, _>>()
    };
    let words = streamed(&[]);
    assert!(words.len() > 20);
    assert_eq!(by_sql(lake.path(), "SELECT palavra AS chave, count(*) AS vezes FROM palavras GROUP BY palavra"), words);

    let saved = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../athena/palavras_por_janela_complete.sql")).unwrap();
    let from_first_day = |line: &str| if line.contains(" AS desde") { "20060101 AS desde,".to_owned() } else { line.to_owned() };
    let saved = saved.lines().map(from_first_day).collect::<Vec<_>>().join("\n");
    let windows = streamed(&["--no-ingest", "--window", "10m", "--slide", "5m"]);
    let statement =
        format!("SELECT replace(substr(CAST(inicio AS varchar), 1, 19), ' ', 'T') || ' ' || palavra AS chave, vezes FROM ({saved})");
    assert_eq!(by_sql(lake.path(), &statement), windows);
}

/// Returns the peak memory of a process at the last measurement, in KiB, and checks how its run ended.
fn peak_kib(mut command: Command) -> u64 {
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
        let now = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        peak = peak.max(now.unwrap_or(0));
        if let Some(ended) = process.try_wait().unwrap() {
            assert!(ended.success());
            return peak;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Ten times as many tweets take hardly more memory: only the keys of the folded files.
#[test]
#[ignore = "minutes, and Linux only; docs/testing.md has the command"]
fn a_million_tweets_take_the_memory_of_the_open_windows() {
    let mut peaks = BTreeMap::new();
    for files in [1_000, 10_000] {
        let lake = tempfile::tempdir().unwrap();
        put_files(lake.path(), 0..files, 100);
        for mode in ["append", "update"] {
            let started = std::time::Instant::now();
            let peak = peak_kib(stream(lake.path(), &[&["--once", "--no-ingest", "--mode", mode][..], &WINDOWED].concat()));
            println!("{mode}: {} tweets in {files} files, {:.1} s, peak {} MiB", files * 100, started.elapsed().as_secs_f64(), peak / 1024);
            peaks.insert((mode, files), peak);
        }
    }
    for mode in ["append", "update"] {
        assert!(peaks[&(mode, 10_000)] < peaks[&(mode, 1_000)] * 2, "{peaks:?}");
    }
}

#[test]
fn mistakes_are_told_with_the_next_step() {
    let lake = tempfile::tempdir().unwrap();
    put_files(lake.path(), 0..1, 20);
    fs::write(lake.path().join("xpto-ref/tweets/note.parquet"), "not Parquet").unwrap();
    for (arguments, want) in [
        (&["--once", "--no-ingest", "--mode", "update"][..], "note.parquet: Parquet error"),
        (&["--once", "--no-ingest", "--mode", "complete", "--sink", "json:/nowhere/rows.json"], "choose another with --sink"),
    ] {
        let output = stream(lake.path(), arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.contains(want), "{arguments:?}: {error}");
    }
    let output = stream(&lake.path().join("nowhere"), &["--once", "--no-ingest", "--mode", "update"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("create one with `cargo run`"));
}
