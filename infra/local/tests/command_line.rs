//! The command line as a user meets it: real processes, their output and exit codes.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn local(lake: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.arg("--lake").arg(lake).args(arguments).env_clear();
    command
}

#[track_caller]
fn stdout(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Counts connections to an address that nobody has a reason to call.
fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    std::thread::spawn(move || listener.incoming().for_each(|_| _ = counted.fetch_add(1, Ordering::SeqCst)));
    (url, calls)
}

#[test]
fn a_hostile_environment_sends_nothing_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let (url, calls) = trap();
    let config = dir.path().join("config");
    std::fs::write(&config, format!("[default]\nendpoint_url = {url}\nregion = eu-west-1\n[profile evil]\nendpoint_url = {url}\n"))
        .unwrap();
    let mut command = local(&dir.path().join("lake"), &[]);
    for name in [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "X_API_BASE_URL",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    ] {
        command.env(name, &url);
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        command.env(name, &url);
    }
    command.env("AWS_CONFIG_FILE", &config).env("AWS_PROFILE", "evil");
    // A machine without certificates reaches itself all the same.
    command.env("SSL_CERT_FILE", dir.path().join("none")).env("SSL_CERT_DIR", dir.path().join("none"));
    command.env("AWS_ACCESS_KEY_ID", "AKIAREAL").env("AWS_SECRET_ACCESS_KEY", "real").env("X_BEARER_TOKEN", "real-token");
    let shown = stdout(command.output().unwrap());
    assert!(shown.contains("complete") && shown.contains("| sentimento |"), "{shown}");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[test]
fn a_second_run_adds_only_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    stdout(local(dir.path(), &[]).output().unwrap());
    let count = "SELECT count(*) AS rows, count(DISTINCT id) AS tweets, count(DISTINCT arquivo_raw) AS files FROM tweets";
    let first = stdout(local(dir.path(), &["sql", count, "--format", "json"]).output().unwrap());
    stdout(local(dir.path(), &["demo"]).output().unwrap());
    let second = stdout(local(dir.path(), &["sql", count, "--format", "json"]).output().unwrap());
    let number = |text: &str, name: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()[name].as_u64().unwrap();
    assert_eq!(number(&second, "rows"), number(&second, "tweets"), "{second}");
    // By day half an hour has hundreds of tweets, at night a dozen; the seconds between the runs have a few at most.
    let (before, after) = (number(&first, "rows"), number(&second, "rows"));
    assert!(before <= after && after - before < (before / 2).max(30), "{first}{second}");
}

#[test]
fn rows_come_as_csv_and_json_for_scripts() {
    let dir = tempfile::tempdir().unwrap();
    stdout(local(dir.path(), &[]).output().unwrap());
    let statement = "SELECT ano > 2000 AS agora, 'x,y' AS texto FROM tweets LIMIT 1";
    assert_eq!(stdout(local(dir.path(), &["sql", statement, "--format", "csv"]).output().unwrap()), "agora,texto\ntrue,\"x,y\"\n");
    assert_eq!(
        stdout(local(dir.path(), &["sql", statement, "--format", "json"]).output().unwrap()),
        "{\"agora\":true,\"texto\":\"x,y\"}\n"
    );
    let whole = stdout(local(dir.path(), &["sql", "SELECT * FROM tweets LIMIT 3", "--format", "csv"]).output().unwrap());
    assert!(whole.starts_with("id,id_original,texto,"), "lists and nulls, too: {whole}");
    let file = dir.path().join("question.sql");
    std::fs::write(&file, "SELECT 1 AS um").unwrap();
    assert_eq!(stdout(local(dir.path(), &["sql", "-f", file.to_str().unwrap(), "--format", "csv"]).output().unwrap()), "um\n1\n");
}

#[test]
fn mistakes_are_told_with_the_next_step_and_an_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("nowhere");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().port().to_string();
    for (arguments, code, want) in [
        (&["sql", "SELECT 1"][..], 1, "make one with `cargo run`"),
        (&["sql"], 2, "required arguments"),
        (&["sql", "-f", "/nowhere.sql"], 1, "`sql --list` shows"),
        (&["dance"], 2, "unrecognized subcommand"),
        (&["demo", "now"], 2, "unexpected argument 'now'"),
        (&["reprocess"], 1, "make one with `cargo run`"),
        (&["reprocess", "--from", "yesterday"], 2, "invalid value 'yesterday'"),
        (&["serve", "--aws-port", "80000"], 2, "80000 is not in 0..=65535"),
        (&["serve", "--aws-port", "0", "--x-port", &taken], 1, "choose another with --x-port"),
        (&["serve", "--aws-port", &taken], 1, "choose another with --aws-port"),
    ] {
        let output = local(&missing, arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(want), "{arguments:?}: {error}");
    }
}

#[test]
fn a_statement_that_is_wrong_is_told_where_to_look() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("xpto-ref/tweets")).unwrap();
    for (statement, want) in [
        ("SELEC 1", "error: sql parser error: Expected: an SQL statement, found: SELEC at Line: 1, Column: 1\n"),
        ("SELECT * FROM tweet", "error: table 'datafusion.public.tweet' not found\n"),
        ("SELECT retweet FROM tweets", "Did you mean 'tweets.retweets'?"),
        ("SELECT sentiment(texto) FROM tweets", "Invalid function 'sentiment'"),
    ] {
        let output = local(dir.path(), &["sql", statement]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{statement}: {error}");
        assert!(error.contains(want), "{statement}: {error}");
        assert!(error.contains("`sql \"DESCRIBE tweets\"` shows the columns"), "{statement}: {error}");
    }
}

#[test]
fn a_file_that_cannot_be_refined_is_named_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    stdout(local(dir.path(), &[]).output().unwrap());
    std::fs::write(dir.path().join("xpto-raw/tweets/mine.json"), "{\"data\": segredo").unwrap();
    for command in ["demo", "reprocess"] {
        let output = local(dir.path(), &[command]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("1 RAW file(s) could not be refined: s3://xpto-raw/tweets/mine.json is rejected as a whole"), "{error}");
        assert!(error.contains("not JSON at data (line 1, column 10)") && !error.contains("segredo"), "{error}");
    }
    let backwards = local(dir.path(), &["reprocess", "--from", "2026-12-01", "--to", "2026-11-01"]).output().unwrap();
    assert_eq!(backwards.status.code(), Some(1));
}

/// `head` closes the pipe after a line; the pipeline goes on to its end all the same, and that is no error.
#[test]
fn a_reader_that_has_seen_enough_ends_nothing_early() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = local(dir.path(), &[]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((process.stdout.take(), process.stderr.take()));
    assert_eq!(process.wait().unwrap().code(), Some(0));
    let rows = stdout(local(dir.path(), &["sql", "SELECT count(*) > 0 AS rows FROM tweets", "--format", "csv"]).output().unwrap());
    assert_eq!(rows, "rows\ntrue\n");
}

/// REF is what refine made of RAW; and a statement that comes from somewhere must not write files or forget tables.
#[test]
fn sql_reads_and_does_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    stdout(local(dir.path(), &[]).output().unwrap());
    let written = dir.path().join("written.csv");
    for statement in [
        &format!("COPY (SELECT 1) TO '{}'", written.display()),
        "INSERT INTO tweets SELECT * FROM tweets",
        "CREATE TABLE mine AS SELECT 1",
        "CREATE EXTERNAL TABLE mine STORED AS CSV LOCATION '/etc/passwd'",
        "DROP TABLE tweets",
        "SET datafusion.execution.batch_size = 1",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "SELECT nothing FROM tweets",
        "SELECT 1 FROM nowhere",
        "",
    ] {
        let output = local(dir.path(), &["sql", statement]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{statement}: {error}");
        assert!(error.contains("`sql` takes one statement that reads") && error.contains("DESCRIBE tweets"), "{statement}: {error}");
        assert!(!error.contains("caused by") && !error.contains("ParserError"), "{statement}: {error}");
    }
    assert!(!written.exists());
    for statement in ["SHOW TABLES", "DESCRIBE tweets", "EXPLAIN SELECT * FROM tweets", "WITH a AS (SELECT 1) SELECT * FROM a"] {
        stdout(local(dir.path(), &["sql", statement]).output().unwrap());
    }
}

#[test]
fn lists_are_json_in_a_csv_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("xpto-ref")).unwrap();
    let lists = r#"SELECT 1 AS um, make_array('a', 'b"c') AS dois, NULL AS nada, CAST(NULL AS VARCHAR[]) AS lista"#;
    let csv = stdout(local(dir.path(), &["sql", lists, "--format", "csv"]).output().unwrap());
    assert_eq!(csv, "um,dois,nada,lista\n1,\"[\"\"a\"\",\"\"b\\\"\"c\"\"]\",,\n");
    stdout(local(dir.path(), &["sql", "SELECT * FROM tweets", "--format", "csv"]).output().unwrap());
}

#[test]
fn a_lake_may_have_any_name() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a b", "a?b", "a*b[1]", "100%25", "a#b", "ação"] {
        let lake = dir.path().join(name);
        stdout(local(&lake, &[]).output().unwrap());
        let rows = stdout(local(&lake, &["sql", "SELECT count(*) > 0 AS rows FROM tweets", "--format", "csv"]).output().unwrap());
        assert_eq!(rows, "rows\ntrue\n", "{name}");
    }
}

/// Ctrl-C in the middle leaves a lease, and nobody who could hold it: the folder is locked.
#[test]
fn a_run_goes_on_at_once_where_another_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    stdout(local(dir.path(), &[]).output().unwrap());
    let path = dir.path().join("xpto-raw/state/ingest.json");
    let mut cursor: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let until = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now() + Duration::from_mins(10));
    cursor["lease"] = serde_json::json!({ "until": until });
    std::fs::write(&path, cursor.to_string()).unwrap();
    let started = Instant::now();
    let output = local(dir.path(), &[]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("going on where it stopped") && started.elapsed() < Duration::from_mins(1), "{told}");
    assert!(stdout(output).contains("complete"));
    let cursor: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(cursor["lease"], serde_json::Value::Null);
}
