//! Properties of the fold, for any posts, split into files and triggers in any way.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use word_counts::{Emitted, Mode, Post, Query, State, Window, Windows, Words};

/// An instant, and a number that determines the words.
type Draft = (i64, String);
/// Counts by window and word.
type Counts = BTreeMap<(Option<Window>, String), u64>;

fn draft() -> impl Strategy<Value = Draft> {
    // Close together, so that windows are shared, and often on the edge of one.
    let instant = prop_oneof![0_i64..5_000, (0_i64..100).prop_map(|tens| tens * 50)];
    (instant, prop::collection::vec(prop::sample::select(vec!["alfa", "beta", "gama", "que"]), 0..4))
        .prop_map(|(at, words)| (at, words.join(" ")))
}

/// Generates posts by trigger; a trigger may have none.
fn triggers() -> impl Strategy<Value = Vec<Vec<Draft>>> {
    prop::collection::vec(prop::collection::vec(draft(), 0..6), 1..12)
}

fn windows() -> impl Strategy<Value = Windows> {
    (1_u64..600, 1_u64..600).prop_filter_map("a window", |(one, other)| {
        let (length, slide) = (one.max(other), one.min(other).max(60).min(one.max(other)));
        Windows::new(Duration::from_millis(length), Duration::from_millis(slide)).ok()
    })
}

fn query(mode: Mode, windows: Option<Windows>, late_ms: u64) -> State {
    let late = Some(Duration::from_millis(late_ms));
    State::new(Query::new(mode, windows.map(Windows::into), late, Words::Lake).unwrap_or_else(|error| panic!("{error}")))
}

fn trigger(state: State, posts: &[Draft]) -> (State, Emitted) {
    let mut trigger = state.begin();
    for (created_at_ms, texto) in posts {
        trigger.add(&Post { created_at_ms: *created_at_ms, texto: Some(texto) });
    }
    trigger.finish()
}

fn run(mut state: State, triggers: &[Vec<Draft>]) -> Vec<Emitted> {
    let step = |posts: &Vec<Draft>| {
        let (next, emitted) = trigger(state.clone(), posts);
        state = next;
        emitted
    };
    triggers.iter().map(step).collect()
}

fn counts(emitted: &Emitted) -> Counts {
    let counts: Counts = emitted.rows.iter().map(|row| ((row.window, row.word.clone()), row.count)).collect();
    assert_eq!(counts.len(), emitted.rows.len(), "a row is there twice");
    counts
}

/// Counts every word in all of its windows, as if no post were late: each post on its own.
fn complete(posts: &[Draft], windows: Option<Windows>) -> Counts {
    let mut all = Counts::new();
    for (at, texto) in posts {
        let in_windows: Vec<Option<Window>> = windows.map_or(vec![None], |windows| windows.of(*at).map(Some).collect());
        for word in texto.split_whitespace().filter(|word| *word != "que") {
            for window in &in_windows {
                *all.entry((*window, word.to_owned())).or_default() += 1;
            }
        }
    }
    all
}

/// Implements Spark's rule again, without a state: the watermark of each trigger, from all posts of earlier triggers.
fn watermarks(triggers: &[Vec<Draft>], late_ms: i64) -> Vec<i64> {
    (0..triggers.len()).map(|n| triggers[..n].iter().flatten().map(|(at, _)| at - late_ms).max().unwrap_or(0).max(0)).collect()
}

proptest! {
    #[test]
    fn any_split_gives_the_same_complete_result(triggers in triggers(), windows in prop::option::of(windows()), late_ms in 0_u64..2_000) {
        let posts: Vec<Draft> = triggers.concat();
        let want = complete(&posts, windows);
        let whole = run(query(Mode::Complete, windows, late_ms), std::slice::from_ref(&posts));
        prop_assert_eq!(counts(&whole[0]), want.clone());
        let mut in_any_order = posts;
        in_any_order.sort();
        for split in [&triggers, &in_any_order.chunks(3).map(<[_]>::to_vec).collect()] {
            let emitted = run(query(Mode::Complete, windows, late_ms), split);
            prop_assert_eq!(emitted.last().map(counts).unwrap_or_default(), want.clone());
            prop_assert_eq!(emitted.iter().map(|emitted| emitted.late_dropped).sum::<u64>(), 0);
        }
    }

    #[test]
    fn append_gives_complete_less_what_was_late(mut triggers in triggers(), windows in windows(), late_ms in 0_i64..2_000) {
        // A post without words, later than all windows; then a trigger that closes all earlier windows.
        triggers.extend([vec![(1_000_000, String::new())], vec![]]);
        let watermarks = watermarks(&triggers, late_ms);
        let mut want = complete(&triggers.concat(), Some(windows));
        let mut late = 0;
        for (number, posts) in triggers.iter().enumerate().skip(1) {
            for ((window, word), count) in complete(posts, Some(windows)) {
                if window.unwrap().end_ms <= watermarks[number - 1] {
                    late += count;
                    *want.get_mut(&(window, word)).unwrap() -= count;
                }
            }
        }
        want.retain(|_, count| *count > 0);
        let emitted = run(query(Mode::Append, Some(windows), late_ms.unsigned_abs()), &triggers);
        let mut got = Counts::new();
        for emitted in &emitted {
            let watermark_ms = watermarks[usize::try_from(emitted.trigger).unwrap()];
            prop_assert_eq!(emitted.watermark_ms, Some(watermark_ms));
            for (key, count) in counts(emitted) {
                let end_ms = key.0.unwrap().end_ms;
                prop_assert!(end_ms <= watermark_ms, "the watermark has passed the end");
                prop_assert!(got.insert(key, count).is_none(), "a window is emitted once");
            }
        }
        prop_assert_eq!(got, want);
        prop_assert_eq!(emitted.iter().map(|emitted| emitted.late_dropped).sum::<u64>(), late);
    }

    #[test]
    fn update_gives_the_counts_that_changed(triggers in triggers(), windows in prop::option::of(windows()), late_ms in 0_i64..2_000) {
        let watermarks = watermarks(&triggers, late_ms);
        let emitted = run(query(Mode::Update, windows, late_ms.unsigned_abs()), &triggers);
        let mut totals = Counts::new();
        for (number, posts) in triggers.iter().enumerate() {
            let closed_ms = if number == 0 { 0 } else { watermarks[number - 1] };
            let mut changed = complete(posts, windows);
            changed.retain(|(window, _), _| window.is_none_or(|window| window.end_ms > closed_ms));
            for (key, count) in &mut changed {
                let total = totals.entry(key.clone()).or_default();
                *total += *count;
                *count = *total;
            }
            prop_assert_eq!(counts(&emitted[number]), changed);
        }
    }

    /// Every window that is kept ends after the watermark, so the size of the state follows from the open windows
    /// alone.
    #[test]
    fn closed_windows_are_forgotten(triggers in triggers(), windows in windows(), late_ms in 0_i64..2_000) {
        for mode in [Mode::Append, Mode::Update] {
            let mut state = query(mode, Some(windows), late_ms.unsigned_abs());
            let mut posts = Vec::new();
            for drafts in &triggers {
                let emitted;
                (state, emitted) = trigger(state, drafts);
                posts.extend_from_slice(drafts);
                let mut open = complete(&posts, Some(windows));
                open.retain(|(window, _), _| window.unwrap().end_ms > emitted.watermark_ms.unwrap());
                prop_assert_eq!(state.size().1, open.len());
            }
        }
    }

    #[test]
    fn a_state_goes_on_from_json(triggers in triggers(), windows in prop::option::of(windows()), mode in prop::sample::select(&Mode::ALL[..])) {
        prop_assume!(if windows.is_some() { mode != Mode::Batch } else { mode != Mode::Append });
        let mut state = query(mode, windows, 100);
        for (posts, want) in triggers.iter().zip(run(state.clone(), &triggers)) {
            let read: State = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
            prop_assert_eq!(&read, &state);
            let emitted;
            (state, emitted) = trigger(read, posts);
            prop_assert_eq!(emitted, want);
        }
    }
}
