//! The class of every pair of bytes: what the scan looks for at its first byte.
//!
//! The scan takes two bytes a step and skips those where nothing may begin. A class with a bit too many costs time, one
//! with a bit too few costs a symbol; the tests compare with a search that tries every position.

use crate::csv::Row;

#[path = "../src/class.rs"]
mod class;

use class::{CHANGE, INSIDE, LATE, NEXT_CHANGE, NEXT_STARTS, SECOND, STARTS};

/// The classes by pair, the first byte of a pair being the low one.
pub fn of_pairs(rows: &[Row]) -> Vec<u8> {
    let mut classes = Classes { pairs: vec![0; 256 * 256] };
    for (first, seconds) in changes() {
        for second in seconds {
            classes.add(CHANGE, first, second);
        }
    }
    // The long symbols come last: they are for free where a short one has made their first byte noticed.
    let mut symbols: Vec<&[u8]> = rows.iter().map(|row| row.simbolo.as_bytes()).collect();
    symbols.sort_by_key(|symbol| symbol.len());
    for symbol in symbols {
        classes.add_symbol(symbol);
    }
    classes.add_next(STARTS, NEXT_STARTS);
    classes.add_next(CHANGE, NEXT_CHANGE);
    classes.pairs
}

struct Classes {
    pairs: Vec<u8>,
}

impl Classes {
    fn add(&mut self, class: u8, first: u8, second: u8) {
        self.pairs[usize::from(u16::from_le_bytes([first, second]))] |= class;
    }

    /// A symbol is noticed by its first two bytes where the scan meets them as a pair. Where they fall into two pairs it
    /// is noticed by its first byte, if that is rare, and else by its second: stopping at each `s` for the sake of `s2`
    /// would be slow.
    fn add_symbol(&mut self, symbol: &[u8]) {
        let any = 0..=u8::MAX;
        for pair in symbol.windows(2) {
            self.add(INSIDE, pair[0], pair[1]);
        }
        match *symbol {
            [first, second, ref rest @ ..] => {
                let rare_enough = !first.is_ascii() || rest.is_empty() && commonness(first) <= commonness(second);
                if rare_enough || self.begins(STARTS, first) {
                    return self.add(STARTS, first, second);
                }
                self.add(LATE, first, second);
                match rest.first() {
                    Some(&third) => self.add(SECOND, second, third),
                    None => any.for_each(|third| self.add(SECOND, second, third)),
                }
            }
            [first] => any.for_each(|second| self.add(STARTS, first, second)),
            [] => {}
        }
    }

    /// Whether `class` is possible at `first`, with some byte after it.
    fn begins(&self, class: u8, first: u8) -> bool {
        self.pairs.iter().skip(usize::from(first)).step_by(256).any(|pair| pair & class != 0)
    }

    /// Marks every pair whose second byte may begin something of `class`.
    fn add_next(&mut self, class: u8, next: u8) {
        for second in (0..=u8::MAX).filter(|&second| self.begins(class, second)).collect::<Vec<_>>() {
            (0..=u8::MAX).for_each(|first| self.add(next, first, second));
        }
    }
}

/// The first and second bytes of what normalising changes.
fn changes() -> Vec<(u8, Vec<u8>)> {
    vec![
        (b'&', b"#aglnq".to_vec()),
        (b'`', (0..=u8::MAX).collect()),
        (0xC2, vec![0xAD, 0xB4]),
        (0xCA, vec![0xBC]),
        (0xE2, vec![0x80, 0x81, 0x88]),  // U+2000 to U+207F, U+2200 to U+223F
        (0xE3, vec![0x80]),              // U+3000
        (0xEF, (0xB8..=0xBD).collect()), // U+FE00 to U+FF7F
        (0xF0, vec![0x9F]),              // skin tones
    ]
}

/// How often a byte stands in Brazilian tweets, by rank: spaces and small letters by far, then full stops and commas,
/// capitals, digits and parentheses; other punctuation, the bytes of emoji and letters that Portuguese hardly uses come last.
fn commonness(byte: u8) -> u8 {
    match byte {
        b'x' | b'X' => 0,
        b' ' => 5,
        b'a'..=b'z' => 4,
        b'.' | b',' => 3,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' | b'(' | b')' => 1,
        _ => 0,
    }
}
