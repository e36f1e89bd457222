//! Rewrites Athena's functions and operators in DataFusion's terms, before planning.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::error::Result;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, CeilFloorKind, DataType, DateTimeField, ExactNumberInfo, Expr, Ident, LimitClause, Query, SelectItem, SetExpr, Statement,
    Subscript, TableFactor, TimezoneInfo, TrimWhereField, TypedString, Value, VisitMut as _, VisitorMut,
};

use super::calls::{Done, call, cast, functions, not, number, quoted};
use super::types::refused;
use super::{chains, hints};

/// Rewrites a statement whose grammar is already checked; `known` holds the names of the functions that may be called.
pub fn rewrite(statement: &mut Statement, known: &HashSet<String>) -> Result<()> {
    if let Statement::Query(query) = statement {
        name_columns(query);
    }
    match statement.visit(&mut Rewrite { known, levels: 0 }) {
        ControlFlow::Break(message) => Err(refused(message)),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Names unnamed result columns `_col0` and so on, as Athena does.
fn name_columns(query: &mut Query) {
    let mut body = &mut *query.body;
    loop {
        body = match body {
            SetExpr::Query(inner) => &mut *inner.body,
            SetExpr::SetOperation { left, .. } => &mut **left,
            SetExpr::Select(select) => {
                for (place, item) in select.projection.iter_mut().enumerate() {
                    if let SelectItem::UnnamedExpr(expr) = item
                        && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
                    {
                        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::new(format!("_col{place}")) };
                    }
                }
                return;
            }
            _ => return,
        }
    }
}

/// Maximum number of levels of an expression, and of set operations in a query. In a debug build, 400 additions are planned
/// in a second, 800 in four and 5,000 in more than ten minutes.
const LEVELS_MAX: usize = 500;

struct Rewrite<'a> {
    known: &'a HashSet<String>,
    /// Levels above the expression that is visited.
    levels: usize,
}

fn too_deep() -> ControlFlow<String> {
    ControlFlow::Break(format!(
        "the statement nests more than {LEVELS_MAX} levels, and each operator of a chain is one, except AND, OR and UNION; split it, or use a list: \
         `IN (…)`, `concat(…)`"
    ))
}

impl VisitorMut for Rewrite<'_> {
    type Break = String;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        if chains::balance_unions(&mut query.body) > LEVELS_MAX {
            return too_deep();
        }
        if let Some(fetch) = query.fetch.take() {
            let rows = Some(fetch.quantity.unwrap_or_else(|| number("1")));
            query.limit_clause = match query.limit_clause.take() {
                None => Some(LimitClause::LimitOffset { limit: rows, offset: None, limit_by: Vec::new() }),
                Some(LimitClause::LimitOffset { limit: None, offset, limit_by }) => {
                    Some(LimitClause::LimitOffset { limit: rows, offset, limit_by })
                }
                Some(_) => return ControlFlow::Break("a query has either LIMIT or FETCH FIRST".to_owned()),
            };
        }
        ControlFlow::Continue(())
    }

    /// Runs after function names are checked.
    fn post_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<String> {
        if let TableFactor::UNNEST { array_exprs, with_ordinality, .. } = table
            && *with_ordinality
        {
            let [array] = array_exprs.as_slice() else {
                return ControlFlow::Break("WITH ORDINALITY of more than one array is not supported here".to_owned());
            };
            array_exprs.push(call("ordinals", vec![array.clone()]));
            *with_ordinality = false;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        chains::balance(expr);
        self.levels += 1;
        if self.levels > LEVELS_MAX {
            return too_deep();
        }
        if let Expr::Function(function) = expr {
            let name = function.name.to_string().to_lowercase();
            let is_window_only = WINDOW_ONLY.contains(&&*name) && function.over.is_none();
            if is_window_only || !(self.known.contains(&name) || REWRITTEN.contains(&&*name)) {
                return ControlFlow::Break(hints::unknown_function(&name));
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        self.levels -= 1;
        let taken = std::mem::replace(expr, Expr::Value(Value::Null.into()));
        match rewritten(taken) {
            Ok(done) => {
                *expr = done;
                ControlFlow::Continue(())
            }
            Err(message) => ControlFlow::Break(message),
        }
    }
}

const WINDOW_ONLY: &[&str] =
    &["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value"];

/// Names that DataFusion never sees, because they are rewritten here.
const REWRITTEN: &[&str] = &[
    "all_match",
    "any_match",
    "any_value",
    "approx_distinct",
    "arbitrary",
    "at_timezone",
    "count_if",
    "every",
    "filter",
    "from_unixtime",
    "if",
    "listagg",
    "localtimestamp",
    "max_by",
    "min_by",
    "mod",
    "none_match",
    "now",
    "transform",
    "try",
    "variance",
];

fn rewritten(expr: Expr) -> Done<Expr> {
    Ok(match expr {
        Expr::Function(function) => functions(function)?,
        Expr::Value(ref value) => match &value.value {
            Value::Number(text, _) if text.contains(['e', 'E']) && !text.starts_with("0x") => {
                cast(quoted(text), DataType::Double(ExactNumberInfo::None))
            }
            Value::Number(text, _)
                if !text.contains('.') && text.parse::<i64>().is_err() && text.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                return Err(format!("the number {text} is out of range of bigint: write it with a point, as a decimal"));
            }
            Value::Number(text, _) if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
                return Err(format!("the number {text} is not supported here: write it in decimal digits"));
            }
            _ => expr,
        },
        Expr::AtTimeZone { timestamp, time_zone } => call("at_timezone", vec![*timestamp, *time_zone]),
        Expr::Extract { field, expr, .. } => call(part(&field)?, vec![*expr]),
        Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => call("floor", vec![*expr]),
        Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => call("ceil", vec![*expr]),
        Expr::Floor { .. } | Expr::Ceil { .. } => {
            return Err("floor and ceil take a number in Athena: use date_trunc for a time".to_owned());
        }
        Expr::Position { expr, r#in } => call("strpos", vec![*r#in, *expr]),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let from = substring_from.map_or_else(|| number("1"), |from| *from);
            call("substr", [Some(*expr), Some(from), substring_for.map(|length| *length)].into_iter().flatten().collect())
        }
        Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
            let name = match trim_where {
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
                _ => "trim",
            };
            call(name, std::iter::once(*expr).chain(trim_what.map(|what| *what)).chain(trim_characters.into_iter().flatten()).collect())
        }
        Expr::Array(array) => call("array", array.elem),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let mut array = *root;
            for access in access_chain {
                let AccessExpr::Subscript(Subscript::Index { index }) = access else {
                    return Err("fields of a row are not supported here".to_owned());
                };
                array = call("subscript", vec![array, index]);
            }
            array
        }
        Expr::Like { negated, expr, pattern, escape_char, any } => {
            like(negated, any, *expr, *pattern, escape_char.map(|escape| escape.value))?
        }
        Expr::Cast { kind, expr, data_type, array, format } => Expr::Cast { kind, expr, data_type: typed(data_type)?, array, format },
        Expr::TypedString(literal) => literal_of(literal)?,
        Expr::AnyOp { ref right, .. } | Expr::AllOp { ref right, .. } if !matches!(**right, Expr::Subquery(_)) => {
            return Err("ANY and ALL take a subquery in Athena: use contains(array, element), or any_match(array, x -> …)".to_owned());
        }
        other => other,
    })
}

/// Returns the function for a part of a date.
fn part(field: &DateTimeField) -> Done<&'static str> {
    let name = field.to_string().to_lowercase();
    let known = [
        "year",
        "quarter",
        "month",
        "week",
        "day",
        "day_of_month",
        "day_of_week",
        "dow",
        "day_of_year",
        "doy",
        "year_of_week",
        "yow",
        "hour",
        "minute",
        "second",
    ];
    known.into_iter().find(|known| *known == name).ok_or_else(|| {
        format!(
            "EXTRACT({field} FROM …) is not in Athena, or not here: it has {}; for seconds since 1970 use to_unixtime(…)",
            known.join(", ").to_uppercase()
        )
    })
}

fn like(negated: bool, any: bool, expr: Expr, pattern: Expr, escape: Option<Value>) -> Done<Expr> {
    let is_plain =
        matches!(&pattern, Expr::Value(value) if matches!(&value.value, Value::SingleQuotedString(text) if !text.contains('\\')));
    if is_plain && escape.is_none() {
        return Ok(Expr::Like { negated, any, expr: Box::new(expr), pattern: Box::new(pattern), escape_char: None });
    }
    let escape = match escape {
        Some(Value::SingleQuotedString(escape)) => Some(quoted(&escape)),
        Some(other) => return Err(format!("ESCAPE takes a text of one character, not {other}")),
        None => None,
    };
    let matched = call("like", [Some(expr), Some(pattern), escape].into_iter().flatten().collect());
    Ok(if negated { not(matched) } else { matched })
}

/// Returns a type of Athena as DataFusion writes it.
fn typed(data_type: DataType) -> Done<DataType> {
    use DataType::{
        Array, BigInt, Boolean, Date, Decimal, Double, DoublePrecision, Int, Integer, Real, SmallInt, Timestamp, TinyInt, Varchar,
    };
    Ok(match data_type {
        Boolean
        | TinyInt(None)
        | SmallInt(None)
        | Int(None)
        | Integer(None)
        | BigInt(None)
        | Double(ExactNumberInfo::None)
        | DoublePrecision
        | Date
        | Array(_)
        | Decimal(ExactNumberInfo::PrecisionAndScale(..)) => data_type,
        Varchar(_) => Varchar(None),
        Decimal(ExactNumberInfo::None) => Decimal(ExactNumberInfo::PrecisionAndScale(38, 0)),
        Decimal(ExactNumberInfo::Precision(precision)) => Decimal(ExactNumberInfo::PrecisionAndScale(precision, 0)),
        Timestamp(None | Some(3), zone) => Timestamp(Some(3), zone),
        DataType::Text | DataType::String(_) => {
            return Err(format!("CAST AS {data_type}: the type is called varchar in a query of Athena"));
        }
        Real => return Err("CAST AS real: its arithmetic is not supported here; use double".to_owned()),
        DataType::Float(_) => return Err("CAST AS FLOAT: the type is called real in a query of Athena, or double".to_owned()),
        other => {
            return Err(format!(
                "CAST AS {other} is not in Athena, or not supported here: write boolean, integer, bigint, double, decimal(p,s), varchar, date or timestamp"
            ));
        }
    })
}

/// Rewrites `DATE '…'` and similar literals.
fn literal_of(literal: TypedString) -> Done<Expr> {
    let Value::SingleQuotedString(text) = &literal.value.value else { return Err(format!("{literal} is not a literal of Athena")) };
    match &literal.data_type {
        DataType::Decimal(ExactNumberInfo::None) if text.parse::<f64>().is_ok() => Ok(number(text)),
        DataType::Timestamp(None, TimezoneInfo::None) => {
            let mut parts = text.trim().splitn(3, ' ');
            let (day, time, zone) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
            let wall = time.map_or_else(|| day.to_owned(), |time| format!("{day} {time}"));
            let digits = match wall.split_once('.').map_or(0, |(_, fraction)| fraction.len()) {
                0 => 0,
                3 => 3,
                _ => return Err(format!("{literal}: write no digits after the second, or three")),
            };
            let wall = cast(quoted(&wall), DataType::Timestamp(Some(digits), TimezoneInfo::None));
            Ok(match zone {
                Some(zone) => call("at_timezone", vec![call("with_timezone", vec![wall, quoted(zone)]), quoted(zone)]),
                None => wall,
            })
        }
        DataType::Time(..) => Err(format!("{literal}: times of day without a date are not supported here")),
        _ => Ok(cast(quoted(text), typed(literal.data_type.clone())?)),
    }
}
