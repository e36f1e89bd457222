//! SQL over REF with DataFusion: the table `tweets` and its views, as in Athena.

mod answer;
mod clock;
mod constants;
mod damage;
mod deep;
mod format;
mod kept;
mod lateral;
mod partition_columns;
mod partitions;
mod print;
mod saved;
mod streamed;
mod table;
#[cfg(test)]
mod tests;
mod trino;
mod waiting;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::prelude::{SessionConfig, SessionContext};
use emulators::files::Unreadable;

use crate::lake::{self, ref_dir};
use crate::output;
use crate::{Clock, Failure, Outcome, tables};
use damage::Scanned;
use waiting::Waiting;

pub use answer::Answer;
pub(crate) use deep::on_large_stacks;
pub use kept::KeptRows;
pub use print::Format;
pub use saved::{list, title};

/// Views that the template installs, each after the views that it uses.
pub const VIEWS: [(&str, &str); 2] = [
    ("tweets_atuais", include_str!("../../../athena/views/tweets_atuais.sql")),
    ("palavras", include_str!("../../../athena/views/palavras.sql")),
];

/// Runs one or more statements over the current rows.
pub struct Session {
    context: SessionContext,
    scanned: Arc<Scanned>,
}

impl Session {
    /// Opens a session over the REF folder at the time `now`; without files the table exists and is empty.
    pub async fn open(ref_dir: &Path, now: DateTime<Utc>) -> Outcome<Self> {
        Self::open_with(ref_dir, now, None).await
    }

    /// Opens a session that reads only the files whose rows are not in `kept`.
    pub async fn open_keeping(ref_dir: &Path, now: DateTime<Utc>, kept: &Arc<KeptRows>) -> Outcome<Self> {
        Self::open_with(ref_dir, now, Some(Arc::clone(kept))).await
    }

    async fn open_with(ref_dir: &Path, now: DateTime<Utc>, kept: Option<Arc<KeptRows>>) -> Outcome<Self> {
        let mut config = SessionConfig::new().with_information_schema(true);
        // Use Arrow's plain string type, so that every function accepts it.
        config.options_mut().execution.parquet.schema_force_view_types = false;
        config.options_mut().sql_parser.map_string_types_to_utf8view = false;
        trino::configure(&mut config);
        let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(lateral::LateralUnnest), Arc::new(trino::TrinoTypes)];
        rules.extend(Analyzer::new().rules);
        rules.push(Arc::new(constants::InlineConstants));
        let context = SessionContext::new_with_state(trino::state(config, rules, clock::functions(now)));
        let tweets = ref_dir.join("tweets");
        let table = partitions::tweets(&tweets, kept).map_err(|error| format!("cannot read {}: {error}", tweets.display()))?;
        let scanned = table.scanned();
        context.register_table("tweets", Arc::new(table))?;
        for (name, statement) in VIEWS {
            let plan = trino::plan(&context, &format!("CREATE VIEW {name} AS {statement}")).await?;
            context.execute_logical_plan(plan).await?;
        }
        streamed::register(&context, ref_dir)?;
        Ok(Self { context, scanned })
    }

    /// Plans one statement, which may only read: REF holds exactly the rows of RAW, and `COPY` could write anywhere.
    async fn plan(&self, statement: &str) -> Outcome<DataFrame> {
        let only_reads = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let plan = trino::plan(&self.context, statement).await?;
        only_reads.verify_plan(&plan)?;
        Ok(self.context.execute_logical_plan(plan).await?)
    }

    /// Returns all rows of one statement, held in memory.
    ///
    /// # Errors
    /// Fails if files or folders were skipped because they cannot be read.
    pub async fn query(&self, statement: &str) -> Outcome<Vec<RecordBatch>> {
        let frame = self.plan(statement).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let mut rows = frame.collect().await?;
        whole(self.scanned.take().1)?;
        if rows.is_empty() {
            rows.push(RecordBatch::new_empty(schema)); // prints the column names
        }
        Ok(rows)
    }

    /// Streams the rows of one statement to standard output; a reader that closes the pipe ends the query.
    ///
    /// # Errors
    /// Fails after the last row if files or folders were skipped because they cannot be read.
    pub async fn print(&self, statement: &str, format: Format) -> Outcome {
        let waiting = Waiting::start(self.scanned.count());
        let frame = self.plan(statement).await?;
        let printed = tokio::select! {
            printed = print::print_rows(frame, format, waiting) => printed,
            () = output::closed() => return Ok(()),
        };
        let (files, passed_by) = self.scanned.take();
        match printed {
            Err(error) if output::is_closed(&*error) => Ok(()),
            Err(error) => Err(named(error, files)),
            Ok(()) => whole(passed_by),
        }
    }
}

/// Fails if scans skipped files or folders.
fn whole(passed_by: BTreeSet<Unreadable>) -> Outcome {
    if passed_by.is_empty() {
        return Ok(());
    }
    let passed_by: Vec<_> = passed_by.into_iter().collect();
    Err(damage::message("cannot be read, so their rows are missing from this result:", &passed_by).into())
}

/// Replaces an error about the contents of these files by one that names the unreadable ones.
fn named(error: Failure, files: BTreeSet<PathBuf>) -> Failure {
    let is_of_a_file = match error.downcast_ref::<DataFusionError>().map(DataFusionError::find_root) {
        Some(DataFusionError::ArrowError(problem, _)) => {
            matches!(**problem, ArrowError::ParquetError(_) | ArrowError::ExternalError(_))
        }
        Some(problem) => matches!(
            problem,
            DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) | DataFusionError::External(_)
        ),
        None => false,
    };
    let unreadable = if is_of_a_file { damage::unreadable_files(files) } else { Vec::new() };
    if unreadable.is_empty() {
        return error;
    }
    damage::message("cannot be read to the end, so the rows above are not the whole result:", &unreadable).into()
}

/// Runs one statement over the lake at `root`.
pub fn run(root: &Path, statement: &str, format: Format, clock: Clock) -> Outcome {
    if !tables::dir(root).is_dir() {
        lake::check(root, &ref_dir(root))?;
    }
    let statement = statement.trim_start_matches('\u{feff}'); // a byte order mark, which some editors write
    deep::check(statement)?;
    deep::on_large_stacks(|runtime| {
        runtime.block_on(async { Session::open(&ref_dir(root), clock()).await?.print(statement, format).await }).map_err(explained)
    })?
}

/// Shortens a message about a statement that the engine refused, and adds advice.
pub(crate) fn explained(error: Failure) -> Failure {
    let told = match error.downcast_ref::<DataFusionError>().map(DataFusionError::find_root) {
        Some(DataFusionError::SQL(problem, _)) => problem.to_string(),
        Some(problem @ (DataFusionError::Plan(_) | DataFusionError::SchemaError(..) | DataFusionError::NotImplemented(_))) => {
            trino::plain(&problem.message()).to_owned()
        }
        _ => return error,
    };
    let views = VIEWS.map(|(name, _)| format!("`{name}`")).join(" and ");
    format!(
        "{told}\n  `sql` takes one read-only statement; the table is `tweets`, its views are {views}: `sql \"DESCRIBE tweets\"` shows the \
         columns, and `sql --list` the saved questions"
    )
    .into()
}
