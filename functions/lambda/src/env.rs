use std::fmt;
use std::ops::RangeInclusive;

/// Reads variables of the environment and collects the problems, so that one message lists all of them.
///
/// No problem quotes a value: it may be a secret pasted into the wrong variable.
pub struct Env<'a> {
    var: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

/// All problems of the environment, in one message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} problem(s) in the environment:\n  {}", .problems.len(), lines(.problems))]
pub struct ConfigError {
    problems: Vec<Problem>,
}

/// One variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the variable.
    pub variable: &'static str,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is required and has no value.
    NotSet,
    /// Its value is malformed. The text follows the name of the variable in the message.
    Invalid(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::NotSet => write!(f, "{} is not set; template.yaml sets it on the function", self.variable),
            Fault::Invalid(text) => write!(f, "{} {text}", self.variable),
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n  ")
}

impl ConfigError {
    /// Returns the problems, in the order in which the variables were read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl<'a> Env<'a> {
    /// Creates a reader of variables.
    pub fn new(var: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { var, problems: Vec::new() }
    }

    /// Returns the configuration, unless there were problems.
    pub fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(config) } else { Err(ConfigError { problems: self.problems }) }
    }

    /// Records that the value of a variable is malformed. `fault` follows the name of the variable in the message.
    pub fn invalid(&mut self, variable: &'static str, fault: impl Into<String>) {
        self.problems.push(Problem { variable, fault: Fault::Invalid(fault.into()) });
    }

    /// Returns a variable. An empty value counts as unset, because CloudFormation sets empty parameters.
    pub fn optional(&self, variable: &str) -> Option<String> {
        (self.var)(variable).filter(|value| !value.trim().is_empty())
    }

    /// Returns a variable that must be set.
    pub fn required(&mut self, variable: &'static str) -> String {
        self.optional(variable).unwrap_or_else(|| {
            self.problems.push(Problem { variable, fault: Fault::NotSet });
            String::new()
        })
    }

    /// Returns the name of a bucket. Checks its form, not that the bucket exists. Source: Amazon S3 user guide, general purpose
    /// bucket naming rules.
    pub fn bucket(&mut self, variable: &'static str) -> String {
        let bucket = self.required(variable);
        let is_allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        let is_name = (3..=63).contains(&bucket.len()) && bucket.bytes().all(is_allowed);
        if !bucket.is_empty() && !is_name {
            self.invalid(variable, "is not the name of a bucket; expected 3 to 63 of a-z, 0-9, `-` and `.`");
        }
        bucket
    }

    /// Returns a number within `range`, or `default` if the variable is not set.
    pub fn number(&mut self, variable: &'static str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(text) = self.optional(variable) else { return default };
        text.trim().parse().ok().filter(|number| range.contains(number)).unwrap_or_else(|| {
            self.invalid(variable, format!("is not a whole number from {} to {}", range.start(), range.end()));
            default
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn every_problem_is_in_one_message_and_no_value() {
        let var = |name: &str| match name {
            "RAW_BUCKET" => Some("s3://segredo/tweets".to_owned()),
            "REF_BUCKET" => Some("xpto.ref-1".to_owned()),
            "LOOKBACK_MINUTES" => Some("segredo".to_owned()),
            "X_SECRET_ID" => Some(" ".to_owned()),
            _ => None,
        };
        let mut env = Env::new(&var);
        let read = (env.bucket("RAW_BUCKET"), env.bucket("REF_BUCKET"), env.required("X_SECRET_ID"));
        let numbers = (env.number("LOOKBACK_MINUTES", 30, 1..=60), env.number("SAFETY_LAG_SECONDS", 60, 0..=86_400));
        assert_eq!((read.1.as_str(), numbers), ("xpto.ref-1", (30, 60)));
        expect![[r"
            3 problem(s) in the environment:
              RAW_BUCKET is not the name of a bucket; expected 3 to 63 of a-z, 0-9, `-` and `.`
              X_SECRET_ID is not set; template.yaml sets it on the function
              LOOKBACK_MINUTES is not a whole number from 1 to 60"]]
        .assert_eq(&env.finish(()).unwrap_err().to_string());
    }
}
