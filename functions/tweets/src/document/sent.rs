//! A RAW file as it was sent: every object and field that is read, under both vocabularies of the X API.

use chrono::{DateTime, Utc};
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::evidence::Evidence;
use super::fields::{Count, FirstOfHistory, ReferencesRequested, Text};
use super::lenient::{Checked, Form, Lenient, NULL, Name, Sent, object, read_field};
use super::malformed::{Malformed, Segment};
use crate::TweetId;

object! {
    /// The file.
    for<'a> pub(super) struct Answer<'a> {
        pub(super) data: Checked<Data<'a>>,
        pub(super) includes: Includes<'a>,
        pub(super) meta: Meta,
        pub(super) capture: Capture,
    }
}

object! {
    for<'a> pub(super) struct Meta {
        pub(super) result_count: Count,
    }
}

object! {
    /// What `ingest` adds to an answer.
    for<'a> pub(super) struct Capture {
        pub(super) captured_at: DateTime<Utc>,
        pub(super) requested: ReferencesRequested,
    }
}

object! {
    for<'a> pub(super) struct Includes<'a> {
        pub(super) users: Vec<User<'a>>,
        pub(super) tweets: Vec<Included<'a>>,
        pub(super) posts: Vec<Included<'a>>,
    }
}

/// The posts of a file, and what makes it another one.
#[derive(Debug, Default)]
pub(super) struct Data<'a> {
    pub(super) posts: Vec<Post<'a>>,
    /// The first item that is not even an object.
    pub(super) not_an_object: Option<(usize, &'static str)>,
    /// There are more than [`POSTS_MAX`]; the rest was skipped.
    pub(super) has_more: bool,
}

/// Posts of one file. A bound on memory: a post without fields takes 3 bytes of a file and some hundred here. Files of
/// [`TWEETS_PER_FILE_MAX`](crate::TWEETS_PER_FILE_MAX) are usual; a file of the largest size that `refine` reads has about 40,000
/// posts with the fields that X always sends.
pub(super) const POSTS_MAX: usize = 50_000;

impl<'de> Form<'de> for Data<'de> {
    fn from_array<A: SeqAccess<'de>>(mut array: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
        let mut data = Self::default();
        for index in 0..POSTS_MAX {
            let item = malformed.within(Segment::Item(index), |malformed| array.next_element_seed(Lenient::<Post>::new(malformed)))?;
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
    /// A post. What a row needs is [`Checked`].
    #[expect(clippy::struct_field_names, reason = "the API's own names")]
    for<'a> pub(super) struct Post<'a> {
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
    /// Counts at capture; absent ones were not sent.
    #[derive(Clone, Copy)]
    for<'a> pub struct PublicMetrics {
        /// Likes.
        pub like_count: Count,
        /// Replies.
        pub reply_count: Count,
        /// Quotes.
        pub quote_count: Count,
        /// Bookmarks.
        pub bookmark_count: Count,
        /// Views.
        pub impression_count: Count,
        repost_count: Count,
        retweet_count: Count,
    }
}

impl PublicMetrics {
    /// Retweets, under either name.
    pub fn retweets(&self) -> Option<Count> {
        self.repost_count.or(self.retweet_count)
    }
}

object! {
    /// The whole text of a long post, and what X recognised in it.
    for<'a> pub(super) struct Note<'a> {
        pub(super) text: Text<'a>,
        pub(super) entities: Entities<'a>,
    }
}

object! {
    /// Parts of a text that X recognised.
    for<'a> pub(super) struct Entities<'a> {
        pub(super) hashtags: Vec<Hashtag<'a>>,
        pub(super) mentions: Vec<Mention<'a>>,
        pub(super) urls: Vec<Url<'a>>,
    }
}

object! {
    for<'a> pub(super) struct Hashtag<'a> {
        /// Without `#`.
        pub(super) tag: Text<'a>,
    }
    complete if |hashtag| hashtag.tag.is_some();
}

object! {
    for<'a> pub(super) struct Mention<'a> {
        /// Without `@`.
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
    /// Where the link leads; the short form when X did not expand it.
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
    /// A post in `includes`: only its words matter here.
    for<'a> pub struct Included<'a> {
        pub(super) id: TweetId,
        pub(super) text: Text<'a>,
        pub(super) note_post: Box<Note<'a>>,
        pub(super) note_tweet: Box<Note<'a>>,
    }
    complete if |included| included.id.is_some();
}
