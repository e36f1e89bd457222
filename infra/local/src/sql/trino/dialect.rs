//! The dialect of the parser, and the checks that need the tokens.

use std::any::TypeId;

use datafusion::error::Result;
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::types::refused;

/// Athena's SQL, as far as the parser can be configured.
#[derive(Debug)]
pub struct Athena;

impl Dialect for Athena {
    /// The parser enables UNNEST and its ORDINALITY for a few dialects only, which it recognises by type.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_identifier_start(&self, char: char) -> bool {
        char.is_ascii_alphabetic() || char == '_'
    }

    fn is_identifier_part(&self, char: char) -> bool {
        char.is_ascii_alphanumeric() || char == '_'
    }

    fn is_delimited_identifier_start(&self, char: char) -> bool {
        char == '"' || char == '`' // the latter is refused later, with its name in the error
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_within_after_array_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    /// Parts of a date such as `YEAR_OF_WEEK`.
    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        false
    }

    fn supports_subquery_as_function_arg(&self) -> bool {
        false
    }
}

/// Checks the tokens, some of which the parser discards.
pub fn check_tokens(sql: &str) -> Result<()> {
    let Ok(tokens) = Tokenizer::new(&Athena, sql).tokenize() else { return Ok(()) }; // the parser reports it better
    let (mut depth, mut limits) = (0_usize, vec![false]);
    for pair in tokens.windows(2) {
        if let [Token::Number(number, _), Token::Word(word)] = pair {
            return Err(refused(format!("`{number}{}` is not supported here: write the number in decimal digits alone", word.value)));
        }
    }
    for token in &tokens {
        match token {
            Token::LParen => {
                depth += 1;
                limits.truncate(depth);
                limits.push(false);
            }
            Token::RParen => depth = depth.saturating_sub(1),
            Token::DoubleEq => return Err(refused("`==` is not an operator of Athena: write `=`")),
            Token::DoubleColon => return Err(refused("`::` is not an operator of Athena: write CAST(… AS …)")),
            Token::Word(word) if word.quote_style == Some('`') => {
                return Err(refused(format!("`{}` in backticks: Athena quotes names with double quotes", word.value)));
            }
            Token::Word(word) if word.quote_style.is_none() => match word.keyword {
                Keyword::LIMIT => limits.iter_mut().skip(depth).take(1).for_each(|limit| *limit = true),
                Keyword::OFFSET if limits.get(depth) == Some(&true) => {
                    return Err(refused("LIMIT before OFFSET: Athena takes OFFSET … LIMIT …"));
                }
                Keyword::UNION | Keyword::SELECT => limits.iter_mut().skip(depth).take(1).for_each(|limit| *limit = false),
                _ => {}
            },
            Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::DollarQuotedString(_) => {
                return Err(refused("write a text as 'text', with chr(…) for other characters, and a number in decimal digits"));
            }
            _ => {}
        }
    }
    Ok(())
}
