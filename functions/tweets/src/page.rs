//! Parses one response of recent search, keeping each post as the bytes that X sent.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::TweetId;
use crate::raw::includes::Includes;

/// A post as received: the values that the sweep needs, and its unchanged JSON.
#[derive(Clone, Debug)]
pub struct Post {
    /// Id of the post.
    pub id: TweetId,
    /// `created_at` as sent, or the time in the id if the field is missing or unreadable.
    pub created_at: DateTime<Utc>,
    pub(crate) json: Box<RawValue>,
    pub(crate) includes: Arc<Includes>,
}

/// One page of recent search.
#[derive(Debug, Default)]
pub struct Page {
    /// Posts in the order of the response.
    pub posts: Vec<Post>,
    /// Token of the next page.
    pub next_token: Option<String>,
    /// Whether no page follows: `meta` is present and contains no token. A page with posts and an empty token is not the last.
    pub is_last: bool,
    /// Counts of partial errors, by the last segment of their `type`, and of parts of this page that could not be read or were
    /// changed.
    pub problems: BTreeMap<String, u64>,
    /// Number of items of `data` without a usable id. They cannot be assigned to a file, so they are dropped; X bills them anyway.
    pub without_id: u64,
    /// Number of users in `includes`. Each is billed.
    pub included_users: u64,
    /// Number of posts in `includes`. Each is billed.
    pub included_posts: u64,
}

/// Problem name for bytes that are not UTF-8 and were replaced by U+FFFD. JSON cannot contain them, and no reader of
/// RAW could parse them.
pub const BYTES_NOT_UTF8: &str = "bytes-not-utf8";

/// Problem name for pages whose `result_count` differs from the number of posts they contain.
pub const RESULT_COUNT_DIFFERS: &str = "result-count-differs";

/// The body is not a response of recent search. The error names the position, never the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPage {
    /// The body is not JSON of the expected form.
    #[error("the body is not a page of posts (line {line}, column {column})")]
    Malformed {
        /// Line of the error.
        line: usize,
        /// Column of the error.
        column: usize,
    },
    /// The body has the expected form, but none of its posts has an id: the format has changed.
    #[error("none of the {posts} posts of the page has an id")]
    WithoutIds {
        /// Number of posts in the body.
        posts: u64,
    },
    /// The body contains no posts and does not report an empty result, which requires a `result_count` of 0.
    #[error("the body has no posts and {}", .result_count.map_or_else(|| "no result_count of 0".to_owned(), |count| format!("a result_count of {count}")))]
    Contradictory {
        /// The stated number of posts.
        result_count: Option<u64>,
    },
}

impl From<serde_json::Error> for NotAPage {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed { line: error.line(), column: error.column() }
    }
}

/// `data` and `meta` determine what is captured and must be understood. The other members are read as far as possible.
#[derive(Deserialize)]
struct Body<'a> {
    data: Option<Vec<Box<RawValue>>>,
    #[serde(borrow)]
    includes: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    meta: Option<Meta<'a>>,
}

#[derive(Deserialize)]
struct Problem {
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    next_token: Option<String>,
    #[serde(borrow)]
    result_count: Option<&'a RawValue>,
}

impl Meta<'_> {
    /// Returns the stated number of posts, or `None` if it is not a whole number.
    fn count(&self) -> Option<u64> {
        self.result_count.and_then(|count| serde_json::from_str(count.get()).ok())
    }
}

#[derive(Deserialize)]
struct IdAndTime<'a> {
    id: TweetId,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
}

impl Page {
    /// Parses the body of a 200 response.
    ///
    /// # Errors
    /// Returns [`NotAPage`] for anything but a JSON object with posts or with a stated count of zero. Such a body is treated as
    /// damaged and requested again, because a partly understood page could lose posts.
    pub fn parse(body: &[u8]) -> Result<Self, NotAPage> {
        let text = String::from_utf8_lossy(body);
        if text.trim_start().starts_with('[') {
            return Err(NotAPage::Malformed { line: 1, column: 1 }); // serde would read a list as an object without names
        }
        let Body { data, includes, errors, meta } = serde_json::from_str(&text)?;
        let data = data.unwrap_or_default();
        let stated = meta.as_ref().and_then(Meta::count);
        if data.is_empty() && stated != Some(0) {
            return Err(NotAPage::Contradictory { result_count: stated });
        }
        let mut problems = BTreeMap::new();
        let partial: Vec<Problem> = read(errors, "errors", &mut problems);
        count_by_type(&partial, &mut problems);
        let includes = Arc::new(lists(read(includes, "includes", &mut problems)));
        let count = |kinds: &[&str]| kinds.iter().filter_map(|kind| includes.get(*kind)).map(|objects| objects.len() as u64).sum();
        if let Cow::Owned(_) = text {
            let replaced = body.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
            problems.insert(BYTES_NOT_UTF8.to_owned(), replaced as u64);
        }
        let items = data.len() as u64;
        if meta.as_ref().is_some_and(|meta| meta.result_count.is_some()) && stated != Some(items) {
            problems.insert(RESULT_COUNT_DIFFERS.to_owned(), 1);
        }
        let next_token = meta.as_ref().and_then(|meta| meta.next_token.clone());
        let posts: Vec<Post> = data
            .into_iter()
            .filter_map(|json| id_and_time(&json).map(|(id, created_at)| Post { id, created_at, json, includes: Arc::clone(&includes) }))
            .collect();
        Ok(Self {
            // After posts, an empty token still means that more follow. Without posts, there is nothing left to request with.
            is_last: meta.is_some() && next_token.as_ref().is_none_or(|token| token.is_empty() && items == 0),
            next_token: next_token.filter(|token| !token.is_empty()),
            problems,
            without_id: items - posts.len() as u64,
            included_users: count(&["users"]),
            included_posts: count(&["tweets", "posts"]),
            posts,
        })
    }
}

/// Returns the number of posts in a body that is not a page: the stated count, otherwise the length of its longest list.
///
/// Returns `None` if the body is not a JSON object, because then the number is unknown.
pub fn posts_stated(body: &[u8]) -> Option<u64> {
    let members: BTreeMap<Cow<str>, &RawValue> = serde_json::from_slice(body).ok()?;
    let meta = members.get("meta").and_then(|meta| serde_json::from_str::<Meta>(meta.get()).ok());
    let lists = members.iter().filter(|(name, _)| *name != "errors").filter_map(|(_, value)| {
        let items: Vec<IgnoredAny> = serde_json::from_str(value.get()).ok()?;
        Some(items.len() as u64)
    });
    meta.and_then(|meta| meta.count()).or_else(|| Some(lists.max().unwrap_or(0)))
}

/// Returns the id of a post and its creation time; `None` without an id, or if the value is not an object.
fn id_and_time(post: &RawValue) -> Option<(TweetId, DateTime<Utc>)> {
    if !post.get().starts_with('{') {
        return None;
    }
    let IdAndTime { id, created_at } = serde_json::from_str(post.get()).ok()?;
    let created_at = created_at.and_then(|text| crate::parse_time(&serde_json::from_str::<String>(text.get()).ok()?));
    Some((id, created_at.unwrap_or_else(|| id.created_at())))
}

/// Returns the lists of `includes`. Anything else contains no objects that a post could refer to.
fn lists(includes: BTreeMap<String, &RawValue>) -> Includes {
    includes.into_iter().filter_map(|(kind, objects)| Some((kind, serde_json::from_str(objects.get()).ok()?))).collect()
}

/// Reads a part of the body that no post depends on. A part of an unexpected form counts as a problem.
fn read<'a, T: Default + Deserialize<'a>>(part: Option<&'a RawValue>, name: &str, problems: &mut BTreeMap<String, u64>) -> T {
    let read = part.map(|json| serde_json::from_str(json.get()));
    read.unwrap_or_else(|| Ok(T::default())).unwrap_or_else(|_| {
        problems.insert(format!("unreadable-{name}"), 1);
        T::default()
    })
}

fn count_by_type(partial: &[Problem], problems: &mut BTreeMap<String, u64>) {
    for problem in partial {
        // The same types appear under two hosts, so the last segment is the name.
        let name = problem.r#type.as_deref().and_then(|url| url.rsplit('/').next()).unwrap_or("unknown");
        *problems.entry(name.to_owned()).or_default() += 1;
    }
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
    fn posts_without_an_id_are_counted_and_the_others_are_kept() {
        for odd in [
            "null",
            "7",
            "{}",
            r#"{"text":"a"}"#,
            r#"{"id":12}"#,
            r#"{"id":"x"}"#,
            r#"{"id":"0"}"#,
            r#"{"id":"1","id":"2"}"#,
            r#"{"id":"12345678901234567890"}"#,
            r#"["8",null]"#,
        ] {
            let page = Page::parse(format!(r#"{{"data":[{{"id":"9"}},{odd},{{"id":"7"}}],"meta":{{}}}}"#).as_bytes()).unwrap();
            assert_eq!((page.posts.iter().map(|post| post.id.get()).collect::<Vec<_>>(), page.without_id), (vec![9, 7], 1), "{odd}");
        }
    }

    #[test]
    fn parts_that_no_post_needs_may_have_any_form() {
        for (part, problem) in [
            (r#""errors":{}"#, Some("unreadable-errors")),
            (r#""errors":[{"type":5}]"#, Some("unreadable-errors")),
            (r#""includes":[]"#, Some("unreadable-includes")),
            (r#""errors":null,"includes":null"#, None),
        ] {
            let page = Page::parse(format!(r#"{{"data":[{{"id":"9","created_at":5}}],{part}}}"#).as_bytes()).unwrap();
            assert_eq!((page.posts.len(), page.problems.keys().next().map(String::as_str)), (1, problem), "{part}");
            assert_eq!(page.posts[0].created_at, page.posts[0].id.created_at());
        }
    }

    #[test]
    fn the_last_page_has_meta_and_no_token() {
        for (body, is_last, token) in [
            (r#"{"data":[{"id":"9"}],"meta":{"result_count":1}}"#, true, None),
            (r#"{"data":[{"id":"9"}],"meta":{}}"#, true, None),
            (r#"{"data":[{"id":"9"}],"meta":{"next_token":null}}"#, true, None),
            (r#"{"data":[{"id":"9"}],"meta":{"next_token":"t"}}"#, false, Some("t")),
            (r#"{"data":[{"id":"9"}],"meta":{"next_token":""}}"#, false, None),
            (r#"{"data":[{"id":"9"}],"meta":null}"#, false, None),
            (r#"{"data":[{"id":"9"}]}"#, false, None),
            (r#"{"meta":{"result_count":0}}"#, true, None),
            (r#"{"meta":{"result_count":0,"next_token":""}}"#, true, None),
            (r#"{"data":null,"meta":{"result_count":0,"next_token":"t"}}"#, false, Some("t")),
        ] {
            let page = Page::parse(body.as_bytes()).unwrap();
            assert_eq!((page.is_last, page.next_token.as_deref()), (is_last, token), "{body}");
        }
    }

    #[test]
    fn nothing_was_found_only_with_a_count_of_0_and_no_posts() {
        for body in
            [r#"{"meta":{"result_count":0}}"#, r#"{"data":[],"meta":{"result_count":0}}"#, r#"{"data":null,"meta":{"result_count":0}}"#]
        {
            assert!(Page::parse(body.as_bytes()).unwrap().posts.is_empty(), "{body}");
        }
        // The second value is the number of posts that may be billed.
        for (body, posts) in [
            (r#"{"meta":{"result_count":3}}"#, 3),
            (r#"{"data":null,"meta":{"result_count":3}}"#, 3),
            (r#"{"data":[],"meta":{"result_count":3,"next_token":"t"}}"#, 3),
            (r#"{"posts":[{"id":"9"},{"id":"8"}],"meta":{"result_count":2}}"#, 2),
            (r#"{"posts":[{"id":"9"},{"id":"8"}],"meta":{}}"#, 2),
            (r#"{"errors":[{"title":"a"}]}"#, 0),
            (r#"{"meta":{}}"#, 0),
            (r#"{"meta":{"result_count":"0"}}"#, 0),
            (r#"{"meta":{"result_count":-3}}"#, 0),
            (r#"{"meta":{"result_count":null}}"#, 0),
            (r#"{"data":[]}"#, 0),
            ("{}", 0),
        ] {
            assert!(matches!(Page::parse(body.as_bytes()), Err(NotAPage::Contradictory { .. })), "{body}");
            assert_eq!(posts_stated(body.as_bytes()), Some(posts), "{body}");
        }
        for (body, posts) in [(r#"{"data":{},"meta":{"result_count":3}}"#, Some(3)), ("<html>", None), ("[]", None), ("7", None)] {
            assert!(matches!(Page::parse(body.as_bytes()), Err(NotAPage::Malformed { .. })), "{body}");
            assert_eq!(posts_stated(body.as_bytes()), posts, "{body}");
        }
    }

    #[test]
    fn a_different_count_is_a_problem_and_loses_no_post() {
        for (count, differs) in
            [("2", false), ("0", true), ("1", true), ("3", true), ("-2", true), ("\"2\"", true), ("2.0", true), ("null", false)]
        {
            let page = Page::parse(format!(r#"{{"data":[{{"id":"9"}},{{}}],"meta":{{"result_count":{count}}}}}"#).as_bytes()).unwrap();
            assert_eq!((page.posts.len(), page.problems.contains_key(RESULT_COUNT_DIFFERS)), (1, differs), "{count}");
        }
    }

    #[test]
    fn problems_are_counted_by_the_end_of_their_type() {
        let body = br#"{"meta":{"result_count":0},"errors":[{"type":"https://api.x.com/2/problems/resource-not-found"},{"type":"https://api.twitter.com/2/problems/resource-not-found"},{}]}"#;
        let page = Page::parse(body).unwrap();
        assert_eq!(page.problems.into_iter().collect::<Vec<_>>(), [("resource-not-found".into(), 2), ("unknown".into(), 1)]);
    }

    #[test]
    fn an_error_about_a_page_names_only_the_position() {
        for (body, want) in [
            ("", "line 1, column 0"),
            ("<html>", "line 1, column 1"),
            ("[]", "line 1, column"),
            (r#"[null,null,null,{"result_count":0}]"#, "line 1, column 1"),
            (r#"{"data":{"text":"segredo"}}"#, "line 1, column"),
            (r#"{"meta":{"next_token":7}}"#, "line 1, column"),
            (r#"{"data":[{"id":"1"},"#, "line 1, column"),
        ] {
            let error = Page::parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(want) && !error.contains("segredo"), "{body}: {error}");
        }
    }

    #[test]
    fn an_odd_post_is_kept_as_sent() {
        for odd in [
            r#"{"id":"7"}"#,
            r#"{"id":"7","created_at":1795442700}"#,
            r#"{"id":"7","created_at":"\ud83d"}"#,
            r#"{"id":"7","text":"RT @a: \ud83d…","n":1e400,"nul":"\u0000"}"#, // X cut a surrogate pair at the end of a text
        ] {
            let page = Page::parse(format!(r#"{{"data":[{odd},{{"id":"6"}}],"meta":{{}}}}"#).as_bytes()).unwrap();
            assert_eq!((page.posts.len(), page.posts[0].json.get(), page.without_id), (2, odd, 0));
        }
    }

    #[test]
    fn bytes_that_json_cannot_hold_are_replaced_and_counted() {
        let page = Page::parse(b"{\"data\":[{\"id\":\"7\",\"text\":\"a\xe7\xe3o\"},{\"id\":\"6\"}],\"meta\":{}}").unwrap();
        assert_eq!(page.posts[0].json.get(), "{\"id\":\"7\",\"text\":\"a\u{fffd}\u{fffd}o\"}");
        assert_eq!(page.problems[BYTES_NOT_UTF8], 2);
        assert_eq!(page.posts.len(), 2);
    }

    #[test]
    fn an_unreadable_list_in_includes_does_not_lose_the_others() {
        let body =
            r#"{"data":[{"id":"7","author_id":"1"}],"includes":{"users":[{"id":"1"}],"topics":{"t":1},"n":null},"errors":null,"meta":{}}"#;
        let page = Page::parse(body.as_bytes()).unwrap();
        assert_eq!((page.posts.len(), page.included_users, page.problems.len()), (1, 1, 0));
    }
}
