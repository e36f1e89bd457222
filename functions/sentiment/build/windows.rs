//! The windows of four bytes that the scan stops at: those in which a symbol or a change begins at the first or the second byte.
//!
//! What begins somewhere is told from three bytes, so a window is enough for its first two. It is looked up as two pairs: the table says of
//! a pair what may have begun before it, given what it ends with, and what may begin in it, if the next pair agrees. Several beginnings
//! share a bit, so that a window may be stopped at in vain, which costs time; a missing bit would cost a symbol, and the tests compare
//! with a search that tries every position.

use std::ops::RangeInclusive;

use crate::csv::Row;

/// The three bytes by which a beginning is told; `None` where any will do.
type Beginning = (u8, Option<u8>, Option<u8>);

/// The table, by the pair as a little-endian number: its bits as the second pair of a window, and as the first.
pub fn of_pairs(rows: &[Row]) -> Vec<[u8; 2]> {
    let mut table = vec![[0; 2]; 256 * 256];
    for beginning in rows.iter().filter_map(|row| beginning_of(row.simbolo.as_bytes())).chain(changes()) {
        add(&mut table, beginning);
    }
    table
}

/// One bit for each pair of bytes that some symbol holds, by the pair as a little-endian number.
pub fn touching(rows: &[Row]) -> Vec<u8> {
    let mut bits = vec![0; 256 * 256 / 8];
    for pair in rows.iter().flat_map(|row| row.simbolo.as_bytes().windows(2)) {
        let index = index(pair[0], pair[1]);
        bits[index / 8] |= 1 << (index % 8);
    }
    bits
}

fn beginning_of(symbol: &[u8]) -> Option<Beginning> {
    Some((*symbol.first()?, symbol.get(1).copied(), symbol.get(2).copied()))
}

fn add(table: &mut [[u8; 2]], beginning: Beginning) {
    let (first, second, third) = beginning;
    let [at_first, at_second] = bits_of(beginning);
    for any in 0..=u8::MAX {
        table[index(any, first)][1] |= at_second;
        all(third).for_each(|third| table[index(third, any)][0] |= at_first);
    }
    for second in all(second) {
        table[index(first, second)][1] |= at_first;
        all(third).for_each(|third| table[index(second, third)][0] |= at_second);
    }
}

/// The bits of a beginning at the first byte of a window and at the second. Those share a bit whose bytes make few or only rare others
/// when they are mixed: `:s` and `s2` do not, for `ss` is in many a word.
fn bits_of(beginning: Beginning) -> [u8; 2] {
    match beginning {
        (_, None, _) => [1 << 0, 1 << 3],
        (b'x' | b'X', _, None) => [1 << 0, 1 << 4],
        (b's' | b'S' | b'o', _, None) => [1 << 0, 1 << 6],
        (_, _, None) => [1 << 0, 1 << 5],
        (b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z', ..) => [1 << 1, 1 << 6],
        (0..0x80, Some(second), _) if second != b' ' => [1 << 1, 1 << 7],
        _ => [1 << 2, 1 << 7],
    }
}

fn all(byte: Option<u8>) -> RangeInclusive<u8> {
    byte.map_or(0..=u8::MAX, |byte| byte..=byte)
}

fn index(first: u8, second: u8) -> usize {
    usize::from(u16::from_le_bytes([first, second]))
}

/// How what normalising changes begins. A test of `normalise` tries every character.
fn changes() -> impl Iterator<Item = Beginning> {
    let entities = [(b'a', "mp"), (b'l', "t"), (b'g', "t"), (b'q', "u"), (b'n', "b"), (b'#', "3x")];
    let entities = entities.into_iter().flat_map(|(second, thirds)| thirds.bytes().map(move |third| (b'&', Some(second), Some(third))));
    let short = [
        (b'`', None, None),
        (0xC2, Some(0xAD), None),
        (0xC2, Some(0xB4), None),
        (0xCA, Some(0xBC), None),
        (0xE2, Some(0x81), None), // U+2060 to U+206F
        (0xEF, Some(0xBC), None), // full width, nearly all
        (0xEF, Some(0xBD), None),
        (0xF0, Some(0x9F), None), // skin tones among emoji
    ];
    let three_bytes = [
        (0xE2, 0x80, 0x8B..=0x8F), // U+200B to U+200F
        (0xE2, 0x80, 0x90..=0x99), // dashes and quotation marks
        (0xE2, 0x80, 0xAA..=0xB2), // U+202A to U+2032
        (0xE2, 0x88, 0x92..=0x92),
        (0xE3, 0x80, 0x80..=0x80),
        (0xEF, 0xB8, 0x8E..=0x8F), // variation selectors
        (0xEF, 0xB9, 0xA3..=0xA3),
        (0xEF, 0xBB, 0xBF..=0xBF),
    ];
    let three_bytes =
        three_bytes.into_iter().flat_map(|(first, second, thirds)| thirds.map(move |third| (first, Some(second), Some(third))));
    entities.chain(short).chain(three_bytes)
}
