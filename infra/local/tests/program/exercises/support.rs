//! Both sides of a stream: a server that sends lines, and a process that counts them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::local;

/// Far beyond what anything here takes.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// The other side of a stream: a server, as `nc -lk` is one.
pub struct Server(pub TcpListener);

impl Server {
    pub fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn source(&self) -> String {
        format!("tcp://{}", self.0.local_addr().unwrap())
    }

    pub fn accept(&self) -> TcpStream {
        self.0.accept().unwrap().0
    }

    /// Sends a text over a connection and closes it.
    pub fn serve(&self, text: &str) {
        self.accept().write_all(text.as_bytes()).unwrap();
    }

    pub fn stream(&self, lake: &Path, arguments: &[&str]) -> Command {
        local(lake, &[&["stream", "--source", &self.source()], arguments].concat())
    }
}

/// A running stream, with what it prints line by line.
pub struct Running {
    pub process: Child,
    pub rows: Receiver<String>,
    pub messages: Receiver<String>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let rows = lines_of(process.stdout.take().unwrap());
        let messages = lines_of(process.stderr.take().unwrap());
        Self { process, rows, messages }
    }

    /// Waits for the next trigger of `--sink stdout`, and returns its number and rows.
    #[track_caller]
    pub fn trigger(&self) -> (u64, Vec<Value>) {
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
    pub fn message(&self, text: &str) -> String {
        loop {
            let line = self.messages.recv_timeout(PATIENCE).unwrap();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Presses Ctrl-C, and returns the remaining messages.
    #[track_caller]
    pub fn interrupt(mut self) -> String {
        let pid = self.process.id().to_string();
        assert!(Command::new("sh").args(["-c", &format!("kill -INT {pid}")]).status().unwrap().success());
        let messages = self.messages.iter().collect::<Vec<_>>().join("\n");
        assert!(self.process.wait().unwrap().success(), "{messages}");
        messages
    }

    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn lines_of(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

pub fn counts(rows: &[Value]) -> BTreeMap<String, u64> {
    let counts: BTreeMap<_, _> =
        rows.iter().map(|row| (row["word"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap())).collect();
    assert_eq!(counts.len(), rows.len(), "a word is there twice");
    counts
}
