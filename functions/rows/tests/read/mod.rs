//! Rows of a REF file as JSON, for comparison with expected values.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value, json};

/// Returns the rows of a Parquet file, without nulls. Times are in Unix milliseconds.
pub fn rows(parquet: &Bytes) -> Vec<Map<String, Value>> {
    let batches = ParquetRecordBatchReaderBuilder::try_new(parquet.clone()).unwrap().build().unwrap();
    batches.flat_map(|batch| rows_of(&batch.unwrap())).collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<Map<String, Value>> {
    let schema = batch.schema();
    let row = |row: usize| {
        let values = schema.fields().iter().zip(batch.columns());
        values.filter(|(_, column)| column.is_valid(row)).map(|(field, column)| (field.name().clone(), value(column, row))).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

fn value(column: &dyn Array, row: usize) -> Value {
    match column.data_type() {
        DataType::Int64 => json!(column.as_primitive::<Int64Type>().value(row)),
        DataType::Timestamp(..) => json!(column.as_primitive::<TimestampMillisecondType>().value(row)),
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Utf8 => json!(column.as_string::<i32>().value(row)),
        DataType::List(_) => {
            let texts = column.as_list::<i32>().value(row);
            json!(texts.as_string::<i32>().iter().flatten().collect::<Vec<_>>())
        }
        other => panic!("{other} is no type of the table"),
    }
}
