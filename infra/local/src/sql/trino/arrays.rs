//! Functions over arrays. Positions count from 1, and a position outside of the array is an error where Trino has one.

use datafusion::arrow::array::{Array as _, ArrayRef};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::cast;
use super::scalar::{Kind, Overload, Row, gives, list, overload, text};
use super::types::{self, failed, refused};

const L: Kind = Kind::List;
const I: Kind = Kind::Int;
const T: Kind = Kind::Text;
const A: Kind = Kind::Any;

pub const FUNCTIONS: &[Overload] = &[
    overload("cardinality", &[L], gives::bigint, |row| Ok(count(row.list(0).len()).into())),
    overload("subscript", &[L, I], element, subscript),
    overload("element_at", &[L, I], element, element_at),
    overload("contains", &[L, A], |types| with_element(types, DataType::Boolean), contains),
    overload("array_position", &[L, A], |types| with_element(types, DataType::Int64), position),
    overload("array_remove", &[L, A], |types| with_element(types, list_type(types)?), remove),
    overload("array_join", &[L, T], gives::text, |row| joined(row, None)),
    overload("array_join", &[L, T, T], gives::text, |row| joined(row, Some(row.text(2)))),
    overload("array_distinct", &[L], gives::first, |row| listed(distinct(items(row, 0)?), row)),
    overload("array_sort", &[L], gives::first, sorted),
    overload("array_max", &[L], element, |row| extreme(row, std::cmp::Ordering::Greater)),
    overload("array_min", &[L], element, |row| extreme(row, std::cmp::Ordering::Less)),
    overload("array_union", &[L, L], same, |row| listed(distinct([items(row, 0)?, items(row, 1)?].concat()), row)),
    overload("array_intersect", &[L, L], same, |row| {
        let other = items(row, 1)?;
        listed(distinct(items(row, 0)?.into_iter().filter(|item| other.contains(item)).collect()), row)
    }),
    overload("array_except", &[L, L], same, |row| {
        let other = items(row, 1)?;
        listed(distinct(items(row, 0)?.into_iter().filter(|item| !other.contains(item)).collect()), row)
    }),
    overload("arrays_overlap", &[L, L], |types| same(types).map(|_| DataType::Boolean), overlap),
    overload("slice", &[L, I, I], gives::first, slice),
    overload("trim_array", &[L, I], gives::first, |row| {
        let mut items = items(row, 0)?;
        let kept = usize::try_from(row.int(1)).ok().and_then(|taken| items.len().checked_sub(taken));
        items.truncate(kept.ok_or_else(|| failed("trim_array: the size must be from 0 to the length of the array"))?);
        listed(items, row)
    }),
    overload("reverse", &[L], gives::first, |row| {
        let mut items = items(row, 0)?;
        items.reverse();
        listed(items, row)
    }),
    overload(
        "repeat",
        &[A, I],
        |types| gives::first(types).map(types::list_of),
        |row| {
            let times = usize::try_from(row.int(1)).ok().filter(|&times| times <= 10_000);
            let times = times.ok_or_else(|| failed("repeat: an array has 0 to 10000 elements"))?;
            listed(vec![row.any(0)?; times], row)
        },
    ),
    overload("flatten", &[L], element, |row| {
        let inner = values(&row.list(0))?;
        let mut flat = Vec::new();
        for item in inner {
            if let ScalarValue::List(inner) = item {
                flat.extend(values(&inner.value(0))?);
            }
        }
        listed(flat, row)
    }),
    Overload { variadic: true, ..overload("concat", &[L, L], same, concatenated) },
    overload("concat", &[L, A], |types| with_element(types, list_type(types)?), concatenated),
    overload(
        "concat",
        &[A, L],
        |types| with_element(&[types.get(1).cloned().unwrap_or(DataType::Null), gives::first(types)?], gives::last(types)?),
        concatenated,
    ),
    overload("sequence", &[I, I, I], |_| Ok(types::list_of(DataType::Int64)), sequence),
    // The positions of an array's elements, for WITH ORDINALITY.
    overload(
        "ordinals",
        &[L],
        |_| Ok(types::list_of(DataType::Int64)),
        |row| listed((1..=count(row.list(0).len())).map(ScalarValue::from).collect(), row),
    ),
    Overload { variadic: true, sees_null: true, ..overload("array", &[], array_type, array) },
];

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn list_type(types: &[DataType]) -> Result<DataType> {
    gives::first(types)
}

fn element(types: &[DataType]) -> Result<DataType> {
    match types.first() {
        Some(DataType::List(element)) => Ok(element.data_type().clone()),
        _ => Err(refused("an array is expected")),
    }
}

/// Returns `result`, if the second argument can be an element of the first.
fn with_element(types: &[DataType], result: DataType) -> Result<DataType> {
    let element = element(types)?;
    let value = types.get(1).cloned().unwrap_or(DataType::Null);
    types::common_of("an array and its element", [element, value]).map(|_| result)
}

fn same(types: &[DataType]) -> Result<DataType> {
    types::common_of("a list of arrays", types.iter().cloned())
}

fn values(array: &ArrayRef) -> Result<Vec<ScalarValue>> {
    (0..array.len()).map(|place| ScalarValue::try_from_array(array, place)).collect()
}

/// Returns the elements of an argument; if the result is a list, they have its element type.
fn items(row: &Row, place: usize) -> Result<Vec<ScalarValue>> {
    let items = values(&row.list(place))?;
    match row.gives {
        DataType::List(element) => items.into_iter().map(|item| item.cast_to(element.data_type())).collect(),
        _ => Ok(items),
    }
}

fn listed(items: Vec<ScalarValue>, row: &Row) -> Result<ScalarValue> {
    let DataType::List(element) = row.gives else { return Err(failed("an array is expected")) };
    list(&items, element.data_type())
}

fn at(array: &ArrayRef, place: usize, row: &Row) -> Result<ScalarValue> {
    if place < array.len() { ScalarValue::try_from_array(array, place) } else { ScalarValue::try_from(row.gives) }
}

fn subscript(row: &Row) -> Result<ScalarValue> {
    let array = row.list(0);
    match usize::try_from(row.int(1)) {
        Ok(place) if (1..=array.len()).contains(&place) => at(&array, place - 1, row),
        _ => Err(failed(format!("the array has {} elements: there is no element {}; use element_at(…) for null", array.len(), row.int(1)))),
    }
}

fn element_at(row: &Row) -> Result<ScalarValue> {
    let array = row.list(0);
    let place = match row.int(1) {
        0 => return Err(failed("element_at: positions in an array start at 1")),
        place if place > 0 => place - 1,
        place => count(array.len()) + place,
    };
    at(&array, usize::try_from(place).unwrap_or(usize::MAX), row)
}

/// Returns the elements of the first argument and the second argument, coerced to their common type.
fn array_and_element(row: &Row) -> Result<(Vec<ScalarValue>, ScalarValue)> {
    let (items, wanted) = (values(&row.list(0))?, row.any(1)?);
    let kind = types::common(&row.list(0).data_type().clone(), &wanted.data_type()).unwrap_or(DataType::Null);
    let items = items.into_iter().map(|item| item.cast_to(&kind)).collect::<Result<Vec<_>>>()?;
    Ok((items, wanted.cast_to(&kind)?))
}

fn contains(row: &Row) -> Result<ScalarValue> {
    let (items, wanted) = array_and_element(row)?;
    let is_unknown = items.iter().any(ScalarValue::is_null);
    Ok(ScalarValue::Boolean(if items.contains(&wanted) { Some(true) } else { (!is_unknown).then_some(false) }))
}

fn position(row: &Row) -> Result<ScalarValue> {
    let (items, wanted) = array_and_element(row)?;
    Ok(items.iter().position(|item| *item == wanted).map_or(0, |place| count(place) + 1).into())
}

fn remove(row: &Row) -> Result<ScalarValue> {
    let (_, wanted) = array_and_element(row)?;
    let items = items(row, 0)?;
    let wanted = wanted.cast_to(&element(std::slice::from_ref(row.gives))?)?;
    if items.iter().any(ScalarValue::is_null) {
        return Err(failed("array_remove of an array with a null is not supported here: use filter(…)"));
    }
    listed(items.into_iter().filter(|item| *item != wanted).collect(), row)
}

fn joined(row: &Row, for_null: Option<&str>) -> Result<ScalarValue> {
    let mut parts = Vec::new();
    for item in values(&row.list(0))? {
        if item.is_null() {
            parts.extend(for_null.map(str::to_owned));
        } else {
            parts.push(cast::as_text(&item)?);
        }
    }
    text(parts.join(row.text(1)))
}

fn distinct(items: Vec<ScalarValue>) -> Vec<ScalarValue> {
    let mut seen = std::collections::HashSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

fn sorted(row: &Row) -> Result<ScalarValue> {
    let mut items = items(row, 0)?;
    items.sort_by(|left, right| match (left.is_null(), right.is_null()) {
        (false, false) => left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal),
        (left, right) => left.cmp(&right),
    });
    listed(items, row)
}

fn extreme(row: &Row, better: std::cmp::Ordering) -> Result<ScalarValue> {
    let items = values(&row.list(0))?;
    let Some(first) = items.first().filter(|_| !items.iter().any(ScalarValue::is_null)) else { return ScalarValue::try_from(row.gives) };
    Ok(items.iter().fold(first, |found, item| if item.partial_cmp(found) == Some(better) { item } else { found }).clone())
}

fn overlap(row: &Row) -> Result<ScalarValue> {
    let (left, right) = (values(&row.list(0))?, values(&row.list(1))?);
    if left.iter().zip(&right).any(|(left, right)| left.data_type() != right.data_type()) {
        return Err(failed("arrays_overlap takes arrays of one type: use CAST"));
    }
    let overlaps = left.iter().any(|item| !item.is_null() && right.contains(item));
    let is_unknown = !left.is_empty() && !right.is_empty() && left.iter().chain(&right).any(ScalarValue::is_null);
    Ok(ScalarValue::Boolean(if overlaps { Some(true) } else { (!is_unknown).then_some(false) }))
}

fn slice(row: &Row) -> Result<ScalarValue> {
    let items = items(row, 0)?;
    let (start, length) = (row.int(1), row.int(2));
    if start == 0 || length < 0 {
        return Err(failed("slice: positions in an array start at 1, and the length must not be negative"));
    }
    let first = if start > 0 { start - 1 } else { count(items.len()) + start };
    let (Ok(first), Ok(length)) = (usize::try_from(first), usize::try_from(length)) else { return listed(Vec::new(), row) };
    listed(items.into_iter().skip(first).take(length).collect(), row)
}

fn concatenated(row: &Row) -> Result<ScalarValue> {
    let DataType::List(element) = row.gives else { return Err(failed("an array is expected")) };
    let mut all = Vec::new();
    for place in 0..row.len() {
        match row.any(place)? {
            ScalarValue::List(items) => {
                for item in values(&items.value(0))? {
                    all.push(item.cast_to(element.data_type())?);
                }
            }
            item => all.push(item.cast_to(element.data_type())?),
        }
    }
    listed(all, row)
}

fn array_type(types: &[DataType]) -> Result<DataType> {
    types::common_of("ARRAY[…]", types.iter().cloned()).map(types::list_of)
}

fn array(row: &Row) -> Result<ScalarValue> {
    let DataType::List(element) = row.gives else { return Err(failed("an array is expected")) };
    listed((0..row.len()).map(|place| row.any(place)?.cast_to(element.data_type())).collect::<Result<Vec<_>>>()?, row)
}

/// Returns the numbers from the first argument to the second, both inclusive, in steps of the third; refuses what Trino
/// refuses.
fn sequence(row: &Row) -> Result<ScalarValue> {
    const ENTRIES_MAX: i64 = 10_000;
    let (start, end, step) = (row.int(0), row.int(1), row.int(2));
    let distance = end.checked_sub(start).ok_or_else(|| failed("the ends of a sequence are too far apart"))?;
    if step == 0 || distance.signum() * step.signum() < 0 {
        return Err(failed("the step of a sequence must lead from its start to its stop"));
    }
    let taken_max = distance / step;
    if taken_max >= ENTRIES_MAX {
        return Err(failed("a sequence has at most 10000 entries"));
    }
    listed((0..=taken_max).map(|taken| (start + taken * step).into()).collect(), row)
}
