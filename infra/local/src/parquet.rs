//! Finds the Parquet files of REF, for `sql`, `stream` and `panel`.

use std::ffi::OsStr;
use std::path::Path;

use emulators::files::{self, Found, Unreadable};

/// Finds the Parquet files below a folder, in path order. As in Athena and Spark, a file or folder whose name begins with
/// `_` or `.` is not part of the table.
pub(crate) fn find(folder: &Path) -> Found {
    let is_part = |path: &Path| {
        let names = path.strip_prefix(folder).unwrap_or(path).iter();
        !names.map(OsStr::as_encoded_bytes).any(|name| name.starts_with(b"_") || name.starts_with(b"."))
    };
    let is_parquet = |path: &Path| path.extension().is_some_and(|extension| extension == "parquet");
    let mut found = files::find(folder);
    found.unreadable.retain(|entry| is_part(&entry.path));
    found.files.retain(|path| is_part(path) && is_parquet(path));
    found.folders.retain(|path| is_part(path) && is_parquet(path) && !found.files.iter().any(|file| file.starts_with(path)));
    let unreadable = |path, cause: &str| Unreadable { path, cause: cause.to_owned(), advice: "rename it" };
    found.unreadable.extend(found.folders.drain(..).map(|path| unreadable(path, "it is a folder without Parquet files")));
    found
        .unreadable
        .extend(found.files.extract_if(.., |path| path.to_str().is_none()).map(|path| unreadable(path, "its name is not UTF-8")));
    found
}
