//! Brings expressions to one type, as Trino coerces them.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable as _, ScalarUDF};

use super::types::refused;
use super::{cast, types};

pub(super) fn must_be_boolean(what: &str, expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr.get_type(schema)? {
        DataType::Boolean | DataType::Null => Ok(()),
        other => Err(refused(format!("{what} takes a condition, not a value of type {}", types::name(&other)))),
    }
}

pub(super) fn common<'a>(what: &str, all: impl IntoIterator<Item = &'a Expr>, schema: &DFSchema) -> Result<DataType> {
    let types = all.into_iter().map(|expr| expr.get_type(schema)).collect::<Result<Vec<_>>>()?;
    types::common_of(what, types)
}

/// Coerces the expression to a type; a column of a narrower type stays unchanged next to a literal.
pub(super) fn coerced(expr: Expr, to: &DataType, schema: &DFSchema) -> Result<Expr> {
    let from = expr.get_type(schema)?;
    if from == *to || (types::is_text(&from) && types::is_text(to)) {
        return Ok(expr);
    }
    match (expr, &from, to) {
        (Expr::Literal(value, metadata), ..) => Ok(Expr::Literal(value.cast_to(to)?, metadata)),
        // A timestamp without a zone is a time in UTC, not in the zone of the other value.
        (expr, DataType::Timestamp(_, _), DataType::Timestamp(_, Some(_))) => converted(expr, to, false, schema),
        (expr, ..) => Ok(Expr::Cast(Cast::new(Box::new(expr), to.clone()))),
    }
}

pub(super) fn converted(expr: Expr, to: &DataType, tries: bool, schema: &DFSchema) -> Result<Expr> {
    let from = expr.get_type(schema)?;
    Ok(match cast::conversion(&from, to, tries)? {
        cast::Conversion::Same => expr,
        cast::Conversion::Arrow => Expr::Cast(Cast::new(Box::new(expr), to.clone())),
        cast::Conversion::Ours(function) => call(function, vec![expr]),
    })
}

pub(super) fn call(function: ScalarUDF, arguments: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(std::sync::Arc::new(function), arguments))
}
