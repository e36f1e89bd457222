//! Reasons for which a file is rejected as a whole, with their position.

use serde::de::DeserializeSeed as _;
use serde_json::error::Category;
use serde_path_to_error::{Deserializer, Track};

use super::lenient::Lenient;
use super::malformed::Malformed;
use super::sent::Answer;
use crate::Years;

/// Maximum length of a reported path. `data[99].entities.urls[9].expanded_url` has 38 characters.
const PATH_CHARS_MAX: usize = 64;

/// The file is not a document of tweets. Errors name the position, never a value: serde's own messages quote values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADocument {
    /// The file is not valid JSON.
    #[error("not a document of tweets: {problem} at {path} (line {line}, column {column})")]
    NotJson {
        /// The kind of syntax error: the JSON ends too early or is invalid.
        problem: &'static str,
        /// Path of the field that was being read.
        path: String,
        /// Line of the file, from 1.
        line: usize,
        /// Column, in bytes.
        column: usize,
    },
    /// The file is JSON of another form.
    #[error("not a document of tweets: {place} is {found}, not {wanted}")]
    OtherForm {
        /// The place of the mismatch: the file, `data` or an item of it.
        place: String,
        /// The form found.
        found: &'static str,
        /// The expected form.
        wanted: &'static str,
    },
    /// The file neither contains posts nor credibly reports an empty result.
    #[error("not a document of tweets: `data` has no posts and {problem}; an answer without posts has a `meta.result_count` of 0")]
    WithoutPosts {
        /// What contradicts an empty result.
        problem: String,
    },
    /// The file contains more posts than any response.
    #[error("not a document of tweets: `data` has more than {posts_max} posts; split the file")]
    TooManyPosts {
        /// The maximum number of posts.
        posts_max: usize,
    },
    /// The file is a response of another endpoint.
    #[error("not a document of tweets: no item of `data` is a post; they look like {looks_like}")]
    OtherObjects {
        /// Kind and field names of its items.
        looks_like: String,
    },
    /// A post has no valid id.
    #[error("not a document of tweets: `id` of data[{index}] is {found}; an id is a string of digits from 1 to 2^63-1")]
    WithoutId {
        /// Index of the post in `data`.
        index: usize,
        /// The form found, or `missing` without an id.
        found: &'static str,
    },
    /// A post does not belong to any partition of the table.
    #[error(
        "not a document of tweets: data[{index}] is of the year {year} by its `{field}`, and the table has {} to {}; to accept the file as \
         it is, deploy a wider TableYears and redrive the message",
        years.first(), years.last()
    )]
    OtherYear {
        /// Index of the post in `data`.
        index: usize,
        /// The year of the post.
        year: i32,
        /// The source of the year: `created_at`, or `id` if that has no valid time.
        field: &'static str,
        /// The years of the table.
        years: Years,
    },
}

impl NotADocument {
    /// Locates the error by reading the file again, more slowly, while tracking the path.
    pub(super) fn locate(raw: &[u8], error: &serde_json::Error) -> Self {
        if raw.trim_ascii().is_empty() {
            return Self::OtherForm { place: "the file".to_owned(), found: "empty", wanted: "an object" };
        }
        let mut json = serde_json::Deserializer::from_slice(raw);
        let mut track = Track::new();
        let mut malformed = Malformed::default();
        let read = Lenient::<Answer>::new(&mut malformed).deserialize(Deserializer::new(&mut json, &mut track));
        let path = match read {
            Ok(_) => ".".to_owned(), // the document itself is valid; the error follows it
            // The path contains names of unknown fields, which can be as long as the file makes them.
            Err(_) => track.path().to_string().chars().take(PATH_CHARS_MAX).collect(),
        };
        let problem = if error.classify() == Category::Eof { "cut off" } else { "not JSON" };
        Self::NotJson { problem, path, line: error.line(), column: error.column() }
    }
}
