//! Section 4 of the specification: the first symbol from the left.
//!
//! At most bytes of a tweet neither a symbol can begin nor a change of section 2, and the scan skips those (`stops`).
//! Masks and brackets are looked at only where an entry occurs (`place`).
//!
//! The text is read as it comes, in the hope that normalising changes nothing; the scan gives up where that proves wrong.

use crate::class::{CHANGE, LATE, SECOND, STARTS};
use crate::lexicon::{self, Entry, Family};
use crate::normalise;
use crate::place::{Place, Seen};
use crate::rules;
use crate::stops::{Stop, class_at, next_stop};

/// The text has to be normalised first: section 2 changes what starts at this byte, and nothing before.
#[derive(Debug, PartialEq, Eq)]
pub struct ChangesAt(pub usize);

/// The first symbol of a text that may not be normalised.
pub fn first_symbol_if_normal(text: &str) -> Result<Option<&'static Entry>, ChangesAt> {
    scan::<true>(text)
}

/// The first symbol of a normalised text. It may hold what would change once more, as the `&lt;` of `&amp;lt;` does.
pub fn first_symbol(text: &str) -> Option<&'static Entry> {
    scan::<false>(text).unwrap_or_default()
}

/// Scans until an entry is allowed. With `CHECK`, the text is checked for changes as far as the answer depends on it: also
/// behind the entry and within masks, since a symbol depends on what follows it, and a mask on what it covers.
fn scan<const CHECK: bool>(text: &str) -> Result<Option<&'static Entry>, ChangesAt> {
    let check = |range| if CHECK { normalise::first_change(text, range).map_or(Ok(()), |at| Err(ChangesAt(at))) } else { Ok(()) };
    let seen = Seen::new(text);
    let wanted = STARTS | SECOND | LATE | if CHECK { CHANGE } else { 0 };
    let mut from = 0;
    while let Some(Stop { at, class }) = next_stop(text.as_bytes(), from, wanted) {
        if CHECK && class & CHANGE != 0 && normalise::changes_at(text, at) {
            return Err(ChangesAt(at));
        }
        if let Some(entry) = symbol_at(&seen, at, class) {
            check(at..weighed_to(entry, text, at))?;
            return Ok(Some(entry));
        }
        from = at + 1;
        if seen.masked_to() > from {
            check(from..seen.masked_to())?;
            from = seen.masked_to();
        }
    }
    Ok(None)
}

/// How far the text behind an entry, one of whose bytes is at `at`, may decide whether it is allowed.
///
/// Most rules look at a run and at what touches it, which a space ends; 5.3, L7 and L8 look further.
fn weighed_to(entry: &Entry, text: &str, at: usize) -> usize {
    let space = || text.as_bytes()[at..].iter().position(|&byte| byte == b' ');
    match entry.family {
        Family::Spaced | Family::Inverted => text.len(),
        _ => space().map_or(text.len(), |length| at + length),
    }
}

/// The symbol at a stop, or at the byte before if the scan has passed its first byte.
fn symbol_at(seen: &Seen, at: usize, class: u8) -> Option<&'static Entry> {
    if seen.text.as_bytes()[at] == b':' && seen.meets_link(at) {
        return None;
    }
    let passed = class & SECOND != 0 && at > 0 && class_at(seen.text.as_bytes(), at - 1) & LATE != 0;
    let before = if passed { winner_at(seen, at - 1) } else { None };
    before.or_else(|| if class & (STARTS | LATE) != 0 { winner_at(seen, at) } else { None })
}

/// The longest entry at `start` that is allowed there.
fn winner_at(seen: &Seen, start: usize) -> Option<&'static Entry> {
    let longest = lexicon::longest_at(&seen.text.as_bytes()[start..])?;
    let place = Place::new(seen, start)?;
    longest.and_shorter().find(|entry| rules::is_allowed(entry, &place))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text can be labelled as it is, which is to say without an allocation.
    #[test]
    fn a_text_is_read_as_it_comes_unless_it_changes() {
        for (text, want) in [
            ("", Ok(None)),
            ("ação “já” :) 😂…", Ok(Some(":)"))),
            ("@a #b https://t.co/c www.d.e :(", Ok(Some(":("))),
            (":) &copy; 👨\u{200D}👩", Ok(Some(":)"))),
            ("a &amp; b", Err(ChangesAt(2))),
            (":) e ❤\u{FE0F}", Ok(Some(":)"))), // behind the space that ends what decides
            (":)❤\u{FE0F}", Err(ChangesAt(5))),
            (": ) ❤\u{FE0F}", Err(ChangesAt(7))), // 5.3 and L8 may look at all that follows
            ("D: ❤\u{FE0F}", Err(ChangesAt(6))),
            ("xD\u{AD}a", Err(ChangesAt(2))),         // which is none, as the next byte shows
            ("http://a/&nbsp;:)", Err(ChangesAt(9))), // within a mask, which is shorter than it seems
        ] {
            assert_eq!(first_symbol_if_normal(text).map(|entry| entry.map(|entry| entry.symbol)), want, "{text}");
        }
    }
}
