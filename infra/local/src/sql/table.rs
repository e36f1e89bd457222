//! Formats rows as a table for people: complete in a pipe, fitted to the width of a terminal.

use std::borrow::Cow;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::arrow::error::ArrowError;

use super::format::texts;
use crate::output::{padded, shortened, shown_in_line, width};

/// Rows that determine the column widths. They are buffered; later rows are written as they arrive.
const ROWS_MEASURED: usize = 1_000;
/// Minimum width to which a text column is cut before whole columns are omitted.
const TEXT_LEAST: usize = 12;

/// A table that is written as its rows arrive.
pub(super) struct Table {
    names: Vec<String>,
    /// Columns whose values may be cut; a cut number would read as a different number.
    is_text: Vec<bool>,
    /// Width of the terminal; unlimited in a pipe.
    terminal: Option<usize>,
    /// Rows buffered until the widths are known.
    waiting: Vec<Vec<String>>,
    layout: Option<Layout>,
}

/// Widths of the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Layout {
    widths: Vec<usize>,
    /// Whether some of the last columns are omitted.
    is_cut: bool,
}

impl Table {
    pub fn new(schema: &Schema, terminal: Option<usize>) -> Self {
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        let is_text = schema.fields().iter().map(|field| is_text(field.data_type())).collect();
        Self { names, is_text, terminal, waiting: Vec::new(), layout: None }
    }

    /// Adds rows; returns the text that can be written now.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<String, ArrowError> {
        let columns = batch.columns().iter().map(|column| texts(column)).collect::<Result<Vec<_>, _>>()?;
        let rows = (0..batch.num_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect());
        self.waiting.extend(rows);
        Ok(if self.layout.is_some() || self.waiting.len() >= ROWS_MEASURED { self.write().0 } else { String::new() })
    }

    /// Returns the rest of the text.
    pub fn finish(mut self) -> String {
        let (mut text, layout) = self.write();
        text += &layout.border();
        if layout.is_cut {
            let (all, left_out) = (self.names.len(), self.names.len() - layout.widths.len());
            text += &format!("{left_out} of {all} columns do not fit in the terminal; select fewer, or add --format csv\n");
        }
        text
    }

    /// Formats the buffered rows, after the header if they are the first.
    fn write(&mut self) -> (String, Layout) {
        let rows = std::mem::take(&mut self.waiting);
        let (mut text, layout) = if let Some(layout) = self.layout.take() {
            (String::new(), layout)
        } else {
            let layout = self.measure(&rows);
            (layout.border() + &self.row(&self.names, &layout) + &layout.border(), layout)
        };
        for row in &rows {
            text += &self.row(row, &layout);
        }
        self.layout = Some(layout.clone());
        (text, layout)
    }

    fn measure(&self, rows: &[Vec<String>]) -> Layout {
        let widest = |text: &str| self.lines(text).iter().map(|line| width(line)).max().unwrap_or(0);
        let mut natural: Vec<usize> = self.names.iter().map(|name| widest(name)).collect();
        for row in rows {
            for (columns, text) in natural.iter_mut().zip(row) {
                *columns = (*columns).max(widest(text));
            }
        }
        match self.terminal {
            Some(columns) => fitted(&natural, &self.is_text, columns),
            None => Layout { widths: natural, is_cut: false },
        }
    }

    /// Returns the lines of a cell: one on a terminal, the lines of the value in a pipe.
    fn lines<'a>(&self, text: &'a str) -> Vec<Cow<'a, str>> {
        match self.terminal {
            Some(_) => vec![shown_in_line(text)],
            None => text.split('\n').map(Cow::Borrowed).collect(),
        }
    }

    fn row(&self, texts: &[String], layout: &Layout) -> String {
        let cells: Vec<Vec<Cow<'_, str>>> = texts.iter().take(layout.widths.len()).map(|text| self.lines(text)).collect();
        let mut text = String::new();
        for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            for ((cell, &columns), &is_text) in cells.iter().zip(&layout.widths).zip(&self.is_text) {
                let cell = cell.get(line).map_or("", |line| &**line);
                let is_shortened = self.terminal.is_some() && (is_text || layout.widths.len() == 1);
                let cell = if is_shortened { shortened(cell, columns) } else { Cow::Borrowed(cell) };
                text += &format!("| {} ", padded(&cell, columns));
            }
            text += if layout.is_cut { "| … |\n" } else { "|\n" };
        }
        text
    }
}

impl Layout {
    fn border(&self) -> String {
        let lines: Vec<String> = self.widths.iter().map(|&width| "-".repeat(width + 2)).collect();
        format!("+{}+{}\n", lines.join("+"), if self.is_cut { "---+" } else { "" })
    }
}

/// Cuts texts to a common width, and omits the last columns if that is not enough.
fn fitted(natural: &[usize], is_text: &[bool], terminal: usize) -> Layout {
    /// Widths of the left edge, of a column's padding and edge, and of the column that marks omitted ones.
    const EDGE: usize = 1;
    const BESIDE: usize = 3;
    const SIGN: usize = 4;
    let capped = |columns: usize, cap: usize| -> Vec<usize> {
        let column = |(&natural, &is_text): (&usize, &bool)| if is_text { natural.min(cap) } else { natural };
        natural.iter().zip(is_text).take(columns).map(column).collect()
    };
    let taken = |widths: &[usize]| EDGE + widths.iter().map(|width| width + BESIDE).sum::<usize>();
    let fits = |columns: usize, cap: usize| {
        let sign = if columns < natural.len() { SIGN } else { 0 };
        taken(&capped(columns, cap)) + sign <= terminal
    };
    let Some(columns) = (1..=natural.len()).rev().find(|&columns| fits(columns, TEXT_LEAST)) else {
        // Not even one column fits: cut it, whatever its type.
        let is_cut = natural.len() > 1;
        let left = terminal.saturating_sub(EDGE + BESIDE + if is_cut { SIGN } else { 0 });
        return Layout { widths: natural.iter().take(1).map(|&natural| natural.min(left.max(1))).collect(), is_cut };
    };
    let widest = natural.iter().copied().max().unwrap_or(0);
    let cap = (TEXT_LEAST..=widest).rev().find(|&cap| fits(columns, cap)).unwrap_or(TEXT_LEAST);
    Layout { widths: capped(columns, cap), is_cut: columns < natural.len() }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) || data_type.is_nested()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};
    use datafusion::arrow::util::pretty::pretty_format_batches;

    use super::*;

    fn rows(texts: &[&str]) -> RecordBatch {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((0_i64..).take(texts.len()).map(|row| row + 2_124_872_273_722_307_328)));
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        RecordBatch::try_from_iter([("id", ids), ("texto", texts)]).unwrap()
    }

    fn table(batches: &[RecordBatch], terminal: Option<usize>) -> String {
        let mut table = Table::new(batches[0].schema_ref(), terminal);
        let text: String = batches.iter().map(|batch| table.push(batch).unwrap()).collect();
        text + &table.finish()
    }

    #[test]
    fn in_a_pipe_a_table_looks_as_arrow_prints_it() {
        for texts in [&["um", "dois\nlinhas", "日本語 ❤\u{fe0f}", "\u{1b}[31m"][..], &[]] {
            let rows = rows(texts);
            let arrow = pretty_format_batches(std::slice::from_ref(&rows)).unwrap().to_string();
            let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
            // The two tables count escapes differently.
            assert_eq!(lines(&table(&[rows], None)).len(), lines(&arrow).len());
        }
        let rows = rows(&["um", "dois\nlinhas", "日本語"]);
        assert_eq!(table(std::slice::from_ref(&rows), None), format!("{}\n", pretty_format_batches(&[rows]).unwrap()));
    }

    #[test]
    fn on_a_terminal_a_table_fits_and_its_columns_are_aligned() {
        let long = "palavra ".repeat(40);
        let batch = rows(&[&long, "👩\u{200d}👩\u{200d}👧\u{200d}👦 família 👍🏽 ❤\u{fe0f} 日本語日本語日本語日本語日本語", "a\nb\u{1b}[2J"]);
        for columns in [38, 40, 79, 120, 500] {
            let shown = table(std::slice::from_ref(&batch), Some(columns));
            let widths: Vec<usize> = shown.lines().map(width).collect();
            assert!(widths.iter().all(|&width| width == widths[0] && width <= columns), "{columns}: {widths:?}\n{shown}");
            assert!(shown.contains("| 2124872273722307328 | "), "{shown}");
            assert!(!shown.contains('\u{1b}') && shown.contains("a␊b␛[2J"), "{shown}");
        }
        assert!(table(std::slice::from_ref(&batch), Some(500)).contains(&long));
        let narrow = table(&[batch], Some(34));
        assert!(
            narrow.contains("| 2124872273722307328 | … |\n")
                && narrow.ends_with("1 of 2 columns do not fit in the terminal; select fewer, or add --format csv\n")
        );
    }

    #[test]
    fn widths_are_measured_on_the_first_rows_and_later_rows_are_written_at_once() {
        let first = rows(&vec!["um"; ROWS_MEASURED]);
        let mut table = Table::new(first.schema_ref(), None);
        assert_eq!(table.push(&first.slice(0, 10)).unwrap(), "");
        assert!(table.push(&first.slice(10, ROWS_MEASURED - 10)).unwrap().starts_with("+---"));
        assert_eq!(table.push(&rows(&["a longer text"])).unwrap(), "| 2124872273722307328 | a longer text |\n");
    }

    #[test]
    fn a_table_can_be_laid_out_in_any_width() {
        for columns in 0..30 {
            let layout = fitted(&[19, 300, 5], &[false, true, false], columns);
            assert_eq!(layout.widths.len(), 1, "{columns}");
        }
        assert_eq!(fitted(&[19, 300, 5], &[false, true, false], 80), Layout { widths: vec![19, 46, 5], is_cut: false });
        assert_eq!(fitted(&[5, 300, 300], &[false, true, true], 80), Layout { widths: vec![5, 32, 32], is_cut: false });
        assert_eq!(fitted(&[5, 20, 30], &[false, true, true], 80), Layout { widths: vec![5, 20, 30], is_cut: false });
    }
}
