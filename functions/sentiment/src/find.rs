//! Section 4 of the specification: the first symbol from the left.

use crate::allowed::{Candidate, is_allowed};
use crate::depth::Depth;
use crate::lexicon::{self, Entry};
use crate::mask::Masked;

/// Returns the entry of the first symbol in a normalised text: the longest allowed entry at the first position that has one.
pub fn first_symbol(text: &str) -> Option<&'static Entry> {
    let masked = Masked::new(text);
    let mut depth = Depth::default();
    for prose in masked.prose() {
        let mut from = 0;
        while let Some(at) = lexicon::next_stop(prose.text, from) {
            let allowed = lexicon::entries_at_start(&prose.text[at..]).find(|entry| {
                let candidate = Candidate::new(entry, at, prose, depth, &masked);
                is_allowed(&candidate)
            });
            if allowed.is_some() {
                return allowed;
            }
            depth.count(prose.text.as_bytes()[at]);
            from = at + 1;
        }
    }
    None
}
