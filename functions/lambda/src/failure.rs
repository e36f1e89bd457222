use std::error::Error;

use lambda_runtime::Diagnostic;

/// What a failure means for the invocation, or for the message that caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The invocation fails: an operator must act, or at least look.
    Fail,
    /// The message returns to the queue until the queue moves it to the dead-letter queue. An operator must inspect the object.
    Reject,
    /// Nobody has to act: the next run continues there, or the message succeeds later.
    Resume,
}

/// Returns the message of an error and those of its causes, in one line. A message that ends in that of its cause is not repeated.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Returns the error that Lambda reports to the caller and that the runtime logs. Its message includes the causes.
pub fn diagnostic(error_type: &str, error: &dyn Error) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: chain(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Nested {
        text: &'static str,
        source: Option<Box<Nested>>,
    }

    #[test]
    fn a_chain_names_each_cause_once() {
        for (texts, want) in [
            (&["cannot read"][..], "cannot read"),
            (&["cannot read", "no answer", "reset"], "cannot read: no answer: reset"),
            (&["cannot read: no answer", "no answer", "reset"], "cannot read: no answer: reset"),
        ] {
            let nested = texts.iter().rev().fold(None, |source, text| Some(Box::new(Nested { text, source })));
            assert_eq!(chain(&*nested.unwrap()), want);
        }
    }
}
