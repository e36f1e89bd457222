//! A stream with the rows that `PySpark` 4.3.0 emitted, one file per trigger; `infra/deploy-checks/engines/spark_stream.py`
//! compares many more.

use std::time::Duration;

use word_counts::{Mode, Post, Query, State, Windows, Words};

const MINUTE_MS: i64 = 60_000;
/// 2026-11-23T14:00Z
const START_MS: i64 = 1_795_442_400_000;

/// The posts of each file: minutes and milliseconds after the start, and the text.
const FILES: [&[(i64, i64, &str)]; 6] = [
    &[(0, 0, "alfa")],
    &[(30, 0, "beta")],
    &[(0, 1, "tarde"), (31, 0, "gama")], // the window of `tarde` closes in this trigger: its last chance
    &[(0, 2, "maistarde"), (60, 0, "")], // too late; a post without words moves the watermark
    &[(0, 3, "fim"), (70, 0, "novo")],
    &[(55, 0, "talvez")], // ends exactly at the watermark of the previous trigger: too late
];

/// By trigger: start of the window in minutes, word, and count; and the number of late words.
type Triggers = Vec<(Vec<(i64, String, u64)>, u64)>;

/// With `trickle`, runs a trigger between the files whenever one is due, as when files trickle in.
fn run(mode: Mode, trickle: bool) -> Triggers {
    let windows = Windows::new(Duration::from_mins(10), Duration::from_mins(10)).unwrap_or_else(|error| panic!("{error}"));
    let query = Query::new(mode, Some(windows.into()), Some(Duration::ZERO), Words::Lake).unwrap_or_else(|error| panic!("{error}"));
    let mut state = State::new(query);
    let mut triggers = Vec::new();
    let mut next = |state: State, posts: &[(i64, i64, &str)]| {
        let mut trigger = state.begin();
        for (minutes, ms, texto) in posts {
            trigger.add(&Post { created_at_ms: START_MS + minutes * MINUTE_MS + ms, texto: Some(texto) });
        }
        let (state, emitted) = trigger.finish();
        assert_eq!(emitted.trigger, triggers.len() as u64);
        let start = |row: &word_counts::Row| row.window.map_or(0, |window| (window.start_ms - START_MS) / MINUTE_MS);
        triggers.push((emitted.rows.iter().map(|row| (start(row), row.word.clone(), row.count)).collect(), emitted.late_dropped));
        state
    };
    for posts in FILES {
        state = next(state, posts);
        if trickle && state.is_due() {
            state = next(state, &[]);
        }
    }
    triggers
}

#[track_caller]
fn check(mode: Mode, trickle: bool, want: &[(&[(i64, &str)], u64)]) {
    let rows = |rows: &[(i64, &str)]| rows.iter().map(|&(start, word)| (start, word.to_owned(), 1)).collect();
    let want: Triggers = want.iter().map(|&(want, late)| (rows(want), late)).collect();
    assert_eq!(run(mode, trickle), want);
}

#[test]
fn append_over_a_backlog() {
    let (first, second) = ([(0, "alfa"), (0, "tarde")], [(30, "beta"), (30, "gama")]);
    check(Mode::Append, false, &[(&[], 0), (&[], 0), (&first, 0), (&[], 1), (&second, 1), (&[], 1)]);
}

#[test]
fn update_over_a_backlog() {
    let third = [(0, "tarde"), (30, "gama")];
    check(Mode::Update, false, &[(&[(0, "alfa")], 0), (&[(30, "beta")], 0), (&third, 0), (&[], 1), (&[(70, "novo")], 1), (&[], 1)]);
}

#[test]
fn append_as_files_trickle_in() {
    let second = [(30, "beta"), (30, "gama")];
    check(
        Mode::Append,
        true,
        &[
            (&[], 0),
            (&[], 0), // without files: the watermark advances to the first post
            (&[], 0),
            (&[(0, "alfa")], 0), // without files
            (&[], 1),
            (&[], 0),
            (&[], 1),
            (&second, 0),
            (&[], 1),
            (&[], 0),
            (&[], 1),
        ],
    );
}

#[test]
fn update_as_files_trickle_in() {
    check(
        Mode::Update,
        true,
        &[
            (&[(0, "alfa")], 0),
            (&[], 0),
            (&[(30, "beta")], 0),
            (&[], 0),
            (&[(30, "gama")], 1),
            (&[], 0),
            (&[], 1),
            (&[], 0),
            (&[(70, "novo")], 1),
            (&[], 0),
            (&[], 1),
        ],
    );
}

/// A state that version 0.3.0 wrote, before there were sessions and other words.
#[test]
fn a_state_of_an_earlier_version_goes_on() {
    let written = r#"{"query":{"mode":"Append","windows":{"length_ms":600000,"slide_ms":600000},"late_ms":0},
        "next_trigger":1,"newest_ms":1795442400000,"watermark_ms":0,"counts":{"1795442400000":{"alfa":1}}}"#;
    let state: State = serde_json::from_str(written).unwrap_or_else(|error| panic!("{error}"));
    let windows = Windows::new(Duration::from_mins(10), Duration::from_mins(10)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(Ok(state.query()), Query::new(Mode::Append, Some(windows.into()), Some(Duration::ZERO), Words::Lake));
    assert_eq!((state.size(), state.is_due()), ((1, 1), true));
}

#[test]
fn complete_keeps_all_and_never_waits() {
    let triggers = run(Mode::Complete, true);
    assert_eq!(triggers.len(), FILES.len());
    let words = ["alfa", "fim", "maistarde", "tarde", "beta", "gama", "talvez", "novo"];
    assert_eq!(triggers[5].0.iter().map(|(_, word, _)| word.as_str()).collect::<Vec<_>>(), words);
    assert!(triggers.iter().all(|(_, late)| *late == 0));
}
