//! Reads the bearer token of `live`. It is kept in memory and never printed.

use std::fs;
use std::io::{IsTerminal as _, Read as _, stdin};
use std::path::Path;

use ingest::BearerToken;

use crate::{Outcome, Variable};

const VARIABLE: &str = "X_BEARER_TOKEN";
/// A token has about a hundred characters; a large file of another kind is not read to its end.
const BYTES_MAX: u64 = 64 << 10;

/// Reads the token, bare or as `{"bearer_token": "…"}`: from the file, from standard input for `-`, else from the
/// environment.
pub(super) fn read(file: Option<&Path>, variable: Variable) -> Outcome<String> {
    let (text, place) = match file {
        Some(file) if file == Path::new("-") => {
            if stdin().is_terminal() {
                return Err("a token typed here would stay on the screen; pipe it in, or use --token-file FILE".into());
            }
            (
                read_some(stdin()).map_err(|error| format!("cannot read the token from standard input: {error}"))?,
                "standard input".to_owned(),
            )
        }
        Some(file) => {
            let (text, place) = (fs::File::open(file).and_then(read_some), shown(file));
            (text.map_err(|error| format!("cannot read the token from {place}: {error}"))?, place)
        }
        None => match variable(VARIABLE) {
            Some(text) => (text, VARIABLE.to_owned()),
            None => return Err(format!("there is no token; set {VARIABLE}, or name a file with --token-file FILE").into()),
        },
    };
    match BearerToken::parse(&text) {
        Some(_) => Ok(text),
        None => Err(format!("{place} holds no bearer token; it must be the token alone, or {{\"bearer_token\": \"…\"}}").into()),
    }
}

/// Returns the name of the file for a message, or a placeholder if the argument may be the token itself.
fn shown(file: &Path) -> String {
    const SEGMENT_BYTES_MAX: usize = 64;
    let text = file.display().to_string();
    let is_path = text.contains(['/', '\\', '.']) && text.split(['/', '\\']).all(|segment| segment.len() <= SEGMENT_BYTES_MAX);
    if is_path { text } else { "the file that --token-file names".to_owned() }
}

/// Decodes the text from UTF-8 or, as Windows PowerShell writes it, from UTF-16 with a byte order mark.
fn read_some(reader: impl std::io::Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    reader.take(BYTES_MAX).read_to_end(&mut bytes)?;
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return String::from_utf8(bytes).map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not text")),
    };
    let units = bytes.as_chunks().0.iter().map(|pair| unit(*pair));
    Ok(char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_in_the_encodings_of_common_editors() {
        let utf_16 = |mark: char, bytes: fn(u16) -> [u8; 2]| format!("{mark}AAA%2F\r\n").encode_utf16().flat_map(bytes).collect::<Vec<_>>();
        for bytes in [
            b"AAA%2F".to_vec(),
            b"\xef\xbb\xbfAAA%2F\n".to_vec(),
            utf_16('\u{feff}', u16::to_le_bytes),
            utf_16('\u{feff}', u16::to_be_bytes),
        ] {
            assert_eq!(BearerToken::parse(&read_some(&bytes[..]).unwrap()), BearerToken::parse("AAA%2F"), "{bytes:?}");
        }
        assert!(read_some(&b"\xff\xffAAA"[..]).is_err());
    }

    #[test]
    fn a_token_given_as_a_file_name_is_not_repeated() {
        for (file, want) in [
            ("token.txt", "token.txt"),
            ("/nowhere/token", "/nowhere/token"),
            ("AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid", "the file that --token-file names"),
        ] {
            assert_eq!(shown(Path::new(file)), want);
        }
    }
}
