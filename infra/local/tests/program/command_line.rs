//! The command line from the user's side: real processes, their output and exit codes.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::{finish, local, stdout};

/// Counts connections to an address that no process should call.
fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    std::thread::spawn(move || listener.incoming().for_each(|_| _ = counted.fetch_add(1, Ordering::SeqCst)));
    (url, calls)
}

#[test]
fn a_hostile_environment_redirects_no_request() {
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
    // A machine without certificates can still reach itself.
    command.env("SSL_CERT_FILE", dir.path().join("none")).env("SSL_CERT_DIR", dir.path().join("none"));
    command.env("AWS_ACCESS_KEY_ID", "AKIAREAL").env("AWS_SECRET_ACCESS_KEY", "real").env("X_BEARER_TOKEN", "real-token");
    let shown = finish(command);
    assert!(shown.contains("complete") && shown.contains("| sentimento |"), "{shown}");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[test]
fn a_second_run_adds_only_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    finish(local(dir.path(), &[]));
    let count = "SELECT count(*) AS rows, count(DISTINCT id) AS tweets, count(DISTINCT arquivo_raw) AS files FROM tweets";
    let first = finish(local(dir.path(), &["sql", count, "--format", "json"]));
    finish(local(dir.path(), &["demo"]));
    let second = finish(local(dir.path(), &["sql", count, "--format", "json"]));
    let number = |text: &str, name: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()[name].as_u64().unwrap();
    assert_eq!(number(&second, "rows"), number(&second, "tweets"), "{second}");
    // By day half an hour has hundreds of tweets, at night a dozen; the seconds between the runs have a few at most.
    let (before, after) = (number(&first, "rows"), number(&second, "rows"));
    assert!(before <= after && after - before < (before / 2).max(30), "{first}{second}");
}

#[test]
fn rows_can_be_printed_as_csv_and_json() {
    let dir = tempfile::tempdir().unwrap();
    finish(local(dir.path(), &[]));
    let statement = "SELECT ano > 2000 AS agora, 'x,y' AS texto FROM tweets LIMIT 1";
    assert_eq!(finish(local(dir.path(), &["sql", statement, "--format", "csv"])), "agora,texto\ntrue,\"x,y\"\n");
    assert_eq!(finish(local(dir.path(), &["sql", statement, "--format", "json"])), "{\"agora\":true,\"texto\":\"x,y\"}\n");
    let whole = finish(local(dir.path(), &["sql", "SELECT * FROM tweets LIMIT 3", "--format", "csv"]));
    assert!(whole.starts_with("id,id_original,texto,"), "lists and nulls, too: {whole}");
    let file = dir.path().join("question.sql");
    std::fs::write(&file, "SELECT 1 AS um").unwrap();
    assert_eq!(finish(local(dir.path(), &["sql", "-f", file.to_str().unwrap(), "--format", "csv"])), "um\n1\n");
}

#[test]
fn mistakes_are_reported_with_the_next_step_and_an_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("nowhere");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().port().to_string();
    for (arguments, code, want) in [
        (&["sql", "SELECT 1"][..], 1, "create one with `cargo run`"),
        (&["sql"], 2, "required arguments"),
        (&["sql", "-f", "/nowhere.sql"], 1, "`sql --list` shows"),
        (&["dance"], 2, "unrecognized subcommand"),
        (&["demo", "now"], 2, "unexpected argument 'now'"),
        (&["reprocess"], 1, "create one with `cargo run`"),
        (&["reprocess", "--from", "yesterday"], 2, "invalid value 'yesterday'"),
        (&["reprocess", "--from", "2026-12-01", "--to", "2026-11-01"], 2, "--from 2026-12-01 is after --to 2026-11-01"),
        (&["report", "--out", "r.html", "--from", "2026-12-01", "--to", "2026-11-01"], 2, "--from 2026-12-01 is after --to 2026-11-01"),
        (&["stream", "--once", "--mode", "update", "--session", "5m"], 2, "update is not supported for session windows"),
        (&["stream", "--once", "--mode", "append"], 2, "give a window"),
        (&["stream", "--once", "--mode", "append", "--window", "5m", "--late", "none"], 2, "give --late a time"),
        (&["stream", "--once", "--mode", "batch", "--window", "5m"], 2, "leave the windows out"),
        (&["stream", "--once", "--mode", "complete", "--window", "5m", "--slide", "10m"], 2, "slide"),
        (&["stream", "--once", "--mode", "complete", "--lines-per-trigger", "5"], 2, "the lake has --files-per-trigger"),
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
fn a_wrong_statement_is_reported_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("xpto-ref/tweets")).unwrap();
    for (statement, want) in [
        ("SELEC 1", "error: sql parser error: Expected: an SQL statement, found: SELEC at Line: 1, Column: 1\n"),
        ("SELECT * FROM tweet", "error: table 'datafusion.public.tweet' not found\n"),
        ("SELECT retweet FROM tweets", "Did you mean 'tweets.retweets'?"),
        ("SELECT sentiment(texto) FROM tweets", "`sentiment` is not a function of Athena"),
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
    finish(local(dir.path(), &[]));
    std::fs::write(dir.path().join("xpto-raw/tweets/mine.json"), "{\"data\": segredo").unwrap();
    for command in ["demo", "reprocess"] {
        let output = local(dir.path(), &[command]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("1 RAW file(s) could not be refined: tweets/mine.json: not a document of tweets"), "{error}");
        assert!(error.contains("not JSON at data (line 1, column 10)") && !error.contains("segredo"), "{error}");
    }
    // The list that `panel` shows.
    let rejected = std::fs::read_to_string(dir.path().join("rejected.json")).unwrap();
    assert!(
        rejected.contains("\"tweets/mine.json\"") && rejected.contains("not JSON at data") && !rejected.contains("segredo"),
        "{rejected}"
    );
    std::fs::remove_file(dir.path().join("xpto-raw/tweets/mine.json")).unwrap();
    finish(local(dir.path(), &[]));
    assert!(!dir.path().join("rejected.json").exists());
}

/// `head` closes the pipe after one line; the pipeline still runs to its end, and that is not an error.
#[test]
fn a_closed_pipe_does_not_end_the_pipeline_early() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = local(dir.path(), &[]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((process.stdout.take(), process.stderr.take()));
    assert_eq!(process.wait().unwrap().code(), Some(0));
    let rows = finish(local(dir.path(), &["sql", "SELECT count(*) > 0 AS rows FROM tweets", "--format", "csv"]));
    assert_eq!(rows, "rows\ntrue\n");
}

/// REF is what refine made of RAW; a statement of unknown origin must not write files or drop tables.
#[test]
fn sql_only_reads() {
    let dir = tempfile::tempdir().unwrap();
    finish(local(dir.path(), &[]));
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
        assert!(error.contains("`sql` takes one read-only statement") && error.contains("DESCRIBE tweets"), "{statement}: {error}");
        assert!(!error.contains("caused by") && !error.contains("ParserError"), "{statement}: {error}");
    }
    assert!(!written.exists());
    for statement in ["SHOW TABLES", "DESCRIBE tweets", "EXPLAIN SELECT * FROM tweets", "WITH a AS (SELECT 1) SELECT * FROM a"] {
        finish(local(dir.path(), &["sql", statement]));
    }
}

#[test]
fn lists_are_json_in_csv() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("xpto-ref")).unwrap();
    let lists = r#"SELECT 1 AS um, ARRAY['a', 'b"c'] AS dois, CAST(NULL AS varchar) AS nada, if(1 = 2, ARRAY['a']) AS lista"#;
    let csv = finish(local(dir.path(), &["sql", lists, "--format", "csv"]));
    assert_eq!(csv, "um,dois,nada,lista\n1,\"[\"\"a\"\",\"\"b\\\"\"c\"\"]\",,\n");
    finish(local(dir.path(), &["sql", "SELECT * FROM tweets", "--format", "csv"]));
}

#[test]
fn a_lake_may_have_any_name() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("in")).unwrap();
    for name in ["a b", "a?b", "a*b[1]", "100%25", "a#b", "ação", "in/../out"] {
        let lake = dir.path().join(name);
        finish(local(&lake, &[]));
        let rows = finish(local(&lake, &["sql", "SELECT count(*) > 0 AS rows FROM tweets", "--format", "csv"]));
        assert_eq!(rows, "rows\ntrue\n", "{name}");
    }
}

/// Ctrl-C in the middle of a run leaves a lease whose holder must be gone: the folder is locked.
#[test]
fn a_run_resumes_at_once_after_another_was_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    finish(local(dir.path(), &[]));
    let path = dir.path().join("xpto-raw/state/ingest.json");
    let mut cursor: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let until = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now() + Duration::from_mins(10));
    cursor["lease"] = serde_json::json!({ "until": until });
    std::fs::write(&path, cursor.to_string()).unwrap();
    let started = Instant::now();
    let output = local(dir.path(), &[]).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("continuing where it stopped") && started.elapsed() < Duration::from_mins(1), "{message}");
    assert!(stdout(output).contains("complete"));
    let cursor: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(cursor["lease"], serde_json::Value::Null);
}

#[test]
fn json_rows_keep_every_id_and_column() {
    let dir = tempfile::tempdir().unwrap();
    finish(local(dir.path(), &[]));
    let statement = "WITH autores AS (SELECT autor_id AS quem, * FROM tweets_atuais)
        SELECT a.id, b.id, a.quem, b.criado_em, count(*) OVER () AS n, max(a.id) OVER () AS ultimo
        FROM autores a JOIN tweets b ON a.id = b.id LIMIT 5";
    let shown = finish(local(dir.path(), &["sql", statement, "--format", "json"]));
    assert_eq!(shown.lines().count(), 5);
    for line in shown.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(row["id"].is_string() && row["id"] == row["id_2"], "{row}");
        assert!(row["quem"].is_string() && row["n"].is_u64() && row["ultimo"].is_string(), "{row}");
        assert_eq!(row["criado_em"].as_str().unwrap().len(), "2026-11-23T14:05:00.000Z".len(), "{row}");
    }
}

#[test]
fn every_timestamp_says_that_it_is_in_utc_unless_a_zone_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("xpto-ref")).unwrap();
    let noon = "TIMESTAMP '2026-11-23 12:00:00'";
    for (columns, want) in [
        (format!("{noon} AS a, date_trunc('hour', {noon}) AS b"), "a,b\n2026-11-23T12:00:00.000Z,2026-11-23T12:00:00.000Z\n"),
        (
            format!("max(a) AS a, array_agg(a) AS b FROM (SELECT {noon} AS a)"),
            "a,b\n2026-11-23T12:00:00.000Z,\"[\"\"2026-11-23T12:00:00.000Z\"\"]\"\n",
        ),
        (format!("{noon} AT TIME ZONE 'America/Sao_Paulo' AS a"), "a\n2026-11-23T09:00:00.000-03:00\n"),
        // A time on a clock in São Paulo is not in UTC.
        (
            format!("CAST({noon} AT TIME ZONE 'America/Sao_Paulo' AS timestamp) AS a, {noon} AS b"),
            "a,b\n2026-11-23T09:00:00.000,2026-11-23T12:00:00.000\n",
        ),
        ("CAST(TIMESTAMP '2026-11-23 09:00:00 America/Sao_Paulo' AS timestamp) AS a".to_owned(), "a\n2026-11-23T09:00:00.000\n"),
    ] {
        assert_eq!(finish(local(dir.path(), &["sql", &format!("SELECT {columns}"), "--format", "csv"])), want, "{columns}");
    }
}

#[test]
fn a_question_can_be_given_as_an_argument_a_file_or_a_pipe() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("xpto-ref")).unwrap();
    let question = "-- What is one.\n-- In two lines.\nSELECT 1 AS um -- the end";
    let marked = format!("\u{feff}{question}");
    let file = dir.path().join("question.sql");
    for text in [question, &marked] {
        std::fs::write(&file, text).unwrap();
        for arguments in [&["sql", text, "--format", "csv"][..], &["sql", "--format", "csv", "-f", file.to_str().unwrap()]] {
            assert_eq!(finish(local(dir.path(), arguments)), "um\n1\n", "{arguments:?}");
        }
        let mut process =
            local(dir.path(), &["sql", "-f", "-", "--format", "csv"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert_eq!(stdout(process.wait_with_output().unwrap()), "um\n1\n");
    }
    for (argument, code) in [("--lists", 2), ("-x", 2), ("--nothing but a comment", 1)] {
        assert_eq!(local(dir.path(), &["sql", argument]).output().unwrap().status.code(), Some(code), "{argument}");
    }
    std::fs::write(&file, b"SELECT '\xff'").unwrap();
    let output = local(dir.path(), &["sql", "-f", file.to_str().unwrap()]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("question.sql: stream did not contain valid UTF-8"));
}

#[test]
fn a_deep_statement_is_answered_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("xpto-ref")).unwrap();
    let chain = |count: usize, link: &str| vec!["1 = 1"; count].join(link);
    let ors = format!(
        "SELECT count(*) AS n FROM tweets WHERE id = 5 OR {}",
        (0..400).map(|id| format!("id + {id} = 7")).collect::<Vec<_>>().join(" OR ")
    );
    let unions = format!("SELECT count(*) AS n FROM ({})", vec!["SELECT 1"; 1_000].join(" UNION ALL "));
    assert_eq!(finish(local(dir.path(), &["sql", &ors, "--format", "csv"])), "n\n0\n");
    assert_eq!(finish(local(dir.path(), &["sql", &unions, "--format", "csv"])), "n\n1000\n");
    // Only balanced chains have fewer levels than are planned.
    let ors = (0..3_000).map(|id| format!("id = {id}")).collect::<Vec<_>>().join(" OR ");
    let unions = vec!["SELECT 1"; 2_000].join(" UNION ALL ");
    for (statement, want) in [
        (format!("SELECT count(*) AS n FROM tweets WHERE {ors}"), "n\n0\n"),
        (format!("SELECT count(*) AS n FROM ({unions})"), "n\n2000\n"),
    ] {
        assert_eq!(finish(local(dir.path(), &["sql", &statement, "--format", "csv"])), want);
    }
    let sum = format!("SELECT {}", chain(600, " AND ").replace(" AND ", " + ").replace("1 = 1", "1"));
    let output = local(dir.path(), &["sql", &sum]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && error.contains("nests more than 500 levels"), "{error}");
    let file = dir.path().join("deep.sql"); // longer than the limit of an argument
    for statement in [format!("SELECT {}", chain(20_000, " AND ")), format!("SELECT {}1{}", "(".repeat(3_000), ")".repeat(3_000))] {
        std::fs::write(&file, statement).unwrap();
        let output = local(dir.path(), &["sql", "-f", file.to_str().unwrap()]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The product of three copies of 300 tweets has 27 million rows.
#[test]
fn a_closed_pipe_ends_a_query() {
    let dir = tempfile::tempdir().unwrap();
    finish(local(dir.path(), &[]));
    let products = "tweets a, tweets b, tweets c, tweets d";
    let rows = format!("SELECT a.texto, b.texto FROM {products}");
    let one_row = format!("SELECT count(a.texto || b.texto || c.texto || d.texto) FROM {products}");
    let started = Instant::now();
    for (statement, format) in [(&rows, "table"), (&rows, "csv"), (&rows, "json"), (&one_row, "csv")] {
        let mut process = local(dir.path(), &["sql", statement, "--format", format]).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        if *statement == rows {
            out.read_line(&mut String::new()).unwrap();
        }
        drop(out);
        assert_eq!(process.wait().unwrap().code(), Some(0), "{format}");
    }
    assert!(started.elapsed() < Duration::from_mins(2), "{:?}", started.elapsed());
}

#[test]
fn printed_commands_can_be_pasted_and_errors_contain_no_control_characters() {
    let dir = tempfile::tempdir().unwrap();
    let lake = dir.path().join("it's a lake");
    let shown = finish(local(&lake, &[]));
    let hint = shown.lines().find(|line| line.contains("cargo run -- sql --lake")).unwrap();
    let words = Command::new("sh").arg("-c").arg(format!("for word in {}; do echo \"$word\"; done", hint.trim())).output().unwrap();
    assert_eq!(stdout(words).lines().nth(5), Some(lake.to_str().unwrap()));
    for arguments in [&["sql", "-f", "\u{1b}[2J\u{9b}1m.sql"][..], &["sql", "SELECT \"\u{1b}]0;title\u{7}\""]] {
        let output = local(&lake, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!error.contains(['\u{1b}', '\u{9b}', '\u{7}']) && error.contains('␛'), "{error}");
    }
}
