//! The truth: every post of a world, when the API shows it, and when it is deleted.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use emulators::random::Random;
use emulators::x_api::snowflake;
use ingest::Vocabulary;
use serde_json::{Value, json};
use tweets::TweetId;

/// Part of the text of every post; must never occur in a log.
pub const TEXT_MARKER: &str = "texto-secreto";
/// Posts can be edited for 30 minutes. Source: X API, edit posts.
const EDITABLE: TimeDelta = TimeDelta::minutes(30);

/// A post, or one version of it: each edit is a post with its own id.
#[derive(Clone, Debug)]
pub struct Post {
    /// The id, which contains the time of creation.
    pub id: TweetId,
    /// When search starts to find it: after its creation, by the index lag.
    pub visible_from: DateTime<Utc>,
    /// When search stops finding it: it was deleted, or replaced by an edit.
    pub gone_at: Option<DateTime<Utc>>,
    /// When search temporarily does not find it, although it exists.
    pub hidden: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The ids of its versions up to this one, oldest first.
    pub history: Vec<TweetId>,
    /// Whether the API sends its id, as it should.
    pub has_id: bool,
}

impl Post {
    /// Returns whether search finds it.
    pub fn is_visible(&self, now: DateTime<Utc>) -> bool {
        let is_hidden = self.hidden.is_some_and(|(from, to)| (from..to).contains(&now));
        self.visible_from <= now && self.gone_at.is_none_or(|gone_at| now < gone_at) && !is_hidden
    }

    /// Returns how long after its creation search finds it.
    pub fn index_lag(&self) -> TimeDelta {
        self.visible_from - self.id.created_at()
    }

    /// Returns the post as the API sends it: `created_at` in whole seconds, and an unknown field.
    pub(crate) fn json(&self, vocabulary: Vocabulary) -> Value {
        let history = match vocabulary {
            Vocabulary::Tweet => "edit_history_tweet_ids",
            Vocabulary::Post => "edit_history_post_ids",
        };
        let mut json = json!({
            "id": self.id,
            "text": format!("{TEXT_MARKER} {}: o presidente falou bem", self.id),
            "created_at": snowflake::created_at(self.id.created_at().timestamp_millis()),
            "author_id": (self.id.get() % 7 + 1).to_string(),
            "lang": "pt",
            history: self.history,
            "field_of_tomorrow": { "n": 1.0 },
        });
        if !self.has_id {
            json["id"] = Value::Null;
        }
        json
    }
}

/// All posts of a world, by id.
#[derive(Clone, Debug, Default)]
pub struct Posts(pub(crate) BTreeMap<TweetId, Post>);

impl Posts {
    /// Adds a post created at `created_at`, which search finds after `lag`. Returns its id.
    pub(crate) fn add(&mut self, created_at: DateTime<Utc>, lag: TimeDelta) -> TweetId {
        self.add_version(created_at, lag, Vec::new())
    }

    fn add_version(&mut self, created_at: DateTime<Utc>, lag: TimeDelta, mut history: Vec<TweetId>) -> TweetId {
        let mut id = TweetId::lowest_at(created_at);
        while self.0.contains_key(&id) {
            id = TweetId::new(id.get() + 1).unwrap_or(id);
        }
        history.push(id);
        self.0.insert(id, Post { id, visible_from: created_at + lag, gone_at: None, hidden: None, history, has_id: true });
        id
    }

    /// From `at` on, search no longer finds the post.
    pub(crate) fn delete(&mut self, id: TweetId, at: DateTime<Utc>) {
        if let Some(post) = self.0.get_mut(&id) {
            post.gone_at = Some(at);
        }
    }

    /// Search does not find the post between `from` and `to`.
    pub(crate) fn hide(&mut self, id: TweetId, from: DateTime<Utc>, to: DateTime<Utc>) {
        if let Some(post) = self.0.get_mut(&id) {
            post.hidden = Some((from, to));
        }
    }

    /// From now on, the API sends the post without its id.
    pub(crate) fn lose_id(&mut self, id: TweetId) {
        if let Some(post) = self.0.get_mut(&id) {
            post.has_id = false;
        }
    }

    /// Replaces the post at `at` by a version with an id of that time. Returns the new id.
    pub(crate) fn edit(&mut self, id: TweetId, at: DateTime<Utc>, lag: TimeDelta) -> TweetId {
        let history = self.0.get(&id).map(|post| post.history.clone()).unwrap_or_default();
        self.delete(id, at);
        self.add_version(at, lag, history)
    }

    /// Creates `count` posts around the moments `around`: some are deleted, some edited, and some indexed late.
    pub(crate) fn at_random(random: &mut Random, count: u64, around: &[DateTime<Utc>], safety_lag: TimeDelta) -> Self {
        let late_one_in = random.pick(&[25, 25, 1_000, 4]);
        let mut posts = Self::default();
        let mut last = around[0];
        for _ in 0..count {
            let created_at = match random.within(0, 9) {
                0..=3 => last + ms(random.within(0, 3_000)), // bursts, with several posts in one second
                4..=7 => random.pick(around) - ms(random.within(0, 600_000)),
                _ => random.pick(around) - ms(random.within(0, 7_200_000)),
            };
            last = created_at;
            // Indexed at least two seconds before the safety lag ends: a clock may be ahead by that much without a run noticing it by `Date`.
            let in_time = safety_lag - TimeDelta::seconds(2);
            let lag =
                ms(if random.one_in(3) { random.within(0, in_time.num_milliseconds().unsigned_abs()) } else { random.within(0, 5_000) });
            // A few are indexed too late. Missing them is allowed, but they must do no harm.
            let lag = if random.one_in(late_one_in) { safety_lag + ms(random.within(0, 900_000)) } else { lag };
            let id = posts.add(created_at, lag);
            if random.one_in(15) {
                let from = random.pick(around) - ms(random.within(0, 60_000));
                posts.hide(id, from, from + ms(random.within(1_000, 900_000)));
            }
            if random.one_in(6) {
                let gone_at = random.pick(around) + ms(random.within(0, 120_000));
                posts.delete(id, gone_at.max(created_at));
            } else if random.one_in(10) {
                let at = created_at + ms(random.within(1_000, EDITABLE.num_milliseconds().unsigned_abs()));
                posts.edit(id, at, lag.min(in_time));
            }
        }
        posts
    }
}

fn ms(ms: u64) -> TimeDelta {
    TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX))
}
