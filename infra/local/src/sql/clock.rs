//! The clock of a statement.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

/// Returns `current_date` and `current_timestamp`, whose value is `now`.
pub(super) fn functions(now: DateTime<Utc>) -> [ScalarUDF; 2] {
    let zone = Some(Arc::from("+00:00"));
    let today = ScalarValue::Date32(i32::try_from(now.timestamp().div_euclid(86_400)).ok());
    let instant = ScalarValue::TimestampMillisecond(Some(now.timestamp_millis()), zone.clone());
    [
        constant("current_date", DataType::Date32, today),
        constant("current_timestamp", DataType::Timestamp(TimeUnit::Millisecond, zone), instant),
    ]
}

fn constant(name: &str, data_type: DataType, value: ScalarValue) -> ScalarUDF {
    create_udf(name, vec![], data_type, Volatility::Stable, Arc::new(move |_| Ok(ColumnarValue::Scalar(value.clone()))))
}
