//! Section 2 of the specification: unescapes, folds and deletes characters, so that the lexicon needs one form of each
//! symbol.

use std::borrow::Cow;

use crate::scan::{byte_table, first_pair};

/// ZERO WIDTH JOINER, which combines emoji into one symbol.
pub const ZWJ: char = '\u{200D}';

/// Returns the text to mask and search: all four steps of section 2. A text that no step changes is borrowed.
pub fn normalise(text: &str) -> Cow<'_, str> {
    rewrite(text, |text, from| {
        let mut from = from;
        loop {
            let at = first_pair(text.as_bytes(), from, |byte, _| CHANGE_STARTS[usize::from(byte)])?;
            if let Some(change) = change_at(&text[at..]) {
                return Some((at, change));
            }
            from = at + 1;
        }
    })
}

/// Undoes the HTML escaping of the API, in one pass: `&amp;lt;` becomes `&lt;` and stays that way.
///
/// Recognises `&amp;` `&lt;` `&gt;` `&quot;` `&apos;` `&#39;` `&#x27;` and `&nbsp;` (to a plain space). Anything else that
/// looks like an entity is the author's own text.
///
/// ```
/// assert_eq!(sentiment::unescape("Q&amp;A &lt;3"), "Q&A <3");
/// ```
pub fn unescape(text: &str) -> Cow<'_, str> {
    rewrite(text, |text, from| {
        let mut candidates = text[from..].match_indices('&').map(|(at, _)| from + at);
        candidates.find_map(|at| Some((at, entity_at(&text[at..])?)))
    })
}

/// A replacement of the first bytes of a text.
struct Change {
    /// The number of bytes replaced, at least one.
    length: usize,
    /// `None` if they are deleted.
    becomes: Option<char>,
}

/// Applies every change that `next` finds. `next` takes the text and the byte to continue from, and returns the position of
/// the next change and the change itself.
fn rewrite(text: &str, next: impl Fn(&str, usize) -> Option<(usize, Change)>) -> Cow<'_, str> {
    let mut rewritten = String::new();
    let mut copied = 0;
    while let Some((at, change)) = next(text, copied) {
        if copied == 0 {
            rewritten.reserve_exact(text.len()); // no change makes a text longer
        }
        rewritten.push_str(&text[copied..at]);
        rewritten.extend(change.becomes);
        copied = at + change.length;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    rewritten.push_str(&text[copied..]);
    Cow::Owned(rewritten)
}

/// The bytes that a change may start with. A test compares them with `change_at` for every character.
static CHANGE_STARTS: [bool; 256] = byte_table(b"&`\xC2\xCA\xE2\xE3\xEF\xF0");

/// Returns the change that starts `text`. An entity becomes an ASCII character that the later steps leave alone, so no
/// position changes twice.
fn change_at(text: &str) -> Option<Change> {
    let char = text.chars().next()?;
    let length = char.len_utf8();
    match char {
        '&' => entity_at(text),
        ZWJ => gender_at(text),
        _ if is_deleted(char) => Some(Change { length, becomes: None }),
        _ => fold(char).map(|folded| Change { length, becomes: Some(folded) }),
    }
}

/// Step 1: the entities that the API produces, and a few more that clients do.
fn entity_at(text: &str) -> Option<Change> {
    let entities = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&#39;", '\''),
        ("&#x27;", '\''),
        ("&nbsp;", ' '),
    ];
    let (entity, char) = entities.into_iter().find(|(entity, _)| text.starts_with(entity))?;
    Some(Change { length: entity.len(), becomes: Some(char) })
}

/// Step 2. A character is folded once: U+FF40 becomes `` ` `` and stays that way.
fn fold(char: char) -> Option<char> {
    match char {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(char) - 0xFEE0),
        '\u{3000}' => Some(' '),
        '‘' | '’' | 'ʼ' | '´' | '`' | '′' => Some('\''),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' => Some('-'),
        _ => None,
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

/// Step 4: a joiner and the gender sign it joins, together with anything that step 3 deletes between them.
fn gender_at(text: &str) -> Option<Change> {
    let after_joiner = text.strip_prefix(ZWJ)?.trim_start_matches(is_deleted);
    let rest = after_joiner.strip_prefix(['♀', '♂'])?;
    Some(Change { length: text.len() - rest.len(), becomes: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_check_finds_every_change() {
        for char in '\0'..=char::MAX {
            let text = format!("a{char}♀;"); // `♀` completes a joiner
            let changes = change_at(&text[1..]).is_some();
            assert_eq!(matches!(normalise(&text), Cow::Owned(_)), changes, "{text:?}");
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
            ("&LT; &#60; &copy; &#X27; &#039;", "&LT; &#60; &copy; &#X27; &#039;"), // not recognised
            ("´ não é tocado aqui ❤️", "´ não é tocado aqui ❤️"),
        ] {
            assert_eq!(unescape(text), want, "{text}");
        }
    }

    #[test]
    fn unescapes_folds_and_deletes() {
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
    fn a_text_without_changes_is_borrowed() {
        for text in ["", "Bom dia :)", "ação, você, à toa", "“aspas” e … 😂 ♀ 中", "&copy; 👨\u{200D}👩", "1º ʻ ſ"] {
            assert!(matches!(normalise(text), Cow::Borrowed(_)), "{text}");
            assert!(matches!(unescape(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
