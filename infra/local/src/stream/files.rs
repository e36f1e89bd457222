//! The Parquet files of REF, and the two columns that a stream counts.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{Array as _, StringArray, TimestampMillisecondArray};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use emulators::files::Unreadable;
use word_counts::Post;

use crate::output::message;
use crate::{Outcome, parquet};

/// The files of one lake that are not counted yet.
pub(super) struct Files {
    ref_dir: PathBuf,
    /// Keys of new files, in order.
    waiting: VecDeque<String>,
    /// Unreadable files and folders since the last look.
    unreadable: BTreeSet<String>,
    /// Those of earlier looks: each is reported once, and retried whenever files are looked for.
    reported: BTreeSet<String>,
}

impl Files {
    /// Returns the files of the REF bucket in a folder.
    pub fn below(ref_dir: PathBuf) -> Self {
        Self { ref_dir, waiting: VecDeque::new(), unreadable: BTreeSet::new(), reported: BTreeSet::new() }
    }

    /// Looks for new files.
    pub fn look(&mut self, folded: &BTreeSet<String>) {
        let (new, unreadable) = new_files(&self.ref_dir, folded);
        self.waiting = new.into();
        self.reported.append(&mut self.unreadable);
        for entry in unreadable {
            self.pass_by(&entry.path.display().to_string(), &entry.to_string());
        }
    }

    /// Returns whether new files wait that were readable so far.
    pub fn is_waiting(&self) -> bool {
        self.waiting.iter().any(|key| !self.reported.contains(key))
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
                match Posts::read(&self.ref_dir.join(&key)) {
                    Ok(posts) => {
                        posts.for_each(&mut fold);
                        self.reported.remove(&key);
                        folded.push(key);
                    }
                    Err(error) => self.pass_by(&key, &error.to_string()),
                }
            }
            if planned.is_some() {
                break;
            }
        }
        folded
    }

    fn pass_by(&mut self, name: &str, problem: &str) {
        if self.unreadable.insert(name.to_owned()) && !self.reported.contains(name) {
            message(&format!("{problem}\n"));
        }
    }

    /// Fails if some files or folders could not be read.
    pub fn all_counted(&self) -> Outcome {
        match self.unreadable.len() {
            0 => Ok(()),
            files => Err(format!("{files} Parquet file(s) or folder(s) could not be read, so their words are not counted").into()),
        }
    }
}

/// Returns the keys below `tweets/` that are not in `folded`, in order, and what cannot be read.
fn new_files(ref_dir: &Path, folded: &BTreeSet<String>) -> (Vec<String>, Vec<Unreadable>) {
    let found = parquet::find(&ref_dir.join("tweets"));
    let key = |path: &PathBuf| {
        path.strip_prefix(ref_dir).ok()?.iter().map(|name| name.to_str()).collect::<Option<Vec<_>>>().map(|names| names.join("/"))
    };
    let mut new: Vec<String> = found.files.iter().filter_map(key).filter(|key| !folded.contains(key)).collect();
    new.sort_unstable();
    (new, found.unreadable)
}

/// The two columns of a file, one pair per batch.
struct Posts(Vec<(TimestampMillisecondArray, StringArray)>);

impl Posts {
    /// Reads a whole file, so that no file is folded in part.
    fn read(path: &Path) -> Outcome<Self> {
        read(path).map_err(|error| {
            let path = path.display();
            let mended = "`reprocess` rewrites it from RAW; otherwise put a file of table `tweets` in its place or move it away";
            format!("cannot count the words of {path}: {error}; {mended}").into()
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
            return Err("`criado_em` is not a timestamp in milliseconds, or `texto` is not a string".into());
        };
        posts.push((instants.clone(), texts.clone()));
    }
    Ok(Posts(posts))
}
