//! Section 3 of the specification: links, mentions, hashtags and leftover entities are not prose.
//!
//! Nothing is replaced: a masked text is its stretches of prose, and the masks are the gaps between them. The specification
//! masks links first, in passes of their own; the one pass here ends every other mask where a link starts, which is the same.

use std::cell::OnceCell;

use crate::neighbour::{Neighbour, is_word};
use crate::scan::{byte_table, first_pair};

/// A normalised text, seen through its masks.
pub struct Masked<'t> {
    text: &'t str,
    last_round_closer: OnceCell<Option<usize>>,
}

impl<'t> Masked<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, last_round_closer: OnceCell::new() }
    }

    /// Returns the stretches of prose from left to right. They are found as they are asked for.
    pub fn prose(&self) -> impl Iterator<Item = Prose<'t>> + use<'t> {
        let text = self.text;
        let mut next_start = Some(0);
        std::iter::from_fn(move || {
            let start = next_start?;
            let mask = next_mask(text, start);
            let end = mask.map_or(text.len(), |(at, _)| at);
            next_start = mask.map(|(at, length)| at + length);
            Some(Prose {
                text: &text[start..end],
                start,
                preceded_by: if start == 0 { Neighbour::Edge } else { Neighbour::Mask },
                followed_by: if mask.is_none() { Neighbour::Edge } else { Neighbour::Mask },
            })
        })
    }

    /// Returns whether the prose has a `)` at byte `from` or later. The last one is looked up once, so that a text full of
    /// spaced smileys still takes linear time.
    pub fn has_round_closer_from(&self, from: usize) -> bool {
        let find_last = || self.prose().filter_map(|prose| Some(prose.start + prose.text.rfind(')')?)).last();
        self.last_round_closer.get_or_init(find_last).is_some_and(|last| last >= from)
    }
}

/// A stretch of text between two masks, or between a mask and an edge.
#[derive(Clone, Copy)]
pub struct Prose<'t> {
    pub text: &'t str,
    /// The position of `text` in the whole text.
    pub start: usize,
    preceded_by: Neighbour,
    followed_by: Neighbour,
}

impl Prose<'_> {
    /// Returns what precedes byte `at` of this stretch.
    pub fn before(&self, at: usize) -> Neighbour {
        self.text[..at].chars().next_back().map_or(self.preceded_by, Neighbour::Char)
    }

    /// Returns what follows at byte `at` of this stretch.
    pub fn after(&self, at: usize) -> Neighbour {
        self.text[at..].chars().next().map_or(self.followed_by, Neighbour::Char)
    }
}

/// The bytes that a mask may start with.
static MASK_STARTS: [bool; 256] = byte_table(b"hHw@#&");

/// Returns the position and the length of the first mask at `from` or later. `from` is an edge or the end of a mask.
fn next_mask(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        at = first_pair(text.as_bytes(), at, |byte, _| MASK_STARTS[usize::from(byte)])?;
        let is_after_word = text[from..at].chars().next_back().is_some_and(is_word);
        if let Some(length) = mask_length(&text[at..], is_after_word) {
            return Some((at, length));
        }
        at += 1;
    }
}

/// Returns the length of the mask that starts `text`, if one does.
fn mask_length(text: &str, is_after_word: bool) -> Option<usize> {
    match text.as_bytes().first()? {
        b'h' | b'H' => link(text),
        b'w' if !is_after_word => www(text),
        b'@' if !is_after_word => tag(text, |char| char.is_ascii_alphanumeric() || char == '_'),
        b'#' if !is_after_word => tag(text, is_word),
        b'&' => entity(text),
        _ => None,
    }
}

/// Steps 1 and 2: a t.co link in any case, which ends with its code, or another link, which ends at white space.
fn link(text: &str) -> Option<usize> {
    let [b'h' | b'H', b't' | b'T', ..] = text.as_bytes() else {
        return None; // a quick check before the comparisons below
    };
    let scheme = ["https:", "http:"].into_iter().find(|scheme| starts_with_any_case(text, scheme))?;
    let rest = &text[scheme.len()..];
    if starts_with_any_case(rest, "//t.co/") {
        let start = scheme.len() + "//t.co/".len();
        return Some(start + text[start..].bytes().take_while(u8::is_ascii_alphanumeric).count());
    }
    let is_link = text.starts_with(scheme) && rest.starts_with('/');
    is_link.then(|| text.find(char::is_whitespace).unwrap_or(text.len()))
}

fn starts_with_any_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Step 3: a link without a scheme. A mask right after `www.` is not white space, so `www.` alone is masked then.
fn www(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("www.")?;
    let has_rest = rest.starts_with(|char: char| !char.is_whitespace());
    has_rest.then(|| "www.".len() + length_to_link(rest, |char| !char.is_whitespace()))
}

/// Steps 4 and 5: a mention or a hashtag, whose name consists of the characters that `is_name` accepts.
fn tag(text: &str, is_name: impl Fn(char) -> bool) -> Option<usize> {
    let length = length_to_link(&text[1..], is_name);
    (length > 0).then_some(1 + length)
}

/// Step 6: an HTML entity that is left because its author escaped it twice. In `P&amp;D`, `;D` is not a face.
fn entity(text: &str) -> Option<usize> {
    let (start, is_part, length_max): (usize, fn(&u8) -> bool, usize) = match text.as_bytes() {
        [b'&', b'#', b'x' | b'X', ..] => (3, u8::is_ascii_hexdigit, 6),
        [b'&', b'#', ..] => (2, u8::is_ascii_digit, 7),
        [b'&', first, ..] if first.is_ascii_alphabetic() => (2, u8::is_ascii_alphanumeric, 30),
        _ => return None,
    };
    let length = text[start..].bytes().take_while(is_part).count();
    let end = start + length;
    ((1..=length_max).contains(&length) && text[end..].starts_with(';')).then_some(end + 1)
}

/// Returns the length of the characters at the start of `text` that `belongs` accepts, up to the first link: links are
/// already masked when steps 3 to 5 run, so `@g1https://t.co/x` is a mention and a link.
fn length_to_link(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    let mut chars = text.char_indices();
    chars.find(|&(at, char)| !belongs(char) || link(&text[at..]).is_some()).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the text with every mask replaced by `¤`.
    fn masked(text: &str) -> String {
        let prose: Vec<_> = Masked::new(text).prose().map(|prose| prose.text).collect();
        prose.join("¤")
    }

    #[test]
    fn links_are_masked() {
        for (text, want) in [
            // step 1
            ("veja https://t.co/aB3 aqui", "veja ¤ aqui"),
            ("https://t.co/abc:)", "¤:)"),
            ("HTTPS://T.CO/abc:)", "¤:)"),
            ("http://t.co/:)", "¤:)"), // no letters, and still a t.co link
            ("https://t.co/abc…", "¤…"),
            ("fimhttps://t.co/abc", "fim¤"),
            ("https://t.co/ahttp://b:)", "¤://b:)"), // `ahttp` belongs to the first link
            // step 2
            ("http://a.com/x:) :)", "¤ :)"),
            ("https:/…", "¤"),
            ("https:// a", "¤ a"),
            ("http:a https:", "http:a https:"),
            ("https://t.coisa:)", "¤"),
            ("http://a/https://t.co/b:) c", "¤ c"),
            ("Http:/… HTTPS://a.com", "Http:/… HTTPS://a.com"), // only t.co links are matched in any case
            ("httpsx://a", "httpsx://a"),
            // step 3
            ("www.a.com:) b", "¤ b"),
            ("Www.a.com", "Www.a.com"),
            ("(www.a.com) b", "(¤ b"),
            ("awww.a.com", "awww.a.com"),
            ("www. a", "www. a"),
            ("www", "www"),
            ("www.a.com/https://t.co/b:)", "¤¤:)"),
            ("www.https://t.co/b", "¤¤"),
        ] {
            assert_eq!(masked(text), want, "{text}");
        }
    }

    #[test]
    fn mentions_hashtags_and_entities_are_masked() {
        for (text, want) in [
            // step 4
            ("@g1:)", "¤:)"),
            (".@g1 @", ".¤ @"),
            ("a@b.com", "a@b.com"),
            ("@joão", "¤ão"),
            ("@a@b", "¤¤"),
            (":@é", ":@é"),
            ("@g1https://t.co/b:)", "¤¤:)"),
            ("@https://t.co/b", "@¤"),
            // step 5
            ("#ForaX:)", "¤:)"),
            ("#ação2_b!", "¤!"),
            ("#e\u{301} #1\u{20E3}", "¤ ¤"),
            ("a#b # #! ", "a#b # #! "),
            ("#a#b", "¤¤"),
            ("#bhttps:/…", "¤¤"),
            ("#bHTTPS:/… #bHTTPS://T.CO/c", "¤:/… ¤¤"),
            ("##a", "#¤"),
            // step 6
            ("P&amp;D", "P¤D"),
            ("&ab; &a; &1a; &a1; &é;", "¤ &a; &1a; ¤ &é;"),
            ("&abcdefghijklmnopqrstuvwxyzabcde;", "¤"), // 31 letters
            ("&abcdefghijklmnopqrstuvwxyzabcdef;", "&abcdefghijklmnopqrstuvwxyzabcdef;"),
            ("&#1; &#1234567; &#12345678; &#; &#a;", "¤ ¤ &¤; &#; &¤;"), // with 8 digits it may be a hashtag
            ("&#x1; &#XaBcDeF; &#x1234567; &#x; &#xg;", "¤ ¤ &¤; &¤; &¤;"),
            ("&amp;amp; &&lt;;", "¤amp; &¤;"),
            ("&amp &am", "&amp &am"),
            ("@a&lt;#b&gt;", "¤¤¤¤"),
            ("www.a.b/?c&lt;d http://a&lt;b https://t.co/a&lt;b", "¤ ¤ ¤¤b"),
        ] {
            assert_eq!(masked(text), want, "{text}");
        }
    }

    #[test]
    fn a_neighbour_is_an_edge_a_mask_or_a_character() {
        let [first, second, third] = Masked::new("a @b:#c").prose().collect::<Vec<_>>()[..] else { panic!("expected 3 stretches") };
        assert_eq!((first.before(0), first.before(1)), (Neighbour::Edge, Neighbour::Char('a')));
        assert_eq!((first.after(1), first.after(2)), (Neighbour::Char(' '), Neighbour::Mask));
        assert_eq!((second.before(0), second.after(1)), (Neighbour::Mask, Neighbour::Mask));
        assert_eq!((third.before(0), third.after(0)), (Neighbour::Mask, Neighbour::Edge));
    }

    #[test]
    fn a_round_closer_counts_only_outside_masks() {
        for (text, from, want) in [
            ("a)", 0, true),
            ("a)", 1, true),
            ("a)", 2, false),
            ("http://a/)", 0, false),
            (") http://a/)", 0, true),
            (") http://a/)", 1, false),
            ("@a )", 1, true),
        ] {
            assert_eq!(Masked::new(text).has_round_closer_from(from), want, "{text} {from}");
        }
    }
}
