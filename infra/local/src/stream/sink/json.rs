//! Rows as JSON lines, on standard output or appended to a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use emulators::files;
use serde::Serialize;
use word_counts::{Mode, Row};

use super::instant;
use crate::Outcome;
use crate::stream::checkpoint::{Checkpoint, OutputFile};

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

/// The last line of a trigger.
#[derive(Serialize)]
struct Closed {
    trigger: u64,
    mode: &'static str,
    rows: usize,
}

/// A file that rows are appended to.
pub(super) struct JsonFile {
    path: PathBuf,
    file: File,
}

impl JsonFile {
    /// Opens the file. Rows that a dead process added and the checkpoint does not confirm are removed.
    pub fn open(path: &Path, checkpoint: &Checkpoint) -> Outcome<Self> {
        open(path, checkpoint).map_err(|error| format!("cannot write {}: {error}; choose another with --sink", path.display()).into())
    }

    /// Returns the length of the file.
    pub fn output_file(&self) -> Outcome<OutputFile> {
        Ok(OutputFile { path: self.path.clone(), bytes: self.file.metadata()?.len() })
    }

    /// Appends the rows of a trigger and returns the new length.
    pub fn append(&mut self, mode: Mode, trigger: u64, rows: &[&Row]) -> Outcome<OutputFile> {
        write_lines(&mut self.file, mode, trigger, rows)
            .and_then(|()| flush(&self.file))
            .map_err(|error| format!("cannot write {}: {error}", self.path.display()))?;
        self.output_file()
    }
}

/// Flushes a file to the disk. A pipe and a device, such as `/dev/null`, cannot be flushed.
fn flush(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() { file.sync_data() } else { Ok(()) }
}

fn open(path: &Path, checkpoint: &Checkpoint) -> io::Result<JsonFile> {
    let file = File::options().create(true).append(true).read(true).open(path)?;
    let path = fs::canonicalize(path)?; // resolves to the same file from another folder
    files::flush_folder(files::folder_of(&path))?;
    if let Some(written) = checkpoint.written.as_ref().filter(|written| written.path == path) {
        let next = beginning(checkpoint.state.next_trigger(), checkpoint.state.query().mode());
        let mut unconfirmed = Vec::new();
        (&file).seek(SeekFrom::Start(written.bytes))?;
        (&file).take(next.len() as u64).read_to_end(&mut unconfirmed)?;
        if !next.as_bytes().starts_with(&unconfirmed) {
            return Err(io::Error::other("it continues with rows of another stream"));
        }
        if !unconfirmed.is_empty() {
            file.set_len(written.bytes)?;
        }
    }
    Ok(JsonFile { path, file })
}

/// Returns the beginning of each line of a trigger.
fn beginning(trigger: u64, mode: Mode) -> String {
    format!(r#"{{"trigger":{trigger},"mode":"{}","#, mode.name())
}

/// Writes the rows of a trigger.
pub(super) fn write_lines(to: impl Write, mode: Mode, trigger: u64, rows: &[&Row]) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    for row in rows {
        let window = row.window.map(|window| Span { start: instant(window.start_ms), end: instant(window.end_ms) });
        serde_json::to_writer(&mut to, &Line { trigger, mode: mode.name(), window, word: &row.word, count: row.count })?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Writes the line that closes a trigger.
pub(super) fn write_closed(mut to: impl Write, mode: Mode, trigger: u64, rows: usize) -> io::Result<()> {
    let line = serde_json::to_string(&Closed { trigger, mode: mode.name(), rows })? + "\n";
    to.write_all(line.as_bytes())?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use word_counts::{Query, Words};

    use super::*;
    use crate::stream::sink::tests::rows;

    #[test]
    fn lines_are_rows() {
        let rows = rows();
        let mut text = Vec::new();
        write_lines(&mut text, Mode::Append, 4, &[&rows[2], &Row { window: None, ..rows[1].clone() }]).unwrap();
        write_closed(&mut text, Mode::Append, 4, 2).unwrap();
        let want = concat!(
            r#"{"trigger":4,"mode":"append","window":{"start":"1970-01-01T00:05:00Z","end":"1970-01-01T00:15:00Z"},"word":"água","count":9}"#,
            "\n",
            r#"{"trigger":4,"mode":"append","window":null,"word":"brasil","count":2}"#,
            "\n",
            r#"{"trigger":4,"mode":"append","rows":2}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(text).unwrap(), want);
        assert!(want.lines().all(|line| line.starts_with(&beginning(4, Mode::Append))));
    }

    #[test]
    fn a_file_is_cut_back_to_what_is_confirmed_and_no_further() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.json");
        let mut checkpoint = Checkpoint::new(Query::new(Mode::Update, None, Some(Duration::ZERO), Words::Lake).unwrap());
        let open = |checkpoint: &Checkpoint| JsonFile::open(&path, checkpoint).map(drop);
        let rows = || fs::read_to_string(&path).unwrap();
        let confirmed = "{\"trigger\":7,\"mode\":\"complete\",\"window\":null,\"word\":\"viva\",\"count\":1}\n";
        let half_a_line = format!("{confirmed}{{\"trigger\":0,\"mo");
        fs::write(&path, &half_a_line).unwrap();
        let (here, elsewhere) = (fs::canonicalize(&path).unwrap(), dir.path().join("other.json"));
        open(&checkpoint).unwrap();
        checkpoint.written = Some(OutputFile { path: elsewhere, bytes: 3 }); // the file of an earlier --sink
        open(&checkpoint).unwrap();
        assert_eq!(rows(), half_a_line);
        checkpoint.written = Some(OutputFile { path: here.clone(), bytes: confirmed.len() as u64 });
        open(&checkpoint).unwrap();
        assert_eq!(rows(), confirmed);
        for of_another_stream in ["{\"trigger\":0,\"mode\":\"append\",", "{\"trigger\":1,\"mode\":\"update\","] {
            let both = format!("{confirmed}{of_another_stream}\"window\":null}}\n");
            fs::write(&path, &both).unwrap();
            assert!(open(&checkpoint).unwrap_err().to_string().contains("rows of another stream; choose another with --sink"));
            assert_eq!(rows(), both);
        }
        fs::write(&path, confirmed).unwrap();
        checkpoint.written = Some(OutputFile { path: here, bytes: 999 }); // somebody removed the rows
        open(&checkpoint).unwrap();
        assert_eq!(rows(), confirmed);
    }
}
