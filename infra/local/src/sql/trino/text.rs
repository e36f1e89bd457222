//! Functions over texts. A character is a code point, and positions count from 1.

use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::scalar::{Kind, Overload, Row, gives, overload, text, texts};
use super::types::failed;

const T: Kind = Kind::Text;
const I: Kind = Kind::Int;

pub const FUNCTIONS: &[Overload] = &[
    Overload {
        variadic: true,
        ..overload("concat", &[T, T], gives::text, |row| text((0..row.len()).map(|place| row.text(place)).collect::<String>()))
    },
    Overload { variadic: true, sees_null: true, ..overload("concat_ws", &[T, T], gives::text, concat_ws) },
    overload("length", &[T], gives::bigint, |row| count(row.text(0).chars().count())),
    overload("lower", &[T], gives::text, |row| text(row.text(0).chars().map(lower).collect::<String>())),
    overload("upper", &[T], gives::text, |row| text(row.text(0).chars().map(upper).collect::<String>())),
    overload("substr", &[T, I], gives::text, |row| text(part(row.text(0), row.int(1), None))),
    overload("substr", &[T, I, I], gives::text, |row| text(part(row.text(0), row.int(1), Some(row.int(2))))),
    overload("substring", &[T, I], gives::text, |row| text(part(row.text(0), row.int(1), None))),
    overload("substring", &[T, I, I], gives::text, |row| text(part(row.text(0), row.int(1), Some(row.int(2))))),
    overload("strpos", &[T, T], gives::bigint, |row| count(position(row.text(0), row.text(1), 1)?)),
    overload("strpos", &[T, T, I], gives::bigint, |row| count(position(row.text(0), row.text(1), row.int(2))?)),
    overload("replace", &[T, T], gives::text, |row| text(row.text(0).replace(row.text(1), ""))),
    overload("replace", &[T, T, T], gives::text, |row| text(row.text(0).replace(row.text(1), row.text(2)))),
    overload("reverse", &[T], gives::text, |row| text(row.text(0).chars().rev().collect::<String>())),
    overload("lpad", &[T, I, T], gives::text, |row| padded(row, true)),
    overload("rpad", &[T, I, T], gives::text, |row| padded(row, false)),
    overload("trim", &[T], gives::text, |row| text(row.text(0).trim_matches(is_blank))),
    overload("ltrim", &[T], gives::text, |row| text(row.text(0).trim_start_matches(is_blank))),
    overload("rtrim", &[T], gives::text, |row| text(row.text(0).trim_end_matches(is_blank))),
    overload("trim", &[T, T], gives::text, |row| text(row.text(0).trim_matches(|char| row.text(1).contains(char)))),
    overload("ltrim", &[T, T], gives::text, |row| text(row.text(0).trim_start_matches(|char| row.text(1).contains(char)))),
    overload("rtrim", &[T, T], gives::text, |row| text(row.text(0).trim_end_matches(|char| row.text(1).contains(char)))),
    overload("split", &[T, T], gives::texts, |row| texts(row.text(0).split(delimiter(row)?).map(Some))),
    overload("split", &[T, T, I], gives::texts, |row| match usize::try_from(row.int(2)) {
        Ok(limit) if limit > 0 => texts(row.text(0).splitn(limit, delimiter(row)?).map(Some)),
        _ => Err(failed("split: the limit must be greater than zero")),
    }),
    overload("split_part", &[T, T, I], gives::text, split_part),
    overload("translate", &[T, T, T], gives::text, translate),
    overload("starts_with", &[T, T], gives::boolean, |row| Ok(row.text(0).starts_with(row.text(1)).into())),
    overload("chr", &[I], gives::text, |row| match u32::try_from(row.int(0)).ok().and_then(char::from_u32) {
        Some(char) => text(char),
        None => Err(failed(format!("chr: {} is not a code point", row.int(0)))),
    }),
    overload("codepoint", &[T], gives::integer, codepoint),
    overload("levenshtein_distance", &[T, T], gives::bigint, |row| count(levenshtein(row.text(0), row.text(1)))),
    overload("hamming_distance", &[T, T], gives::bigint, hamming),
    overload("like", &[T, T], gives::boolean, |row| like(row.text(0), row.text(1), None)),
    overload("like", &[T, T, T], gives::boolean, |row| {
        let mut escape = row.text(2).chars();
        match (escape.next(), escape.next()) {
            (Some(escape), None) => like(row.text(0), row.text(1), Some(escape)),
            _ => Err(failed("LIKE: ESCAPE takes one character")),
        }
    }),
];

fn count(number: usize) -> Result<ScalarValue> {
    i64::try_from(number).map(Into::into).map_err(|_| failed("a number is out of range"))
}

fn concat_ws(row: &Row) -> Result<ScalarValue> {
    if row.is_null(0) {
        return Ok(ScalarValue::Utf8(None));
    }
    let parts = (1..row.len()).filter(|&place| !row.is_null(place)).map(|place| row.text(place));
    text(parts.collect::<Vec<_>>().join(row.text(0)))
}

/// Returns the lower case of a single character as one character, as Java maps code points.
fn lower(char: char) -> char {
    let mut lower = char.to_lowercase();
    lower.next().unwrap_or(char) // only `İ` has two; the first one counts
}

/// Returns the upper case of a single character as one character; a character that only has a longer form is unchanged.
fn upper(char: char) -> char {
    let mut upper = char.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        // Greek letters with iota subscript also have a single-character form.
        _ => match char {
            '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => char::from_u32(char as u32 + 8).unwrap_or(char),
            '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => char::from_u32(char as u32 + 9).unwrap_or(char),
            _ => char,
        },
    }
}

/// Returns `length` characters from `start`, which counts from the end if it is negative.
pub fn part(text: &str, start: i64, length: Option<i64>) -> String {
    let characters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let first = if start < 0 { characters + start } else { start - 1 };
    if start == 0 || first < 0 || first >= characters {
        return String::new();
    }
    let taken = length.unwrap_or(characters).clamp(0, characters);
    let (first, taken) = (usize::try_from(first).unwrap_or(0), usize::try_from(taken).unwrap_or(0));
    text.chars().skip(first).take(taken).collect()
}

/// Returns the position of occurrence `instance` of `part`, counted from the end if negative; 0 if there is none.
fn position(text: &str, part: &str, instance: i64) -> Result<usize> {
    if instance == 0 {
        return Err(failed("strpos: the instance must not be zero"));
    }
    if part.is_empty() {
        return Ok(1);
    }
    // Occurrences may overlap.
    let places = text.char_indices().enumerate().filter(|(_, (byte, _))| text.get(*byte..).is_some_and(|rest| rest.starts_with(part)));
    let places: Vec<usize> = places.map(|(place, _)| place + 1).collect();
    let wanted = usize::try_from(instance.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let found = if instance > 0 { places.get(wanted) } else { places.iter().rev().nth(wanted) };
    Ok(found.copied().unwrap_or(0))
}

fn padded(row: &Row, in_front: bool) -> Result<ScalarValue> {
    let (own, with) = (row.text(0), row.text(2));
    let length = usize::try_from(row.int(1)).ok().filter(|&length| i32::try_from(length).is_ok());
    let length = length.ok_or_else(|| failed("lpad and rpad: the length must be in the range [0..2147483647]"))?;
    if with.is_empty() {
        return Err(failed("lpad and rpad: the padding must not be empty"));
    }
    let missing = length.saturating_sub(own.chars().count());
    let padding: String = with.chars().cycle().take(missing).collect();
    let own: String = own.chars().take(length).collect();
    text(if in_front { padding + &own } else { own + &padding })
}

/// Returns whether Java considers the character whitespace: a no-break space is not.
fn is_blank(char: char) -> bool {
    match char {
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}' => false,
        '\u{1c}'..='\u{1f}' => true,
        char => char.is_whitespace(),
    }
}

fn delimiter<'a>(row: &Row<'a>) -> Result<&'a str> {
    match row.text(1) {
        "" => Err(failed("split: the delimiter must not be empty")),
        delimiter => Ok(delimiter),
    }
}

fn split_part(row: &Row) -> Result<ScalarValue> {
    let place = usize::try_from(row.int(2)).ok().filter(|&place| place > 0);
    let place = place.ok_or_else(|| failed("split_part: the index must be greater than zero"))?;
    let found = match row.text(1) {
        "" => row.text(0).chars().nth(place - 1).map(String::from),
        delimiter => row.text(0).split(delimiter).nth(place - 1).map(str::to_owned),
    };
    Ok(ScalarValue::Utf8(found))
}

fn translate(row: &Row) -> Result<ScalarValue> {
    let to: Vec<char> = row.text(2).chars().collect();
    let other = |char| match row.text(1).chars().position(|from| from == char) {
        Some(place) => to.get(place).copied(),
        None => Some(char),
    };
    text(row.text(0).chars().filter_map(other).collect::<String>())
}

fn codepoint(row: &Row) -> Result<ScalarValue> {
    let mut chars = row.text(0).chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) => Ok(ScalarValue::Int32(i32::try_from(u32::from(char)).ok())),
        _ => Err(failed("codepoint takes a text of one character: use codepoint(substr(…, 1, 1))")),
    }
}

fn levenshtein(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut costs: Vec<usize> = (0..=right.len()).collect();
    for (row, left) in left.chars().enumerate() {
        let mut diagonal = row;
        let mut before = row + 1;
        for (cost, right) in costs.iter_mut().skip(1).zip(&right) {
            let cheapest = (*cost + 1).min(before + 1).min(diagonal + usize::from(left != *right));
            diagonal = *cost;
            *cost = cheapest;
            before = cheapest;
        }
        if let Some(first) = costs.first_mut() {
            *first = row + 1;
        }
    }
    costs.last().copied().unwrap_or(0)
}

fn hamming(row: &Row) -> Result<ScalarValue> {
    let (left, right) = (row.text(0), row.text(1));
    if left.chars().count() != right.chars().count() {
        return Err(failed("hamming_distance: the texts must have the same length"));
    }
    count(left.chars().zip(right.chars()).filter(|(left, right)| left != right).count())
}

/// Matches a LIKE pattern: `%` is any text and `_` any character, unless preceded by `escape`.
fn like(text: &str, pattern: &str, escape: Option<char>) -> Result<ScalarValue> {
    #[derive(PartialEq)]
    enum Part {
        AnyText,
        AnyCharacter,
        This(char),
    }
    let mut parts = Vec::new();
    let mut pattern = pattern.chars();
    while let Some(char) = pattern.next() {
        parts.push(match char {
            char if Some(char) == escape => match pattern.next() {
                Some(next) if next == '%' || next == '_' || Some(next) == escape => Part::This(next),
                _ => return Err(failed("LIKE: the escape character must be followed by `%`, `_` or itself")),
            },
            '%' => Part::AnyText,
            '_' => Part::AnyCharacter,
            char => Part::This(char),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part) = (0, 0);
    let mut retry = None; // the last `%`, and how far it extends
    while let Some(&char) = text.get(at) {
        match parts.get(part) {
            Some(Part::AnyText) => {
                retry = Some((part + 1, at));
                part += 1;
            }
            Some(Part::AnyCharacter) => (at, part) = (at + 1, part + 1),
            Some(Part::This(this)) if *this == char => (at, part) = (at + 1, part + 1),
            _ => match retry {
                Some((after, reach)) => {
                    (at, part) = (reach + 1, after);
                    retry = Some((after, reach + 1));
                }
                None => return Ok(false.into()),
            },
        }
    }
    Ok(parts.iter().skip(part).all(|part| *part == Part::AnyText).into())
}
