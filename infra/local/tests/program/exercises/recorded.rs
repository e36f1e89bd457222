//! The recorded runs of `PySpark` 4.3.0, played to `stream`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::Shutdown;
use std::path::Path;

use serde_json::Value;

use super::support::{Running, Server, counts};

fn want(rows: &Value) -> BTreeMap<String, u64> {
    rows.as_array().unwrap().iter().map(|row| (row[0].as_str().unwrap().to_owned(), row[1].as_u64().unwrap())).collect()
}

/// Recorded runs of `PySpark`.
fn cases(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../word-counts/tests/exercises").join(name);
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `complete`, `update` and `append` without windows: the tables of Spark, trigger by trigger.
#[test]
fn modes_are_those_of_spark() {
    for case in cases("modes.jsonl") {
        let (server, lake, mode) = (Server::start(), tempfile::tempdir().unwrap(), case["mode"].as_str().unwrap());
        if case["refused"].is_string() {
            let refused = server.stream(lake.path(), &["--mode", mode]).output().unwrap();
            assert_eq!(refused.status.code(), Some(2));
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
        assert!(running.interrupt().contains("the same command continues from there"));
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
