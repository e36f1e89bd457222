//! The panel over real lakes and sockets.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::questions::{PANEL, Question};
use super::server::{Site, serve};
use super::snapshot::Snapshot;
use super::watcher::{Published, Watcher};
use crate::fixtures::put_refined;
use crate::lake::ref_dir;
use crate::sql::{Answer, KeptRows, Session};

/// 2026-11-23T14:05:30Z.
const NOW: DateTime<Utc> = DateTime::from_timestamp_secs(1_795_442_730).unwrap();
const HOSTILE: &str = "<script>alert(1)</script> <img src=x onerror=alert(2)> \u{202e}x";

fn clock() -> DateTime<Utc> {
    NOW
}

/// Puts posts as `refine` would, in a file of this name. Their ids are in the order of their times.
fn put(root: &Path, name: &str, posts: &[(&str, &str)]) {
    let post = |(at, text): &(&str, &str)| {
        let id = at.parse::<DateTime<Utc>>().unwrap().timestamp().to_string();
        json!({ "id": id, "created_at": at, "text": text, "entities": { "hashtags": [{ "tag": "<b>" }] } })
    };
    let raw = json!({ "data": posts.iter().map(post).collect::<Vec<_>>() }).to_string();
    put_refined(&ref_dir(root), &format!("tweets/{name}.json"), raw.as_bytes());
}

fn lake() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    put(
        root.path(),
        "a",
        &[("2026-11-23T14:01:00.000Z", HOSTILE), ("2026-11-23T14:02:00.000Z", "bom dia :)"), ("2026-11-23T12:30:00.000Z", "antes :(")],
    );
    put(root.path(), "b", &[("2026-11-20T10:00:00.000Z", "dias atrás")]);
    root
}

/// Serves a lake, with all questions computed.
async fn served(root: &Path) -> SocketAddr {
    let (mut watcher, published) = Watcher::new(root.to_owned(), clock);
    watcher.look().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let site = Site::new(published, address.port(), clock);
    tokio::spawn(async move {
        let _open = watcher; // its snapshots end with it
        serve(listener, Arc::new(site)).await;
    });
    address
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends a request and reads until the server closes.
async fn exchange(address: SocketAddr, method: &str, path: &str, headers: &str) -> String {
    let port = address.port();
    let host = if headers.to_lowercase().contains("host:") { String::new() } else { format!("host: 127.0.0.1:{port}\r\n") };
    let request = format!("{method} {path} HTTP/1.1\r\n{host}{headers}connection: close\r\n\r\n");
    tokio::task::spawn_blocking(move || {
        let mut stream = connect(address);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap()
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_has_its_answer_and_every_answer_the_same_headers() {
    let root = lake();
    let address = served(root.path()).await;
    for (method, path, want) in [
        ("GET", "/", "200"),
        ("HEAD", "/", "200"),
        ("GET", "/app.js", "200"),
        ("GET", "/words.js", "200"),
        ("GET", "/app.css", "200"),
        ("GET", "/plotly.css", "200"),
        ("HEAD", "/plotly.js", "200"),
        ("GET", "/licences.txt", "200"),
        ("GET", "/snapshot.json", "200"),
        ("GET", "/q/posts_por_minuto", "200"),
        ("GET", "/q/posts_por_minuto.csv", "200"),
        ("GET", "/q/hashtags", "404"),
        ("GET", "/q/..%2F..%2Fsource.txt", "404"),
        ("GET", "/q/", "404"),
        ("GET", "/source.txt", "404"),
        ("GET", "//", "404"),
        ("POST", "/snapshot.json", "405"),
        ("DELETE", "/", "405"),
    ] {
        let answer = exchange(address, method, path, "").await;
        assert_eq!(status(&answer), want, "{method} {path}: {answer:.300}");
        for header in [
            "content-security-policy: default-src 'none';",
            "trusted-types 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-cache",
        ] {
            assert!(answer.contains(header), "{method} {path} lacks {header}");
        }
    }
    for (headers, want) in
        [("host: evil.example\r\n", "421"), ("origin: http://evil.example\r\n", "403"), ("sec-fetch-site: cross-site\r\n", "403")]
    {
        for path in ["/", "/snapshot.json", "/events", "/q/posts_por_minuto.csv", "/nothing"] {
            assert_eq!(status(&exchange(address, "GET", path, headers).await), want, "{path} with {headers}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_version_is_not_sent_again() {
    let root = lake();
    let address = served(root.path()).await;
    for path in ["/snapshot.json", "/app.js"] {
        let first = exchange(address, "GET", path, "").await;
        let etag = first.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
        let again = exchange(address, "GET", path, &format!("if-none-match: {etag}\r\n")).await;
        assert_eq!((status(&again), again.split_once("\r\n\r\n").unwrap().1), ("304", ""));
        assert_eq!(status(&exchange(address, "GET", path, "if-none-match: \"other\"\r\n").await), "200");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_post_becomes_html() {
    let root = lake();
    let address = served(root.path()).await;
    let page = exchange(address, "GET", "/q/ultimos_posts", "").await;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script") && !page.contains("<img"), "{page}");
    let json = exchange(address, "GET", "/snapshot.json", "").await;
    assert!(json.contains("content-type: application/json\r\n"));
    let snapshot: Value = serde_json::from_str(json.split_once("\r\n\r\n").unwrap().1).unwrap();
    let chart = |name: &str| snapshot["charts"].as_array().unwrap().iter().find(|chart| chart["question"] == name).unwrap().clone();
    assert_eq!(chart("hashtags_da_hora")["figure"]["layout"]["yaxis"]["ticktext"], json!(["#&lt;b&gt;"]), "Plotly reads tags in texts");
    assert!(chart("ultimos_posts")["table"]["rows"].to_string().contains("<script>alert(1)</script>"), "the data are as they are");
    assert_eq!(chart("posts_por_minuto")["table"]["rows"].as_array().unwrap().len(), 60);
    assert_eq!(
        chart("posts_por_minuto")["sentence"],
        json!({ "phrase": "shares", "posts": 2, "positive": 1, "neutral": 1, "negative": 0 })
    );
}

/// Opens a stream of events and returns what arrives first.
fn stream(address: SocketAddr) -> (TcpStream, String) {
    let mut stream = connect(address);
    write!(stream, "GET /events HTTP/1.1\r\nhost: localhost:{}\r\n\r\n", address.port()).unwrap();
    let mut text = String::new();
    let mut bytes = [0; 1024];
    while !text.contains("event: snapshot") && !text.starts_with("HTTP/1.1 503") {
        let read = stream.read(&mut bytes).unwrap();
        assert!(read > 0, "closed after {text}");
        text += &String::from_utf8_lossy(&bytes[..read]);
    }
    (stream, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_connections_are_bounded_and_freed() {
    let root = lake();
    let address = served(root.path()).await;
    let bounded = tokio::task::spawn_blocking(move || {
        let (_, first) = stream(address);
        assert!(
            first.contains("retry: 3000") && first.contains("content-type: text/event-stream") && first.contains("\"version\":"),
            "{first}"
        );
        std::thread::sleep(Duration::from_millis(300));
        let mut streams: Vec<_> = (0..18).map(|_| stream(address)).collect();
        assert_eq!(streams.iter().filter(|(_, text)| text.starts_with("HTTP/1.1 503")).count(), 2);
        streams.drain(..8);
        std::thread::sleep(Duration::from_millis(300));
        assert!(stream(address).1.contains("event: snapshot"), "a closed stream is freed");
        drop(streams);
        std::thread::sleep(Duration::from_millis(300));

        let idle: Vec<_> = (0..64).map(|_| connect(address)).collect();
        std::thread::sleep(Duration::from_millis(300));
        let mut refused = String::new();
        let _ = connect(address).read_to_string(&mut refused);
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        drop(idle);
    });
    bounded.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_no_request_is_cut_off() {
    let root = tempfile::tempdir().unwrap();
    let address = served(root.path()).await;
    let begun = std::time::Instant::now();
    tokio::task::spawn_blocking(move || {
        let mut stream = connect(address);
        stream.write_all(b"GET / HT").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    })
    .await
    .unwrap();
    assert!((4..15).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_reads_only_new_files_and_answers_as_sql_does() {
    let root = lake();
    let (mut watcher, mut published) = Watcher::new(root.path().to_owned(), clock);
    watcher.look().await;
    let read = watcher.files_read(); // two groups of columns of today's file, one group of the other file
    assert_eq!(read, 3);
    let version = published.borrow_and_update().snapshot.version;
    watcher.look().await;
    assert_eq!((watcher.files_read(), published.has_changed().unwrap()), (read, false), "no file is new, so nothing is computed");
    put(root.path(), "c", &[("2026-11-23T14:04:00.000Z", "mais um")]);
    watcher.look().await;
    assert_eq!(watcher.files_read(), read + 2, "both groups of the new file");
    let now = Arc::clone(&published.borrow());
    assert!(now.snapshot.version > version);
    assert_eq!(now.snapshot.state.as_ref().unwrap().tweets, 5);
    let session = Session::open(&ref_dir(root.path()), NOW).await.unwrap();
    for question in &PANEL {
        assert_eq!(*now.snapshot.answer(question.name).unwrap(), Ok(session.answer(question.sql).await.unwrap()), "{}", question.name);
    }
}

#[tokio::test]
async fn rows_of_files_that_are_gone_are_forgotten() {
    let root = lake();
    let kept = Arc::new(KeptRows::default());
    let count = async || {
        let session = Session::open_keeping(&ref_dir(root.path()), NOW, &kept).await.unwrap();
        session.answer("SELECT count(id) AS n FROM tweets").await.unwrap().integers("n")[0]
    };
    assert_eq!(count().await, 4);
    std::fs::remove_dir_all(ref_dir(root.path()).join("tweets/ano=2026/mes=11/dia=20")).unwrap();
    assert_eq!((count().await, kept.files_read()), (3, 2));
    kept.forget_unused();
    assert_eq!((count().await, kept.files_read()), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_fails_the_questions_of_its_day_alone() {
    let root = lake();
    let day = ref_dir(root.path()).join("tweets/ano=2026/mes=11/dia=20");
    let file = std::fs::read_dir(day).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, "PAR1 no Parquet PAR1").unwrap();
    let (mut watcher, published) = Watcher::new(root.path().to_owned(), clock);
    watcher.look().await;
    let document = published.borrow().snapshot.document();
    let failed: Vec<&str> = document["charts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|chart| chart["error"].is_string())
        .map(|chart| chart["question"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["ritmo_por_hora_e_dia", "saude_horas_sem_tweets"]);
    let problem = document["state"]["problems"][0].as_str().unwrap();
    assert!(problem.contains("dia=20") && problem.contains("reprocess"), "{problem}");
}

#[test]
fn a_failed_question_leaves_the_others() {
    let mut snapshot = Snapshot { at: NOW, ..Snapshot::default() };
    let question = |name: &str| PANEL.iter().find(|question| question.name == name).copied().unwrap();
    let words = Answer {
        columns: ["lugar", "palavra", "vezes", "vezes_antes", "variacao"].map(str::to_owned).to_vec(),
        rows: vec![vec![json!(1), json!("brasil"), json!(1_200), json!(900), json!(300)]],
        csv: String::new(),
    };
    snapshot.set(&question("palavras_da_hora"), Ok(words));
    snapshot.set(&question("posts_por_minuto"), Err("no room".to_owned()));
    let charts = snapshot.document()["charts"].clone();
    let chart = |place: usize| &charts[place];
    assert_eq!((chart(0)["question"].as_str(), chart(0)["error"].as_str()), (Some("posts_por_minuto"), Some("no room")));
    let figure = &chart(1)["figure"];
    assert_eq!((&figure["data"][0]["x"], &figure["data"][1]["x"]), (&json!([1_200]), &json!([900])));
    assert_eq!(figure["layout"]["annotations"][0]["text"], "\u{e000}change:1200:300");
    assert_eq!(Published::from(snapshot).body.first(), Some(&b'{'));
}

#[test]
fn a_question_of_the_panel_is_a_file_of_athena() {
    for Question { name, sql } in PANEL {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../athena/{name}.sql"));
        assert_eq!(std::fs::read_to_string(file).unwrap(), sql);
    }
}
