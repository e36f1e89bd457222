//! Rows as text for scripts: every value is preserved, and distinct values stay distinct.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::cast::AsArray as _;
use datafusion::arrow::array::types::{Int64Type, UInt64Type};
use datafusion::arrow::array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{ArrowPrimitiveType, DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::{Encoder, EncoderFactory, EncoderOptions, LineDelimited, NullableEncoder};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Metadata key of columns that hold ids. DataFusion preserves it through aliases and views.
const IS_ID: &str = "xpto.id";
/// The greatest integer that a double identifies: `Number.MAX_SAFE_INTEGER` of JavaScript.
const EXACT_MAX: u64 = (1 << 53) - 1;
/// Decimal digits that a double always preserves.
const EXACT_DIGITS: u8 = 15;

/// Returns whether the statement converts times to a zone.
pub(super) fn converts_zones(plan: &LogicalPlan) -> bool {
    let mut converts = false;
    let is_conversion = |expr: &Expr| matches!(expr, Expr::ScalarFunction(call) if ["at_timezone", "with_timezone"].contains(&call.name()));
    let _ = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                converts |= is_conversion(expr);
                Ok(if converts { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    });
    converts
}

/// Marks a column of the table that holds ids.
pub(super) fn marked(field: Field) -> Field {
    match field.name().as_str() {
        "id" | "id_original" | "autor_id" | "referenciado_id" | "conversa_id" => {
            field.with_metadata([(IS_ID.to_owned(), String::new())].into())
        }
        _ => field,
    }
}

/// Returns the columns as they are printed: names and marks come from the plan, types from the rows, because the rules
/// of `trino` decide the types later.
///
/// Timestamps have no zone, as in Athena, but those of the lake are in UTC: they get it, so that their text ends in `Z`.
/// `is_utc` is false for a statement that converts times to another zone, since its timestamps may be in that zone.
pub(super) fn printed(planned: &Schema, rows: &Schema, is_utc: bool) -> Schema {
    let fields = planned.fields().iter().zip(rows.fields()).map(|(planned, row)| {
        let data_type = if is_utc { in_utc(row.data_type()) } else { row.data_type().clone() };
        Field::clone(planned).with_data_type(data_type)
    });
    Schema::new(fields.collect::<Vec<_>>())
}

fn in_utc(data_type: &DataType) -> DataType {
    let field = |field: &FieldRef| Arc::new(Field::clone(field).with_data_type(in_utc(field.data_type())));
    match data_type {
        DataType::Timestamp(unit, None) => DataType::Timestamp(*unit, Some("UTC".into())),
        DataType::List(item) => DataType::List(field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        data_type => data_type.clone(),
    }
}

/// Converts rows to the columns of `schema`, which differ in names and in zones.
pub(super) fn as_printed(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Makes the names of columns unique: the second `id` becomes `id_2`.
pub(super) fn unique_names(schema: &Schema) -> SchemaRef {
    let mut taken: HashSet<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut seen = HashSet::new();
    let field = |field: &FieldRef| {
        let name = field.name();
        if seen.insert(name.clone()) {
            return Arc::clone(field);
        }
        let name = (2..=schema.fields().len() + 1)
            .map(|number| format!("{name}_{number}"))
            .find(|name| taken.insert(name.clone()))
            .unwrap_or_default();
        Arc::new(Field::clone(field).with_name(name))
    };
    let fields: Vec<FieldRef> = schema.fields().iter().map(field).collect();
    Arc::new(Schema::new(fields))
}

/// Returns the header of a CSV file.
pub(super) fn csv_header(schema: &Schema) -> String {
    let names = schema.fields().iter().map(|field| quoted(field.name()));
    names.collect::<Vec<_>>().join(",") + "\n"
}

/// Formats one line per row (RFC 4180, but lines end as on Unix).
///
/// Null is an empty field, an empty text is `""`, and a list is its JSON; arrow's own writer does not distinguish the
/// first two and refuses lists.
pub(super) fn csv(batch: &RecordBatch) -> Result<String, ArrowError> {
    let mut text = String::new();
    let columns = batch.columns().iter().map(csv_fields).collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        let line = columns.iter().map(|column| column[row].as_str());
        text += &(line.collect::<Vec<_>>().join(",") + "\n");
    }
    Ok(text)
}

/// Formats one JSON object per line, each with all columns, including nulls.
pub(super) fn json(batch: &RecordBatch) -> Result<String, ArrowError> {
    let mut writer =
        WriterBuilder::new().with_explicit_nulls(true).with_encoder_factory(Arc::new(Exact)).build::<_, LineDelimited>(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    String::from_utf8(writer.into_inner()).map_err(|error| ArrowError::JsonError(error.to_string()))
}

/// Formats each value of a column as text; null is an empty text.
pub(super) fn texts(column: &dyn Array) -> Result<Vec<String>, ArrowError> {
    let shown = ArrayFormatter::try_new(column, &options(column.data_type()))?;
    (0..column.len()).map(|row| shown.value(row).try_to_string()).collect()
}

/// Instants always have three decimals, as in the data contract.
fn options(data_type: &DataType) -> FormatOptions<'static> {
    let with_zone = if is_utc(data_type) { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%S%.3f%:z" };
    FormatOptions::default().with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.3f")).with_timestamp_tz_format(Some(with_zone))
}

fn is_utc(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(_, Some(zone)) => matches!(&**zone, "UTC" | "+00:00" | "Z"),
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => is_utc(field.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_utc(field.data_type())),
        _ => true,
    }
}

fn csv_fields(column: &ArrayRef) -> Result<Vec<String>, ArrowError> {
    let texts = if column.data_type().is_nested() { json_values(column)? } else { texts(column)? };
    let nulls = column.logical_nulls(); // includes those of `SELECT NULL`
    let is_null = |row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    let field = |(row, text): (usize, String)| if is_null(row) { String::new() } else { quoted(&text) };
    Ok(texts.into_iter().enumerate().map(field).collect())
}

/// Formats each value of a column as JSON, by writing a table that has only this column.
fn json_values(column: &ArrayRef) -> Result<Vec<String>, ArrowError> {
    let schema = Schema::new(vec![Field::new("v", column.data_type().clone(), true)]);
    let lines = json(&RecordBatch::try_new(Arc::new(schema), vec![Arc::clone(column)])?)?;
    let value = |line: &str| line.strip_prefix(r#"{"v":"#).and_then(|line| line.strip_suffix('}')).unwrap_or_default().to_owned();
    Ok(lines.lines().map(value).collect())
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Encodes numbers that JavaScript and jq 1.6 would change as strings, as X does, and instants with three decimals.
#[derive(Debug)]
struct Exact;

impl EncoderFactory for Exact {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        _options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let is_id = field.metadata().contains_key(IS_ID);
        let encoder: Box<dyn Encoder + 'a> = match array.data_type() {
            DataType::Int64 => Box::new(Integers { values: array.as_primitive::<Int64Type>(), is_id, magnitude: i64::unsigned_abs }),
            DataType::UInt64 => Box::new(Integers { values: array.as_primitive::<UInt64Type>(), is_id, magnitude: |value| value }),
            DataType::Decimal128(digits, _) | DataType::Decimal256(digits, _) if *digits > EXACT_DIGITS => Box::new(Texts(texts(array)?)),
            DataType::Timestamp(..) => Box::new(Texts(texts(array)?)),
            _ => return Ok(None),
        };
        Ok(Some(NullableEncoder::new(encoder, array.nulls().cloned())))
    }
}

/// Ids are always strings; other integers only if a double would change them.
struct Integers<'a, T: ArrowPrimitiveType> {
    values: &'a PrimitiveArray<T>,
    is_id: bool,
    magnitude: fn(T::Native) -> u64,
}

impl<T: ArrowPrimitiveType<Native: std::fmt::Display>> Encoder for Integers<'_, T> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let value = self.values.value(row);
        let text = if self.is_id || (self.magnitude)(value) > EXACT_MAX { format!("\"{value}\"") } else { value.to_string() };
        out.extend_from_slice(text.as_bytes());
    }
}

/// Texts that need no escaping.
struct Texts(Vec<String>);

impl Encoder for Texts {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.0.get(row).map_or(&[][..], String::as_bytes));
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::builder::{ListBuilder, StringBuilder};
    use datafusion::arrow::array::{
        BooleanArray, Decimal128Array, Int64Array, ListArray, StringArray, TimestampMillisecondArray, TimestampNanosecondArray, UInt64Array,
    };

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
            ("criado_em", Arc::new(TimestampMillisecondArray::from(vec![Some(1_795_442_700_000), None, Some(-1)]).with_timezone("UTC"))),
            ("a,b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ];
        let all = RecordBatch::try_from_iter(columns).unwrap();
        [all.slice(0, 2), all.slice(2, 1)]
    }

    fn of(name: &str, values: impl Array + 'static) -> RecordBatch {
        let values: ArrayRef = Arc::new(values);
        RecordBatch::try_from_iter([(name, values)]).unwrap()
    }

    #[test]
    fn csv_distinguishes_null_from_empty_and_contains_lists() {
        let want = concat!(
            "id,texto,hashtags,criado_em,\"a,b\"\n",
            "9223372036854775807,\"a, \"\"b\"\"\r\nção ❤\u{fe0f}\",\"[\"\"x,1\"\",\"\"\\\"\"\"\",null]\",2026-11-23T14:05:00.000Z,true\n",
            ",,,,\n",
            "0,\"\",[],1969-12-31T23:59:59.999Z,false\n",
        );
        let [first, second] = rows();
        assert_eq!(csv_header(first.schema_ref()) + &csv(&first).unwrap() + &csv(&second).unwrap(), want);
    }

    #[test]
    fn json_has_every_column_in_every_line() {
        let want = concat!(
            r#"{"id":"9223372036854775807","texto":"a, \"b\"\r\nção ❤"#,
            "\u{fe0f}",
            r#"","hashtags":["x,1","\"",null],"criado_em":"2026-11-23T14:05:00.000Z","a,b":true}"#,
            "\n",
            r#"{"id":null,"texto":null,"hashtags":null,"criado_em":null,"a,b":null}"#,
            "\n",
            r#"{"id":0,"texto":"","hashtags":[],"criado_em":"1969-12-31T23:59:59.999Z","a,b":false}"#,
            "\n",
        );
        let [first, second] = rows();
        assert_eq!(json(&first).unwrap() + &json(&second).unwrap(), want);
        assert_eq!(json(&first.slice(0, 0)).unwrap(), "");
    }

    #[test]
    fn json_keeps_integers_that_a_double_would_change() {
        let exact = 9_007_199_254_740_991_i64;
        let want = "{\"n\":9007199254740991}\n{\"n\":\"9007199254740992\"}\n{\"n\":-9007199254740991}\n{\"n\":\"-9223372036854775808\"}\n";
        assert_eq!(json(&of("n", Int64Array::from(vec![exact, exact + 1, -exact, i64::MIN]))).unwrap(), want);
        assert_eq!(json(&of("n", UInt64Array::from(vec![u64::MAX]))).unwrap(), "{\"n\":\"18446744073709551615\"}\n");
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1), Some(i64::MAX)])]);
        assert_eq!(json(&of("n", lists)).unwrap(), "{\"n\":[1,\"9223372036854775807\"]}\n");
        let decimals = |digits| Decimal128Array::from(vec![150]).with_precision_and_scale(digits, 2).unwrap();
        assert_eq!(json(&of("n", decimals(20))).unwrap(), "{\"n\":\"1.50\"}\n");
        assert_eq!(json(&of("n", decimals(5))).unwrap(), "{\"n\":1.50}\n");
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![12]));
        let schema = Schema::new(vec![marked(Field::new("autor_id", DataType::Int64, true))]);
        assert_eq!(json(&RecordBatch::try_new(Arc::new(schema), vec![ids]).unwrap()).unwrap(), "{\"autor_id\":\"12\"}\n");
    }

    #[test]
    fn instants_have_three_decimals() {
        let nanoseconds = || TimestampNanosecondArray::from(vec![1_795_442_700_120_999_999]);
        for (values, want) in [
            (nanoseconds(), "2026-11-23T14:05:00.120"),
            (nanoseconds().with_timezone("+00:00"), "2026-11-23T14:05:00.120Z"),
            (nanoseconds().with_timezone("-03:00"), "2026-11-23T11:05:00.120-03:00"),
        ] {
            let batch = of("t", values);
            assert_eq!(csv(&batch).unwrap(), format!("{want}\n"));
            assert_eq!(json(&batch).unwrap(), format!("{{\"t\":\"{want}\"}}\n"));
        }
    }

    #[test]
    fn every_column_has_a_unique_name() {
        let schema = Schema::new(["id", "id_2", "id", "x", "id"].map(|name| Field::new(name, DataType::Int64, true)).to_vec());
        let unique = unique_names(&schema);
        assert_eq!(unique.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), ["id", "id_2", "id_3", "x", "id_4"]);
    }
}
