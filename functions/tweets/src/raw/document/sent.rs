//! A RAW file as sent: every object and field that is read, in both vocabularies of the X API.

use chrono::{DateTime, Utc};
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::evidence::Evidence;
use super::fields::{Count, FirstOfHistory, ReferencesRequested};
use super::lenient::{Checked, Form, Lenient, NULL, Name, Sent, object, read_field};
use super::malformed::{Malformed, Segment};
use super::scalar::Text;
use crate::TweetId;

object! {
    /// The top-level object of a RAW file.
    for<'a> pub(super) struct Answer<'a> {
        pub(super) data: Checked<Data<'a>>,
        pub(super) includes: SentIncludes<'a>,
        pub(super) meta: SentMeta,
        pub(super) capture: SentCapture,
    }
}

object! {
    for<'a> pub(super) struct SentMeta {
        pub(super) result_count: Count,
    }
}

object! {
    /// The metadata that `ingest` adds to a response.
    for<'a> pub(super) struct SentCapture {
        pub(super) captured_at: DateTime<Utc>,
        pub(super) requested: ReferencesRequested,
    }
}

object! {
    for<'a> pub(super) struct SentIncludes<'a> {
        pub(super) users: Vec<User<'a>>,
        pub(super) tweets: Vec<IncludedPost<'a>>,
        pub(super) posts: Vec<IncludedPost<'a>>,
    }
}

/// The posts of a file, and evidence that it is not a page of posts.
#[derive(Debug, Default)]
pub(super) struct Data<'a> {
    #[expect(clippy::vec_box, reason = "a post is large, and is moved a few times on its way to a tweet")]
    pub(super) posts: Vec<Box<SentPost<'a>>>,
    /// The first item that is not an object: its index and its form.
    pub(super) not_an_object: Option<(usize, &'static str)>,
    /// Whether there are more than [`POSTS_MAX`] posts. The rest was skipped.
    pub(super) has_more: bool,
}

/// Maximum number of posts in one file. It bounds memory: a post without fields takes 3 bytes in a file and a few hundred here.
/// Files usually have [`TWEETS_PER_FILE_MAX`](crate::TWEETS_PER_FILE_MAX) posts; a file of the maximum size that `refine` reads
/// has about 40,000 posts with the fields that X always sends.
pub(super) const POSTS_MAX: usize = 50_000;

impl<'de> Form<'de> for Data<'de> {
    fn from_array<A: SeqAccess<'de>>(mut array: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
        let mut data = Self::default();
        for index in 0..POSTS_MAX {
            let item =
                malformed.within(Segment::Item(index), |malformed| array.next_element_seed(Lenient::<Box<SentPost>>::new(malformed)))?;
            let found = match item {
                None => return Ok(Some(data)),
                Some(Sent::Value(post)) => {
                    data.posts.push(post);
                    continue;
                }
                Some(Sent::Null) => NULL,
                Some(Sent::Malformed(found)) => found,
            };
            data.not_an_object.get_or_insert((index, found));
        }
        while array.next_element::<IgnoredAny>()?.is_some() {
            data.has_more = true;
        }
        Ok(Some(data))
    }
}

object! {
    /// A post. Values that a row depends on are [`Checked`].
    for<'a> pub(super) struct SentPost<'a> {
        pub(super) id: Checked<TweetId>,
        pub(super) created_at: Checked<DateTime<Utc>>,
        pub(super) author_id: TweetId,
        pub(super) conversation_id: TweetId,
        pub(super) lang: Text<'a>,
        pub(super) possibly_sensitive: bool,
        pub(super) public_metrics: PublicMetrics,
        pub(super) entities: Entities<'a>,
        pub(super) text: Text<'a>,
        pub(super) note_post: Box<Note<'a>>,
        pub(super) note_tweet: Box<Note<'a>>,
        pub(super) referenced_posts: Vec<Reference<'a>>,
        pub(super) referenced_tweets: Vec<Reference<'a>>,
        pub(super) edit_history_post_ids: FirstOfHistory,
        pub(super) edit_history_tweet_ids: FirstOfHistory,
    }
    seen by evidence: Evidence;
}

object! {
    /// Counts at capture time. Absent ones were not sent.
    #[derive(Clone, Copy)]
    for<'a> pub struct PublicMetrics {
        /// Number of likes.
        pub like_count: Count,
        /// Number of replies.
        pub reply_count: Count,
        /// Number of quotes.
        pub quote_count: Count,
        /// Number of bookmarks.
        pub bookmark_count: Count,
        /// Number of views.
        pub impression_count: Count,
        repost_count: Count,
        retweet_count: Count,
    }
}

impl PublicMetrics {
    /// Returns the number of retweets, under either name.
    pub fn retweets(&self) -> Option<Count> {
        self.repost_count.or(self.retweet_count)
    }
}

object! {
    /// The full text of a long post, and the entities that X recognized in it.
    for<'a> pub(super) struct Note<'a> {
        pub(super) text: Text<'a>,
        pub(super) entities: Entities<'a>,
    }
}

object! {
    /// Entities that X recognized in a text.
    for<'a> pub(super) struct Entities<'a> {
        pub(super) hashtags: Vec<Hashtag<'a>>,
        pub(super) mentions: Vec<Mention<'a>>,
        pub(super) urls: Vec<Url<'a>>,
    }
}

object! {
    for<'a> pub(super) struct Hashtag<'a> {
        /// Hashtag without `#`.
        pub(super) tag: Text<'a>,
    }
    complete if |hashtag| hashtag.tag.is_some();
}

object! {
    for<'a> pub(super) struct Mention<'a> {
        /// Handle without `@`.
        pub(super) username: Text<'a>,
    }
    complete if |mention| mention.username.is_some();
}

object! {
    for<'a> pub(super) struct Url<'a> {
        expanded_url: Text<'a>,
        url: Text<'a>,
    }
    complete if |url| url.target().is_some();
}

impl Url<'_> {
    /// Returns the target of the link, or the short form if X did not expand it.
    pub(super) fn target(&self) -> Option<&str> {
        self.expanded_url.as_deref().or(self.url.as_deref())
    }
}

object! {
    for<'a> pub(super) struct Reference<'a> {
        pub(super) kind = "type": Text<'a>,
        pub(super) id: TweetId,
    }
    complete if |reference| reference.kind.is_some() && reference.id.is_some();
}

object! {
    /// A user in `includes`.
    for<'a> pub struct User<'a> {
        pub(super) id: TweetId,
        /// Handle without `@`.
        pub username: Text<'a>,
        /// Display name.
        pub name: Text<'a>,
    }
    complete if |user| user.id.is_some();
}

object! {
    /// A post in `includes`. Only its text is used.
    for<'a> pub struct IncludedPost<'a> {
        pub(super) id: TweetId,
        pub(super) text: Text<'a>,
        pub(super) note_post: Box<Note<'a>>,
        pub(super) note_tweet: Box<Note<'a>>,
    }
    complete if |included| included.id.is_some();
}
