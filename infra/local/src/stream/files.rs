//! The Parquet files of REF, and the two columns of them that count.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use ::stream::Post;
use datafusion::arrow::array::{Array as _, StringArray, TimestampMillisecondArray};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::Outcome;

/// Keys below `tweets/` that are not in `folded`, in their order. As in Spark, a file whose name begins with `_` or `.` is not
/// part of the table.
pub(super) fn new_files(ref_dir: &Path, folded: &BTreeSet<String>) -> Outcome<Vec<String>> {
    let mut new = Vec::new();
    walk(ref_dir, "tweets", &mut |key| {
        let is_hidden = key.rsplit('/').next().is_some_and(|name| name.starts_with(['_', '.']));
        if key.ends_with(".parquet") && !is_hidden && !folded.contains(&key) {
            new.push(key);
        }
    })?;
    new.sort_unstable();
    Ok(new)
}

/// A folder that is not there is an empty one.
fn walk(root: &Path, key: &str, found: &mut impl FnMut(String)) -> io::Result<()> {
    let entries = match fs::read_dir(root.join(key)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Some(key) = entry.file_name().to_str().map(|name| format!("{key}/{name}")) else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &key, found)?;
        } else if kind.is_file() {
            found(key);
        }
    }
    Ok(())
}

/// Calls `fold` with each row of a file.
pub(super) fn for_each_post(path: &Path, fold: impl FnMut(&Post<'_>)) -> Outcome {
    read(path, fold).map_err(|error| {
        let path = path.display();
        format!("cannot take the words of {path}: {error}; put a file of table `tweets` in its place or move it away").into()
    })
}

fn read(path: &Path, mut fold: impl FnMut(&Post<'_>)) -> Outcome {
    let file = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let columns = ProjectionMask::columns(file.parquet_schema(), ["criado_em", "texto"]);
    for batch in file.with_projection(columns).build()? {
        let batch = batch?;
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("it has no column `{name}`"));
        let instants = column("criado_em")?.as_any().downcast_ref::<TimestampMillisecondArray>();
        let texts = column("texto")?.as_any().downcast_ref::<StringArray>();
        let (Some(instants), Some(texts)) = (instants, texts) else {
            return Err("`criado_em` is no timestamp in milliseconds, or `texto` no string".into());
        };
        for (instant, texto) in instants.iter().zip(texts) {
            // Without an instant a row is in no window, and Spark leaves it out of all of them too.
            if let Some(created_at_ms) = instant {
                fold(&Post { created_at_ms, texto: texto.unwrap_or_default() });
            }
        }
    }
    Ok(())
}
