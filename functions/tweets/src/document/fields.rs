//! The values of fields, each read from one form of JSON.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Datelike, Utc};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{YEARS, parse_created_at};

/// A string borrowed from the bytes unless an escape in it forces a copy.
///
/// A type of its own because serde borrows a `Cow` only when it is a field by itself, not inside `Option` or `Vec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowed)
    }
}

/// `created_at` of a tweet in a year that the table covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreatedAt(DateTime<Utc>);

impl CreatedAt {
    /// The time, UTC.
    pub fn get(self) -> DateTime<Utc> {
        self.0
    }
}

impl<'de> Deserialize<'de> for CreatedAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = CapturedAt::deserialize(deserializer)?.0;
        if YEARS.contains(&time.year()) { Ok(Self(time)) } else { Err(D::Error::custom("year outside the table")) }
    }
}

pub(super) struct CapturedAt(pub(super) DateTime<Utc>);

impl<'de> Deserialize<'de> for CapturedAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        parse_created_at(&text).map(Self).ok_or_else(|| D::Error::custom("not a time in RFC 3339"))
    }
}

/// A whole number, also when it is written `1e2` or `100.0`: JSON has one kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub i64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of at most 63 bits")
            }
            fn visit_i64<E>(self, count: i64) -> Result<Count, E> {
                Ok(Count(count))
            }
            fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<Count, E> {
                i64::try_from(count).map(Count).map_err(E::custom)
            }
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, where f64 holds every whole number")]
            fn visit_f64<E: serde::de::Error>(self, count: f64) -> Result<Count, E> {
                if count.fract() == 0.0 && count.abs() < 9_007_199_254_740_992.0 {
                    Ok(Count(count as i64))
                } else {
                    Err(E::custom("not whole"))
                }
            }
        }
        deserializer.deserialize_any(Whole)
    }
}
