//! `CROSS JOIN UNNEST(…)` of an array that comes from the left side.
//!
//! DataFusion 55 plans it as a join with a subquery that refers to the outer row, and then cannot execute it. This
//! module rewrites the join to an equivalent plan: the left side, with the array added to each row, unnested.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Column, JoinType, NullHandling, TableReference};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, LogicalPlanBuilder, Subquery};
use datafusion::optimizer::AnalyzerRule;

/// The rewrite rule, to run before types are resolved.
#[derive(Debug)]
pub(super) struct LateralUnnest;

impl AnalyzerRule for LateralUnnest {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let plan = plan.transform_up_with_subqueries(|plan| {
            Ok(match &plan {
                LogicalPlan::Join(join) => unnested(join)?.map_or_else(|| Transformed::no(plan), Transformed::yes),
                _ => Transformed::no(plan),
            })
        })?;
        Ok(plan.data)
    }

    fn name(&self) -> &'static str {
        "lateral_unnest"
    }
}

/// Returns the join without a subquery, if it is an `UNNEST` of its left side.
fn unnested(join: &Join) -> Result<Option<LogicalPlan>> {
    if join.join_type != JoinType::Inner || !join.on.is_empty() || join.filter.is_some() {
        return Ok(None);
    }
    let Some((subquery, alias)) = subquery(&join.right) else { return Ok(None) };
    let Some(plan) = unnest_rows_of(&subquery.subquery, &join.left)? else { return Ok(None) };
    let array = subquery.subquery.schema().columns().into_iter().map(|column| {
        let name = column.name.clone();
        Expr::Column(column).alias_qualified(alias.clone(), name)
    });
    let columns = columns_of(&join.left).chain(array).collect::<Vec<_>>();
    LogicalPlanBuilder::from(plan).project(columns)?.build().map(Some)
}

fn subquery(plan: &LogicalPlan) -> Option<(&Subquery, Option<TableReference>)> {
    match plan {
        LogicalPlan::Subquery(subquery) => Some((subquery, None)),
        LogicalPlan::SubqueryAlias(alias) => match &*alias.input {
            LogicalPlan::Subquery(subquery) => Some((subquery, Some(alias.alias.clone()))),
            _ => None,
        },
        _ => None,
    }
}

/// Replaces the single empty row in the planner's `UNNEST` by the rows of `left`, whose columns stay first.
fn unnest_rows_of(plan: &LogicalPlan, left: &Arc<LogicalPlan>) -> Result<Option<LogicalPlan>> {
    match plan {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => Ok(Some(LogicalPlan::clone(left))),
        LogicalPlan::Projection(projection) => {
            let Some(input) = unnest_rows_of(&projection.input, left)? else { return Ok(None) };
            let own = projection.expr.iter().cloned().map(without_outer).collect::<Result<Vec<_>>>()?;
            LogicalPlanBuilder::from(input).project(columns_of(left).chain(own))?.build().map(Some)
        }
        LogicalPlan::Unnest(unnest) => {
            let Some(input) = unnest_rows_of(&unnest.input, left)? else { return Ok(None) };
            // As in Trino, a row without an array produces no row.
            let options = unnest.options.clone().with_null_handling(NullHandling::Drop);
            LogicalPlanBuilder::from(input).unnest_columns_with_options(unnest.exec_columns.clone(), options)?.build().map(Some)
        }
        _ => Ok(None),
    }
}

fn columns_of(plan: &LogicalPlan) -> impl Iterator<Item = Expr> + use<> {
    let columns: Vec<Column> = plan.schema().columns();
    columns.into_iter().map(Expr::Column)
}

/// Turns outer columns of the expression into plain columns: both are in the same plan now.
fn without_outer(expr: Expr) -> Result<Expr> {
    let own = expr.transform(|expr| {
        Ok(match expr {
            Expr::OuterReferenceColumn(_, column) => Transformed::yes(Expr::Column(column)),
            other => Transformed::no(other),
        })
    })?;
    Ok(own.data)
}
