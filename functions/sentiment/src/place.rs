//! A place in a text where an entry occurs, and what can be seen from it: masks and brackets, found when asked for.
//!
//! Each answer is kept and the next one goes on from there, since the search asks from left to right. So the time that a
//! text takes grows with its length only, whatever is in it.

use std::cell::Cell;

use crate::depth::Depth;
use crate::mask;
use crate::neighbour::Neighbour;
use crate::normalise;

/// A normalised text, and what is known of it so far.
pub struct Seen<'t> {
    pub text: &'t str,
    /// The masks that start before this byte are known, if they are in the same word.
    walked_to: Cell<usize>,
    /// The end of the last mask known, 0 if none is.
    masked_to: Cell<usize>,
    /// The end of the last t.co link that was met by its colon, 0 if none was.
    plain_to: Cell<usize>,
    /// The brackets open at some byte.
    depth: Cell<(usize, Depth)>,
    /// Where some `)` outside masks stands, 0 if none was looked for.
    round_closer: Cell<usize>,
    /// Whether an entry was weighed.
    has_weighed: Cell<bool>,
    /// Where the last change ends that was passed, 0 if none was.
    changed_to: Cell<usize>,
    /// A byte from which on nothing changes, if one was looked for.
    unchanged_from: Cell<Option<usize>>,
    /// Whether an answer may be another one once the text is normalised.
    in_doubt: Cell<bool>,
}

impl<'t> Seen<'t> {
    pub fn new(text: &'t str) -> Self {
        let none = || Cell::new(0);
        Self {
            text,
            walked_to: none(),
            masked_to: none(),
            plain_to: none(),
            depth: Cell::default(),
            round_closer: none(),
            has_weighed: Cell::default(),
            changed_to: none(),
            unchanged_from: Cell::default(),
            in_doubt: Cell::default(),
        }
    }

    /// Goes on behind a change that ends at `end`, without making it; not if an entry was weighed, since that might
    /// depend on it.
    pub fn pass_change(&self, end: usize) -> bool {
        if !self.has_weighed.get() {
            self.changed_to.set(end);
        }
        !self.has_weighed.get()
    }

    /// Whether something asked since depends on a change.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt.get()
    }

    /// The end of the last mask that was met, 0 if none was.
    pub fn masked_to(&self) -> usize {
        self.masked_to.get()
    }

    /// The end of the last t.co link that was met, in which nothing can change; 0 if none was.
    pub fn plain_to(&self) -> usize {
        self.plain_to.get()
    }

    /// Whether the colon at `at` belongs to a link, which is masked from now on.
    pub fn meets_link(&self, at: usize) -> bool {
        let Some(end) = mask::link_around(self.text, at, self.masked_to.get()) else {
            return false;
        };
        self.doubt_if_word_changed(at); // the code of an earlier link may go on and cover the scheme
        self.masked_to.set(end);
        if self.text.as_bytes()[at..].starts_with(b"://t.co/") {
            self.plain_to.set(end);
        }
        true
    }

    /// What stands before `at`, if no mask covers `at`; a mask that starts there may go unnoticed.
    #[inline]
    fn before(&self, at: usize) -> Option<Neighbour> {
        match self.text.as_bytes()[..at].last() {
            None => return Some(Neighbour::Edge),
            // No mask holds white space.
            Some(&space @ (b' ' | b'\n')) => return Some(Neighbour::Char(char::from(space))),
            _ => {
                self.doubt_if_word_changed(at);
                self.walk_masks(at);
            }
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
        let starts_mask = mask::may_start_with(self.text.as_bytes()[at]) && mask::end_at(self.text, at, self.char_before(at)).is_some();
        if starts_mask { Neighbour::Mask } else { Neighbour::Char(char) }
    }

    /// Whether nothing is open at `at` that `closer` could close.
    fn is_closed(&self, at: usize, closer: char) -> bool {
        // A change may have made a bracket, or a mask that covers one.
        self.in_doubt.set(self.in_doubt.get() || self.changed_to.get() > 0);
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
        self.doubt_if_changed_from(at);
        closer.is_some()
    }

    /// Doubts the answer if a change follows: for rules that refuse an entry because of what is far behind it, since
    /// another one may be allowed before the scan comes there.
    pub fn doubt_if_changed_from(&self, at: usize) {
        if self.in_doubt.get() || self.unchanged_from.get().is_some_and(|from| from <= at) {
            return;
        }
        if normalise::changes_within(self.text, at..self.text.len()) {
            self.in_doubt.set(true);
        } else {
            self.unchanged_from.set(Some(at));
        }
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

    /// Doubts the answer if a change was passed in the word that `at` belongs to: it may move a mask.
    fn doubt_if_word_changed(&self, at: usize) {
        let changed_to = self.changed_to.get();
        let between = || self.text.as_bytes().get(changed_to..at).unwrap_or_default();
        if changed_to > 0 && !between().iter().any(u8::is_ascii_whitespace) {
            self.in_doubt.set(true);
        }
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
    #[inline]
    pub fn new(seen: &'t Seen<'t>, start: usize) -> Option<Self> {
        seen.has_weighed.set(true);
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
