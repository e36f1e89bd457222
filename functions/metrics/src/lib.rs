//! The pipeline's metrics as values, and their form in a log: CloudWatch's embedded metric format.
//!
//! An invocation returns [`Line`]s to its caller; in Lambda, `main` prints each one to standard output, where CloudWatch reads
//! it. This crate does no I/O, reads no clock and links no SDK: `PutMetricData` costs a request and can fail, a log line does
//! neither.
//!
//! Hand-written on purpose: the format is one JSON object, `serde_json` is linked anyway, and the maintained crate would add
//! 24 packages.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// The CloudWatch namespace of all metrics.
pub const NAMESPACE: &str = "XptoTweets";
/// The dimension of every metric: the function's name, which differs between stages. AWS's own metrics have it too.
pub const FUNCTION: &str = "FunctionName";
/// The dimension of [`Metric::Errors`] with the error's type.
pub const ERROR_TYPE: &str = "ErrorType";
/// The dimension of [`Metric::Errors`] that alarms use.
pub const CAUSE: &str = "Cause";

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident: $unit:literal,)*) => {
        /// A metric. CloudWatch bills each combination of name and dimensions for the hours in which it has a value, so a metric
        /// that is rarely above zero is omitted while it is zero.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[$doc])* $name,)*
        }

        impl Metric {
            /// All metrics.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// Returns the unit, as CloudWatch spells it.
            pub fn unit(self) -> &'static str {
                match self {
                    $(Self::$name => $unit,)*
                }
            }
        }
    };
}

metrics! {
    /// Posts that one run stored in RAW.
    Posts: "Count",
    /// Files stored in RAW, or created in REF.
    Files: "Count",
    /// Posts read since the start of the month, according to the cursor.
    PostsReadMonth: "Count",
    /// The price of those posts at X, in dollars.
    EstimatedUsdMonth: "None",
    /// The price of one run at X, in dollars, including expansions.
    EstimatedUsd: "None",
    /// How far the capture is behind the clock.
    LagSeconds: "Seconds",
    /// The length of the span that can no longer be captured.
    GapSeconds: "Seconds",
    /// Posts outside the requested span or already seen; dropped.
    OutOfSpanPosts: "Count",
    /// Posts paid for twice.
    PostsReread: "Count",
    /// Runs stopped by X's rate limit.
    RateLimitStops: "Count",
    /// Runs stopped by the month's cap.
    BudgetStops: "Count",
    /// Runs that stopped because X did not answer.
    UnavailableStops: "Count",
    /// Rows of newly created REF files, at the time of the invocation.
    Rows: "Count",
    /// Rows counted by `Rows` whose tweets are too old, or too far ahead, to be counted at their own minute.
    BackfillRows: "Count",
    /// Rows that are `Positivo`, at the tweet's own minute.
    RowsPositivo: "Count",
    /// Rows that are `Negativo`, at the tweet's own minute.
    RowsNegativo: "Count",
    /// Rows that are `Neutro`, at the tweet's own minute.
    RowsNeutro: "Count",
    /// RAW files or messages rejected for a person to inspect; each delivery counts.
    RejectedFiles: "Count",
    /// Values of RAW files that could not be read and are null in REF; each delivery counts.
    MalformedFields: "Count",
    /// Failures, by type and by cause.
    Errors: "Count",
    /// The duration of one invocation.
    DurationMs: "Milliseconds",
    /// First invocations of a process.
    ColdStarts: "Count",
}

/// What to inspect when a failure repeats; few values, because each has its own alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The bearer token, or the secret that holds it.
    Token,
    /// The credits or the usage cap of the X account.
    Credits,
    /// Configuration: variables, the query, the app's permissions at X, notifications.
    Settings,
    /// S3, or the permissions on it.
    Storage,
    /// One RAW file.
    File,
    /// X is slow, unavailable or limiting requests: transient.
    Passing,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Token, Self::Credits, Self::Settings, Self::Storage, Self::File, Self::Passing];

    /// Returns the value of the dimension.
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

/// The metric values of one moment, for one line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The time of the values.
    pub at: DateTime<Utc>,
    /// The type and the cause of an error; `None` for everything else.
    pub error: Option<(&'static str, Cause)>,
    /// The values.
    pub values: Vec<(Metric, Value)>,
}

impl Line {
    /// Creates a line without values.
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self { at: moment, error: None, values: Vec::new() }
    }

    /// Creates a line that counts errors of one type.
    pub fn errors(moment: DateTime<Utc>, error_type: &'static str, cause: Cause, count: u64) -> Self {
        Self { error: Some((error_type, cause)), ..Self::at(moment) }.with(Metric::Errors, count)
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, metric: Metric, value: impl Into<Value>) -> Self {
        self.values.push((metric, value.into()));
        self
    }

    /// Adds a count, unless it is zero.
    #[must_use]
    pub fn with_some(self, metric: Metric, count: u64) -> Self {
        if count == 0 { self } else { self.with(metric, count) }
    }

    /// Returns the log line for the function of this name.
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
    fn values_of_one_time_are_one_line_and_optional_zeros_are_omitted() {
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
    fn units_are_valid_in_cloudwatch() {
        for metric in Metric::ALL {
            assert!(["Count", "Seconds", "Milliseconds", "None"].contains(&metric.unit()), "{metric:?}");
        }
    }
}
