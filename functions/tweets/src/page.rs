//! One answer of recent search, each post kept as the bytes that X sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::TweetId;
use crate::includes::Includes;

/// A post as it came: what the sweep needs to know of it, and its JSON, untouched.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its id.
    pub id: TweetId,
    /// `created_at` as sent; the time in the id when the field is missing or unreadable.
    pub created_at: DateTime<Utc>,
    pub(crate) json: Box<RawValue>,
    pub(crate) includes: Arc<Includes>,
}

/// One page of recent search.
#[derive(Debug, Default)]
pub struct Page {
    /// Posts in the order of the answer.
    pub posts: Vec<Post>,
    /// Where the API goes on; absent on the last page only.
    pub next_token: Option<String>,
    /// Partial errors by the last segment of their `type`.
    pub problems: BTreeMap<String, u64>,
    /// Users in `includes`; each is billed.
    pub included_users: u64,
    /// Posts in `includes`; each is billed.
    pub included_posts: u64,
}

/// The body is not an answer of recent search; the place is told, the text never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a page of posts (line {line}, column {column})")]
pub struct NotAPage {
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for NotAPage {
    fn from(error: serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column() }
    }
}

#[derive(Deserialize)]
struct Body {
    data: Option<Vec<Box<RawValue>>>,
    includes: Option<Includes>,
    errors: Option<Vec<Problem>>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Problem {
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Known {
    id: TweetId,
    created_at: Option<String>,
}

impl Page {
    /// Reads the body of a 200 answer.
    ///
    /// # Errors
    /// [`NotAPage`] for anything but a JSON object with `meta` or `data`, and for a post without an id: such a body is
    /// taken for a damaged one and asked for again, because a page that is half understood could lose posts.
    pub fn parse(body: &[u8]) -> Result<Self, NotAPage> {
        let Body { data, includes, errors, meta } = serde_json::from_slice(body)?;
        if data.is_none() && meta.is_none() {
            return Err(NotAPage { line: 1, column: 1 });
        }
        let includes = Arc::new(includes.unwrap_or_default());
        let count = |kinds: &[&str]| kinds.iter().filter_map(|kind| includes.get(*kind)).map(|objects| objects.len() as u64).sum();
        Ok(Self {
            next_token: meta.and_then(|meta| meta.next_token),
            problems: by_type(&errors.unwrap_or_default()),
            included_users: count(&["users"]),
            included_posts: count(&["tweets", "posts"]),
            posts: data
                .unwrap_or_default()
                .into_iter()
                .map(|json| {
                    let Known { id, created_at } = serde_json::from_str(json.get())?;
                    let created_at = created_at.as_deref().and_then(crate::parse_created_at).unwrap_or_else(|| id.created_at());
                    Ok(Post { id, created_at, json, includes: Arc::clone(&includes) })
                })
                .collect::<Result<_, serde_json::Error>>()?,
        })
    }
}

fn by_type(problems: &[Problem]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for problem in problems {
        // The same types stand under two hosts, so the last segment is the name.
        let name = problem.r#type.as_deref().and_then(|url| url.rsplit('/').next()).unwrap_or("unknown");
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_the_bytes_of_each_post() {
        let odd = r#"{"id":"7", "text" : "a\u00e7\ud83d\ude00", "n": 1.0e2, "created_at":"2026-11-23T14:05:00.000Z"}"#;
        let page = Page::parse(format!(r#"{{"data":[{odd}],"meta":{{"next_token":"t"}}}}"#).as_bytes()).unwrap();
        assert_eq!(page.posts[0].json.get(), odd);
        assert_eq!(page.posts[0].created_at.to_rfc3339(), "2026-11-23T14:05:00+00:00");
        assert_eq!(page.next_token.as_deref(), Some("t"));
    }

    #[test]
    fn nothing_found_is_a_page() {
        let page = Page::parse(br#"{"meta":{"result_count":0}}"#).unwrap();
        assert!(page.posts.is_empty() && page.next_token.is_none());
    }

    #[test]
    fn problems_are_counted_by_the_end_of_their_type() {
        let body = br#"{"meta":{},"errors":[{"type":"https://api.x.com/2/problems/resource-not-found"},{"type":"https://api.twitter.com/2/problems/resource-not-found"},{}]}"#;
        let page = Page::parse(body).unwrap();
        assert_eq!(page.problems.into_iter().collect::<Vec<_>>(), [("resource-not-found".into(), 2), ("unknown".into(), 1)]);
    }

    #[test]
    fn what_is_no_page_is_refused_by_its_place_alone() {
        for (body, want) in [
            ("", "line 1, column 0"),
            ("<html>", "line 1, column 1"),
            ("[]", "line 1, column"),
            ("{}", "line 1, column 1"), // an answer without `meta` and `data` says nothing about the span asked for
            (r#"{"data":[{"text":"segredo"}]}"#, "line 1, column"),
            (r#"{"data":[{"id":"segredo"}]}"#, "line 1, column"),
            (r#"{"data":[{"id":"1"},"#, "line 1, column"),
        ] {
            let error = Page::parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(want) && !error.contains("segredo"), "{body}: {error}");
        }
    }
}
