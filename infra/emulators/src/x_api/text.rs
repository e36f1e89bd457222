//! The forms of a text in a response of X: escaped, cut to the length of `text`, in ASCII.

use std::fmt::Write as _;

use super::object::raw;

/// Maximum number of characters in `text`; longer texts go into the note.
const TEXT_MAX: usize = 280;

/// Applies the escapes of X to a text.
pub(super) fn escape(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns the beginning of a text that is too long for `text`; `None` if all of it fits.
pub(super) fn shorten(escaped: &str) -> Option<String> {
    let plain = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    if plain.chars().count() <= TEXT_MAX {
        return None;
    }
    let head: String = plain.chars().take(TEXT_MAX - 1).collect();
    let whole_words = head.rfind(char::is_whitespace).map_or(head.as_str(), |space| &head[..space]);
    Some(escape(whole_words.trim_end()) + "…")
}

/// Formats a JSON string with every character outside ASCII as `\uXXXX`, as some writers do.
pub(super) fn ascii_json(text: &str) -> String {
    let mut ascii = String::new();
    for character in raw(&text).get().chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_word_and_marked() {
        assert_eq!(shorten("curto &amp; bom"), None);
        let long = "á&amp;b ".repeat(80);
        let short = shorten(&long).unwrap();
        assert!(short.ends_with("á&amp;b…"), "{short}");
        assert_eq!(short.replace("&amp;", "&").chars().count(), 276, "one more word would make 280 without the ellipsis");
    }

    #[test]
    fn ascii_json_has_the_same_meaning() {
        let text = "çé 😀 \"x\"\n";
        let ascii = ascii_json(text);
        assert!(ascii.is_ascii());
        assert_eq!(serde_json::from_str::<String>(&ascii).unwrap(), text);
    }
}
