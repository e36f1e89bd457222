//! Section 3 of the specification: links, mentions and hashtags are not prose.
//!
//! The masks are ranges of the text, found one by one as the search goes on, and never a copy of it. Each function says
//! where a mask ends that starts at a given place, provided that no earlier mask covers this place.

use std::ops::Range;

use crate::neighbour::{Neighbour, is_word};

/// Letters and digits, to be looked up: comparing each byte of the code of a link takes longer.
static ALPHANUMERIC: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// Where the mask ends that starts at `at`, if one does; `before` is what stands before `at`.
pub fn end_at(text: &str, at: usize, before: Neighbour) -> Option<usize> {
    match text.as_bytes().get(at)? {
        b'h' | b'H' => link_end(text, at),
        b'@' | b'#' | b'w' => tag_end(text, at, before),
        _ => None,
    }
}

/// Whether a mask may start with `byte`: a quick look before [`end_at`].
pub fn may_start_with(byte: u8) -> bool {
    matches!(byte, b'h' | b'H' | b'@' | b'#' | b'w')
}

/// The end of the link (steps 1 and 2) whose scheme ends with the colon at `colon` and starts at `from` or after.
///
/// Nearly all that looks like the face `:/` is such a link, and no tag can cover it, since links are masked first.
pub fn link_around(text: &str, colon: usize, from: usize) -> Option<usize> {
    link_end(text, colon - scheme_length(&text.as_bytes()[from..colon])?)
}

/// Whether a mask starts within `range`; `before` stands before it.
///
/// What occurs there is not a symbol: it holds the `@` of a mention.
pub fn starts_within(text: &str, range: Range<usize>, before: Neighbour) -> bool {
    let mut before = before;
    text[range.clone()].char_indices().any(|(index, char)| {
        let starts = end_at(text, range.start + index, before).is_some();
        before = Neighbour::Char(char);
        starts
    })
}

/// The end of the link that starts at `at`: step 1, a t.co link in any case, or else step 2, any other in lower case.
fn link_end(text: &str, at: usize) -> Option<usize> {
    let from_here = &text.as_bytes()[at..];
    let after_colon = after_scheme(from_here)?;
    match after_colon {
        [b'/', b'/', b't' | b'T', b'.', b'c' | b'C', b'o' | b'O', b'/', code @ ..] => {
            Some(text.len() - code.len() + count(code, |&byte| ALPHANUMERIC[usize::from(byte)]))
        }
        [b'/', ..] if from_here.starts_with(b"http:") || from_here.starts_with(b"https:") => {
            let slashes = text.len() - after_colon.len();
            Some(text[slashes..].find(char::is_whitespace).map_or(text.len(), |length| slashes + length))
        }
        _ => None,
    }
}

/// The end of the mention, hashtag or `www.` link that starts at `at`: steps 3 to 5.
///
/// They are one pass over the text as it stands, so a mask already set counts as the mask it is: both `#a` and `#b` of
/// `#a#b` are masked.
fn tag_end(text: &str, at: usize, before: Neighbour) -> Option<usize> {
    if before.is_word() {
        return None;
    }
    let bytes = &text.as_bytes()[at..];
    let (marker, end) = match bytes.first()? {
        b'@' => (1, 1 + count(&bytes[1..], |&byte| byte.is_ascii_alphanumeric() || byte == b'_')),
        b'#' => (1, text[at + 1..].find(|char| !is_word(char)).map_or(bytes.len(), |length| 1 + length)),
        b'w' if bytes.starts_with(b"www.") => return www_end(text, at + 4),
        _ => return None,
    };
    // A link in the same word was masked before: `@g1https://t.co/x` is a mention and a link.
    let scheme = scheme_length(&bytes[marker..end]).filter(|length| link_end(text, at + end - length).is_some());
    let end = end - scheme.unwrap_or(0);
    (end > marker).then_some(at + end)
}

/// The end of a link without a scheme; `from` is after its `www.`. What follows may be a mask, which is no white space:
/// then the `www.` alone is masked.
fn www_end(text: &str, from: usize) -> Option<usize> {
    let ends = |(index, char): &(usize, char)| char.is_whitespace() || matches!(char, 'h' | 'H') && link_end(text, from + index).is_some();
    let length = text[from..].char_indices().find(ends).map_or(text.len() - from, |(index, _)| index);
    text[from..].starts_with(|char: char| !char.is_whitespace()).then_some(from + length)
}

/// What follows the `http:` or `https:` that `bytes` starts with.
fn after_scheme(bytes: &[u8]) -> Option<&[u8]> {
    let [b'h' | b'H', b't' | b'T', b't' | b'T', b'p' | b'P', rest @ ..] = bytes else {
        return None;
    };
    match rest {
        [b':', rest @ ..] | [b's' | b'S', b':', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// How long the `http` or `https` is that `bytes` ends with.
fn scheme_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [.., b'h' | b'H', b't' | b'T', b't' | b'T', b'p' | b'P'] => Some("http".len()),
        [.., b'h' | b'H', b't' | b'T', b't' | b'T', b'p' | b'P', b's' | b'S'] => Some("https".len()),
        _ => None,
    }
}

fn count(bytes: &[u8], belongs: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().position(|byte| !belongs(byte)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with every mask replaced by `¤`, found the way the search finds them.
    fn masked(text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        let mut before = Neighbour::Edge;
        while let Some(char) = text[at..].chars().next() {
            if let Some(end) = end_at(text, at, before) {
                out.push('¤');
                (at, before) = (end, Neighbour::Mask);
            } else {
                out.push(char);
                (at, before) = (at + char.len_utf8(), Neighbour::Char(char));
            }
        }
        out
    }

    #[test]
    fn masks_are_where_the_specification_puts_them() {
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
            ("Http:/… HTTPS://a.com", "Http:/… HTTPS://a.com"), // any case is said of t.co only
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
        ] {
            assert_eq!(masked(text), want, "{text}");
        }
    }

    #[test]
    fn a_link_is_found_by_its_colon() {
        for (text, colon, from, want) in [
            ("a https://b c", 7, 0, Some(11)),
            ("http:/", 4, 0, Some(6)),
            ("http:/", 4, 1, None), // its first letter belongs to an earlier mask
            ("ttp:/", 3, 0, None),
            ("http: /", 4, 0, None),
            (":/", 0, 0, None),
        ] {
            assert_eq!(link_around(text, colon, from), want, "{text} {from}");
        }
    }

    #[test]
    fn no_symbol_holds_the_start_of_a_mask() {
        for (text, range, want) in [(":@g1", 0..2, true), (":@ g1", 0..2, false), (":@g1", 0..1, false)] {
            assert_eq!(starts_within(text, range.clone(), Neighbour::Edge), want, "{text} {range:?}");
        }
    }
}
