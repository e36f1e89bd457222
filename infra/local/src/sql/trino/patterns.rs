//! Date patterns: those of `MySQL` for `date_format` and `date_parse`, Joda's for `format_datetime`.
//!
//! A letter that is not listed is an error, not a literal.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::scalar::{Kind, Overload, Row, at, gives, overload, text};
use super::types::failed;

const T: Kind = Kind::Text;
const W: Kind = Kind::Wall;
const Z: Kind = Kind::Zoned;

pub const FUNCTIONS: &[Overload] = &[
    overload("date_format", &[W, T], gives::text, |row| text(mysql(row.wall(0)?, row.text(1))?)),
    overload("date_format", &[Z, T], gives::text, |row| text(mysql(row.wall(0)?, row.text(1))?)),
    overload("date_parse", &[T, T], gives::wall, date_parse),
    overload("format_datetime", &[W, T], gives::text, |row| text(joda(row.wall(0)?, row.text(1))?)),
    overload("format_datetime", &[Z, T], gives::text, |row| text(joda(row.wall(0)?, row.text(1))?)),
];

fn half_day_hour(at: NaiveDateTime) -> u32 {
    at.hour12().1
}

fn mysql(at: NaiveDateTime, pattern: &str) -> Result<String> {
    let mut text = String::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            text.push(char);
            continue;
        }
        text += &match chars.next() {
            Some('Y') => format!("{:04}", at.year()),
            Some('y') => format!("{:02}", at.year().rem_euclid(100)),
            Some('m') => format!("{:02}", at.month()),
            Some('c') => at.month().to_string(),
            Some('d') => format!("{:02}", at.day()),
            Some('e') => at.day().to_string(),
            Some('H') => format!("{:02}", at.hour()),
            Some('k') => at.hour().to_string(),
            Some('h' | 'I') => format!("{:02}", half_day_hour(at)),
            Some('l') => half_day_hour(at).to_string(),
            Some('i') => format!("{:02}", at.minute()),
            Some('s' | 'S') => format!("{:02}", at.second()),
            Some('f') => format!("{:03}000", at.and_utc().timestamp_subsec_millis()),
            Some('M') => at.format("%B").to_string(),
            Some('b') => at.format("%b").to_string(),
            Some('W') => at.format("%A").to_string(),
            Some('a') => at.format("%a").to_string(),
            Some('p') => at.format("%p").to_string(),
            Some('j') => format!("{:03}", at.ordinal()),
            Some('v') => format!("{:02}", at.iso_week().week()),
            Some('x') => format!("{:04}", at.iso_week().year()),
            Some('T') => at.format("%H:%M:%S").to_string(),
            Some('r') => at.format("%I:%M:%S %p").to_string(),
            Some('%') => "%".to_owned(),
            Some(other) => {
                return Err(failed(format!(
                    "date_format: `%{other}` is not a part of a date in Athena; `%M` is the name of the month and `%i` are minutes"
                )));
            }
            None => return Err(failed("date_format: the pattern ends in `%`")),
        };
    }
    Ok(text)
}

fn date_parse(row: &Row) -> Result<ScalarValue> {
    let (given, pattern) = (row.text(0), row.text(1));
    let mut parse = Parse { rest: given, year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0, afternoon: None };
    let parsed = parse.all(pattern)?.filter(|()| parse.rest.is_empty()).and_then(|()| parse.at());
    let parsed = parsed.ok_or_else(|| failed(format!("date_parse: the text `{given}` does not match `{pattern}`")))?;
    at(parsed, None, row.gives)
}

struct Parse<'a> {
    rest: &'a str,
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    ms: u32,
    afternoon: Option<bool>,
}

impl Parse<'_> {
    /// Returns `None` if the text does not match, and an error if the pattern is not supported here.
    fn all(&mut self, pattern: &str) -> Result<Option<()>> {
        let mut chars = pattern.chars();
        while let Some(char) = chars.next() {
            let fits = match char {
                '%' => self.part(chars.next())?,
                other => self.rest.strip_prefix(other).map(|rest| self.rest = rest),
            };
            if fits.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }

    fn part(&mut self, letter: Option<char>) -> Result<Option<()>> {
        Ok(match letter {
            Some('Y') => self.number(4).map(|year| self.year = i32::try_from(year).unwrap_or(0)),
            Some('m' | 'c') => self.number(2).map(|month| self.month = month),
            Some('d' | 'e') => self.number(2).map(|day| self.day = day),
            Some('H' | 'k') => self.number(2).map(|hour| self.hour = hour),
            Some('h' | 'I' | 'l') => self.number(2).filter(|hour| (1..=12).contains(hour)).map(|hour| {
                self.hour = hour % 12;
                self.afternoon.get_or_insert(false);
            }),
            Some('i') => self.number(2).map(|minute| self.minute = minute),
            Some('s' | 'S') => self.number(2).map(|second| self.second = second),
            Some('T') => return self.all("%H:%i:%s"),
            Some('r') => return self.all("%h:%i:%s %p"),
            Some('f') => self.fraction().map(|ms| self.ms = ms),
            Some('p') => self.one_of(&["AM", "PM"]).map(|place| self.afternoon = Some(place == 1)),
            Some('b') => self.one_of(&MONTHS.map(|month| month.get(..3).unwrap_or(month))).map(|place| self.month = place + 1),
            Some('M') => self.one_of(&MONTHS).map(|place| self.month = place + 1),
            Some('%') => self.rest.strip_prefix('%').map(|rest| self.rest = rest),
            other => {
                let other = other.map(String::from).unwrap_or_default();
                return Err(failed(format!(
                    "date_parse: `%{other}` is not supported here; `%M` is the name of the month and `%i` are minutes"
                )));
            }
        })
    }

    fn number(&mut self, digits_max: usize) -> Option<u32> {
        let digits = self.rest.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
        let number = self.rest.get(..digits)?.parse().ok()?;
        self.rest = self.rest.get(digits..)?;
        Some(number)
    }

    /// Parses one to nine digits after the second, and keeps milliseconds.
    fn fraction(&mut self) -> Option<u32> {
        let digits = self.rest.bytes().take(9).take_while(u8::is_ascii_digit).count();
        let fraction = format!("{:0<3}", self.rest.get(..digits).filter(|digits| !digits.is_empty())?);
        self.rest = self.rest.get(digits..)?;
        fraction.get(..3)?.parse().ok()
    }

    fn one_of(&mut self, names: &[&str]) -> Option<u32> {
        let place = names.iter().position(|name| self.rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))?;
        self.rest = self.rest.get(names.get(place)?.len()..)?;
        u32::try_from(place).ok()
    }

    fn at(&self) -> Option<NaiveDateTime> {
        let hour = self.hour + if self.afternoon == Some(true) { 12 } else { 0 };
        let time = NaiveTime::from_hms_milli_opt(hour, self.minute, self.second, self.ms)?;
        Some(NaiveDate::from_ymd_opt(self.year, self.month, self.day)?.and_time(time))
    }
}

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

fn joda(at: NaiveDateTime, pattern: &str) -> Result<String> {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        let run = if char.is_ascii_alphabetic() { rest.chars().take_while(|&next| next == char).count() } else { 1 };
        if char == '\'' {
            rest = quoted(rest, &mut text);
            continue;
        }
        let padded = |number: u32| format!("{number:0run$}");
        text += &match char {
            'y' | 'Y' if run == 2 => format!("{:02}", at.year().rem_euclid(100)),
            'y' | 'Y' => format!("{:0run$}", at.year()),
            'x' if run == 2 => format!("{:02}", at.iso_week().year().rem_euclid(100)),
            'x' => format!("{:0run$}", at.iso_week().year()),
            'M' if run < 3 => padded(at.month()),
            'M' => at.format(if run == 3 { "%b" } else { "%B" }).to_string(),
            'E' => at.format(if run < 4 { "%a" } else { "%A" }).to_string(),
            'd' => padded(at.day()),
            'D' => padded(at.ordinal()),
            'w' => padded(at.iso_week().week()),
            'e' => padded(at.weekday().number_from_monday()),
            'H' => padded(at.hour()),
            'k' => padded(if at.hour() == 0 { 24 } else { at.hour() }),
            'h' => padded(half_day_hour(at)),
            'K' => padded(at.hour() % 12),
            'm' => padded(at.minute()),
            's' => padded(at.second()),
            'S' => format!("{:03}", at.and_utc().timestamp_subsec_millis()).chars().chain(std::iter::repeat('0')).take(run).collect(),
            'a' => at.format("%p").to_string(),
            letter if letter.is_ascii_alphabetic() => {
                return Err(failed(format!("format_datetime: `{letter}` is not supported here; use date_format")));
            }
            other => other.to_string(),
        };
        rest = rest.get(run * char.len_utf8()..).unwrap_or_default();
    }
    Ok(text)
}

/// Reads a quoted text, in which a doubled quote is a single one; returns the rest.
fn quoted<'a>(pattern: &'a str, text: &mut String) -> &'a str {
    let inside = pattern.get(1..).unwrap_or_default();
    if let Some(rest) = inside.strip_prefix('\'') {
        text.push('\'');
        return rest;
    }
    let mut chars = inside.char_indices().peekable();
    while let Some((place, char)) = chars.next() {
        match (char, chars.peek()) {
            ('\'', Some((_, '\''))) => {
                text.push('\'');
                chars.next();
            }
            ('\'', _) => return inside.get(place + 1..).unwrap_or_default(),
            (other, _) => text.push(other),
        }
    }
    ""
}
