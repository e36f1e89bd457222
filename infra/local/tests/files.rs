//! Files of a lake after damage, links or a full disk. Real processes, their output and exit codes.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const COUNT: [&str; 4] = ["sql", "SELECT count(*) AS n FROM tweets", "--format", "csv"];
const WORDS: [&str; 5] = ["stream", "--no-ingest", "--mode", "complete", "--once"];

fn local(lake: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local")).arg("--lake").arg(lake).args(arguments).env_clear().output().unwrap()
}

/// Returns standard output and standard error of a command that must exit with this code.
#[track_caller]
fn check(lake: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = local(lake, arguments);
    let texts = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {texts:?}");
    texts
}

/// Makes a lake of the demo, and returns it with the output of [`COUNT`].
fn lake() -> (tempfile::TempDir, String) {
    let lake = tempfile::tempdir().unwrap();
    check(lake.path(), &[], 0);
    let (count, _) = check(lake.path(), &COUNT, 0);
    (lake, count)
}

/// Finds a file below a folder of the lake by the end of its name.
fn a_file(lake: &Path, below: &str, ending: &str) -> PathBuf {
    let files = emulators::files::find(&lake.join(below)).files;
    files.into_iter().find(|path| path.to_str().unwrap().ends_with(ending)).unwrap()
}

#[test]
fn an_empty_parquet_file_is_named_by_each_command_and_repaired_by_reprocess() {
    let (lake, count) = lake();
    let path = a_file(lake.path(), "xpto-ref/tweets", ".parquet");
    fs::write(&path, "").unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let (rows, error) = check(lake.path(), &COUNT, 1);
    assert!(rows.starts_with("n\n") && rows != count, "{rows}");
    assert!(error.contains(name) && error.contains("1 Parquet file(s) have 0 bytes") && error.contains("`reprocess`"), "{error}");
    let (_, error) = check(lake.path(), &WORDS, 1);
    assert!(error.contains(name) && error.contains("trigger 0") && error.contains("1 Parquet file(s) could not be read"), "{error}");
    let (shown, error) = check(lake.path(), &["demo"], 1);
    assert!(shown.contains("Latest tweets") && shown.contains("Try next") && error.contains(name), "{shown}{error}");
    check(lake.path(), &["sql", "SHOW TABLES"], 0); // reads no file
    check(lake.path(), &["reprocess"], 0);
    check(lake.path(), &WORDS, 0);
    check(lake.path(), &COUNT, 0);
}

#[test]
fn a_parquet_file_that_is_damaged_is_named() {
    let (lake, _) = lake();
    let path = a_file(lake.path(), "xpto-ref/tweets", ".parquet");
    let whole = fs::read(&path).unwrap();
    let mut torn = whole.clone();
    torn[10..whole.len() / 2].fill(7); // its end, which is read first, is intact
    for bytes in [&whole[..whole.len() / 2], b"no Parquet", &torn] {
        fs::write(&path, bytes).unwrap();
        let (_, error) = check(lake.path(), &["sql", "SELECT * FROM tweets", "--format", "csv"], 1);
        assert!(error.contains(path.to_str().unwrap()) && error.contains("`reprocess`"), "{error}");
        let (_, error) = check(lake.path(), &[&WORDS[..], &["--sink", "json:/dev/null"]].concat(), 1);
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
    check(lake.path(), &["reprocess"], 0);
    check(lake.path(), &COUNT, 0);
}

/// Versions up to 0.2 rewrote it in each run, and a full disk left it empty.
#[test]
fn an_empty_source_file_does_not_block_a_lake() {
    let (lake, _) = lake();
    let note = lake.path().join("source.txt");
    let held = fs::read_to_string(&note).unwrap();
    let modified = || fs::metadata(&note).unwrap().modified().unwrap();
    let before = modified();
    check(lake.path(), &[], 0);
    assert_eq!(modified(), before, "it is written only when it changes");
    fs::write(&note, "").unwrap();
    check(lake.path(), &["stream", "--mode", "complete", "--once"], 0);
    assert_eq!(fs::read_to_string(&note).unwrap(), held);

    // Posts that the emulator does not serve are not mistaken for its own.
    let raw = a_file(lake.path(), "xpto-raw/tweets", ".json");
    let mut page: serde_json::Value = serde_json::from_slice(&fs::read(&raw).unwrap()).unwrap();
    page["data"][0]["id"] = "12".into();
    fs::write(&raw, page.to_string()).unwrap();
    fs::write(&note, "").unwrap();
    let (_, error) = check(lake.path(), &[], 1);
    assert!(error.contains("holds posts of the X API"), "{error}");
}

#[test]
fn a_damaged_list_of_refined_files_is_reported_and_completed() {
    let (lake, count) = lake();
    let list = lake.path().join("refined.txt");
    let mut bytes = fs::read(&list).unwrap();
    let whole = bytes.clone();
    bytes.truncate(bytes.len() - 5); // cuts off the last line
    bytes[3] = 0xff; // makes the first one invalid text
    fs::write(&list, &bytes).unwrap();
    let (_, error) = check(lake.path(), &["reprocess"], 0);
    assert!(error.contains("1 line(s) of") && error.contains("refined.txt are damaged"), "{error}");
    check(lake.path(), &COUNT, 0);
    let now = fs::read(&list).unwrap();
    assert!(now.starts_with(&bytes) && now[bytes.len()] == b'\n' && now.len() > bytes.len() + 1);
    fs::write(&list, &whole).unwrap();
    check(lake.path(), &["reprocess"], 0);
    assert_eq!(fs::read(&list).unwrap(), whole, "known files are not added again");
    assert_eq!(check(lake.path(), &COUNT, 0).0, count);
    fs::remove_file(&list).unwrap();
    fs::create_dir(&list).unwrap();
    let (_, error) = check(lake.path(), &["demo"], 1);
    assert!(error.contains("refined.txt, which lists what was refined"), "{error}");
}

#[cfg(unix)]
#[test]
fn an_old_day_may_be_a_link_to_another_disk() {
    let (lake, count) = lake();
    let elsewhere = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    for (number, bucket) in ["xpto-raw", "xpto-ref"].iter().enumerate() {
        let day = a_file(lake.path(), &format!("{bucket}/tweets"), "").parent().unwrap().to_owned();
        let moved = elsewhere.path().join(number.to_string());
        fs::create_dir(&moved).unwrap();
        for entry in fs::read_dir(&day).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, moved.join(path.file_name().unwrap())).unwrap();
        }
        fs::remove_dir_all(&day).unwrap();
        std::os::unix::fs::symlink(&moved, &day).unwrap();
    }
    assert_eq!(check(lake.path(), &COUNT, 0).0, count);
    let damaged = a_file(&elsewhere.path().join("1"), "", ".parquet");
    fs::write(damaged, "").unwrap();
    check(lake.path(), &["reprocess"], 0);
    assert_eq!(check(lake.path(), &COUNT, 0).0, count);
    check(lake.path(), &WORDS, 0);
    check(lake.path(), &["demo"], 0);
    assert!(emulators::files::find(elsewhere.path()).files.iter().all(|path| !path.to_str().unwrap().contains("%~")));
}

#[cfg(unix)]
#[test]
fn a_raw_file_that_cannot_be_read_is_passed_by_and_named() {
    let (lake, _) = lake();
    let day = a_file(lake.path(), "xpto-raw/tweets", ".json").parent().unwrap().to_owned();
    std::os::unix::fs::symlink("nowhere", day.join("a.json")).unwrap();
    fs::write(day.join("b.json"), r#"{"data":[{"id":"1","created_at":"2026-11-20T14:05:00.000Z","text":":)"}]}"#).unwrap();
    fs::write(day.join("empty.json"), "").unwrap();
    for command in ["demo", "reprocess"] {
        let (_, error) = check(lake.path(), &[command], 1);
        assert!(error.contains("2 RAW file(s) could not be refined") && error.contains("a.json: No such file"), "{error}");
        assert!(error.contains("nor could tweets/") && error.contains("empty.json"), "{error}");
    }
    let statement = "SELECT count(*) AS n FROM tweets WHERE dia = 20 AND id = 1";
    assert_eq!(check(lake.path(), &["sql", statement, "--format", "csv"], 0).0, "n\n1\n");
}
