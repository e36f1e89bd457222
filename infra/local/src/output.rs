//! Text for people. It may quote paths, statements and responses of X that contain terminal control sequences.

use std::borrow::Cow;
use std::io::{self, Write as _, stderr, stdout};
use std::path::Path;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::Outcome;

/// Writes one line. `println!` would panic where this fails with [`io::ErrorKind::BrokenPipe`]; `main` then exits
/// quietly.
pub fn line(text: &str) -> Outcome {
    let mut out = stdout().lock();
    write_outcome(writeln!(out, "{}", shown(text)).and_then(|()| out.flush()))
}

/// Converts the outcome of a write to standard output; [`is_closed`] recognises a pipe without a reader.
pub fn write_outcome(outcome: io::Result<()>) -> Outcome {
    match outcome {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(error.into()),
        Err(error) => Err(format!("cannot write to standard output: {error}").into()),
    }
}

/// Writes to standard error. Failures are ignored: nobody may be reading it.
pub fn message(text: &str) {
    let _ = stderr().write_all(shown(text).as_bytes());
}

/// Returns the message of an error, and a line for each cause that the lines before it do not name. A log takes one line
/// (`lambda::chain`); a person reads them better apart.
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = format!("{error}\n");
    for cause in std::iter::successors(error.source(), |cause| cause.source()) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text += &format!("  caused by: {cause}\n");
        }
    }
    text
}

/// Returns whether a command failed only because the reader of its output is gone.
pub fn is_closed(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Completes when the reader of standard output has closed the pipe, even while there is nothing to write.
pub async fn closed() {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        use tokio::io::{Interest, unix::AsyncFd};
        #[expect(deprecated, reason = "its successor is unsafe; an owned descriptor stays open as long as the AsyncFd")]
        let out = stdout().as_fd().try_clone_to_owned().and_then(|out| AsyncFd::with_interest(out, Interest::ERROR));
        // Regular files cannot be polled and have no reader.
        if let Ok(out) = out
            && out.ready(Interest::ERROR).await.is_ok()
        {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Formats a list for a message, one item per line. Names the first ones and counts the others.
pub fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    const NAMED_MAX: usize = 10;
    let mut lines: Vec<String> = items.iter().take(NAMED_MAX).map(|item| format!("\n  {item}")).collect();
    if items.len() > NAMED_MAX {
        lines.push(format!("\n  and {} more", items.len() - NAMED_MAX));
    }
    lines.concat()
}

/// Returns a path, quoted for a shell where needed.
pub fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    shlex::try_quote(&path).map_or_else(|_| path.to_string(), Cow::into_owned)
}

/// Replaces control characters, except line breaks and tabs.
pub fn shown(text: &str) -> Cow<'_, str> {
    replaced(text, |c| is_obeyed(c) && c != '\n' && c != '\t', picture)
}

/// Replaces all control characters, so that the text is one line.
pub fn shown_in_line(text: &str) -> Cow<'_, str> {
    replaced(text, is_obeyed, picture)
}

/// Escapes control characters in JSON lines: the values stay the same, since only strings contain such characters.
pub fn shown_json(json: &str) -> Cow<'_, str> {
    replaced(json, |c| is_obeyed(c) && c != '\n', |c, to| *to += &format!("\\u{:04x}", u32::from(c)))
}

fn replaced(text: &str, is_replaced: impl Fn(char) -> bool, push: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(&is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut to = String::with_capacity(text.len());
    for c in text.chars() {
        if is_replaced(c) { push(c, &mut to) } else { to.push(c) }
    }
    Cow::Owned(to)
}

/// Returns whether a terminal interprets the character: control characters, and marks that change the direction of the
/// text after them.
fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends Unicode's picture of an ASCII control character, or U+FFFD for other characters.
fn picture(c: char, to: &mut String) {
    to.push(match u32::from(c) {
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    });
}

/// Returns the number of terminal columns that the text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Pads the text with blanks to `columns`; wider texts are unchanged.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Cuts the text to at most `columns`, ending in `…`, never within a grapheme cluster.
pub fn shortened(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut end = 0;
    for (at, character) in text.grapheme_indices(true) {
        if width(&text[..at + character.len()]) >= columns {
            break;
        }
        end = at + character.len();
    }
    Cow::Owned(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_never_sent_to_a_terminal() {
        for (text, want) in [
            ("plain ção ❤\u{fe0f}", "plain ção ❤\u{fe0f}"),
            ("\u{1b}]0;title\u{7}\u{1b}[2J", "␛]0;title␇␛[2J"),
            ("a\tb\nc\r", "a\tb\nc␍"),
            ("\u{7f}\u{9b}31m\u{202e}abc", "␡\u{fffd}31m\u{fffd}abc"),
        ] {
            assert_eq!(shown(text), want);
        }
        assert_eq!(shown_in_line("a\tb\nc"), "a␉b␊c");
        let json = "{\"a\":\"\u{9b}\u{7f}\u{202e}\"}\n";
        assert_eq!(shown_json(json), "{\"a\":\"\\u009b\\u007f\\u202e\"}\n");
        let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(&shown_json(json)), value(json));
    }

    #[test]
    fn each_cause_has_a_line_of_its_own_and_none_is_repeated() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Nested(&'static str, #[source] Option<Box<Nested>>);
        let error = |texts: &[&'static str]| texts.iter().rev().fold(None, |source, text| Some(Box::new(Nested(text, source)))).unwrap();
        for (texts, want) in [
            (&["cannot read"][..], "cannot read\n"),
            (&["cannot read", "no answer", "reset"], "cannot read\n  caused by: no answer\n  caused by: reset\n"),
            (&["cannot read: reset", "no answer", "reset"], "cannot read: reset\n  caused by: no answer\n"),
        ] {
            assert_eq!(with_causes(&*error(texts)), want);
        }
    }

    #[test]
    fn texts_are_cut_by_display_width_between_characters() {
        for (text, columns, want) in [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcd…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"), // a double-width character is never cut in half
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦abc", 4, "👩\u{200d}👩\u{200d}👧\u{200d}👦a…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("abc", 1, "…"),
        ] {
            assert_eq!(shortened(text, columns), want, "{text} in {columns}");
            assert!(width(&shortened(text, columns)) <= columns);
        }
        assert_eq!(padded("日", 4), "日  ");
    }

    #[test]
    fn a_path_is_quoted_if_a_shell_requires_it() {
        assert_eq!(quoted(Path::new("/a/b-1.c_d")), "/a/b-1.c_d");
        assert_eq!(quoted(Path::new("a b")), "'a b'");
        assert_ne!(quoted(Path::new("it's $HOME")), "it's $HOME");
    }
}
