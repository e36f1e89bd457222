//! The table over `ano=/mes=/dia=` folders, pruned by number.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::Result;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use tweets::columns::{ANO, DIA, MES};

use super::trino;
use crate::Outcome;

const UNENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/');

/// The table over the Parquet files below `dir`, which is made if it is missing.
pub(super) fn tweets(dir: &Path) -> Outcome<Partitioned> {
    std::fs::create_dir_all(dir)?;
    let partitions = [ANO, MES, DIA].map(|name| (name.to_owned(), DataType::Int32));
    let options = ListingOptions::new(Arc::new(ParquetFormat::default()))
        .with_file_extension(".parquet")
        .with_table_partition_cols(partitions.to_vec());
    // As a URL, because in a path `?`, `*` and `[` are patterns.
    let dir = dir.canonicalize()?;
    let url = format!("file://{}/", percent_encode(dir.as_os_str().as_encoded_bytes(), UNENCODED));
    let url = ListingTableUrl::parse(url).map_err(|error| format!("SQL cannot read the folder {}: {error}", dir.display()))?;
    let schema = trino::schema(&refine::schema());
    let config = ListingTableConfig::new(url).with_listing_options(options).with_schema(Arc::new(schema));
    Ok(Partitioned { files: ListingTable::try_new(config)? })
}

/// A listing table whose partition columns are compared as numbers.
///
/// DataFusion turns `mes = 1` into the folder prefix `mes=1` and so finds nothing in `mes=01`. An equality written as a
/// range makes no prefix; the folders are then compared by their parsed values.
#[derive(Debug)]
pub(super) struct Partitioned {
    files: ListingTable,
}

#[async_trait]
impl TableProvider for Partitioned {
    fn schema(&self) -> SchemaRef {
        self.files.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.files.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let filters = filters.iter().cloned().map(without_equality).collect::<Result<Vec<_>>>()?;
        self.files.scan(state, projection, &filters, limit).await
    }
}

fn without_equality(filter: Expr) -> Result<Expr> {
    let rewritten = filter.transform_up(|expr| {
        Ok(match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) if is_partition(&left) || is_partition(&right) => {
                let compared = |op| Expr::BinaryExpr(BinaryExpr { left: left.clone(), op, right: right.clone() });
                Transformed::yes(compared(Operator::GtEq).and(compared(Operator::LtEq)))
            }
            other => Transformed::no(other),
        })
    })?;
    Ok(rewritten.data)
}

fn is_partition(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if [ANO, MES, DIA].contains(&column.name.as_str()))
}

#[cfg(test)]
mod tests {
    use crate::sql;
    use datafusion::arrow::array::{Int64Array, StringArray};
    use datafusion::arrow::util::pretty::pretty_format_batches;

    const NOON: chrono::DateTime<chrono::Utc> = chrono::DateTime::from_timestamp_secs(1_795_435_200).unwrap();

    /// Days with one-digit months and days beside two-digit ones, one tweet each.
    const DAYS: [&str; 5] = ["2025-01-09", "2025-11-01", "2026-01-01", "2026-01-10", "2026-10-01"];

    async fn lake() -> (tempfile::TempDir, sql::Session) {
        let dir = tempfile::tempdir().unwrap();
        for (number, day) in DAYS.iter().enumerate() {
            let raw = format!(r#"{{"data":[{{"id":"{}","created_at":"{day}T12:00:00.000Z","text":"a"}}]}}"#, number + 1);
            for object in refine::refine(&format!("tweets/{number}.json"), raw.as_bytes()).unwrap() {
                let path = dir.path().join(&object.key);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &object.bytes).unwrap();
            }
        }
        let session = sql::Session::open(dir.path(), NOON).await.unwrap();
        (dir, session)
    }

    /// Rows found and files opened by the same statement.
    async fn found(session: &sql::Session, condition: &str) -> (i64, usize) {
        let rows = session.query(&format!("SELECT count(id) FROM tweets WHERE {condition}")).await.unwrap();
        let count = rows[0].column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0);
        // `max(id)` cannot be answered from statistics alone once the condition is on another column, so files are opened.
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
