//! Destinations of rows: a table that refreshes in place, JSON lines, or JSON lines in a file.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Read as _, Seek as _, SeekFrom, Write, stdout};
use std::path::{Path, PathBuf};

use ::stream::{Emitted, Mode, Row};
use chrono::{DateTime, SecondsFormat};
use emulators::files;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use serde::Serialize;

use super::checkpoint::{Checkpoint, Written};
use super::options::Destination;
use crate::Outcome;
use crate::output::{message, padded, shortened};

/// Default number of rows in a table.
const TABLE_ROWS: usize = 20;

/// An open destination.
pub(super) struct Sink {
    mode: Mode,
    top: Option<usize>,
    output: Output,
}

enum Output {
    /// The progress bar and the rows that it shows.
    Table(ProgressBar, Vec<Row>),
    Lines,
    File {
        path: PathBuf,
        file: File,
    },
}

/// Maximum number of terminal columns that a word takes.
const WORD_COLUMNS: usize = 24;

/// A row as JSON.
#[derive(Serialize)]
struct Line<'a> {
    trigger: u64,
    mode: &'static str,
    window: Option<Span>,
    word: &'a str,
    count: u64,
}

#[derive(Serialize)]
struct Span {
    start: String,
    end: String,
}

impl Sink {
    /// Opens a destination. Rows in a file that a dead process added and the checkpoint does not confirm are removed.
    pub fn open(to: &Destination, top: Option<usize>, checkpoint: &Checkpoint) -> Outcome<Self> {
        let mode = checkpoint.state.query().mode();
        let output = match to {
            Destination::Console if stdout().is_terminal() => Output::Table(table_on(ProgressDrawTarget::stdout()), Vec::new()),
            Destination::Console => Output::Lines,
            Destination::File(path) => open_file(path, checkpoint)
                .map_err(|error| format!("cannot write {}: {error}; choose another with --sink", path.display()))?,
        };
        Ok(Self { mode, top, output })
    }

    /// Returns the length of an output file; `None` for other destinations.
    pub fn written(&self) -> Outcome<Option<Written>> {
        match &self.output {
            Output::File { path, file } => Ok(Some(Written { path: path.clone(), bytes: file.metadata()?.len() })),
            Output::Table(..) | Output::Lines => Ok(None),
        }
    }

    /// Emits the rows of one trigger; returns the new length of an output file.
    pub fn emit(&mut self, emitted: &Emitted, summary: &str) -> Outcome<Option<Written>> {
        match &mut self.output {
            Output::Table(bar, rows) => {
                bring_up_to_date(rows, &emitted.rows, self.top.unwrap_or(TABLE_ROWS));
                bar.set_message(format!("{} · {summary}\n{}", self.mode.name(), table(rows)));
                bar.force_draw();
                Ok(None)
            }
            Output::Lines => {
                message(&format!("{summary}\n"));
                write_lines(stdout().lock(), self.mode, emitted.trigger, &first_rows(&emitted.rows, self.top))?;
                Ok(None)
            }
            Output::File { path, file } => {
                message(&format!("{summary}\n"));
                write_lines(&mut *file, self.mode, emitted.trigger, &first_rows(&emitted.rows, self.top))
                    .and_then(|()| file.sync_data())
                    .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
                self.written()
            }
        }
    }
}

fn open_file(path: &Path, checkpoint: &Checkpoint) -> io::Result<Output> {
    let file = File::options().create(true).append(true).read(true).open(path)?;
    let path = fs::canonicalize(path)?; // resolves to the same file from another folder
    files::flush_folder(files::folder_of(&path))?;
    if let Some(written) = checkpoint.written.as_ref().filter(|written| written.path == path) {
        let next = beginning(checkpoint.state.next_trigger(), checkpoint.state.query().mode());
        let mut unconfirmed = Vec::new();
        (&file).seek(SeekFrom::Start(written.bytes))?;
        (&file).take(next.len() as u64).read_to_end(&mut unconfirmed)?;
        if !next.as_bytes().starts_with(&unconfirmed) {
            return Err(io::Error::other("it goes on with rows of another stream"));
        }
        if !unconfirmed.is_empty() {
            file.set_len(written.bytes)?;
        }
    }
    Ok(Output::File { path, file })
}

/// Returns the beginning of each line of a trigger.
fn beginning(trigger: u64, mode: Mode) -> String {
    format!(r#"{{"trigger":{trigger},"mode":"{}","#, mode.name())
}

/// Orders the newest windows first, and by descending count within a window.
fn newest_first(left: &Row, right: &Row) -> Ordering {
    right.window.cmp(&left.window).then(right.count.cmp(&left.count)).then_with(|| left.word.cmp(&right.word))
}

/// Returns at most `top` rows, the newest windows first; without a limit all rows, in their given order.
fn first_rows(rows: &[Row], top: Option<usize>) -> Vec<&Row> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    if let Some(top) = top {
        rows.sort_by(|left, right| newest_first(left, right));
        rows.truncate(top);
    }
    rows
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

fn write_lines(to: impl Write, mode: Mode, trigger: u64, rows: &[&Row]) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    for row in rows {
        let window = row.window.map(|window| Span { start: instant(window.start_ms), end: instant(window.end_ms) });
        serde_json::to_writer(&mut to, &Line { trigger, mode: mode.name(), window, word: &row.word, count: row.count })?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Creates a bar with only a message, which stays in place and is redrawn.
fn table_on(target: ProgressDrawTarget) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, target).with_style(style).with_finish(ProgressFinish::Abandon)
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<33} {:<24} {:>8}", "window (UTC)", "word", "count");
    for row in rows {
        let window =
            row.window.map_or_else(|| "all".to_owned(), |window| format!("{} to {}", clock(window.start_ms), clock(window.end_ms)));
        let word = padded(&shortened(&row.word, WORD_COLUMNS), WORD_COLUMNS);
        let _ = write!(text, "\n{window:<33} {word} {:>8}", row.count);
    }
    text
}

/// Formats an instant as `2026-11-23T14:05:00Z`, with its decimals if there are any.
pub(super) fn instant(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| ms.to_string(), |instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// Formats an instant as `11-23 14:05:00`, for people.
fn clock(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| ms.to_string(), |instant| instant.format("%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ::stream::{Query, Window, Words};

    use super::*;

    fn rows() -> Vec<Row> {
        let row = |start_ms, word: &str, count| Row {
            window: Some(Window { start_ms, end_ms: start_ms + 600_000 }),
            word: word.to_owned(),
            count,
        };
        vec![row(0, "viva", 3), row(0, "brasil", 2), row(300_000, "água", 9), row(300_000, "viva", 1)]
    }

    #[test]
    fn lines_are_rows() {
        let rows = rows();
        let mut text = Vec::new();
        write_lines(&mut text, Mode::Append, 4, &[&rows[2], &Row { window: None, ..rows[1].clone() }]).unwrap();
        let want = concat!(
            r#"{"trigger":4,"mode":"append","window":{"start":"1970-01-01T00:05:00Z","end":"1970-01-01T00:15:00Z"},"word":"água","count":9}"#,
            "\n",
            r#"{"trigger":4,"mode":"append","window":null,"word":"brasil","count":2}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(text).unwrap(), want);
        assert!(want.lines().all(|line| line.starts_with(&beginning(4, Mode::Append))));
    }

    #[test]
    fn a_table_shows_the_newest_windows_and_what_it_showed_before() {
        let rows = rows();
        let mut shown = Vec::new();
        bring_up_to_date(&mut shown, &rows, 3);
        let want = "\
window (UTC)                      word                        count
01-01 00:05:00 to 01-01 00:15:00  água                            9
01-01 00:05:00 to 01-01 00:15:00  viva                            1
01-01 00:00:00 to 01-01 00:10:00  viva                            3";
        assert_eq!(table(&shown), want);
        bring_up_to_date(&mut shown, &[], 3); // a trigger without rows leaves the table unchanged
        assert_eq!(table(&shown), want);
        bring_up_to_date(&mut shown, &[Row { count: 10, ..rows[3].clone() }, Row { count: 4, ..rows[1].clone() }], 3);
        let counts: Vec<(&str, u64)> = shown.iter().map(|row| (row.word.as_str(), row.count)).collect();
        assert_eq!(counts, [("viva", 10), ("água", 9), ("brasil", 4)]);
    }

    #[test]
    fn a_limit_takes_the_newest_windows() {
        let rows = rows();
        assert_eq!(first_rows(&rows, Some(1)), [&rows[2]]);
        assert_eq!(first_rows(&rows, None), rows.iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_file_is_cut_back_to_what_is_confirmed_and_no_further() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.json");
        let mut checkpoint = Checkpoint::new(Query::new(Mode::Update, None, Some(Duration::ZERO), Words::Lake).unwrap());
        let open = |checkpoint: &Checkpoint| Sink::open(&Destination::File(path.clone()), None, checkpoint).map(drop);
        let rows = || fs::read_to_string(&path).unwrap();
        let confirmed = "{\"trigger\":7,\"mode\":\"complete\",\"window\":null,\"word\":\"viva\",\"count\":1}\n";
        let half_a_line = format!("{confirmed}{{\"trigger\":0,\"mo");
        fs::write(&path, &half_a_line).unwrap();
        let (here, elsewhere) = (fs::canonicalize(&path).unwrap(), dir.path().join("other.json"));
        open(&checkpoint).unwrap();
        checkpoint.written = Some(Written { path: elsewhere, bytes: 3 }); // the file of an earlier --sink
        open(&checkpoint).unwrap();
        assert_eq!(rows(), half_a_line);
        checkpoint.written = Some(Written { path: here.clone(), bytes: confirmed.len() as u64 });
        open(&checkpoint).unwrap();
        assert_eq!(rows(), confirmed);
        for of_another_stream in ["{\"trigger\":0,\"mode\":\"append\",", "{\"trigger\":1,\"mode\":\"update\","] {
            let both = format!("{confirmed}{of_another_stream}\"window\":null}}\n");
            fs::write(&path, &both).unwrap();
            assert!(open(&checkpoint).unwrap_err().to_string().contains("rows of another stream; choose another with --sink"));
            assert_eq!(rows(), both);
        }
        fs::write(&path, confirmed).unwrap();
        checkpoint.written = Some(Written { path: here, bytes: 999 }); // somebody removed the rows
        open(&checkpoint).unwrap();
        assert_eq!(rows(), confirmed);
    }
}
