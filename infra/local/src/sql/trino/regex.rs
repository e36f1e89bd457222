//! Regular expressions, executed by Rust's `regex` where it has the meaning of Trino's Joni.
//!
//! `\d`, `\w` and `\s` are ASCII in Joni and Unicode in `regex`, so they are expanded. Syntax that only one of the two
//! has is refused.

use std::cell::RefCell;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::error::Result;
use regex::{Captures, Regex};

use super::scalar::{Kind, Overload, Row, gives, overload, text, texts};
use super::types::failed;

const T: Kind = Kind::Text;
const I: Kind = Kind::Int;

pub const FUNCTIONS: &[Overload] = &[
    overload("regexp_like", &[T, T], gives::boolean, |row| Ok(pattern(row)?.is_match(row.text(0)).into())),
    overload("regexp_count", &[T, T], gives::bigint, |row| Ok(number(pattern(row)?.find_iter(row.text(0)).count()).into())),
    overload("regexp_extract", &[T, T], gives::text, |row| extract(row, 0)),
    overload("regexp_extract", &[T, T, I], gives::text, |row| extract(row, row.int(2))),
    overload("regexp_position", &[T, T], gives::integer, |row| position(row, 1)),
    overload("regexp_position", &[T, T, I], gives::integer, |row| position(row, row.int(2))),
    overload("regexp_replace", &[T, T], gives::text, |row| text(pattern(row)?.replace_all(row.text(0), ""))),
    overload("regexp_replace", &[T, T, T], gives::text, replace),
    overload("regexp_split", &[T, T], gives::texts, |row| texts(pattern(row)?.split(row.text(0)).map(Some))),
];

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

struct Pattern {
    text: String,
    regex: Regex,
    has_end: bool,
}

/// Returns the second argument, compiled. It is usually the same for all rows.
fn pattern(row: &Row) -> Result<Arc<Regex>> {
    thread_local! {
        static LAST: RefCell<Option<(Arc<Regex>, Pattern)>> = const { RefCell::new(None) };
    }
    let wanted = row.text(1);
    let (regex, has_end) = LAST.with_borrow_mut(|last| {
        if let Some((regex, last)) = last.as_ref().filter(|(_, last)| last.text == wanted) {
            return Ok((Arc::clone(regex), last.has_end));
        }
        let compiled = compiled(wanted)?;
        let regex = Arc::new(compiled.regex.clone());
        let has_end = compiled.has_end;
        *last = Some((Arc::clone(&regex), compiled));
        Ok::<_, datafusion::error::DataFusionError>((regex, has_end))
    })?;
    if has_end && row.text(0).ends_with('\n') {
        return Err(failed("`$` matches before a line feed at the end of a text in Athena, and not here: use `\\z`, or rtrim(…) the text"));
    }
    Ok(regex)
}

/// Compiles a pattern for functions that run it themselves; `$` is refused, because its meaning depends on the text.
pub fn compile(pattern: &str) -> Result<Regex> {
    match compiled(pattern)? {
        Pattern { has_end: true, .. } => Err(failed("`$` is not supported here: it matches before a line feed in Athena; use `\\z`")),
        Pattern { regex, .. } => Ok(regex),
    }
}

fn compiled(pattern: &str) -> Result<Pattern> {
    let (written, has_end) = written_out(pattern)?;
    let regex = Regex::new(&written).map_err(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        failed(format!("the pattern `{pattern}` is not supported on this machine, whether or not Athena supports it: {why}"))
    })?;
    Ok(Pattern { text: pattern.to_owned(), regex, has_end })
}

/// Expands the pattern to Joni's meaning; also returns whether it has a `$`.
fn written_out(pattern: &str) -> Result<(String, bool)> {
    let mut expansion = Expansion { pattern, written: String::with_capacity(pattern.len()), depth: 0, has_end: false };
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        rest = expansion.push(char, rest.get(char.len_utf8()..).unwrap_or_default())?;
    }
    Ok((expansion.written, expansion.has_end))
}

struct Expansion<'a> {
    pattern: &'a str,
    written: String,
    /// Brackets that are open.
    depth: usize,
    has_end: bool,
}

impl Expansion<'_> {
    /// Expands what begins with `char`, and returns the part of `after` that is left.
    fn push<'b>(&mut self, char: char, after: &'b str) -> Result<&'b str> {
        match char {
            '\\' => return self.push_escape(after),
            '[' if self.depth > 0 && after.starts_with(':') => return self.refuse("[:"),
            '[' => {
                self.depth += 1;
                self.written.push('[');
                // A bracket that comes first is a character of the class.
                if let Some(first) = ["^]", "]"].into_iter().find(|first| after.starts_with(first)) {
                    self.written += first;
                    return Ok(after.get(first.len()..).unwrap_or_default());
                }
                return Ok(after);
            }
            ']' => self.depth = self.depth.saturating_sub(1),
            '-' | '~' if self.depth > 0 && after.starts_with(char) => return self.refuse(&format!("{char}{char}")),
            '{' if self.depth == 0 && after.starts_with(',') => return self.refuse("{,"),
            '*' | '+' | '?' if self.depth == 0 && after.starts_with('+') => return self.refuse(&format!("{char}+")),
            '$' if self.depth == 0 => self.has_end = true,
            '(' if self.depth == 0 && after.starts_with('?') => {
                let flags = after.get(1..).and_then(|flags| flags.split([')', ':', '<', '=', '!', '>']).next()).unwrap_or_default();
                if flags.chars().any(|flag| !"imsx-".contains(flag)) {
                    return self.refuse(&format!("(?{flags}"));
                }
            }
            _ => {}
        }
        self.written.push(char);
        Ok(after)
    }

    /// Expands a backslash and the character after it.
    fn push_escape<'b>(&mut self, after: &'b str) -> Result<&'b str> {
        let mut chars = after.chars();
        let escaped = chars.next();
        let expanded = match (escaped, self.depth > 0) {
            (Some('d'), false) => "[0-9]",
            (Some('d'), true) => "0-9",
            (Some('D'), _) => "[^0-9]",
            (Some('w'), false) => "[a-zA-Z0-9_]",
            (Some('w'), true) => "a-zA-Z0-9_",
            (Some('W'), _) => "[^a-zA-Z0-9_]",
            (Some('s'), false) => "[\\t\\n\\x0b\\f\\r ]",
            (Some('s'), true) => "\\t\\n\\x0b\\f\\r ",
            (Some('S'), _) => "[^\\t\\n\\x0b\\f\\r ]",
            (Some(other @ ('<' | '>' | 'a' | 'U' | 'v')), _) => return self.refuse(&format!("\\{other}")),
            (Some('b' | 'B'), _) if chars.as_str().starts_with('{') => return self.refuse("\\b{"),
            (Some('b' | 'B'), true) => return self.refuse("\\b"),
            (other, _) => {
                self.written.push('\\');
                self.written.extend(other);
                ""
            }
        };
        self.written += expanded;
        Ok(chars.as_str())
    }

    fn refuse<T>(&self, what: &str) -> Result<T> {
        let pattern = self.pattern;
        Err(failed(format!("`{what}` in the pattern `{pattern}` means something else in Athena, or nothing: write it differently")))
    }
}

fn group(regex: &Regex, group: i64) -> Result<usize> {
    let groups = regex.captures_len() - 1;
    let found = usize::try_from(group).ok().filter(|&group| group <= groups);
    found.ok_or_else(|| failed(format!("the pattern has {groups} groups: there is no group {group}")))
}

fn extract(row: &Row, wanted: i64) -> Result<ScalarValue> {
    let regex = pattern(row)?;
    let wanted = group(&regex, wanted)?;
    let found = regex.captures(row.text(0)).and_then(|found| found.get(wanted).map(|found| found.as_str().to_owned()));
    Ok(ScalarValue::Utf8(found))
}

/// Returns the position, in characters, of the first match at or after character `start`; −1 if there is none.
fn position(row: &Row, start: i64) -> Result<ScalarValue> {
    let regex = pattern(row)?;
    let own = row.text(0);
    let before = usize::try_from(start - 1).map_err(|_| failed("regexp_position: the start must be greater than zero"))?;
    let byte = own.char_indices().map(|(byte, _)| byte).chain([own.len()]).nth(before);
    let found =
        byte.and_then(|byte| regex.find_at(own, byte)).map(|found| own.get(..found.start()).unwrap_or_default().chars().count() + 1);
    Ok(ScalarValue::Int32(Some(found.and_then(|place| i32::try_from(place).ok()).unwrap_or(-1))))
}

fn replace(row: &Row) -> Result<ScalarValue> {
    let regex = pattern(row)?;
    let mut problem = None;
    let replaced = regex.replace_all(row.text(0), |found: &Captures| {
        expanded(row.text(2), &regex, found).unwrap_or_else(|error| {
            problem = Some(error);
            String::new()
        })
    });
    match problem {
        Some(problem) => Err(problem),
        None => text(replaced),
    }
}

/// Expands a replacement: `$1` and `${name}` are groups, with as many digits as the number of groups needs; a backslash
/// escapes the next character.
fn expanded(replacement: &str, regex: &Regex, found: &Captures) -> Result<String> {
    let illegal =
        || failed(format!("regexp_replace: `{replacement}` names a group that the pattern does not have; write `\\$` for a dollar"));
    let value = |group: usize| found.get(group).map_or("", |found| found.as_str());
    let mut text = String::new();
    let mut chars = replacement.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => text.push(chars.next().ok_or_else(illegal)?),
            '$' if chars.peek() == Some(&'{') => {
                let name: String = chars.by_ref().skip(1).take_while(|&char| char != '}').collect();
                let group = regex.capture_names().position(|known| known == Some(&name)).ok_or_else(illegal)?;
                text += value(group);
            }
            '$' => {
                let digit = |char: Option<char>| char.and_then(|char| char.to_digit(10)).and_then(|digit| usize::try_from(digit).ok());
                let mut group = digit(chars.next()).filter(|&group| group < regex.captures_len()).ok_or_else(illegal)?;
                while let Some(longer) =
                    digit(chars.peek().copied()).map(|digit| group * 10 + digit).filter(|&group| group < regex.captures_len())
                {
                    group = longer;
                    chars.next();
                }
                text += value(group);
            }
            other => text.push(other),
        }
    }
    Ok(text)
}
