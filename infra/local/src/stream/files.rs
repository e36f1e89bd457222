//! The Parquet files of REF, and the two columns that a stream counts.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};

use ::stream::Post;
use datafusion::arrow::array::{Array as _, StringArray, TimestampMillisecondArray};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use emulators::files;

use crate::Outcome;
use crate::output::message;

/// The files of one lake that are not counted yet.
pub(super) struct Files {
    ref_dir: PathBuf,
    /// Keys of new files, in order.
    waiting: VecDeque<String>,
    /// Keys of unreadable files, each reported once and retried whenever files are looked for.
    unreadable: BTreeSet<String>,
}

impl Files {
    /// Returns the files of the REF bucket in a folder.
    pub fn below(ref_dir: PathBuf) -> Self {
        Self { ref_dir, waiting: VecDeque::new(), unreadable: BTreeSet::new() }
    }

    /// Looks for new files.
    pub fn look(&mut self, folded: &BTreeSet<String>) -> Outcome {
        self.waiting = new_files(&self.ref_dir, folded)?.into();
        Ok(())
    }

    /// Returns whether new files wait that were readable so far.
    pub fn is_waiting(&self) -> bool {
        self.waiting.iter().any(|key| !self.unreadable.contains(key))
    }

    /// Calls `fold` with the posts of the next files and returns their keys: those that are `planned`, or up to
    /// `files_max`. Unreadable files are left out; no keys means that no file is left.
    pub fn fold(&mut self, planned: Option<&[String]>, files_max: usize, mut fold: impl FnMut(&Post<'_>)) -> Vec<String> {
        let mut folded = Vec::new();
        while folded.is_empty() && !self.waiting.is_empty() {
            let keys: Vec<String> = match planned {
                Some(planned) => {
                    let planned: HashSet<&String> = planned.iter().collect();
                    let (keys, waiting): (VecDeque<_>, _) = self.waiting.drain(..).partition(|key| planned.contains(key));
                    self.waiting = waiting;
                    keys.into()
                }
                None => self.waiting.drain(..files_max.min(self.waiting.len())).collect(),
            };
            for key in keys {
                if let Some(posts) = self.read(&key) {
                    posts.for_each(&mut fold);
                    folded.push(key);
                }
            }
            if planned.is_some() {
                break;
            }
        }
        folded
    }

    /// Reads a file, or reports why it cannot be read.
    fn read(&mut self, key: &str) -> Option<Posts> {
        match Posts::read(&self.ref_dir.join(key)) {
            Ok(posts) => {
                self.unreadable.remove(key);
                return Some(posts);
            }
            Err(error) if self.unreadable.insert(key.to_owned()) => message(&format!("{error}\n")),
            Err(_) => {}
        }
        None
    }

    /// Fails if some files could not be read.
    pub fn all_counted(&self) -> Outcome {
        match self.unreadable.len() {
            0 => Ok(()),
            files => Err(format!("{files} Parquet file(s) could not be read, so their words are not counted").into()),
        }
    }
}

/// Returns the keys below `tweets/` that are not in `folded`, in order. As in Spark, a file whose name begins with `_`
/// or `.` is not part of the table.
///
/// # Errors
/// Fails if a folder cannot be read: its files would count as late afterwards.
fn new_files(ref_dir: &Path, folded: &BTreeSet<String>) -> Outcome<Vec<String>> {
    let found = files::find(&ref_dir.join("tweets"));
    if let Some(error) = found.unreadable.first() {
        return Err(format!("{error}; give this user access to it, or move it away").into());
    }
    let key = |path: &Path| {
        path.strip_prefix(ref_dir).ok()?.iter().map(|name| name.to_str()).collect::<Option<Vec<_>>>().map(|names| names.join("/"))
    };
    let is_hidden = |key: &String| key.rsplit('/').next().is_some_and(|name| name.starts_with(['_', '.']));
    let is_new = |key: &String| key.ends_with(".parquet") && !is_hidden(key) && !folded.contains(key);
    let mut new: Vec<String> = found.files.iter().filter_map(|path| key(path)).filter(is_new).collect();
    new.sort_unstable();
    Ok(new)
}

/// The two columns of a file, one pair per batch.
struct Posts(Vec<(TimestampMillisecondArray, StringArray)>);

impl Posts {
    /// Reads a whole file, so that no file is folded in part.
    fn read(path: &Path) -> Outcome<Self> {
        read(path).map_err(|error| {
            let path = path.display();
            let mended = "`reprocess` rewrites it from RAW; otherwise put a file of table `tweets` in its place or move it away";
            format!("cannot take the words of {path}: {error}; {mended}").into()
        })
    }

    /// Calls `fold` with each row.
    fn for_each(&self, mut fold: impl FnMut(&Post<'_>)) {
        for (instants, texts) in &self.0 {
            for (instant, texto) in instants.iter().zip(texts) {
                // A row without an instant belongs to no window; Spark also leaves it out of all windows.
                if let Some(created_at_ms) = instant {
                    fold(&Post { created_at_ms, texto });
                }
            }
        }
    }
}

fn read(path: &Path) -> Outcome<Posts> {
    let file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Err("it has 0 bytes".into());
    }
    let file = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let columns = ProjectionMask::columns(file.parquet_schema(), ["criado_em", "texto"]);
    let mut posts = Vec::new();
    for batch in file.with_projection(columns).build()? {
        let batch = batch?;
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("it has no column `{name}`"));
        let instants = column("criado_em")?.as_any().downcast_ref::<TimestampMillisecondArray>();
        let texts = column("texto")?.as_any().downcast_ref::<StringArray>();
        let (Some(instants), Some(texts)) = (instants, texts) else {
            return Err("`criado_em` is no timestamp in milliseconds, or `texto` no string".into());
        };
        posts.push((instants.clone(), texts.clone()));
    }
    Ok(Posts(posts))
}
