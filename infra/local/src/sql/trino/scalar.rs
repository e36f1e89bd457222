//! Functions with Trino's meaning, each a plain Rust function of one row.
//!
//! A family lists its functions as [`Overload`]s. This module holds the common parts: overload resolution by type (a
//! text is never accepted as a number), null for a null argument, and conversion of values from and to Arrow arrays.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeZone as _};
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::array::{
    Array as _, ArrayRef, Date32Array, Float64Array, Int64Array, ListArray, StringArray, TimestampMillisecondArray, new_empty_array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_timestamp_millisecond_array;
use datafusion::common::cast::{as_date32_array, as_float64_array, as_int64_array, as_list_array, as_string_array};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility};

pub(super) use super::gives;
use super::types::{self, failed, refused};

/// Type that an argument must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A whole number.
    Int,
    /// Any number, read as a double.
    Double,
    Date,
    /// A timestamp without a zone; a date is accepted as its midnight.
    Wall,
    /// A timestamp with a zone; one without is accepted as UTC.
    Zoned,
    List,
    /// Any type, read unchanged.
    Any,
}

/// A function for arguments of certain kinds.
pub struct Overload {
    pub name: &'static str,
    pub takes: &'static [Kind],
    /// Accepts any number of further arguments of the last kind.
    pub variadic: bool,
    pub gives: fn(&[DataType]) -> Result<DataType>,
    pub run: Run,
    /// Also called for null arguments.
    pub sees_null: bool,
}

/// How a function is computed.
#[derive(Clone, Copy)]
pub enum Run {
    Row(fn(&Row) -> Result<ScalarValue>),
    /// From all rows of all arguments, for a function whose result would be slow to put together from values.
    Columns(fn(&[ArrayRef]) -> Result<ArrayRef>),
}

pub const fn overload(
    name: &'static str,
    takes: &'static [Kind],
    gives: fn(&[DataType]) -> Result<DataType>,
    run: fn(&Row) -> Result<ScalarValue>,
) -> Overload {
    Overload { name, takes, variadic: false, gives, run: Run::Row(run), sees_null: false }
}

/// One argument of all rows.
enum Column {
    Int(Int64Array),
    Double(Float64Array),
    Text(StringArray),
    Date(Date32Array),
    Moment(TimestampMillisecondArray, Option<Tz>),
    List(ListArray),
    /// Read unchanged.
    Any,
}

/// The arguments of one row.
pub struct Row<'a> {
    columns: &'a [Column],
    /// Type of the result.
    pub gives: &'a DataType,
    arrays: &'a [ArrayRef],
    place: usize,
}

impl<'a> Row<'a> {
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    pub fn is_null(&self, place: usize) -> bool {
        self.arrays.get(place).is_none_or(|array| array.logical_nulls().is_some_and(|nulls| nulls.is_null(self.place)))
    }

    pub fn text(&self, place: usize) -> &'a str {
        match self.columns.get(place) {
            Some(Column::Text(texts)) => texts.value(self.place),
            _ => "",
        }
    }

    pub fn int(&self, place: usize) -> i64 {
        match self.columns.get(place) {
            Some(Column::Int(numbers)) => numbers.value(self.place),
            _ => 0,
        }
    }

    pub fn double(&self, place: usize) -> f64 {
        match self.columns.get(place) {
            Some(Column::Double(numbers)) => numbers.value(self.place),
            _ => f64::NAN,
        }
    }

    pub fn list(&self, place: usize) -> ArrayRef {
        match self.columns.get(place) {
            Some(Column::List(lists)) => lists.value(self.place),
            _ => new_empty_array(&DataType::Null),
        }
    }

    pub fn any(&self, place: usize) -> Result<ScalarValue> {
        let array = self.arrays.get(place).ok_or_else(|| failed("an argument is missing"))?;
        ScalarValue::try_from_array(array, self.place)
    }

    /// Returns milliseconds since 1970 in UTC; a timestamp without a zone is read as UTC.
    pub fn instant_ms(&self, place: usize) -> i64 {
        match self.columns.get(place) {
            Some(Column::Moment(moments, _)) => moments.value(self.place),
            Some(Column::Date(days)) => i64::from(days.value(self.place)) * 86_400_000,
            _ => 0,
        }
    }

    pub fn zone(&self, place: usize) -> Option<Tz> {
        match self.columns.get(place) {
            Some(Column::Moment(_, zone)) => *zone,
            _ => None,
        }
    }

    /// Returns the wall-clock time: for a date its midnight, for a timestamp with a zone the time in that zone.
    pub fn wall(&self, place: usize) -> Result<NaiveDateTime> {
        wall(self.instant_ms(place), self.zone(place))
    }
}

pub fn wall(instant_ms: i64, zone: Option<Tz>) -> Result<NaiveDateTime> {
    let utc = DateTime::from_timestamp_millis(instant_ms).ok_or_else(|| failed("a time is out of range"))?.naive_utc();
    Ok(zone.map_or(utc, |zone| zone.from_utc_datetime(&utc).naive_local()))
}

/// Converts a time to a value of the type, which is a date or a timestamp.
pub fn at(wall: NaiveDateTime, zone: Option<Tz>, gives: &DataType) -> Result<ScalarValue> {
    let instant = match zone {
        Some(zone) => match zone.from_local_datetime(&wall) {
            chrono::LocalResult::Single(at) | chrono::LocalResult::Ambiguous(at, _) => at.naive_utc(),
            chrono::LocalResult::None => return Err(failed(format!("{wall} does not exist in its time zone"))),
        },
        None => wall,
    };
    at_ms(instant.and_utc().timestamp_millis(), gives)
}

pub fn at_ms(instant_ms: i64, gives: &DataType) -> Result<ScalarValue> {
    let out_of_range = || failed("a time is out of range");
    Ok(match gives {
        DataType::Date32 => ScalarValue::Date32(Some(i32::try_from(instant_ms.div_euclid(86_400_000)).map_err(|_| out_of_range())?)),
        DataType::Timestamp(TimeUnit::Second, zone) => ScalarValue::TimestampSecond(Some(instant_ms.div_euclid(1000)), zone.clone()),
        DataType::Timestamp(TimeUnit::Millisecond, zone) => ScalarValue::TimestampMillisecond(Some(instant_ms), zone.clone()),
        other => return Err(failed(format!("{} has more digits than milliseconds: use CAST(… AS timestamp)", types::name(other)))),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of `Overload::run`")]
pub fn text(text: impl Into<String>) -> Result<ScalarValue> {
    Ok(ScalarValue::Utf8(Some(text.into())))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of `Overload::run`")]
pub fn list(values: &[ScalarValue], element: &DataType) -> Result<ScalarValue> {
    Ok(ScalarValue::List(ScalarValue::new_list_nullable(values, element)))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of `Overload::run`")]
pub fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = Option<T>>) -> Result<ScalarValue> {
    let texts: StringArray = values.into_iter().collect();
    Ok(SingleRowListArrayBuilder::new(Arc::new(texts)).build_list_scalar())
}

/// All overloads of one name.
#[derive(Debug)]
struct Function {
    name: &'static str,
    overloads: Vec<&'static Overload>,
    signature: Signature,
}

impl std::fmt::Debug for Overload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Creates a single function.
pub fn function(name: &'static str, family: &'static [&'static [Overload]]) -> Option<ScalarUDF> {
    functions(family).into_iter().find(|function| function.name() == name)
}

/// Creates the functions of all families, one per name.
pub fn functions(families: &[&'static [Overload]]) -> Vec<ScalarUDF> {
    let mut names: BTreeMap<&str, Vec<&'static Overload>> = BTreeMap::new();
    for overload in families.iter().copied().flatten() {
        names.entry(overload.name).or_default().push(overload);
    }
    let function = |(name, overloads): (&'static str, Vec<&'static Overload>)| {
        let no_arguments = overloads.iter().any(|overload| overload.takes.is_empty());
        let volatility = Volatility::Immutable;
        let signature = if no_arguments {
            Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::UserDefined], volatility)
        } else {
            Signature::user_defined(volatility)
        };
        ScalarUDF::from(Function { name, overloads, signature })
    };
    names.into_iter().map(function).collect()
}

impl Function {
    /// Returns the overload for arguments of these types, and the types that it reads.
    fn choose(&self, types: &[DataType]) -> Result<(&'static Overload, Vec<DataType>)> {
        let fitting = self.overloads.iter().find_map(|overload| Some((*overload, overload.accept(types)?)));
        fitting.ok_or_else(|| {
            let given = types.iter().map(types::name).collect::<Vec<_>>().join(", ");
            let taken = self.overloads.iter().map(|overload| overload.shown()).collect::<Vec<_>>().join(" or ");
            refused(format!("{}({given}): Athena takes {taken}", self.name))
        })
    }
}

impl Overload {
    fn accept(&self, types: &[DataType]) -> Option<Vec<DataType>> {
        let fits = if self.variadic { types.len() >= self.takes.len() } else { types.len() == self.takes.len() };
        let last = self.takes.last().copied().unwrap_or(Kind::Any);
        let kinds = self.takes.iter().copied().chain(std::iter::repeat(last));
        fits.then(|| types.iter().zip(kinds).map(|(given, kind)| kind.read(given)).collect()).flatten()
    }

    fn shown(&self) -> String {
        let kinds: Vec<_> = self.takes.iter().map(|kind| kind.shown()).collect();
        format!("{}({}{})", self.name, kinds.join(", "), if self.variadic { ", …" } else { "" })
    }
}

impl Kind {
    fn shown(self) -> &'static str {
        match self {
            Self::Text => "varchar",
            Self::Int => "bigint",
            Self::Double => "double",
            Self::Date => "date",
            Self::Wall => "timestamp",
            Self::Zoned => "timestamp with time zone",
            Self::List => "array",
            Self::Any => "value",
        }
    }

    /// Returns the type to which a value of type `given` is converted.
    fn read(self, given: &DataType) -> Option<DataType> {
        let is_null = given.is_null();
        match self {
            Self::Text => (is_null || types::is_text(given)).then_some(DataType::Utf8),
            Self::Int => (is_null || given.is_integer()).then_some(DataType::Int64),
            Self::Double => (is_null || types::is_number(given)).then_some(DataType::Float64),
            Self::Date => (is_null || *given == DataType::Date32).then_some(DataType::Date32),
            Self::Wall => match given {
                DataType::Null | DataType::Date32 => Some(types::moment(None)),
                DataType::Timestamp(_, None) => Some(given.clone()),
                _ => None,
            },
            Self::Zoned => match given {
                DataType::Null | DataType::Date32 | DataType::Timestamp(_, None) => Some(types::moment(Some(types::UTC))),
                DataType::Timestamp(_, Some(_)) => Some(given.clone()),
                _ => None,
            },
            Self::List => match given {
                DataType::List(element) | DataType::FixedSizeList(element, _) | DataType::LargeList(element) => {
                    Some(types::list_of(element.data_type().clone()))
                }
                _ => None,
            },
            Self::Any => Some(given.clone()),
        }
    }

    fn column(self, array: &ArrayRef) -> Result<Column> {
        Ok(match self {
            Self::Text => Column::Text(as_string_array(array)?.clone()),
            Self::Int => Column::Int(as_int64_array(array)?.clone()),
            Self::Double => Column::Double(as_float64_array(array)?.clone()),
            Self::Date => Column::Date(as_date32_array(array)?.clone()),
            Self::Wall | Self::Zoned => moments(array)?,
            Self::List => Column::List(as_list_array(array)?.clone()),
            Self::Any => match array.data_type() {
                DataType::Timestamp(..) => moments(array)?,
                DataType::Date32 => Column::Date(as_date32_array(array)?.clone()),
                _ => Column::Any,
            },
        })
    }
}

fn moments(array: &ArrayRef) -> Result<Column> {
    let zone = match array.data_type() {
        DataType::Timestamp(_, Some(zone)) => Some(zone.parse::<Tz>()?),
        _ => None,
    };
    let instants = match array.data_type() {
        DataType::Timestamp(_, zone) => cast(array, &DataType::Timestamp(TimeUnit::Millisecond, zone.clone()))?,
        _ => cast(array, &types::moment(None))?,
    };
    Ok(Column::Moment(as_timestamp_millisecond_array(&instants)?.clone(), zone))
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.choose(types).map(|(_, read)| read)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let (overload, read) = self.choose(types)?;
        (overload.gives)(&read)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = arguments.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { arguments.number_rows };
        let arrays = arguments.args.into_iter().map(|value| value.into_array(rows)).collect::<Result<Vec<_>>>()?;
        let types: Vec<_> = arrays.iter().map(|array| array.data_type().clone()).collect();
        let (overload, read) = self.choose(&types)?;
        let arrays = arrays.iter().zip(&read).map(|(array, read)| Ok(cast(array, read)?)).collect::<Result<Vec<_>>>()?;
        let run = match overload.run {
            Run::Row(run) => run,
            Run::Columns(run) if is_constant => return ScalarValue::try_from_array(&run(&arrays)?, 0).map(ColumnarValue::Scalar),
            Run::Columns(run) => return run(&arrays).map(ColumnarValue::Array),
        };
        let last = overload.takes.last().copied().unwrap_or(Kind::Any);
        let kinds = overload.takes.iter().copied().chain(std::iter::repeat(last));
        let columns = arrays.iter().zip(kinds).map(|(array, kind)| kind.column(array)).collect::<Result<Vec<_>>>()?;
        let nulls: Vec<_> = arrays.iter().filter_map(datafusion::arrow::array::Array::logical_nulls).collect();
        let gives = arguments.return_field.data_type();
        let null = ScalarValue::try_from(gives)?;
        let value = |row| {
            let is_null = !overload.sees_null && nulls.iter().any(|nulls| nulls.is_null(row));
            if is_null { Ok(null.clone()) } else { run(&Row { columns: &columns, gives, arrays: &arrays, place: row }) }
        };
        if is_constant {
            return value(0).map(ColumnarValue::Scalar);
        }
        let values = (0..rows).map(value).collect::<Result<Vec<_>>>()?;
        let array = if values.is_empty() { new_empty_array(gives) } else { ScalarValue::iter_to_array(values)? };
        Ok(ColumnarValue::Array(array))
    }
}
