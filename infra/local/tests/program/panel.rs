//! `panel` and `report` from the user's side: real processes.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn local_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.current_dir(folder).args(arguments).env_clear();
    command
}

fn get(port: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn without_a_lake_it_makes_one_of_emulated_posts_and_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut panel = Running(local_in(folder.path(), &["panel", "--no-open"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(panel.0.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let port = first.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    assert!(lines.next().unwrap().unwrap().contains("New emulated posts arrive every 10 s"));
    let begun = Instant::now();
    let wait_for = |path: &str, texts: &[&str]| {
        while !texts.iter().all(|text| get(&port, path).contains(text)) {
            assert!(begun.elapsed() < Duration::from_mins(2), "{path} never has {texts:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    wait_for("/q/ultimos_posts", &["<td class=\"number\">8</td>"]);
    wait_for("/snapshot.json", &["\"is_emulated\":true", "\"usd\":0.0"]); // the cursor is read at the next look
}

#[test]
fn a_port_or_a_lake_that_cannot_be_had_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    std::fs::create_dir_all(folder.path().join("lake/xpto-ref/tweets")).unwrap();
    for (arguments, want) in [
        (vec!["panel", "--no-open", "--lake", "lake", "--port", &port], format!("cannot listen on 127.0.0.1:{port}")),
        (vec!["panel", "--no-open", "--lake", "none"], "there is no lake in none".to_owned()),
        (
            vec!["report", "--lake", "none", "--out", "r.html", "--from", "2026-11-01", "--to", "2026-11-02"],
            "there is no lake in none".to_owned(),
        ),
    ] {
        let output = local_in(folder.path(), &arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), error.contains(&want)), (Some(1), true), "{error}");
    }
    assert!(!folder.path().join("none").exists());
}

#[test]
fn a_report_of_an_empty_lake_is_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("lake/xpto-ref/tweets")).unwrap();
    let arguments = ["report", "--lake", "lake", "--out", "r.html", "--from", "2026-11-01", "--to", "2026-11-02"];
    let output = local_in(folder.path(), &arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let html = std::fs::read_to_string(folder.path().join("r.html")).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n") && html.contains("plotly.js v3"));
}
