//! SQL over REF by DataFusion: table `tweets`, as Athena shows it.

mod partitions;

use std::io::{IsTerminal as _, Write as _, stdout};
use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::arrow::{csv, json};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::Outcome;
use crate::lake::ref_dir;

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Boxes, for people.
    Table,
    /// A header and a line a row.
    Csv,
    /// A JSON object a line.
    Json,
}

/// One or more statements over the rows that are there now.
pub struct Session {
    context: SessionContext,
}

impl Session {
    /// A session over the REF folder; without files the table is there and empty.
    pub fn open(ref_dir: &Path) -> Outcome<Self> {
        let mut config = SessionConfig::new().with_information_schema(true);
        // Strings as Arrow's plain type, so that every function takes them.
        config.options_mut().execution.parquet.schema_force_view_types = false;
        config.options_mut().sql_parser.map_string_types_to_utf8view = false;
        let context = SessionContext::new_with_config(config);
        context.register_table("tweets", Arc::new(partitions::tweets(&ref_dir.join("tweets"))?))?;
        Ok(Self { context })
    }

    /// The rows of one statement.
    pub async fn query(&self, statement: &str) -> Outcome<Vec<RecordBatch>> {
        let frame = self.context.sql(statement).await?;
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
        let mut text = Vec::new();
        match format {
            Format::Table => writeln!(text, "{}", pretty_format_batches(&rows)?)?,
            Format::Csv => {
                let mut writer = csv::Writer::new(&mut text);
                rows.iter().try_for_each(|batch| writer.write(batch))?;
            }
            Format::Json => {
                let mut writer = json::LineDelimitedWriter::new(&mut text);
                writer.write_batches(&rows.iter().collect::<Vec<_>>())?;
                writer.finish()?;
            }
        }
        let mut out = stdout().lock();
        match out.write_all(&text) {
            // The reader of a pipe has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe && !stdout().is_terminal() => Ok(()),
            written => Ok(written?),
        }
    }
}

/// Answers one statement over the lake at `root`.
pub async fn run(root: &Path, statement: &str, format: Format) -> Outcome {
    if !ref_dir(root).exists() {
        return Err(format!("there is no lake in {}; make one with `cargo run`, or name another with --lake", root.display()).into());
    }
    Session::open(&ref_dir(root))?.print(statement, format).await
}
