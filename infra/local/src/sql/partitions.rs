//! The table over `ano=/mes=/dia=` folders. Only files of the days that a statement selects are listed and opened.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use datafusion::arrow::array::{Int32Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::stats::{Precision, Statistics};
use datafusion::datasource::file_format::FileFormat as _;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::listing::helpers::expr_applicable_for_cols;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::{TableSchema, TableSchemaBuilder};
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{ObjectMeta, ObjectStore};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::scalar::ScalarValue;
use tweets::columns::{ANO, DIA, MES};

use super::constants::contains_subquery;
use super::kept::{self, KeptRows};
use super::trino;
use crate::Outcome;

/// Columns that are encoded in the folder names, outermost first.
pub(super) const PARTITION_COLUMNS: [&str; 3] = [ANO, MES, DIA];

/// Estimated size of a tweet in a Parquet file of a hundred tweets.
const BYTES_A_ROW: u64 = 160;

/// Creates the table over the Parquet files below `dir`, which is created if it is missing. With `kept`, each file is read once.
pub(super) fn tweets(dir: &Path, kept: Option<Arc<KeptRows>>) -> Outcome<Tweets> {
    std::fs::create_dir_all(dir)?;
    let root = StorePath::from_absolute_path(dir.canonicalize()?)
        .map_err(|error| format!("SQL cannot read the folder {}: {error}", dir.display()))?;
    let schema = Schema::new(
        trino::schema(&refine::schema()).fields().iter().map(|field| super::format::marked(Field::clone(field))).collect::<Vec<_>>(),
    );
    let columns = TableSchemaBuilder::new(Arc::new(schema)).with_table_partition_cols(partition_fields()).build();
    Ok(Tweets { root, columns, files: Arc::default(), kept })
}

/// The Parquet files below a folder.
///
/// DataFusion's `ListingTable` is not used: it lists the files of all days before it filters any, does not match
/// `mes=01` for `mes = 1`, and reads the footer of each file at planning time.
#[derive(Debug)]
pub(super) struct Tweets {
    root: StorePath,
    columns: TableSchema,
    /// Number of files read by the scans of all statements.
    files: Arc<AtomicUsize>,
    /// The rows that stay in memory, if any do.
    kept: Option<Arc<KeptRows>>,
}

/// One folder `ano=2026/mes=11/dia=22`.
#[derive(Debug)]
struct Day {
    folder: StorePath,
    /// Year, month and day of the month.
    values: Vec<i32>,
}

impl Tweets {
    /// Returns the number of files that scans have been planned to read since the table was created.
    pub(super) fn files_planned(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.files)
    }

    /// Estimates statistics from the file sizes: in a join, the smaller table is held in memory. The exact numbers are
    /// in the footers, which would have to be read at planning time.
    fn statistics(&self, files: &FileGroup) -> Statistics {
        let bytes: u64 = files.iter().map(|file| file.object_meta.size).sum();
        let rows = bytes.div_ceil(BYTES_A_ROW);
        let mut statistics = Statistics::new_unknown(self.columns.table_schema());
        statistics.num_rows = Precision::Inexact(usize::try_from(rows).unwrap_or(usize::MAX));
        statistics.total_byte_size = Precision::Inexact(usize::try_from(bytes).unwrap_or(usize::MAX));
        statistics
    }

    /// Returns all days that have a folder; folders with other names are skipped.
    async fn days(&self, store: &dyn ObjectStore) -> Result<Vec<Day>> {
        let mut days = vec![Day { folder: self.root.clone(), values: vec![] }];
        for column in PARTITION_COLUMNS {
            let mut below = Vec::new();
            for day in days {
                for folder in store.list_with_delimiter(Some(&day.folder)).await?.common_prefixes {
                    let value = folder.filename().and_then(|name| name.strip_prefix(column)?.strip_prefix('=')?.parse().ok());
                    if let Some(value) = value {
                        below.push(Day { folder, values: [day.values.as_slice(), &[value]].concat() });
                    }
                }
            }
            days = below;
        }
        Ok(days)
    }
}

impl Day {
    /// Returns the Parquet files of the day. As in Athena, a file whose name begins with `_` or `.` is not part of the
    /// table. A reader would refuse an empty file.
    async fn files(&self, store: &dyn ObjectStore) -> Result<Vec<PartitionedFile>> {
        let values: Vec<_> = self.values.iter().map(|&value| ScalarValue::Int32(Some(value))).collect();
        let listed = store.list_with_delimiter(Some(&self.folder)).await?.objects.into_iter();
        let is_hidden = |file: &ObjectMeta| file.location.filename().is_none_or(|name| name.starts_with(['_', '.']));
        let parquet = listed.filter(|file| file.size > 0 && !is_hidden(file) && file.location.as_ref().ends_with(".parquet"));
        Ok(parquet.map(|file| PartitionedFile::new_from_meta(file).with_partition_values(values.clone())).collect())
    }
}

#[async_trait]
impl TableProvider for Tweets {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.columns.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// A filter on partition columns alone is fully applied when the files are chosen.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let kind =
            |filter: &&Expr| if chooses_days(filter) { TableProviderFilterPushDown::Exact } else { TableProviderFilterPushDown::Inexact };
        Ok(filters.iter().map(kind).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::local_filesystem();
        let store = state.runtime_env().object_store(&url)?;
        let mut files = FileGroup::default();
        for day in chosen(state, self.days(&store).await?, filters)? {
            day.files(&store).await?.into_iter().for_each(|file| files.push(file));
        }
        self.files.fetch_add(files.len(), Ordering::Relaxed);
        if let Some(kept) = self.kept.as_ref().filter(|_| !files.is_empty()) {
            let schema = kept::filter_schema();
            let filter = conjunction(filters.iter().filter(|filter| decides(&schema, filter)).cloned());
            let filter = filter.map(|filter| state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)).transpose()?;
            let files: Vec<_> = files.iter().collect();
            return kept.scan(&files, self.columns.table_schema(), projection, filter.as_deref()).await;
        }
        let statistics = self.statistics(&files);
        let format = ParquetFormat::default();
        let config = FileScanConfigBuilder::new(url, format.file_source(self.columns.clone()))
            .with_file_groups(files.split_files(state.config().target_partitions()))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_statistics(statistics)
            .build();
        if config.file_groups.is_empty() {
            return Ok(Arc::new(EmptyExec::new(config.projected_schema()?)));
        }
        format.create_physical_plan(state, config).await
    }
}

/// Returns the days that satisfy the filters on partition columns.
fn chosen(state: &dyn Session, days: Vec<Day>, filters: &[Expr]) -> Result<Vec<Day>> {
    let Some(filter) = conjunction(filters.iter().filter(|filter| chooses_days(filter)).cloned()) else { return Ok(days) };
    let column = |place| Arc::new(days.iter().map(|day| day.values.get(place).copied()).collect::<Int32Array>()) as _;
    let rows = RecordBatch::try_new(Arc::new(Schema::new(partition_fields())), (0..PARTITION_COLUMNS.len()).map(column).collect())?;
    let filter = state.create_physical_expr(filter, &DFSchema::try_from(rows.schema())?)?;
    let holds = filter.evaluate(&rows)?.into_array(days.len())?;
    let holds = as_boolean_array(&holds)?;
    Ok(days.into_iter().zip(holds).filter_map(|(day, holds)| (holds == Some(true)).then_some(day)).collect())
}

/// Returns whether the filter can be decided from the columns of `schema`.
fn decides(schema: &Schema, filter: &Expr) -> bool {
    let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    expr_applicable_for_cols(&columns, filter) && !contains_subquery(filter)
}

/// Returns whether the filter can be decided from year, month and day alone, before any file is known.
fn chooses_days(filter: &Expr) -> bool {
    expr_applicable_for_cols(&PARTITION_COLUMNS, filter) && !contains_subquery(filter)
}

pub(super) fn partition_fields() -> Vec<Arc<Field>> {
    PARTITION_COLUMNS.map(|name| Arc::new(Field::new(name, DataType::Int32, false))).to_vec()
}

#[cfg(test)]
mod tests {
    use crate::sql;
    use datafusion::arrow::array::{Int64Array, StringArray};
    use datafusion::arrow::util::pretty::pretty_format_batches;

    const NOON: chrono::DateTime<chrono::Utc> = chrono::DateTime::from_timestamp_secs(1_795_435_200).unwrap();

    /// Days with one-digit and two-digit months and days, one tweet each.
    const DAYS: [&str; 5] = ["2025-01-09", "2025-11-01", "2026-01-01", "2026-01-10", "2026-10-01"];

    async fn lake() -> (tempfile::TempDir, sql::Session) {
        let dir = tempfile::tempdir().unwrap();
        for (number, day) in DAYS.iter().enumerate() {
            let raw = format!(r#"{{"data":[{{"id":"{}","created_at":"{day}T12:00:00.000Z","text":"a"}}]}}"#, number + 1);
            for object in refine::refine(&format!("tweets/{number}.json"), raw.as_bytes(), tweets::Years::DEFAULT).unwrap().objects {
                let path = dir.path().join(&object.key);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &object.bytes).unwrap();
            }
        }
        let session = sql::Session::open(dir.path(), NOON).await.unwrap();
        (dir, session)
    }

    /// Returns the rows found and the files opened by the same statement.
    async fn found(session: &sql::Session, condition: &str) -> (i64, usize) {
        let rows = session.query(&format!("SELECT count(id) FROM tweets WHERE {condition}")).await.unwrap();
        let count = rows[0].column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0);
        // `max(id)` cannot be answered from statistics alone if the condition is on another column, so files are
        // opened.
        let plan = session.query(&format!("EXPLAIN SELECT texto FROM tweets WHERE {condition}")).await.unwrap();
        let plan = plan.iter().flat_map(|batch| {
            let texts = batch.column(1).as_any().downcast_ref::<StringArray>().unwrap();
            texts.iter().flatten().map(str::to_owned).collect::<Vec<_>>()
        });
        (count, plan.last().unwrap().matches(".parquet").count())
    }

    #[tokio::test]
    async fn partitions_are_compared_as_numbers_and_other_files_stay_closed() {
        let (_dir, session) = lake().await;
        for (condition, want) in [
            ("true", (5, 5)),
            ("ano = 2026", (3, 3)),
            ("ano = 2026 AND mes = 1", (2, 2)), // folders are named mes=01
            ("ano = 2026 AND mes = 1 AND dia = 1", (1, 1)),
            ("1 = mes AND dia = 9", (1, 1)),
            ("mes IN (1, 10) AND ano = 2026", (3, 3)),
            ("mes BETWEEN 2 AND 11", (2, 2)),
            ("(ano = 2025 AND mes = 1) OR dia = 10", (2, 2)),
            ("mes = 2", (0, 0)),
        ] {
            assert_eq!(found(&session, condition).await, want, "{condition}");
        }
    }

    #[tokio::test]
    async fn an_empty_lake_is_an_empty_table() {
        let dir = tempfile::tempdir().unwrap();
        let session = sql::Session::open(dir.path(), NOON).await.unwrap();
        let rows = session.query("SELECT texto, mes FROM tweets").await.unwrap();
        assert!(pretty_format_batches(&rows).unwrap().to_string().contains("| texto | mes |"));
    }
}
