//! Damaged files of the table.

use std::fs::File;
use std::path::{Path, PathBuf};

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Maximum number of damaged files that are named; the others are counted.
const NAMED_MAX: usize = 10;

/// Returns the files of 0 bytes, as a power failure leaves them. DataFusion skips them silently.
pub(super) fn empty_files(tweets: &Path) -> Vec<PathBuf> {
    let is_empty = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0);
    parquet_files(tweets).filter(is_empty).collect()
}

/// Returns the files that cannot be read to their end, each with the reason. DataFusion's error does not name the file.
pub(super) fn unreadable_files(tweets: &Path) -> Vec<String> {
    parquet_files(tweets).filter_map(|path| read(&path).err().map(|error| format!("{}: {error}", path.display()))).collect()
}

/// Formats a message that counts the files, names the first ones, and gives advice.
pub(super) fn files_message(problem: &str, files: &[String]) -> String {
    let named: Vec<&str> = files.iter().take(NAMED_MAX).map(String::as_str).collect();
    format!(
        "{} Parquet file(s) {problem}\n  {}\n`reprocess` rewrites them from RAW; move away those that it cannot",
        files.len(),
        named.join("\n  ")
    )
}

fn parquet_files(tweets: &Path) -> impl Iterator<Item = PathBuf> {
    let found = emulators::files::find(tweets).files.into_iter();
    found.filter(|path| path.extension().is_some_and(|extension| extension == "parquet"))
}

fn read(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        batch?;
    }
    Ok(())
}
