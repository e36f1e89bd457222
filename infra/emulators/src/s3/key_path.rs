//! Maps a key to a path below its bucket's folder, and back. Pure and injective: no two keys share a path.
//!
//! The path is the key itself wherever a file system can store it. Any other component is percent-encoded after the
//! mark `%~`, which distinguishes it from a component that merely looks encoded:
//!
//! | component of the key | on disk |
//! | --- | --- |
//! | `ano=2026`, `a b+ç%2F` | the same |
//! | empty, `.`, `..` | `%~.`, `%~.%2E`, `%~.%2E%2E` |
//! | with a control character or `\`, or starting with `%~` | `%~.` and the component, those characters and `%` encoded |
//! | over 255 bytes | folders `%~+…` of at most 240 bytes, the last piece `%~.…` |
//! | the last one, where a folder has its path (keys `a` and `a/b`) | `%~=` and the component |
//!
//! Limitation: on a case-insensitive file system, two keys that differ only in case are one file.

use std::fmt::Write as _;

use percent_encoding::percent_decode_str;

const MARK: &str = "%~";
/// Marks a piece that continues in the next path component.
const GOES_ON: char = '+';
/// Marks the last piece of an encoded component.
const LAST: char = '.';
/// Marks the last piece of a component whose usual path is a folder.
const BESIDE_FOLDER: char = '=';
/// Limit of Linux, macOS and Windows file systems.
const COMPONENT_BYTES: usize = 255;
/// Leaves room for the mark.
const PIECE_BYTES: usize = 240;

/// Returns the usual path components of a key.
pub(super) fn usual(key: &str) -> Vec<String> {
    key.split('/').flat_map(component).collect()
}

/// Returns the path components of a key whose usual path is a folder.
pub(super) fn beside_folder(key: &str) -> Vec<String> {
    let (folders, name) = key.rsplit_once('/').map_or((None, key), |(folders, name)| (Some(folders), name));
    let mut path = folders.map(usual).unwrap_or_default();
    path.extend(pieces(&encoded(name), BESIDE_FOLDER));
    path
}

/// Returns the key of a path; `None` if neither [`usual`] nor [`beside_folder`] maps a key to it.
pub(super) fn key(path: &[String]) -> Option<String> {
    let mut components = Vec::new();
    let mut open = String::new();
    for name in path {
        match name.strip_prefix(MARK) {
            None => components.push(name.clone()),
            Some(marked) => {
                let kind = marked.chars().next()?;
                open.push_str(&marked[kind.len_utf8()..]);
                if kind != GOES_ON {
                    components.push(percent_decode_str(&std::mem::take(&mut open)).decode_utf8().ok()?.into_owned());
                }
            }
        }
    }
    let key = components.join("/");
    (usual(&key) == path || beside_folder(&key) == path).then_some(key)
}

fn component(text: &str) -> Vec<String> {
    let fits = !text.is_empty() && text.len() <= COMPONENT_BYTES && !is_dots(text);
    if fits && !text.starts_with(MARK) && !text.chars().any(is_refused) && !ends_badly(text) {
        vec![text.to_owned()]
    } else {
        pieces(&encoded(text), LAST)
    }
}

fn is_dots(text: &str) -> bool {
    matches!(text, "." | "..")
}

/// Returns whether a character must be encoded. `\` separates folders on Windows, which also refuses the others.
fn is_refused(c: char) -> bool {
    c.is_ascii_control() || c == '\\' || (cfg!(windows) && "<>:\"|?*".contains(c))
}

fn ends_badly(text: &str) -> bool {
    cfg!(windows) && text.ends_with(['.', ' '])
}

fn encoded(text: &str) -> String {
    let everything = is_dots(text) || ends_badly(text);
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '%' || is_refused(c) || (everything && matches!(c, '.' | ' ')) {
            // All of them are ASCII, so this is one byte.
            let _ = write!(encoded, "%{:02X}", u32::from(c));
        } else {
            encoded.push(c);
        }
    }
    encoded
}

fn pieces(mut encoded: &str, last: char) -> Vec<String> {
    let mut pieces = Vec::new();
    while encoded.len() > PIECE_BYTES {
        let (piece, rest) = encoded.split_at(encoded.floor_char_boundary(PIECE_BYTES));
        pieces.push(format!("{MARK}{GOES_ON}{piece}"));
        encoded = rest;
    }
    pieces.push(format!("{MARK}{last}{encoded}"));
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_its_own_path_if_a_file_system_allows_it() {
        for (key, want) in [
            ("tweets/ano=2026/mes=02/dia=29/2026-02-29T23-59Z_1_2.json", "tweets/ano=2026/mes=02/dia=29/2026-02-29T23-59Z_1_2.json"),
            ("a b+c=ç/😀%2F.json", "a b+c=ç/😀%2F.json"),
            (".hidden", ".hidden"),
            ("...", "..."),
            ("", "%~."),
            ("folder/", "folder/%~."),
            ("//", "%~./%~./%~."),
            (".", "%~.%2E"),
            ("../../etc/passwd", "%~.%2E%2E/%~.%2E%2E/etc/passwd"),
            ("/etc/passwd", "%~./etc/passwd"),
            ("a\0b\n", "%~.a%00b%0A"),
            ("..\\..\\x", "%~...%5C..%5Cx"),
            ("%~.x", "%~.%25~.x"),
        ] {
            assert_eq!(usual(key).join("/"), want, "{key:?}");
        }
        assert_eq!(beside_folder("a/b%").join("/"), "a/%~=b%25");
    }

    #[test]
    fn long_components_are_cut_between_characters() {
        let long = "é".repeat(500);
        assert!(usual(&long).len() > 3);
        assert_eq!(usual(&"x".repeat(255)).len(), 1);
        assert_eq!(usual(&"x".repeat(256)).len(), 2);
        assert_eq!(beside_folder(&"%".repeat(255)).len(), 4);
    }

    #[test]
    fn a_path_that_no_key_maps_to_has_no_key() {
        for path in ["%~", "%~x", "%~.plain", "%~+a", "%~+a/b", "%~.%2e", "%~.%FF"] {
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            assert_eq!(key(&path), None, "{path:?}");
        }
    }

    fn keys() -> impl Strategy<Value = String> {
        let piece = prop_oneof!["[%~+.=/a\\\\]{0,6}", "[.]{0,3}", ".{0,20}", "(%~[+.=])?[a-c%]{230,270}", "é{110,140}"];
        prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.join("/"))
    }

    proptest! {
        #[test]
        fn every_path_is_decoded_to_its_key(text in keys()) {
            for path in [usual(&text), beside_folder(&text)] {
                prop_assert_eq!(key(&path), Some(text.clone()));
                for name in &path {
                    prop_assert!(!name.is_empty() && name.len() <= COMPONENT_BYTES && !is_dots(name));
                    prop_assert!(!name.contains(['/', '\\', '\0']));
                }
            }
            prop_assert_ne!(usual(&text), beside_folder(&text));
        }
    }
}
