//! Section 5 of the specification: when an entry that occurs in a text is allowed.
//!
//! Each rule is one function, named and ordered as in the specification; it returns whether the rule permits the candidate.
//! A rule that does not apply permits it.

use std::cell::OnceCell;

use crate::depth::Depth;
use crate::lexicon::{self, Entry, Family};
use crate::mask::{Masked, Prose};
use crate::neighbour::{Neighbour, is_word};
use crate::normalise::ZWJ;

/// An entry at a position where it occurs.
pub struct Candidate<'c> {
    entry: &'static Entry,
    /// The position of the entry in `prose`.
    start: usize,
    prose: Prose<'c>,
    depth: Depth,
    masked: &'c Masked<'c>,
    /// The neighbour before the entry: the specification's *p*.
    p: Neighbour,
    run: OnceCell<Run>,
}

/// What follows the entry.
#[derive(Clone, Copy)]
struct Run {
    /// The end of the entry's run, or of the entry if it has none.
    end: usize,
    /// The neighbour after `end`: the specification's *n*.
    n: Neighbour,
}

impl<'c> Candidate<'c> {
    pub fn new(entry: &'static Entry, start: usize, prose: Prose<'c>, depth: Depth, masked: &'c Masked<'c>) -> Self {
        Self { entry, start, prose, depth, masked, p: prose.before(start), run: OnceCell::new() }
    }

    /// The run is measured on first use, and not at all if *p* already rules the candidate out. Otherwise a text of `xDxDxD` or
    /// `^^^^^^` would take quadratic time.
    fn run(&self) -> Run {
        *self.run.get_or_init(|| {
            let end = self.end() + run_length(self.entry, &self.prose.text[self.end()..]);
            Run { end, n: self.prose.after(end) }
        })
    }

    /// Returns the neighbour after the run: the specification's *n*.
    fn n(&self) -> Neighbour {
        self.run().n
    }

    /// The end of the entry, without its run.
    fn end(&self) -> usize {
        self.start + self.entry.symbol.len()
    }

    fn has_run(&self) -> bool {
        self.run().end > self.end()
    }

    fn starts_with(&self, chars: &str) -> bool {
        chars.contains(self.entry.first)
    }

    fn ends_with(&self, chars: &str) -> bool {
        chars.contains(self.entry.last)
    }

    fn is(&self, family: Family) -> bool {
        self.entry.family == family
    }

    fn has_two_characters(&self) -> bool {
        self.entry.symbol.chars().count() == 2
    }
}

/// Returns whether the candidate is a symbol.
pub fn is_allowed(c: &Candidate) -> bool {
    match c.entry.family {
        Family::Emoji => is_allowed_emoji(c),
        Family::Spaced => is_allowed_spaced(c),
        _ => RULES.iter().all(|permits| permits(c)),
    }
}

/// Sections 5.4 (`f1` to `f7`: the first character) and 5.5 (`l1` to `l8`: the last one). Those of 5.4 come first because most of
/// them need only *p* (see `run`).
const RULES: [fn(&Candidate) -> bool; 15] = [f1, f2, f3, f4, f5, f6, f7, l1, l2, l3, l4, l5, l6, l7, l8];

/// Section 5.1: returns the length of the repetitions at the start of `rest`, the text after the entry: `:)))))` is one smile,
/// `xDxDxD` one laugh.
///
/// Repetitions of the last character and of the whole entry may alternate: `xDDxDDD` is one laugh as well.
fn run_length<'t>(entry: &Entry, rest: &'t str) -> usize {
    let repeats_last = match entry.family {
        Family::Inverted | Family::Emoji => return 0,
        Family::TextHeart if entry.last == '3' => true,
        _ => ")(][}{DdPp/\\*^".contains(entry.last),
    };
    let repeats_whole = "xX".contains(entry.first);
    let after_repetition = |left: &'t str| {
        let after_last = left.strip_prefix(entry.last).filter(|_| repeats_last);
        after_last.or_else(|| left.strip_prefix(entry.symbol).filter(|_| repeats_whole))
    };
    let mut left = rest;
    while let Some(shorter) = after_repetition(left) {
        left = shorter;
    }
    rest.len() - left.len()
}

/// Section 5.2.
fn is_allowed_emoji(c: &Candidate) -> bool {
    !c.p.is(ZWJ) && !c.n().is(ZWJ)
}

/// Section 5.3: `: )` and `: (`.
fn is_allowed_spaced(c: &Candidate) -> bool {
    let brackets_allow = || match c.entry.last {
        '(' => !c.masked.has_round_closer_from(c.prose.start + c.run().end),
        closer => c.depth.is_zero_for(closer),
    };
    c.p.is_blank() && !c.n().is_word() && brackets_allow()
}

fn f1(c: &Candidate) -> bool {
    !is_word(c.entry.first) || !c.p.is_word()
}

/// `12:30`, `fe80::d` and `x=p` are not faces; `obrigado:D` is.
fn f2(c: &Candidate) -> bool {
    let applies = c.starts_with(":;=") && is_word(c.entry.last);
    let may_follow_word = c.starts_with(":;") && c.ends_with("DPp");
    !applies || !c.p.is_digit() && !c.p.is(':') && (may_follow_word || !c.p.is_word())
}

fn f3(c: &Candidate) -> bool {
    !c.starts_with("=") || !c.p.is('=')
}

fn f4(c: &Candidate) -> bool {
    let applies = c.is(Family::Inverted) && c.starts_with(")]");
    !applies || c.p.is_blank() && c.depth.is_zero_for(c.entry.first)
}

fn f5(c: &Candidate) -> bool {
    let applies = c.is(Family::Inverted) && c.starts_with("[");
    !applies || !c.p.is_word() && !c.n().is(']')
}

fn f6(c: &Candidate) -> bool {
    let may_follow_word = c.starts_with("^;\\") && !c.p.is_digit();
    !c.is(Family::Kaomoji) || !c.p.is(c.entry.first) && (may_follow_word || !c.p.is_word()) && !c.n().is_word()
}

fn f7(c: &Candidate) -> bool {
    let applies = c.is(Family::TextHeart) && c.starts_with("<");
    !applies || !c.p.is_digit()
}

fn l1(c: &Candidate) -> bool {
    !is_word(c.entry.last) || !c.n().is_word()
}

/// `<3%`, `<3,5` and `<3.5` are numbers.
fn l2(c: &Candidate) -> bool {
    let has_decimals = || {
        let mut following = c.prose.text[c.run().end..].bytes();
        matches!(following.next(), Some(b'.' | b',')) && following.next().is_some_and(|byte| byte.is_ascii_digit())
    };
    !c.entry.last.is_ascii_digit() || !c.n().is('%') && !has_decimals()
}

fn l3(c: &Candidate) -> bool {
    let applies = c.has_two_characters() && c.ends_with("/\\");
    !applies || !c.n().is_word() && !c.n().is_one_of("/\\")
}

/// In `:(61)`, `:[]` and `:("` the mouth opens a bracket.
fn l4(c: &Candidate) -> bool {
    let closer = match c.entry.last {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        _ => return true,
    };
    let applies = c.has_two_characters() && !c.is(Family::Inverted);
    let n = c.n();
    !applies || !n.is_word() && n != Neighbour::Mask && !n.is(closer) && !n.is_one_of("\"“”'")
}

/// `(veja:)` closes its parenthesis; `(brincadeira :)` and `(kkk:))` smile.
fn l5(c: &Candidate) -> bool {
    let applies = c.has_two_characters() && c.starts_with(":;=") && c.ends_with(")]}") && !c.has_run();
    !applies || c.p.is_blank() || c.depth.is_zero_for(c.entry.last)
}

fn l6(c: &Candidate) -> bool {
    let applies = c.ends_with("*@") && !c.is(Family::Kaomoji);
    !applies || !c.p.is_word() && !c.n().is_word()
}

/// The eyes of an inverted face belong to the forward face that starts with them, if there is one: `(:D` is `:D`.
fn l7(c: &Candidate) -> bool {
    let forward_face_wins = || {
        let eyes = c.end() - c.entry.last.len_utf8();
        let mut depth = c.depth;
        c.prose.text[c.start..eyes].bytes().for_each(|byte| depth.count(byte));
        let mut forward = lexicon::entries_at_start(&c.prose.text[eyes..]).filter(|entry| entry.family != Family::Inverted);
        forward.any(|entry| is_allowed(&Candidate::new(entry, eyes, c.prose, depth, c.masked)))
    };
    !c.is(Family::Inverted) || !(c.n().is_word() || c.ends_with(":;=") && forward_face_wins())
}

/// `classe D: ricos` is a label, `que susto D:` is a face. A mask is not a word: `que susto D: https://t.co/x` is a face.
fn l8(c: &Candidate) -> bool {
    let applies = c.is(Family::Inverted) && c.starts_with("D");
    let n_allows = || match c.n() {
        Neighbour::Edge => true,
        Neighbour::Mask => false,
        Neighbour::Char(char) => char.is_whitespace() || ".,!?…)\"'”".contains(char),
    };
    let word_follows_on_line = || {
        let rest = &c.prose.text[c.run().end..];
        rest.chars().find(|&char| !char.is_whitespace() || is_line_break(char)).is_some_and(is_word)
    };
    !applies || n_allows() && !word_follows_on_line()
}

/// Returns whether a line ends at `char`: at every mandatory break of Unicode, not only at the line feed that X's clients write.
fn is_line_break(char: char) -> bool {
    matches!(char, '\n' | '\u{B}' | '\u{C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
