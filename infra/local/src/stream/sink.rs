//! Where rows go: a table that refreshes in place, JSON lines, or JSON lines in a file.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write, stdout};
use std::path::{Path, PathBuf};

use ::stream::{Emitted, Mode, Row};
use chrono::{DateTime, SecondsFormat};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use serde::Serialize;

use super::checkpoint::Written;
use super::options::Destination;
use crate::Outcome;

/// Rows of a table where nothing else is said.
const TABLE_ROWS: usize = 20;

/// A destination that is open.
pub(super) struct Sink {
    mode: Mode,
    top: Option<usize>,
    output: Output,
}

enum Output {
    /// With the rows that are in it.
    Table(ProgressBar, Vec<Row>),
    Lines,
    File {
        path: PathBuf,
        file: File,
    },
}

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
    /// Opens a destination; a file that `written` knows of loses what a dead process added and no checkpoint confirmed.
    pub fn open(to: &Destination, mode: Mode, top: Option<usize>, written: Option<&Written>) -> Outcome<Self> {
        let output = match to {
            Destination::Console if stdout().is_terminal() => Output::Table(table_on(ProgressDrawTarget::stdout()), Vec::new()),
            Destination::Console => Output::Lines,
            Destination::File(path) => {
                open_file(path, written).map_err(|error| format!("cannot write {}: {error}; choose another with --sink", path.display()))?
            }
        };
        Ok(Self { mode, top, output })
    }

    /// For a file, how long it is.
    pub fn written(&self) -> Outcome<Option<Written>> {
        match &self.output {
            Output::File { path, file } => Ok(Some(Written { path: path.clone(), bytes: file.metadata()?.len() })),
            Output::Table(..) | Output::Lines => Ok(None),
        }
    }

    /// Gives out the rows of one trigger; for a file, how long it then is.
    pub fn emit(&mut self, emitted: &Emitted, summary: &str) -> Outcome<Option<Written>> {
        match &mut self.output {
            Output::Table(bar, rows) => {
                bring_up_to_date(rows, &emitted.rows, self.top.unwrap_or(TABLE_ROWS));
                bar.set_message(format!("{} · {summary}\n{}", self.mode.name(), table(rows)));
                bar.force_draw();
                Ok(None)
            }
            Output::Lines => {
                eprintln!("{summary}");
                write_lines(stdout().lock(), self.mode, emitted.trigger, &first_rows(&emitted.rows, self.top))?;
                Ok(None)
            }
            Output::File { path, file } => {
                eprintln!("{summary}");
                write_lines(&mut *file, self.mode, emitted.trigger, &first_rows(&emitted.rows, self.top))
                    .and_then(|()| file.sync_data())
                    .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
                self.written()
            }
        }
    }
}

fn open_file(path: &Path, written: Option<&Written>) -> io::Result<Output> {
    let file = File::options().create(true).append(true).open(path)?;
    let path = fs::canonicalize(path)?; // the same file from another folder
    if let Some(written) = written.filter(|written| written.path == path && written.bytes < file_length(&file)) {
        file.set_len(written.bytes)?;
    }
    Ok(Output::File { path, file })
}

fn file_length(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

/// The newest windows first, in each the most frequent word.
fn newest_first(left: &Row, right: &Row) -> Ordering {
    right.window.cmp(&left.window).then(right.count.cmp(&left.count)).then_with(|| left.word.cmp(&right.word))
}

/// At most `top` rows, the newest windows first; without a limit all, as they are.
fn first_rows(rows: &[Row], top: Option<usize>) -> Vec<&Row> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    if let Some(top) = top {
        rows.sort_by(|left, right| newest_first(left, right));
        rows.truncate(top);
    }
    rows
}

/// Puts emitted rows into a table of the first `top`. Counts only grow, so a row that fell out needs to be emitted to come back.
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

/// A bar of nothing but its message stays in place and is drawn over.
fn table_on(target: ProgressDrawTarget) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, target).with_style(style).with_finish(ProgressFinish::Abandon)
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<33} {:<24} {:>8}", "window (UTC)", "word", "count");
    for row in rows {
        let window =
            row.window.map_or_else(|| "all".to_owned(), |window| format!("{} to {}", clock(window.start_ms), clock(window.end_ms)));
        let _ = write!(text, "\n{window:<33} {:<24} {:>8}", row.word, row.count);
    }
    text
}

/// `2026-11-23T14:05:00Z`, with as many decimals as there are.
pub(super) fn instant(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| ms.to_string(), |instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// `11-23 14:05:00`, for people.
fn clock(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| ms.to_string(), |instant| instant.format("%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use ::stream::Window;

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
        bring_up_to_date(&mut shown, &[], 3); // a trigger without rows leaves it as it is
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
        let open = |written: Option<&Written>| drop(Sink::open(&Destination::File(path.clone()), Mode::Append, None, written).unwrap());
        fs::write(&path, "confirmed\nhalf a li").unwrap();
        let (here, elsewhere) = (fs::canonicalize(&path).unwrap(), dir.path().join("other.json"));
        open(None);
        open(Some(&Written { path: elsewhere, bytes: 3 })); // the file of an earlier --sink
        assert_eq!(fs::read_to_string(&path).unwrap(), "confirmed\nhalf a li");
        open(Some(&Written { path: here.clone(), bytes: 10 }));
        assert_eq!(fs::read_to_string(&path).unwrap(), "confirmed\n");
        open(Some(&Written { path: here, bytes: 99 })); // somebody took the rows away
        assert_eq!(fs::read_to_string(&path).unwrap(), "confirmed\n");
    }
}
