//! Where in a text something may begin that matters: a symbol, or a change of section 2.

use crate::lexicon::{PAIRS, TOUCHING};

/// Bits of what begins at the first byte of a window; see `build/windows.rs`.
const AT_FIRST: u32 = 0b111;

/// The first byte at `from` or after where a symbol or a change may begin.
///
/// Four bytes are seen at a time and two are passed, at one look at a table. Where the next stop is cannot be foreseen, so leaving the
/// loop is a branch guessed wrongly, which costs as much as many looks: there is one such branch a stop, not a loop over blocks and
/// another within the block, and four bytes tell most of what begins nothing.
#[inline]
pub fn next_stop(bytes: &[u8], from: usize) -> Option<usize> {
    let (blocks, rest) = bytes[from..].as_chunks::<4>();
    let mut begun = 0;
    let mut at = from;
    // Two pairs a round, to spend less on the loop itself.
    for &[a, b, c, d] in blocks {
        let entry = entry_of([a, b]);
        if begun & entry != 0 {
            return Some(place(begun & entry, at));
        }
        begun = entry >> 8;
        let entry = entry_of([c, d]);
        if begun & entry != 0 {
            return Some(place(begun & entry, at + 2));
        }
        begun = entry >> 8;
        at += 4;
    }
    // Nothing follows the last byte, as if spaces did: no symbol and no change ends with one.
    let (pairs, odd) = rest.as_chunks::<2>();
    let last = if odd.is_empty() { b' ' } else { bytes[bytes.len() - 1] };
    for &pair in pairs.iter().chain(&[[last, b' '], [b' '; 2]]) {
        let entry = entry_of(pair);
        if begun & entry != 0 {
            return Some(place(begun & entry, at));
        }
        begun = entry >> 8;
        at += 2;
    }
    None
}

/// Where something may begin in a window whose second pair is at `second_pair`.
fn place(may_begin: u32, second_pair: usize) -> usize {
    second_pair - 2 + usize::from(may_begin & AT_FIRST == 0)
}

/// Whether some symbol holds `left` and `right` beside each other.
pub fn may_touch(left: u8, right: u8) -> bool {
    let pair = usize::from(u16::from_le_bytes([left, right]));
    TOUCHING[pair / 8] & 1 << (pair % 8) != 0
}

/// In the low byte the bits of the second pair of a window, in the high byte those of the first.
fn entry_of(pair: [u8; 2]) -> u32 {
    let (entries, _) = PAIRS.as_chunks::<2>();
    u32::from(u16::from_le_bytes(entries[usize::from(u16::from_le_bytes(pair))]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops() {
        let far = format!("{}:)", "a".repeat(1001));
        let odd = format!("{}`", "a".repeat(16));
        for (text, want) in [
            ("", None),
            ("bom dia a todos, e todas!", None),
            ("a :)", Some(2)),
            ("aa :)", Some(3)), // the colon is the second byte of its pair
            (&far, Some(1001)),
            (&odd, Some(16)),
            ("a :x", None), // no symbol starts so
            ("a =", None),
            ("a: b", None), // `: )` has a space
            ("a : )", Some(2)),
            ("s2", Some(0)),
            ("as2 ", Some(1)),
            ("a &amp;", Some(2)),
            ("aa &amp;", Some(3)),
            ("a & b", None),
            ("é `", Some(3)),
            ("“é”…", None), // their first two bytes are those of others
            ("é ’", Some(3)),
        ] {
            assert_eq!(next_stop(text.as_bytes(), 0), want, "{text}");
        }
    }

    /// Whether it starts at an even byte or at an odd one, and however few bytes follow.
    #[test]
    fn no_stop_is_missed_anywhere() {
        for (before, after) in (0..6).flat_map(|before| (0..6).map(move |after| (before, after))) {
            for stop in [":)", ": )", "s2", "`", "’", "😂", "&lt;"] {
                let text = format!("{}{stop}{}", "a".repeat(before), "a".repeat(after));
                assert_eq!(next_stop(text.as_bytes(), 0), Some(before), "{text}");
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
