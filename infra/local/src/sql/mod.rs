//! SQL over REF by DataFusion: table `tweets` and the views over it, as Athena shows them.

mod format;
mod functions;
mod lateral;
mod partitions;
mod saved;
#[cfg(test)]
mod tests;
mod trino;

use std::io::{IsTerminal as _, Write as _, stdout};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::lake::ref_dir;
use crate::{Clock, Outcome};

pub use saved::list;

/// The views that the template installs, each of those before it.
pub const VIEWS: [(&str, &str); 2] = [
    ("tweets_atuais", include_str!("../../../athena/views/tweets_atuais.sql")),
    ("palavras", include_str!("../../../athena/views/palavras.sql")),
];

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Boxes, for people.
    Table,
    /// A header and a line a row; null is nothing, an empty text is `""`, a list is its JSON.
    Csv,
    /// A JSON object a line, each with all columns.
    Json,
}

/// One or more statements over the rows that are there now.
pub struct Session {
    context: SessionContext,
}

impl Session {
    /// A session over the REF folder at the time `now`; without files the table is there and empty.
    pub async fn open(ref_dir: &Path, now: DateTime<Utc>) -> Outcome<Self> {
        let mut config = SessionConfig::new().with_information_schema(true);
        // Strings as Arrow's plain type, so that every function takes them.
        config.options_mut().execution.parquet.schema_force_view_types = false;
        config.options_mut().sql_parser.map_string_types_to_utf8view = false;
        trino::configure(&mut config);
        let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(lateral::LateralUnnest), Arc::new(trino::TrinoTypes)];
        rules.extend(Analyzer::new().rules);
        let context = SessionContext::new_with_state(trino::state(config, rules, functions::all(now)));
        context.register_table("tweets", Arc::new(partitions::tweets(&ref_dir.join("tweets"))?))?;
        for (name, statement) in VIEWS {
            let plan = trino::plan(&context, &format!("CREATE VIEW {name} AS {statement}")).await?;
            context.execute_logical_plan(plan).await?;
        }
        Ok(Self { context })
    }

    /// The rows of one statement, which may only read: REF holds exactly the rows of RAW, and `COPY` could write anywhere.
    pub async fn query(&self, statement: &str) -> Outcome<Vec<RecordBatch>> {
        let only_reads = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let plan = trino::plan(&self.context, statement).await?;
        only_reads.verify_plan(&plan)?;
        let frame = self.context.execute_logical_plan(plan).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let mut rows = frame.collect().await?;
        if rows.is_empty() {
            rows.push(RecordBatch::new_empty(schema)); // so that the names of the columns are shown
        }
        Ok(rows)
    }

    /// Prints the rows of one statement to standard output.
    pub async fn print(&self, statement: &str, format: Format) -> Outcome {
        let rows = self.query(statement).await?;
        let text = match format {
            Format::Table => format!("{}\n", pretty_format_batches(&rows)?),
            Format::Csv => format::csv(&rows)?,
            Format::Json => format::json(&rows)?,
        };
        let mut out = stdout().lock();
        match out.write_all(text.as_bytes()) {
            // The reader of a pipe has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe && !stdout().is_terminal() => Ok(()),
            written => Ok(written?),
        }
    }
}

/// Answers one statement over the lake at `root`.
pub async fn run(root: &Path, statement: &str, format: Format, clock: Clock) -> Outcome {
    if !ref_dir(root).exists() {
        return Err(format!("there is no lake in {}; make one with `cargo run`, or name another with --lake", root.display()).into());
    }
    Session::open(&ref_dir(root), clock()).await?.print(statement, format).await.map_err(explained)
}

/// What the engine did not understand, said once, with where to look.
fn explained(error: Box<dyn std::error::Error + Send + Sync>) -> Box<dyn std::error::Error + Send + Sync> {
    let told = match error.downcast_ref::<DataFusionError>().map(DataFusionError::find_root) {
        Some(DataFusionError::SQL(problem, _)) => problem.to_string(),
        Some(problem @ (DataFusionError::Plan(_) | DataFusionError::SchemaError(..) | DataFusionError::NotImplemented(_))) => {
            trino::plain(&problem.message()).to_owned()
        }
        _ => return error,
    };
    let views = VIEWS.map(|(name, _)| format!("`{name}`")).join(" and ");
    format!(
        "{told}\n  `sql` takes one statement that reads; the table is `tweets`, its views are {views}: `sql \"DESCRIBE tweets\"` shows the \
         columns, `sql \"SHOW FUNCTIONS\"` the functions, and `sql --list` the questions that are written already"
    )
    .into()
}
