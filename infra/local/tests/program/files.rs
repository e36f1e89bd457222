//! Files of a lake after damage, links or a full disk. Real processes, their output and exit codes.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::local;

const COUNT: [&str; 4] = ["sql", "SELECT count(*) AS n FROM tweets", "--format", "csv"];
const WORDS: [&str; 5] = ["stream", "--no-ingest", "--mode", "complete", "--once"];

/// Returns standard output and standard error of a command that must exit with this code.
#[track_caller]
fn check(lake: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = local(lake, arguments).output().unwrap();
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

/// Makes the lake of [`lake`] with a tweet of another day: late at night the demo captures a single file.
fn lake_of_two_days() -> (tempfile::TempDir, String) {
    let (lake, count) = lake();
    fs::write(
        lake.path().join("xpto-raw/tweets/added.json"),
        r#"{"data":[{"id":"1","created_at":"2026-11-20T14:05:00.000Z","text":":)"}]}"#,
    )
    .unwrap();
    check(lake.path(), &["reprocess"], 0);
    let (with, _) = check(lake.path(), &COUNT, 0);
    assert_ne!(with, count);
    (lake, with)
}

/// Finds a file below a folder of the lake by the end of its name.
fn a_file(lake: &Path, below: &str, ending: &str) -> PathBuf {
    let files = emulators::files::find(&lake.join(below)).files;
    files.into_iter().find(|path| path.to_str().unwrap().ends_with(ending)).unwrap()
}

#[test]
fn an_empty_parquet_file_is_named_by_each_command_and_repaired_by_reprocess() {
    let (lake, count) = lake_of_two_days();
    let path = a_file(lake.path(), "xpto-ref/tweets", ".parquet");
    fs::write(&path, "").unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let (rows, error) = check(lake.path(), &COUNT, 1);
    assert!(rows.starts_with("n\n") && rows != count, "{rows}");
    assert!(error.contains(name) && error.contains("1 Parquet file(s) or folder(s)") && error.contains(": it has 0 bytes"), "{error}");
    assert!(error.contains("`reprocess` rewrites it from RAW"), "{error}");
    let (_, error) = check(lake.path(), &WORDS, 1);
    assert!(
        error.contains(name) && error.contains("trigger 0") && error.contains("1 Parquet file(s) or folder(s) could not be read"),
        "{error}"
    );
    let (shown, error) = check(lake.path(), &["demo"], 1);
    assert!(shown.contains("Latest tweets") && shown.contains("Try next") && error.contains(name), "{shown}{error}");
    check(lake.path(), &["sql", "SHOW TABLES"], 0); // reads no file
    check(lake.path(), &["reprocess"], 0);
    check(lake.path(), &WORDS, 0);
    check(lake.path(), &COUNT, 0);
}

#[test]
fn a_damaged_parquet_file_is_skipped_as_a_whole_or_ends_the_statement() {
    let (lake, count) = lake_of_two_days();
    let path = a_file(lake.path(), "xpto-ref/tweets", ".parquet");
    let whole = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let (without, _) = check(lake.path(), &COUNT, 0);
    let mut torn = whole.clone();
    let footer_bytes = u32::from_le_bytes(*whole[..whole.len() - 4].last_chunk().unwrap()) as usize;
    torn[10..whole.len() - 8 - footer_bytes].fill(7); // the footer, which is read first, is intact
    let mut footer = whole.clone();
    footer[whole.len() - 200..whole.len() - 8].fill(0xff); // the magic numbers and the length are intact
    for (bytes, is_passed_by) in [(&whole[..whole.len() / 2], true), (b"no Parquet", true), (&footer, true), (&torn, false)] {
        fs::write(&path, bytes).unwrap();
        let statement = ["sql", "SELECT count(texto) AS n, max(tipo) AS tipo FROM tweets", "--format", "csv"];
        let (rows, error) = check(lake.path(), &statement, 1);
        assert!(error.contains(path.to_str().unwrap()) && error.contains("`reprocess`"), "{error}");
        assert_eq!((!rows.is_empty(), error.contains("rows are missing")), (is_passed_by, is_passed_by), "{rows}{error}");
        if is_passed_by {
            assert_eq!(check(lake.path(), &COUNT, 1).0, without);
        }
        let (_, error) = check(lake.path(), &[&WORDS[..], &["--sink", "json:/dev/null"]].concat(), 1);
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
    check(lake.path(), &["reprocess"], 0);
    assert_eq!(check(lake.path(), &COUNT, 0).0, count);
}

#[cfg(unix)]
#[test]
fn only_the_days_that_are_asked_for_are_checked() {
    use std::os::unix::fs::symlink;
    let (lake, count) = lake();
    let tweets = lake.path().join("xpto-ref/tweets");
    fs::create_dir_all(tweets.join("ano=2019/mes=02/dia=03/x.parquet")).unwrap();
    fs::write(tweets.join("ano=2019/mes=02/dia=03/a.parquet"), "").unwrap();
    fs::write(tweets.join("ano=2019/mes=02/dia=03/_hidden.parquet"), "").unwrap();
    symlink("nowhere", tweets.join("ano=2019/mes=02/dia=04")).unwrap();
    symlink(&tweets, tweets.join("ano=2019/mes=03")).unwrap();
    symlink("nowhere", tweets.join("ano=2018")).unwrap();
    symlink("nowhere", tweets.join("not a partition")).unwrap();
    for (days, want) in [
        ("ano > 2019", &[][..]),
        ("ano = 2019 AND mes = 1", &[]),
        ("ano = 2019 AND mes = 2 AND dia = 3", &["dia=03/a.parquet: it has 0 bytes", "dia=03/x.parquet: it is a folder"]),
        ("ano = 2019 AND mes = 2 AND dia = 4", &["dia=04: it is a link that leads nowhere"]),
        ("ano = 2019 AND mes = 3", &["mes=03: it is a link to"]),
        ("ano = 2018 AND mes = 1", &["ano=2018: it is a link that leads nowhere"]),
    ] {
        let statement = format!("SELECT count(*) AS n FROM tweets WHERE {days}");
        let (rows, error) = check(lake.path(), &["sql", &statement, "--format", "csv"], i32::from(!want.is_empty()));
        assert_eq!(rows, if days == "ano > 2019" { &count } else { "n\n0\n" });
        assert!(want.iter().all(|want| error.contains(want)), "{days}: {error}");
        assert!(want.is_empty() || error.contains(&format!("error: {} Parquet file(s)", want.len())), "{days}: {error}");
    }
    let (_, error) = check(lake.path(), &WORDS, 1);
    assert!(error.contains("6 Parquet file(s) or folder(s) could not be read"), "{error}");
}

#[test]
fn a_reader_writes_nothing() {
    let lake = tempfile::tempdir().unwrap();
    fs::create_dir(lake.path().join("xpto-ref")).unwrap();
    assert_eq!(check(lake.path(), &COUNT, 0).0, "n\n0\n");
    let here = emulators::files::find(lake.path());
    assert_eq!((here.files.len(), here.folders.len()), (0, 1), "{here:?}");
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

    // A lake with posts that the emulator does not serve is not mistaken for a demo lake.
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

#[test]
fn a_file_that_reprocess_mends_is_no_longer_listed_as_rejected() {
    let (lake, _) = lake();
    let raw = lake.path().join("xpto-raw/tweets");
    let (captured, added) = (a_file(lake.path(), "xpto-raw/tweets", ".json"), raw.join("added.json"));
    let whole = fs::read(&captured).unwrap();
    let listed = || {
        let list: Option<serde_json::Value> =
            fs::read(lake.path().join("rejected.json")).ok().map(|list| serde_json::from_slice(&list).unwrap());
        let keys = list.iter().flat_map(|list| list.as_array().unwrap()).map(|file| file["key"].as_str().unwrap().to_owned());
        keys.map(|key| key.contains("added")).collect::<Vec<_>>()
    };
    for path in [&captured, &added] {
        fs::write(path, "{").unwrap();
    }
    check(lake.path(), &["reprocess"], 1);
    assert_eq!(listed(), [true, false], "in the order of keys");
    check(lake.path(), &[], 1);
    assert_eq!(listed(), [true, false], "the next command tries both again, also the one that was refined before");
    fs::write(&captured, &whole).unwrap();
    check(lake.path(), &["reprocess", "--to", "2020-01-01"], 0);
    assert_eq!(listed(), [true, false], "the file is of another day");
    check(lake.path(), &["reprocess", "--from", "2020-01-01"], 0);
    assert_eq!(listed(), [true], "the key of the file that was added has no day");
    fs::write(&captured, "{").unwrap();
    check(lake.path(), &["reprocess", "--from", "2020-01-01"], 1);
    assert_eq!(listed(), [true, false]);
    for path in [&captured, &added] {
        fs::write(path, &whole).unwrap();
    }
    fs::write(lake.path().join("rejected.json"), "damaged").unwrap();
    let (_, error) = check(lake.path(), &["reprocess"], 0);
    assert!(error.contains("the list is made again"), "{error}");
    assert!(!lake.path().join("rejected.json").exists());
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_in_raw_is_passed_by_and_named() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    let (lake, _) = lake();
    let day = a_file(lake.path(), "xpto-raw/tweets", ".json").parent().unwrap().to_owned();
    fs::write(day.join("b.json"), r#"{"data":[{"id":"1","created_at":"2026-11-20T14:05:00.000Z","text":":)"}]}"#).unwrap();
    fs::write(day.join("empty.json"), "").unwrap();
    symlink("nowhere", day.join("a.json")).unwrap();
    symlink("nowhere", day.with_file_name("dia=77")).unwrap();
    symlink(day.parent().unwrap(), day.join("loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(day.join("pipe.json")).unwrap();
    for name in [&b"\xff.json"[..], b"back\\slash.json", b"new\nline.json", b"%~x.json"] {
        fs::write(day.join(std::ffi::OsStr::from_bytes(name)), "{}").unwrap();
    }
    for command in ["demo", "reprocess"] {
        let (_, error) = check(lake.path(), &[command], 1);
        assert!(error.contains("1 RAW file(s) could not be refined: tweets/") && error.contains("empty.json"), "{error}");
        assert!(error.contains("the file is empty") && !error.contains("delete the message"), "no advice for AWS: {error}");
        for want in
            ["a.json: it is a link that leads nowhere", "dia=77: it is a link that", "loop: it is a link to", "pipe.json: it is neither"]
        {
            assert!(error.contains(want), "{want}: {error}");
        }
        assert!(error.contains("8 file(s) or folder(s) of RAW could not be read"), "{error}");
        assert!(error.contains("\u{fffd}.json: its name is not UTF-8") && error.matches("its name is not a key").count() == 3, "{error}");
    }
    let statement = "SELECT count(*) AS n FROM tweets WHERE dia = 20 AND id = 1";
    assert_eq!(check(lake.path(), &["sql", statement, "--format", "csv"], 0).0, "n\n1\n");
    // Neither of these days is that of the damage.
    let other = ["reprocess", "--from", "2026-01-01", "--to", "2026-01-02"];
    symlink("nowhere", lake.path().join("xpto-raw/tweets/ano=2025")).unwrap();
    let (_, error) = check(lake.path(), &other, 1);
    assert!(error.contains("2 file(s) or folder(s) of RAW") && error.contains("ano=2025") && error.contains("dia=77"), "{error}");
    fs::remove_file(lake.path().join("xpto-raw/tweets/ano=2025")).unwrap();
    fs::remove_file(day.with_file_name("dia=77")).unwrap();
    check(lake.path(), &other, 0);
    symlink("nowhere", day.with_file_name("dia=77")).unwrap();
    let reference = tempfile::tempdir().unwrap();
    let raw = lake.path().join("xpto-raw");
    let bulk = ["reprocess", "--raw", raw.to_str().unwrap(), "--ref", reference.path().to_str().unwrap()];
    let (_, error) = check(lake.path(), &bulk, 1);
    assert!(error.contains("5 file(s) or folder(s) of RAW could not be read") && error.contains("dia=77: it is a link that"), "{error}");
    let listed = fs::read_to_string(reference.path().join("_refused.txt")).unwrap();
    assert!(listed.contains("empty.json") && listed.contains("loop: it is a link to"), "{listed}");
}

/// Without its cursor, a lake would be read and paid for again.
#[cfg(unix)]
#[test]
fn a_cursor_that_cannot_be_read_is_never_replaced() {
    use std::os::unix::fs::symlink;
    let (lake, _) = lake();
    let (state, cursor) = (lake.path().join("xpto-raw/state"), lake.path().join("xpto-raw/state/ingest.json"));
    let whole = fs::read(&cursor).unwrap();
    let token = lake.path().join("token");
    fs::write(&token, "a-token").unwrap();
    let live = ["live", "--yes", "--x-api-url", "http://127.0.0.1:9", "--token-file", token.to_str().unwrap()];
    let refused = |wants: &[&str]| {
        for (source, command) in [("posts of the X API", &live[..]), ("emulated posts", &["demo"])] {
            fs::write(lake.path().join("source.txt"), source).unwrap();
            let (_, error) = check(lake.path(), command, 1);
            assert!(wants.iter().all(|want| error.contains(want)), "{command:?}: {error}");
            assert!(error.contains("A broken cursor on a laptop") && !error.contains("move it away"), "{error}");
        }
    };
    for (bytes, problem) in
        [("", "it is empty"), ("{\"version\":1", "cannot be parsed at line 1"), (r#"{"version":9}"#, "cannot be parsed")]
    {
        fs::write(&cursor, bytes).unwrap();
        refused(&[cursor.to_str().unwrap(), problem]);
        assert_eq!(fs::read_to_string(&cursor).unwrap(), bytes);
    }
    fs::remove_file(&cursor).unwrap();
    fs::create_dir(&cursor).unwrap();
    refused(&[cursor.to_str().unwrap(), "it is not a file"]);
    fs::remove_dir(&cursor).unwrap();
    symlink("nowhere", &cursor).unwrap();
    refused(&["ingest.json: it is a link that leads nowhere"]);
    fs::remove_file(&cursor).unwrap();
    fs::write(&cursor, &whole).unwrap();
    fs::write(state.join("%~=ingest.json"), &whole).unwrap(); // an earlier version wrote it beside a folder
    refused(&["another file has the same key, state/ingest.json"]);
    fs::remove_file(state.join("%~=ingest.json")).unwrap();
    fs::rename(&state, lake.path().join("moved")).unwrap();
    symlink("moved away", &state).unwrap();
    refused(&["xpto-raw/state: it is a link that leads nowhere"]);
    fs::remove_file(&state).unwrap();
    fs::rename(lake.path().join("moved"), &state).unwrap();
    check(lake.path(), &["demo"], 0);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_found_is_named_in_the_same_words_by_each_command() {
    use std::os::unix::fs::symlink;
    let (lake, _) = lake();
    let stream: &[&str] = &["stream", "--mode", "complete", "--once"];
    for (bucket, readers) in [("xpto-raw", &[][..]), ("xpto-ref", &[&COUNT[..], &WORDS])] {
        let (folder, moved) = (lake.path().join(bucket), lake.path().join("moved"));
        fs::rename(&folder, &moved).unwrap();
        for (target, cause) in [("nowhere", "it is a link that leads nowhere; restore its target"), (bucket, "Too many levels")] {
            symlink(target, &folder).unwrap();
            for command in [&[&["demo"][..], &["reprocess"], stream], readers].concat() {
                let (_, error) = check(lake.path(), command, 1);
                assert!(error.starts_with(&format!("error: {}: {cause}", folder.display())), "{command:?}: {error}");
            }
            fs::remove_file(&folder).unwrap();
        }
        fs::rename(&moved, &folder).unwrap();
    }
    symlink("nowhere", lake.path().join("link")).unwrap();
    for command in [&["demo"][..], &["reprocess"], stream, &COUNT, &WORDS] {
        let (_, error) = check(&lake.path().join("link"), command, 1);
        assert!(error.contains("link: it is a link that leads nowhere"), "{command:?}: {error}");
    }
}

#[test]
fn a_source_that_is_damaged_is_named_with_what_to_write() {
    let (lake, _) = lake();
    let note = lake.path().join("source.txt");
    for text in ["emulated", "posts of the X APIX", "\0\0\0\0"] {
        fs::write(&note, text).unwrap();
        let (_, error) = check(lake.path(), &["demo"], 1);
        assert!(error.contains(note.to_str().unwrap()) && error.contains("write one line into it"), "{error}");
        assert!(error.contains("`posts of the X API` if `live` made the lake, otherwise `emulated posts`"), "{error}");
    }
    fs::write(&note, "emulated posts").unwrap();
    check(lake.path(), &["demo"], 0);
}

#[cfg(unix)]
#[test]
fn a_lake_that_sql_could_not_read_is_refused_before_anything_is_captured() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = tempfile::tempdir().unwrap();
    for name in [&b"a\nb"[..], b"\xff", b"a\x7fb/c"] {
        let lake = dir.path().join(std::ffi::OsStr::from_bytes(name));
        let (_, error) = check(&lake, &["demo"], 1);
        assert!(error.contains("its path must be UTF-8, without control characters"), "{error}");
    }
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none());
}
