//! Refuses syntax that DataFusion accepts and Athena's grammar does not.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::error::Result;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, DateTimeField, Distinct, Expr, Fetch, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator,
    Query, Select, SelectItem, SetExpr, Statement, TableFactor, UnaryOperator, Value, Visit as _, Visitor,
};
use tweets::columns;

use super::types::refused;

/// Refuses a statement that Athena refuses or would read differently.
pub fn check(statement: &Statement) -> Result<()> {
    match statement.visit(&mut Check::default()) {
        ControlFlow::Break(message) => Err(refused(message)),
        ControlFlow::Continue(()) => Ok(()),
    }
}

#[derive(Default)]
struct Check {
    /// The columns of each CTE.
    ctes: HashMap<String, Vec<String>>,
}

type Checked = ControlFlow<String>;

fn refuse(message: impl Into<String>) -> Checked {
    ControlFlow::Break(message.into())
}

impl Visitor for Check {
    type Break = String;

    fn pre_visit_query(&mut self, query: &Query) -> Checked {
        if !query.pipe_operators.is_empty() || query.for_clause.is_some() || !query.locks.is_empty() {
            return refuse("a query ends with ORDER BY, OFFSET and LIMIT in Athena");
        }
        if let Some(with) = &query.with {
            if with.recursive {
                return refuse("WITH RECURSIVE is not supported here");
            }
            for cte in &with.cte_tables {
                let mut columns = Columns::default();
                let _ = cte.query.visit(&mut columns);
                columns.names.extend(cte.alias.columns.iter().map(|column| column.name.value.to_lowercase()));
                self.ctes.insert(cte.alias.name.value.to_lowercase(), columns.names);
            }
        }
        match &query.fetch {
            Some(Fetch { with_ties, percent, .. }) if *with_ties || *percent => {
                refuse("FETCH FIRST … WITH TIES is not supported here: use rank()")
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> Checked {
        if matches!(select.distinct, Some(Distinct::On(_))) {
            return refuse("DISTINCT ON is not in Athena: use row_number() OVER (PARTITION BY … ORDER BY …), and `= 1` outside");
        }
        if select.top.is_some() {
            return refuse("TOP is not in Athena: use LIMIT");
        }
        if select.qualify.is_some() {
            return refuse("QUALIFY is not in Athena: name the window function in a subquery, and write WHERE outside");
        }
        if !select.lateral_views.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
        {
            return refuse("LATERAL VIEW and SORT BY are Hive's: use CROSS JOIN UNNEST(…) and ORDER BY");
        }
        if matches!(&select.group_by, GroupByExpr::All(_)) {
            return refuse("GROUP BY ALL is not in Athena: name the columns, or write their positions: GROUP BY 1, 2");
        }
        for item in &select.projection {
            if let SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) = item
                && (options.opt_exclude.is_some()
                    || options.opt_except.is_some()
                    || options.opt_replace.is_some()
                    || options.opt_rename.is_some())
            {
                return refuse("`*` with EXCLUDE, EXCEPT, REPLACE or RENAME is not in Athena: name the columns");
            }
        }
        if select.projection.iter().any(|item| matches!(item, SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\''))) {
            return refuse("a name in single quotes: Athena quotes names with double quotes");
        }
        select.from.iter().flat_map(|from| &from.joins).try_for_each(joined)?;
        select.selection.iter().chain(&select.having).try_for_each(in_subqueries)?;
        self.aliases(select)
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> Checked {
        match table {
            TableFactor::Table { name, .. } if name.to_string().to_lowercase().contains("information_schema") => {
                refuse("information_schema is not the one of Athena here: use DESCRIBE tweets")
            }
            TableFactor::Table { args: None, sample: None, version: None, .. }
            | TableFactor::Derived { lateral: false, sample: None, .. }
            | TableFactor::UNNEST { with_offset: false, .. }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            TableFactor::Table { sample: Some(_), .. } => refuse("TABLESAMPLE is not supported here: it returns different rows each time"),
            _ => refuse("this kind of table is not supported here: use a table, a subquery, or CROSS JOIN UNNEST(…)"),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Checked {
        match expr {
            Expr::ILike { .. } => refuse("ILIKE is not in Athena: write lower(…) LIKE 'pattern in lower case'"),
            Expr::SimilarTo { .. } | Expr::RLike { .. } => refuse("SIMILAR TO and RLIKE are not in Athena: use regexp_like(…, '…')"),
            Expr::IsTrue(_) | Expr::IsFalse(_) | Expr::IsNotTrue(_) | Expr::IsNotFalse(_) | Expr::IsUnknown(_) | Expr::IsNotUnknown(_) => {
                refuse("IS TRUE and the like are not in Athena: write the condition itself, or coalesce(…, false)")
            }
            Expr::BinaryOp { op, .. } => operator(op),
            Expr::Exists { subquery, .. } => exists(subquery),
            Expr::Cast { data_type: DataType::Varchar(Some(_)), .. } => {
                refuse("CAST(… AS varchar(n)) fails in Athena for a longer text: use CAST(… AS varchar), and substr(…, 1, n) to cut it")
            }
            Expr::Interval(interval) => interval_literal(&interval.value, interval.leading_field.as_ref(), interval.last_field.is_some()),
            Expr::Value(value) => match &value.value {
                Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => ControlFlow::Continue(()),
                other => refuse(format!("{other} is not a literal of Athena")),
            },
            Expr::UnaryOp { op: UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not, .. }
            | Expr::Cast { kind: CastKind::Cast | CastKind::TryCast, format: None, .. }
            | Expr::Like { any: false, .. }
            | Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::CompoundFieldAccess { .. }
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::AtTimeZone { .. }
            | Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Nested(_)
            | Expr::TypedString(_)
            | Expr::Function(_)
            | Expr::Case { .. }
            | Expr::Subquery(_)
            | Expr::GroupingSets(_)
            | Expr::Cube(_)
            | Expr::Rollup(_)
            | Expr::Array(_)
            | Expr::Lambda(_)
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. }
            | Expr::Wildcard(_)
            | Expr::Tuple(_) => ControlFlow::Continue(()),
            other => refuse(format!("`{other}` is not supported here, or not in Athena")),
        }
    }
}

fn joined(join: &Join) -> Checked {
    use JoinOperator::{CrossJoin, FullOuter, Inner, Left, LeftOuter, Right, RightOuter};
    match &join.join_operator {
        CrossJoin(_) => ControlFlow::Continue(()),
        JoinOperator::Join(on) | Inner(on) => constraint(on),
        _ if matches!(join.relation, TableFactor::UNNEST { .. }) => {
            refuse("an outer join with UNNEST is not supported here: use CROSS JOIN UNNEST(…), and UNION ALL the rows without elements")
        }
        Left(on) | LeftOuter(on) | Right(on) | RightOuter(on) | FullOuter(on) => constraint(on),
        _ => refuse("Athena has JOIN, LEFT JOIN, RIGHT JOIN, FULL JOIN and CROSS JOIN; for others use IN or EXISTS with a subquery"),
    }
}

fn constraint(on: &JoinConstraint) -> Checked {
    match on {
        JoinConstraint::On(_) => ControlFlow::Continue(()),
        JoinConstraint::Using(_) => refuse("USING returns different columns here than in Athena: use JOIN … ON a.k = b.k"),
        JoinConstraint::Natural => refuse("NATURAL JOIN is not in Athena: use JOIN … ON a.k = b.k"),
        JoinConstraint::None => refuse("JOIN needs ON in Athena; every combination of rows is CROSS JOIN"),
    }
}

/// Refuses `IN (SELECT …)` below anything but AND: there, DataFusion treats a null differently from Athena.
fn in_subqueries(condition: &Expr) -> Checked {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            in_subqueries(left)?;
            in_subqueries(right)
        }
        Expr::Nested(inner) => in_subqueries(inner),
        Expr::InSubquery { .. } => ControlFlow::Continue(()),
        other => other.visit(&mut BelowAnd::default()),
    }
}

/// Finds an `IN (SELECT …)` of a condition itself, not of its subqueries.
#[derive(Default)]
struct BelowAnd {
    queries: usize,
}

impl Visitor for BelowAnd {
    type Break = String;

    fn pre_visit_query(&mut self, _: &Query) -> Checked {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> Checked {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Checked {
        match expr {
            Expr::InSubquery { .. } if self.queries == 0 => {
                refuse("IN (SELECT …) below OR, NOT, CASE or IS NULL treats nulls differently here: use EXISTS, or a LEFT JOIN")
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Refuses `EXISTS` over an aggregate without GROUP BY: in Athena that has one row, even over no rows.
fn exists(query: &Query) -> Checked {
    const AGGREGATES: [&str; 7] = ["arbitrary", "avg", "count", "count_if", "max", "min", "sum"];
    let SetExpr::Select(select) = &*query.body else { return ControlFlow::Continue(()) };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let is_aggregate = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(Expr::Function(call)) | SelectItem::ExprWithAlias { expr: Expr::Function(call), .. } => {
            call.over.is_none() && AGGREGATES.contains(&call.name.to_string().to_lowercase().as_str())
        }
        _ => false,
    };
    if !is_grouped && select.projection.iter().any(is_aggregate) {
        return refuse("EXISTS over an aggregate without GROUP BY is always true in Athena: leave the aggregate out");
    }
    ControlFlow::Continue(())
}

fn operator(op: &BinaryOperator) -> Checked {
    use BinaryOperator::{And, Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Or, Plus, StringConcat};
    match op {
        And | Divide | Eq | Gt | GtEq | Lt | LtEq | Minus | Modulo | Multiply | NotEq | Or | Plus | StringConcat => {
            ControlFlow::Continue(())
        }
        BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGRegexNotIMatch => refuse(format!("`{op}` is not an operator of Athena: use regexp_like(…, '…')")),
        BinaryOperator::BitwiseAnd | BinaryOperator::BitwiseOr | BinaryOperator::BitwiseXor => {
            refuse(format!("`{op}` is not an operator of Athena: use bitwise_and(…, …), bitwise_or(…, …) or bitwise_xor(…, …)"))
        }
        other => refuse(format!("`{other}` is not an operator of Athena")),
    }
}

fn interval_literal(value: &Expr, unit: Option<&DateTimeField>, has_last: bool) -> Checked {
    use DateTimeField::{Day, Hour, Minute, Month, Second, Year};
    let is_whole = match value {
        Expr::Value(value) => {
            matches!(&value.value, Value::SingleQuotedString(text) if text.trim_start_matches(['-', '+']).bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty())
        }
        _ => false,
    };
    match unit {
        Some(Year | Month | Day | Hour | Minute | Second) if is_whole && !has_last => ControlFlow::Continue(()),
        _ => refuse(
            "an interval is a whole number and a unit: INTERVAL '1' DAY (YEAR, MONTH, DAY, HOUR, MINUTE or SECOND); write weeks as days",
        ),
    }
}

impl Check {
    /// Athena does not resolve aliases of the SELECT list in GROUP BY and HAVING; DataFusion does.
    fn aliases(&self, select: &Select) -> Checked {
        let mut columns = Columns::default();
        let _ = select.from.visit(&mut columns);
        for table in std::mem::take(&mut columns.tables) {
            columns.names.extend(self.ctes.get(&table).into_iter().flatten().cloned());
        }
        let mut renamed = Vec::new();
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && !is_column(expr, alias)
                && !is_column_name(&alias.value)
                && !columns.names.contains(&alias.value.to_lowercase())
            {
                renamed.push(alias.value.to_lowercase());
            }
        }
        let mut names = Names(Vec::new());
        if let GroupByExpr::Expressions(keys, _) = &select.group_by {
            let _ = keys.visit(&mut names);
        }
        if let Some(having) = &select.having {
            let _ = having.visit(&mut names);
        }
        match names.0.iter().find(|name| renamed.contains(name)) {
            Some(name) => refuse(format!(
                "`{name}` is a name of the SELECT list, which Athena does not resolve in GROUP BY and HAVING: repeat the expression, or write its position: GROUP BY 1"
            )),
            None => ControlFlow::Continue(()),
        }
    }
}

/// The names of tables and columns that a part of a statement introduces.
#[derive(Default)]
struct Columns {
    tables: Vec<String>,
    names: Vec<String>,
}

impl Visitor for Columns {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => self.names.push(alias.value.to_lowercase()),
                SelectItem::UnnamedExpr(Expr::Identifier(name)) => self.names.push(name.value.to_lowercase()),
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => {
                    self.names.extend(names.last().map(|name| name.value.to_lowercase()));
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<()> {
        let alias = match table {
            TableFactor::Table { name, alias, .. } => {
                self.tables.push(name.to_string().to_lowercase());
                alias
            }
            TableFactor::Derived { alias, .. } | TableFactor::UNNEST { alias, .. } => alias,
            _ => return ControlFlow::Continue(()),
        };
        let columns = alias.iter().flat_map(|alias| &alias.columns);
        self.names.extend(columns.map(|column| column.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }
}

fn is_column(expr: &Expr, alias: &Ident) -> bool {
    match expr {
        Expr::Identifier(name) => name.value.eq_ignore_ascii_case(&alias.value),
        Expr::CompoundIdentifier(names) => names.last().is_some_and(|name| name.value.eq_ignore_ascii_case(&alias.value)),
        _ => false,
    }
}

/// Returns whether the name is a column of the table or of a view, which then takes precedence.
fn is_column_name(name: &str) -> bool {
    let name = name.to_lowercase();
    name == "palavra"
        || [columns::ANO, columns::MES, columns::DIA].contains(&&*name)
        || rows::schema().fields().iter().any(|field| *field.name() == name)
}

struct Names(Vec<String>);

impl Visitor for Names {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Identifier(name) = expr {
            self.0.push(name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }
}
