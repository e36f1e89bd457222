//! The Parquet files of REF, and the two columns that a stream counts.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use ::stream::Post;
use datafusion::arrow::array::{Array as _, StringArray, TimestampMillisecondArray};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use emulators::files::Unreadable;

use crate::{Outcome, parquet};

/// Returns the keys below `tweets/` that are not in `folded`, in order, and what cannot be read.
pub(super) fn new_files(ref_dir: &Path, folded: &BTreeSet<String>) -> (Vec<String>, Vec<Unreadable>) {
    let found = parquet::find(&ref_dir.join("tweets"));
    let key = |path: &PathBuf| {
        path.strip_prefix(ref_dir).ok()?.iter().map(|name| name.to_str()).collect::<Option<Vec<_>>>().map(|names| names.join("/"))
    };
    let mut new: Vec<String> = found.files.iter().filter_map(key).filter(|key| !folded.contains(key)).collect();
    new.sort_unstable();
    (new, found.unreadable)
}

/// The two columns of a file, one pair per batch.
pub(super) struct Posts(Vec<(TimestampMillisecondArray, StringArray)>);

impl Posts {
    /// Reads a whole file, so that no file is folded in part.
    pub fn read(path: &Path) -> Outcome<Self> {
        read(path).map_err(|error| {
            let path = path.display();
            let mended = "`reprocess` rewrites it from RAW; otherwise put a file of table `tweets` in its place or move it away";
            format!("cannot take the words of {path}: {error}; {mended}").into()
        })
    }

    /// Calls `fold` with each row.
    pub fn for_each(&self, mut fold: impl FnMut(&Post<'_>)) {
        for (instants, texts) in &self.0 {
            for (instant, texto) in instants.iter().zip(texts) {
                // A row without an instant belongs to no window; Spark also leaves it out of all windows.
                if let Some(created_at_ms) = instant {
                    fold(&Post { created_at_ms, texto: texto.unwrap_or_default() });
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
