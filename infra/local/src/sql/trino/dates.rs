//! Functions over dates and timestamps. Weeks follow ISO 8601, and Monday is 1.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _};
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::scalar::{Kind, Overload, Row, at, at_ms, gives, overload, text};
use super::types::{self, failed};

const T: Kind = Kind::Text;
const I: Kind = Kind::Int;
const W: Kind = Kind::Wall;
const Z: Kind = Kind::Zoned;
const DATE: Kind = Kind::Date;

/// Defines parts of a time, each for these kinds of arguments.
macro_rules! parts {
    ($($name:literal, [$($kind:ident),*], $of:expr;)*) => {
        &[$($(
            overload($name, &[$kind], gives::bigint, |row| { let of: fn(NaiveDateTime) -> i64 = $of; Ok(of(row.wall(0)?).into()) }),
        )*)*]
    };
}

pub const PARTS: &[Overload] = parts! {
    "year", [DATE, W, Z], |at| at.year().into();
    "quarter", [DATE, W, Z], |at| at.quarter().into();
    "month", [DATE, W, Z], |at| at.month().into();
    "week", [DATE, W, Z], |at| at.iso_week().week().into();
    "week_of_year", [DATE, W, Z], |at| at.iso_week().week().into();
    "year_of_week", [DATE, W, Z], |at| at.iso_week().year().into();
    "yow", [DATE, W, Z], |at| at.iso_week().year().into();
    "day", [DATE, W, Z], |at| at.day().into();
    "day_of_month", [DATE, W, Z], |at| at.day().into();
    "day_of_week", [DATE, W, Z], |at| at.weekday().number_from_monday().into();
    "dow", [DATE, W, Z], |at| at.weekday().number_from_monday().into();
    "day_of_year", [DATE, W, Z], |at| at.ordinal().into();
    "doy", [DATE, W, Z], |at| at.ordinal().into();
    "hour", [W, Z], |at| at.hour().into();
    "minute", [W, Z], |at| at.minute().into();
    "second", [W, Z], |at| at.second().into();
    "millisecond", [W, Z], |at| at.and_utc().timestamp_subsec_millis().into();
};

pub const FUNCTIONS: &[Overload] = &[
    overload("date", &[T], gives::date, |row| parsed(row.text(0)).and_then(|day| at(day.and_time(NaiveTime::MIN), None, row.gives))),
    overload("date", &[DATE], gives::date, |row| row.any(0)),
    overload("date", &[W], gives::date, |row| at(row.wall(0)?, None, row.gives)),
    overload("date", &[Z], gives::date, |row| at(row.wall(0)?, None, row.gives)),
    overload("last_day_of_month", &[DATE], gives::date, last_day),
    overload("last_day_of_month", &[W], gives::date, last_day),
    overload("last_day_of_month", &[Z], gives::date, last_day),
    overload("date_trunc", &[T, DATE], gives::last, truncated),
    overload("date_trunc", &[T, W], gives::last, truncated),
    overload("date_trunc", &[T, Z], gives::last, truncated),
    overload("date_add", &[T, I, DATE], gives::last, added),
    overload("date_add", &[T, I, W], gives::last, added),
    overload("date_add", &[T, I, Z], gives::last, added),
    overload("date_diff", &[T, DATE, DATE], gives::bigint, difference),
    overload("date_diff", &[T, W, W], gives::bigint, difference),
    overload("date_diff", &[T, Z, Z], gives::bigint, difference),
    overload("from_unixtime", &[Kind::Double], gives::utc, |row| at_ms(milliseconds(row.double(0))?, row.gives)),
    overload("to_unixtime", &[W], gives::double, unixtime),
    overload("to_unixtime", &[Z], gives::double, unixtime),
    overload("from_iso8601_timestamp", &[T], gives::utc, |row| match iso8601(row.text(0)) {
        Some(utc) => at_ms(utc.and_utc().timestamp_millis(), row.gives),
        None => Err(failed(
            "from_iso8601_timestamp: a text is not a time in UTC, such as 2026-11-23T14:05:00Z; for other zones use date_parse and with_timezone",
        )),
    }),
    overload("from_iso8601_date", &[T], gives::date, |row| match NaiveDate::parse_from_str(row.text(0), "%Y-%m-%d") {
        Ok(day) if row.text(0).len() == 10 => at(day.and_time(NaiveTime::MIN), None, row.gives),
        _ => Err(failed(format!("from_iso8601_date: `{}` is not supported here; write it as 2026-11-23", row.text(0)))),
    }),
    overload("to_iso8601", &[DATE], gives::text, |row| text(row.wall(0)?.format("%Y-%m-%d").to_string())),
    overload("to_iso8601", &[W], gives::text, |row| text(row.wall(0)?.format("%Y-%m-%dT%H:%M:%S%.3f").to_string())),
    // `sequence` of dates.
    overload("date_sequence", &[DATE, DATE, Kind::Any], |_| Ok(types::list_of(DataType::Date32)), date_sequence),
    overload("with_timezone", &[W, T], in_utc, |row| {
        let zone = zone(row.text(1))?;
        at(row.wall(0)?, Some(zone), row.gives)
    }),
];

#[expect(clippy::unnecessary_wraps, reason = "the shape of `Overload::gives`")]
fn in_utc(takes: &[DataType]) -> Result<DataType> {
    Ok(match takes.first() {
        Some(DataType::Timestamp(unit, _)) => DataType::Timestamp(*unit, Some(types::UTC.into())),
        _ => types::moment(Some(types::UTC)),
    })
}

/// Parses a day, or a time of day on it, without an offset or with the offset of UTC.
fn iso8601(text: &str) -> Option<NaiveDateTime> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).unwrap_or(text);
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN));
    day.or_else(|| ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"].iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()))
}

/// Parses a zone: a name, or `+hh:mm`.
pub fn zone(name: &str) -> Result<Tz> {
    name.parse().map_err(|_| failed(format!("'{name}' is not a time zone; write 'America/Sao_Paulo' or '-03:00'")))
}

fn date_sequence(row: &Row) -> Result<ScalarValue> {
    const ENTRIES_MAX: usize = 10_000;
    let ScalarValue::IntervalMonthDayNano(Some(step)) = row.any(2)? else {
        return Err(failed("sequence of dates takes an interval as its step"));
    };
    let (start, end) = (row.wall(0)?, row.wall(1)?);
    let (months, days) = (i64::from(step.months), i64::from(step.days));
    if step.nanoseconds != 0 || (months > 0) == (days > 0) || months < 0 || days < 0 || end < start {
        return Err(failed("sequence of dates is supported here in steps of days or of months, from the earlier to the later"));
    }
    let entry = |taken: i64| shifted(start, months * taken).and_then(|at| at.checked_add_signed(TimeDelta::days(days * taken)));
    let entries: Vec<_> = (0..).map_while(entry).take_while(|at| *at <= end).take(ENTRIES_MAX + 1).collect();
    if entries.len() > ENTRIES_MAX {
        return Err(failed("a sequence has at most 10000 entries"));
    }
    let entries = entries.into_iter().map(|day| at(day, None, &DataType::Date32)).collect::<Result<Vec<_>>>()?;
    super::scalar::list(&entries, &DataType::Date32)
}

fn last_day(row: &Row) -> Result<ScalarValue> {
    let day = row.wall(0)?.date();
    let next = day.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).and_then(|next| next.pred_opt());
    at(next.ok_or_else(|| failed("a date is out of range"))?.and_time(NaiveTime::MIN), None, row.gives)
}

/// A unit of `date_trunc`, `date_add` and `date_diff`: months, or milliseconds.
#[derive(Clone, Copy)]
enum Unit {
    Months(i64),
    Milliseconds(i64),
}

fn unit(name: &str, of: &DataType) -> Result<Unit> {
    let unit = match name.to_ascii_lowercase().as_str() {
        "millisecond" => Unit::Milliseconds(1),
        "second" => Unit::Milliseconds(1000),
        "minute" => Unit::Milliseconds(60_000),
        "hour" => Unit::Milliseconds(3_600_000),
        "day" => Unit::Milliseconds(86_400_000),
        "week" => Unit::Milliseconds(7 * 86_400_000),
        "month" => Unit::Months(1),
        "quarter" => Unit::Months(3),
        "year" => Unit::Months(12),
        _ => return Err(failed(format!("'{name}' is not a unit of time: write 'day', 'hour', 'month' …"))),
    };
    match unit {
        Unit::Milliseconds(ms) if ms < 86_400_000 && *of == DataType::Date32 => {
            Err(failed(format!("'{name}' is not a part of a date: use CAST(… AS timestamp)")))
        }
        unit => Ok(unit),
    }
}

/// Returns whether two names denote the same unit.
fn is(name: &str, unit: &str) -> bool {
    name.eq_ignore_ascii_case(unit)
}

fn kind_of(row: &Row, place: usize) -> Result<DataType> {
    row.any(place).map(|value| value.data_type())
}

fn truncated(row: &Row) -> Result<ScalarValue> {
    let (name, wall) = (row.text(0), row.wall(1)?);
    let unit = unit(name, row.gives)?;
    let day = wall.date();
    let first = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1).map(|day| day.and_time(NaiveTime::MIN));
    let start = match unit {
        Unit::Months(1) => first(day.month()),
        Unit::Months(3) => first((day.month() - 1) / 3 * 3 + 1),
        Unit::Months(_) => first(1),
        Unit::Milliseconds(_) if is(name, "week") => {
            day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).map(|monday| monday.and_time(NaiveTime::MIN))
        }
        Unit::Milliseconds(ms) => {
            let since = wall.and_utc().timestamp_millis();
            DateTime::from_timestamp_millis(since - since.rem_euclid(ms)).map(|at| at.naive_utc())
        }
    };
    at(start.ok_or_else(|| failed("a time is out of range"))?, row.zone(1), row.gives)
}

fn shifted(wall: NaiveDateTime, months: i64) -> Option<NaiveDateTime> {
    let size = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { wall.checked_sub_months(size) } else { wall.checked_add_months(size) }
}

fn added(row: &Row) -> Result<ScalarValue> {
    let out_of_range = || failed("date_add: the time is out of range");
    match unit(row.text(0), row.gives)? {
        Unit::Months(months) => {
            let months = row.int(1).checked_mul(months).ok_or_else(out_of_range)?;
            at(shifted(row.wall(2)?, months).ok_or_else(out_of_range)?, row.zone(2), row.gives)
        }
        Unit::Milliseconds(ms) => {
            let size = row.int(1).checked_mul(ms).and_then(TimeDelta::try_milliseconds).ok_or_else(out_of_range)?;
            // Days are calendar days in the zone, hours are elapsed hours.
            if ms >= 86_400_000 {
                at(row.wall(2)?.checked_add_signed(size).ok_or_else(out_of_range)?, row.zone(2), row.gives)
            } else {
                at_ms(row.instant_ms(2).checked_add(size.num_milliseconds()).ok_or_else(out_of_range)?, row.gives)
            }
        }
    }
}

/// Returns the whole units from the first time to the second, rounded toward zero.
fn difference(row: &Row) -> Result<ScalarValue> {
    let unit = unit(row.text(0), &kind_of(row, 1)?)?;
    if row.zone(1).is_some() && !matches!(unit, Unit::Milliseconds(ms) if ms < 86_400_000) {
        return Err(failed("date_diff in days or longer over timestamps with a zone is not supported here: use CAST(… AS timestamp)"));
    }
    let (from, to) = (row.wall(1)?, row.wall(2)?);
    let months_per = match unit {
        Unit::Milliseconds(ms) => return Ok(((row.instant_ms(2) - row.instant_ms(1)) / ms).into()),
        Unit::Months(months) => months,
    };
    let (early, late, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
    let months = i64::from(late.year() - early.year()) * 12 + i64::from(late.month()) - i64::from(early.month());
    // In a month that is too short for the day, the month is complete on its last day.
    let is_last = late.date().succ_opt().is_some_and(|next| next.month() != late.month());
    let day_reached = late.day() > early.day()
        || (late.day() == early.day() && late.time() >= early.time())
        || (is_last && late.day() < early.day() && late.time() >= early.time());
    let whole = if day_reached { months } else { months - 1 };
    Ok((sign * (whole / months_per)).into())
}

fn milliseconds(seconds: f64) -> Result<i64> {
    let ms = (seconds * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "far inside of the range")]
    if ms.abs() < 8e15 { Ok(ms as i64) } else { Err(failed("from_unixtime: the time is out of range")) }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of `Overload::run`")]
fn unixtime(row: &Row) -> Result<ScalarValue> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any year that is met are exact")]
    Ok((row.instant_ms(0) as f64 / 1000.0).into())
}

/// Formats a timestamp as text, with the digits of its unit and its zone.
pub fn timestamp_text(wall: NaiveDateTime, of: &DataType) -> String {
    let digits = match of {
        DataType::Timestamp(datafusion::arrow::datatypes::TimeUnit::Second, _) => "",
        _ => "%.3f",
    };
    let zone = match of {
        DataType::Timestamp(_, Some(zone)) => format!(" {}", if &**zone == "+00:00" { types::UTC } else { zone }),
        _ => String::new(),
    };
    format!("{}{zone}", wall.format(&format!("%Y-%m-%d %H:%M:%S{digits}")))
}

/// Parses `2026-11-23`, with optional blanks around it.
pub fn parsed(text: &str) -> Result<NaiveDate> {
    day(text.trim()).ok_or_else(|| failed("a text cannot be cast to date: write it as 2026-11-23, or use date_parse"))
}

pub fn day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = year.len() == 4 && (1..=2).contains(&month.len()) && (1..=2).contains(&day.len()) && parts.next().is_none();
    let digits = [year, month, day].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if fits && digits { NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?) } else { None }
}
