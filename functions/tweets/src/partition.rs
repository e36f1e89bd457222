use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};

use crate::columns::{ANO, DIA, MES};

/// The years that the table covers, both inclusive. Queries never see a row of another year.
///
/// The text form is that of the table's `projection.ano.range`: `2024,2035`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Years {
    first: i32,
    last: i32,
}

impl Years {
    /// The years of a new stack and of a local lake.
    pub const DEFAULT: Self = Self { first: 2024, last: 2035 };
    /// The widest range: from the year of X's first post to an end that limits what a query without days has to list.
    pub const WIDEST: Self = Self { first: 2006, last: 2049 };

    /// Returns the first year of the table.
    pub fn first(self) -> i32 {
        self.first
    }

    /// Returns the last year of the table.
    pub fn last(self) -> i32 {
        self.last
    }

    /// Returns whether the table covers the year.
    pub fn contains(self, year: i32) -> bool {
        (self.first..=self.last).contains(&year)
    }
}

impl fmt::Display for Years {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.first, self.last)
    }
}

/// The text is not a valid range of table years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the first and the last year, such as `{}`, within `{}`", Years::DEFAULT, Years::WIDEST)]
pub struct InvalidYears;

impl FromStr for Years {
    type Err = InvalidYears;

    fn from_str(text: &str) -> Result<Self, InvalidYears> {
        let year = |text: &str| text.parse().ok().filter(|year| text.len() == 4 && Self::WIDEST.contains(*year));
        let (first, last) = text.split_once(',').ok_or(InvalidYears)?;
        match (year(first), year(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(InvalidYears),
        }
    }
}

/// The REF partition of a tweet: the UTC calendar date of its `created_at`.
///
/// `Display` is the key prefix that Glue declares, zero-padded to sort by date: `ano=2024/mes=02/dia=29`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    ano: i32,
    mes: u32,
    dia: u32,
}

impl Partition {
    /// Returns the partition of a tweet created at this time.
    pub fn of(created_at: DateTime<Utc>) -> Self {
        Self { ano: created_at.year(), mes: created_at.month(), dia: created_at.day() }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ANO}={:04}/{MES}={:02}/{DIA}={:02}", self.ano, self.mes, self.dia)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(created_at: &str) -> Partition {
        Partition::of(crate::parse_time(created_at).unwrap())
    }

    #[test]
    fn a_tweet_belongs_to_its_utc_date() {
        for (created_at, want) in [
            ("2024-02-29T23:59:59Z", "ano=2024/mes=02/dia=29"),
            ("2024-02-29T22:00:00-03:00", "ano=2024/mes=03/dia=01"), // 01:00 of the next day in UTC
        ] {
            assert_eq!(day(created_at).to_string(), want, "{created_at}");
        }
    }

    #[test]
    fn years_are_an_ordered_pair_within_the_widest_range() {
        for first in 1999..2061 {
            for last in 1999..2061 {
                let text = format!("{first},{last}");
                let is_valid = 2006 <= first && first <= last && last <= 2049;
                assert_eq!(text.parse().map(|years: Years| years.to_string()), if is_valid { Ok(text) } else { Err(InvalidYears) });
            }
        }
        for text in ["", "2024", "2024,", ",2035", "2024, 2035", "2024,2035,2036", "+024,2035", "02024,2035", "20a4,2035", "2024-2035"] {
            assert_eq!(text.parse::<Years>(), Err(InvalidYears), "{text}");
        }
    }
}
