//! Resolves types as Trino does, before DataFusion coerces them.
//!
//! DataFusion compares texts with numbers, wraps integers on overflow and truncates in casts. This rule runs first: it
//! gives literals Trino's types, refuses what Trino does not coerce, and replaces operators that differ with functions.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, Between, Case, InList, Like, ScalarFunction, WindowFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable as _, LogicalPlan, ScalarUDF, TryCast, WindowFunctionDefinition};
use datafusion::optimizer::AnalyzerRule;

use super::coerce::{coerced, common, converted, must_be_boolean};
use super::operators::{negative, operator};
use super::types;
use super::types::refused;

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
            let to = |expr: Expr| coerced(expr, &common, schema).map(Box::new);
            Ok(Expr::Between(Between::new(to(*between.expr)?, between.negated, to(*between.low)?, to(*between.high)?)))
        }
        Expr::InList(list) => {
            let common = common("IN", std::iter::once(&*list.expr).chain(&list.list), schema)?;
            let items = list.list.into_iter().map(|item| coerced(item, &common, schema)).collect::<Result<Vec<_>>>()?;
            Ok(Expr::InList(InList::new(Box::new(coerced(*list.expr, &common, schema)?), items, list.negated)))
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
            check_window(&function, schema)?;
            // DataFusion reads counts such as that of `lag(…, 2)` only as `bigint`.
            function.params.args = function.params.args.into_iter().map(widened).collect();
            Ok(Expr::WindowFunction(function))
        }
        other => Ok(other),
    }
}

/// Checks a window function; the argument of an aggregate as without OVER.
fn check_window(function: &WindowFunction, schema: &DFSchema) -> Result<()> {
    if function.params.distinct {
        return Err(refused("DISTINCT with OVER is not in Athena: count in a subquery"));
    }
    if function.params.filter.is_some() {
        return Err(refused("FILTER with OVER is not supported here: use CASE WHEN … THEN … END inside the function"));
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
    let to = |expr: Expr, to: &DataType| coerced(expr, to, schema).map(Box::new);
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
        function.args = function.args.into_iter().map(|argument| coerced(argument, &common, schema)).collect::<Result<Vec<_>>>()?;
    }
    // Refuse unsupported argument types here, before DataFusion coerces them.
    let types = function.args.iter().map(|argument| argument.get_type(schema)).collect::<Result<Vec<_>>>()?;
    if matches!(function.func.signature().type_signature, datafusion::logical_expr::TypeSignature::UserDefined) && !types.is_empty() {
        let wanted = function.func.coerce_types(&types)?;
        function.args =
            function.args.into_iter().zip(&wanted).map(|(argument, to)| coerced(argument, to, schema)).collect::<Result<Vec<_>>>()?;
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
        "min" | "max" if matches!(kind, DataType::List(_)) => refuse("arrays cannot be ordered here"),
        _ => Ok(()),
    }
}
