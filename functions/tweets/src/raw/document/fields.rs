//! Types of field values, each read from one form of JSON.

use chrono::{DateTime, Utc};
use serde::de::SeqAccess;

use super::lenient::{Form, Lenient, NULL, Sent, skip_array};
use super::malformed::{Malformed, Segment};
use super::scalar::{Number, Text};
use crate::{TweetId, parse_time};

impl<'de> Form<'de> for Text<'de> {
    fn from_text(text: Text<'de>) -> Option<Self> {
        Some(text)
    }
}

impl Form<'_> for bool {
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl<'de> Form<'de> for TweetId {
    fn from_text(text: Text<'de>) -> Option<Self> {
        text.parse().ok()
    }

    fn same(self, later: Self) -> Option<Self> {
        (self == later).then_some(self)
    }
}

impl<'de> Form<'de> for DateTime<Utc> {
    fn from_text(text: Text<'de>) -> Option<Self> {
        // Rows have whole milliseconds, and second 60 of a minute becomes the first second of the next one.
        DateTime::from_timestamp_millis(parse_time(&text)?.timestamp_millis())
    }

    fn same(self, later: Self) -> Option<Self> {
        (self == later).then_some(self)
    }
}

/// A whole number, also in the forms `1e2` and `100.0`: JSON has only one kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub i64);

impl Form<'_> for Count {
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, where f64 holds every whole number")]
    fn from_number(number: Number) -> Option<Self> {
        match number {
            Number::Signed(count) => Some(Self(count)),
            Number::Unsigned(count) => i64::try_from(count).ok().map(Self),
            Number::Float(count) => {
                (count.fract() == 0.0 && count.abs() < 9_007_199_254_740_992.0).then_some(count).map(|count| Self(count as i64))
            }
        }
    }
}

/// The first id of an edit history. `None` if any id is malformed, because the first one is then unknown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FirstOfHistory(pub(super) Option<TweetId>);

impl<'de> Form<'de> for FirstOfHistory {
    fn from_array<A: SeqAccess<'de>>(mut array: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
        let mut first = None;
        for index in 0.. {
            let id = malformed.within(Segment::Item(index), |malformed| {
                let id = array.next_element_seed(Lenient::<TweetId>::new(malformed))?;
                if let Some(Sent::Null) = id {
                    malformed.record(NULL);
                }
                Ok(id)
            })?;
            match id {
                None => break,
                Some(Sent::Value(id)) => first = first.or(Some(id)),
                Some(Sent::Null | Sent::Malformed(_)) => {
                    skip_array(array)?;
                    return Ok(Some(Self(None)));
                }
            }
        }
        Ok(Some(Self(first)))
    }
}

/// Whether references were among the requested fields, which are a list of names or one string of names.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReferencesRequested(pub(super) bool);

impl<'de> Form<'de> for ReferencesRequested {
    fn from_text(text: Text<'de>) -> Option<Self> {
        Some(Self(text.contains("referenced_tweets") || text.contains("referenced_posts")))
    }

    fn from_array<A: SeqAccess<'de>>(array: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
        let names = Vec::<Text>::from_array(array, malformed)?.unwrap_or_default();
        Ok(Some(Self(names.into_iter().filter_map(Self::from_text).any(|requested| requested.0))))
    }
}
