//! The exercises of streaming from the user's side: real processes, real sockets, killed and restarted.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

mod deaths;
mod documented;
mod recorded;
mod support;

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{finish, local};
use deaths::logged_bytes;
use support::{PATIENCE, Running, Server, counts};

/// `exercicio_janela`: windows of ten minutes every five by time of arrival, ordered by window.
#[test]
fn a_line_is_in_the_two_windows_of_its_arrival() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let windows = ["--mode", "complete", "--window", "10m", "--slide", "5m", "--sink", "stdout"];
    let running = Running::start(server.stream(lake.path(), &windows));
    let mut connection = server.accept();
    running.trigger();
    for (text, want) in [("azul azul\nverde\n", [("azul", 2), ("verde", 1)]), ("verde verde\n", [("azul", 2), ("verde", 3)])] {
        connection.write_all(text.as_bytes()).unwrap();
        let (_, rows) = running.trigger();
        let second =
            |row: &Value, side: &str| row["window"][side].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
        assert!(rows.is_sorted_by_key(|row| second(row, "start")));
        for word in ["azul", "verde"] {
            let of_word: Vec<&Value> = rows.iter().filter(|row| row["word"] == word).collect();
            for row in &of_word {
                assert_eq!((second(row, "start") % 300, second(row, "end") - second(row, "start")), (0, 600));
            }
            let total: u64 = of_word.iter().map(|row| row["count"].as_u64().unwrap()).sum();
            let count = want.iter().find(|(of, _)| *of == word).unwrap().1;
            assert_eq!(total, 2 * count, "each occurrence is in two windows");
        }
    }
    running.kill();
}

/// A session ends when the word pauses; append gives it once, when the watermark has passed its end.
#[test]
fn sessions_of_lines_end_with_a_pause() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let sessions = ["--mode", "append", "--session", "300ms", "--late", "0s", "--sink", "stdout"];
    let running = Running::start(server.stream(lake.path(), &sessions));
    let mut connection = server.accept();
    connection.write_all(b"azul azul\nverde\n").unwrap();
    assert_eq!((running.trigger().0, running.trigger().0), (0, 1));
    std::thread::sleep(Duration::from_millis(500));
    connection.write_all(b"azul\n").unwrap();
    let mut closed = Vec::new();
    while closed.len() < 2 {
        closed.extend(running.trigger().1);
    }
    assert_eq!(counts(&closed), [("azul".to_owned(), 2), ("verde".to_owned(), 1)].into());
    running.kill();
}

/// Triggers are at multiples of the clock; one without lines is silent and takes no number.
#[test]
fn an_interval_is_kept_by_the_clock() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let running = Running::start(server.stream(lake.path(), &["--mode", "batch", "--every", "1s"]));
    let mut connection = server.accept();
    running.message("trigger 0 at ");
    for number in 1..3 {
        connection.write_all(b"azul\n").unwrap();
        let line = running.message("trigger ");
        let at = line.strip_prefix(&format!("trigger {number} at ")).unwrap();
        let at: chrono::DateTime<chrono::Utc> = at.split(": ").next().unwrap().parse().unwrap();
        assert!(at.timestamp_millis() % 1_000 < 300, "{line}"); // the time at which a loaded machine got to it
        std::thread::sleep(Duration::from_millis(2_100)); // two intervals without lines
    }
    running.kill();
}

/// A server that is not there yet, that goes, and that comes back; Ctrl-C stores the totals.
#[test]
fn a_server_comes_and_goes_and_the_totals_stay() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let address = server.0.local_addr().unwrap();
    let start = |server: &Server| Running::start(server.stream(lake.path(), &["--mode", "complete", "--sink", "stdout"]));
    let command = server.stream(lake.path(), &["--mode", "complete", "--sink", "stdout"]);
    drop(server); // nobody listens
    let running = Running::start(command);
    running.message("waiting for tcp://127.0.0.1:");
    assert_eq!(running.trigger(), (0, vec![]));
    let server = Server(TcpListener::bind(address).unwrap());
    server.serve("azul\nverde");
    running.message("closed the connection, after 2 line(s)");
    let totals = |running: &Running, words: u64| loop {
        let counts = counts(&running.trigger().1);
        if counts.values().sum::<u64>() == words {
            return counts;
        }
    };
    assert_eq!(totals(&running, 2), [("azul".to_owned(), 1), ("verde".to_owned(), 1)].into());
    server.serve("verde\n");
    assert_eq!(totals(&running, 3)["verde"], 2);
    let stopped = running.interrupt();
    assert!(stopped.contains("stopped; the state is in ") && stopped.contains("-complete.json"), "{stopped}");

    let running = start(&server);
    let mut connection = server.accept();
    connection.write_all(b"preto\n").unwrap();
    let (number, rows) = running.trigger();
    assert_eq!((number >= 3, counts(&rows).values().sum::<u64>()), (true, 4), "the totals went on");
    running.kill();
}

/// `--once` takes what arrives until the other side closes, in triggers of bounded size; `--single-batch` in one.
#[test]
fn once_takes_lines_until_the_other_side_closes() {
    for (flags, want) in
        [(&["--once", "--lines-per-trigger", "2"][..], &[0, 2, 4, 5][..]), (&["--single-batch"], &[0, 5]), (&["--once"], &[0, 5])]
    {
        let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
        let running = Running::start(server.stream(lake.path(), &[&["--mode", "complete", "--sink", "stdout"], flags].concat()));
        server.serve("azul\nazul\nazul\nverde\npreto");
        let totals: Vec<u64> = want.iter().map(|_| counts(&running.trigger().1).values().sum()).collect();
        assert_eq!(totals, want, "{flags:?}");
        assert_eq!(running.rows.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected), "it has ended");
    }
}

/// A line of 100 MB, bytes that are not UTF-8, and a million lines at once.
#[test]
fn no_input_is_too_much() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let running = Running::start(server.stream(lake.path(), &["--mode", "complete", "--once", "--sink", "stdout"]));
    let mut connection = server.accept();
    connection.write_all(b"azul\n").unwrap();
    let piece = vec![b'x'; 1 << 20];
    (0..100).for_each(|_| connection.write_all(&piece).unwrap());
    connection.write_all(b"\na\xffb\n").unwrap();
    connection.write_all("verde\n".repeat(1_000_000).as_bytes()).unwrap();
    drop(connection);
    running.message("line 2 has 104857600 bytes and is not counted");
    let totals: Vec<_> = (0..=11).map(|_| counts(&running.trigger().1)).collect();
    let sums: Vec<u64> = totals.iter().map(|counts| counts.values().sum()).collect();
    assert_eq!(sums, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(|n| n * 100_000).into_iter().chain([1_000_002]).collect::<Vec<_>>());
    assert_eq!(totals[11], [("azul".to_owned(), 1), ("a\u{fffd}b".to_owned(), 1), ("verde".to_owned(), 1_000_000)].into());
    let status = fs::read_to_string(format!("/proc/{}/status", running.process.id())).unwrap_or_default();
    let peak_kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    assert!(peak_kib.is_none_or(|kib| kib < 400 * 1024), "{peak_kib:?} KiB");
    assert_eq!(running.rows.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    assert!(logged_bytes(lake.path()) < 4 << 20, "counted lines are removed from the log");
}

/// A table that `sql` sees during and after a run, and that the next run replaces.
#[test]
fn a_table_in_memory_is_seen_by_sql() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let sql = |statement: &str| {
        let rows = finish(local(lake.path(), &["sql", statement, "--format", "json"]));
        rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let once = |mode: &[&str], text: &str| {
        let running =
            Running::start(server.stream(lake.path(), &[mode, &["--once", "--lines-per-trigger", "2", "--sink", "memory:cores"]].concat()));
        server.serve(text);
        assert_eq!(running.rows.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    };
    once(&["--mode", "complete"], "azul\nazul\nverde\n");
    let cores = || sql("SELECT word, count FROM cores ORDER BY count DESC, word");
    assert_eq!(cores(), [json!({ "word": "azul", "count": 2 }), json!({ "word": "verde", "count": 1 })]);
    once(&["--mode", "complete"], "azul\n");
    assert_eq!(cores(), [json!({ "word": "azul", "count": 3 }), json!({ "word": "verde", "count": 1 })]);
    once(&["--mode", "complete"], "");
    assert_eq!(cores().len(), 2, "the totals of the state are there though nothing came");
    once(&["--mode", "update"], "azul\nverde\nazul\n");
    assert_eq!(
        sql("SELECT \"trigger\", word, count FROM cores ORDER BY 1, 2"),
        [
            json!({ "trigger": 1, "word": "azul", "count": 1 }),
            json!({ "trigger": 1, "word": "verde", "count": 1 }),
            json!({ "trigger": 2, "word": "azul", "count": 2 })
        ]
    );
    once(&["--mode", "complete", "--window", "10m"], "azul\n");
    let row = &sql("SELECT window_start, window_end FROM cores")[0];
    assert!(row["window_start"].as_str().unwrap().ends_with('Z'), "{row}");
}

/// What a person sees on a terminal: nothing is refused without a reason.
#[test]
fn mistakes_are_told_with_the_next_step() {
    let lake = tempfile::tempdir().unwrap();
    for (arguments, want) in [
        (&["--mode", "append"][..], "append is not supported for counts without a watermark"),
        (&["--mode", "update", "--session", "5s"], "update is not supported for session windows"),
        (&["--mode", "complete", "--session", "0s"], "never emits a row"),
        (&["--mode", "batch", "--window", "5s"], "leave the windows out"),
        (&["--mode", "update", "--files-per-trigger", "5"], "--lines-per-trigger"),
    ] {
        let output = local(lake.path(), &[&["stream", "--source", "tcp://127.0.0.1:9"], arguments].concat()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(want), "{arguments:?}: {error}");
    }
}
