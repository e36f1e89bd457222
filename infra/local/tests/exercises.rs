//! The exercises of streaming from the user's side: real processes, real sockets, killed and restarted.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

fn command(lake: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.arg("--lake").arg(lake).args(arguments).env_clear();
    command
}

/// The other side of a stream: a server, as `nc -lk` is one.
struct Server(TcpListener);

impl Server {
    fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn source(&self) -> String {
        format!("tcp://{}", self.0.local_addr().unwrap())
    }

    fn accept(&self) -> TcpStream {
        self.0.accept().unwrap().0
    }

    /// Sends a text over a connection and closes it.
    fn serve(&self, text: &str) {
        self.accept().write_all(text.as_bytes()).unwrap();
    }

    fn stream(&self, lake: &Path, arguments: &[&str]) -> Command {
        command(lake, &[&["stream", "--source", &self.source()], arguments].concat())
    }
}

/// A running stream, with what it prints line by line.
struct Running {
    process: Child,
    rows: Receiver<String>,
    messages: Receiver<String>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let rows = lines_of(process.stdout.take().unwrap());
        let messages = lines_of(process.stderr.take().unwrap());
        Self { process, rows, messages }
    }

    /// Waits for the next trigger of `--sink stdout`, and returns its number and rows.
    #[track_caller]
    fn trigger(&self) -> (u64, Vec<Value>) {
        let mut rows = Vec::new();
        loop {
            let line: Value = serde_json::from_str(&self.rows.recv_timeout(PATIENCE).unwrap()).unwrap();
            match line["rows"].as_u64() {
                Some(count) => {
                    assert_eq!(count, rows.len() as u64);
                    return (line["trigger"].as_u64().unwrap(), rows);
                }
                None => rows.push(line),
            }
        }
    }

    /// Waits for a message that contains a text, and returns it.
    #[track_caller]
    fn message(&self, text: &str) -> String {
        loop {
            let line = self.messages.recv_timeout(PATIENCE).unwrap();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Presses Ctrl-C, and returns the remaining messages.
    #[track_caller]
    fn interrupt(mut self) -> String {
        let pid = self.process.id().to_string();
        assert!(Command::new("sh").args(["-c", &format!("kill -INT {pid}")]).status().unwrap().success());
        let messages = self.messages.iter().collect::<Vec<_>>().join("\n");
        assert!(self.process.wait().unwrap().success(), "{messages}");
        messages
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn lines_of(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

/// Runs to the end, and returns what it printed.
#[track_caller]
fn finish(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn counts(rows: &[Value]) -> BTreeMap<String, u64> {
    let counts: BTreeMap<_, _> =
        rows.iter().map(|row| (row["word"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap())).collect();
    assert_eq!(counts.len(), rows.len(), "a word is there twice");
    counts
}

fn want(rows: &Value) -> BTreeMap<String, u64> {
    rows.as_array().unwrap().iter().map(|row| (row[0].as_str().unwrap().to_owned(), row[1].as_u64().unwrap())).collect()
}

/// Recorded runs of `PySpark`.
fn cases(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stream/tests/exercises").join(name);
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `complete`, `update` and `append` without windows: the tables of Spark, trigger by trigger.
#[test]
fn modes_are_those_of_spark() {
    for case in cases("modes.jsonl") {
        let (server, lake, mode) = (Server::start(), tempfile::tempdir().unwrap(), case["mode"].as_str().unwrap());
        if case["refused"].is_string() {
            let refused = server.stream(lake.path(), &["--mode", mode]).output().unwrap();
            assert_eq!(refused.status.code(), Some(1));
            assert!(String::from_utf8_lossy(&refused.stderr).contains("append is not supported for counts without a watermark"));
            continue;
        }
        let running = Running::start(server.stream(lake.path(), &["--mode", mode, "--sink", "stdout"]));
        let (mut connection, mut triggers, mut half) = (server.accept(), vec![running.trigger()], false);
        for step in case["steps"].as_array().unwrap() {
            if let Some(text) = step["send"].as_str() {
                connection.write_all(text.as_bytes()).unwrap();
                half = !text.ends_with(['\n', '\r']);
                if text.contains(['\n', '\r']) {
                    triggers.push(running.trigger());
                }
            } else if step["close"] == true {
                connection.shutdown(Shutdown::Both).unwrap();
                if std::mem::take(&mut half) {
                    triggers.push(running.trigger());
                }
            }
        }
        let got: Vec<_> = triggers.iter().map(|(number, rows)| (*number, counts(rows))).collect();
        let want: Vec<_> = case["triggers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trigger| (trigger["trigger"].as_u64().unwrap(), want(&trigger["rows"])))
            .collect();
        assert_eq!(got, want, "{} {mode}", case["case"]);
        assert!(running.interrupt().contains("the same command goes on from there"));
    }
}

/// The exercises with `DStream`: each batch alone, and running totals. Here a batch without lines is silent, and so are
/// totals that did not change.
#[test]
fn batches_are_those_of_dstream() {
    for case in cases("dstream.jsonl") {
        let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
        let mode = if case["state"] == true { "complete" } else { "batch" };
        let running = Running::start(server.stream(lake.path(), &["--mode", mode, "--sink", "stdout"]));
        let (mut connection, mut got, mut half) = (server.accept(), vec![counts(&running.trigger().1)], false);
        for step in case["steps"].as_array().unwrap() {
            if let Some(text) = step["send"].as_str() {
                connection.write_all(text.as_bytes()).unwrap();
                got.push(counts(&running.trigger().1));
                half = !text.ends_with('\n');
            } else if step["close"] == true {
                drop(connection);
                if std::mem::take(&mut half) {
                    got.push(counts(&running.trigger().1));
                }
                running.message("closed the connection");
                connection = server.accept();
            }
        }
        let mut batches: Vec<_> = case["batches"].as_array().unwrap().iter().map(|batch| want(&batch["rows"])).collect();
        if mode == "batch" {
            batches.retain(|rows| !rows.is_empty());
        }
        batches.insert(0, BTreeMap::new()); // the trigger that connects
        batches.dedup_by(|next, before| mode == "complete" && next == before);
        assert_eq!(got, batches, "{} {mode}", case["case"]);
        running.kill();
    }
}

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
    let mut closed = Vec::new();
    connection.write_all(b"azul azul\nverde\n").unwrap();
    std::thread::sleep(Duration::from_millis(700));
    connection.write_all(b"azul\n").unwrap();
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
    let running = Running::start(server.stream(lake.path(), &["--mode", "batch", "--every", "700ms"]));
    let mut connection = server.accept();
    running.message("trigger 0 at ");
    for number in 1..4 {
        connection.write_all(b"azul\n").unwrap();
        let line = running.message("trigger ");
        let at = line.strip_prefix(&format!("trigger {number} at ")).unwrap();
        let at: chrono::DateTime<chrono::Utc> = at.split(": ").next().unwrap().parse().unwrap();
        assert_eq!(at.timestamp_millis() % 700, 0, "{line}");
        std::thread::sleep(Duration::from_millis(1_500)); // two intervals without lines
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

/// The size of the log of a lake, in bytes.
fn logged_bytes(lake: &Path) -> u64 {
    let logs = fs::read_dir(lake).unwrap().map(Result::unwrap).filter(|entry| entry.path().extension().is_some_and(|of| of == "log"));
    logs.map(|entry| entry.metadata().unwrap().len()).sum()
}

/// Logs lines without counting them: the process is killed before its first interval has passed.
fn log_only(server: &Server, lake: &Path, query: &[&str], lines: &[String]) {
    let running = Running::start(server.stream(lake, &[query, &["--every", "1d", "--sink", "stdout"]].concat()));
    let mut connection = server.accept();
    running.trigger();
    let started = Instant::now();
    for line in lines {
        connection.write_all(line.as_bytes()).unwrap();
        if lines.len() < 1_000 {
            std::thread::sleep(Duration::from_millis(2)); // so that they arrive at different instants
        }
    }
    let bytes: usize = lines.iter().map(|line| line.trim_end_matches('\n').len() + 20).sum();
    while logged_bytes(lake) < bytes as u64 {
        assert!(started.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    running.kill();
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

fn exercises() -> [&'static [&'static str]; 8] {
    [
        &["--mode", "batch"],
        &["--mode", "complete"],
        &["--mode", "update"],
        &["--mode", "complete", "--window", "10m", "--slide", "5m"],
        &["--mode", "update", "--window", "40ms", "--slide", "20ms", "--late", "0s"],
        &["--mode", "append", "--window", "20ms", "--late", "10ms"],
        &["--mode", "append", "--session", "10ms", "--late", "5ms"],
        &["--mode", "complete", "--session", "10ms"],
    ]
}

/// Accepts and closes connections while `work` runs: there are no further lines.
fn without_lines(server: &Server, work: impl FnOnce()) {
    std::thread::scope(|threads| {
        let (done, is_done) = channel::<()>();
        threads.spawn(move || {
            while is_done.try_recv().is_err() {
                drop(server.accept());
            }
        });
        work();
        done.send(()).unwrap();
        drop(TcpStream::connect(server.0.local_addr().unwrap()));
    });
}

/// Runs a stream that is killed a few times, and returns what its rows were.
fn killed_and_finished(run: impl Fn() -> Command) -> Vec<String> {
    let mut printed = Vec::new();
    for triggers in [1, 2, 3, 1, 5, 2] {
        let running = Running::start(run());
        (0..triggers).for_each(|_| _ = running.message("trigger "));
        let Running { mut process, rows, .. } = running;
        process.kill().unwrap();
        assert!(process.wait().unwrap().code().is_none(), "it was done before it was killed");
        printed.extend(rows.iter());
    }
    printed.extend(finish(run()).lines().map(str::to_owned));
    printed
}

/// Each exercise, killed again and again while it counts: each logged line counts once, and a trigger that comes again
/// has the same rows. The reference is an undisturbed run over the same logged lines.
#[test]
fn killed_again_and_again_each_logged_line_counts_once() {
    for query in exercises() {
        let (server, quiet, killed) = (Server::start(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let lines: Vec<String> = (0..80).map(|n| format!("azul palavra{} v{n}\n", n % 7)).collect();
        log_only(&server, quiet.path(), query, &lines);
        copy(quiet.path(), killed.path());
        without_lines(&server, || {
            let run = |lake: &Path| {
                let sink = format!("json:{}", lake.join("rows.json").display());
                server.stream(lake, &[query, &["--once", "--lines-per-trigger", "3", "--sink", &sink]].concat())
            };
            finish(run(quiet.path()));
            killed_and_finished(|| run(killed.path()));
        });
        let rows = |lake: &Path| fs::read_to_string(lake.join("rows.json")).unwrap();
        assert!(rows(quiet.path()).lines().count() > 10, "{query:?}");
        assert_eq!(rows(killed.path()), rows(quiet.path()), "{query:?}");
    }
}

/// The same for the other sinks: an output is identified by the number of its trigger.
#[test]
fn killed_again_and_again_each_sink_has_each_trigger_once() {
    let (server, logged) = (Server::start(), tempfile::tempdir().unwrap());
    let lines: Vec<String> = (0..60).map(|n| format!("azul palavra{}\n", n % 7)).collect();
    log_only(&server, logged.path(), &["--mode", "update"], &lines);
    let lake = || {
        let lake = tempfile::tempdir().unwrap();
        copy(logged.path(), lake.path());
        lake
    };
    without_lines(&server, || {
        let run =
            |lake: &Path, sink: &str| server.stream(lake, &["--mode", "update", "--once", "--lines-per-trigger", "3", "--sink", sink]);
        let triggers = |lines: &[String]| {
            let (mut triggers, mut rows) = (BTreeMap::<u64, Vec<String>>::new(), Vec::new());
            for line in lines {
                let value: Value = serde_json::from_str(line).unwrap_or_default(); // a killed process may print half a line
                match (value["rows"].as_u64(), value["trigger"].as_u64()) {
                    (Some(count), Some(number)) => {
                        let rows = rows.split_off(rows.len() - usize::try_from(count).unwrap());
                        let first = triggers.entry(number).or_insert_with(|| rows.clone());
                        assert_eq!(*first, rows, "trigger {number} came again with other rows");
                    }
                    _ => rows.push(line.clone()),
                }
            }
            triggers
        };
        let (quiet, killed) = (lake(), lake());
        let want = triggers(&finish(run(quiet.path(), "stdout")).lines().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(want.len(), 20);
        let printed = killed_and_finished(|| run(killed.path(), "stdout"));
        assert!(printed.len() > want.len() && triggers(&printed) == want);

        let (quiet, killed) = (lake(), lake());
        let folder = |lake: &Path| lake.join("rows");
        let sink = |lake: &Path| format!("parquet:{}", folder(lake).display());
        finish(run(quiet.path(), &sink(quiet.path())));
        killed_and_finished(|| run(killed.path(), &sink(killed.path())));
        let files = |lake: &Path| -> BTreeMap<_, _> {
            fs::read_dir(folder(lake))
                .unwrap()
                .map(|file| file.unwrap().path())
                .map(|path| (path.file_name().unwrap().to_owned(), fs::read(path).unwrap()))
                .collect()
        };
        assert_eq!(files(quiet.path()).len(), 20);
        assert!(files(killed.path()) == files(quiet.path()), "{:?}", files(killed.path()).keys());
    });
}

/// A process that dies after it has emitted rows and before the checkpoint: the trigger comes again with the lines that
/// it had, though more have arrived since.
#[test]
fn a_trigger_that_is_repeated_takes_the_lines_that_it_had() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let once = |text: &str| {
        let running = Running::start(server.stream(lake.path(), &["--mode", "update", "--once", "--sink", "stdout"]));
        server.serve(text);
        running
            .rows
            .iter()
            .map(|line| serde_json::from_str(&line).unwrap())
            .filter(|row: &Value| row["word"].is_string())
            .collect::<Vec<_>>()
    };
    once("azul\n");
    let checkpoint =
        fs::read_dir(lake.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|of| of == "json"));
    let checkpoint = checkpoint.unwrap();
    let before = fs::read(&checkpoint).unwrap();
    let first = once("verde\nazul\n");
    fs::write(&checkpoint, before).unwrap();
    let second = once("preto\n");
    assert_eq!((first.len(), &second[..2]), (2, &first[..]));
    assert_eq!(second[2..], [json!({ "trigger": 3, "mode": "update", "window": null, "word": "preto", "count": 1 })]);
}

/// Killed while lines arrive: those in the socket may be lost, and no line counts twice.
#[test]
fn killed_while_lines_arrive_no_line_counts_twice() {
    const LINES: u64 = 20_000;
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let listener = server.0.try_clone().unwrap();
    let (done, is_done) = channel::<()>();
    let sender = std::thread::spawn(move || {
        let mut next = 0;
        while is_done.try_recv().is_err() {
            let mut connection = listener.accept().unwrap().0;
            while next < LINES && connection.write_all(format!("w{next}\n").as_bytes()).is_ok() {
                next += 1;
                if next % 50 == 0 {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        }
    });
    let run = |flags: &[&str]| server.stream(lake.path(), &[&["--mode", "complete", "--sink", "stdout"], flags].concat());
    for triggers in [2, 5, 1, 9] {
        let running = Running::start(run(&[]));
        (0..triggers).for_each(|_| _ = running.trigger());
        running.kill();
    }
    let rows = finish(run(&["--once"]));
    done.send(()).unwrap();
    drop(TcpStream::connect(server.0.local_addr().unwrap()));
    sender.join().unwrap();
    let rows: Vec<Value> =
        rows.lines().map(|line| serde_json::from_str(line).unwrap()).filter(|row: &Value| row["word"].is_string()).collect();
    let last = rows.last().unwrap()["trigger"].clone();
    let totals = counts(&rows.into_iter().filter(|row| row["trigger"] == last).collect::<Vec<_>>());
    assert!(totals.values().all(|count| *count == 1), "a line counted twice");
    assert!(totals.len() > 1_000 && totals.contains_key(&format!("w{}", LINES - 1)), "{} lines", totals.len());
}

/// What the interval of `log_only` waits for is counted by the next run, whatever became of the last record.
#[test]
fn what_was_logged_before_a_kill_is_counted_by_the_next_run() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    log_only(&server, lake.path(), &["--mode", "complete"], &["azul\n".to_owned(), "verde\n".to_owned()]);
    let log =
        fs::read_dir(lake.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|of| of == "log"));
    fs::OpenOptions::new().append(true).open(log.unwrap()).unwrap().write_all(b"\x05\0\0\0half").unwrap();
    let running = Running::start(server.stream(lake.path(), &["--mode", "complete", "--once", "--sink", "stdout"]));
    server.serve("azul\n");
    running.message("8 bytes that were being logged when an earlier run died are left out");
    assert_eq!(counts(&running.trigger().1), [("azul".to_owned(), 2), ("verde".to_owned(), 1)].into());
}

/// A line of 100 MB, bytes that are not UTF-8, and a million lines at once.
#[test]
fn no_input_is_too_much() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let running = Running::start(server.stream(lake.path(), &["--mode", "complete", "--once", "--sink", "stdout"]));
    let mut connection = server.accept();
    connection.write_all(b"azul\n").unwrap();
    (0..100).for_each(|_| connection.write_all(&[b'x'; 1 << 20]).unwrap());
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
        let rows = finish(command(lake.path(), &["sql", statement, "--format", "json"]));
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
        let output = command(lake.path(), &[&["stream", "--source", "tcp://127.0.0.1:9"], arguments].concat()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.contains(want), "{arguments:?}: {error}");
    }
}

/// A command of `docs/exercises.md`, with what is typed and what it prints.
struct Exercise {
    arguments: Vec<String>,
    pieces: Vec<String>,
    rows: Vec<Value>,
}

/// Reads the exercises of the document: the blocks `sh by-hand`, `text` and `json`, one after the other.
fn documented() -> Vec<Exercise> {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/exercises.md")).unwrap();
    let blocks: Vec<(&str, &str)> = document.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap()).collect();
    let exercise = |blocks: &[(&str, &str)]| match blocks {
        [("sh by-hand", command), ("text", typed), ("json", printed)] => Some(Exercise {
            arguments: command.trim().strip_prefix("cargo run -- ").unwrap().split(' ').map(str::to_owned).collect(),
            pieces: typed.trim_end().split("\n\n").map(|piece| format!("{piece}\n")).collect(),
            rows: printed.lines().map(|row| serde_json::from_str(row).unwrap()).collect(),
        }),
        _ => None,
    };
    blocks.windows(3).filter_map(exercise).collect()
}

/// Plays an exercise, with a shorter interval, and returns what it prints.
fn played(exercise: &Exercise) -> Vec<Value> {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let source = server.source();
    let arguments: Vec<&str> = exercise
        .arguments
        .iter()
        .map(|argument| match argument.as_str() {
            "tcp://127.0.0.1:3456" => source.as_str(),
            "10s" => "1s",
            argument => argument,
        })
        .collect();
    let running = Running::start(command(lake.path(), &arguments));
    let mut connection = server.accept();
    let ends_by_itself = arguments.contains(&"--once");
    for (number, piece) in exercise.pieces.iter().enumerate() {
        if number > 0 && arguments.contains(&"--session") {
            std::thread::sleep(Duration::from_secs(3));
        }
        connection.write_all(piece.as_bytes()).unwrap();
        let lines = format!(": {} line(s)", piece.lines().count());
        if !ends_by_itself {
            running.message(&lines);
        }
    }
    if ends_by_itself {
        drop(connection);
    }
    let rows = exercise.rows.iter().map(|_| serde_json::from_str(&running.rows.recv_timeout(PATIENCE).unwrap()).unwrap()).collect();
    running.kill();
    rows
}

/// Replaces instants by the time since the first one: sessions begin at any millisecond, windows at multiples.
fn relative(mut rows: Vec<Value>) -> Vec<Value> {
    let ms = |value: &Value| value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_millis();
    let first = rows.iter().filter(|row| row["window"].is_object()).map(|row| ms(&row["window"]["start"])).min();
    for row in &mut rows {
        if let Some(window) = row["window"].as_object_mut() {
            window.values_mut().for_each(|value| *value = json!(ms(value) - first.unwrap()));
        }
    }
    rows
}

#[test]
fn the_exercises_of_the_document_print_what_it_says() {
    let exercises = documented();
    assert_eq!(exercises.len(), 6);
    for exercise in &exercises {
        let want = relative(exercise.rows.clone());
        // A window may end while an exercise with windows is played, but not twice.
        let is_as_said = (0..2).any(|_| relative(played(exercise)) == want);
        assert!(is_as_said, "{:?} prints {:#?}", exercise.arguments, played(exercise));
    }
}
