//! Operators with Trino's types, overflow and precision.

use datafusion::arrow::datatypes::{DataType, IntervalUnit};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable as _, Operator};

use super::coerce::{call, coerced, common, must_be_boolean};
use super::types::refused;
use super::{arithmetic, types};

pub(super) fn negative(inner: Expr, schema: &DFSchema) -> Result<Expr> {
    let kind = inner.get_type(schema)?;
    match (&inner, &kind) {
        (Expr::Literal(value, metadata), kind) if types::is_number(kind) => {
            let negative = value.arithmetic_negate().map_err(|_| refused("a number is out of range of its type"))?;
            Ok(Expr::Literal(negative, metadata.clone()))
        }
        (_, kind) if kind.is_integer() => {
            let zero = Expr::Literal(ScalarValue::new_zero(kind)?, None);
            Ok(call(arithmetic::checked(Operator::Minus, kind.clone()), vec![zero, inner]))
        }
        (_, kind) if types::is_number(kind) || kind.is_null() || matches!(kind, DataType::Interval(_)) => {
            Ok(Expr::Negative(Box::new(inner)))
        }
        (_, kind) => Err(refused(format!("`-` takes a number, not a value of type {}", types::name(kind)))),
    }
}

pub(super) fn operator(binary: BinaryExpr, schema: &DFSchema) -> Result<Expr> {
    use Operator::{
        And, Divide, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Or, Plus, StringConcat,
    };
    let BinaryExpr { left, op, right } = binary;
    match op {
        And | Or => {
            must_be_boolean(&op.to_string(), &left, schema)?;
            must_be_boolean(&op.to_string(), &right, schema)?;
            Ok(Expr::BinaryExpr(BinaryExpr::new(left, op, right)))
        }
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom => {
            if matches!(left.get_type(schema)?, DataType::List(_)) {
                return Err(refused(format!("`{op}` of arrays treats nulls differently here: use array_join(…), or contains(…)")));
            }
            let common = common(&format!("`{op}`"), [&*left, &*right], schema)?;
            let (left, right) = (coerced(*left, &common, schema)?, coerced(*right, &common, schema)?);
            Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))))
        }
        Plus | Minus | Multiply | Divide | Modulo => calculation(*left, op, *right, schema),
        StringConcat => {
            let (from, to) = (left.get_type(schema)?, right.get_type(schema)?);
            if from.is_null() || to.is_null() {
                return Err(refused("`||` with NULL is ambiguous in Athena: write CAST(NULL AS varchar)"));
            }
            if types::is_text(&from) && types::is_text(&to) {
                return Ok(Expr::BinaryExpr(BinaryExpr::new(left, op, right)));
            }
            Err(refused(format!(
                "`||` of {} and {}: Athena joins texts, or arrays; use CAST(… AS varchar)",
                types::name(&from),
                types::name(&to)
            )))
        }
        other => Err(refused(format!("`{other}` is not an operator of Athena"))),
    }
}

fn calculation(left: Expr, op: Operator, right: Expr, schema: &DFSchema) -> Result<Expr> {
    let (from, to) = (left.get_type(schema)?, right.get_type(schema)?);
    let refuse = |instead: &str| Err(refused(format!("`{op}` of {} and {}: {instead}", types::name(&from), types::name(&to))));
    let native = |left, right| Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))));
    let is_time = |kind: &DataType| matches!(kind, DataType::Date32 | DataType::Timestamp(..));
    let is_interval = |kind: &DataType| matches!(kind, DataType::Interval(_));
    match (&from, &to) {
        (DataType::Null, _) | (_, DataType::Null) => native(left, right),
        (time, other) if is_time(time) && is_interval(other) && matches!(op, Operator::Plus | Operator::Minus) => {
            if *time == DataType::Date32 && !is_whole_days(&right) {
                return refuse("Athena adds no hours to a date; use CAST(… AS timestamp)");
            }
            // Only intervals of whole months and years keep the precision of a timestamp without fractional digits.
            match time {
                DataType::Timestamp(datafusion::arrow::datatypes::TimeUnit::Second, None) if !is_whole_months(&right) => {
                    native(coerced(left, &types::moment(None), schema)?, right)
                }
                _ => native(left, right),
            }
        }
        (other, time) if is_time(time) && is_interval(other) && op == Operator::Plus => calculation(right, op, left, schema),
        (left, right) if is_time(left) && is_time(right) => refuse("use date_diff('day', …, …)"),
        (left, right) if is_interval(left) || is_interval(right) => refuse("use date_add('day', …, …)"),
        (left, right) if !types::is_number(left) || !types::is_number(right) => {
            refuse(if is_time(left) { "use date_add('day', …, …)" } else { "use CAST" })
        }
        (whole, other) if whole.is_integer() && other.is_integer() => {
            let common = types::common(whole, other).unwrap_or(DataType::Int64);
            let (left, right) = (coerced(left, &common, schema)?, coerced(right, &common, schema)?);
            let stays_small = matches!(op, Operator::Plus | Operator::Multiply) && bound(&left).zip(bound(&right)).is_some();
            let whole = Expr::BinaryExpr(BinaryExpr::new(Box::new(left.clone()), op, Box::new(right.clone())));
            if stays_small && bound(&whole).is_some() {
                return Ok(whole); // in the form that the optimizer knows: such numbers select the days
            }
            Ok(call(arithmetic::checked(op, common), vec![left, right]))
        }
        (DataType::Decimal128(..), _) | (_, DataType::Decimal128(..)) if types::as_decimal(&from).zip(types::as_decimal(&to)).is_some() => {
            let (Some(from), Some(to)) = (types::as_decimal(&from), types::as_decimal(&to)) else { return native(left, right) };
            let (left, right) =
                (coerced(left, &DataType::Decimal128(from.0, from.1), schema)?, coerced(right, &DataType::Decimal128(to.0, to.1), schema)?);
            match op {
                Operator::Divide | Operator::Modulo => Ok(call(arithmetic::decimals(op, from, to), vec![left, right])),
                _ => native(left, right),
            }
        }
        _ => {
            let common = types::common(&from, &to).unwrap_or(DataType::Float64);
            let (left, right) = (coerced(left, &common, schema)?, coerced(right, &common, schema)?);
            Ok(call(arithmetic::checked(op, common), vec![left, right]))
        }
    }
}

/// Returns the largest absolute value of an expression of `ano`, `mes`, `dia` and literals, if it fits an `integer`.
fn bound(expr: &Expr) -> Option<i32> {
    match expr {
        Expr::Literal(ScalarValue::Int32(Some(value)), _) => value.checked_abs(),
        Expr::Column(Column { name, .. }) => match name.as_str() {
            tweets::columns::ANO => Some(9999),
            tweets::columns::MES => Some(12),
            tweets::columns::DIA => Some(31),
            _ => None,
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Plus, right }) => bound(left)?.checked_add(bound(right)?),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Multiply, right }) => bound(left)?.checked_mul(bound(right)?),
        _ => None,
    }
}

fn is_whole_months(interval: &Expr) -> bool {
    match interval {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(value)), _) => value.nanoseconds == 0 && value.days == 0,
        Expr::Literal(ScalarValue::IntervalYearMonth(_), _) => true,
        Expr::Negative(inner) => is_whole_months(inner),
        _ => false,
    }
}

fn is_whole_days(interval: &Expr) -> bool {
    match interval {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(value)), _) => value.nanoseconds == 0,
        Expr::Literal(ScalarValue::IntervalYearMonth(_), _) => true,
        Expr::Literal(ScalarValue::IntervalDayTime(Some(value)), _) => value.milliseconds == 0,
        Expr::Negative(inner) => is_whole_days(inner),
        _ => matches!(interval, Expr::Literal(value, _) if value.data_type() == DataType::Interval(IntervalUnit::YearMonth)),
    }
}
