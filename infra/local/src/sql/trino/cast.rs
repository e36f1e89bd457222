//! `CAST` and `TRY_CAST`.

use chrono::{NaiveDateTime, NaiveTime, Timelike as _};
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::array::{Array as _, new_empty_array};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::dates;
use super::numbers::{Rounding, as_int, divided, int};
use super::scalar::{at_ms, wall};
use super::types::{self, failed, refused};

/// A cast for which Arrow and Trino differ.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Cast {
    to: DataType,
    /// Returns null instead of an error.
    tries: bool,
    signature: Signature,
}

/// How to convert values of one type to another.
pub enum Conversion {
    /// The types are equal.
    Same,
    /// Arrow's cast.
    Arrow,
    /// This function.
    Ours(ScalarUDF),
}

/// Returns how to cast; an error if Trino does not.
pub fn conversion(from: &DataType, to: &DataType, tries: bool) -> Result<Conversion> {
    use DataType::{Boolean, Date32, Decimal128, Float32, Float64, List, Null, Timestamp};
    let is_number = |kind: &DataType| types::is_number(kind);
    let ours =
        || Ok(Conversion::Ours(ScalarUDF::from(Cast { to: to.clone(), tries, signature: Signature::any(1, Volatility::Immutable) })));
    match (from, to) {
        (from, to) if from == to => Ok(Conversion::Same),
        (from, to) if types::is_text(from) && types::is_text(to) => Ok(Conversion::Arrow),
        (Null, _) => Ok(Conversion::Arrow),
        (from, to) if from.is_integer() && (matches!(to, Float64) || to.is_integer() && to.primitive_width() >= from.primitive_width()) => {
            Ok(Conversion::Arrow)
        }
        (Float32, Float64) | (Date32, Timestamp(_, None)) => Ok(Conversion::Arrow),
        (Boolean, to) if to.is_integer() => Ok(Conversion::Arrow),
        (from, Boolean) if from.is_integer() => Ok(Conversion::Arrow),
        (from, to) if is_number(from) && (to.is_integer() || matches!(to, Decimal128(..) | Float64 | Float32)) => ours(),
        (from, to) if types::is_text(from) && (is_number(to) || matches!(to, Boolean | Date32 | Timestamp(_, None))) => ours(),
        (Timestamp(..), Date32 | Timestamp(..)) => ours(),
        (from, to) if types::is_text(to) && (is_number(from) && *from != Float32 || matches!(from, Boolean | Date32 | Timestamp(..))) => {
            ours()
        }
        (List(_), List(element)) if !matches!(element.data_type(), List(_)) => {
            let DataType::List(from) = from else { return Ok(Conversion::Arrow) };
            conversion(from.data_type(), element.data_type(), tries)?;
            ours()
        }
        _ => {
            Err(refused(format!("CAST of {} as {} is not supported in Athena, or not on this machine", types::name(from), types::name(to))))
        }
    }
}

impl ScalarUDFImpl for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.to.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let value = arguments.args.into_iter().next().ok_or_else(|| failed("CAST takes a value"))?;
        let null = ScalarValue::try_from(&self.to)?;
        let one = |value: &ScalarValue| match converted(value, &self.to) {
            Err(_) if self.tries => Ok(null.clone()),
            converted => converted,
        };
        match value {
            ColumnarValue::Scalar(value) => one(&value).map(ColumnarValue::Scalar),
            ColumnarValue::Array(array) if array.is_empty() => Ok(ColumnarValue::Array(new_empty_array(&self.to))),
            ColumnarValue::Array(array) => {
                let values = (0..array.len()).map(|row| one(&ScalarValue::try_from_array(&array, row)?)).collect::<Result<Vec<_>>>()?;
                ScalarValue::iter_to_array(values).map(ColumnarValue::Array)
            }
        }
    }
}

fn no_cast(value: &ScalarValue, to: &DataType) -> datafusion::error::DataFusionError {
    // A text may come from a tweet, and no message repeats those.
    match value {
        ScalarValue::Utf8(_) => failed(format!("a text cannot be cast to {}: use TRY_CAST for null", types::name(to))),
        value => failed(format!("{value} cannot be cast to {}: use TRY_CAST for null", types::name(to))),
    }
}

fn converted(value: &ScalarValue, to: &DataType) -> Result<ScalarValue> {
    if value.is_null() {
        return ScalarValue::try_from(to);
    }
    let refuse = || no_cast(value, to);
    match to {
        DataType::Utf8 => as_text(value).map(|text| ScalarValue::Utf8(Some(text))),
        DataType::Boolean => boolean(value).map(ScalarValue::from).ok_or_else(refuse),
        DataType::Float64 => double(value).map(ScalarValue::from).ok_or_else(refuse),
        DataType::Float32 => value.cast_to(to),
        DataType::Decimal128(precision, scale) => decimal(value, *precision, *scale).ok_or_else(refuse),
        DataType::Date32 | DataType::Timestamp(..) => time(value, to),
        DataType::List(element) => {
            let ScalarValue::List(items) = value else { return Err(refuse()) };
            let items = items.value(0);
            let items = (0..items.len()).map(|place| converted(&ScalarValue::try_from_array(&items, place)?, element.data_type()));
            super::scalar::list(&items.collect::<Result<Vec<_>>>()?, element.data_type())
        }
        to if to.is_integer() => whole(value).ok_or_else(refuse).and_then(|whole| int(whole, to)),
        _ => Err(refuse()),
    }
}

/// Converts to a whole number, halves away from zero.
fn whole(value: &ScalarValue) -> Option<i128> {
    match value {
        ScalarValue::Utf8(Some(text)) => text.trim().parse::<i64>().ok().map(Into::into),
        ScalarValue::Decimal128(Some(value), _, scale) => {
            Some(divided(*value, 10_i128.checked_pow((*scale).try_into().ok()?)?, Rounding::Half))
        }
        ScalarValue::Float64(Some(value)) => whole_of(*value),
        ScalarValue::Float32(Some(value)) => whole_of((*value).into()),
        other => as_int(other),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
fn whole_of(value: f64) -> Option<i128> {
    let rounded = value.round();
    (rounded.abs() < 9.3e18).then_some(rounded as i128)
}

fn boolean(value: &ScalarValue) -> Option<bool> {
    match value {
        ScalarValue::Utf8(Some(text)) => match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" => Some(true),
            "f" | "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn double(value: &ScalarValue) -> Option<f64> {
    match value {
        ScalarValue::Utf8(Some(text)) => match text.trim() {
            "NaN" => Some(f64::NAN),
            "Infinity" | "+Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => text.parse().ok(),
            _ => None,
        },
        ScalarValue::Decimal128(..) => as_text(value).ok()?.parse().ok(),
        ScalarValue::Float32(Some(value)) => Some((*value).into()),
        _ => None,
    }
}

fn decimal(value: &ScalarValue, precision: u8, scale: i8) -> Option<ScalarValue> {
    let (digits, own_scale) = match value {
        ScalarValue::Decimal128(Some(digits), _, own) => (*digits, i64::from(*own)),
        ScalarValue::Utf8(Some(text)) => from_text(text.trim())?,
        ScalarValue::Float64(Some(value)) if value.is_finite() => from_text(&format!("{value}"))?,
        other => (as_int(other)?, 0),
    };
    let more = i64::from(scale) - own_scale;
    let power = 10_i128.checked_pow(u32::try_from(more.unsigned_abs()).ok()?)?;
    let digits = if more >= 0 { digits.checked_mul(power)? } else { divided(digits, power, Rounding::Half) };
    let fits = digits.abs() < 10_i128.checked_pow(precision.into())?;
    fits.then_some(ScalarValue::Decimal128(Some(digits), precision, scale))
}

/// Parses the digits of a number without an exponent, and counts those after the point.
fn from_text(text: &str) -> Option<(i128, i64)> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    if !places.bytes().all(|byte| byte.is_ascii_digit()) || format!("{whole}{places}").len() > 38 {
        return None;
    }
    Some((format!("{whole}{places}").parse().ok()?, i64::try_from(places.len()).ok()?))
}

/// Formats the value as Trino casts it to `varchar`.
pub fn as_text(value: &ScalarValue) -> Result<String> {
    Ok(match value {
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => text.clone(),
        ScalarValue::Boolean(Some(value)) => value.to_string(),
        ScalarValue::Float64(Some(value)) => double_text(*value),
        ScalarValue::Decimal128(Some(digits), _, scale) => decimal_text(*digits, *scale),
        ScalarValue::Date32(Some(days)) => wall(i64::from(*days) * 86_400_000, None)?.format("%Y-%m-%d").to_string(),
        ScalarValue::TimestampSecond(..) | ScalarValue::TimestampMillisecond(..) => {
            let (instant, zone) = instant(value)?;
            dates::timestamp_text(wall(instant, zone)?, &value.data_type())
        }
        other => as_int(other).map(|number| number.to_string()).ok_or_else(|| no_cast(other, &DataType::Utf8))?,
    })
}

/// Formats `1.0E0`: Java's scientific notation, with as few digits as identify the number.
fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let text = format!("{value:E}");
    if value == 0.0 {
        return text;
    }
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

fn decimal_text(digits: i128, scale: i8) -> String {
    let scale = usize::try_from(scale).unwrap_or(0);
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, places) = text.split_at(text.len() - scale);
    let sign = if digits < 0 { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{places}") }
}

fn instant(value: &ScalarValue) -> Result<(i64, Option<Tz>)> {
    let parsed = |zone: &Option<std::sync::Arc<str>>| zone.as_ref().map(|zone| dates::zone(zone)).transpose();
    match value {
        ScalarValue::TimestampSecond(Some(second), zone) => Ok((second * 1000, parsed(zone)?)),
        ScalarValue::TimestampMillisecond(Some(ms), zone) => Ok((*ms, parsed(zone)?)),
        ScalarValue::TimestampMicrosecond(Some(us), zone) => Ok((us.div_euclid(1000), parsed(zone)?)),
        ScalarValue::Date32(Some(days)) => Ok((i64::from(*days) * 86_400_000, None)),
        other => Err(no_cast(other, &types::moment(None))),
    }
}

fn time(value: &ScalarValue, to: &DataType) -> Result<ScalarValue> {
    if let ScalarValue::Utf8(Some(text)) = value {
        let day_only = *to == DataType::Date32;
        let parsed =
            if day_only { dates::parsed(text)?.and_time(NaiveTime::MIN) } else { timestamp(text).ok_or_else(|| no_cast(value, to))? };
        return match to {
            DataType::Timestamp(TimeUnit::Second, _) if parsed.nanosecond() > 0 => Err(no_cast(value, to)),
            _ => at_ms(parsed.and_utc().timestamp_millis(), to),
        };
    }
    let (instant, zone) = instant(value)?;
    match to {
        DataType::Timestamp(_, Some(_)) => at_ms(instant, to), // the same instant; without a zone it is in UTC
        _ => at_ms(wall(instant, zone)?.and_utc().timestamp_millis(), to),
    }
}

/// Parses `2026-11-23 14:05:00.120`. The time is optional, as are its seconds and their fraction.
fn timestamp(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.trim().split_once(' ').unwrap_or((text.trim(), "00:00"));
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("00"));
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let digits = [hour, minute, second, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !digits || parts.next().is_some() || fraction.len() > 9 {
        return None;
    }
    let nanoseconds: u32 = format!("{fraction:0<9}").parse().ok()?;
    // Rounded to milliseconds, as a cast to timestamp(3) rounds.
    let milliseconds = (nanoseconds + 500_000) / 1_000_000;
    let time = NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?)?;
    dates::day(date)?.and_time(time).checked_add_signed(chrono::TimeDelta::milliseconds(milliseconds.into()))
}
