//! Processes that are killed at any moment and started again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{PATIENCE, Running, Server, counts};
use crate::finish;

/// The size of the log of a lake, in bytes.
pub fn logged_bytes(lake: &Path) -> u64 {
    let logs = fs::read_dir(lake).unwrap().map(Result::unwrap).filter(|entry| entry.path().extension().is_some_and(|of| of == "log"));
    logs.map(|entry| entry.metadata().unwrap().len()).sum()
}

/// The checkpoint of the only stream of a lake.
fn checkpoint_of(lake: &Path) -> PathBuf {
    let mut paths = fs::read_dir(lake).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|of| of == "json")).unwrap()
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
    // The first trigger has printed its end, and stores next that it is done.
    let is_stored = || fs::read_to_string(checkpoint_of(lake)).is_ok_and(|json| json.contains(r#""next_trigger":1"#));
    while logged_bytes(lake) < bytes as u64 || !is_stored() {
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

/// Accepts and closes connections while `work` runs, without sending a line.
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

/// Runs a stream that is killed a few times, and returns its rows.
fn killed_and_finished(run: impl Fn() -> Command) -> Vec<String> {
    let (mut printed, mut kills) = (Vec::new(), 0);
    for triggers in [1, 2, 3, 1, 5, 2] {
        let Running { mut process, rows, messages } = Running::start(run());
        messages.iter().filter(|line| line.starts_with("trigger ")).take(triggers).for_each(drop);
        process.kill().unwrap();
        kills += u32::from(process.wait().unwrap().code().is_none());
        printed.extend(rows.iter());
    }
    assert!(kills > 2, "it was nearly always done before it was killed");
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
    let checkpoint = checkpoint_of(lake.path());
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
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    let listener = server.0.try_clone().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let sender = std::thread::spawn(move || {
        let mut next = 0;
        while next == 0 || !over.load(Ordering::SeqCst) {
            let mut connection = listener.accept().unwrap().0;
            while !over.load(Ordering::SeqCst) && connection.write_all(format!("w{next}\n").as_bytes()).is_ok() {
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
    is_over.store(true, Ordering::SeqCst);
    drop(TcpStream::connect(server.0.local_addr().unwrap()));
    sender.join().unwrap();
    let mut rows = String::new();
    without_lines(&server, || rows = finish(run(&["--once"])));
    let rows: Vec<Value> =
        rows.lines().map(|line| serde_json::from_str(line).unwrap()).filter(|row: &Value| row["word"].is_string()).collect();
    let last = rows.last().unwrap()["trigger"].clone();
    let totals = counts(&rows.into_iter().filter(|row| row["trigger"] == last).collect::<Vec<_>>());
    assert!(totals.values().all(|count| *count == 1), "a line counted twice");
    assert!(totals.len() > 100, "{} lines", totals.len());
}

/// Lines that `log_only` logged during its interval are counted by the next run, even if the last record is torn.
#[test]
fn what_was_logged_before_a_kill_is_counted_by_the_next_run() {
    let (server, lake) = (Server::start(), tempfile::tempdir().unwrap());
    log_only(&server, lake.path(), &["--mode", "complete"], &["azul\n".to_owned(), "verde\n".to_owned()]);
    let log =
        fs::read_dir(lake.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|of| of == "log"));
    fs::OpenOptions::new().append(true).open(log.unwrap()).unwrap().write_all(b"\x05\0\0\0half").unwrap();
    let running = Running::start(server.stream(lake.path(), &["--mode", "complete", "--once", "--sink", "stdout"]));
    server.serve("azul\n");
    running.message("8 bytes of a line that an earlier run died while logging are ignored");
    assert_eq!(counts(&running.trigger().1), [("azul".to_owned(), 2), ("verde".to_owned(), 1)].into());
}
