//! Lines, words and sessions as `PySpark` 4.3.0 cut and counted them: the recorded runs of `exercises/`.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use word_counts::{Cut, Cutter, Gap, Mode, Post, Query, State, Windows, Words, decode};

fn cases(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exercises").join(name);
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the bytes of a step; `None` if it sends nothing.
fn sent(step: &Value) -> Option<Vec<u8>> {
    let plain = step["send"].as_str().map(|text| text.as_bytes().to_vec());
    plain.or_else(|| step["send_base64"].as_str().map(from_base64))
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: u8| u32::try_from(DIGITS.iter().position(|digit| *digit == byte).unwrap()).unwrap();
    let digits: Vec<u32> = text.bytes().filter(|byte| *byte != b'=').map(digit).collect();
    let bytes = |four: &[u32]| {
        let bits = four.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(bytes).collect()
}

#[test]
fn lines_and_words_are_those_of_spark() {
    let cases = cases("lines.jsonl");
    assert_eq!(cases.len(), 25);
    for case in cases {
        let (mut cutter, mut lines) = (Cutter::new(1_000), Vec::new());
        let mut keep = |cut: Cut<'_>| match cut {
            Cut::Line(line) => lines.push(decode(line).into_owned()),
            Cut::TooLong { .. } => unreachable!(),
        };
        for step in case["steps"].as_array().unwrap() {
            if let Some(bytes) = sent(step) {
                cutter.push(&bytes, &mut keep);
            } else if step["close"] == true {
                cutter.end(&mut keep);
            }
        }
        let mut words = BTreeMap::<String, u64>::new();
        for line in &lines {
            Words::Spaces.of(line, |word| *words.entry(word.to_owned()).or_default() += 1);
        }
        lines.sort();
        assert_eq!((json!(lines), json!(words)), (case["lines_sorted"].clone(), case["words"].clone()), "{}", case["case"]);
    }
}

/// The recordings were made over a socket, at instants that are aligned to the windows; without a watermark Spark has no
/// trigger without lines.
#[test]
fn windows_are_those_of_spark() {
    let cases = cases("windows.jsonl");
    assert_eq!(cases.len(), 6);
    for case in cases {
        let mode = Mode::ALL.into_iter().find(|mode| case["mode"] == mode.name()).unwrap();
        let ms = |name: &str| case[name].as_u64().map(Duration::from_millis);
        let windows = Windows::new(ms("window_ms").unwrap(), ms("slide_ms").unwrap()).unwrap();
        let mut state = State::new(Query::new(mode, Some(windows.into()), ms("late_ms"), Words::Spaces).unwrap());
        let aligned_ms = 1_795_442_400_000;
        let (mut at_ms, mut got) = (aligned_ms, Vec::new());
        state = trigger(state, &[], &mut got); // the trigger in which Spark connects
        for step in case["steps"].as_array().unwrap() {
            if let Some(second) = step["at"].as_i64() {
                at_ms = aligned_ms + second * 1_000;
            } else if let Some(text) = step["send"].as_str() {
                let lines: Vec<Value> = text.lines().map(|line| json!([at_ms, line])).collect();
                state = trigger(state, &lines, &mut got);
                if state.is_due() {
                    state = trigger(state, &[], &mut got);
                }
            }
        }
        let instant = |second: &Value| aligned_ms + second.to_string().strip_suffix(".0").unwrap().parse::<i64>().unwrap() * 1_000;
        let row = |row: &Value| json!([instant(&row[0]), instant(&row[1]), row[2], row[3]]);
        let rows = |trigger: &Value| ordered(&json!({ "rows": trigger["rows"].as_array().unwrap().iter().map(row).collect::<Vec<_>>() }));
        let want: Vec<Value> = case["triggers"].as_array().unwrap().iter().map(|trigger| rows(trigger)["rows"].clone()).collect();
        let got: Vec<Value> = got.iter().map(|trigger| trigger["rows"].clone()).collect();
        assert_eq!(got, want, "{} {}", case["case"], case["mode"]);
    }
}

#[test]
fn sessions_are_those_of_spark() {
    let cases = cases("sessions.jsonl");
    assert_eq!(cases.len(), 19);
    for case in cases {
        let mode = if case["mode"] == "append" { Mode::Append } else { Mode::Complete };
        let gap = Gap::new(Duration::from_millis(case["gap_ms"].as_u64().unwrap())).unwrap();
        let query = Query::new(mode, Some(gap.into()), case["late_ms"].as_u64().map(Duration::from_millis), Words::Spaces).unwrap();
        let (mut state, mut got) = (State::new(query), Vec::new());
        let files = case["files"].as_array().unwrap();
        for (number, file) in files.iter().enumerate() {
            state = trigger(state, file.as_array().unwrap(), &mut got);
            if state.is_due() && (case["style"] == "trickle" || number == files.len() - 1) {
                state = trigger(state, &[], &mut got);
            }
        }
        let want: Vec<Value> = case["triggers"].as_array().unwrap().iter().map(ordered).collect();
        assert_eq!(got, want, "{} {} {}", case["case"], case["mode"], case["style"]);
    }
}

/// Folds the rows of one file, and adds what the trigger emitted in the form of the recordings.
fn trigger(state: State, file: &[Value], got: &mut Vec<Value>) -> State {
    let state: State = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap(); // as a checkpoint keeps it
    let mut trigger = state.begin();
    for row in file {
        trigger.add(&Post { created_at_ms: row[0].as_i64().unwrap(), texto: row[1].as_str() });
    }
    let (state, emitted) = trigger.finish();
    let row = |row: &word_counts::Row| json!([row.window.unwrap().start_ms, row.window.unwrap().end_ms, row.word, row.count]);
    let rows: Vec<Value> = emitted.rows.iter().map(row).collect();
    got.push(ordered(&json!({
        "trigger": emitted.trigger, "input": emitted.posts, "watermark": emitted.watermark_ms,
        "late_dropped": emitted.late_dropped, "rows": rows
    })));
    state
}

/// Orders the rows of a trigger, which Spark emits in any order.
fn ordered(trigger: &Value) -> Value {
    let mut trigger = trigger.clone();
    trigger["rows"].as_array_mut().unwrap().sort_by_key(Value::to_string);
    trigger
}

#[test]
fn what_spark_refuses_is_refused_with_its_reason() {
    let (gap, windows) = (Gap::new(Duration::from_secs(5)).unwrap().into(), windows().into());
    for (mode, grouping, late, want) in [
        (Mode::Append, None, Some(Duration::ZERO), "append is not supported for counts without a watermark"),
        (Mode::Append, Some(windows), None, "append is not supported for counts without a watermark"),
        (Mode::Append, Some(gap), None, "append is not supported for counts without a watermark"),
        (Mode::Update, Some(gap), None, "update is not supported for session windows"),
        (Mode::Update, Some(gap), Some(Duration::ZERO), "update is not supported for session windows"),
        (Mode::Batch, Some(windows), None, "leave the windows out"),
    ] {
        let error = Query::new(mode, grouping, late, Words::Lake).unwrap_err().to_string();
        assert!(error.contains(want), "{mode:?}: {error}");
    }
}

fn windows() -> Windows {
    Windows::new(Duration::from_secs(10), Duration::from_secs(5)).unwrap()
}

#[test]
fn batch_counts_each_trigger_alone() {
    let mut state = State::new(Query::new(Mode::Batch, None, None, Words::Spaces).unwrap());
    for (text, want) in [("azul azul verde", &[("azul", 2), ("verde", 1)][..]), ("verde", &[("verde", 1)]), ("", &[("", 1)])] {
        let mut trigger = state.begin();
        trigger.add(&Post { created_at_ms: 1_000, texto: Some(text) });
        let emitted;
        (state, emitted) = trigger.finish();
        assert_eq!(emitted.rows.iter().map(|row| (row.word.as_str(), row.count)).collect::<Vec<_>>(), want);
        assert!(state.rows().is_empty() && !state.is_due());
    }
}

#[test]
fn without_a_watermark_nothing_is_late_and_nothing_is_forgotten() {
    let mut state = State::new(Query::new(Mode::Update, Some(windows().into()), None, Words::Spaces).unwrap());
    for (at, want) in [(100_000, 2), (0, 2), (900_000, 2), (0, 2)] {
        let mut trigger = state.begin();
        trigger.add(&Post { created_at_ms: at, texto: Some("azul") });
        let emitted;
        (state, emitted) = trigger.finish();
        assert_eq!((emitted.rows.len(), emitted.late_dropped, emitted.watermark_ms), (want, 0, None));
        assert!(!state.is_due());
    }
    assert_eq!(state.size(), (6, 6));
}
