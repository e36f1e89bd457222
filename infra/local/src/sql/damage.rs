//! Files of the table that cannot be read.
//!
//! A file without a sound footer is skipped when a scan is planned, so that it is left out as a whole. Damage elsewhere shows
//! only when rows are read; then the statement fails, because some of its rows may be printed already.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use datafusion::catalog::Session;
use datafusion::datasource::file_format::FileFormat as _;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{ObjectMeta, ObjectStore};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use emulators::files::Unreadable;
use futures_util::StreamExt as _;

use crate::Failure;
use crate::output::listed;

/// Number of footers that are read concurrently.
const FOOTERS_AT_ONCE: usize = 16;

/// The files that scans found, until [`Scanned::take`].
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// Number of files to be read.
    count: Arc<AtomicUsize>,
    found: Mutex<(BTreeSet<PathBuf>, BTreeSet<Unreadable>)>,
}

impl Scanned {
    /// Returns the number of files that scans have been planned to read since the table was created.
    pub fn count(&self) -> &Arc<AtomicUsize> {
        &self.count
    }

    /// Adds the result of one scan.
    pub fn add(&self, files: impl ExactSizeIterator<Item = PathBuf>, unreadable: Vec<Unreadable>) {
        self.count.fetch_add(files.len(), Ordering::Relaxed);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.0.extend(files);
        found.1.extend(unreadable);
    }

    /// Returns the files to be read and those skipped, since the last call.
    pub fn take(&self) -> (BTreeSet<PathBuf>, BTreeSet<Unreadable>) {
        std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A file with a sound footer.
pub(super) struct SoundFile {
    pub path: PathBuf,
    pub meta: ObjectMeta,
}

/// Reads the footers of these files, which DataFusion then has in its cache; the others are returned with the reason.
pub(super) async fn check_footers(
    state: &dyn Session,
    store: &Arc<dyn ObjectStore>,
    paths: Vec<PathBuf>,
) -> (Vec<SoundFile>, Vec<Unreadable>) {
    let check = |path: PathBuf| async move {
        match footer(state, store, &path).await {
            Ok(meta) => Ok(SoundFile { path, meta }),
            Err(error) => Err(unreadable(path, &*error)),
        }
    };
    let checked: Vec<_> = futures_util::stream::iter(paths).map(check).buffered(FOOTERS_AT_ONCE).collect().await;
    let (mut sound, mut damaged) = (Vec::new(), Vec::new());
    for file in checked {
        match file {
            Ok(file) => sound.push(file),
            Err(file) => damaged.push(file),
        }
    }
    (sound, damaged)
}

/// Returns the files that are not empty; their footers are read with their rows.
pub(super) fn check_files(paths: Vec<PathBuf>) -> (Vec<SoundFile>, Vec<Unreadable>) {
    let (mut sound, mut damaged) = (Vec::new(), Vec::new());
    for path in paths {
        match meta(&path) {
            Ok(meta) => sound.push(SoundFile { path, meta }),
            Err(error) => damaged.push(unreadable(path, &*error)),
        }
    }
    (sound, damaged)
}

async fn footer(state: &dyn Session, store: &Arc<dyn ObjectStore>, path: &Path) -> Result<ObjectMeta, Failure> {
    let meta = meta(path)?;
    File::open(path)?; // gives the plain reason
    let read = ParquetFormat::default().infer_schema(state, store, std::slice::from_ref(&meta)).await;
    read.map_err(|error| error.find_root().message().into_owned())?;
    Ok(meta)
}

fn meta(path: &Path) -> Result<ObjectMeta, Failure> {
    let metadata = fs::metadata(path)?;
    if metadata.len() == 0 {
        return Err("it has 0 bytes".into());
    }
    Ok(ObjectMeta {
        location: StorePath::from_absolute_path(path)?,
        last_modified: metadata.modified()?.into(),
        size: metadata.len(),
        e_tag: None,
        version: None,
    })
}

fn unreadable(path: PathBuf, error: &(dyn std::error::Error + Send + Sync + 'static)) -> Unreadable {
    match error.downcast_ref::<io::Error>() {
        Some(error) => Unreadable::new(&path, error),
        None => Unreadable { path, cause: error.to_string(), advice: MENDED },
    }
}

/// Returns the files that cannot be read to their end, each with the reason. DataFusion's error does not name the file.
pub(super) fn unreadable_files(files: BTreeSet<PathBuf>) -> Vec<Unreadable> {
    files.into_iter().filter_map(|path| read(&path).err().map(|error| unreadable(path, &*error))).collect()
}

/// Advice for a damaged file.
const MENDED: &str = "`reprocess` rewrites it from RAW";

/// Formats a message that counts what cannot be read, names the first ones, and gives advice.
pub(super) fn message(problem: &str, unreadable: &[Unreadable]) -> String {
    format!(
        "{} Parquet file(s) or folder(s) {problem}{}\nmove away what `reprocess` does not repair, and run it again",
        unreadable.len(),
        listed(unreadable)
    )
}

fn read(path: &Path) -> Result<(), Failure> {
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        batch?;
    }
    Ok(())
}
