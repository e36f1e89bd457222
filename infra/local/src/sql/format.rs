//! Rows as text for scripts: no value is lost, none is taken for another.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::LineDelimited;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

/// A header and a line a row (RFC 4180, lines end as on Unix).
///
/// Null is nothing, an empty text is `""`, and a list is its JSON; arrow's own writer makes one of the first two and refuses the last.
pub(super) fn csv(rows: &[RecordBatch]) -> Result<String, ArrowError> {
    let mut text = String::new();
    if let Some(first) = rows.first() {
        let names = first.schema_ref().fields().iter().map(|field| quoted(field.name()));
        text += &(names.collect::<Vec<_>>().join(",") + "\n");
    }
    for batch in rows {
        let columns = batch.columns().iter().map(fields).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let line = columns.iter().map(|column| column[row].as_str());
            text += &(line.collect::<Vec<_>>().join(",") + "\n");
        }
    }
    Ok(text)
}

/// A JSON object a line, each with all columns: null is said.
pub(super) fn json(rows: &[RecordBatch]) -> Result<String, ArrowError> {
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
    writer.write_batches(&rows.iter().collect::<Vec<_>>())?;
    writer.finish()?;
    String::from_utf8(writer.into_inner()).map_err(|error| ArrowError::JsonError(error.to_string()))
}

/// The fields of one column.
fn fields(column: &ArrayRef) -> Result<Vec<String>, ArrowError> {
    let texts: Vec<String> = if column.data_type().is_nested() {
        json_values(column)?
    } else {
        let shown = ArrayFormatter::try_new(column, &FormatOptions::default())?;
        (0..column.len()).map(|row| shown.value(row).try_to_string()).collect::<Result<_, _>>()?
    };
    let nulls = column.logical_nulls(); // those of `SELECT NULL` too
    let is_null = |row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    let field = |(row, text): (usize, String)| if is_null(row) { String::new() } else { quoted(&text) };
    Ok(texts.into_iter().enumerate().map(field).collect())
}

/// Each value of a column as JSON: what is in the lines of a table that has this column alone.
fn json_values(column: &ArrayRef) -> Result<Vec<String>, ArrowError> {
    let schema = Schema::new(vec![Field::new("v", column.data_type().clone(), true)]);
    let lines = json(&[RecordBatch::try_new(Arc::new(schema), vec![Arc::clone(column)])?])?;
    let value = |line: &str| line.strip_prefix(r#"{"v":"#).and_then(|line| line.strip_suffix('}')).unwrap_or_default().to_owned();
    Ok(lines.lines().map(value).collect())
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::builder::{ListBuilder, StringBuilder};
    use datafusion::arrow::array::{BooleanArray, Int64Array, StringArray, TimestampMillisecondArray};

    use super::*;

    fn rows() -> [RecordBatch; 2] {
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value([Some("x,1"), Some("\""), None]);
        lists.append_null();
        lists.append_value([Some(""); 0]);
        let columns: [(&str, ArrayRef); 5] = [
            ("id", Arc::new(Int64Array::from(vec![Some(i64::MAX), None, Some(0)]))),
            ("texto", Arc::new(StringArray::from(vec![Some("a, \"b\"\r\nção ❤\u{fe0f}"), None, Some("")]))),
            ("hashtags", Arc::new(lists.finish())),
            ("criado_em", Arc::new(TimestampMillisecondArray::from(vec![Some(1_795_442_700_120), None, Some(-1)]).with_timezone("UTC"))),
            ("a,b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ];
        let all = RecordBatch::try_from_iter(columns).unwrap();
        [all.slice(0, 2), all.slice(2, 1)]
    }

    #[test]
    fn csv_tells_null_from_empty_and_holds_lists() {
        let want = concat!(
            "id,texto,hashtags,criado_em,\"a,b\"\n",
            "9223372036854775807,\"a, \"\"b\"\"\r\nção ❤\u{fe0f}\",\"[\"\"x,1\"\",\"\"\\\"\"\"\",null]\",2026-11-23T14:05:00.120Z,true\n",
            ",,,,\n",
            "0,\"\",[],1969-12-31T23:59:59.999Z,false\n",
        );
        assert_eq!(csv(&rows()).unwrap(), want);
        assert_eq!(csv(&[rows()[0].slice(0, 0)]).unwrap(), "id,texto,hashtags,criado_em,\"a,b\"\n");
    }

    #[test]
    fn json_has_every_column_in_every_line() {
        let want = concat!(
            r#"{"id":9223372036854775807,"texto":"a, \"b\"\r\nção ❤"#,
            "\u{fe0f}",
            r#"","hashtags":["x,1","\"",null],"criado_em":"2026-11-23T14:05:00.120Z","a,b":true}"#,
            "\n",
            r#"{"id":null,"texto":null,"hashtags":null,"criado_em":null,"a,b":null}"#,
            "\n",
            r#"{"id":0,"texto":"","hashtags":[],"criado_em":"1969-12-31T23:59:59.999Z","a,b":false}"#,
            "\n",
        );
        assert_eq!(json(&rows()).unwrap(), want);
        assert_eq!(json(&[rows()[0].slice(0, 0)]).unwrap(), "");
    }
}
