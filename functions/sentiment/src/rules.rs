//! Section 5 of the specification: when an entry that occurs in the text is a symbol.
//!
//! Each rule is one function with the specification's name and number, in its order; all that apply must hold.

use crate::lexicon::{self, Entry, Family};
use crate::mask;
use crate::neighbour::Neighbour;
use crate::normalise::ZWJ;
use crate::place::Place;

/// Whether `entry`, which occurs at `place`, is a symbol there.
pub fn is_allowed(entry: &Entry, place: &Place) -> bool {
    let end = place.start + entry.symbol.len();
    if entry.holds_mask_start && mask::starts_within(place.seen.text, place.start..end, place.before) {
        return false;
    }
    match entry.family {
        Family::Emoji => !place.before.is(ZWJ) && !place.seen.after(end).is(ZWJ), // 5.2
        Family::Spaced => is_allowed_spaced(entry, place),
        // What stands before costs less to know than what follows, which may be a long run.
        _ => before_allows(entry, place) && after_allows(entry, place),
    }
}

/// What follows an entry.
struct After {
    /// Where the entry or its run ends.
    end: usize,
    /// The specification's *n*.
    n: Neighbour,
    had_run: bool,
}

impl After {
    fn new(entry: &Entry, place: &Place) -> Self {
        let end = place.start + entry.symbol.len() + run_length(entry, place);
        Self { end, n: place.seen.after(end), had_run: end > place.start + entry.symbol.len() }
    }
}

/// 5.1: the bytes of the repetitions that follow `entry`; `:)))))` is one smile and `xDxDxD` one laugh.
///
/// Repeated last characters and repeated entries may alternate: `xDDxDDD` is one laugh too.
fn run_length(entry: &Entry, place: &Place) -> usize {
    let last = entry.symbol.as_bytes()[entry.symbol.len() - 1];
    let repeats_last = match entry.family {
        Family::Inverted | Family::Emoji => false,
        Family::TextHeart if last == b'3' => true,
        _ => matches!(last, b')' | b'(' | b']' | b'[' | b'}' | b'{' | b'D' | b'd' | b'P' | b'p' | b'/' | b'\\' | b'*' | b'^'),
    };
    let repeats_whole = matches!(entry.first, 'x' | 'X');
    let repeated = &place.rest().as_bytes()[entry.symbol.len()..];
    let mut rest = repeated;
    loop {
        rest = match rest {
            [byte, rest @ ..] if repeats_last && *byte == last => rest,
            _ => match rest.strip_prefix(entry.symbol.as_bytes()) {
                Some(rest) if repeats_whole => rest,
                _ => return repeated.len() - rest.len(),
            },
        }
    }
}

/// 5.3: `: )` and `: (`.
fn is_allowed_spaced(entry: &Entry, place: &Place) -> bool {
    if !place.before.is_blank() {
        return false;
    }
    let After { end, n, .. } = After::new(entry, place);
    // The look for a `)` comes last: with none, the search ends here, so that it is made at most once in vain.
    !n.is_word() && if entry.last == '(' { !place.seen.has_round_closer_from(end) } else { place.is_closed(entry.last) }
}

/// The rules of 5.4, but for what F5 and F6 say of *n*; and what L6 says of *p*.
fn before_allows(entry: &Entry, place: &Place) -> bool {
    f1(entry, place)
        && f2(entry, place)
        && f3(entry, place)
        && f4(entry, place)
        && f5(entry, place)
        && f6(entry, place)
        && f7(entry, place)
        && l6_before(entry, place)
}

/// The rules of 5.5, and the rest of 5.4. L7 comes late, since it weighs other entries.
fn after_allows(entry: &Entry, place: &Place) -> bool {
    let after = After::new(entry, place);
    f5_after(entry, &after)
        && f6_after(entry, &after)
        && l1(entry, &after)
        && l2(entry, place, &after)
        && l3(entry, &after)
        && l4(entry, &after)
        && l5(entry, place, &after)
        && l6(entry, &after)
        && (!is_inverted(entry) || l7(entry, place, &after) && l8(entry, place, &after))
}

fn f1(entry: &Entry, place: &Place) -> bool {
    !starts_with_word(entry) || !place.before.is_word()
}

/// `12:30`, `fe80::d` and `x=p` are no faces; `obrigado:D` is.
fn f2(entry: &Entry, place: &Place) -> bool {
    let p = place.before;
    let laughs = matches!(entry.first, ':' | ';') && matches!(entry.last, 'D' | 'P' | 'p');
    !has_eyes_first(entry) || !ends_with_word(entry) || !p.is_digit() && !p.is(':') && (!p.is_word() || laughs)
}

fn f3(entry: &Entry, place: &Place) -> bool {
    entry.first != '=' || !place.before.is('=')
}

fn f4(entry: &Entry, place: &Place) -> bool {
    let closes = is_inverted(entry) && matches!(entry.first, ')' | ']');
    !closes || place.before.is_blank() && place.is_closed(entry.first)
}

fn f5(entry: &Entry, place: &Place) -> bool {
    !opens_square(entry) || !place.before.is_word()
}

fn f5_after(entry: &Entry, after: &After) -> bool {
    !opens_square(entry) || !after.n.is(']')
}

fn f6(entry: &Entry, place: &Place) -> bool {
    let p = place.before;
    let may_be_glued = matches!(entry.first, '^' | ';' | '\\') && !p.is_digit();
    !is_kaomoji(entry) || !p.is(entry.first) && (!p.is_word() || may_be_glued)
}

fn f6_after(entry: &Entry, after: &After) -> bool {
    !is_kaomoji(entry) || !after.n.is_word()
}

fn f7(entry: &Entry, place: &Place) -> bool {
    let is_heart = entry.family == Family::TextHeart && entry.first == '<';
    !is_heart || !place.before.is_digit()
}

fn l1(entry: &Entry, after: &After) -> bool {
    !ends_with_word(entry) || !after.n.is_word()
}

/// `<3%`, `<3,5` and `<3.5` are numbers.
fn l2(entry: &Entry, place: &Place, after: &After) -> bool {
    let decimals = || {
        let n_and_next = &place.seen.text.as_bytes()[after.end..];
        matches!(n_and_next, [b'.' | b',', b'0'..=b'9', ..])
    };
    !entry.last.is_ascii_digit() || !after.n.is('%') && !decimals()
}

fn l3(entry: &Entry, after: &After) -> bool {
    let slants = entry.two_chars && matches!(entry.last, '/' | '\\');
    !slants || !after.n.is_word() && !matches!(after.n, Neighbour::Char('/' | '\\'))
}

/// In `:(61)`, `:[]` and `:("` the bracket opens something.
fn l4(entry: &Entry, after: &After) -> bool {
    let n = after.n;
    let closer = match entry.last {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        _ => return true,
    };
    let opens = entry.two_chars && !is_inverted(entry);
    !opens || !n.is_word() && n != Neighbour::Mask && !n.is(closer) && !matches!(n, Neighbour::Char('"' | '“' | '”' | '\''))
}

/// `(veja:)` closes its parenthesis; `(brincadeira :)` and `(kkk:))` smile.
fn l5(entry: &Entry, place: &Place, after: &After) -> bool {
    let closes = entry.two_chars && has_eyes_first(entry) && matches!(entry.last, ')' | ']' | '}') && !after.had_run;
    !closes || place.before.is_blank() || place.is_closed(entry.last)
}

fn l6_before(entry: &Entry, place: &Place) -> bool {
    !kisses(entry) || !place.before.is_word()
}

fn l6(entry: &Entry, after: &After) -> bool {
    !kisses(entry) || !after.n.is_word()
}

/// The eyes of an inverted face belong to the forward face that starts with them, if there is one: `(:D` is `:D`.
fn l7(entry: &Entry, place: &Place, after: &After) -> bool {
    let forward_face_wins = || {
        let eyes = place.moved_to(after.end - entry.last.len_utf8());
        let entries = lexicon::longest_at(eyes.rest().as_bytes()).into_iter().flat_map(Entry::and_shorter);
        let mut forward = entries.filter(|other| !is_inverted(other));
        matches!(entry.last, ':' | ';' | '=') && forward.any(|other| is_allowed(other, &eyes))
    };
    !after.n.is_word() && !forward_face_wins()
}

/// `classe D: ricos` is a label, `que susto D:` is a face. A mask is no word: `que susto D: https://t.co/x` is a face.
///
/// A line ends at any mandatory break of Unicode, not only at the line feed that the clients of X write.
fn l8(entry: &Entry, place: &Place, after: &After) -> bool {
    let may_follow =
        after.n == Neighbour::Edge || matches!(after.n, Neighbour::Char(char) if char.is_whitespace() || ".,!?…)\"'”".contains(char));
    let word_on_line = || {
        let rest = &place.seen.text[after.end..];
        let next = rest.find(|char: char| !char.is_whitespace() || is_line_break(char)).unwrap_or(rest.len());
        place.seen.doubt_if_changed_from(after.end);
        place.seen.after(after.end + next).is_word()
    };
    entry.first != 'D' || may_follow && !word_on_line()
}

fn is_line_break(char: char) -> bool {
    matches!(char, '\n' | '\u{B}' | '\u{C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn starts_with_word(entry: &Entry) -> bool {
    Neighbour::Char(entry.first).is_word()
}

fn ends_with_word(entry: &Entry) -> bool {
    Neighbour::Char(entry.last).is_word()
}

fn has_eyes_first(entry: &Entry) -> bool {
    matches!(entry.first, ':' | ';' | '=')
}

fn is_inverted(entry: &Entry) -> bool {
    entry.family == Family::Inverted
}

fn is_kaomoji(entry: &Entry) -> bool {
    entry.family == Family::Kaomoji
}

/// F5: `[:` and `[=`.
fn opens_square(entry: &Entry) -> bool {
    is_inverted(entry) && entry.first == '['
}

/// L6: `:*`, and the shouting `:@`.
fn kisses(entry: &Entry) -> bool {
    matches!(entry.last, '*' | '@') && !is_kaomoji(entry)
}
