use std::time::Duration;

use aws::Timeouts;

/// What `refine` is told by its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Bucket of Parquet files.
    pub ref_bucket: String,
}

/// Everything that is wrong with the environment, in one message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} problem(s) in the environment:\n  {}", .problems.len(), .problems.join("\n  "))]
pub struct ConfigError {
    problems: Vec<String>,
}

impl Config {
    /// Reads the variables; their names stand in the README.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let ref_bucket = match var("REF_BUCKET") {
            Some(name) if aws::is_bucket_name(&name) => name,
            Some(name) if !name.is_empty() => {
                // Not quoted: it may be a secret that was pasted into the wrong variable.
                problems.push("REF_BUCKET is not the name of a bucket; expected 3 to 63 of a-z, 0-9, `-` and `.`".to_owned());
                String::new()
            }
            _ => {
                problems.push("REF_BUCKET is not set; template.yaml sets it on the function".to_owned());
                String::new()
            }
        };
        if problems.is_empty() { Ok(Self { ref_bucket }) } else { Err(ConfigError { problems }) }
    }
}

/// How long calls to S3 may take.
///
/// An attempt moves at most 8 MiB, which takes 2 s at 4 MiB/s; an operation has time for both of its attempts.
pub const TIMEOUTS: Timeouts =
    Timeouts { connect: Duration::from_secs(1), attempt: Duration::from_secs(5), operation: Duration::from_secs(11) };

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(ref_bucket: Option<&str>, want: Expect) {
        let config = Config::from_env(|name| ref_bucket.filter(|_| name == "REF_BUCKET").map(str::to_owned));
        want.assert_eq(&config.map_or_else(|error| error.to_string(), |config| config.ref_bucket));
    }

    #[test]
    fn a_bad_environment_is_told_in_one_message() {
        check(Some("xpto-ref"), expect!["xpto-ref"]);
        check(Some("xpto.ref-1"), expect!["xpto.ref-1"]);
        // Empty is how a template passes on what it does not know.
        for unset in [None, Some("")] {
            check(
                unset,
                expect![[r"
                    1 problem(s) in the environment:
                      REF_BUCKET is not set; template.yaml sets it on the function"]],
            );
        }
        check(
            Some("s3://xpto-ref/tweets"),
            expect![[r"
                1 problem(s) in the environment:
                  REF_BUCKET is not the name of a bucket; expected 3 to 63 of a-z, 0-9, `-` and `.`"]],
        );
    }
}
