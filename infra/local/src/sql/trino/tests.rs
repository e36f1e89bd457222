//! Statements as users write them, compared with Trino's answers: the same value here, or an error.
//!
//! `conformance/answers.txt` is recorded by `infra/deploy-checks/run.sh trino`; `refused.txt` lists the statements that
//! are refused here, with their errors.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{Array as _, RecordBatch};
use datafusion::common::ScalarValue;
use expect_test::expect_file;
use serde_json::{Value, json};

use super::cast;
use crate::fixtures::put_refined;
use crate::sql::Session;

const NOW: DateTime<Utc> = DateTime::from_timestamp_secs(1_795_404_480).unwrap();

/// Opens a session over `conformance/rows.json`, whose REF files are left for Trino to read.
async fn session() -> Session {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/sql-trino");
    if dir.exists() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
    put_refined(&dir, "tweets/rows.json", include_bytes!("conformance/rows.json"));
    Session::open(&dir, NOW).await.unwrap()
}

fn value(value: &ScalarValue) -> Value {
    let number = |value: f64| if value.is_finite() { json!(value) } else { json!(cast::as_text(&value.into()).unwrap()) };
    match value {
        null if null.is_null() => Value::Null,
        ScalarValue::Boolean(Some(value)) => json!(value),
        ScalarValue::Float64(Some(value)) => number(*value),
        ScalarValue::Float32(Some(value)) => number((*value).into()),
        ScalarValue::Int8(_) | ScalarValue::Int16(_) | ScalarValue::Int32(_) | ScalarValue::Int64(_) | ScalarValue::UInt64(_) => {
            serde_json::from_str(&value.to_string()).unwrap()
        }
        ScalarValue::List(items) => {
            let items = items.value(0);
            (0..items.len()).map(|place| self::value(&ScalarValue::try_from_array(&items, place).unwrap())).collect()
        }
        other => cast::as_text(other).map_or_else(|_| json!(other.to_string()), Value::from),
    }
}

fn rows(batches: &[RecordBatch]) -> Vec<Value> {
    let row =
        |batch: &RecordBatch, row| batch.columns().iter().map(|column| value(&ScalarValue::try_from_array(column, row).unwrap())).collect();
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |place| row(batch, place))).collect()
}

/// Returns whether two values are equal, except for the last digits of a double.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Number(ours), Value::Number(theirs)) if ours.is_f64() || theirs.is_f64() => {
            let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
            (ours - theirs).abs() <= theirs.abs() * 1e-13
        }
        (ours, theirs) => ours == theirs,
    }
}

/// A statement of the file with Trino's answer: rows, or the name of an error.
struct Recorded {
    statement: &'static str,
    answer: Result<Vec<Value>, &'static str>,
}

fn recorded() -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    for line in include_str!("conformance/answers.txt").lines() {
        if let Some(row) = line.strip_prefix("= ") {
            all.last_mut().unwrap().answer.as_mut().unwrap().push(serde_json::from_str(row).unwrap());
        } else if let Some(error) = line.strip_prefix("! ") {
            all.last_mut().unwrap().answer = Err(error);
        } else if !line.is_empty() && !line.starts_with("--") {
            all.push(Recorded { statement: line, answer: Ok(Vec::new()) });
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_has_the_answer_of_trino_or_is_refused() {
    let session = Arc::new(session().await);
    let query = |recorded: Recorded| {
        let session = Arc::clone(&session);
        tokio::spawn(async move { (session.query(recorded.statement).await, recorded) })
    };
    let running: Vec<_> = recorded().into_iter().map(query).collect();
    let (mut wrong, mut refused, mut equal) = (String::new(), String::new(), 0);
    for running in running {
        let (ours, Recorded { statement, answer }) = running.await.unwrap();
        match (ours, &answer) {
            (Ok(batches), Ok(theirs)) => {
                let ours = rows(&batches);
                if ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs)) {
                    equal += 1;
                } else {
                    writeln!(wrong, "{statement}\n  here  {}\n  Trino {}", json!(ours), json!(theirs)).unwrap();
                }
            }
            (Ok(batches), Err(error)) => writeln!(wrong, "{statement}\n  here  {}\n  Trino {error}", json!(rows(&batches))).unwrap(),
            (Err(error), _) => {
                let message = super::super::explained(error).to_string();
                let message = message.lines().next().unwrap_or_default().trim_start_matches("Execution error: ");
                writeln!(refused, "{}{statement}\n  {message}", if answer.is_ok() { "" } else { "! " }).unwrap();
            }
        }
    }
    println!("{equal} equal");
    expect_file!["conformance/refused.txt"].assert_eq(&refused);
    assert!(wrong.is_empty(), "{wrong}");
}

/// Statements that `answers.txt` does not have; `!` marks a refusal.
#[tokio::test]
async fn matches_and_sequences_are_those_of_trino() {
    let folder = tempfile::tempdir().unwrap();
    let session = Session::open(folder.path(), NOW).await.unwrap();
    for (expression, want) in [
        ("regexp_extract_all('a1 b2', '([a-z])([0-9])', 0)", json!(["a1", "b2"])),
        ("regexp_extract_all('a1 b', '[0-9]|([a-z])', 1)", json!(["a", null, "b"])), // the digit matches without the group
        ("regexp_extract_all('', 'a', 0)", json!([])),
        ("regexp_extract_all(CAST(NULL AS varchar), 'a', 0)", json!(null)),
        ("regexp_extract_all('a', 'a', 1)", json!("! the pattern has 0 groups: there is no group 1")),
        ("regexp_extract_all('a', 'a', -1)", json!("! the pattern has 0 groups: there is no group -1")),
        ("sequence(0, 599, 300)", json!([0, 300])),
        ("sequence(0, 600, 300)", json!([0, 300, 600])),
        ("sequence(5, 5, 1)", json!([5])),
        ("sequence(2, 0, -1)", json!([2, 1, 0])),
        ("sequence(CAST(NULL AS bigint), 0, 1)", json!(null)),
        ("sequence(1, 0, 1)", json!("! the step of a sequence must lead from its start to its stop")),
        ("sequence(0, 10000, 1)", json!("! a sequence has at most 10000 entries")),
        ("sequence(-9223372036854775807, 9223372036854775807, 1)", json!("! the ends of a sequence are too far apart")),
    ] {
        let answer = match session.query(&format!("SELECT {expression} AS v")).await {
            Ok(batches) => rows(&batches)[0][0].clone(),
            Err(error) => {
                json!(format!("! {}", error.to_string().lines().next().unwrap_or_default().trim_start_matches("Execution error: ")))
            }
        };
        assert_eq!(answer, want, "{expression}");
    }
}
