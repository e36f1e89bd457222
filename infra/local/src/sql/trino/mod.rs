//! Trino's semantics of SQL, which are Athena's: the same value, or an error with advice on what to write instead.
//!
//! Only reviewed features are available: functions are those of this folder and the few of DataFusion with the same
//! meaning, and the syntax is what [`syntax`] accepts. `conformance/` has statements with Trino's answers, and a test
//! compares them.

mod analyze;
mod arithmetic;
mod arrays;
mod calls;
mod cast;
mod chains;
mod coerce;
mod dates;
mod dialect;
mod gives;
mod hints;
mod numbers;
mod operators;
mod patterns;
mod regex;
mod rewrite;
mod scalar;
mod sum;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod types;

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::functions_aggregate as aggregates;
use datafusion::logical_expr::{AggregateUDF, LogicalPlan, ScalarUDF};
use datafusion::optimizer::AnalyzerRule;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};

pub(super) use analyze::TrinoTypes;
use scalar::{Overload, overload};
use types::refused;

/// Functions that only [`rewrite`] calls.
const INTERNAL: &[&str] =
    &["array", "array_any_match", "array_filter", "array_transform", "date_sequence", "like", "ordinals", "string_agg", "subscript"];

/// DataFusion's names of functions that Athena has under other names.
const OF_DATAFUSION: &[&str] = &["covar", "generate_series", "mean", "range", "var", "var_population", "var_sample"];

const OTHERS: &[Overload] = &[
    overload("at_timezone", &[scalar::Kind::Zoned, scalar::Kind::Text], gives::utc, |row| row.any(0)),
    overload("current_timezone", &[], gives::text, |_| scalar::text(types::UTC)),
];

const FAMILIES: &[&[Overload]] = &[
    arrays::FUNCTIONS,
    dates::FUNCTIONS,
    dates::PARTS,
    numbers::FUNCTIONS,
    patterns::FUNCTIONS,
    regex::FUNCTIONS,
    text::FUNCTIONS,
    OTHERS,
];

/// Sets DataFusion's options to Trino's behaviour.
pub(super) fn configure(config: &mut SessionConfig) {
    let options = config.options_mut();
    "nulls_last".clone_into(&mut options.sql_parser.default_null_ordering);
    options.sql_parser.parse_float_as_decimal = true;
    // A filter pushed down for one aggregation would hide rows from the others, if those are over expressions
    // (DataFusion 55).
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    options.execution.time_zone = Some(types::UTC.to_owned());
}

/// Creates a state with Athena's functions and those in `more`.
pub(super) fn state(
    config: SessionConfig,
    rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>>,
    more: impl IntoIterator<Item = ScalarUDF>,
) -> SessionState {
    let own = scalar::functions(FAMILIES).into_iter().chain(more);
    let equal = [datafusion::functions::core::coalesce(), datafusion::functions::core::nullif()];
    let functions = own.map(Arc::new).chain(equal).collect();
    SessionStateBuilder::new_with_default_features()
        .with_config(config)
        .with_analyzer_rules(rules)
        .with_scalar_functions(functions)
        .with_aggregate_functions(aggregations())
        .build()
}

fn aggregations() -> Vec<Arc<AggregateUDF>> {
    vec![
        sum::function(),
        aggregates::array_agg::array_agg_udaf(),
        aggregates::average::avg_udaf(),
        aggregates::bool_and_or::bool_and_udaf(),
        aggregates::bool_and_or::bool_or_udaf(),
        aggregates::correlation::corr_udaf(),
        aggregates::count::count_udaf(),
        aggregates::covariance::covar_pop_udaf(),
        aggregates::covariance::covar_samp_udaf(),
        aggregates::first_last::first_value_udaf(),
        aggregates::first_last::last_value_udaf(),
        aggregates::grouping::grouping_udaf(),
        aggregates::min_max::max_udaf(),
        aggregates::min_max::min_udaf(),
        aggregates::nth_value::nth_value_udaf(),
        aggregates::stddev::stddev_pop_udaf(),
        aggregates::stddev::stddev_udaf(),
        aggregates::string_agg::string_agg_udaf(),
        aggregates::variance::var_pop_udaf(),
        aggregates::variance::var_samp_udaf(),
    ]
}

/// Plans one statement of Athena's SQL.
pub(super) async fn plan(context: &SessionContext, sql: &str) -> Result<LogicalPlan> {
    dialect::check_tokens(sql)?;
    let mut statements = DFParser::parse_sql_with_dialect(sql, &dialect::Athena)?;
    let (Some(mut statement), true) = (statements.pop_front(), statements.is_empty()) else {
        return Err(refused("`sql` takes one statement"));
    };
    let state = context.state();
    let mut known: HashSet<String> =
        state.scalar_functions().keys().chain(state.aggregate_functions().keys()).chain(state.window_functions().keys()).cloned().collect();
    known.retain(|name| !INTERNAL.contains(&&**name) && !OF_DATAFUSION.contains(&&**name));
    let mut inner = &mut statement;
    while let Statement::Explain(explain) = inner {
        inner = &mut *explain.statement;
    }
    if let Statement::Statement(statement) = inner {
        syntax::check(statement)?;
        rewrite::rewrite(statement, &known)?;
    }
    let plan = state.statement_to_plan(statement).await?;
    if let Some(column) =
        plan.schema().fields().iter().find(|field| matches!(field.data_type(), DataType::Interval(_) | DataType::Duration(_)))
    {
        return Err(refused(format!(
            "column `{}` is an interval, which is shown differently here: use date_diff('second', …, …)",
            column.name()
        )));
    }
    Ok(plan)
}

/// Extracts the part about types from a message of DataFusion.
pub(super) fn plain(message: &str) -> &str {
    let inner = message.split_once("coercion failed with: Error during planning: ").map_or(message, |(_, inner)| inner);
    inner.split_once(" No function matches the given name").map_or(inner, |(inner, _)| inner.trim_end_matches('.'))
}

/// Returns the schema of REF as Athena has it: its timestamps have no zone.
pub(super) fn schema(of_files: &Schema) -> Schema {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Timestamp(unit, Some(_)) => Field::clone(field).with_data_type(DataType::Timestamp(*unit, None)),
        _ => Field::clone(field),
    };
    Schema::new(of_files.fields().iter().map(field).collect::<Vec<_>>())
}
