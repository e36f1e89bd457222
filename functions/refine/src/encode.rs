//! Encodes rows as Parquet: the settings, and what each one gains.

use std::sync::{Arc, LazyLock};

use arrow_array::RecordBatch;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, TypePtr};
use tweets::columns::COLUMNS;

use crate::columns::schema;
use crate::{LEXICON_VERSION, REFINE_VERSION};

/// How the values of a column are encoded, chosen for files of about a hundred rows.
///
/// At that size a column costs more than its values: opening a zstd context takes about 30 µs, four times as long as the rest of a
/// numeric column, and a dictionary adds a page of its own, about 40 bytes. Each column uses only what pays for itself. The
/// figures of each variant are the bytes of a column of 100 tweets, compared with dictionary and zstd, the default of a writer.
#[derive(Clone, Copy)]
enum Values {
    /// Bit-packed differences between neighbours, for ascending ids and times, and for mostly small counts: `id` 845 instead
    /// of 1082, `criado_em` 512 instead of 644, `impressoes` 508 instead of 560, without the 30 µs. Trino, and therefore
    /// Athena, has read it for INT64 since 2019 (trinodb/trino #334); Spark, pyarrow and DuckDB read it too.
    Delta,
    /// Plain values, for ids in no order, which are incompressible for both a dictionary and zstd: `conversa_id` 1032
    /// instead of 1122, `referenciado_id` 567 instead of 641.
    Plain,
    /// Run-length encoded dictionary indices, for few distinct values or one for the whole file: `sentimento` 291 instead of
    /// 309, `arquivo_raw` 446 instead of 453, most of which is the footer.
    Dictionary,
    /// zstd over plain values, for text that hardly repeats. The only case in which the 30 µs pay off: `texto` 4623 instead
    /// of 14198 plain, `urls` 1289 instead of 2637, `autor_usuario` 1245 instead of 2119. Level 3 would save 2 bytes per
    /// tweet for 60 µs per file.
    Zstd,
}

impl Values {
    fn of(column: &str) -> Self {
        match column {
            "id" | "id_original" | "criado_em" | "curtidas" | "respostas" | "retweets" | "citacoes" | "salvos" | "impressoes" => {
                Self::Delta
            }
            "texto" | "autor_usuario" | "autor_nome" | "mencoes" | "urls" => Self::Zstd,
            "autor_id" | "conversa_id" | "referenciado_id" | "sensivel" => Self::Plain,
            _ => Self::Dictionary,
        }
    }

    fn set(self, properties: WriterPropertiesBuilder, leaf: ColumnPath) -> WriterPropertiesBuilder {
        match self {
            Self::Delta => {
                properties.set_column_encoding(leaf.clone(), Encoding::DELTA_BINARY_PACKED).set_column_dictionary_enabled(leaf, false)
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
        let leaves = COLUMNS.iter().map(|column| {
            let is_list = matches!(*column, "hashtags" | "mencoes" | "urls");
            let path = [column, "list", "element"];
            (Values::of(column), ColumnPath::new(path[..if is_list { 3 } else { 1 }].iter().map(ToString::to_string).collect()))
        });
        Arc::new(leaves.fold(properties, |properties, (values, leaf)| values.set(properties, leaf)).build())
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
