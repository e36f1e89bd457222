//! Resolves types as Trino does, before DataFusion coerces them.
//!
//! DataFusion compares texts with numbers, wraps integers on overflow and truncates in casts. This rule runs first: it
//! gives literals Trino's types, refuses what Trino does not coerce, and replaces operators that differ with functions.

use datafusion::arrow::datatypes::{DataType, IntervalUnit};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, Between, Case, InList, Like, ScalarFunction, WindowFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Cast, Expr, ExprSchemable as _, LogicalPlan, Operator, ScalarUDF, TryCast, WindowFunctionDefinition,
};
use datafusion::optimizer::AnalyzerRule;

use super::types::refused;
use super::{arithmetic, cast, types};

#[derive(Debug)]
pub struct TrinoTypes;

impl AnalyzerRule for TrinoTypes {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(node)?.data)
    }

    fn name(&self) -> &'static str {
        "trino_types"
    }
}

fn node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    if matches!(plan, LogicalPlan::Limit(_) | LogicalPlan::TableScan(_) | LogicalPlan::Values(_) | LogicalPlan::Explain(_)) {
        return Ok(Transformed::no(plan));
    }
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    let plan = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        // `ORDER BY 1` and similar references are columns by now, so each remaining literal is a value.
        let typed = expr.transform_up(|expr| typed(expr, &schema).map(Transformed::yes))?;
        Ok(Transformed::yes(name.restore(typed.data)))
    })?;
    match &plan.data {
        LogicalPlan::Filter(filter) => must_be_boolean("WHERE", &filter.predicate, &schema)?,
        LogicalPlan::Join(join) => {
            for (left, right) in &join.on {
                types::common_of("`=`", [left.get_type(join.left.schema())?, right.get_type(join.right.schema())?])?;
            }
        }
        LogicalPlan::Union(union) => {
            for columns in union.inputs.windows(2) {
                let [first, second] = columns else { continue };
                for (left, right) in first.schema().fields().iter().zip(second.schema().fields()) {
                    types::common_of("UNION", [left.data_type().clone(), right.data_type().clone()])?;
                }
            }
        }
        _ => {}
    }
    plan.map_data(LogicalPlan::recompute_schema)
}

fn must_be_boolean(what: &str, expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr.get_type(schema)? {
        DataType::Boolean | DataType::Null => Ok(()),
        other => Err(refused(format!("{what} takes a condition, not a value of type {}", types::name(&other)))),
    }
}

fn typed(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    match expr {
        Expr::Literal(ScalarValue::Int64(Some(value)), metadata) => Ok(Expr::Literal(
            i32::try_from(value).map_or(ScalarValue::Int64(Some(value)), |value| ScalarValue::Int32(Some(value))),
            metadata,
        )),
        Expr::Negative(inner) => negative(*inner, schema),
        Expr::BinaryExpr(binary) => operator(binary, schema),
        Expr::Not(inner) => {
            must_be_boolean("NOT", &inner, schema)?;
            Ok(Expr::Not(inner))
        }
        Expr::Between(between) => {
            let common = common("BETWEEN", [&*between.expr, &*between.low, &*between.high], schema)?;
            let to = |expr: Expr| made(expr, &common, schema).map(Box::new);
            Ok(Expr::Between(Between::new(to(*between.expr)?, between.negated, to(*between.low)?, to(*between.high)?)))
        }
        Expr::InList(list) => {
            let common = common("IN", std::iter::once(&*list.expr).chain(&list.list), schema)?;
            let items = list.list.into_iter().map(|item| made(item, &common, schema)).collect::<Result<Vec<_>>>()?;
            Ok(Expr::InList(InList::new(Box::new(made(*list.expr, &common, schema)?), items, list.negated)))
        }
        Expr::InSubquery(query) => {
            let inside = query.subquery.subquery.schema().fields().first().map_or(DataType::Null, |field| field.data_type().clone());
            types::common_of("IN", [query.expr.get_type(schema)?, inside])?;
            Ok(Expr::InSubquery(query))
        }
        Expr::Like(like) => like_texts(like, schema),
        Expr::Case(case) => conditions(case, schema),
        Expr::Cast(Cast { expr, field }) => converted(*expr, field.data_type(), false, schema),
        Expr::TryCast(TryCast { expr, field }) => converted(*expr, field.data_type(), true, schema),
        Expr::ScalarFunction(function) => scalar(function, schema),
        Expr::AggregateFunction(function) => aggregate(function, schema),
        Expr::WindowFunction(mut function) => {
            over(&function, schema)?;
            // DataFusion reads counts such as that of `lag(…, 2)` only as `bigint`.
            function.params.args = function.params.args.into_iter().map(widened).collect();
            Ok(Expr::WindowFunction(function))
        }
        other => Ok(other),
    }
}

/// Checks an aggregate with OVER as one without.
fn over(function: &WindowFunction, schema: &DFSchema) -> Result<()> {
    if function.params.distinct {
        return Err(refused("DISTINCT with OVER is not in Athena: count in a subquery"));
    }
    if function.params.filter.is_some() {
        return Err(refused("FILTER with OVER is not done here: use CASE WHEN … THEN … END inside the function"));
    }
    match &function.fun {
        WindowFunctionDefinition::AggregateUDF(aggregate) => argument_of(aggregate.name(), &function.params.args, schema),
        WindowFunctionDefinition::WindowUDF(_) => Ok(()),
    }
}

fn widened(expr: Expr) -> Expr {
    match expr {
        Expr::Literal(ScalarValue::Int32(Some(value)), metadata) => Expr::Literal(ScalarValue::Int64(Some(value.into())), metadata),
        other => other,
    }
}

fn common<'a>(what: &str, all: impl IntoIterator<Item = &'a Expr>, schema: &DFSchema) -> Result<DataType> {
    let types = all.into_iter().map(|expr| expr.get_type(schema)).collect::<Result<Vec<_>>>()?;
    types::common_of(what, types)
}

/// Coerces the expression to a type; a column of a narrower type stays unchanged next to a literal.
fn made(expr: Expr, to: &DataType, schema: &DFSchema) -> Result<Expr> {
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

fn converted(expr: Expr, to: &DataType, tries: bool, schema: &DFSchema) -> Result<Expr> {
    let from = expr.get_type(schema)?;
    Ok(match cast::way(&from, to, tries)? {
        cast::Way::Same => expr,
        cast::Way::Arrow => Expr::Cast(Cast::new(Box::new(expr), to.clone())),
        cast::Way::Ours(function) => call(function, vec![expr]),
    })
}

fn call(function: ScalarUDF, arguments: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(std::sync::Arc::new(function), arguments))
}

fn negative(inner: Expr, schema: &DFSchema) -> Result<Expr> {
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

fn operator(binary: BinaryExpr, schema: &DFSchema) -> Result<Expr> {
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
                return Err(refused(format!("`{op}` of arrays reads nulls in another way here: use array_join(…), or contains(…)")));
            }
            let common = common(&format!("`{op}`"), [&*left, &*right], schema)?;
            let (left, right) = (made(*left, &common, schema)?, made(*right, &common, schema)?);
            Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))))
        }
        Plus | Minus | Multiply | Divide | Modulo => arithmetic(*left, op, *right, schema),
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

fn arithmetic(left: Expr, op: Operator, right: Expr, schema: &DFSchema) -> Result<Expr> {
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
                    native(made(left, &types::moment(None), schema)?, right)
                }
                _ => native(left, right),
            }
        }
        (other, time) if is_time(time) && is_interval(other) && op == Operator::Plus => arithmetic(right, op, left, schema),
        (left, right) if is_time(left) && is_time(right) => refuse("use date_diff('day', …, …)"),
        (left, right) if is_interval(left) || is_interval(right) => refuse("use date_add('day', …, …)"),
        (left, right) if !types::is_number(left) || !types::is_number(right) => {
            refuse(if is_time(left) { "use date_add('day', …, …)" } else { "use CAST" })
        }
        (whole, other) if whole.is_integer() && other.is_integer() => {
            let common = types::common(whole, other).unwrap_or(DataType::Int64);
            let (left, right) = (made(left, &common, schema)?, made(right, &common, schema)?);
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
                (made(left, &DataType::Decimal128(from.0, from.1), schema)?, made(right, &DataType::Decimal128(to.0, to.1), schema)?);
            match op {
                Operator::Divide | Operator::Modulo => Ok(call(arithmetic::decimals(op, from, to), vec![left, right])),
                _ => native(left, right),
            }
        }
        _ => {
            let common = types::common(&from, &to).unwrap_or(DataType::Float64);
            let (left, right) = (made(left, &common, schema)?, made(right, &common, schema)?);
            Ok(call(arithmetic::checked(op, common), vec![left, right]))
        }
    }
}

/// Returns the largest value of an expression over the numbers of a day, if it is an `integer`.
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

fn like_texts(like: Like, schema: &DFSchema) -> Result<Expr> {
    for side in [&like.expr, &like.pattern] {
        let kind = side.get_type(schema)?;
        if !types::is_text(&kind) && !kind.is_null() {
            return Err(refused(format!("LIKE takes texts, not a value of type {}: use CAST(… AS varchar)", types::name(&kind))));
        }
    }
    Ok(Expr::Like(like))
}

fn conditions(case: Case, schema: &DFSchema) -> Result<Expr> {
    let results = case.when_then_expr.iter().map(|(_, then)| &**then).chain(case.else_expr.as_deref());
    let result = common("CASE", results, schema)?;
    let conditions = case.when_then_expr.iter().map(|(when, _)| &**when);
    let operand = if let Some(operand) = &case.expr {
        Some(common("CASE", conditions.chain([&**operand]), schema)?)
    } else {
        for when in conditions {
            must_be_boolean("WHEN", when, schema)?;
        }
        None
    };
    let to = |expr: Expr, to: &DataType| made(expr, to, schema).map(Box::new);
    let when = |(when, then): (Box<Expr>, Box<Expr>)| {
        let when = match &operand {
            Some(kind) => to(*when, kind)?,
            None => when,
        };
        Ok((when, to(*then, &result)?))
    };
    let expr = case.expr.zip(operand.as_ref()).map(|(expr, kind)| to(*expr, kind)).transpose()?;
    let else_expr = case.else_expr.map(|expr| to(*expr, &result)).transpose()?;
    Ok(Expr::Case(Case::new(expr, case.when_then_expr.into_iter().map(when).collect::<Result<Vec<_>>>()?, else_expr)))
}

fn scalar(mut function: ScalarFunction, schema: &DFSchema) -> Result<Expr> {
    match function.name() {
        "at_timezone" => return zoned(function, schema),
        // DataFusion's planner translates `||` to these functions, which ignore a null array.
        "array_append" | "array_prepend" | "array_concat" => {
            function.func = std::sync::Arc::new(named("concat")?);
        }
        "sequence" => {
            let kind = function.args.first().map(|start| start.get_type(schema)).transpose()?;
            match kind {
                Some(kind) if kind.is_integer() || kind.is_null() => {}
                _ => return Err(refused("sequence takes whole numbers, or dates and an interval of days or months")),
            }
        }
        _ => {}
    }
    if matches!(function.name(), "coalesce" | "nullif") {
        let name = function.name().to_owned();
        let common = common(&name, &function.args, schema)?;
        function.args = function.args.into_iter().map(|argument| made(argument, &common, schema)).collect::<Result<Vec<_>>>()?;
    }
    // Refuse unsupported argument types here, before DataFusion coerces them.
    let types = function.args.iter().map(|argument| argument.get_type(schema)).collect::<Result<Vec<_>>>()?;
    if matches!(function.func.signature().type_signature, datafusion::logical_expr::TypeSignature::UserDefined) && !types.is_empty() {
        let wanted = function.func.coerce_types(&types)?;
        function.args =
            function.args.into_iter().zip(&wanted).map(|(argument, to)| made(argument, to, schema)).collect::<Result<Vec<_>>>()?;
    }
    Ok(Expr::ScalarFunction(function))
}

fn named(name: &'static str) -> Result<ScalarUDF> {
    super::scalar::function(name, super::FAMILIES).ok_or_else(|| refused(format!("`{name}` is missing")))
}

/// Converts a time to a zone. The zone is a part of the type here, so it must be known at planning time.
fn zoned(function: ScalarFunction, schema: &DFSchema) -> Result<Expr> {
    let Ok([time, zone]) = <[Expr; 2]>::try_from(function.args) else { return Err(refused("at_timezone takes a time and a zone")) };
    let Expr::Literal(ScalarValue::Utf8(Some(zone)), _) = zone else {
        return Err(refused("AT TIME ZONE takes a zone that is written out: 'America/Sao_Paulo' or '-03:00'"));
    };
    super::dates::zone(&zone).map_err(|error| refused(error.message()))?;
    match time.get_type(schema)? {
        DataType::Timestamp(unit, _) => converted(time, &DataType::Timestamp(unit, Some(zone.into())), false, schema),
        other => {
            Err(refused(format!("AT TIME ZONE takes a timestamp, not a value of type {}: use CAST(… AS timestamp)", types::name(&other))))
        }
    }
}

fn aggregate(function: AggregateFunction, schema: &DFSchema) -> Result<Expr> {
    if let Some(condition) = &function.params.filter {
        must_be_boolean("FILTER", condition, schema)?;
    }
    argument_of(function.func.name(), &function.params.args, schema)?;
    Ok(Expr::AggregateFunction(function))
}

fn argument_of(name: &str, arguments: &[Expr], schema: &DFSchema) -> Result<()> {
    let kind = arguments.first().map(|argument| argument.get_type(schema)).transpose()?.unwrap_or(DataType::Null);
    let refuse = |instead: &str| Err(refused(format!("{name}({}): {instead}", types::name(&kind))));
    match name {
        "sum" | "avg" | "stddev" | "stddev_pop" | "var" | "var_pop" if !types::is_number(&kind) && !kind.is_null() => {
            refuse("Athena takes a number; use CAST, or count_if(…) for a condition")
        }
        "avg" if matches!(kind, DataType::Decimal128(..)) => {
            refuse("a decimal keeps its scale in Athena, and not here; use CAST(… AS double)")
        }
        "corr" | "covar_pop" | "covar_samp" if kind != DataType::Float64 => refuse("use CAST(… AS double)"),
        "min" | "max" if matches!(kind, DataType::List(_)) => refuse("arrays are not ordered here"),
        _ => Ok(()),
    }
}
