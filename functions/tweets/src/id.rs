use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Unix milliseconds of the earliest time that an id can encode. Source: the epoch of public snowflake decoders, checked
/// against an X API error that quotes both id and minute.
const EPOCH_MS: i64 = 1_288_834_974_657;

/// The id of a tweet, 1…2^63−1. In JSON it is a string of digits.
///
/// Ids grow with time: the bits above the lowest 22 are the milliseconds since 2010-11-04T01:42:54.657Z, so a span of
/// time is a span of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TweetId(i64);

/// The text is not a string of digits from 1 to 2^63−1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tweet id is a string of digits from 1 to 9223372036854775807")]
pub struct InvalidTweetId;

impl TweetId {
    /// The lowest possible id.
    pub const MIN: Self = Self(1);

    /// Creates an id from its number. Returns `None` outside 1…2^63−1.
    pub fn new(id: i64) -> Option<Self> {
        (id > 0).then_some(Self(id))
    }

    /// Returns the lowest id that a tweet created at `time` can have, or [`TweetId::MIN`] for times before the epoch of ids.
    pub fn lowest_at(time: DateTime<Utc>) -> Self {
        let ms = time.timestamp_millis().saturating_sub(EPOCH_MS).clamp(0, i64::MAX >> 22);
        Self((ms << 22).max(1))
    }

    /// Returns the creation time of the tweet, to the millisecond.
    pub fn created_at(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis((self.0 >> 22) + EPOCH_MS).unwrap_or_default()
    }

    /// Returns the id as a number.
    pub fn get(self) -> i64 {
        self.0
    }

    /// Returns the number just below, 0 for the lowest id. Used as `since_id`, which is exclusive, so that this id is served.
    pub fn before(self) -> i64 {
        self.0 - 1
    }
}

impl fmt::Display for TweetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TweetId {
    type Err = InvalidTweetId;

    fn from_str(text: &str) -> Result<Self, InvalidTweetId> {
        // `i64::from_str` accepts a sign, which an id never has.
        if text.starts_with(['+', '-']) {
            return Err(InvalidTweetId);
        }
        text.parse().ok().and_then(Self::new).ok_or(InvalidTweetId)
    }
}

impl Serialize for TweetId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TweetId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl serde::de::Visitor<'_> for Digits {
            type Value = TweetId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{InvalidTweetId}")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TweetId, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Digits).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_contains_its_time() {
        // The pair quoted by an X API error message: "created after 2026-06-22T16:35Z … larger than 2069097036665323520".
        let id: TweetId = "2069097036665323520".parse().unwrap();
        assert_eq!(id.created_at().to_rfc3339(), "2026-06-22T16:35:50.162+00:00");
        assert_eq!(TweetId::lowest_at(id.created_at()), id);
    }

    #[test]
    fn ids_are_digits_from_1_to_the_largest_i64() {
        for (text, want) in [
            ("1", Some(1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("00012", Some(12)), // leading zeros do not change the number
            ("0", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("", None),
            ("12345678901234567890", None),
            ("１２", None), // full-width digits are not ASCII
        ] {
            assert_eq!(text.parse::<TweetId>().ok().map(TweetId::get), want, "{text}");
        }
    }

    #[test]
    fn json_ids_are_strings() {
        assert_eq!(serde_json::to_string(&TweetId::MIN).unwrap(), r#""1""#);
        assert_eq!(serde_json::from_str::<TweetId>(r#""7""#).unwrap().get(), 7);
        assert!(serde_json::from_str::<TweetId>("7").is_err()); // a JSON number may have been rounded in transit
    }

    #[test]
    fn times_outside_the_range_of_ids_are_clamped() {
        assert_eq!(TweetId::lowest_at("2000-01-01T00:00:00Z".parse().unwrap()), TweetId::MIN);
        assert!(TweetId::lowest_at(DateTime::<Utc>::MAX_UTC) > TweetId::lowest_at("2050-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(TweetId::MIN.before(), 0);
    }
}
