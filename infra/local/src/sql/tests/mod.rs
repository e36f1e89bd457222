//! Runs every question of `infra/athena` over REF files that the pipeline wrote, and compares it with a count made by
//! hand.
//!
//! The lake and all answers are left in `target/sql/`, where `infra/deploy-checks/engines/sql.py` runs the same questions in
//! DuckDB.

mod by_hand;
mod days;
mod hours;
mod lake;
mod rows;
mod speed;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::json::LineDelimitedWriter;
use expect_test::expect_file;
use serde_json::Value;

use super::{Session, VIEWS};
use by_hand::QUESTIONS;
use lake::NOW;

/// Rows of an answer that are stored for people to read; the other rows are compared, too.
const GOLDEN_ROWS: usize = 40;

fn athena() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../athena")
}

fn json_lines(rows: &[RecordBatch]) -> Vec<Value> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write_batches(&rows.iter().collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
    let text = String::from_utf8(writer.into_inner()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_question_has_the_answers_computed_by_hand_and_recorded() {
    let (root, session) = lake::make().await;
    let rows = rows::read(&super::ref_dir(&root));
    let answers = root.with_file_name("answers");
    for (name, by_hand) in QUESTIONS {
        let statement = std::fs::read_to_string(athena().join(format!("{name}.sql"))).unwrap();
        let answer = json_lines(&session.query(&statement).await.unwrap());
        let want = by_hand(&rows, NOW);
        let differs = answer.iter().zip(&want).position(|(answer, want)| answer != want);
        if let Some(row) = differs {
            panic!("{name}, row {row}: DataFusion {}\nby hand {}", answer[row], want[row]);
        }
        assert_eq!(answer.len(), want.len(), "{name}: rows of DataFusion, rows by hand");

        let lines = answer.iter().fold(String::new(), |mut lines, row| {
            writeln!(lines, "{row}").unwrap();
            lines
        });
        std::fs::write(answers.join(format!("{name}.json")), &lines).unwrap();
        expect_file![format!("answers/{name}.json")].assert_eq(&golden(&answer));
    }
}

/// Returns the first rows, without values that depend on the speed of the machine: a run captures over some
/// milliseconds.
fn golden(answer: &[Value]) -> String {
    let mut text = String::new();
    for row in answer.iter().take(GOLDEN_ROWS) {
        let mut row = row.clone();
        for name in ["capturado_em", "ultima_captura"] {
            if let Some(Value::String(captured)) = row.get_mut(name) {
                captured.truncate("2026-11-22T23:20".len());
            }
        }
        writeln!(text, "{row}").unwrap();
    }
    if answer.len() > GOLDEN_ROWS {
        writeln!(text, "and {} rows more", answer.len() - GOLDEN_ROWS).unwrap();
    }
    text
}

#[test]
fn every_file_of_infra_athena_is_tested() {
    let files: BTreeSet<String> = std::fs::read_dir(athena())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(files, QUESTIONS.iter().map(|(name, _)| (*name).to_owned()).collect());
}

/// Section 8 of the terms on content: no profiling of a person's opinions.
#[test]
fn no_question_groups_sentiment_by_author() {
    for (name, _) in QUESTIONS {
        let text = std::fs::read_to_string(athena().join(format!("{name}.sql"))).unwrap();
        let statement: String = text.lines().map(|line| line.split("--").next().unwrap()).collect();
        assert!(!(statement.contains("autor") && (statement.contains("sentimento") || statement.contains("simbolo"))), "{name}");
    }
}

#[tokio::test]
async fn the_views_have_the_expected_columns_and_only_the_latest_versions() {
    let (_root, session) = lake::make_by_hand_only().await;
    let names = |rows: &[RecordBatch]| rows[0].schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let columns = |table| format!("SELECT * FROM {table} WHERE ano = 0");
    let tweets = names(&session.query(&columns("tweets")).await.unwrap());
    assert_eq!(names(&session.query(&columns("tweets_atuais")).await.unwrap()), tweets);
    assert_eq!(
        names(&session.query(&columns("palavras")).await.unwrap()),
        ["id", "criado_em", "capturado_em", "palavra", "ano", "mes", "dia"]
    );
    let versions = "SELECT id FROM tweets_atuais WHERE id_original = 1990000000000000010";
    assert_eq!(json_lines(&session.query(versions).await.unwrap()), [serde_json::json!({ "id": 1_990_000_000_000_000_012_i64 })]);
    assert_eq!(VIEWS.map(|(name, _)| name), ["tweets_atuais", "palavras"]);
}

#[tokio::test]
async fn every_question_has_an_answer_on_an_empty_lake() {
    let dir = tempfile::tempdir().unwrap();
    let session = Session::open(dir.path(), NOW).await.unwrap();
    for (name, by_hand) in QUESTIONS {
        let statement = std::fs::read_to_string(athena().join(format!("{name}.sql"))).unwrap();
        let answer = json_lines(&session.query(&statement).await.unwrap());
        assert_eq!(answer, by_hand(&[], NOW), "{name}");
    }
}
