//! The table of a terminal, which refreshes in place.

use std::collections::HashSet;
use std::fmt::Write as _;

use chrono::DateTime;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use word_counts::Row;

use super::newest_first;
use crate::output::{padded, shortened, shown_in_line};

/// Maximum number of terminal columns that a word takes.
const WORD_COLUMNS: usize = 24;

/// A table on standard output.
pub(super) struct TerminalTable {
    /// A bar with only a message, which stays in place and is redrawn.
    bar: ProgressBar,
    rows: Vec<Row>,
    rows_max: usize,
}

impl TerminalTable {
    /// Creates a table of at most `rows_max` rows.
    pub fn new(rows_max: usize) -> Self {
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
        Self { bar: bar.with_style(style).with_finish(ProgressFinish::Abandon), rows: Vec::new(), rows_max }
    }

    /// Forgets what earlier triggers showed.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Shows the rows of a trigger below a title, and the number of rows that do not fit.
    pub fn show(&mut self, title: &str, rows: &[Row]) {
        bring_up_to_date(&mut self.rows, rows, self.rows_max);
        let more = match rows.len().saturating_sub(self.rows.len()) {
            0 => String::new(),
            more => format!("\n{more} more row(s), of earlier windows or lower counts"),
        };
        self.bar.set_message(format!("{title}\n{}{more}", table(&self.rows)));
        self.bar.force_draw();
    }
}

/// Merges emitted rows into a table of the first `top`. Counts only grow, so a row that dropped out can only return by
/// being emitted again.
fn bring_up_to_date(shown: &mut Vec<Row>, emitted: &[Row], top: usize) {
    let new: HashSet<_> = emitted.iter().map(|row| (row.window, &row.word)).collect();
    shown.retain(|row| !new.contains(&(row.window, &row.word)));
    shown.extend_from_slice(emitted);
    shown.sort_by(newest_first);
    shown.truncate(top);
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<33} {:<24} {:>8}", "window (UTC)", "word", "count");
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| row.window); // the order within a window stays
    for row in rows {
        let window =
            row.window.map_or_else(|| "all".to_owned(), |window| format!("{} to {}", clock(window.start_ms), clock(window.end_ms)));
        let word = if row.word.is_empty() { "\"\"".into() } else { shown_in_line(&row.word) };
        let word = padded(&shortened(&word, WORD_COLUMNS), WORD_COLUMNS);
        let _ = write!(text, "\n{window:<33} {word} {:>8}", row.count);
    }
    text
}

/// Formats an instant as `11-23 14:05:00`, for people.
fn clock(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| ms.to_string(), |instant| instant.format("%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::sink::tests::rows;

    #[test]
    fn a_table_shows_the_newest_windows_and_what_it_showed_before() {
        let rows = rows();
        let mut shown = Vec::new();
        bring_up_to_date(&mut shown, &rows, 3);
        let want = "\
window (UTC)                      word                        count
01-01 00:00:00 to 01-01 00:10:00  viva                            3
01-01 00:05:00 to 01-01 00:15:00  água                            9
01-01 00:05:00 to 01-01 00:15:00  viva                            1";
        assert_eq!(table(&shown), want);
        bring_up_to_date(&mut shown, &[], 3); // a trigger without rows leaves the table unchanged
        assert_eq!(table(&shown), want);
        bring_up_to_date(&mut shown, &[Row { count: 10, ..rows[3].clone() }, Row { count: 4, ..rows[1].clone() }], 3);
        let counts: Vec<(&str, u64)> = shown.iter().map(|row| (row.word.as_str(), row.count)).collect();
        assert_eq!(counts, [("viva", 10), ("água", 9), ("brasil", 4)]);
    }

    #[test]
    fn any_word_can_be_shown() {
        for (word, want) in [("", "\"\""), ("azul\tverde", "azul␉verde"), ("\u{1b}[2Jazul\u{202e}", "␛[2Jazul\u{fffd}")] {
            let row = Row { window: None, word: word.to_owned(), count: 4 };
            let shown = table(&[row]);
            assert!(shown.lines().nth(1).unwrap().contains(want) && shown.lines().count() == 2, "{shown}");
        }
    }
}
