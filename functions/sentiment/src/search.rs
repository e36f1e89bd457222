//! Section 4 of the specification: the first symbol from the left.
//!
//! At most bytes of a tweet neither a symbol can begin nor a change of section 2, and the scan skips those (`stops`).
//! Masks and brackets are looked at only where an entry occurs (`place`).
//!
//! The text is read as it comes, in the hope that normalising would not change the answer; the scan gives up where that
//! proves wrong.

use crate::lexicon::{self, Entry, Family};
use crate::normalise::{self, Effect};
use crate::place::{Place, Seen};
use crate::rules;
use crate::stops::next_stop;

/// What a symbol of the normalised text would be cannot be told from the text as it is.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAsItIs;

/// The first symbol of a text as the API gives it, if normalising would not change the answer.
pub fn first_symbol_as_it_is(text: &str) -> Result<Option<&'static Entry>, NotAsItIs> {
    scan::<true>(text)
}

/// The first symbol of a normalised text. It may hold what would change once more, as the `&lt;` of `&amp;lt;` does.
pub fn first_symbol(text: &str) -> Option<&'static Entry> {
    scan::<false>(text).unwrap_or_default()
}

/// Scans until an entry is allowed.
///
/// With `RAW`, it goes on behind a change of section 2 as long as no symbol can come of it and no entry was weighed that
/// might depend on it. Where an answer does depend on one, before it or behind it, the text cannot be read as it is.
fn scan<const RAW: bool>(text: &str) -> Result<Option<&'static Entry>, NotAsItIs> {
    let seen = Seen::new(text);
    let mut from = 0;
    while let Some(at) = next_stop(text.as_bytes(), from) {
        from = at + 1;
        let symbol = symbol_at(&seen, at);
        if RAW && seen.is_in_doubt() {
            return Err(NotAsItIs);
        }
        if let Some(entry) = symbol {
            return if RAW && depends_on_change(entry, text, at) { Err(NotAsItIs) } else { Ok(Some(entry)) };
        }
        if RAW {
            match normalise::effect_at(text, at) {
                Effect::None => {}
                Effect::Harmless(end) if seen.pass_change(end) => from = end,
                Effect::Harmless(_) | Effect::Symbol => return Err(NotAsItIs),
            }
        }
        if seen.masked_to() > from {
            let masked = from.max(seen.plain_to())..seen.masked_to();
            if RAW && !masked.is_empty() && normalise::changes_within(text, masked) {
                return Err(NotAsItIs);
            }
            from = seen.masked_to();
        }
    }
    Ok(None)
}

/// Whether `entry`, found at `start` in the text as it is, might be refused because of a change that follows.
///
/// An emoji asks for a joiner behind it. Most other rules look at a run and at what touches it, which a space ends; 5.3,
/// L7 and L8 look further.
fn depends_on_change(entry: &Entry, text: &str, start: usize) -> bool {
    let end = start + entry.symbol.len();
    match entry.family {
        Family::Emoji => text[normalise::after_deletions(text, end)..].starts_with(normalise::ZWJ),
        Family::Spaced | Family::Inverted => normalise::changes_within(text, end..text.len()),
        Family::Kaomoji | Family::TextHeart | Family::Face => {
            let to_space = text.as_bytes()[end..].iter().position(|&byte| byte == b' ');
            let length = to_space.unwrap_or(text.len() - end);
            length > 0 && normalise::changes_within(text, end..end + length)
        }
    }
}

/// The symbol at a stop.
#[inline]
fn symbol_at(seen: &Seen, at: usize) -> Option<&'static Entry> {
    let rest = &seen.text.as_bytes()[at..];
    if rest.starts_with(b":/") && seen.meets_link(at) {
        return None;
    }
    let longest = lexicon::longest_at(rest)?;
    let place = Place::new(seen, at)?;
    longest.and_shorter().find(|entry| rules::is_allowed(entry, &place))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text can be labelled as it is, which is to say without an allocation.
    #[test]
    fn a_text_is_read_as_it_comes_unless_the_answer_may_change() {
        for (text, want) in [
            ("", Ok(None)),
            ("ação “já” :) 😂…", Ok(Some(":)"))),
            ("@a #b https://t.co/c www.d.e :(", Ok(Some(":("))),
            (":) &copy; 👨\u{200D}👩", Ok(Some(":)"))),
            // changes of which no symbol can come
            ("a &amp; b", Ok(None)),
            ("d’água — “já” ➡\u{FE0F} 🤷🏽\u{200D}♂\u{FE0F}", Ok(None)),
            ("a &amp; b :D", Ok(Some(":D"))),
            ("&gt; 30 😂", Ok(Some("😂"))),
            // changes of which one can
            ("te amo &lt;3", Err(NotAsItIs)),
            ("：)", Err(NotAsItIs)),
            (":\u{200B})", Err(NotAsItIs)),
            ("&amp;&lt;", Err(NotAsItIs)),
            // before a symbol
            ("1\u{200B}:3", Err(NotAsItIs)),
            ("www．a.b/:)", Err(NotAsItIs)),
            ("（ a:)", Err(NotAsItIs)), // depth
            // behind it
            (":) e ❤\u{FE0F}", Ok(Some(":)"))), // behind the space that ends what decides
            (":)❤\u{FE0F}", Err(NotAsItIs)),
            ("👍🏽 👏🏽", Ok(Some("👍"))),
            ("❤\u{FE0F}.", Ok(Some("❤"))),
            ("❤\u{FE0F}\u{200D}🔥", Err(NotAsItIs)),
            (": ) ❤\u{FE0F}", Err(NotAsItIs)), // 5.3 and L8 may look at all that follows
            ("D: ❤\u{FE0F}", Err(NotAsItIs)),
            (": (😂 http：//)", Err(NotAsItIs)),   // refused for a `)` that will be masked
            ("D:< www．a", Err(NotAsItIs)),        // refused for a word that will be masked
            ("xD\u{AD}a", Err(NotAsItIs)),         // which is none, as the next byte shows
            ("http://a/&nbsp;:)", Err(NotAsItIs)), // within a mask, which is shorter than it seems
        ] {
            assert_eq!(first_symbol_as_it_is(text).map(|entry| entry.map(|entry| entry.symbol)), want, "{text}");
        }
    }
}
