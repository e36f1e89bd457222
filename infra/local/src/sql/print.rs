//! Prints the rows of a statement as they come, in the format that was asked for.

use std::io::{IsTerminal as _, Write as _, stdout};

use clap::ValueEnum;
use console::Term;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use futures_util::TryStreamExt as _;

use super::format;
use super::table::Table;
use super::waiting::Waiting;
use crate::Outcome;
use crate::output::{self, shown, shown_json};

/// Output format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Boxes, for people.
    Table,
    /// A header and one line per row; null is an empty field, an empty text is `""`, a list is its JSON.
    Csv,
    /// One JSON object per line, each with all columns; ids are strings, and so is every integer that a double would
    /// change.
    Json,
}

/// Prints rows. Clears `waiting` before the first row, so that the two never share a line.
pub(super) async fn print_rows(frame: DataFrame, format: Format, waiting: Waiting) -> Outcome {
    let planned = frame.schema().as_arrow().clone();
    let is_utc = !format::converts_zones(frame.logical_plan());
    let mut rows = frame.execute_stream().await?;
    let mut printer = Printer::new(format, format::unique_names(&format::printed(&planned, &rows.schema(), is_utc)));
    let mut next = rows.try_next().await?;
    drop(waiting);
    while let Some(batch) = next {
        printer.print(&batch)?;
        next = rows.try_next().await?;
    }
    printer.finish()
}

/// Prints rows to standard output, which may be a terminal.
struct Printer {
    schema: SchemaRef,
    is_terminal: bool,
    form: Form,
}

enum Form {
    Table(Table),
    Csv { has_header: bool },
    Json,
}

impl Printer {
    fn new(format: Format, schema: SchemaRef) -> Self {
        let is_terminal = stdout().is_terminal();
        let form = match format {
            Format::Table => {
                let columns = || Term::stdout().size_checked().map_or(usize::MAX, |(_, columns)| columns.into());
                Form::Table(Table::new(&schema, is_terminal.then(columns)))
            }
            Format::Csv => Form::Csv { has_header: false },
            Format::Json => Form::Json,
        };
        Self { schema, is_terminal, form }
    }

    fn print(&mut self, batch: &RecordBatch) -> Outcome {
        let batch = format::as_printed(batch, &self.schema)?;
        match &mut self.form {
            Form::Table(table) => write(&table.push(&batch)?),
            Form::Csv { .. } => {
                self.header()?;
                let text = format::csv(&batch)?;
                write(&if self.is_terminal { shown(&text) } else { text.into() })
            }
            Form::Json => {
                let text = format::json(&batch)?;
                write(&if self.is_terminal { shown_json(&text) } else { text.into() })
            }
        }
    }

    fn header(&mut self) -> Outcome {
        match &mut self.form {
            Form::Csv { has_header } if !*has_header => {
                *has_header = true;
                let text = format::csv_header(&self.schema);
                write(&if self.is_terminal { shown(&text) } else { text.into() })
            }
            _ => Ok(()),
        }
    }

    fn finish(mut self) -> Outcome {
        self.header()?;
        match self.form {
            Form::Table(table) => write(&table.finish()),
            Form::Csv { .. } | Form::Json => Ok(()),
        }
    }
}

fn write(text: &str) -> Outcome {
    let mut out = stdout().lock();
    output::write_outcome(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}
