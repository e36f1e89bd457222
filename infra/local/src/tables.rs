//! The tables that streams keep in a lake and `sql` reads: where they are, and their columns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Folder of the tables, which have a folder each. The name cannot be that of a bucket.
const FOLDER: &str = "stream_tables";

/// Returns the folder of the tables of the lake at `root`.
pub(crate) fn dir(root: &Path) -> PathBuf {
    root.join(FOLDER)
}

/// Returns the columns: the fields of the JSON lines of a stream, with the window as two instants.
pub(crate) fn schema() -> SchemaRef {
    let instant = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("trigger", DataType::Int64, false),
        Field::new("mode", DataType::Utf8, false),
        Field::new("window_start", instant.clone(), true),
        Field::new("window_end", instant, true),
        Field::new("word", DataType::Utf8, false),
        Field::new("count", DataType::Int64, false),
    ]))
}
