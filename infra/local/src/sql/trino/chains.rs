//! Long chains of one operator, rebuilt as balanced trees.
//!
//! The parser makes each operator of `a OR b OR c` a level, and planning takes time that grows with the square of the
//! levels or faster. `AND`, `OR` and `UNION` are associative, so their operands can be paired in any way; their order stays.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, SetExpr, SetOperator, SetQuantifier, Value, Values};

/// Shorter chains are left as they are.
const CHAIN_MIN: usize = 16;

/// Balances the chain of `AND` or of `OR` that begins at this expression.
pub fn balance(expr: &mut Expr) {
    let Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } = &*expr else { return };
    let op = op.clone();
    let chain = std::iter::successors(Some(&*expr), |expr| match expr {
        Expr::BinaryOp { left, op: next, .. } if *next == op => Some(left),
        _ => None,
    });
    if chain.count() < CHAIN_MIN {
        return;
    }
    let (mut operands, mut rest) = (Vec::new(), std::mem::replace(expr, Expr::Value(Value::Null.into())));
    loop {
        match rest {
            Expr::BinaryOp { left, op: next, right } if next == op => {
                operands.push(*right);
                rest = *left;
            }
            first => {
                operands.push(first);
                break;
            }
        }
    }
    operands.reverse();
    let join = |left, right| Expr::BinaryOp { left: Box::new(left), op: op.clone(), right: Box::new(right) };
    if let Some(tree) = paired(operands, join) {
        *expr = tree;
    }
}

/// Balances the chain of `UNION ALL` or of `UNION` that begins at this query; returns the number of levels that remain.
pub fn balance_unions(body: &mut SetExpr) -> usize {
    let levels = |body: &SetExpr| {
        let chain = std::iter::successors(Some(body), |body| match body {
            SetExpr::SetOperation { left, .. } => Some(left),
            _ => None,
        });
        chain.count()
    };
    let SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, .. } = &*body else { return levels(body) };
    let quantifier = *set_quantifier;
    if levels(body) < CHAIN_MIN || !matches!(quantifier, SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None) {
        return levels(body);
    }
    let empty = SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: Vec::new() });
    let (mut operands, mut rest) = (Vec::new(), std::mem::replace(body, empty));
    loop {
        match rest {
            SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right } if set_quantifier == quantifier => {
                operands.push(*right);
                rest = *left;
            }
            first => {
                operands.push(first);
                break;
            }
        }
    }
    operands.reverse();
    let join = |left, right| SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: quantifier,
        left: Box::new(left),
        right: Box::new(right),
    };
    if let Some(tree) = paired(operands, join) {
        *body = tree;
    }
    levels(body)
}

/// Joins neighbours until one is left.
fn paired<T>(mut operands: Vec<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    while operands.len() > 1 {
        let mut rest = operands.into_iter();
        let mut joined = Vec::new();
        while let Some(left) = rest.next() {
            joined.push(match rest.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        operands = joined;
    }
    operands.pop()
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::ast::{Query, Statement};
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn query(sql: &str) -> Box<Query> {
        match Parser::parse_sql(&GenericDialect {}, sql).unwrap().pop() {
            Some(Statement::Query(query)) => query,
            other => panic!("{other:?}"),
        }
    }

    fn depth(expr: &Expr) -> usize {
        match expr {
            Expr::BinaryOp { left, right, .. } => 1 + depth(left).max(depth(right)),
            _ => 1,
        }
    }

    #[test]
    fn a_chain_becomes_a_shallow_tree_in_the_same_order() {
        for (link, is_balanced) in [(" OR ", true), (" AND ", true), (" + ", false)] {
            let text = (0..100).map(|number| format!("a{number}")).collect::<Vec<_>>().join(link);
            let mut expr = Parser::new(&GenericDialect {}).try_with_sql(&text).unwrap().parse_expr().unwrap();
            assert_eq!(depth(&expr), 100);
            balance(&mut expr);
            assert_eq!(depth(&expr), if is_balanced { 8 } else { 100 }, "{link}");
            assert_eq!(expr.to_string(), text);
        }
    }

    #[test]
    fn a_chain_of_unions_becomes_a_shallow_tree_and_other_chains_stay() {
        for (link, levels) in [(" UNION ALL ", 8), (" UNION ", 8), (" EXCEPT ", 100), (" INTERSECT ", 100)] {
            let text = (0..100).map(|number| format!("SELECT {number}")).collect::<Vec<_>>().join(link);
            let mut query = query(&text);
            assert_eq!(balance_unions(&mut query.body), levels, "{link}");
            assert_eq!(query.to_string(), text);
        }
        // In a mixed chain, the order of `UNION` and `UNION ALL` determines which duplicates remain.
        let mut mixed = query(&format!("SELECT 0 UNION {}", vec!["SELECT 1"; 20].join(" UNION ALL ")));
        assert_eq!(balance_unions(&mut mixed.body), 7);
        assert!(mixed.to_string().starts_with("SELECT 0 UNION SELECT 1 UNION ALL"));
    }
}
