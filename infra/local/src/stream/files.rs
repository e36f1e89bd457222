//! The Parquet files of REF, and the two columns that a stream counts.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use ::stream::Post;
use datafusion::arrow::array::{Array as _, StringArray, TimestampMillisecondArray};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use emulators::files;

use crate::Outcome;

/// Returns the keys below `tweets/` that are not in `folded`, in order. As in Spark, a file whose name begins with `_`
/// or `.` is not part of the table.
///
/// # Errors
/// Fails if a folder cannot be read: its files would count as late afterwards.
pub(super) fn new_files(ref_dir: &Path, folded: &BTreeSet<String>) -> Outcome<Vec<String>> {
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
