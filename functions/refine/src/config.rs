use std::time::Duration;

use aws::Timeouts;
use lambda::{ConfigError, Env};
use tweets::Years;

/// The configuration of `refine`, read from its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Bucket of the Parquet files.
    pub ref_bucket: String,
    /// Years that the table covers.
    pub table_years: Years,
}

impl Config {
    /// Reads the environment variables. docs/deploy.md lists their names.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut env = Env::new(&var);
        let config = Self { ref_bucket: env.bucket("REF_BUCKET"), table_years: years(&mut env, "TABLE_YEARS") };
        env.finish(config)
    }
}

fn years(env: &mut Env, variable: &'static str) -> Years {
    let Some(text) = env.optional(variable) else { return Years::DEFAULT };
    text.parse().unwrap_or_else(|error| {
        env.invalid(variable, format!("is not a range of years; {error}"));
        Years::DEFAULT
    })
}

/// Timeouts of S3 calls.
///
/// An attempt moves at most 8 MiB, which takes 2 s at 4 MiB/s. An operation has time for two attempts.
pub const TIMEOUTS: Timeouts =
    Timeouts { connect: Duration::from_secs(1), attempt: Duration::from_secs(5), operation: Duration::from_secs(11) };

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(ref_bucket: Option<&str>, want: Expect) {
        check_with(ref_bucket, None, want);
    }

    #[track_caller]
    fn check_with(ref_bucket: Option<&str>, table_years: Option<&str>, want: Expect) {
        let variable = |name: &str| match name {
            "REF_BUCKET" => ref_bucket.map(str::to_owned),
            "TABLE_YEARS" => table_years.map(str::to_owned),
            _ => None,
        };
        let shown = |config: Config| format!("{} {}", config.ref_bucket, config.table_years);
        want.assert_eq(&Config::from_env(variable).map_or_else(|error| error.to_string(), shown));
    }

    #[test]
    fn a_bad_environment_is_reported_in_one_message() {
        check(Some("xpto-ref"), expect!["xpto-ref 2024,2035"]);
        check(Some("xpto.ref-1"), expect!["xpto.ref-1 2024,2035"]);
        // A template passes an unset parameter as an empty value.
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

    #[test]
    fn the_years_of_the_table_are_checked() {
        check_with(Some("xpto-ref"), Some("2006,2026"), expect!["xpto-ref 2006,2026"]);
        check_with(Some("xpto-ref"), Some(""), expect!["xpto-ref 2024,2035"]);
        check_with(
            None,
            Some("2035,2024"),
            expect![[r"
                2 problem(s) in the environment:
                  REF_BUCKET is not set; template.yaml sets it on the function
                  TABLE_YEARS is not a range of years; expected the first and the last year, such as `2024,2035`, within `2006,2049`"]],
        );
    }
}
