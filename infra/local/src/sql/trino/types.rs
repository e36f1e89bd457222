//! Types as Trino names them, and the common type of values of different types.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::error::{DataFusionError, Result};

/// The zone of a `timestamp with time zone` in UTC.
pub const UTC: &str = "UTC";
const DECIMAL_DIGITS_MAX: u8 = 38;

pub fn refused(message: impl Into<String>) -> DataFusionError {
    DataFusionError::Plan(message.into())
}

pub fn failed(message: impl Into<String>) -> DataFusionError {
    DataFusionError::Execution(message.into())
}

pub fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

pub fn moment(zone: Option<&str>) -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, zone.map(Into::into))
}

/// Returns the name of a type in Trino.
pub fn name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "unknown".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 | DataType::UInt64 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "varchar".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "varbinary".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "interval".to_owned(),
        DataType::List(element) => format!("array({})", name(element.data_type())),
        other => other.to_string(),
    }
}

pub fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

pub fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Float32 | DataType::Float64 | DataType::Decimal128(..))
}

/// Returns the decimal type that holds every value of an integer type.
pub fn as_decimal(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Int8 => Some((3, 0)),
        DataType::Int16 => Some((5, 0)),
        DataType::Int32 => Some((10, 0)),
        DataType::Int64 | DataType::UInt64 => Some((19, 0)),
        DataType::Decimal128(precision, scale) => Some((*precision, *scale)),
        _ => None,
    }
}

/// Returns the type to which Trino coerces values of these two types, if any.
pub fn common(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Date32, Decimal128, Float32, Float64, Int8, Int16, Int32, Int64, List, Null, Timestamp, Utf8};
    match (left, right) {
        (left, right) if left == right => Some(left.clone()),
        (Null, other) | (other, Null) => Some(other.clone()),
        (left, right) if is_text(left) && is_text(right) => Some(Utf8),
        (Float64, other) | (other, Float64) if is_number(other) => Some(Float64),
        (Float32, other) | (other, Float32) if is_number(other) => Some(Float32),
        (Decimal128(..), _) | (_, Decimal128(..)) => {
            let ((left, left_scale), (right, right_scale)) = (as_decimal(left)?, as_decimal(right)?);
            let scale = left_scale.max(right_scale);
            let whole = (i16::from(left) - i16::from(left_scale)).max(i16::from(right) - i16::from(right_scale));
            let digits = u8::try_from(whole + i16::from(scale)).ok()?.min(DECIMAL_DIGITS_MAX);
            Some(Decimal128(digits, scale))
        }
        (left, right) if left.is_integer() && right.is_integer() => {
            let widest = [Int8, Int16, Int32, Int64].into_iter().rfind(|kind| kind == left || kind == right);
            Some(if matches!(left, DataType::UInt64) || matches!(right, DataType::UInt64) { Int64 } else { widest? })
        }
        (Date32, Timestamp(unit, zone)) | (Timestamp(unit, zone), Date32) => Some(Timestamp(*unit, zone.clone())),
        (Timestamp(left, None), Timestamp(right, None)) => Some(Timestamp(*left.max(right), None)),
        (Timestamp(left, left_zone), Timestamp(right, right_zone)) => {
            let zone = if left_zone == right_zone { left_zone.clone() } else { Some(UTC.into()) };
            Some(Timestamp(*left.max(right), zone))
        }
        (List(left), List(right)) => common(left.data_type(), right.data_type()).map(list_of),
        _ => None,
    }
}

/// Returns the common type of all types; an error names two types that have none.
pub fn common_of(what: &str, types: impl IntoIterator<Item = DataType>) -> Result<DataType> {
    types.into_iter().try_fold(DataType::Null, |found, next| {
        common(&found, &next).ok_or_else(|| {
            refused(format!(
                "{what} has values of types {} and {}, which Athena does not compare: {}",
                name(&found),
                name(&next),
                advice(&found, &next)
            ))
        })
    })
}

/// Returns what to write if two types do not match.
pub fn advice(left: &DataType, right: &DataType) -> String {
    let other = if is_text(left) { right } else { left };
    match other {
        DataType::Date32 if is_text(left) || is_text(right) => "write DATE '2026-11-23'".to_owned(),
        DataType::Timestamp(..) if is_text(left) || is_text(right) => {
            "write TIMESTAMP '2026-11-23 14:05:00', or DATE '2026-11-23'".to_owned()
        }
        _ if is_text(left) || is_text(right) => format!("use CAST(… AS {}), or CAST(… AS varchar)", name(other)),
        _ => "use CAST".to_owned(),
    }
}
