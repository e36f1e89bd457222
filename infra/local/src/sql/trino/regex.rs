//! Regular expressions, executed by Rust's `regex` where it has the meaning of Trino's Joni.
//!
//! `\d`, `\w` and `\s` are ASCII in Joni and Unicode in `regex`, so they are expanded. Syntax that only one of the two
//! has is refused.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::array::builder::{ListBuilder, StringBuilder};
use datafusion::common::ScalarValue;
use datafusion::common::cast::{as_int64_array, as_string_array};
use datafusion::error::Result;
use regex::{Captures, Regex};

use super::scalar::{Kind, Overload, Row, Run, gives, overload, text, texts};
use super::types::failed;

const T: Kind = Kind::Text;
const I: Kind = Kind::Int;

pub const FUNCTIONS: &[Overload] = &[
    overload("regexp_like", &[T, T], gives::boolean, |row| Ok(pattern(row)?.is_match(row.text(0)).into())),
    overload("regexp_count", &[T, T], gives::bigint, |row| Ok(number(pattern(row)?.find_iter(row.text(0)).count()).into())),
    overload("regexp_extract", &[T, T], gives::text, |row| extract(row, 0)),
    overload("regexp_extract", &[T, T, I], gives::text, |row| extract(row, row.int(2))),
    Overload {
        name: "regexp_extract_all",
        takes: &[T, T, I],
        variadic: false,
        gives: gives::texts,
        run: Run::Columns(extract_all),
        sees_null: false,
    },
    overload("regexp_position", &[T, T], gives::integer, |row| position(row, 1)),
    overload("regexp_position", &[T, T, I], gives::integer, |row| position(row, row.int(2))),
    overload("regexp_replace", &[T, T], gives::text, |row| text(pattern(row)?.replace_all(row.text(0), ""))),
    overload("regexp_replace", &[T, T, T], gives::text, replace),
    overload("regexp_split", &[T, T], gives::texts, |row| texts(pattern(row)?.split(row.text(0)).map(Some))),
];

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Patterns that a thread keeps compiled.
const KEPT: usize = 8;

/// A compiled pattern. A clone of the regex would build its search states again.
struct Pattern {
    text: String,
    regex: Rc<Regex>,
    has_end: bool,
}

/// Returns the second argument, compiled.
fn pattern(row: &Row) -> Result<Rc<Regex>> {
    pattern_for(row.text(0), row.text(1))
}

/// Returns a pattern, compiled, if it has Trino's meaning for this text.
fn pattern_for(text: &str, pattern: &str) -> Result<Rc<Regex>> {
    let (regex, has_end) = compiled(pattern)?;
    if has_end && text.ends_with('\n') {
        return Err(failed("`$` matches before a line feed at the end of a text in Athena, and not here: use `\\z`, or rtrim(…) the text"));
    }
    Ok(regex)
}

/// Returns a compiled pattern, and whether it has a `$`.
///
/// A file is a batch of at most 100 texts, and all batches of a statement use the same pattern. Compiling that of
/// `palavras` and building its search states takes longer than searching a batch, so both are kept.
fn compiled(wanted: &str) -> Result<(Rc<Regex>, bool)> {
    thread_local! {
        static COMPILED: RefCell<VecDeque<Pattern>> = const { RefCell::new(VecDeque::new()) };
    }
    COMPILED.with_borrow_mut(|kept| {
        if let Some(pattern) = kept.iter().find(|pattern| pattern.text == wanted) {
            return Ok((Rc::clone(&pattern.regex), pattern.has_end));
        }
        let pattern = compile(wanted)?;
        let found = (Rc::clone(&pattern.regex), pattern.has_end);
        kept.truncate(KEPT - 1);
        kept.push_front(pattern);
        Ok(found)
    })
}

fn compile(pattern: &str) -> Result<Pattern> {
    let (written, has_end) = written_out(pattern)?;
    let regex = Regex::new(&written).map_err(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        failed(format!("the pattern `{pattern}` is not supported on this machine, whether or not Athena supports it: {why}"))
    })?;
    Ok(Pattern { text: pattern.to_owned(), regex: Rc::new(regex), has_end })
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

/// Returns a group of each match, null where the group did not participate in the match. `palavras` calls it for every text.
fn extract_all(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let [texts, patterns, groups] = arguments else { return Err(failed("regexp_extract_all takes a text, a pattern and a group")) };
    let (texts, patterns, groups) = (as_string_array(texts)?, as_string_array(patterns)?, as_int64_array(groups)?);
    let mut found = ListBuilder::new(StringBuilder::new());
    for ((text, pattern), wanted) in texts.iter().zip(patterns).zip(groups) {
        let (Some(text), Some(pattern), Some(wanted)) = (text, pattern, wanted) else {
            found.append_null();
            continue;
        };
        let regex = pattern_for(text, pattern)?;
        let wanted = group(&regex, wanted)?;
        for captures in regex.captures_iter(text) {
            found.values().append_option(captures.get(wanted).map(|found| found.as_str()));
        }
        found.append(true);
    }
    Ok(Arc::new(found.finish()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_compiled_once_among_others() {
        let regex = |pattern: &str| compiled(pattern).unwrap().0;
        let first = regex("a+");
        assert_eq!(regex("b").as_str(), "b");
        assert!(compiled("(").is_err());
        assert!(Rc::ptr_eq(&first, &regex("a+")));
        let others: Vec<_> = (0..KEPT).map(|number| regex(&number.to_string())).collect();
        assert!(!Rc::ptr_eq(&first, &regex("a+")) && Rc::ptr_eq(&others[KEPT - 1], &regex(&(KEPT - 1).to_string())));
    }
}
