//! The posts that an emulator serves: generated from a seed, or given by a test.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::post::{InvalidPost, Post};
use super::snowflake;
use super::traffic::{Traffic, minute_of};

/// Minutes of seeded posts that are cached in memory; a minute has about ten posts of one kilobyte each.
const MINUTES_KEPT: usize = 1_024;

/// All posts of all times; the clock of a search determines which of them it sees.
#[derive(Clone, Debug)]
pub struct Corpus {
    source: Arc<Source>,
}

#[derive(Debug)]
enum Source {
    Seeded {
        traffic: Traffic,
        written: Mutex<HashMap<i64, Arc<[Arc<Post>]>>>,
    },
    /// Ordered by ascending id.
    Fixed(Vec<Arc<Post>>),
}

impl Corpus {
    /// Creates endless generated traffic about the Brazilian presidency: the same for the same seed at any time, in any
    /// process.
    pub fn seeded(seed: u64) -> Self {
        let source = Source::Seeded { traffic: Traffic::new(seed), written: Mutex::default() };
        Self { source: Arc::new(source) }
    }

    /// Creates a corpus of exactly these posts. Both families of names are accepted, but a `Value` has already lost the
    /// spelling of its numbers; [`Post::from_json`] and [`Corpus::of`] preserve it.
    pub fn fixed(posts: Vec<Value>) -> Result<Self, InvalidPost> {
        let posts: Result<Vec<Post>, _> = posts.iter().map(|post| Post::from_json(&post.to_string())).collect();
        Ok(Self::of(posts?))
    }

    /// Creates a corpus of exactly these posts; if two have the same id, the last one is kept. An id in the edit
    /// history of another post is an older version of that post.
    pub fn of(mut posts: Vec<Post>) -> Self {
        posts.sort_by_key(Post::id);
        posts.dedup_by(|later, earlier| {
            let same = later.id == earlier.id;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        let mut successors = HashMap::new();
        for post in &posts {
            for pair in post.edit_history.windows(2) {
                successors.insert(pair[0], pair[1]);
            }
        }
        for post in &mut posts {
            post.successor = successors.get(&post.id).copied();
        }
        Self { source: Arc::new(Source::Fixed(posts.into_iter().map(Arc::new).collect())) }
    }

    /// Returns every version of every post created in the span, oldest first; a pure function of the span.
    pub fn posts(&self, span: Range<DateTime<Utc>>) -> Vec<Arc<Post>> {
        let ids = snowflake::lowest_id(span.start)..snowflake::lowest_id(span.end);
        let mut posts: Vec<_> = self.newest_first(ids).collect();
        posts.reverse();
        posts
    }

    /// Returns the posts that a search over the span finds at `now`, oldest first: no future posts and no replaced
    /// versions.
    pub fn visible(&self, span: Range<DateTime<Utc>>, now: DateTime<Utc>) -> Vec<Arc<Post>> {
        let mut posts = self.posts(span);
        posts.retain(|post| post.visible(now.timestamp_millis()));
        posts
    }

    /// Returns the version of a post with that id.
    pub fn post(&self, id: u64) -> Option<Arc<Post>> {
        self.newest_first(id..id.saturating_add(1)).next()
    }

    /// Returns the versions with ids in the range, generated lazily.
    pub(super) fn newest_first(&self, ids: Range<u64>) -> Box<dyn Iterator<Item = Arc<Post>> + '_> {
        match &*self.source {
            Source::Fixed(posts) => {
                let from = posts.partition_point(|post| post.id < ids.start);
                let to = posts.partition_point(|post| post.id < ids.end).max(from);
                Box::new(posts[from..to].iter().rev().cloned())
            }
            Source::Seeded { .. } if ids.is_empty() => Box::new(std::iter::empty()),
            Source::Seeded { traffic, written } => {
                let minutes = (minute_of(ids.start)..=minute_of(ids.end - 1)).rev();
                Box::new(minutes.flat_map(move |minute| {
                    let posts = written_minute(*traffic, written, minute);
                    let ids = ids.clone();
                    (0..posts.len()).rev().map(move |at| Arc::clone(&posts[at])).filter(move |post| ids.contains(&post.id))
                }))
            }
        }
    }
}

fn written_minute(traffic: Traffic, written: &Mutex<HashMap<i64, Arc<[Arc<Post>]>>>, minute: i64) -> Arc<[Arc<Post>]> {
    let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(posts) = written.get(&minute) {
        return Arc::clone(posts);
    }
    if written.len() >= MINUTES_KEPT {
        written.clear();
    }
    let posts: Arc<[Arc<Post>]> = traffic.posts(minute).into_iter().map(Arc::new).collect();
    written.insert(minute, Arc::clone(&posts));
    posts
}
