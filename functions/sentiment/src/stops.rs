//! Where in a text something may begin that matters: a symbol, or a change of section 2.

use crate::class::NEXT;
use crate::lexicon::PAIRS;

/// A byte where something may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub at: usize,
    /// What may begin there.
    pub class: u8,
}

/// The first stop at `from` or after where one of `wanted` may begin.
///
/// Two bytes a step, with one look at a table: most pairs hold neither a first byte nor one in the middle.
#[inline]
pub fn next_stop(bytes: &[u8], from: usize, wanted: u8) -> Option<Stop> {
    let mut from = from;
    loop {
        let (pairs, odd) = bytes[from..].as_chunks::<2>();
        let Some(index) = position(pairs, |pair| class_of(pair) & (wanted | NEXT) != 0) else {
            let at = bytes.len() - odd.len();
            let class = if odd.is_empty() { 0 } else { class_at(bytes, at) };
            return (class & wanted != 0).then_some(Stop { at, class });
        };
        let at = from + 2 * index;
        for at in [at, at + 1] {
            let class = class_at(bytes, at);
            if class & wanted != 0 {
                return Some(Stop { at, class });
            }
        }
        from = at + 2;
    }
}

/// What may begin at `at`.
pub fn class_at(bytes: &[u8], at: usize) -> u8 {
    // Nothing follows the last byte, as if a space did: neither is part of a symbol or a change.
    class_of([bytes[at], bytes.get(at + 1).copied().unwrap_or(b' ')])
}

fn class_of(pair: [u8; 2]) -> u8 {
    PAIRS[usize::from(u16::from_le_bytes(pair))]
}

/// `Iterator::position`, four pairs a turn.
#[inline]
fn position(pairs: &[[u8; 2]], found: impl Fn([u8; 2]) -> bool) -> Option<usize> {
    let (fours, rest) = pairs.as_chunks::<4>();
    for (turn, &[first, second, third, fourth]) in fours.iter().enumerate() {
        if found(first) {
            return Some(4 * turn);
        }
        if found(second) {
            return Some(4 * turn + 1);
        }
        if found(third) {
            return Some(4 * turn + 2);
        }
        if found(fourth) {
            return Some(4 * turn + 3);
        }
    }
    rest.iter().position(|&pair| found(pair)).map(|index| pairs.len() - rest.len() + index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{CHANGE, LATE, SECOND, STARTS};

    #[test]
    fn stops() {
        let far = format!("{}:)", "a".repeat(1001));
        for (text, wanted, want) in [
            ("", STARTS, None),
            ("bom dia a todos, e todas!", STARTS | SECOND | LATE, None),
            ("a :)", STARTS, Some(2)),
            ("aa :)", STARTS, Some(3)), // the colon is the second byte of its pair
            (&far, STARTS, Some(1001)),
            ("a :x", STARTS, None), // no symbol starts so
            ("a =", STARTS, None),
            ("s2", LATE, Some(0)),
            ("as2", SECOND, Some(2)),
            ("as2 ", SECOND, Some(2)),
            ("a &amp;", CHANGE, Some(2)),
            ("aa &amp;", CHANGE, Some(3)),
            ("a & b", CHANGE, None),
            ("é `", CHANGE, Some(3)),
            (":) `", CHANGE, Some(3)),
        ] {
            assert_eq!(next_stop(text.as_bytes(), 0, wanted).map(|stop| stop.at), want, "{text}");
        }
    }
}
