//! One answer of recent search, each post kept as the bytes that X sent.

use std::borrow::Cow;
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
    /// Partial errors by the last segment of their `type`; and what this page had that cannot be kept as it is, under
    /// [`POST_WITHOUT_ID`] and [`BYTES_NOT_UTF8`].
    pub problems: BTreeMap<String, u64>,
    /// Users in `includes`; each is billed.
    pub included_users: u64,
    /// Posts in `includes`; each is billed.
    pub included_posts: u64,
}

/// Posts that were left out because they have no id to be known by; the others of the page are kept.
pub const POST_WITHOUT_ID: &str = "post-without-id";
/// Places where bytes that are no UTF-8 were replaced by U+FFFD: JSON cannot hold them, and no reader of RAW could go on.
pub const BYTES_NOT_UTF8: &str = "bytes-not-utf8";

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
struct Body<'a> {
    data: Option<Vec<Box<RawValue>>>,
    #[serde(borrow)]
    includes: Option<BTreeMap<String, &'a RawValue>>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
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
struct Known<'a> {
    id: TweetId,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
}

impl Page {
    /// Reads the body of a 200 answer.
    ///
    /// # Errors
    /// [`NotAPage`] for anything but a JSON object with `meta` or `data`, and for posts of which none has an id: such a body
    /// is taken for a damaged one and asked for again, because a page that is not understood could lose posts.
    pub fn parse(body: &[u8]) -> Result<Self, NotAPage> {
        let text = String::from_utf8_lossy(body);
        let Body { data, includes, errors, meta } = serde_json::from_str(&text)?;
        if data.is_none() && meta.is_none() {
            return Err(NotAPage { line: 1, column: 1 });
        }
        let includes = Arc::new(lists(includes.unwrap_or_default()));
        let count = |kinds: &[&str]| kinds.iter().filter_map(|kind| includes.get(*kind)).map(|objects| objects.len() as u64).sum();
        let mut page = Self {
            next_token: meta.and_then(|meta| meta.next_token),
            problems: by_type(errors),
            included_users: count(&["users"]),
            included_posts: count(&["tweets", "posts"]),
            posts: Vec::new(),
        };
        let mut without_id = None;
        for json in data.unwrap_or_default() {
            match known(&json) {
                Ok((id, created_at)) => page.posts.push(Post { id, created_at, json, includes: Arc::clone(&includes) }),
                Err(error) => {
                    *page.problems.entry(POST_WITHOUT_ID.to_owned()).or_default() += 1;
                    without_id = Some(error);
                }
            }
        }
        if let (true, Some(error)) = (page.posts.is_empty(), without_id) {
            return Err(error.into());
        }
        if let Cow::Owned(_) = text {
            let replaced = body.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
            page.problems.insert(BYTES_NOT_UTF8.to_owned(), replaced as u64);
        }
        Ok(page)
    }
}

/// The id of a post and when it was created.
fn known(post: &RawValue) -> Result<(TweetId, DateTime<Utc>), serde_json::Error> {
    let Known { id, created_at } = serde_json::from_str(post.get())?;
    let created_at = created_at.and_then(|text| crate::parse_created_at(&serde_json::from_str::<String>(text.get()).ok()?));
    Ok((id, created_at.unwrap_or_else(|| id.created_at())))
}

/// The lists of `includes`; what is none holds no objects that a post could refer to.
fn lists(includes: BTreeMap<String, &RawValue>) -> Includes {
    includes.into_iter().filter_map(|(kind, objects)| Some((kind, serde_json::from_str(objects.get()).ok()?))).collect()
}

fn by_type(errors: Option<&RawValue>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    // They are told and not acted upon, so a form that is not known costs no page.
    let problems: Vec<Problem> = errors.and_then(|errors| serde_json::from_str(errors.get()).ok()).unwrap_or_default();
    for problem in &problems {
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
            (r#"{"data":[{"id":7},{"id":"0"},"segredo"],"meta":{}}"#, "line 1, column"), // not one that is known by an id
        ] {
            let error = Page::parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(want) && !error.contains("segredo"), "{body}: {error}");
        }
    }

    /// A page that is refused is paid for and asked for again, at every tick: one post that is odd must not do that to its neighbours.
    #[test]
    fn one_bad_post_costs_no_page() {
        let good = r#"{"id":"9","created_at":"2026-11-23T14:05:00.000Z"}"#;
        for (bad, kept, problem) in [
            (r#"{"text":"segredo"}"#, 1, Some(POST_WITHOUT_ID)),
            (r#"{"id":"12345678901234567890"}"#, 1, Some(POST_WITHOUT_ID)),
            (r#"{"id":"7","id":"8"}"#, 1, Some(POST_WITHOUT_ID)), // which of them it is, nobody can know
            ("null", 1, Some(POST_WITHOUT_ID)),
            (r#"{"id":"7"}"#, 2, None),
            (r#"{"id":"7","created_at":1795442700}"#, 2, None),
            (r#"{"id":"7","created_at":"\ud83d"}"#, 2, None),
            (r#"{"id":"7","text":"RT @a: \ud83d…","n":1e400,"nul":"\u0000"}"#, 2, None), // a pair that X cut in half, where it ends a text
        ] {
            let body = format!(r#"{{"data":[{bad},{good}],"meta":{{"next_token":"t"}}}}"#);
            let page = Page::parse(body.as_bytes()).unwrap();
            assert_eq!(page.posts.len(), kept, "{bad}");
            assert_eq!(page.posts.last().unwrap().json.get(), good, "{bad}");
            assert_eq!(
                page.problems.into_iter().collect::<Vec<_>>(),
                problem.map(|name| (name.to_owned(), 1)).into_iter().collect::<Vec<_>>()
            );
            if kept == 2 {
                assert_eq!(page.posts[0].json.get(), bad, "as it was sent");
            }
        }
    }

    #[test]
    fn bytes_that_no_json_can_hold_are_replaced_and_counted() {
        let page = Page::parse(b"{\"data\":[{\"id\":\"7\",\"text\":\"a\xe7\xe3o\"},{\"id\":\"6\"}],\"meta\":{}}").unwrap();
        assert_eq!(page.posts[0].json.get(), "{\"id\":\"7\",\"text\":\"a\u{fffd}\u{fffd}o\"}");
        assert_eq!(page.problems[BYTES_NOT_UTF8], 2);
        assert_eq!(page.posts.len(), 2);
    }

    #[test]
    fn what_stands_beside_the_posts_may_have_any_form() {
        let body = r#"{"data":[{"id":"7","author_id":"1"}],"includes":{"users":[{"id":"1"}],"topics":{"t":1},"n":null},"errors":"many","meta":{}}"#;
        let page = Page::parse(body.as_bytes()).unwrap();
        assert_eq!((page.posts.len(), page.included_users, page.problems.len()), (1, 1, 0));
    }
}
