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
        let Some(index) = pairs.iter().position(|&pair| class_of(pair) & (wanted | NEXT) != 0) else {
            let at = bytes.len() - odd.len();
            let class = if odd.is_empty() { 0 } else { class_at(bytes, at) };
            return (class & wanted != 0).then_some(Stop { at, class });
        };
        let first_is_it = class_of(pairs[index]) & wanted != 0;
        let at = from + 2 * index + usize::from(!first_is_it);
        let class = class_at(bytes, at);
        if class & wanted != 0 {
            return Some(Stop { at, class });
        }
        from = at + 1;
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
