//! The log of received lines: what a socket sent and no checkpoint has counted yet.
//!
//! A position is the number of bytes of all records before it since the stream began. The log is a row of files, each
//! named by the position of its first record, so that counted lines are removed by deleting whole files, and a position
//! in a checkpoint stays valid. A file holds the records up to the position of the next file; what a process that died
//! left unfinished after them is never read.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use emulators::files;

use super::record::{Record, records};
use crate::Outcome;

/// Size beyond which a file is not appended to.
const FILE_BYTES: u64 = 1024 * 1024;
/// Bytes read at once. A longer record is read whole.
const READ_BYTES: u64 = 1024 * 1024;

/// Location of the log of one stream.
#[derive(Clone, Debug)]
pub(super) struct Log {
    folder: PathBuf,
    /// Beginning of the names of the files.
    prefix: String,
}

/// The end of a log, to which records are appended.
#[derive(Debug)]
pub(super) struct LogWriter {
    log: Log,
    file: File,
    /// Position of the first record of the file.
    first: u64,
    end: u64,
}

/// A file of the log.
#[derive(Debug)]
struct Part {
    first: u64,
    path: PathBuf,
}

impl Log {
    /// Returns the log of the stream called `name` in the lake at `root`.
    pub fn new(root: &Path, name: &str) -> Self {
        Self { folder: root.to_owned(), prefix: format!("stream.{name}.") }
    }

    /// Opens the end of the log: after the last whole record, and not before `counted`, the position of the checkpoint.
    /// Returns also the number of bytes of an unfinished record that a dead process left.
    pub fn open(&self, counted: u64) -> Outcome<(LogWriter, u64)> {
        let (mut end, mut unfinished) = (counted, 0);
        if let Some(part) = self.parts()?.last() {
            let length = fs::metadata(&part.path)?.len();
            end = part.scan(counted.max(part.first), part.first + length, |_| true)?.max(counted);
            unfinished = (part.first + length).saturating_sub(end);
        }
        Ok((LogWriter { log: self.clone(), file: self.create(end)?, first: end, end }, unfinished))
    }

    /// Calls `each` with the records from one position to another, until it returns false; returns the position reached.
    ///
    /// # Errors
    /// Fails if the log does not hold all of these records: they were whole when their positions became known.
    pub fn read(&self, from: u64, to: u64, mut each: impl FnMut(Record<'_>) -> bool) -> Outcome<u64> {
        let parts = self.parts()?;
        let mut at = from;
        while at < to {
            let index = parts.partition_point(|part| part.first <= at);
            let part = index.checked_sub(1).and_then(|index| parts.get(index));
            let Some(part) = part else { return Err(self.damaged(at)) };
            let end = parts.get(index).map_or(to, |next| next.first.min(to));
            let mut is_wanted = true;
            let reached = part.scan(at, end, |record| {
                is_wanted = each(record);
                is_wanted
            })?;
            if is_wanted && reached < end {
                return Err(self.damaged(reached));
            }
            at = reached;
            if !is_wanted {
                break;
            }
        }
        Ok(at)
    }

    /// Deletes the files of which all records are before a position.
    pub fn trim(&self, counted: u64) -> io::Result<()> {
        let parts = self.parts()?;
        for (part, next) in parts.iter().zip(parts.iter().skip(1)) {
            if next.first <= counted {
                fs::remove_file(&part.path)?;
            }
        }
        Ok(())
    }

    /// Deletes the whole log.
    pub fn remove(&self) -> io::Result<()> {
        self.parts()?.iter().try_for_each(|part| fs::remove_file(&part.path))
    }

    fn create(&self, first: u64) -> io::Result<File> {
        let file = File::create(self.folder.join(format!("{}{first:020}.log", self.prefix)))?;
        files::flush_folder(&self.folder)?;
        Ok(file)
    }

    /// Returns the files in the order of their records.
    fn parts(&self) -> io::Result<Vec<Part>> {
        let mut parts = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let first = entry.file_name().to_str().and_then(|name| {
                let digits = name.strip_prefix(&self.prefix)?.strip_suffix(".log")?;
                digits.parse().ok()
            });
            parts.extend(first.map(|first| Part { first, path: entry.path() }));
        }
        parts.sort_unstable_by_key(|part| part.first);
        Ok(parts)
    }

    fn damaged(&self, at: u64) -> Box<dyn std::error::Error + Send + Sync> {
        let files = self.folder.join(format!("{}*", self.prefix));
        format!("the log of received lines is damaged at position {at}; delete {} to count from the beginning", files.display()).into()
    }
}

impl Part {
    /// Calls `each` with the whole records between two positions, until it returns false; returns the position after
    /// the last one.
    fn scan(&self, from: u64, to: u64, mut each: impl FnMut(Record<'_>) -> bool) -> io::Result<u64> {
        let mut file = File::open(&self.path)?;
        let (mut at, mut wanted, mut bytes) = (from, READ_BYTES, Vec::new());
        while at < to {
            file.seek(SeekFrom::Start(at - self.first))?;
            bytes.clear();
            (&file).take(wanted.min(to - at)).read_to_end(&mut bytes)?;
            let start = at;
            for record in records(&bytes) {
                at += record.bytes() as u64;
                if !each(record) {
                    return Ok(at);
                }
            }
            match at == start {
                true if wanted >= to - at => break, // not whole
                true => wanted = wanted.saturating_mul(2),
                false => wanted = READ_BYTES,
            }
        }
        Ok(at)
    }
}

impl LogWriter {
    /// Returns the position after the last record.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Appends records; they survive a power failure when this returns.
    pub fn append(&mut self, records: &[u8]) -> io::Result<()> {
        if self.end - self.first >= FILE_BYTES {
            self.file = self.log.create(self.end)?;
            self.first = self.end;
        }
        self.file.write_all(records)?;
        self.file.sync_data()?;
        self.end += records.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(line: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        Record { arrived_ms: 7, line: line.as_bytes() }.write_to(&mut bytes);
        bytes
    }

    #[track_caller]
    fn check(log: &Log, from: u64, to: u64, want: &[&str]) {
        let mut lines = Vec::new();
        let end = log
            .read(from, to, |record| {
                lines.push(String::from_utf8(record.line.to_vec()).unwrap());
                true
            })
            .unwrap();
        assert_eq!((lines, end), (want.iter().map(|line| (*line).to_owned()).collect(), to));
    }

    #[test]
    fn what_was_appended_is_read_after_any_number_of_deaths() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::new(dir.path(), "update");
        let (mut writer, _) = log.open(0).unwrap();
        writer.append(&[record("azul"), record("")].concat()).unwrap();
        let first = writer.end();
        let other = Log::new(dir.path(), "update.other"); // whose files begin alike
        other.open(1_000).unwrap().0.append(&record("x")).unwrap();

        for cut in [1, 21, 23] {
            // The process dies while it appends: the record is there in part.
            writer.append(&record("verde")[..cut]).unwrap();
            drop(writer);
            let unfinished;
            (writer, unfinished) = log.open(0).unwrap();
            assert_eq!((writer.end(), unfinished), (first, cut as u64));
        }
        writer.append(&record("preto")).unwrap();
        check(&log, 0, writer.end(), &["azul", "", "preto"]);
        check(&log, first, writer.end(), &["preto"]);
        let mut lines = 0;
        let reached = log.read(0, writer.end(), |_| {
            lines += 1;
            lines < 2
        });
        assert_eq!((reached.unwrap(), lines), (first, 2));
    }

    #[test]
    fn counted_lines_are_removed_and_positions_stay() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::new(dir.path(), "update");
        let line = "x".repeat(3 * 1024 * 1024); // longer than what is read at once
        let (mut writer, _) = log.open(0).unwrap();
        let mut ends = vec![0];
        for _ in 0..7 {
            writer.append(&record(&line)).unwrap();
            ends.push(writer.end());
        }
        assert_eq!(log.parts().unwrap().len(), 7);
        check(&log, ends[1], ends[7], &[&*line; 6]);
        log.trim(ends[4]).unwrap();
        assert_eq!(log.parts().unwrap().len(), 3);
        check(&log, ends[4], ends[7], &[&*line; 3]);
        assert!(log.read(0, ends[7], |_| true).unwrap_err().to_string().contains("damaged at position 0"));
        drop(writer);
        let (writer, _) = log.open(ends[7]).unwrap();
        assert_eq!(writer.end(), ends[7]);
        log.trim(ends[7]).unwrap();
        assert_eq!(log.parts().unwrap().len(), 1);
        log.remove().unwrap();
        assert_eq!(log.open(ends[7]).unwrap().0.end(), ends[7], "a log that is gone goes on where the checkpoint is");
    }

    #[test]
    fn a_log_that_changed_on_the_disk_is_not_counted() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::new(dir.path(), "update");
        let (mut writer, _) = log.open(0).unwrap();
        writer.append(&[record("azul"), record("verde")].concat()).unwrap();
        let path = log.parts().unwrap().remove(0).path;
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(log.read(0, writer.end(), |_| true).unwrap_err().to_string().contains("delete"));
    }
}
