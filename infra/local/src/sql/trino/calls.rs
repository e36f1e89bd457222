//! Rewrites functions of Athena in terms of the functions that are available here.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, LambdaFunction, ObjectName, OrderByExpr, OrderByOptions, TimezoneInfo, UnaryOperator,
    Value,
};

/// The rewritten part, or the reason why it cannot be rewritten.
pub type Done<T = ()> = std::result::Result<T, String>;

fn name(text: &str) -> ObjectName {
    ObjectName::from(vec![Ident::new(text)])
}

fn argument(expr: Expr) -> FunctionArg {
    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
}

pub fn function(text: &str, arguments: Vec<Expr>) -> Function {
    let list = FunctionArgumentList { duplicate_treatment: None, args: arguments.into_iter().map(argument).collect(), clauses: Vec::new() };
    Function {
        name: name(text),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

pub fn call(text: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Function(function(text, arguments))
}

pub fn number(text: &str) -> Expr {
    Expr::Value(Value::Number(text.to_owned(), false).into())
}

pub fn quoted(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).into())
}

pub fn not(expr: Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(expr))) }
}

pub fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}

fn case(condition: Expr, then: Expr, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result: then }],
        else_result: otherwise.map(Box::new),
    }
}

/// Rewrites a function call as a DataFusion call.
pub fn functions(function: Function) -> Done<Expr> {
    let text = function.name.to_string().to_lowercase();
    let count = match &function.args {
        FunctionArguments::List(list) => list.args.len(),
        _ => 0,
    };
    match (text.as_str(), count) {
        ("if", 2 | 3) => if_then_else(function),
        ("count", 0)
        | ("count_if", 1)
        | ("every" | "approx_distinct" | "variance" | "arbitrary" | "any_value" | "max_by" | "min_by" | "listagg", _) => {
            aggregate(&text, function)
        }
        ("count", 2..) => {
            Err("count takes one value in Athena: count the rows of SELECT DISTINCT …, or count(DISTINCT concat(…))".to_owned())
        }
        ("now", 0) => Ok(call("current_timestamp", Vec::new())),
        ("localtimestamp", 0) => Ok(cast(call("current_timestamp", Vec::new()), DataType::Timestamp(Some(3), TimezoneInfo::None))),
        ("from_unixtime", 2) => {
            let [seconds, zone] = both(function)?;
            Ok(call("at_timezone", vec![call("from_unixtime", vec![seconds]), zone]))
        }
        ("with_timezone", 2) => {
            let [wall, zone] = both(function)?;
            Ok(call("at_timezone", vec![call("with_timezone", vec![wall, zone.clone()]), zone]))
        }
        ("sequence", 2) => sequence(function),
        ("sequence", 3) if of_interval(&function) => renamed(function, "date_sequence"),
        ("regexp_extract_all", 2) => {
            let [text, pattern] = both(function)?;
            Ok(call("regexp_extract_all", vec![text, pattern, number("0")]))
        }
        ("mod", 2) => remainder(function),
        ("transform", 2) => renamed(function, "array_transform"),
        ("filter", 2) => renamed(function, "array_filter"),
        ("any_match", 2) => renamed(function, "array_any_match"),
        ("none_match", 2) => renamed(function, "array_any_match").map(not),
        ("all_match", 2) => all_match(function),
        ("try", 1) => try_cast(function),
        _ => Ok(Expr::Function(without_wildcard(function, &text))),
    }
}

fn if_then_else(function: Function) -> Done<Expr> {
    let mut arguments = plain(function)?.into_iter();
    let (Some(condition), Some(then)) = (arguments.next(), arguments.next()) else {
        return Err("if takes a condition and a value".to_owned());
    };
    Ok(case(condition, then, arguments.next()))
}

/// Adds the step of a `sequence` that has none: 1, or −1 from a higher start down.
fn sequence(function: Function) -> Done<Expr> {
    let [start, end] = both(function)?;
    let is_down = Expr::BinaryOp { left: Box::new(start.clone()), op: BinaryOperator::Gt, right: Box::new(end.clone()) };
    let minus_one = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(number("1")) };
    Ok(call("sequence", vec![start, end, case(is_down, minus_one, Some(number("1")))]))
}

fn remainder(function: Function) -> Done<Expr> {
    let [left, right] = both(function)?;
    let nested = |expr| Box::new(Expr::Nested(Box::new(expr)));
    Ok(Expr::Nested(Box::new(Expr::BinaryOp { left: nested(left), op: BinaryOperator::Modulo, right: nested(right) })))
}

/// All match if none matches the opposite.
fn all_match(function: Function) -> Done<Expr> {
    let [array, predicate] = both(function)?;
    let Expr::Lambda(LambdaFunction { params, body, syntax }) = predicate else {
        return Err("all_match takes an array and x -> condition".to_owned());
    };
    let opposite = Expr::Lambda(LambdaFunction { params, body: Box::new(not(*body)), syntax });
    Ok(not(call("array_any_match", vec![array, opposite])))
}

fn try_cast(function: Function) -> Done<Expr> {
    match plain(function)?.pop() {
        Some(Expr::Cast { expr, data_type, array, format, .. }) => {
            Ok(Expr::Cast { kind: CastKind::TryCast, expr, data_type, array, format })
        }
        _ => Err("TRY is supported only around a CAST: use TRY_CAST, `/ nullif(…, 0)`, or element_at(…)".to_owned()),
    }
}

/// Removes `*` from the arguments of every function but `count`.
fn without_wildcard(mut function: Function, text: &str) -> Function {
    if let FunctionArguments::List(list) = &mut function.args {
        list.args.retain(|argument| !matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Wildcard)) || text == "count");
    }
    function
}

fn of_interval(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    matches!(list.args.last(), Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Interval(_)))))
}

/// Returns the arguments of a plain function call, without any other clause.
fn plain(function: Function) -> Done<Vec<Expr>> {
    let text = function.name.to_string();
    let is_plain = function.filter.is_none() && function.over.is_none() && function.within_group.is_empty();
    match function.args {
        FunctionArguments::List(list) if is_plain && list.duplicate_treatment.is_none() && list.clauses.is_empty() => {
            let expr = |argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
                other => Err(format!("{text} does not take `{other}`")),
            };
            list.args.into_iter().map(expr).collect()
        }
        _ => Err(format!("{text} takes values, and nothing else")),
    }
}

fn both(function: Function) -> Done<[Expr; 2]> {
    let text = function.name.to_string();
    plain(function)?.try_into().map_err(|_| format!("{text} takes two values"))
}

fn renamed(function: Function, to: &str) -> Done<Expr> {
    plain(function).map(|arguments| call(to, arguments))
}

/// Rewrites an aggregation that DataFusion has under another name or in another form.
fn aggregate(text: &str, given: Function) -> Done<Expr> {
    let FunctionArguments::List(list) = given.args else { return Err(format!("{text} takes values")) };
    let is_distinct = matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct));
    if !list.clauses.is_empty() || (is_distinct && text != "listagg") {
        return Err(format!("{text} takes neither DISTINCT nor ORDER BY here"));
    }
    let mut arguments = Vec::new();
    for argument in list.args {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else { return Err(format!("{text} does not take `{argument}`")) };
        arguments.push(expr);
    }
    let (mut function, condition) = match text {
        "listagg" => (listagg(arguments, given.within_group, is_distinct)?, None),
        _ => counterpart(text, arguments)?,
    };
    if given.over.is_some() && !matches!(text, "count" | "count_if" | "every" | "variance") {
        return Err(format!("{text} with OVER is not supported here: use first_value(…) OVER (…)"));
    }
    function.filter = both_conditions(given.filter, condition);
    function.over = given.over;
    Ok(Expr::Function(function))
}

/// Returns DataFusion's counterpart of an aggregation, and the condition that its rows must meet.
fn counterpart(text: &str, arguments: Vec<Expr>) -> Done<(Function, Option<Expr>)> {
    let is_not_null = |value: &Expr| Some(Expr::IsNotNull(Box::new(value.clone())));
    let mut arguments = arguments.into_iter();
    Ok(match (text, arguments.next(), arguments.next(), arguments.next()) {
        ("count", None, None, None) => (count_rows(), None),
        ("count_if", Some(condition), None, None) => (count_rows(), Some(condition)),
        ("every", Some(value), None, None) => (function("bool_and", vec![value]), None),
        ("variance", Some(value), None, None) => (function("var_samp", vec![value]), None),
        // An exact count satisfies an approximate one.
        ("approx_distinct", Some(value), _, None) => (distinct(function("count", vec![value])), None),
        ("arbitrary" | "any_value", Some(value), None, None) => {
            let condition = is_not_null(&value);
            (function("first_value", vec![value]), condition)
        }
        ("max_by" | "min_by", Some(value), Some(by), None) => {
            let condition = is_not_null(&by);
            let options = OrderByOptions { asc: Some(text == "min_by"), nulls_first: Some(false) };
            (ordered(function("first_value", vec![value]), vec![OrderByExpr { expr: by, options, with_fill: None }]), condition)
        }
        _ => return Err(format!("{text} with these arguments is not supported here, or not in Athena")),
    })
}

fn listagg(arguments: Vec<Expr>, within: Vec<OrderByExpr>, is_distinct: bool) -> Done<Function> {
    let mut arguments = arguments.into_iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(value), separator, None) if !within.is_empty() => {
            let joined = ordered(function("string_agg", vec![value, separator.unwrap_or_else(|| quoted(""))]), within);
            Ok(if is_distinct { distinct(joined) } else { joined })
        }
        _ => Err("listagg needs WITHIN GROUP (ORDER BY …)".to_owned()),
    }
}

fn both_conditions(filter: Option<Box<Expr>>, condition: Option<Expr>) -> Option<Box<Expr>> {
    let nested = |expr| Box::new(Expr::Nested(expr));
    match (filter, condition.map(Box::new)) {
        (Some(left), Some(right)) => Some(Box::new(Expr::BinaryOp { left: nested(left), op: BinaryOperator::And, right: nested(right) })),
        (filter, condition) => filter.or(condition),
    }
}

fn count_rows() -> Function {
    let mut function = function("count", Vec::new());
    if let FunctionArguments::List(list) = &mut function.args {
        list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Wildcard));
    }
    function
}

fn distinct(mut function: Function) -> Function {
    if let FunctionArguments::List(list) = &mut function.args {
        list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
    }
    function
}

fn ordered(mut function: Function, by: Vec<OrderByExpr>) -> Function {
    if let FunctionArguments::List(list) = &mut function.args {
        list.clauses.push(FunctionArgumentClause::OrderBy(by));
    }
    function
}
