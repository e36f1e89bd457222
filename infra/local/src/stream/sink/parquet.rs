//! Rows as Parquet files: a folder with one file per trigger, or a table of the lake.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use emulators::files;
use word_counts::{Mode, Row};

use crate::Outcome;
use crate::stream::checkpoint::Checkpoint;
use crate::tables::schema;

/// File of a table that holds all counts.
const WHOLE: &str = "complete.parquet";

/// A folder with one file for each trigger that emitted rows, named by its number.
pub(super) struct ParquetFolder(PathBuf);

impl ParquetFolder {
    /// Opens the folder, which is created if it is missing. `has_begun` is whether an earlier run died in the next
    /// trigger, so that its file may be there and is replaced.
    ///
    /// # Errors
    /// Fails if the folder holds triggers that this stream has not reached: they are of another stream.
    pub fn open(path: &Path, checkpoint: &Checkpoint, has_begun: bool) -> Outcome<Self> {
        let explained = |error: io::Error| format!("cannot write {}: {error}; choose another with --sink", path.display());
        files::create_folders(path).map_err(explained)?;
        let next = checkpoint.state.next_trigger();
        match numbered(path).map_err(explained)?.last_key_value() {
            Some((number, file)) if *number >= next + u64::from(has_begun) => Err(format!(
                "{} belongs to another stream: this one continues with trigger {next}; choose another folder with --sink",
                file.display()
            )
            .into()),
            _ => Ok(Self(path.to_owned())),
        }
    }

    /// Replaces the file of a trigger; a trigger without rows has none.
    pub fn put(&self, mode: Mode, trigger: u64, rows: &[&Row]) -> Outcome {
        let path = self.0.join(file_name(trigger));
        let put = if rows.is_empty() { remove_if_any(&path) } else { files::replace(&path, &encode(mode, trigger, rows)?) };
        put.map_err(|error| format!("cannot write {}: {error}", path.display()).into())
    }
}

/// A table of the lake: all counts in complete, else the rows of all triggers since the stream was started.
pub(super) struct LakeTable(ParquetFolder);

impl LakeTable {
    /// Opens the table and replaces its rows by those of this stream.
    pub fn open(path: PathBuf, checkpoint: &Checkpoint) -> Outcome<Self> {
        let state = &checkpoint.state;
        files::create_folders(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))?;
        let table = Self(ParquetFolder(path));
        let last = state.next_trigger().checked_sub(1);
        match last.filter(|_| state.query().mode() == Mode::Complete) {
            Some(last) => table.put(Mode::Complete, last, &state.rows().iter().collect::<Vec<_>>())?,
            None => remove_if_any(&table.0.0.join(WHOLE))?,
        }
        numbered(&table.0.0)?.values().try_for_each(fs::remove_file)?;
        Ok(table)
    }

    /// Adds the rows of a trigger, or replaces all rows in complete.
    pub fn put(&self, mode: Mode, trigger: u64, rows: &[&Row]) -> Outcome {
        if mode != Mode::Complete {
            return self.0.put(mode, trigger, rows);
        }
        let path = self.0.0.join(WHOLE);
        files::replace(&path, &encode(mode, trigger, rows)?).map_err(|error| format!("cannot write {}: {error}", path.display()).into())
    }
}

/// Returns a name that sorts by number.
fn file_name(trigger: u64) -> String {
    format!("{trigger:010}.parquet")
}

/// Returns the files of triggers in a folder.
fn numbered(folder: &Path) -> io::Result<BTreeMap<u64, PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".parquet")?.parse().ok());
        files.extend(number.map(|number| (number, path)));
    }
    Ok(files)
}

fn remove_if_any(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn encode(mode: Mode, trigger: u64, rows: &[&Row]) -> Outcome<Vec<u8>> {
    let instants = |of: fn(&word_counts::Window) -> i64| -> ArrayRef {
        let instants: TimestampMillisecondArray = rows.iter().map(|row| row.window.as_ref().map(of)).collect();
        Arc::new(instants.with_timezone("UTC"))
    };
    let counts: Int64Array = rows.iter().map(|row| i64::try_from(row.count).ok()).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![i64::try_from(trigger)?; rows.len()])),
        Arc::new(StringArray::from(vec![mode.name(); rows.len()])),
        instants(|window| window.start_ms),
        instants(|window| window.end_ms),
        Arc::new(rows.iter().map(|row| Some(row.word.as_str())).collect::<StringArray>()),
        Arc::new(counts),
    ];
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema(), Some(properties))?;
    writer.write(&RecordBatch::try_new(schema(), columns)?)?;
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use word_counts::{Post, Query, Words};

    use super::*;
    use crate::stream::sink::tests::rows;

    /// Returns a checkpoint after some triggers, each of one line.
    fn after(mode: Mode, triggers: usize) -> Checkpoint {
        let mut checkpoint = Checkpoint::new(Query::new(mode, None, None, Words::Spaces).unwrap());
        for _ in 0..triggers {
            let mut trigger = checkpoint.state.begin();
            trigger.add(&Post { created_at_ms: 0, texto: Some("azul") });
            checkpoint.state = trigger.finish().0;
        }
        checkpoint
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_trigger_that_is_repeated_replaces_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows");
        let rows = rows();
        let rows: Vec<&Row> = rows.iter().collect();
        let folder = ParquetFolder::open(&path, &after(Mode::Update, 0), false).unwrap();
        folder.put(Mode::Update, 0, &rows).unwrap();
        folder.put(Mode::Update, 1, &[]).unwrap();
        folder.put(Mode::Update, 2, &rows).unwrap();
        folder.put(Mode::Update, 2, &rows[..1]).unwrap();
        assert_eq!(names(&path), ["0000000000.parquet", "0000000002.parquet"]);
        folder.put(Mode::Update, 0, &[]).unwrap();
        assert_eq!(names(&path), ["0000000002.parquet"]);
        assert!(ParquetFolder::open(&path, &after(Mode::Update, 3), false).is_ok());
        assert!(ParquetFolder::open(&path, &after(Mode::Update, 2), true).is_ok(), "the process died in trigger 2");
        for (triggers, has_begun) in [(2, false), (1, true), (0, false)] {
            let error = ParquetFolder::open(&path, &after(Mode::Update, triggers), has_begun).err().unwrap().to_string();
            assert!(error.contains("0000000002.parquet belongs to another stream"), "{error}");
        }
    }

    #[test]
    fn a_table_is_replaced_when_a_stream_is_started() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cores");
        let open = |mode, triggers| LakeTable::open(path.clone(), &after(mode, triggers)).unwrap();
        let rows = rows();
        let table = open(Mode::Update, 0);
        table.put(Mode::Update, 0, &[&rows[0]]).unwrap();
        table.put(Mode::Update, 1, &[&rows[1]]).unwrap();
        assert_eq!(names(&path), ["0000000000.parquet", "0000000001.parquet"]);
        open(Mode::Complete, 2);
        assert_eq!(names(&path), [WHOLE], "the counts of the state are there at once");
        open(Mode::Update, 2);
        assert!(names(&path).is_empty());
    }
}
