//! Half a surrogate pair, `\ud83d` alone: JSON as far as RFC 8259 goes, and no character.
//!
//! X sends one where it cuts a text inside an emoji. RAW keeps it as it came; whoever reads text needs a character.

/// What U+FFFD, the character for what is none, is in JSON. As long as what it replaces, so that places stay what they are.
const REPLACEMENT: &[u8; 6] = br"\ufffd";

/// The same JSON with U+FFFD for each half of a surrogate pair; `None` when there is none.
pub fn replaced(json: &[u8]) -> Option<Vec<u8>> {
    let mut text = None;
    let mut at = 0;
    // Only strings have a backslash.
    while let Some(next) = json.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += next;
        at += match (unit(json, at), unit(json, at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                text.get_or_insert_with(|| json.to_vec())[at..at + 6].copy_from_slice(REPLACEMENT);
                6
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
    }
    text
}

/// The UTF-16 unit that `\uXXXX` at this place stands for.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(br"\u")?;
    // `from_str_radix` takes a sign, which an escape never has.
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_is_one_unknown_character_and_whole_pairs_stay() {
        for (json, want) in [
            (r#""RT @planalto: \ud83d…""#, Some(r#""RT @planalto: \ufffd…""#)),
            (r#""\uDE00\uD83D""#, Some(r#""\ufffd\ufffd""#)), // the wrong way round
            (r#""\ud83d\ud83d\ude00\udc00""#, Some(r#""\ufffd\ud83d\ude00\ufffd""#)),
            (r#""\ud83d\u0041""#, Some(r#""\ufffd\u0041""#)),
            (r#""\ud83d\\ude00""#, Some(r#""\ufffd\\ude00""#)), // what follows is a backslash and `ude00`
            (r#""\ud83d\ude00 \u00e7\n""#, None),
            (r#""\\ud83d""#, None), // a backslash and `ud83d`
            (r#""\\\ud83d""#, Some(r#""\\\ufffd""#)),
            (r#""\ud83"#, None),
            (r#""\u+d83""#, None),
            ("\\", None),
            ("", None),
        ] {
            assert_eq!(replaced(json.as_bytes()).as_deref(), want.map(str::as_bytes), "{json}");
            assert!(want.is_none() || serde_json::from_str::<String>(want.unwrap()).is_ok(), "{json}");
        }
    }
}
