//! The pipeline's metrics as values, and their form in a log: CloudWatch's embedded metric format.
//!
//! A function computes [`Line`]s from what it did and hands them to whoever started it; in Lambda `main` prints each one to
//! standard output, where CloudWatch reads it. This crate never does I/O, never reads a clock, and never links an SDK: a call
//! of `PutMetricData` would cost a request and could fail, a line can do neither.
//!
//! Written here instead of taken from a crate: the format is one JSON object, `serde_json` is linked anyway, and the
//! maintained crate would bring 24 packages more.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// Where the metrics are found in CloudWatch.
pub const NAMESPACE: &str = "XptoTweets";
/// The dimension of every metric: the name of the function, which tells one stage from another. AWS's own have it too.
pub const FUNCTION: &str = "FunctionName";
/// The dimension of [`Metric::Errors`] that tells which.
pub const ERROR_TYPE: &str = "ErrorType";
/// The dimension of [`Metric::Errors`] that alarms look at.
pub const CAUSE: &str = "Cause";

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident: $unit:literal,)*) => {
        /// A metric. CloudWatch bills each name with each set of dimensions, for the hours in which it has a value: what is
        /// seldom above zero is left out while it is zero.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[$doc])* $name,)*
        }

        impl Metric {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The unit, as CloudWatch spells it.
            pub fn unit(self) -> &'static str {
                match self {
                    $(Self::$name => $unit,)*
                }
            }
        }
    };
}

metrics! {
    /// Posts put into RAW by one run.
    Posts: "Count",
    /// Files put into RAW, or created in REF.
    Files: "Count",
    /// Posts read since the month began, as the cursor has it.
    PostsReadMonth: "Count",
    /// What those cost at X, in dollars.
    EstimatedUsdMonth: "None",
    /// What one run cost at X, in dollars, expansions included.
    EstimatedUsd: "None",
    /// How far what is captured is behind the clock.
    LagSeconds: "Seconds",
    /// The length of what can never be captured.
    GapSeconds: "Seconds",
    /// Posts outside the span asked for, or seen before; dropped.
    OutOfSpanPosts: "Count",
    /// Posts paid for twice.
    PostsReread: "Count",
    /// Runs that X's rate limit stopped.
    RateLimitStops: "Count",
    /// Runs that the month's cap stopped.
    BudgetStops: "Count",
    /// Runs that gave X up for lack of an answer.
    UnavailableStops: "Count",
    /// Rows of REF files that were not there before, at the time of the invocation.
    Rows: "Count",
    /// Of those, rows of tweets too old, or too far ahead, for a count at their own minute.
    BackfillRows: "Count",
    /// Rows that are `Positivo`, at the tweet's own minute.
    RowsPositivo: "Count",
    /// Rows that are `Negativo`, at the tweet's own minute.
    RowsNegativo: "Count",
    /// Rows that are `Neutro`, at the tweet's own minute.
    RowsNeutro: "Count",
    /// RAW files, or messages, that were given up for somebody to look at; each delivery counts.
    RejectedFiles: "Count",
    /// Values of RAW files that could not be read and are null in REF; each delivery counts.
    MalformedFields: "Count",
    /// Failures, by their type and by their cause.
    Errors: "Count",
    /// How long one invocation took.
    DurationMs: "Milliseconds",
    /// First invocations of a process.
    ColdStarts: "Count",
}

/// What somebody has to look at when a failure repeats; few, because each has its alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The bearer token, or the secret that holds it.
    Token,
    /// Credits or the usage cap of the account at X.
    Credits,
    /// What the functions are told: variables, query, the app's rights at X, notifications.
    Settings,
    /// S3, or the rights on it.
    Storage,
    /// One RAW file.
    File,
    /// X is slow, down, or asks for patience: it passes.
    Passing,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Token, Self::Credits, Self::Settings, Self::Storage, Self::File, Self::Passing];

    /// The value of the dimension.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Credits => "credits",
            Self::Settings => "settings",
            Self::Storage => "storage",
            Self::File => "file",
            Self::Passing => "passing",
        }
    }
}

/// Values of one moment, on their way to one line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The moment that the values belong to.
    pub at: DateTime<Utc>,
    /// The type and the cause of an error; `None` for everything else.
    pub error: Option<(&'static str, Cause)>,
    /// The values.
    pub values: Vec<(Metric, Value)>,
}

impl Line {
    /// A line without values yet.
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self { at: moment, error: None, values: Vec::new() }
    }

    /// So many errors of one type.
    pub fn errors(moment: DateTime<Utc>, error_type: &'static str, cause: Cause, count: u64) -> Self {
        Self { error: Some((error_type, cause)), ..Self::at(moment) }.with(Metric::Errors, count)
    }

    /// With a value more.
    #[must_use]
    pub fn with(mut self, metric: Metric, value: impl Into<Value>) -> Self {
        self.values.push((metric, value.into()));
        self
    }

    /// With a count more, unless it is zero.
    #[must_use]
    pub fn with_some(self, metric: Metric, count: u64) -> Self {
        if count == 0 { self } else { self.with(metric, count) }
    }

    /// The line of the log of the function with this name.
    ///
    /// Source: Amazon CloudWatch user guide, embedded metric format specification.
    pub fn to_emf(&self, function_name: &str) -> String {
        let mut document = Map::from_iter([(FUNCTION.to_owned(), json!(function_name))]);
        let dimensions = match self.error {
            None => json!([[FUNCTION]]),
            Some((error_type, cause)) => {
                document.insert(ERROR_TYPE.to_owned(), json!(error_type));
                document.insert(CAUSE.to_owned(), json!(cause.as_str()));
                json!([[FUNCTION, ERROR_TYPE], [FUNCTION, CAUSE]])
            }
        };
        let units: Vec<_> = self.values.iter().map(|(metric, _)| json!({ "Name": metric.name(), "Unit": metric.unit() })).collect();
        document.extend(self.values.iter().map(|(metric, value)| (metric.name().to_owned(), value.clone())));
        document.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": self.at.timestamp_millis(),
                "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": units }],
            }),
        );
        Value::Object(document).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn at() -> DateTime<Utc> {
        "2026-11-23T14:05:00Z".parse().unwrap()
    }

    #[track_caller]
    fn check(line: Line, want: Expect) {
        let document: Value = serde_json::from_str(&line.to_emf("xpto-ingest")).unwrap();
        want.assert_eq(&format!("{document:#}"));
    }

    #[test]
    fn values_of_a_moment_are_one_line_and_what_is_zero_is_left_out() {
        let line = Line::at(at()).with(Metric::Posts, 0).with(Metric::EstimatedUsd, 0.25);
        assert!(!line.clone().with_some(Metric::PostsReread, 7).to_emf("xpto-ingest").contains('\n'));
        check(
            line.with_some(Metric::GapSeconds, 0),
            expect![[r#"
                {
                  "EstimatedUsd": 0.25,
                  "FunctionName": "xpto-ingest",
                  "Posts": 0,
                  "_aws": {
                    "CloudWatchMetrics": [
                      {
                        "Dimensions": [
                          [
                            "FunctionName"
                          ]
                        ],
                        "Metrics": [
                          {
                            "Name": "Posts",
                            "Unit": "Count"
                          },
                          {
                            "Name": "EstimatedUsd",
                            "Unit": "None"
                          }
                        ],
                        "Namespace": "XptoTweets"
                      }
                    ],
                    "Timestamp": 1795442700000
                  }
                }"#]],
        );
    }

    #[test]
    fn an_error_counts_by_its_type_and_by_its_cause() {
        let document: Value = serde_json::from_str(&Line::errors(at(), "Unauthorized", Cause::Token, 1).to_emf("f")).unwrap();
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["FunctionName", "ErrorType"], ["FunctionName", "Cause"]]));
        for (member, want) in [("ErrorType", json!("Unauthorized")), ("Cause", json!("token")), ("Errors", json!(1))] {
            assert_eq!(document[member], want, "{member}");
        }
    }

    #[test]
    fn units_are_those_that_cloudwatch_knows() {
        for metric in Metric::ALL {
            assert!(["Count", "Seconds", "Milliseconds", "None"].contains(&metric.unit()), "{metric:?}");
        }
    }
}
