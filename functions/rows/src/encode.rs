//! Encodes rows as Parquet: the settings of the writer, and what each one gains.

use std::sync::{Arc, LazyLock};

use arrow_array::RecordBatch;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, TypePtr};

use crate::columns::{COLUMNS, Encoding, schema};
use crate::{LEXICON_VERSION, REFINE_VERSION};

impl Encoding {
    fn set(self, properties: WriterPropertiesBuilder, leaf: ColumnPath) -> WriterPropertiesBuilder {
        match self {
            Self::Delta => {
                let properties = properties.set_column_encoding(leaf.clone(), parquet::basic::Encoding::DELTA_BINARY_PACKED);
                properties.set_column_dictionary_enabled(leaf, false)
            }
            Self::Plain => properties.set_column_dictionary_enabled(leaf, false),
            Self::Dictionary => properties,
            Self::Zstd => properties
                .set_column_compression(leaf.clone(), Compression::ZSTD(ZstdLevel::default()))
                .set_column_dictionary_enabled(leaf, false),
        }
    }
}

/// Returns the writer settings of every file, built once.
fn properties() -> WriterPropertiesPtr {
    static PROPERTIES: LazyLock<WriterPropertiesPtr> = LazyLock::new(|| {
        let properties = WriterProperties::builder()
            // Statistics of the row group let a reader skip the file. Each column has one page, whose own statistics and
            // indexes would repeat them at 1.9 KB per file.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_sorting_columns(Some(vec![SortingColumn { column_idx: 0, descending: false, nulls_first: false }]))
            .set_key_value_metadata(Some(vec![
                KeyValue::new("refine_version".to_owned(), REFINE_VERSION.to_owned()),
                KeyValue::new("lexicon_version".to_owned(), LEXICON_VERSION.to_owned()),
            ]));
        let with_columns = COLUMNS.iter().fold(properties, |properties, column| {
            let path: &[&str] = if column.is_list() { &[column.name, "list", "element"] } else { &[column.name] };
            column.encoding.set(properties, ColumnPath::new(path.iter().map(ToString::to_string).collect()))
        });
        Arc::new(with_columns.build())
    });
    Arc::clone(&PROPERTIES)
}

/// Returns the Parquet schema, built once because deriving it costs as much as writing a column.
fn parquet_schema() -> TypePtr {
    #[expect(clippy::expect_used, reason = "every type of the schema has a Parquet type; the tests write it")]
    static SCHEMA: LazyLock<TypePtr> =
        LazyLock::new(|| ArrowSchemaConverter::new().schema_root("tweets").convert(&schema()).expect("a Parquet schema").root_schema_ptr());
    Arc::clone(&SCHEMA)
}

/// Encodes the rows as a Parquet file with one row group.
///
/// The file omits the embedded Arrow schema that `ArrowWriter` adds: the Parquet types are sufficient.
pub(crate) fn encode(rows: &RecordBatch) -> Result<Vec<u8>, ParquetError> {
    let mut file = SerializedFileWriter::new(Vec::with_capacity(32 * 1024), parquet_schema(), properties())?;
    let mut writers = ArrowRowGroupWriterFactory::new(&file, rows.schema()).create_column_writers(0)?.into_iter();
    let mut row_group = file.next_row_group()?;
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
        for (leaf, mut writer) in compute_leaves(field, column)?.iter().zip(&mut writers) {
            writer.write(leaf)?;
            writer.close()?.append_to_row_group(&mut row_group)?;
        }
    }
    row_group.close()?;
    file.into_inner()
}
