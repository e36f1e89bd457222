//! The lexicon as the build script prepared it from `lexicon.csv`: nothing is parsed at run time.

use std::iter;

use crate::Sentimento;

include!(concat!(env!("OUT_DIR"), "/lexicon.rs"));

/// The bits of each pair of bytes as the second pair of a window, and as the first, by the pair as a little-endian number; see
/// `build/windows.rs`.
pub static PAIRS: &[u8; 2 * 256 * 256] = include_bytes!(concat!(env!("OUT_DIR"), "/pairs.bin"));

/// One bit for each pair of bytes that some symbol holds, by the pair as a little-endian number.
pub static TOUCHING: &[u8; 256 * 256 / 8] = include_bytes!(concat!(env!("OUT_DIR"), "/touching.bin"));

/// One row of the lexicon.
#[derive(Debug)]
pub struct Entry {
    pub symbol: &'static str,
    pub sentimento: Sentimento,
    pub family: Family,
    pub first: char,
    pub last: char,
    /// The specification's "two-character": some rules hold for no other length.
    pub two_chars: bool,
    /// Whether a mask may start within the symbol: it holds one of `@`, `#`, `h`, `w`.
    pub holds_mask_start: bool,
    /// The longest other entry that begins this one, as an index into `ENTRIES`: what to try when this one is refused.
    shorter: Option<u16>,
}

/// Which rules an entry follows; the finer families of the file follow the rules of `Face`.
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
    /// every other family
    Face,
}

/// A byte of the trie over the bytes of the symbols: where it leads.
///
/// The byte after a prefix is in slot `base + byte`, if that slot is owned by the `base` of the prefix; the base of the
/// empty prefix is 0.
struct Slot {
    owner: u16,
    base: u16,
    /// The entry whose symbol ends here, as an index into `ENTRIES`.
    entry: Option<u16>,
}

impl Entry {
    /// This entry and the others that its symbol begins with, the longest first.
    pub fn and_shorter(&'static self) -> impl Iterator<Item = &'static Self> {
        iter::successors(Some(self), |entry| entry.shorter.map(entry_at))
    }
}

/// The longest entry that `bytes` starts with.
pub fn longest_at(bytes: &[u8]) -> Option<&'static Entry> {
    let mut prefix: u16 = 0;
    let mut longest = None;
    for &byte in bytes {
        let Some(slot) = SLOTS.get(usize::from(prefix) + usize::from(byte)).filter(|slot| slot.owner == prefix) else {
            break;
        };
        longest = slot.entry.or(longest);
        prefix = slot.base;
    }
    longest.map(entry_at)
}

fn entry_at(index: u16) -> &'static Entry {
    &ENTRIES[usize::from(index)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stops::next_stop;

    #[test]
    fn entries_come_longest_first() {
        for (text, want) in [
            ("D:<", &["D:<", "D:"][..]),
            ("D:", &["D:"]),
            (":)", &[":)"]),
            (": ) e mais", &[": )"]),
            (":-", &[]), // the beginning of many entries, and none itself
            ("❤\u{200D}🔥", &["❤\u{200D}🔥", "❤"]),
            ("❤\u{200D}🩹", &["❤"]),
            ("", &[]),
            ("a:)", &[]),
        ] {
            let found: Vec<_> = longest_at(text.as_bytes()).into_iter().flat_map(Entry::and_shorter).map(|entry| entry.symbol).collect();
            assert_eq!(found, want, "{text}");
        }
    }

    #[test]
    fn every_entry_is_found_at_itself() {
        for entry in &ENTRIES {
            let found = longest_at(entry.symbol.as_bytes()).map(|entry| entry.symbol);
            assert_eq!(found, Some(entry.symbol));
        }
    }

    #[test]
    fn every_entry_is_noticed_wherever_it_stands() {
        for entry in &ENTRIES {
            for prefix in ["", "ã ", "ão "] {
                let text = format!("{prefix}{}", entry.symbol);
                assert_eq!(next_stop(text.as_bytes(), 0), Some(prefix.len()), "{text}");
            }
        }
    }
}
