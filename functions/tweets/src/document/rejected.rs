//! Why a file is rejected as a whole, and where.

use serde::de::DeserializeSeed as _;
use serde_json::error::Category;
use serde_path_to_error::{Deserializer, Track};

use super::lenient::Lenient;
use super::malformed::Malformed;
use super::sent::Answer;
use crate::Years;

/// Longest path that is reported; `data[99].entities.urls[9].expanded_url` has 38 characters.
const PATH_CHARS_MAX: usize = 64;

/// The file is not a document of tweets. Names the place, never a value: serde's own messages quote values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADocument {
    /// It is not JSON.
    #[error("not a document of tweets: {problem} at {path} (line {line}, column {column})")]
    NotJson {
        /// Whether it ends too early.
        problem: &'static str,
        /// The field that was being read.
        path: String,
        /// Line of the file, from 1.
        line: usize,
        /// Column in bytes.
        column: usize,
    },
    /// It is JSON of another form.
    #[error("not a document of tweets: {place} is {found}, not {wanted}")]
    OtherForm {
        /// The file, `data` or an item of it.
        place: String,
        /// The form that it has.
        found: &'static str,
        /// The form that it must have.
        wanted: &'static str,
    },
    /// It neither has posts nor reports credibly that there are none.
    #[error("not a document of tweets: `data` has no posts and {problem}; an answer without posts has a `meta.result_count` of 0")]
    WithoutPosts {
        /// What contradicts that there are none.
        problem: String,
    },
    /// It has more posts than any answer.
    #[error("not a document of tweets: `data` has more than {posts_max} posts; split the file")]
    TooManyPosts {
        /// So many are read.
        posts_max: usize,
    },
    /// It is the answer of another endpoint.
    #[error("not a document of tweets: no item of `data` is a post; they look like {looks_like}")]
    OtherObjects {
        /// Their kind and the names of their fields.
        looks_like: String,
    },
    /// A post has no valid id.
    #[error("not a document of tweets: `id` of data[{index}] is {found}; an id is a string of digits from 1 to 2^63-1")]
    WithoutId {
        /// The place of the post.
        index: usize,
        /// The form that was found; `missing` without one.
        found: &'static str,
    },
    /// A post belongs to no partition of the table.
    #[error(
        "not a document of tweets: data[{index}] is of the year {year} by its `{field}`, and the table has {} to {}; to take the file as \
         it is, deploy a wider TableYears and redrive the message",
        years.first(), years.last()
    )]
    OtherYear {
        /// The place of the post.
        index: usize,
        /// The year of the post.
        year: i32,
        /// Where the year comes from: `created_at`, or `id` when that has no valid time.
        field: &'static str,
        /// The years of the table.
        years: Years,
    },
}

impl NotADocument {
    /// Names the place by reading once more, slower, with the path kept.
    pub(super) fn locate(raw: &[u8], error: &serde_json::Error) -> Self {
        let mut json = serde_json::Deserializer::from_slice(raw);
        let mut track = Track::new();
        let mut malformed = Malformed::default();
        let read = Lenient::<Answer>::new(&mut malformed).deserialize(Deserializer::new(&mut json, &mut track));
        let path = match read {
            Ok(_) => ".".to_owned(), // the document itself is read; what follows it is the problem
            // Names of unknown fields are in it, as long as the file makes them.
            Err(_) => track.path().to_string().chars().take(PATH_CHARS_MAX).collect(),
        };
        let problem = if error.classify() == Category::Eof { "cut off" } else { "not JSON" };
        Self::NotJson { problem, path, line: error.line(), column: error.column() }
    }
}
