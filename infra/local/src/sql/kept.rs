//! Rows that stay in memory between sessions, so that each file is read once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::common::cast::as_boolean_array;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path as StorePath;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use datafusion::parquet::file::metadata::ParquetStatisticsPolicy;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use tokio::task::JoinSet;

use super::partition_columns::{PARTITION_COLUMNS, partition_fields};
use super::trino;

/// Columns that are kept: those that the questions of `panel` use. The first group of a file is always read; another one when
/// a statement selects a column of it, because most days are only counted.
const GROUPS: [&[&str]; 2] = [&["id", "id_original", "criado_em", "capturado_em"], &["sentimento", "simbolo", "hashtags", "texto"]];
/// Files whose rows form one batch of a scan: batches of a hundred rows cost more than their rows.
const FILES_PER_BATCH: usize = 64;
/// Files that one task reads.
const FILES_PER_TASK: usize = 32;

/// The rows of the files that sessions have read.
#[derive(Debug, Default)]
pub struct KeptRows {
    files: Mutex<HashMap<StorePath, FileRows>>,
    read: AtomicUsize,
}

/// The rows of one file.
#[derive(Clone, Debug)]
struct FileRows {
    /// Version of the file: its size, and its modification time in Unix milliseconds.
    version: (u64, i64),
    /// The rows of each group that was read.
    groups: [Option<RecordBatch>; GROUPS.len()],
    is_used: bool,
}

impl KeptRows {
    /// Returns the number of files that were read, or read again for another group of columns.
    pub fn files_read(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }

    /// Forgets the files that no statement has used since the last call.
    pub fn forget_unused(&self) {
        self.files().retain(|_, kept| std::mem::take(&mut kept.is_used));
    }

    /// Plans a scan of these files, and reads those that are not in memory.
    ///
    /// # Errors
    /// Fails if a file cannot be read, or if a column that is not kept is selected.
    pub(super) async fn scan(
        &self,
        files: &[&PartitionedFile],
        table: &Schema,
        projection: Option<&Vec<usize>>,
        filter: Option<&dyn PhysicalExpr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projected = Arc::new(projection.map_or_else(|| Ok(table.clone()), |columns| table.project(columns))?);
        self.read_missing(files, 0).await?;
        let files = &self.with_matches(files, filter)?;
        for (place, group) in GROUPS.iter().enumerate() {
            if projected.fields().iter().any(|field| group.contains(&field.name().as_str())) {
                self.read_missing(files, place).await?;
            }
        }
        let batches = {
            let mut kept = self.files();
            let batch = |file: &&PartitionedFile| match kept.get_mut(&file.object_meta.location) {
                Some(kept) => {
                    kept.is_used = true;
                    projected_rows(kept, file, &projected)
                }
                None => Ok(RecordBatch::new_empty(Arc::clone(&projected))),
            };
            files.iter().map(batch).collect::<Result<Vec<_>>>()?
        };
        let larger = batches.chunks(FILES_PER_BATCH).map(|batches| Ok(vec![concat_batches(&projected, batches)?]));
        let partitions = larger.collect::<Result<Vec<_>>>()?;
        Ok(MemorySourceConfig::try_new_exec(&partitions, projected, None)?)
    }

    /// Returns the files that have a row for which the filter holds. A filter on the last hour thus spares most files of the day.
    fn with_matches<'a>(&self, files: &[&'a PartitionedFile], filter: Option<&dyn PhysicalExpr>) -> Result<Vec<&'a PartitionedFile>> {
        let Some(filter) = filter else { return Ok(files.to_vec()) };
        let schema = filter_schema();
        let mut kept = self.files();
        let mut matching = Vec::new();
        for file in files {
            let Some(kept) = kept.get_mut(&file.object_meta.location) else { continue };
            kept.is_used = true;
            let rows = projected_rows(kept, file, &schema)?;
            let holds = filter.evaluate(&rows)?.into_array(rows.num_rows())?;
            if as_boolean_array(&holds)?.true_count() > 0 {
                matching.push(*file);
            }
        }
        Ok(matching)
    }

    /// Reads a group of columns of the files that do not have it in memory.
    async fn read_missing(&self, files: &[&PartitionedFile], group: usize) -> Result<()> {
        let missing: Vec<ObjectMeta> = {
            let kept = self.files();
            let is_kept =
                |kept: &FileRows, file: &ObjectMeta| kept.version == version(file) && kept.groups.get(group).is_some_and(Option::is_some);
            let is_missing = |file: &&ObjectMeta| kept.get(&file.location).is_none_or(|kept| !is_kept(kept, file));
            files.iter().map(|file| &file.object_meta).filter(is_missing).cloned().collect()
        };
        let mut reading = JoinSet::new();
        for files in missing.chunks(FILES_PER_TASK) {
            let files = files.to_vec();
            reading.spawn(async move { read_all(files, group) });
        }
        while let Some(read) = reading.join_next().await {
            let read = read.map_err(|error| DataFusionError::External(error.into()))??;
            self.read.fetch_add(read.len(), Ordering::Relaxed);
            let mut kept = self.files();
            for (file, rows) in read {
                let version = version(&file);
                let kept = kept.entry(file.location).or_insert_with(|| FileRows { version, groups: Default::default(), is_used: true });
                if kept.version != version {
                    *kept = FileRows { version, groups: Default::default(), is_used: true };
                }
                if let Some(place) = kept.groups.get_mut(group) {
                    *place = Some(rows);
                }
            }
        }
        Ok(())
    }

    fn files(&self) -> MutexGuard<'_, HashMap<StorePath, FileRows>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn version(file: &ObjectMeta) -> (u64, i64) {
    (file.size, file.last_modified.timestamp_millis())
}

/// Returns the columns that a filter on files may use: those of the first group, and the partition columns.
pub(super) fn filter_schema() -> SchemaRef {
    let all = trino::schema(&rows::schema());
    let first = GROUPS.first().copied().unwrap_or_default();
    let mut fields: Vec<Arc<Field>> = first.iter().filter_map(|name| all.field_with_name(name).ok().cloned().map(Arc::new)).collect();
    fields.extend(partition_fields());
    Arc::new(Schema::new(fields))
}

/// Reads files one after the other. It blocks its thread, which only computes for the panel.
fn read_all(files: Vec<ObjectMeta>, group: usize) -> Result<Vec<(ObjectMeta, RecordBatch)>> {
    let store = LocalFileSystem::new();
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let path = store.path_to_filesystem(&file.location)?;
        let rows = read(&path, group).map_err(|error| {
            let path = path.display();
            DataFusionError::Execution(format!("cannot read {path}: {error}; `reprocess` rewrites it from RAW"))
        })?;
        all.push((file, rows));
    }
    Ok(all)
}

/// Reads a group of columns of a file as one batch, with the types of the table. A column that the file does not have
/// is null, as in the table.
fn read(path: &Path, group: usize) -> std::result::Result<RecordBatch, ArrowError> {
    let columns = GROUPS.get(group).copied().unwrap_or_default();
    let all = trino::schema(&rows::schema());
    let schema = Arc::new(Schema::new(columns.iter().filter_map(|name| all.field_with_name(name).ok().cloned()).collect::<Vec<_>>()));
    let skip = ParquetStatisticsPolicy::SkipAll; // statistics serve to skip row groups, which nothing does here
    let file = Bytes::from(std::fs::read(path)?);
    let options = ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_column_stats_policy(skip.clone())
        .with_encoding_stats_policy(skip.clone())
        .with_size_stats_policy(skip);
    let file = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
    let mask = ProjectionMask::columns(file.parquet_schema(), columns.iter().copied());
    let batches = file.with_projection(mask).build()?.map(|batch| {
        let batch = batch?;
        let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
            Some(column) => cast(column, field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        };
        RecordBatch::try_new(Arc::clone(&schema), schema.fields().iter().map(column).collect::<std::result::Result<_, _>>()?)
    });
    concat_batches(&schema, &batches.collect::<std::result::Result<Vec<_>, _>>()?)
}

/// Returns the rows of a file in the columns of a scan; partition columns have one value.
fn projected_rows(kept: &FileRows, file: &PartitionedFile, projected: &SchemaRef) -> Result<RecordBatch> {
    let groups = || kept.groups.iter().flatten();
    let count = groups().next().map_or(0, RecordBatch::num_rows);
    let column = |field: &Arc<Field>| -> Result<ArrayRef> {
        let name = field.name();
        if let Some(column) = groups().find_map(|rows| rows.column_by_name(name)) {
            return Ok(Arc::clone(column));
        }
        let place = PARTITION_COLUMNS.iter().position(|partition| partition == name);
        let value = place.and_then(|place| file.partition_values.get(place));
        value.map_or_else(
            || Err(DataFusionError::Execution(format!("column `{name}` is not kept in memory"))),
            |value| value.to_array_of_size(count),
        )
    };
    let columns = projected.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RecordBatch::try_new_with_options(Arc::clone(projected), columns, &options)?)
}
