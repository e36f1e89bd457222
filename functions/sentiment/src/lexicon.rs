//! The lexicon, as the build script checked it (`build/`), and the search for its symbols in a text.

use crate::depth::Depth;
use crate::scan::first_pair;

include!(concat!(env!("OUT_DIR"), "/entries.rs"));

/// Version of the labels: the same text has the same label in every build of the same version.
///
/// The number before the hyphen is the version of the rules: raise it with every change to the code that changes a label.
/// The rest is a hash of `lexicon.csv`.
pub const LEXICON_VERSION: &str = concat!("2-", env!("LEXICON_HASH"));

/// The value of the column `sentimento`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sentimento {
    /// The first symbol of the text is a positive one.
    Positivo,
    /// The first symbol of the text is a negative one.
    Negativo,
    /// The text has no symbol.
    Neutro,
}

impl Sentimento {
    /// Returns the value as stored in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positivo => "Positivo",
            Self::Negativo => "Negativo",
            Self::Neutro => "Neutro",
        }
    }
}

/// One row of the lexicon.
#[derive(Debug)]
pub struct Entry {
    pub symbol: &'static str,
    pub sentimento: Sentimento,
    pub family: Family,
    pub first: char,
    pub last: char,
}

/// The families that have rules of their own; all other families of the file are a `Face`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `emoji_*`
    Emoji,
    /// `espacado`
    Spaced,
    /// `invertido`
    Inverted,
    /// `kaomoji`
    Kaomoji,
    /// `coracao_texto`
    TextHeart,
    Face,
}

/// Whether a stop may start with a pair of bytes, by `pair_index`. A stop is a position where an entry may start or a bracket is,
/// so those are the first two bytes of each symbol, and all pairs whose first byte is a bracket.
static STOPS: [bool; 1 << 16] = {
    let mut stops = [false; 1 << 16];
    let mut index = 0;
    while index < ENTRIES.len() {
        let symbol = ENTRIES[index].symbol.as_bytes();
        stops[pair_index(symbol[0], symbol[1])] = true;
        index += 1;
    }
    let mut index = 0;
    while index < Depth::BRACKETS.len() * 256 {
        stops[pair_index(Depth::BRACKETS[index / 256], 0) + index % 256] = true;
        index += 1;
    }
    stops
};

/// Orders pairs as their bytes do.
const fn pair_index(byte: u8, next: u8) -> usize {
    (byte as usize) << 8 | next as usize
}

/// Returns the first position at `from` or later where an entry may start or a bracket is.
pub fn next_stop(text: &str, from: usize) -> Option<usize> {
    first_pair(text.as_bytes(), from, |byte, next| STOPS[pair_index(byte, next)])
}

/// Returns the entries that `text` starts with, longest first: `ENTRIES` is in byte order, in which a symbol follows its own
/// prefixes.
pub fn entries_at_start(text: &str) -> impl Iterator<Item = &'static Entry> {
    let pair = |text: &str| text.as_bytes().first_chunk().map(|&[byte, next]| pair_index(byte, next));
    let start = pair(text);
    let first = ENTRIES.partition_point(|entry| pair(entry.symbol) < start);
    let end = ENTRIES.partition_point(|entry| pair(entry.symbol) <= start);
    let char = text.chars().next();
    ENTRIES[first..end].iter().rev().filter(move |entry| Some(entry.first) == char && text.starts_with(entry.symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols_at_start(text: &str) -> Vec<&str> {
        entries_at_start(text).map(|entry| entry.symbol).collect()
    }

    #[test]
    fn entries_come_longest_first() {
        for (text, want) in [
            ("D:<", &["D:<", "D:"][..]),
            ("D:", &["D:"]),
            (":)", &[":)"]),
            (": ) e mais", &[": )"]),
            (":-", &[]), // a prefix of many entries, but not an entry
            ("❤\u{200D}🔥", &["❤\u{200D}🔥", "❤"]),
            ("❤\u{200D}🩹", &["❤"]),
            ("", &[]),
            (":", &[]),
            ("a:)", &[]),
        ] {
            assert_eq!(symbols_at_start(text), want, "{text}");
        }
    }

    #[test]
    fn every_entry_is_found_wherever_it_occurs() {
        for entry in &ENTRIES {
            for prefix in ["", "ã ", "ão "] {
                let text = format!("{prefix}{}", entry.symbol);
                assert_eq!(next_stop(&text, 0), Some(prefix.len()), "{text}");
                assert_eq!(symbols_at_start(entry.symbol).first(), Some(&entry.symbol));
            }
        }
    }

    #[test]
    fn every_bracket_is_a_stop() {
        for bracket in Depth::BRACKETS.map(char::from) {
            assert_eq!(next_stop(&format!("a {bracket}a"), 0), Some(2), "{bracket}");
        }
    }
}
