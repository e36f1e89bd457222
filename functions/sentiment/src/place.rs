//! A place in a text where an entry occurs, and what can be seen from it: masks and brackets, found when asked for.
//!
//! Each answer is kept and the next one goes on from there, since the search asks from left to right. So the time that a
//! text takes grows with its length only, whatever is in it.

use std::cell::Cell;

use crate::depth::Depth;
use crate::mask;
use crate::neighbour::Neighbour;

/// A normalised text, and what is known of it so far.
pub struct Seen<'t> {
    pub text: &'t str,
    /// The masks that start before this byte are known, if they are in the same word.
    walked_to: Cell<usize>,
    /// The end of the last mask known, 0 if none is.
    masked_to: Cell<usize>,
    /// The brackets open at some byte.
    depth: Cell<(usize, Depth)>,
    /// Where some `)` outside masks stands, 0 if none was looked for.
    round_closer: Cell<usize>,
}

impl<'t> Seen<'t> {
    pub fn new(text: &'t str) -> Self {
        let none = || Cell::new(0);
        Self { text, walked_to: none(), masked_to: none(), depth: Cell::default(), round_closer: none() }
    }

    /// The end of the last mask that was met, 0 if none was.
    pub fn masked_to(&self) -> usize {
        self.masked_to.get()
    }

    /// Whether the colon at `at` belongs to a link, which is masked from now on.
    pub fn meets_link(&self, at: usize) -> bool {
        let end = mask::link_around(self.text, at, self.masked_to.get());
        self.masked_to.set(end.unwrap_or(self.masked_to.get()));
        end.is_some()
    }

    /// What stands before `at`, if no mask covers `at`; a mask that starts there may go unnoticed.
    fn before(&self, at: usize) -> Option<Neighbour> {
        match self.text.as_bytes()[..at].last() {
            None => return Some(Neighbour::Edge),
            // No mask holds white space.
            Some(&space @ (b' ' | b'\n')) => return Some(Neighbour::Char(char::from(space))),
            _ => self.walk_masks(at),
        }
        match self.masked_to.get() {
            end if end > at => None,
            end if end == at && end > 0 => Some(Neighbour::Mask),
            _ => Some(self.char_before(at)),
        }
    }

    /// Finds the masks that start at `at` or before. No mask holds white space, so none starts before the last one.
    fn walk_masks(&self, at: usize) {
        let bytes = self.text.as_bytes();
        let walked_to = self.walked_to.get().max(self.masked_to.get());
        if walked_to > at {
            return;
        }
        let space = bytes[walked_to..at].iter().rposition(u8::is_ascii_whitespace);
        let mut walked = walked_to + space.unwrap_or(0);
        while walked <= at {
            let end = if mask::may_start_with(bytes[walked]) {
                let after_mask = walked > 0 && walked == self.masked_to.get();
                let before = if after_mask { Neighbour::Mask } else { self.char_before(walked) };
                mask::end_at(self.text, walked, before)
            } else {
                None
            };
            if let Some(end) = end {
                self.masked_to.set(end);
            }
            walked = end.unwrap_or(walked + 1);
        }
        self.walked_to.set(at);
    }

    /// What stands at `at`, the end of an entry or of its run.
    pub fn after(&self, at: usize) -> Neighbour {
        let Some(char) = self.text[at..].chars().next() else {
            return Neighbour::Edge;
        };
        match mask::end_at(self.text, at, self.char_before(at)) {
            Some(_) => Neighbour::Mask,
            None => Neighbour::Char(char),
        }
    }

    /// Whether nothing is open at `at` that `closer` could close.
    fn is_closed(&self, at: usize, closer: char) -> bool {
        let (mut counted_to, mut depth) = self.depth.get();
        if counted_to > at {
            (counted_to, depth) = (0, Depth::default());
        }
        if self.text[counted_to..at].contains(['(', '[', '{', ')', ']', '}']) {
            self.unmasked(counted_to).take_while(|&(index, _)| index < at).for_each(|(_, char)| depth.pass(char));
        }
        self.depth.set((at, depth));
        depth.is_closed(closer)
    }

    /// Whether a `)` that no mask covers stands at `at` or after.
    pub fn has_round_closer_from(&self, at: usize) -> bool {
        let known = self.round_closer.get();
        if known >= at && known > 0 {
            return true;
        }
        let closer = self.unmasked(at).find(|&(_, char)| char == ')');
        self.round_closer.set(closer.map_or(0, |(index, _)| index));
        closer.is_some()
    }

    /// The characters from `from` on that no mask covers; none may cover `from` or start there.
    fn unmasked(&self, from: usize) -> impl Iterator<Item = (usize, char)> {
        let (mut at, mut before) = (from, self.char_before(from));
        std::iter::from_fn(move || {
            while let Some(end) = mask::end_at(self.text, at, before) {
                (at, before) = (end, Neighbour::Mask);
            }
            let char = self.text[at..].chars().next()?;
            let index = at;
            (at, before) = (at + char.len_utf8(), Neighbour::Char(char));
            Some((index, char))
        })
    }

    fn char_before(&self, at: usize) -> Neighbour {
        self.text[..at].chars().next_back().map_or(Neighbour::Edge, Neighbour::Char)
    }
}

/// A place that no mask covers.
#[derive(Clone, Copy)]
pub struct Place<'t> {
    pub seen: &'t Seen<'t>,
    pub start: usize,
    /// The specification's *p*.
    pub before: Neighbour,
}

impl<'t> Place<'t> {
    /// None if a mask covers `start`. That none starts there is for the entry to say, which knows its own bytes.
    pub fn new(seen: &'t Seen<'t>, start: usize) -> Option<Self> {
        let before = seen.before(start)?;
        Some(Self { seen, start, before })
    }

    /// A later place, with no mask between the two.
    pub fn moved_to(self, start: usize) -> Self {
        Self { start, before: self.seen.char_before(start), ..self }
    }

    /// The text from this place on.
    pub fn rest(&self) -> &'t str {
        &self.seen.text[self.start..]
    }

    /// Whether nothing is open here that `closer` could close.
    pub fn is_closed(&self, closer: char) -> bool {
        self.seen.is_closed(self.start, closer)
    }
}
