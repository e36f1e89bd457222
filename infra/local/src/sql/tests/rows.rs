//! The rows of REF, read without SQL.

use std::fs::File;
use std::path::Path;

use chrono::{DateTime, Utc};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use super::json_lines;

/// The fields of a row that the questions use.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    pub id: i64,
    pub id_original: i64,
    pub texto: Option<String>,
    pub criado_em: DateTime<Utc>,
    pub autor_id: Option<i64>,
    pub curtidas: Option<i64>,
    #[serde(default)]
    pub hashtags: Vec<String>,
    #[serde(default)]
    pub mencoes: Vec<String>,
    pub sentimento: String,
    pub simbolo: Option<String>,
    pub capturado_em: Option<DateTime<Utc>>,
    pub arquivo_raw: String,
}

/// Reads all rows of all files below a folder.
pub fn read(dir: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rows.extend(read(&path));
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
            let batches = reader.map(Result::unwrap).collect::<Vec<_>>();
            rows.extend(json_lines(&batches).into_iter().map(|row| serde_json::from_value::<Row>(row).unwrap()));
        }
    }
    rows
}
