//! Result types of functions, computed from their argument types.
#![expect(clippy::unnecessary_wraps, reason = "the shape of `Overload::gives`")]

use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;

use super::types;

pub fn text(_: &[DataType]) -> Result<DataType> {
    Ok(DataType::Utf8)
}
pub fn bigint(_: &[DataType]) -> Result<DataType> {
    Ok(DataType::Int64)
}
pub fn integer(_: &[DataType]) -> Result<DataType> {
    Ok(DataType::Int32)
}
pub fn double(_: &[DataType]) -> Result<DataType> {
    Ok(DataType::Float64)
}
pub fn boolean(_: &[DataType]) -> Result<DataType> {
    Ok(DataType::Boolean)
}
pub fn date(_: &[DataType]) -> Result<DataType> {
    Ok(DataType::Date32)
}
pub fn wall(_: &[DataType]) -> Result<DataType> {
    Ok(types::moment(None))
}
pub fn utc(_: &[DataType]) -> Result<DataType> {
    Ok(types::moment(Some(types::UTC)))
}
pub fn texts(_: &[DataType]) -> Result<DataType> {
    Ok(types::list_of(DataType::Utf8))
}
pub fn first(takes: &[DataType]) -> Result<DataType> {
    Ok(takes.first().cloned().unwrap_or(DataType::Null))
}
pub fn last(takes: &[DataType]) -> Result<DataType> {
    Ok(takes.last().cloned().unwrap_or(DataType::Null))
}
