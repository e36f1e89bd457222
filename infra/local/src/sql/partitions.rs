//! The table over `ano=/mes=/dia=` folders. Only files of the days that a statement selects are listed and opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{Int32Array, RecordBatch};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
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
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::scalar::ScalarValue;
use emulators::files::{self, Unreadable};

use super::constants::contains_subquery;
use super::damage::{self, Scanned};
use super::kept::{self, KeptRows};
use super::partition_columns::{PARTITION_COLUMNS, partition_fields};
use super::trino;
use crate::{Outcome, parquet};

/// Estimated size of a tweet in a Parquet file of a hundred tweets.
const BYTES_A_ROW: u64 = 160;

/// Creates the table over the Parquet files below `dir`; it is empty if that folder is missing. With `kept`, each file
/// is read once.
pub(super) fn tweets(dir: &Path, kept: Option<Arc<KeptRows>>) -> Outcome<Tweets> {
    // A path of the object store has no `..`. A folder that is missing or cannot be read is reported by the scans.
    let root = dir.canonicalize().or_else(|_| std::path::absolute(dir))?;
    let schema = Schema::new(
        trino::schema(&rows::schema()).fields().iter().map(|field| super::format::marked(Field::clone(field))).collect::<Vec<_>>(),
    );
    let columns = TableSchemaBuilder::new(Arc::new(schema)).with_table_partition_cols(partition_fields()).build();
    Ok(Tweets { root, columns, scanned: Arc::default(), kept })
}

/// The Parquet files below a folder.
///
/// DataFusion's `ListingTable` is not used: it lists the files of all days before it filters any, does not match
/// `mes=01` for `mes = 1`, and reads the footer of each file at planning time.
#[derive(Debug)]
pub(super) struct Tweets {
    root: PathBuf,
    columns: TableSchema,
    scanned: Arc<Scanned>,
    /// The rows that stay in memory, if any do.
    kept: Option<Arc<KeptRows>>,
}

/// The folder of a day, `ano=2026/mes=11/dia=22`, or something above it that cannot be read.
#[derive(Debug)]
struct Day<T> {
    entry: T,
    /// Year, month and day of the month, as far as the path has them.
    values: Vec<i32>,
}

impl Tweets {
    /// Returns what the scans of all statements find.
    pub(super) fn scanned(&self) -> Arc<Scanned> {
        Arc::clone(&self.scanned)
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

    /// Returns all days that have a folder, and what cannot be read on the way to them; folders with other names are
    /// skipped.
    fn days(&self) -> (Vec<Day<PathBuf>>, Vec<Day<Unreadable>>) {
        let found = files::find_to_depth(&self.root, PARTITION_COLUMNS.len());
        let days = found.folders.into_iter().filter_map(|entry| Some(Day { values: self.values(&entry)?, entry }));
        let unreadable = found.unreadable.into_iter().filter_map(|entry| Some(Day { values: self.values(&entry.path)?, entry }));
        (days.filter(|day| day.values.len() == PARTITION_COLUMNS.len()).collect(), unreadable.collect())
    }

    /// Returns the values in the names of partition folders; `None` for other folders.
    fn values(&self, path: &Path) -> Option<Vec<i32>> {
        let names = path.strip_prefix(&self.root).ok()?.iter();
        names.zip(PARTITION_COLUMNS).map(|(name, column)| name.to_str()?.strip_prefix(column)?.strip_prefix('=')?.parse().ok()).collect()
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

    /// Files and folders that cannot be read are skipped: see [`Scanned`].
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::local_filesystem();
        let store = state.runtime_env().object_store(&url)?;
        let (days, unreadable) = self.days();
        let unreadable = chosen(state, unreadable, filters, |holds| holds != Some(false))?; // null: it may hold
        let mut unreadable: Vec<Unreadable> = unreadable.into_iter().map(|day| day.entry).collect();
        let (mut files, mut paths) = (FileGroup::default(), Vec::new());
        for day in chosen(state, days, filters, |holds| holds == Some(true))? {
            let found = parquet::find(&day.entry);
            let (sound, damaged) = match self.kept {
                Some(_) => damage::check_files(found.files),
                None => damage::check_footers(state, &store, found.files).await,
            };
            unreadable.extend(found.unreadable.into_iter().chain(damaged));
            let values: Vec<_> = day.values.iter().map(|&value| ScalarValue::Int32(Some(value))).collect();
            for file in sound {
                files.push(PartitionedFile::new_from_meta(file.meta).with_partition_values(values.clone()));
                paths.push(file.path);
            }
        }
        self.scanned.add(paths.into_iter(), unreadable);
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

/// Returns the days for which the filters on partition columns have a value that is `wanted`. A filter is null where the
/// path lacks a value that it needs.
fn chosen<T>(state: &dyn Session, days: Vec<Day<T>>, filters: &[Expr], wanted: fn(Option<bool>) -> bool) -> Result<Vec<Day<T>>> {
    let Some(filter) = conjunction(filters.iter().filter(|filter| chooses_days(filter)).cloned()) else { return Ok(days) };
    let column = |place| Arc::new(days.iter().map(|day| day.values.get(place).copied()).collect::<Int32Array>()) as _;
    let fields: Vec<Field> = partition_fields().iter().map(|field| Field::clone(field).with_nullable(true)).collect();
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), (0..PARTITION_COLUMNS.len()).map(column).collect())?;
    let filter = state.create_physical_expr(filter, &DFSchema::try_from(rows.schema())?)?;
    let holds = filter.evaluate(&rows)?.into_array(days.len())?;
    let holds = as_boolean_array(&holds)?;
    Ok(days.into_iter().zip(holds).filter_map(|(day, holds)| wanted(holds).then_some(day)).collect())
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

#[cfg(test)]
mod tests {
    use crate::fixtures::put_refined;
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
            put_refined(dir.path(), &format!("tweets/{number}.json"), raw.as_bytes());
        }
        let session = sql::Session::open(dir.path(), NOON).await.unwrap();
        (dir, session)
    }

    /// Returns the rows found and the files opened by the same statement.
    async fn found(session: &sql::Session, condition: &str) -> (i64, usize) {
        let rows = session.query(&format!("SELECT count(id) FROM tweets WHERE {condition}")).await.unwrap();
        let count = rows[0].column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0);
        // No statistics can answer for `texto`, so the plan lists the files.
        let plan = session.query(&format!("EXPLAIN SELECT texto FROM tweets WHERE {condition}")).await.unwrap();
        let plan = plan.iter().flat_map(|batch| {
            let texts = batch.column(1).as_any().downcast_ref::<StringArray>().unwrap();
            texts.iter().flatten().map(str::to_owned).collect::<Vec<_>>()
        });
        (count, plan.last().unwrap().matches(".parquet").count())
    }

    #[tokio::test]
    async fn partitions_are_compared_as_numbers_and_only_their_files_are_opened() {
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
