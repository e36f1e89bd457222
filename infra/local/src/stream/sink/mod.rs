//! Destinations of rows.

mod json;
mod parquet;
mod table;

use std::cmp::Ordering;
use std::io::{IsTerminal as _, Write as _, stdout};
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use word_counts::{Emitted, Mode, Row};

use super::checkpoint::{Checkpoint, OutputFile};
use super::options::{Destination, Options};
use crate::output::{message, shown_json};
use crate::{Outcome, tables};
use json::JsonFile;
use parquet::{LakeTable, ParquetFolder};
use table::TerminalTable;

/// Default number of rows in a table on a terminal.
const TABLE_ROWS: usize = 20;

/// An open destination.
pub(super) struct Sink {
    mode: Mode,
    top: Option<usize>,
    output: Output,
}

enum Output {
    Terminal(TerminalTable),
    /// Standard output, with a line at the end of each trigger or without.
    Lines {
        closes: bool,
    },
    File(JsonFile),
    Folder(ParquetFolder),
    Table(LakeTable),
}

impl Sink {
    /// Opens the destination of a stream. `has_begun` is whether an earlier run died in the next trigger. Rows that a dead process wrote and the checkpoint does not confirm are removed
    /// or will be replaced.
    pub fn open(root: &Path, options: &Options, checkpoint: &Checkpoint, has_begun: bool) -> Outcome<Self> {
        let (mode, top) = (checkpoint.state.query().mode(), options.top);
        let output = match &options.sink {
            Destination::Console if stdout().is_terminal() => Output::Terminal(TerminalTable::new(top.unwrap_or(TABLE_ROWS))),
            Destination::Console => Output::Lines { closes: false },
            Destination::Stdout => Output::Lines { closes: true },
            Destination::File(path) => Output::File(JsonFile::open(path, checkpoint)?),
            Destination::Parquet(path) => Output::Folder(ParquetFolder::open(path, checkpoint, has_begun)?),
            Destination::Memory(name) => Output::Table(LakeTable::open(tables::dir(root).join(name), checkpoint)?),
        };
        Ok(Self { mode, top, output })
    }

    /// Returns the length of an output file; `None` for other destinations.
    pub fn output_file(&self) -> Outcome<Option<OutputFile>> {
        match &self.output {
            Output::File(file) => file.output_file().map(Some),
            _ => Ok(None),
        }
    }

    /// Emits the rows of one trigger; returns the new length of an output file.
    pub fn emit(&mut self, emitted: &Emitted, summary: &str) -> Outcome<Option<OutputFile>> {
        let (mode, trigger) = (self.mode, emitted.trigger);
        if let Output::Terminal(table) = &mut self.output {
            if mode == Mode::Batch {
                table.clear();
            }
            table.show(&format!("{} · {summary}", mode.name()), &emitted.rows);
            return Ok(None);
        }
        message(&format!("{summary}\n"));
        let rows = first_rows(&emitted.rows, self.top);
        match &mut self.output {
            Output::File(file) => return file.append(mode, trigger, &rows).map(Some),
            Output::Lines { closes } => {
                let mut out = stdout().lock();
                if out.is_terminal() {
                    let mut lines = Vec::new();
                    json::write_lines(&mut lines, mode, trigger, &rows)?;
                    out.write_all(shown_json(&String::from_utf8_lossy(&lines)).as_bytes())?;
                } else {
                    json::write_lines(&mut out, mode, trigger, &rows)?;
                }
                if *closes {
                    json::write_closed(&mut out, mode, trigger, rows.len())?;
                }
            }
            Output::Folder(folder) => folder.put(mode, trigger, &rows)?,
            Output::Table(table) => table.put(mode, trigger, &rows)?,
            Output::Terminal(_) => {}
        }
        Ok(None)
    }
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

/// Formats an instant as `2026-11-23T14:05:00Z`, with its decimals if there are any.
pub(super) fn instant(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| ms.to_string(), |instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use word_counts::Window;

    use super::*;

    pub(super) fn rows() -> Vec<Row> {
        let row = |start_ms, word: &str, count| Row {
            window: Some(Window { start_ms, end_ms: start_ms + 600_000 }),
            word: word.to_owned(),
            count,
        };
        vec![row(0, "viva", 3), row(0, "brasil", 2), row(300_000, "água", 9), row(300_000, "viva", 1)]
    }

    #[test]
    fn a_limit_takes_the_newest_windows() {
        let rows = rows();
        assert_eq!(first_rows(&rows, Some(1)), [&rows[2]]);
        assert_eq!(first_rows(&rows, None), rows.iter().collect::<Vec<_>>());
    }
}
