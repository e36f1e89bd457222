//! `sum` of whole numbers without wraparound.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, Int64Array};
use datafusion::arrow::compute::sum_checked;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_int64_array;
use datafusion::error::Result;
use datafusion::functions_aggregate::sum::Sum as DataFusionSum;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, GroupsAccumulator, Signature};

use super::types::failed;

/// DataFusion's `sum`, except for `bigint`, for which DataFusion wraps around.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Sum {
    inner: DataFusionSum,
}

impl Sum {
    pub fn new() -> Self {
        Self { inner: DataFusionSum::new() }
    }
}

fn is_whole(arguments: &AccumulatorArgs) -> bool {
    *arguments.return_field.data_type() == DataType::Int64 && !arguments.is_distinct
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if is_whole(&arguments) { Ok(Box::new(Checked::default())) } else { self.inner.accumulator(arguments) }
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(arguments)
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !is_whole(&arguments) && self.inner.groups_accumulator_supported(arguments)
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(arguments)
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if is_whole(&arguments) { Ok(Box::new(Checked::default())) } else { self.inner.create_sliding_accumulator(arguments) }
    }
}

#[derive(Debug, Default)]
struct Checked {
    sum: i64,
    values: usize,
}

impl Checked {
    fn add(&mut self, values: &Int64Array) -> Result<()> {
        let sum = sum_checked(values).ok().and_then(|sum| self.sum.checked_add(sum.unwrap_or(0)));
        self.sum = sum
            .ok_or_else(|| failed("sum: the sum is out of range of bigint: use sum(CAST(… AS double)) or sum(CAST(… AS decimal(38,0)))"))?;
        self.values += values.len() - values.null_count();
        Ok(())
    }

    fn value(&self) -> ScalarValue {
        ScalarValue::Int64((self.values > 0).then_some(self.sum))
    }
}

impl Accumulator for Checked {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values.iter().try_for_each(|values| self.add(as_int64_array(values)?))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for values in values {
            let values = as_int64_array(values)?;
            self.sum -= sum_checked(values)?.unwrap_or(0);
            self.values -= values.len() - values.null_count();
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.value())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value()])
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// Returns the function that replaces DataFusion's `sum`.
pub fn function() -> Arc<datafusion::logical_expr::AggregateUDF> {
    Arc::new(Sum::new().into())
}
