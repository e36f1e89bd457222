//! Section 4 of the specification: the first symbol from the left.
//!
//! At most bytes of a tweet neither a symbol can begin nor a change of section 2, and the scan skips those (`stops`).
//! Masks and brackets are looked at only where an entry occurs (`place`).
//!
//! The text is read as it comes, in the hope that normalising changes nothing; the scan gives up where that proves wrong.

use std::ops::Range;

use crate::class::{CHANGE, LATE, SECOND, STARTS};
use crate::lexicon::{self, Entry};
use crate::normalise;
use crate::place::{Place, Seen};
use crate::rules;
use crate::stops::{Stop, class_at, next_stop};

/// The text has to be normalised first: section 2 changes what starts at this byte, and nothing before.
#[derive(Debug, PartialEq, Eq)]
pub struct ChangesAt(pub usize);

/// The first symbol of a text that may not be normalised.
pub fn first_symbol_if_normal(text: &str) -> Result<Option<&'static Entry>, ChangesAt> {
    scan(text, |range| normalise::first_change(text, range).map_or(Ok(()), |at| Err(ChangesAt(at))))
}

/// The first symbol of a normalised text. It may hold what would change once more, as the `&lt;` of `&amp;lt;` does.
pub fn first_symbol(text: &str) -> Option<&'static Entry> {
    scan(text, |_| Ok(())).unwrap_or_default()
}

/// Scans until an entry is allowed, or `check` fails for a range of bytes in which a change may start. The ranges cover
/// all of the text: a symbol depends on what follows it, and a mask on what it covers.
#[inline]
fn scan(text: &str, check: impl Fn(Range<usize>) -> Result<(), ChangesAt>) -> Result<Option<&'static Entry>, ChangesAt> {
    let seen = Seen::new(text);
    let mut from = 0;
    while let Some(Stop { at, class }) = next_stop(text.as_bytes(), from, STARTS | SECOND | LATE | CHANGE) {
        if class & CHANGE != 0 {
            check(at..at + 1)?;
        }
        if let Some(entry) = symbol_at(&seen, at, class) {
            check(at..text.len())?;
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

/// The symbol at a stop, or at the byte before if the scan has passed its first byte.
fn symbol_at(seen: &Seen, at: usize, class: u8) -> Option<&'static Entry> {
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
