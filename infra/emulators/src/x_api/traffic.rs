//! When posts are written: a rate for each minute, and the posts that the rate produces.
//!
//! Everything about a minute follows from the seed and the minute's number, so no history is needed: yesterday is the
//! same for every caller, and the cost of one minute does not depend on other minutes.

use super::choices::Choices;
use super::draft::{Draft, Situation};
use super::people;
use super::post::Post;
use super::snowflake;
use super::traits::{Reference, ReferenceKind};

const MINUTE_MS: i64 = 60_000;
/// Slots for posts in a minute; each has its own half second, so no two posts share a millisecond.
const SLOTS: u32 = 120;
const SLOT_MS: u32 = 500;
/// Posts per thousand minutes of an average hour.
const BASE_RATE: u64 = 9_000;
/// Posts per thousand minutes of the quietest half hour: a first run of the demo has something to show at any hour.
const LEAST_RATE: u64 = 500;
/// Activity of each hour in Brasília (UTC−3), in permille.
const DAILY_RHYTHM: [u64; 24] =
    [500, 250, 120, 60, 60, 150, 500, 900, 1200, 1300, 1350, 1400, 1600, 1400, 1250, 1250, 1250, 1350, 1500, 1650, 1900, 1750, 1300, 900];
/// The last edit is within half an hour of the first version.
const EDIT_WINDOW_MINUTES: i64 = 30;
const EDIT_GAP_MS_MAX: u32 = 580_000;
/// Replies and quotes refer to posts at most this far back.
const REFERENCE_MINUTES_MAX: u32 = 360;

/// All generated traffic of one seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    seed: u64,
}

/// A new post, before its content is generated.
#[derive(Clone, Debug)]
struct Birth {
    seed: u64,
    author_id: u64,
    kind: Option<ReferenceKind>,
    /// Ids of its versions, oldest first: the first version and each edit.
    versions: Vec<u64>,
}

/// The post that a reply or quote refers to. It may have been deleted since.
struct Target {
    id: u64,
    author_id: u64,
    conversation_id: u64,
}

impl Traffic {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Returns the versions of posts whose ids are in that minute (Unix time / 60 s), oldest first.
    pub fn posts(self, minute: i64) -> Vec<Post> {
        let mut posts = Vec::new();
        for born in minute - EDIT_WINDOW_MINUTES..=minute {
            for birth in self.births(born) {
                for (edit, id) in birth.versions.iter().enumerate() {
                    if minute_of(*id) == minute {
                        posts.push(self.write(&birth, edit));
                    }
                }
            }
        }
        posts.sort_by_key(Post::id);
        posts
    }

    fn births(self, minute: i64) -> Vec<Birth> {
        let mut random = Choices::of(self.seed, 1, minute.cast_unsigned());
        let rate = self.rate(minute);
        let mut births = Vec::new();
        for slot in 0..SLOTS {
            // A slot is taken with a probability of rate / 1000 / SLOTS.
            if u64::from(random.below(1_000 * SLOTS)) >= rate {
                continue;
            }
            let ms = minute * MINUTE_MS + i64::from(slot * SLOT_MS + random.below(SLOT_MS));
            let first = snowflake::id_at(ms, random.below(1 << 21) << 1);
            births.push(self.birth(first, ms));
        }
        births
    }

    fn birth(self, first: u64, ms: i64) -> Birth {
        let mut random = Choices::of(self.seed, 2, first);
        let author_id = people::author_id(random.below(people::AUTHORS));
        let kind = match random.below(100) {
            0..22 => Some(ReferenceKind::RepliedTo),
            22..34 => Some(ReferenceKind::Quoted),
            _ => None,
        };
        let edits = if kind != Some(ReferenceKind::RepliedTo) && random.chance(40) { 1 + random.below(3) } else { 0 };
        let mut versions = vec![first];
        let mut at_ms = ms;
        for _ in 0..edits {
            at_ms += i64::from(15_000 + random.below(EDIT_GAP_MS_MAX));
            // Odd, while first versions are even: an edit can never take the id of another post.
            versions.push(snowflake::id_at(at_ms, random.below(1 << 21) << 1 | 1));
        }
        Birth { seed: random.number(), author_id, kind, versions }
    }

    /// Returns the number of posts per thousand minutes like this one.
    fn rate(self, minute: i64) -> u64 {
        let hour_in_brasilia = (minute.div_euclid(60) - 3).rem_euclid(24);
        let rhythm = DAILY_RHYTHM[usize::try_from(hour_in_brasilia).unwrap_or(0)];
        let half_hour = minute.div_euclid(30);
        let mood = match Choices::of(self.seed, 3, half_hour.cast_unsigned()).below(100) {
            // A news event: four times the traffic, fading.
            0..4 => 4_000 - minute.rem_euclid(30).cast_unsigned() * 80,
            // A quiet period.
            4..7 => 60,
            _ => 1_000,
        };
        (BASE_RATE * rhythm / 1_000 * mood / 1_000).max(LEAST_RATE)
    }

    fn write(self, birth: &Birth, edit: usize) -> Post {
        let first = birth.versions[0];
        let target = birth.kind.and_then(|kind| Some((kind, self.target(birth, first)?)));
        let mut situation = Situation {
            seed: birth.seed,
            author_id: birth.author_id,
            edit,
            reference: None,
            in_reply_to_user_id: None,
            quoted_user_id: None,
            conversation_id: first,
        };
        if let Some((kind, target)) = target {
            situation.reference = Some(Reference { kind, id: target.id });
            if kind == ReferenceKind::RepliedTo {
                situation.in_reply_to_user_id = Some(target.author_id);
                situation.conversation_id = target.conversation_id;
            } else {
                situation.quoted_user_id = Some(target.author_id);
            }
        }
        let history = birth.versions[..=edit].to_vec();
        let successor = birth.versions.get(edit + 1).copied();
        Post::seeded(birth.versions[edit], history, successor, Draft::compose(&situation))
    }

    /// Chooses an earlier post, which usually still exists; one in eight has been deleted since.
    fn target(self, birth: &Birth, first: u64) -> Option<Target> {
        birth.kind?;
        let mut random = Choices::of(birth.seed, 4, 0);
        let minute = minute_of(first) - 1 - i64::from(random.below(REFERENCE_MINUTES_MAX));
        let candidates = self.births(minute);
        if candidates.is_empty() || random.chance(125) {
            let ms = minute * MINUTE_MS + i64::from(random.below(60_000));
            let id = snowflake::id_at(ms, random.below(1 << 21) << 1 | 1);
            let author_id = people::author_id(random.below(people::AUTHORS));
            return Some(Target { id, author_id, conversation_id: id });
        }
        let found = &candidates[random.below(u32::try_from(candidates.len()).unwrap_or(1)) as usize];
        let id = found.versions[0];
        // A reply to a reply belongs to the same conversation; each step goes back in time, so this terminates.
        let conversation_id = match found.kind {
            Some(ReferenceKind::RepliedTo) => self.target(found, id).map_or(id, |target| target.conversation_id),
            _ => id,
        };
        Some(Target { id, author_id: found.author_id, conversation_id })
    }
}

/// Returns the minute of Unix time in which an id was created.
pub(super) fn minute_of(id: u64) -> i64 {
    snowflake::unix_ms(id).div_euclid(MINUTE_MS)
}
