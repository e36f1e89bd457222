//! Computes one page of `ListObjectsV2`: its keys, its common prefixes, and the start of the next page. Pure.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Maximum number of keys and common prefixes in a page; a greater request is reduced to it.
/// Source: `ListObjectsV2` in the Amazon S3 API Reference, parameter `max-keys`.
pub(super) const MAX_KEYS: usize = 1_000;

/// The request for a page. Empty strings mean "not given", as in S3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub prefix: String,
    pub delimiter: String,
    pub after: Position,
    pub max_keys: usize,
}

/// The position of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Past this key.
    Key(String),
    /// Past every key that starts with this common prefix.
    Prefix(String),
}

impl Default for Position {
    fn default() -> Self {
        Self::Key(String::new())
    }
}

impl Position {
    /// Returns an opaque continuation token, of characters that need no escape in XML or in a query.
    pub fn token(&self) -> String {
        let (kind, text) = match self {
            Self::Key(key) => ('k', key),
            Self::Prefix(prefix) => ('p', prefix),
        };
        format!("{kind}{}", utf8_percent_encode(text, NON_ALPHANUMERIC)).replace('%', "_")
    }

    /// Parses a continuation token; `None` if it is not one of ours.
    pub fn parse(token: &str) -> Option<Self> {
        let kind = token.chars().next()?;
        let text = token.strip_prefix(['k', 'p'])?.replace('_', "%");
        let text = percent_decode_str(&text).decode_utf8().ok()?.into_owned();
        let position = if kind == 'k' { Self::Key(text) } else { Self::Prefix(text) };
        (position.token() == token).then_some(position)
    }

    fn is_before(&self, key: &str) -> bool {
        match self {
            Self::Key(last) => key > last.as_str(),
            Self::Prefix(last) => key > last.as_str() && !key.starts_with(last.as_str()),
        }
    }
}

/// One page, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub keys: Vec<String>,
    pub common_prefixes: Vec<String>,
    /// Start of the next page; `None` on the last page.
    pub next: Option<Position>,
}

/// Selects a page from `keys`, which are sorted and all start with the prefix.
pub(super) fn page(keys: impl IntoIterator<Item = String>, query: &Query) -> Page {
    let max_keys = query.max_keys.min(MAX_KEYS);
    let mut page = Page::default();
    let mut position = query.after.clone();
    if max_keys == 0 {
        return page;
    }
    for key in keys {
        if !position.is_before(&key) {
            continue;
        }
        if page.keys.len() + page.common_prefixes.len() == max_keys {
            page.next = Some(position);
            return page;
        }
        if let Some(prefix) = common_prefix(&key, query) {
            page.common_prefixes.push(prefix.to_owned());
            position = Position::Prefix(prefix.to_owned());
        } else {
            position = Position::Key(key.clone());
            page.keys.push(key);
        }
    }
    page
}

/// Returns the key up to and including the first delimiter after the prefix.
fn common_prefix<'a>(key: &'a str, query: &Query) -> Option<&'a str> {
    if query.delimiter.is_empty() {
        return None;
    }
    let start = query.prefix.len();
    let found = key.get(start..)?.find(&query.delimiter)?;
    key.get(..start + found + query.delimiter.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_any_size_cover_every_key_once() {
        let keys = ["a", "a/1", "a/2", "a/b/3", "b", "c/", "c/x", "d+ é", "z"];
        for (prefix, delimiter, want) in [
            ("", "", &["a", "a/1", "a/2", "a/b/3", "b", "c/", "c/x", "d+ é", "z"][..]),
            ("", "/", &["a", "a/", "b", "c/", "d+ é", "z"]),
            ("a/", "/", &["a/1", "a/2", "a/b/"]),
            ("a", "", &["a", "a/1", "a/2", "a/b/3"]),
            ("a/b", "/", &["a/b/"]),
            ("nothing", "/", &[]),
        ] {
            for max_keys in 1..=10 {
                let mut query = Query { prefix: prefix.into(), delimiter: delimiter.into(), max_keys, ..Query::default() };
                let mut got = Vec::new();
                loop {
                    let matching = keys.iter().filter(|key| key.starts_with(prefix)).map(ToString::to_string);
                    let page = page(matching, &query);
                    got.extend(page.keys);
                    got.extend(page.common_prefixes);
                    let Some(next) = page.next else { break };
                    query.after = Position::parse(&next.token()).expect("our own token");
                }
                got.sort();
                assert_eq!(got, want, "prefix {prefix:?}, delimiter {delimiter:?}, {max_keys} a page");
            }
        }
    }

    #[test]
    fn a_token_we_did_not_make_is_refused() {
        for token in ["", "x", "k%20", "q", "k_zz", "ké", "k_C3"] {
            assert_eq!(Position::parse(token), None, "{token:?}");
        }
    }
}
