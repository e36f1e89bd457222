//! The part of CloudWatch that the alarms of `infra/stacks/operations.yaml` need: metrics from log lines, and the state of alarms.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use metrics::Line;
use serde_json::Value;

use super::cloudformation::{Template, text};

/// A metric: its namespace, its name, its dimensions.
pub type Name = (String, String, BTreeMap<String, String>);

/// Metric values in order of arrival.
#[derive(Debug, Default)]
pub struct CloudWatch {
    values: Vec<(Name, DateTime<Utc>, f64)>,
}

impl CloudWatch {
    /// Reads the metrics in a line that a function printed.
    pub fn read(&mut self, function: &str, line: &Line) {
        let document: Value = serde_json::from_str(&line.to_emf(function)).unwrap();
        let at = DateTime::from_timestamp_millis(document["_aws"]["Timestamp"].as_i64().unwrap()).unwrap();
        for directive in document["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            for dimensions in directive["Dimensions"].as_array().unwrap() {
                let names = dimensions.as_array().unwrap().iter().map(text);
                let dimensions: BTreeMap<_, _> = names.map(|name| (name.clone(), text(&document[&name]))).collect();
                for metric in directive["Metrics"].as_array().unwrap() {
                    let name = text(&metric["Name"]);
                    let value = document[&name].as_f64().unwrap();
                    self.values.push(((text(&directive["Namespace"]), name, dimensions.clone()), at, value));
                }
            }
        }
    }

    /// Adds a value that AWS itself would send.
    pub fn put(&mut self, namespace: &str, metric: &str, dimension: (&str, &str), at: DateTime<Utc>, value: f64) {
        let dimensions = BTreeMap::from([(dimension.0.to_owned(), dimension.1.to_owned())]);
        self.values.push(((namespace.to_owned(), metric.to_owned(), dimensions), at, value));
    }

    /// Returns whether a metric of this name ever had a value above zero.
    pub fn has(&self, metric: &str) -> bool {
        self.values.iter().any(|((_, name, _), _, value)| name == metric && *value > 0.0)
    }

    /// Returns the alarms in state ALARM at `now`, without the prefix.
    pub fn alarms(&self, template: &Template, now: DateTime<Utc>) -> BTreeSet<String> {
        let on = alarms(template).into_iter().filter(|(_, alarm)| self.is_on(alarm, now));
        on.map(|(name, _)| name).collect()
    }

    fn is_on(&self, alarm: &Value, now: DateTime<Utc>) -> bool {
        let periods = alarm["EvaluationPeriods"].as_u64().unwrap();
        let breaching = (0..periods).filter(|back| {
            let value = self.of_alarm(alarm, now, *back);
            match (value, alarm["TreatMissingData"].as_str().unwrap()) {
                (Some(value), _) => breaches(alarm, value),
                (None, "ignore") => {
                    // The alarm keeps its state: that of the last existing value.
                    let earlier = (back + 1..back + 1_000).find_map(|back| self.of_alarm(alarm, now, back));
                    earlier.is_some_and(|value| breaches(alarm, value))
                }
                (None, treatment) => treatment == "breaching",
            }
        });
        breaching.count() as u64 >= alarm["DatapointsToAlarm"].as_u64().unwrap_or(periods)
    }

    /// Returns the value of the alarm's metric or expression, `back` periods ago.
    fn of_alarm(&self, alarm: &Value, now: DateTime<Utc>, back: u64) -> Option<f64> {
        let Some(queries) = alarm["Metrics"].as_array() else {
            return self.statistic(&name(alarm), alarm["Statistic"].as_str()?, alarm["Period"].as_i64()?, now, back);
        };
        let of = |id: &str, back: u64| {
            let stat = &queries.iter().find(|query| query["Id"] == id)?["MetricStat"];
            self.statistic(&name(&stat["Metric"]), stat["Stat"].as_str()?, stat["Period"].as_i64()?, now, back)
        };
        let expression = queries.iter().find_map(|query| query["Expression"].as_str())?;
        match expression.strip_prefix("100 * read / ") {
            Some(cap) => Some(100.0 * of("read", back)? / cap.parse::<f64>().ok()?),
            None if expression == "IF(captured > 0 AND SUM([captured, refined]) == captured, 1, 0)" => {
                // SUM skips missing values; a comparison with a missing value is missing.
                let captured = of("captured", back)?;
                let sum = captured + of("refined", back).unwrap_or(0.0);
                Some(f64::from(u8::from(captured > 0.0 && (sum - captured).abs() < 0.5)))
            }
            None if expression == "FILL(started, 0) - FILL(failed, 0)" => {
                // FILL does nothing if there is no value at all.
                let periods = alarm["EvaluationPeriods"].as_u64()?;
                (0..periods).find_map(|back| of("started", back))?;
                Some(of("started", back).unwrap_or(0.0) - of("failed", back).unwrap_or(0.0))
            }
            None => panic!("unsupported expression {expression}"),
        }
    }

    fn statistic(&self, name: &Name, statistic: &str, period: i64, now: DateTime<Utc>, back: u64) -> Option<f64> {
        let end = now - TimeDelta::seconds(period * i64::try_from(back).ok()?);
        let start = end - TimeDelta::seconds(period);
        let values = self.values.iter().filter(|(of, at, _)| of == name && *at > start && *at <= end).map(|(_, _, value)| *value);
        values.reduce(|a, b| match statistic {
            "Sum" => a + b,
            "Maximum" => a.max(b),
            other => panic!("unsupported statistic {other}"),
        })
    }
}

fn breaches(alarm: &Value, value: f64) -> bool {
    let threshold = alarm["Threshold"].as_f64().unwrap();
    match alarm["ComparisonOperator"].as_str().unwrap() {
        "GreaterThanThreshold" => value > threshold,
        "GreaterThanOrEqualToThreshold" => value >= threshold,
        "LessThanThreshold" => value < threshold,
        other => panic!("unsupported comparison {other}"),
    }
}

/// The alarms of the template `Operations` by name, without the prefix.
pub fn alarms(template: &Template) -> BTreeMap<String, Value> {
    let resources = template.section("Resources").iter().filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    let alarms = resources.map(|(logical, _)| template.resource(logical));
    alarms.map(|alarm| (text(&alarm["AlarmName"]).strip_prefix("xpto-").unwrap().to_owned(), alarm)).collect()
}

/// The metrics that an alarm reads.
pub fn names(alarm: &Value) -> Vec<Name> {
    match alarm["Metrics"].as_array() {
        None => vec![name(alarm)],
        Some(queries) => {
            let stats = queries.iter().map(|query| &query["MetricStat"]["Metric"]);
            stats.filter(|metric| !metric.is_null()).map(name).collect()
        }
    }
}

fn name(metric: &Value) -> Name {
    let dimensions = metric["Dimensions"].as_array().unwrap().iter();
    let dimensions = dimensions.map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"]))).collect();
    (text(&metric["Namespace"]), text(&metric["MetricName"]), dimensions)
}
