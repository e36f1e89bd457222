//! Replaces JSON that Rust cannot represent: bytes that are not UTF-8, half a surrogate pair (`\ud83d` alone), and numbers
//! beyond f64 (`1e400`).
//!
//! X sends half a pair when it cuts a text inside an emoji. RFC 8259 allows half a pair and any number. RAW keeps all of them as
//! received; a reader needs a character or a number.

use std::borrow::Cow;

/// U+FFFD (replacement character) as a JSON escape. It has the length of the escape it replaces, so byte offsets stay valid.
const REPLACEMENT: &[u8; 6] = br"\ufffd";
/// Replaces a number that is too large. No field accepts it, so the value is reported as malformed. The shortest such number
/// has five bytes (`1e309`); the remaining bytes are filled with blanks.
const NOT_WHOLE: &[u8; 3] = b"0.5";
/// Numbers from this value on are replaced. Parsers may disagree on whether a number just above the largest f64 is valid.
const TOO_LARGE: f64 = 1e308;

/// Returns the JSON with replacements, or `None` if there is nothing to replace.
pub fn repaired(json: &[u8]) -> Option<Vec<u8>> {
    let valid = String::from_utf8_lossy(json);
    let json = valid.as_bytes();
    let mut text = matches!(valid, Cow::Owned(_)).then(|| json.to_vec());
    let (mut at, mut in_string) = (0, false);
    while let Some(byte) = json.get(at) {
        at += match byte {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' => match (unit(json, at), unit(json, at + 6)) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
                (Some(0xD800..=0xDFFF), _) => {
                    text.get_or_insert_with(|| json.to_vec())[at..at + 6].copy_from_slice(REPLACEMENT);
                    6
                }
                (Some(_), _) => 6,
                (None, _) => 2,
            },
            b'0'..=b'9' if !in_string => {
                let number = number(&json[at..]);
                if number.parse::<f64>().is_ok_and(|value| value >= TOO_LARGE) {
                    let place = &mut text.get_or_insert_with(|| json.to_vec())[at..at + number.len()];
                    place.fill(b' ');
                    place[..NOT_WHOLE.len()].copy_from_slice(NOT_WHOLE);
                }
                number.len()
            }
            _ => 1,
        };
    }
    text
}

/// Returns the digits, point and exponent at the start.
fn number(json: &[u8]) -> &str {
    let length = json.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')).count();
    std::str::from_utf8(&json[..length]).unwrap_or_default()
}

/// Returns the UTF-16 code unit encoded by `\uXXXX` at offset `at`.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(br"\u")?;
    // `from_str_radix` accepts a sign, which an escape never contains.
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_rust_cannot_hold_is_replaced() {
        for (json, want) in [
            (r#""RT @planalto: \ud83d…""#, Some(r#""RT @planalto: \ufffd…""#)),
            (r#""\uDE00\uD83D""#, Some(r#""\ufffd\ufffd""#)), // in reverse order
            (r#""\ud83d\ud83d\ude00\udc00""#, Some(r#""\ufffd\ud83d\ude00\ufffd""#)),
            (r#""\ud83d\u0041""#, Some(r#""\ufffd\u0041""#)),
            (r#""\ud83d\\ude00""#, Some(r#""\ufffd\\ude00""#)), // followed by a backslash and `ude00`
            (r#""\ud83d\ude00 \u00e7\n""#, None),
            (r#""\\ud83d""#, None), // a backslash and `ud83d`
            (r#""\\\ud83d""#, Some(r#""\\\ufffd""#)),
            (r#""\ud83"#, None),
            (r#""\u+d83""#, None),
            (r#"{"n":[1e400,-1E+999, 2]}"#, Some(r#"{"n":[0.5  ,-0.5   , 2]}"#)),
            (r#"{"n":1e308}"#, Some(r#"{"n":0.5  }"#)),
            (r#"{"n":1e307,"t":"1e400 \"1e400"}"#, None),
            ("\\", None),
            ("", None),
        ] {
            assert_eq!(repaired(json.as_bytes()).as_deref(), want.map(str::as_bytes), "{json}");
            assert!(want.is_none() || serde_json::from_str::<serde_json::Value>(want.unwrap()).is_ok(), "{json}");
        }
    }

    #[test]
    fn invalid_utf8_becomes_the_replacement_character() {
        assert_eq!(repaired(b"\"a\xe7\xe3o\"").unwrap(), "\"a\u{fffd}\u{fffd}o\"".as_bytes());
    }
}
