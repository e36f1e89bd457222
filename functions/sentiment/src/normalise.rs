//! Section 2 of the specification: unescapes, folds and deletes, so that one form of each symbol is enough.
//!
//! A text that nothing changes is returned as it came.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

use crate::stops::{may_touch, next_stop};

/// The joiner of emoji.
pub const ZWJ: char = '\u{200D}';

/// Undoes the HTML escaping of the API, in one pass: `&amp;lt;` becomes `&lt;` and stays so.
///
/// Only `&amp;` `&lt;` `&gt;` `&quot;` `&apos;` `&#39;` `&#x27;` and `&nbsp;` (a plain space) are known; anything else
/// that looks like an entity is the author's own text.
///
/// ```
/// assert_eq!(sentiment::unescape("Q&amp;A &lt;3"), "Q&A <3");
/// ```
pub fn unescape(text: &str) -> Cow<'_, str> {
    rewrite(text, |text, from| text[from..].match_indices('&').find_map(|(at, _)| Some((from + at, entity_at(&text[from + at..])?))))
}

/// Whether a change starts in `range`; nothing is made of it.
pub fn changes_within(text: &str, range: Range<usize>) -> bool {
    let end = text.len().min(range.end + 2); // a stop is told from the two bytes after it
    let first = |from| next_stop(&text.as_bytes()[..end], from).filter(|&at| at < range.end);
    let mut stops = iter::successors(first(range.start), |at| first(at + 1));
    stops.any(|at| change_at(&text[at..]).is_some())
}

/// What the changes that start at a place, one after the other, mean for the search.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing changes here.
    None,
    /// They end at this byte and bring no two characters together that stand so in any symbol.
    Harmless(usize),
    /// A symbol may come of it.
    Symbol,
}

/// Weighs the change at `at`, or the deletions.
pub fn effect_at(text: &str, at: usize) -> Effect {
    let Some(change) = change_at(&text[at..]) else {
        return Effect::None;
    };
    let end = if change.becomes.is_none() { after_deletions(text, at) } else { at + change.length };
    // Beside the edge as beside a space: neither belongs to a symbol there.
    let left = text.as_bytes()[..at].last().copied().unwrap_or(b' ');
    let right = text.as_bytes().get(end).copied().unwrap_or(b' ');
    let becomes = change.becomes.and_then(|char| u8::try_from(char).ok());
    let touches = match becomes {
        Some(becomes) => may_touch(left, becomes) || may_touch(becomes, right),
        None => may_touch(left, right),
    };
    if touches || change_at(&text[end..]).is_some() { Effect::Symbol } else { Effect::Harmless(end) }
}

/// Where the text goes on after what is deleted at `at`.
pub fn after_deletions(text: &str, at: usize) -> usize {
    let mut at = at;
    while let Some(Change { length, becomes: None }) = change_at(&text[at..]) {
        at += length;
    }
    at
}

/// The text that is searched: all four steps.
pub fn normalise(text: &str) -> Cow<'_, str> {
    rewrite(text, next_change)
}

/// What some bytes at the beginning of a text turn into.
struct Change {
    /// Bytes replaced, at least one.
    length: usize,
    /// None if they are deleted.
    becomes: Option<char>,
}

/// Applies every change that `next` finds, left to right; `next` gets the text and where to go on from.
fn rewrite(text: &str, next: impl Fn(&str, usize) -> Option<(usize, Change)>) -> Cow<'_, str> {
    let Some(mut found) = next(text, 0) else {
        return Cow::Borrowed(text);
    };
    let mut rewritten = String::with_capacity(text.len()); // no change makes a text longer
    let mut copied = 0;
    loop {
        let (at, change) = found;
        rewritten.push_str(&text[copied..at]);
        if let Some(char) = change.becomes {
            rewritten.push(char);
        }
        copied = at + change.length;
        match next(text, copied) {
            Some(next) => found = next,
            None => break,
        }
    }
    rewritten.push_str(&text[copied..]);
    Cow::Owned(rewritten)
}

fn next_change(text: &str, from: usize) -> Option<(usize, Change)> {
    let mut from = from;
    loop {
        let at = next_stop(text.as_bytes(), from)?;
        if let Some(change) = change_at(&text[at..]) {
            return Some((at, change));
        }
        from = at + 1;
    }
}

/// The change at the beginning of `text`, if there is one. The steps in their order: what an entity turns into is
/// ASCII that no later step changes, so one look at each place is enough.
fn change_at(text: &str) -> Option<Change> {
    if text.as_bytes().first().is_none_or(|&byte| byte.is_ascii() && byte != b'&' && byte != b'`') {
        return None;
    }
    let char = text.chars().next()?;
    match char {
        '&' => entity_at(text),
        ZWJ => gender_at(text),
        _ if is_deleted(char) => Some(Change { length: char.len_utf8(), becomes: None }),
        _ => {
            let folded = fold(char);
            (folded != char).then_some(Change { length: char.len_utf8(), becomes: Some(folded) })
        }
    }
}

/// Step 1. No other entity is known to come from the API.
fn entity_at(text: &str) -> Option<Change> {
    let (length, char) = match text.as_bytes() {
        [b'&', b'a', b'm', b'p', b';', ..] => (5, '&'),
        [b'&', b'l', b't', b';', ..] => (4, '<'),
        [b'&', b'g', b't', b';', ..] => (4, '>'),
        [b'&', b'q', b'u', b'o', b't', b';', ..] => (6, '"'),
        [b'&', b'a', b'p', b'o', b's', b';', ..] | [b'&', b'#', b'x', b'2', b'7', b';', ..] => (6, '\''),
        [b'&', b'#', b'3', b'9', b';', ..] => (5, '\''),
        [b'&', b'n', b'b', b's', b'p', b';', ..] => (6, ' '),
        _ => return None,
    };
    Some(Change { length, becomes: Some(char) })
}

/// Step 2. Each character is folded once: U+FF40 becomes `` ` `` and stays so.
fn fold(char: char) -> char {
    match char {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(char) - 0xFEE0).unwrap_or(char),
        '\u{3000}' => ' ',
        '‘' | '’' | 'ʼ' | '´' | '`' | '′' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' => '-',
        _ => char,
    }
}

/// Step 3: invisible characters, variation selectors and skin tones.
fn is_deleted(char: char) -> bool {
    matches!(
        char,
        '\u{AD}'
            | '\u{200B}'
            | '\u{200C}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FE0E}'
            | '\u{FE0F}'
            | '\u{1F3FB}'..='\u{1F3FF}'
    )
}

/// Step 4: a joiner and the gender it joins, with whatever step 3 deletes between them.
fn gender_at(text: &str) -> Option<Change> {
    let after_joiner = text.strip_prefix(ZWJ)?.trim_start_matches(is_deleted);
    let rest = after_joiner.strip_prefix(['♀', '♂'])?;
    Some(Change { length: text.len() - rest.len(), becomes: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::ENTRIES;

    #[test]
    fn the_scan_stops_at_every_change() {
        let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#39;", "&#x27;", "&nbsp;"].map(str::to_owned);
        let chars = ('\0'..=char::MAX).map(String::from).filter(|char| change_at(char).is_some());
        let pairs = ["\u{200D}♀", "\u{200D}♂"].map(str::to_owned);
        for changed in chars.chain(entities).chain(pairs) {
            for (text, want) in [(format!("{changed} "), 0), (format!("a{changed} "), 1)] {
                assert_eq!(next_change(&text, 0).map(|(at, _)| at), Some(want), "{text:?}");
            }
        }
    }

    #[test]
    fn unescapes_once() {
        for (text, want) in [
            ("", ""),
            ("sem nada", "sem nada"),
            ("a &amp; b", "a & b"),
            ("&lt;&gt;&quot;&apos;&#39;&#x27;&nbsp;", "<>\"''' "),
            ("&amp;lt;3", "&lt;3"),
            ("&amp;amp;amp;", "&amp;amp;"),
            ("&&lt;", "&<"),
            ("&lt", "&lt"),
            ("&LT; &#60; &copy; &#X27; &#039;", "&LT; &#60; &copy; &#X27; &#039;"), // not in the list
            ("´ não é tocado aqui ❤️", "´ não é tocado aqui ❤️"),
        ] {
            assert_eq!(unescape(text), want, "{text}");
        }
    }

    #[test]
    fn normalises() {
        for (text, want) in [
            ("：－）", ":-)"),
            ("a\u{3000}b", "a b"),
            ("‘’ʼ´`′", "''''''"),
            ("\u{FF40}", "`"), // folded once
            ("‐‑‒–—―−﹣", "--------"),
            ("a\u{AD}\u{200B}\u{200C}\u{200E}\u{200F}\u{202A}\u{202E}\u{2060}\u{206F}\u{FEFF}b", "ab"),
            ("❤\u{FE0F}❤\u{FE0E}", "❤❤"),
            ("👍🏻👍🏼👍🏽👍🏾👍🏿", "👍👍👍👍👍"),
            ("🤦🏽\u{200D}♀\u{FE0F}", "🤦"),
            ("🤦\u{200D}\u{FE0F}♂", "🤦"),       // step 3 comes before step 4
            ("\u{200D}\u{200D}♂♂", "\u{200D}♂"), // one pass
            ("👨\u{200D}❤\u{FE0F}\u{200D}👨", "👨\u{200D}❤\u{200D}👨"),
            ("♀ e ♂", "♀ e ♂"),
            ("＆lt;3", "&lt;3"), // folding comes after unescaping
            ("&amp;#39;", "&#39;"),
            ("ÀÿŸ “ç” … R$ 10 º ª", "ÀÿŸ “ç” … R$ 10 º ª"),
        ] {
            assert_eq!(normalise(text), want, "{text}");
        }
    }

    #[test]
    fn borrows_what_it_does_not_change() {
        for text in ["", "Bom dia :)", "ação, você, à toa", "“aspas” e … 😂 ♀ 中", "&copy; 👨\u{200D}👩", "1º ʻ ſ"] {
            assert!(matches!(normalise(text), Cow::Borrowed(_)), "{text}");
            assert!(matches!(unescape(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn every_symbol_of_the_lexicon_survives() {
        for entry in &ENTRIES {
            assert_eq!(normalise(entry.symbol), entry.symbol, "it could never be found");
        }
    }
}
