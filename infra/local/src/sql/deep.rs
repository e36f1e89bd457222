//! Deeply nested statements: planned and executed on large stacks.
//!
//! The planner and the optimizer recurse once per level of a statement, and each `OR` or `UNION ALL` of a chain is a
//! level. The stacks are reserved address space: an ordinary statement touches a few pages.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use tokio::runtime::{Builder, Runtime};

use crate::Outcome;

/// Maximum number of words and operators in a statement, without literals and commas. Each may be a level; a list of
/// ten thousand ids adds none.
const LEVELS_MAX: usize = 10_000;
/// Maximum number of brackets inside each other. Near its own limit of 50 the parser tries each level twice.
const NESTED_MAX: usize = 40;
/// Stack size of the planning thread and of the threads that execute a plan. In a debug build planning takes about 45
/// KB per level.
const PLANNING_STACK_BYTES: usize = 2 << 30;
const WORKER_STACK_BYTES: usize = 256 << 20;
/// Maximum number of threads that read files; each has such a stack.
const READERS_MAX: usize = 16;

/// Refuses a statement that may nest deeper than the stacks allow.
pub(super) fn check(statement: &str) -> Outcome {
    // The parser refuses an invalid statement, with a better reason.
    let tokens = Tokenizer::new(&GenericDialect {}, statement).tokenize().unwrap_or_default();
    let levels = tokens.iter().filter(|token| is_level(token)).count();
    if levels > LEVELS_MAX {
        return Err(format!(
            "the statement has {levels} words and operators; the limit is {LEVELS_MAX}; use `IN (…)` instead of a chain of `OR`, \
             or split the statement"
        )
        .into());
    }
    let nested = deepest(&tokens);
    if nested > NESTED_MAX {
        return Err(format!("the statement nests brackets {nested} deep; the limit is {NESTED_MAX}; split it").into());
    }
    Ok(())
}

/// Returns how many brackets are open at the deepest place.
fn deepest(tokens: &[Token]) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket => open += 1,
            Token::RParen | Token::RBracket => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

fn is_level(token: &Token) -> bool {
    !matches!(token, Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::SingleQuotedString(_) | Token::EOF)
}

/// Runs `work` on its own thread and runtime, both with large stacks.
pub(crate) fn on_large_stacks<T: Send>(work: impl FnOnce(&Runtime) -> T + Send) -> Outcome<T> {
    let on_thread = || {
        let threads =
            Builder::new_multi_thread().enable_all().thread_stack_size(WORKER_STACK_BYTES).max_blocking_threads(READERS_MAX).build();
        threads.map(|runtime| {
            let worked = work(&runtime);
            runtime.shutdown_background(); // an abandoned query may still occupy its threads
            worked
        })
    };
    let worked = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(PLANNING_STACK_BYTES).spawn_scoped(scope, on_thread)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let explained = |error| format!("cannot start the threads of `sql`: {error}; a limit of memory (`ulimit -v`) may be too low");
    Ok(worked.map_err(explained)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_nest_only_as_deep_as_the_parser_can_read_fast() {
        let nested = |levels: usize| check(&format!("SELECT {}1{}", "(".repeat(levels), ")".repeat(levels)));
        assert!(nested(NESTED_MAX).is_ok());
        assert!(nested(NESTED_MAX + 1).unwrap_err().to_string().contains("nests brackets 41 deep"));
    }

    #[test]
    fn a_list_may_be_long_but_a_chain_may_not() {
        let ids: Vec<String> = (0..20_000).map(|id| id.to_string()).collect();
        assert!(check(&format!("SELECT 1 FROM tweets WHERE id IN ({})", ids.join(", "))).is_ok());
        for chain in [ids.join(" OR "), ids.join("+"), vec!["SELECT 1"; 5_000].join(" UNION ALL ")] {
            assert!(check(&chain).unwrap_err().to_string().contains("the limit is 10000"));
        }
        assert!(check("SELECT 'not closed").is_ok(), "the parser reports what is wrong");
    }
}
