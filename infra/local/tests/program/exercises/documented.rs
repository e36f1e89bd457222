//! The commands of `docs/exercises.md`.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{PATIENCE, Running, Server};
use crate::local;

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
    let running = Running::start(local(lake.path(), &arguments));
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
