//! Joins with one row of constants, such as the CTE `parametros` of the saved questions.
//!
//! Trino replaces such a join with a projection (rule `ReplaceJoinOverConstantWithProject`), so that a filter that
//! compares partition columns with the constants selects the partitions. DataFusion 55 has no such rule; this module
//! implements it.

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Column, JoinType};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Filter, Join, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::AnalyzerRule;

/// Replaces joins with, and scalar subqueries of, one row of constants by the constants.
#[derive(Debug)]
pub(super) struct InlineConstants;

impl AnalyzerRule for InlineConstants {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let plan = plan.transform_up_with_subqueries(|plan| match plan {
            LogicalPlan::Join(join) => Ok(without_join(&join)?.map_or_else(|| Transformed::no(LogicalPlan::Join(join)), Transformed::yes)),
            LogicalPlan::Filter(filter) => without_subqueries(filter),
            other => Ok(Transformed::no(other)),
        })?;
        Ok(plan.data)
    }

    fn name(&self) -> &'static str {
        "inline_constants"
    }
}

/// Returns the other side of the join with the constants as columns, if one side is a row of constants.
fn without_join(join: &Join) -> Result<Option<LogicalPlan>> {
    if join.join_type != JoinType::Inner || !join.on.is_empty() {
        return Ok(None);
    }
    let columns = |plan: &LogicalPlan| plan.schema().columns().into_iter().map(Expr::Column).collect::<Vec<_>>();
    let (left, right) = (&join.left, &join.right);
    let (rows, projection) = match (constants(left)?, constants(right)?) {
        (_, Some(values)) => (left, [columns(left), named(values, right)].concat()),
        (Some(values), None) => (right, [named(values, left), columns(right)].concat()),
        (None, None) => return Ok(None),
    };
    let plan = LogicalPlanBuilder::from(LogicalPlan::clone(rows)).project(projection)?;
    match &join.filter {
        Some(condition) => plan.filter(condition.clone())?,
        None => plan,
    }
    .build()
    .map(Some)
}

/// Aliases the values to the column names of `plan`.
fn named(values: Vec<Expr>, plan: &LogicalPlan) -> Vec<Expr> {
    values.into_iter().zip(plan.schema().columns()).map(|(value, column)| value.alias_qualified(column.relation, column.name)).collect()
}

/// Replaces each subquery `(SELECT desde FROM parametros)` in the filter by its constant.
fn without_subqueries(filter: Filter) -> Result<Transformed<LogicalPlan>> {
    let predicate = filter.predicate.transform(|expr| {
        let Expr::ScalarSubquery(subquery) = &expr else { return Ok(Transformed::no(expr)) };
        let mut values = constants(&subquery.subquery)?.unwrap_or_default();
        Ok(match values.pop() {
            Some(value) if values.is_empty() => Transformed::yes(value),
            _ => Transformed::no(expr),
        })
    })?;
    predicate.map_data(|predicate| Filter::try_new(predicate, filter.input).map(LogicalPlan::Filter))
}

/// Returns the values of the plan's columns, if it produces exactly one row and reads no table.
fn constants(plan: &LogicalPlan) -> Result<Option<Vec<Expr>>> {
    match plan {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => Ok(Some(vec![])),
        LogicalPlan::SubqueryAlias(alias) => constants(&alias.input),
        LogicalPlan::Values(rows) => Ok(match rows.values.as_slice() {
            [row] if row.iter().all(is_constant) => Some(row.clone()),
            _ => None,
        }),
        LogicalPlan::Projection(projection) => {
            let Some(inner) = constants(&projection.input)? else { return Ok(None) };
            let columns = projection.input.schema().columns();
            let values = projection.expr.iter().map(|expr| with_values(expr, &columns, &inner)).collect::<Result<Vec<_>>>()?;
            Ok(values.iter().all(is_constant).then_some(values))
        }
        _ => Ok(None),
    }
}

/// Replaces the columns in the expression by the values.
fn with_values(expr: &Expr, columns: &[Column], values: &[Expr]) -> Result<Expr> {
    let replaced = expr.clone().unalias().transform(|expr| {
        let Expr::Column(column) = &expr else { return Ok(Transformed::no(expr)) };
        let value = columns.iter().zip(values).find_map(|(name, value)| (name == column).then(|| value.clone()));
        Ok(value.map_or_else(|| Transformed::no(expr), Transformed::yes))
    })?;
    Ok(replaced.data)
}

/// Returns whether the expression has one value for the whole statement. `random()` has a different one for each row.
fn is_constant(expr: &Expr) -> bool {
    !expr.is_volatile() && expr.column_refs().is_empty() && !expr.contains_outer() && !contains_subquery(expr)
}

pub(super) fn contains_subquery(expr: &Expr) -> bool {
    let is_subquery =
        |expr: &Expr| matches!(expr, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_));
    expr.exists(|expr| Ok(is_subquery(expr))).unwrap_or(true)
}
