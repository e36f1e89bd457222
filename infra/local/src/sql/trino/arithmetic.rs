//! `+ - * / %` of numbers: a result that does not fit its type is an error, as is NaN, and decimals keep Trino's scale.

use datafusion::arrow::array::Datum;
use datafusion::arrow::array::cast::AsArray as _;
use datafusion::arrow::array::types::Float64Type;
use datafusion::arrow::compute::kernels::numeric;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::numbers::{Rounding, divided};
use super::types::{self, failed};

#[derive(Debug, PartialEq, Eq, Hash)]
struct Arithmetic {
    operator: Operator,
    gives: DataType,
    signature: Signature,
}

/// Returns the operator over two values of the type, which is also that of the result.
pub fn checked(operator: Operator, gives: DataType) -> ScalarUDF {
    ScalarUDF::from(Arithmetic { operator, gives, signature: Signature::any(2, Volatility::Immutable) })
}

/// Returns `/` or `%` of two decimals, with the scale that Trino gives the result.
pub fn decimals(operator: Operator, left: (u8, i8), right: (u8, i8)) -> ScalarUDF {
    let scale = left.1.max(right.1);
    let digits = match operator {
        Operator::Divide => i16::from(left.0) + i16::from(right.1) + i16::from((right.1 - left.1).max(0)),
        _ => (i16::from(left.0) - i16::from(left.1)).min(i16::from(right.0) - i16::from(right.1)) + i16::from(scale),
    };
    let precision = u8::try_from(digits.clamp(1, 38)).unwrap_or(38);
    checked(operator, DataType::Decimal128(precision, scale))
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &str {
        match self.operator {
            Operator::Plus => "plus",
            Operator::Minus => "minus",
            Operator::Multiply => "times",
            Operator::Divide => "divided_by",
            _ => "modulo",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.gives.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = <[ColumnarValue; 2]>::try_from(arguments.args).map_err(|_| failed("an operator takes two values"))?;
        if let (ColumnarValue::Scalar(left), ColumnarValue::Scalar(right)) = (&left, &right) {
            let both = (left.to_array()?, right.to_array()?);
            let answer = if let DataType::Decimal128(..) = self.gives {
                self.decimal(left, right)?
            } else {
                ScalarValue::try_from_array(&self.whole(&both.0, &both.1)?, 0)?
            };
            return Ok(ColumnarValue::Scalar(answer));
        }
        let rows = arguments.number_rows;
        let (left, right) = (left.into_array(rows)?, right.into_array(rows)?);
        if !matches!(self.gives, DataType::Decimal128(..)) {
            return Ok(ColumnarValue::Array(self.whole(&left, &right)?));
        }
        if rows == 0 {
            return Ok(ColumnarValue::Array(datafusion::arrow::array::new_empty_array(&self.gives)));
        }
        let row = |row| self.decimal(&ScalarValue::try_from_array(&left, row)?, &ScalarValue::try_from_array(&right, row)?);
        ScalarValue::iter_to_array((0..rows).map(row).collect::<Result<Vec<_>>>()?).map(ColumnarValue::Array)
    }
}

impl Arithmetic {
    fn whole(&self, left: &dyn Datum, right: &dyn Datum) -> Result<datafusion::arrow::array::ArrayRef> {
        let answer = match self.operator {
            Operator::Plus => numeric::add(left, right),
            Operator::Minus => numeric::sub(left, right),
            Operator::Multiply => numeric::mul(left, right),
            Operator::Divide => numeric::div(left, right),
            _ => numeric::rem(left, right),
        };
        let answer = answer.map_err(|error| match error {
            ArrowError::DivideByZero => by_zero(),
            _ => failed(format!("a number is out of range of {}: use CAST(… AS bigint) or CAST(… AS double)", types::name(&self.gives))),
        })?;
        // Comparisons, ORDER BY and aggregates treat NaN differently here than in Athena, so it is refused where it arises.
        let has_nan = answer.as_primitive_opt::<Float64Type>().is_some_and(|values| values.iter().flatten().any(f64::is_nan));
        if has_nan {
            return Err(failed("0e0 / 0 and the like are NaN in Athena, which is not supported here: use nullif(…, 0)"));
        }
        Ok(answer)
    }

    fn decimal(&self, left: &ScalarValue, right: &ScalarValue) -> Result<ScalarValue> {
        let DataType::Decimal128(precision, scale) = self.gives else { return ScalarValue::try_from(&self.gives) };
        let (ScalarValue::Decimal128(Some(left), _, left_scale), ScalarValue::Decimal128(Some(right), _, right_scale)) = (left, right)
        else {
            return ScalarValue::try_from(&self.gives);
        };
        if *right == 0 {
            return Err(by_zero());
        }
        let shifted = |value: i128, by: i8| 10_i128.checked_pow(u32::try_from(by).unwrap_or(0)).and_then(|power| value.checked_mul(power));
        let answer = match self.operator {
            Operator::Divide => shifted(*left, scale - left_scale + right_scale).map(|left| divided(left, *right, Rounding::Half)),
            _ => shifted(*left, scale - left_scale).zip(shifted(*right, scale - right_scale)).map(|(left, right)| left % right),
        };
        let fits = |value: &i128| 10_i128.checked_pow(precision.into()).is_none_or(|limit| value.abs() < limit);
        let answer = answer.filter(fits).ok_or_else(|| failed("a decimal is out of range: use CAST(… AS double)"))?;
        Ok(ScalarValue::Decimal128(Some(answer), precision, scale))
    }
}

fn by_zero() -> datafusion::error::DataFusionError {
    failed("division by zero: use nullif(…, 0)")
}
