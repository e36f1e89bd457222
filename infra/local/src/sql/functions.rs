//! Functions of Athena (Trino) that DataFusion lacks, and the clock.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::array::builder::{Int64Builder, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::common::cast::{as_int64_array, as_string_array};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use regex::Regex;

use super::trino;

/// Returns all of them; `now` is the value of `current_date` and `current_timestamp`.
pub(super) fn all(now: DateTime<Utc>) -> [ScalarUDF; 4] {
    let zone = Some(Arc::from("+00:00"));
    let today = ScalarValue::Date32(i32::try_from(now.timestamp().div_euclid(86_400)).ok());
    let instant = ScalarValue::TimestampMillisecond(Some(now.timestamp_millis()), zone.clone());
    let list = |element| DataType::List(Arc::new(Field::new_list_field(element, true)));
    [
        constant("current_date", DataType::Date32, today),
        constant("current_timestamp", DataType::Timestamp(TimeUnit::Millisecond, zone), instant),
        over_rows("regexp_extract_all", vec![DataType::Utf8, DataType::Utf8, DataType::Int64], list(DataType::Utf8), {
            let patterns = Patterns::default();
            move |arguments| regexp_extract_all(&patterns, arguments)
        }),
        over_rows("sequence", vec![DataType::Int64; 3], list(DataType::Int64), sequence),
    ]
}

fn constant(name: &str, data_type: DataType, value: ScalarValue) -> ScalarUDF {
    create_udf(name, vec![], data_type, Volatility::Stable, Arc::new(move |_| Ok(ColumnarValue::Scalar(value.clone()))))
}

fn over_rows(
    name: &str,
    takes: Vec<DataType>,
    gives: DataType,
    rows: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> ScalarUDF {
    let function = move |values: &[ColumnarValue]| rows(&ColumnarValue::values_to_arrays(values)?).map(ColumnarValue::Array);
    create_udf(name, takes, gives, Volatility::Immutable, Arc::new(function))
}

/// The last pattern used, compiled.
///
/// A file is a batch of at most 100 texts, and all batches of a statement use the same pattern. Compiling that of
/// `palavras` and building its search states takes longer than searching a batch, so both are kept.
#[derive(Default)]
struct Patterns(Mutex<Option<(String, Arc<Regex>)>>);

impl Patterns {
    fn compiled(&self, pattern: &str) -> Result<Arc<Regex>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let regex = match last.take() {
            Some((known, regex)) if known == pattern => regex,
            _ => Arc::new(trino::compile(pattern)?),
        };
        *last = Some((pattern.to_owned(), Arc::clone(&regex)));
        Ok(regex)
    }
}

/// `regexp_extract_all(text, pattern, group)`: returns that group of each match, null where the group did not participate
/// in the match.
fn regexp_extract_all(compiled: &Patterns, arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let [texts, patterns, groups] = arguments else { return Err(wrong("regexp_extract_all takes a text, a pattern and a group")) };
    let (texts, patterns, groups) = (as_string_array(texts)?, as_string_array(patterns)?, as_int64_array(groups)?);
    let mut found = ListBuilder::new(StringBuilder::new());
    for ((text, pattern), group) in texts.iter().zip(patterns).zip(groups) {
        let (Some(text), Some(pattern), Some(group)) = (text, pattern, group) else {
            found.append_null();
            continue;
        };
        let regex = compiled.compiled(pattern)?;
        let group = usize::try_from(group).ok().filter(|&group| group < regex.captures_len());
        let group = group.ok_or_else(|| wrong("regexp_extract_all: the pattern does not have that group"))?;
        for captures in regex.captures_iter(text) {
            found.values().append_option(captures.get(group).map(|found| found.as_str()));
        }
        found.append(true);
    }
    Ok(Arc::new(found.finish()))
}

/// `sequence(start, stop, step)`: both ends are inclusive; refuses what Trino refuses.
fn sequence(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    const ENTRIES_MAX: i64 = 10_000;
    let [starts, ends, steps] = arguments else { return Err(wrong("sequence takes a start, a stop and a step")) };
    let (starts, ends, steps) = (as_int64_array(starts)?, as_int64_array(ends)?, as_int64_array(steps)?);
    let mut lists = ListBuilder::new(Int64Builder::with_capacity(starts.len()));
    for ((start, end), step) in starts.iter().zip(ends).zip(steps) {
        let (Some(start), Some(end), Some(step)) = (start, end, step) else {
            lists.append_null();
            continue;
        };
        let distance = end.checked_sub(start).ok_or_else(|| wrong("the ends of a sequence are too far apart"))?;
        if step == 0 || distance.signum() * step.signum() < 0 {
            return Err(wrong("the step of a sequence must lead from its start to its stop"));
        }
        let taken_max = distance / step;
        if taken_max >= ENTRIES_MAX {
            return Err(wrong("a sequence has at most 10000 entries"));
        }
        (0..=taken_max).for_each(|taken| lists.values().append_value(start + taken * step));
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

fn wrong(message: &str) -> DataFusionError {
    DataFusionError::Execution(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Int64Array, StringArray};
    use datafusion::arrow::util::display::array_value_to_string;

    fn texts(texts: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(texts.to_vec()))
    }

    fn numbers(numbers: &[Option<i64>]) -> ArrayRef {
        Arc::new(Int64Array::from(numbers.to_vec()))
    }

    #[track_caller]
    fn check(answer: Result<ArrayRef>, want: &str) {
        let shown = match answer {
            Ok(rows) => array_value_to_string(&rows, 0).unwrap(),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, want);
    }

    #[test]
    fn regexp_extract_all_has_the_results_of_trino() {
        let extract = |text, pattern, group| {
            regexp_extract_all(&Patterns::default(), &[texts(&[text]), texts(&[Some(pattern)]), numbers(&[Some(group)])])
        };
        check(extract(Some("a1 b2"), "([a-z])([0-9])", 0), "[a1, b2]");
        check(extract(Some("a1 b2"), "([a-z])([0-9])", 2), "[1, 2]");
        check(extract(Some("a1 b"), "[0-9]|([a-z])", 1), "[a, , b]"); // the digit matches without the group
        check(extract(Some(""), "a", 0), "[]");
        check(extract(None, "a", 0), "");
        let refused = "Execution error: regexp_extract_all: the pattern does not have that group";
        check(extract(Some("a"), "a", 1), refused);
        check(extract(Some("a"), "a", -1), refused);
        assert!(extract(Some("a"), "(", 0).is_err());
    }

    #[test]
    fn batches_with_one_pattern_share_the_compiled_regex() {
        let patterns = Patterns::default();
        let first = patterns.compiled("a+").unwrap();
        assert!(Arc::ptr_eq(&first, &patterns.compiled("a+").unwrap()));
        assert!(patterns.compiled("(").is_err());
        assert_eq!(patterns.compiled("b").unwrap().as_str(), "b");
    }

    #[test]
    fn sequence_has_the_results_of_trino() {
        let count = |start, stop, step| sequence(&[numbers(&[start]), numbers(&[stop]), numbers(&[step])]);
        check(count(Some(0), Some(599), Some(300)), "[0, 300]");
        check(count(Some(0), Some(600), Some(300)), "[0, 300, 600]");
        check(count(Some(5), Some(5), Some(1)), "[5]");
        check(count(Some(2), Some(0), Some(-1)), "[2, 1, 0]");
        check(count(None, Some(0), Some(1)), "");
        let refused = "Execution error: the step of a sequence must lead from its start to its stop";
        check(count(Some(1), Some(0), Some(1)), refused);
        check(count(Some(0), Some(1), Some(0)), refused);
        check(count(Some(0), Some(10_000), Some(1)), "Execution error: a sequence has at most 10000 entries");
        check(count(Some(i64::MIN), Some(i64::MAX), Some(1)), "Execution error: the ends of a sequence are too far apart");
    }
}
