//! Functions over numbers: halves are rounded away from zero, and a result that does not fit its type is an error.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::scalar::{Kind, Overload, Row, gives, overload, text};
use super::types::{self, failed, refused};

const D: Kind = Kind::Double;
const I: Kind = Kind::Int;
const N: Kind = Kind::Any;

pub const FUNCTIONS: &[Overload] = &[
    overload("abs", &[N], first_number, abs),
    overload("sign", &[N], sign_gives, sign),
    overload("round", &[N], |types| whole(types, 1), |row| rounded(row, 0, Rounding::Half)),
    overload("round", &[N, I], |types| places(types, 1), |row| rounded(row, row.int(1), Rounding::Half)),
    overload("floor", &[N], |types| whole(types, 1), |row| rounded(row, 0, Rounding::Down)),
    overload("ceil", &[N], |types| whole(types, 1), |row| rounded(row, 0, Rounding::Up)),
    overload("ceiling", &[N], |types| whole(types, 1), |row| rounded(row, 0, Rounding::Up)),
    overload("truncate", &[N], |types| whole(types, 0), |row| rounded(row, 0, Rounding::Zero)),
    overload("power", &[D, D], gives::double, |row| double(row.double(0).powf(row.double(1)))),
    overload("pow", &[D, D], gives::double, |row| double(row.double(0).powf(row.double(1)))),
    overload("sqrt", &[D], gives::double, |row| double(row.double(0).sqrt())),
    overload("cbrt", &[D], gives::double, |row| double(row.double(0).cbrt())),
    overload("exp", &[D], gives::double, |row| double(row.double(0).exp())),
    overload("ln", &[D], gives::double, |row| double(row.double(0).ln())),
    overload("log2", &[D], gives::double, |row| double(row.double(0).log2())),
    overload("log10", &[D], gives::double, |row| double(row.double(0).log10())),
    overload("log", &[D, D], gives::double, |row| double(row.double(1).ln() / row.double(0).ln())),
    overload("sin", &[D], gives::double, |row| double(row.double(0).sin())),
    overload("cos", &[D], gives::double, |row| double(row.double(0).cos())),
    overload("tan", &[D], gives::double, |row| double(row.double(0).tan())),
    overload("asin", &[D], gives::double, |row| double(row.double(0).asin())),
    overload("acos", &[D], gives::double, |row| double(row.double(0).acos())),
    overload("atan", &[D], gives::double, |row| double(row.double(0).atan())),
    overload("atan2", &[D, D], gives::double, |row| double(row.double(0).atan2(row.double(1)))),
    overload("sinh", &[D], gives::double, |row| double(row.double(0).sinh())),
    overload("cosh", &[D], gives::double, |row| double(row.double(0).cosh())),
    overload("tanh", &[D], gives::double, |row| double(row.double(0).tanh())),
    overload("degrees", &[D], gives::double, |row| double(row.double(0).to_degrees())),
    overload("radians", &[D], gives::double, |row| double(row.double(0).to_radians())),
    overload("pi", &[], gives::double, |_| double(std::f64::consts::PI)),
    overload("e", &[], gives::double, |_| double(std::f64::consts::E)),
    overload("infinity", &[], gives::double, |_| double(f64::INFINITY)),
    overload("is_nan", &[D], gives::boolean, |row| Ok(row.double(0).is_nan().into())),
    overload("is_finite", &[D], gives::boolean, |row| Ok(row.double(0).is_finite().into())),
    overload("is_infinite", &[D], gives::boolean, |row| Ok(row.double(0).is_infinite().into())),
    overload("width_bucket", &[D, D, D, I], gives::bigint, width_bucket),
    overload("bitwise_and", &[I, I], gives::bigint, |row| Ok((row.int(0) & row.int(1)).into())),
    overload("bitwise_or", &[I, I], gives::bigint, |row| Ok((row.int(0) | row.int(1)).into())),
    overload("bitwise_xor", &[I, I], gives::bigint, |row| Ok((row.int(0) ^ row.int(1)).into())),
    overload("bitwise_not", &[I], gives::bigint, |row| Ok((!row.int(0)).into())),
    overload("to_base", &[I, I], gives::text, to_base),
    overload("from_base", &[Kind::Text, I], gives::bigint, from_base),
    Overload { variadic: true, ..overload("greatest", &[N], same_type, |row| extreme(row, std::cmp::Ordering::Greater)) },
    Overload { variadic: true, ..overload("least", &[N], same_type, |row| extreme(row, std::cmp::Ordering::Less)) },
];

#[expect(clippy::unnecessary_wraps, reason = "the shape of `Overload::run`")]
fn double(value: f64) -> Result<ScalarValue> {
    Ok(value.into())
}

fn first_number(types: &[DataType]) -> Result<DataType> {
    match types.first() {
        Some(number) if types::is_number(number) || number.is_null() => Ok(number.clone()),
        other => Err(refused(format!("a number is expected, not {}", other.map(types::name).unwrap_or_default()))),
    }
}

fn sign_gives(types: &[DataType]) -> Result<DataType> {
    first_number(types).map(|number| if matches!(number, DataType::Decimal128(..)) { DataType::Decimal128(1, 0) } else { number })
}

/// Returns a decimal type without decimal places, one digit longer if rounding may carry.
fn whole(types: &[DataType], carry: u8) -> Result<DataType> {
    first_number(types).map(|number| match number {
        DataType::Decimal128(precision, scale) => {
            let digits = i16::from(precision) - i16::from(scale) + i16::from(carry.min(scale.unsigned_abs()));
            DataType::Decimal128(u8::try_from(digits.clamp(1, 38)).unwrap_or(38), 0)
        }
        other => other,
    })
}

/// Returns the result type of rounding to some places: a decimal keeps its scale.
fn places(types: &[DataType], carry: u8) -> Result<DataType> {
    first_number(types).map(|number| match number {
        DataType::Decimal128(precision, scale) => DataType::Decimal128((precision + carry).min(38), scale),
        other => other,
    })
}

fn out_of_range() -> datafusion::error::DataFusionError {
    failed("a number is out of range of its type: use CAST(… AS double)")
}

/// Converts a whole number to a value of its type.
pub fn int(value: i128, gives: &DataType) -> Result<ScalarValue> {
    let value = i64::try_from(value).map_err(|_| out_of_range())?;
    Ok(match gives {
        DataType::Int8 => ScalarValue::Int8(Some(i8::try_from(value).map_err(|_| out_of_range())?)),
        DataType::Int16 => ScalarValue::Int16(Some(i16::try_from(value).map_err(|_| out_of_range())?)),
        DataType::Int32 => ScalarValue::Int32(Some(i32::try_from(value).map_err(|_| out_of_range())?)),
        _ => ScalarValue::Int64(Some(value)),
    })
}

/// Returns a whole number of any type.
pub fn as_int(value: &ScalarValue) -> Option<i128> {
    match value {
        ScalarValue::Int8(value) => value.map(Into::into),
        ScalarValue::Int16(value) => value.map(Into::into),
        ScalarValue::Int32(value) => value.map(Into::into),
        ScalarValue::Int64(value) => value.map(Into::into),
        ScalarValue::UInt64(value) => value.map(Into::into),
        ScalarValue::UInt32(value) => value.map(Into::into),
        _ => None,
    }
}

fn decimal(value: i128, gives: &DataType) -> Result<ScalarValue> {
    let DataType::Decimal128(precision, scale) = *gives else { return Err(out_of_range()) };
    let fits = 10_i128.checked_pow(precision.into()).is_none_or(|limit| value.abs() < limit);
    if fits { Ok(ScalarValue::Decimal128(Some(value), precision, scale)) } else { Err(out_of_range()) }
}

fn abs(row: &Row) -> Result<ScalarValue> {
    match row.any(0)? {
        ScalarValue::Float64(value) => Ok(ScalarValue::Float64(value.map(f64::abs))),
        ScalarValue::Float32(value) => Ok(ScalarValue::Float32(value.map(f32::abs))),
        ScalarValue::Decimal128(Some(value), ..) => decimal(value.abs(), row.gives),
        value => as_int(&value).map_or_else(|| ScalarValue::try_from(row.gives), |value| int(value.abs(), row.gives)),
    }
}

fn sign(row: &Row) -> Result<ScalarValue> {
    match row.any(0)? {
        ScalarValue::Float64(value) => {
            Ok(ScalarValue::Float64(value.map(|value| if value == 0.0 || value.is_nan() { value } else { value.signum() })))
        }
        ScalarValue::Decimal128(Some(value), ..) => decimal(value.signum(), row.gives),
        value => as_int(&value).map_or_else(|| ScalarValue::try_from(row.gives), |value| int(value.signum(), row.gives)),
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Rounding {
    Half,
    Down,
    Up,
    Zero,
}

/// Returns `value / by`, rounded.
pub fn divided(value: i128, by: i128, rounding: Rounding) -> i128 {
    let (quotient, rest) = (value / by, value % by);
    let away = if (value < 0) == (by < 0) { 1 } else { -1 };
    let carries = match rounding {
        Rounding::Half => rest.abs() >= by.abs() - rest.abs(),
        Rounding::Down => rest != 0 && away < 0,
        Rounding::Up => rest != 0 && away > 0,
        Rounding::Zero => false,
    };
    if carries { quotient + away } else { quotient }
}

fn rounded(row: &Row, digits: i64, rounding: Rounding) -> Result<ScalarValue> {
    let power = |digits: i64| u32::try_from(digits).ok().and_then(|digits| 10_i128.checked_pow(digits));
    match row.any(0)? {
        ScalarValue::Float64(Some(value)) => Ok(round_double(value, digits, rounding).into()),
        ScalarValue::Float32(Some(_)) => Err(failed("rounding a real is not supported here: use CAST(… AS double)")),
        ScalarValue::Decimal128(Some(value), _, scale) => {
            let unit = power(i64::from(scale) - digits).filter(|_| digits < i64::from(scale));
            let DataType::Decimal128(_, kept) = *row.gives else { return Err(out_of_range()) };
            let exact = match unit {
                Some(unit) => divided(value, unit, rounding).checked_mul(unit).ok_or_else(out_of_range)?,
                None if digits >= i64::from(scale) => value,
                None => 0,
            };
            decimal(exact / power(i64::from(scale - kept)).unwrap_or(1), row.gives)
        }
        value => match as_int(&value) {
            Some(value) if digits >= 0 => int(value, row.gives),
            Some(value) => int(
                power(-digits).map_or(Ok(0), |unit| divided(value, unit, rounding).checked_mul(unit).ok_or_else(out_of_range))?,
                row.gives,
            ),
            None => ScalarValue::try_from(row.gives),
        },
    }
}

fn round_double(value: f64, digits: i64, rounding: Rounding) -> f64 {
    if !value.is_finite() {
        return value;
    }
    match rounding {
        Rounding::Down => value.floor(),
        Rounding::Up => value.ceil(),
        Rounding::Zero => value.trunc(),
        Rounding::Half => {
            let factor = 10_f64.powi(i32::try_from(digits.clamp(-400, 400)).unwrap_or(0));
            let scaled = value.abs() * factor;
            if scaled.is_finite() && factor > 0.0 && factor.is_finite() { ((scaled + 0.5).floor() / factor).copysign(value) } else { value }
        }
    }
}

fn width_bucket(row: &Row) -> Result<ScalarValue> {
    let (value, low, high, buckets) = (row.double(0), row.double(1), row.double(2), row.int(3));
    if buckets <= 0
        || low.partial_cmp(&high).is_none_or(std::cmp::Ordering::is_eq)
        || !low.is_finite()
        || !high.is_finite()
        || value.is_nan()
    {
        return Err(failed("width_bucket takes a number, two different bounds and a count of buckets"));
    }
    let (start, end, value) = if low < high { (low, high, value) } else { (-low, -high, -value) };
    let bucket = if value < start {
        0
    } else if value >= end {
        buckets + 1
    } else {
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "between 0 and the count of buckets")]
        let before = (buckets as f64 * (value - start) / (end - start)).floor() as i64;
        before + 1
    };
    Ok(bucket.into())
}

fn radix(row: &Row) -> Result<u32> {
    u32::try_from(row.int(1)).ok().filter(|radix| (2..=36).contains(radix)).ok_or_else(|| failed("a radix is from 2 to 36"))
}

fn to_base(row: &Row) -> Result<ScalarValue> {
    let radix = radix(row)?;
    let (mut rest, mut digits) = (row.int(0).unsigned_abs(), Vec::new());
    while rest > 0 || digits.is_empty() {
        digits.push(char::from_digit(u32::try_from(rest % u64::from(radix)).unwrap_or(0), radix).unwrap_or('0'));
        rest /= u64::from(radix);
    }
    if row.int(0) < 0 {
        digits.push('-');
    }
    text(digits.iter().rev().collect::<String>())
}

fn from_base(row: &Row) -> Result<ScalarValue> {
    i64::from_str_radix(row.text(0), radix(row)?)
        .map(Into::into)
        .map_err(|_| failed(format!("from_base: `{}` is not a number of that radix", row.text(0))))
}

fn same_type(types: &[DataType]) -> Result<DataType> {
    types::common_of("greatest or least", types.iter().cloned())
}

fn extreme(row: &Row, wanted: std::cmp::Ordering) -> Result<ScalarValue> {
    let mut found = row.any(0)?.cast_to(row.gives)?;
    for place in 1..row.len() {
        let next = row.any(place)?.cast_to(row.gives)?;
        if next.partial_cmp(&found) == Some(wanted) {
            found = next;
        }
    }
    Ok(found)
}
