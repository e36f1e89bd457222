//! Where in a text something may begin that matters: a symbol, or a change of section 2.

use crate::class::{CHANGE, INSIDE, LATE, NEXT_CHANGE, NEXT_STARTS, SECOND, STARTS};
use crate::lexicon::PAIRS;

/// A byte where something may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub at: usize,
    /// What may begin there.
    pub class: u8,
}

/// What a scan stops at.
#[derive(Clone, Copy)]
pub struct Wanted {
    here: u8,
    /// The bits by which a pair says that it may begin at the second byte.
    next: u8,
}

impl Wanted {
    pub const SYMBOLS: Self = Self { here: STARTS | SECOND | LATE, next: NEXT_STARTS };
    pub const CHANGES: Self = Self { here: CHANGE, next: NEXT_CHANGE };
    pub const BOTH: Self = Self { here: Self::SYMBOLS.here | Self::CHANGES.here, next: Self::SYMBOLS.next | Self::CHANGES.next };
}

/// The first stop at `from` or after.
///
/// Two bytes take one look at a table: most pairs hold neither a first byte nor one in the middle. Where the others are
/// cannot be foreseen, so leaving the loop is a branch guessed wrongly, which costs as much as many looks: there is one
/// such branch a stop, not a loop over blocks and another within the block.
#[inline]
pub fn next_stop(bytes: &[u8], from: usize, wanted: Wanted) -> Option<Stop> {
    let any = wanted.here | wanted.next;
    let mut from = from;
    loop {
        let (pairs, odd) = bytes[from..].as_chunks::<2>();
        let Some(index) = pairs.iter().position(|&pair| class_of(pair) & any != 0) else {
            let at = bytes.len() - odd.len();
            let class = if odd.is_empty() { 0 } else { stop_class(bytes, at) };
            return (class & wanted.here != 0).then_some(Stop { at, class });
        };
        let first_is_it = class_of(pairs[index]) & wanted.here != 0;
        let at = from + 2 * index + usize::from(!first_is_it);
        let class = stop_class(bytes, at);
        if class & wanted.here != 0 {
            return Some(Stop { at, class });
        }
        from = at + 1;
    }
}

/// The class at `at`, where `SECOND` is left out if the byte before is not `LATE`.
fn stop_class(bytes: &[u8], at: usize) -> u8 {
    let class = class_at(bytes, at);
    let is_second = class & SECOND != 0 && at > 0 && class_at(bytes, at - 1) & LATE != 0;
    if is_second { class } else { class & !SECOND }
}

/// What may begin at `at`.
fn class_at(bytes: &[u8], at: usize) -> u8 {
    // Nothing follows the last byte, as if a space did: neither is part of a symbol or a change.
    class_of([bytes[at], bytes.get(at + 1).copied().unwrap_or(b' ')])
}

/// Whether some symbol holds `left` and `right` beside each other.
pub fn may_touch(left: u8, right: u8) -> bool {
    class_of([left, right]) & INSIDE != 0
}

fn class_of(pair: [u8; 2]) -> u8 {
    PAIRS[usize::from(u16::from_le_bytes(pair))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops() {
        let far = format!("{}:)", "a".repeat(1001));
        let odd = format!("{}`", "a".repeat(16));
        for (text, wanted, want) in [
            ("", Wanted::BOTH, None),
            ("bom dia a todos, e todas!", Wanted::BOTH, None),
            ("a :)", Wanted::SYMBOLS, Some(2)),
            ("aa :)", Wanted::SYMBOLS, Some(3)), // the colon is the second byte of its pair
            (&far, Wanted::SYMBOLS, Some(1001)),
            (&odd, Wanted::CHANGES, Some(16)),
            ("a :x", Wanted::SYMBOLS, None), // no symbol starts so
            ("a =", Wanted::SYMBOLS, None),
            ("s2", Wanted::SYMBOLS, Some(0)),
            ("as2", Wanted::SYMBOLS, Some(2)), // noticed late
            ("as2 ", Wanted::SYMBOLS, Some(2)),
            ("a &amp;", Wanted::CHANGES, Some(2)),
            ("aa &amp;", Wanted::CHANGES, Some(3)),
            ("a & b", Wanted::CHANGES, None),
            ("é `", Wanted::CHANGES, Some(3)),
            (":) `", Wanted::CHANGES, Some(3)),
            (":) `", Wanted::BOTH, Some(0)),
        ] {
            assert_eq!(next_stop(text.as_bytes(), 0, wanted).map(|stop| stop.at), want, "{text}");
        }
    }

    /// Whether it starts at an even byte or at an odd one, and however few bytes follow.
    #[test]
    fn no_stop_is_missed_anywhere() {
        for (before, after) in (0..5).flat_map(|before| (0..5).map(move |after| (before, after))) {
            for (stop, wanted, late) in [(":)", Wanted::SYMBOLS, 0), ("s2", Wanted::SYMBOLS, 1), ("`", Wanted::CHANGES, 0)] {
                let text = format!("{}{stop}{}", "a".repeat(before), "a".repeat(after));
                let at = next_stop(text.as_bytes(), 0, wanted).map(|stop| stop.at);
                assert!(at.is_some_and(|at| (before..=before + late).contains(&at)), "{text}: {at:?}");
            }
        }
    }

    #[test]
    fn what_stands_within_a_symbol() {
        for (pair, want) in [(":)", true), (": ", true), (" )", true), ("):", true), ("&l", false), ("d'", false), ("> ", false)] {
            assert_eq!(may_touch(pair.as_bytes()[0], pair.as_bytes()[1]), want, "{pair}");
        }
    }
}
