//! The console, RUNBOOK.md and the metrics that the functions emit agree.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

#[allow(dead_code, reason = "each test crate uses a part of it")]
#[path = "../../contract_template/cloudformation.rs"]
mod cloudformation;
mod cloudwatch;
mod incidents;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::DateTime;
use cloudformation::{Template, read, text};
use cloudwatch::{Name, alarms, names};
use metrics::{CAUSE, Cause, FUNCTION, Line, Metric, NAMESPACE};
use pipeline_tests::{Call, Fault, Shape, World};
use serde_json::Value;
use tweets::TweetId;

const FUNCTIONS: [&str; 2] = ["xpto-ingest", "xpto-refine"];

/// The metrics that each function emits when every value of its summary is set.
fn emitted() -> BTreeSet<(&'static str, &'static str)> {
    let now = DateTime::from_timestamp(1_795_442_700, 0).unwrap();
    let gap = ingest::Gap { from: TweetId::lowest_at(now), to: TweetId::lowest_at(now + Duration::from_secs(1)) };
    let summary = ingest::Summary {
        posts_reread: 1,
        out_of_span: 1,
        done: Some(TweetId::MIN),
        gap: Some(gap),
        is_x_unavailable: true,
        is_cold: true,
        ..ingest::Summary::default()
    };
    let of_ingest = [ingest::Status::RateLimited, ingest::Status::BudgetExhausted]
        .into_iter()
        .flat_map(|status| ingest::Summary { status, ..summary.clone() }.lines(now, Duration::ZERO, Some(&ingest::Error::CreditsDepleted)));
    let refined = refine::Summary {
        rejected: 1,
        backfill_rows: 1,
        malformed_fields: [("lang", 1)].into(),
        rows_by_minute: [(now, refine::Rows { positivo: 1, negativo: 1, neutro: 1 })].into(),
        errors: [(("RawRejected", Cause::File), 1)].into(),
        is_cold: true,
        ..refine::Summary::default()
    };
    let of_refine = refined.lines(now, Duration::ZERO);
    let names = |function: &'static str, line: Line| line.values.into_iter().map(move |(metric, _)| (function, metric.name()));
    of_ingest.flat_map(|line| names("xpto-ingest", line)).chain(of_refine.into_iter().flat_map(|line| names("xpto-refine", line))).collect()
}

#[test]
fn every_metric_is_emitted_by_a_function() {
    let emitted: BTreeSet<_> = emitted().into_iter().map(|(_, name)| name).collect();
    assert_eq!(emitted, Metric::ALL.iter().map(|metric| metric.name()).collect());
}

/// The template of the dashboard and the alarms.
fn operations() -> Template {
    Template::read().nested("Operations")
}

fn dashboard() -> Value {
    let body = text(&operations().resource("Dashboard")["DashboardBody"]);
    serde_json::from_str(&body).expect("the dashboard is JSON")
}

fn widgets(kind: &str) -> Vec<Value> {
    let widgets = dashboard()["widgets"].as_array().unwrap().clone();
    widgets.into_iter().filter(|widget| widget["type"] == kind).map(|widget| widget["properties"].clone()).collect()
}

/// The metrics that the dashboard names; a search by type counts as the error metric of its function.
fn shown() -> Vec<Name> {
    let rows: Vec<Value> = widgets("metric").iter().flat_map(|widget| widget["metrics"].as_array().unwrap().clone()).collect();
    rows.iter()
        .filter_map(|row| {
            if let Some(namespace) = row[0].as_str() {
                return Some((namespace.to_owned(), text(&row[1]), BTreeMap::from([(text(&row[2]), text(&row[3]))])));
            }
            let expression = row[0]["expression"].as_str().unwrap();
            let searched = expression.strip_prefix("SEARCH('{XptoTweets,FunctionName,ErrorType} MetricName=\"Errors\" FunctionName=\"")?;
            let function = searched.split('"').next().unwrap().to_owned();
            Some((NAMESPACE.to_owned(), "Errors".to_owned(), BTreeMap::from([(FUNCTION.to_owned(), function)])))
        })
        .collect()
}

fn watched() -> Vec<Name> {
    alarms(&operations()).values().flat_map(names).collect()
}

#[test]
fn dashboard_and_alarms_name_only_existing_metrics() {
    let template = Template::read();
    let queues: Vec<_> =
        ["RefineQueue", "RefineDeadLetters", "ScheduleDeadLetters"].map(|name| text(&template.resource(name)["QueueName"])).into();
    let emitted = emitted();
    for (namespace, metric, dimensions) in shown().into_iter().chain(watched()) {
        let function = dimensions.get(FUNCTION).map(String::as_str);
        let is_sent = match namespace.as_str() {
            NAMESPACE => emitted.contains(&(function.unwrap(), metric.as_str())),
            "AWS/Lambda" => ["Invocations", "Errors", "Throttles"].contains(&metric.as_str()) && FUNCTIONS.contains(&function.unwrap()),
            "AWS/SQS" => {
                ["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"].contains(&metric.as_str())
                    && queues.contains(&dimensions["QueueName"])
            }
            _ => false,
        };
        assert!(is_sent, "nothing sends {namespace} {metric} {dimensions:?}");
        let expected = if namespace == NAMESPACE && metric == "Errors" && dimensions.len() == 2 { [FUNCTION, CAUSE].len() } else { 1 };
        assert_eq!(dimensions.len(), expected, "{metric} {dimensions:?}");
        assert!(dimensions.get(CAUSE).is_none_or(|cause| Cause::ALL.iter().any(|known| known.as_str() == cause)), "{dimensions:?}");
    }
}

#[test]
fn every_metric_is_shown_or_watched() {
    let looked_at: BTreeSet<_> =
        shown().into_iter().chain(watched()).map(|(_, metric, dimensions)| (dimensions.get(FUNCTION).cloned(), metric)).collect();
    for (function, metric) in emitted() {
        assert!(looked_at.contains(&(Some(function.to_owned()), metric.to_owned())), "nothing shows or watches {metric} of {function}");
    }
}

#[test]
fn the_dashboard_shows_every_alarm_and_no_widget_covers_another() {
    let shown: BTreeSet<_> =
        widgets("alarm")[0]["alarms"].as_array().unwrap().iter().map(|arn| text(arn).rsplit(":xpto-").next().unwrap().to_owned()).collect();
    assert_eq!(shown, alarms(&operations()).into_keys().collect());
    let mut taken = BTreeSet::new();
    for widget in dashboard()["widgets"].as_array().unwrap() {
        let side = |name: &str| widget[name].as_u64().unwrap();
        assert!(side("x") + side("width") <= 24, "{widget}");
        for (x, y) in (side("x")..side("x") + side("width")).flat_map(|x| (side("y")..side("y") + side("height")).map(move |y| (x, y))) {
            assert!(taken.insert((x, y)), "{x},{y} of {widget}");
        }
    }
}

#[test]
fn the_dashboard_answers_the_most_urgent_questions_first() {
    let mut headings: Vec<_> = dashboard()["widgets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|widget| widget["type"] == "text")
        .map(|widget| (widget["y"].as_u64().unwrap(), text(&widget["properties"]["markdown"])))
        .collect();
    headings.sort();
    let questions =
        ["## Is it alive", "## How far behind", "## What came in", "## Sentiment, 15 minutes", "## What failed", "## What does it cost"];
    assert_eq!(headings.len(), questions.len());
    for ((_, heading), question) in headings.iter().zip(questions) {
        assert!(heading.starts_with(question), "{heading}");
    }
}

/// A cause without its own alarm either resolves itself or fills a dead-letter queue that has an alarm.
#[test]
fn every_cause_that_needs_a_person_has_an_alarm() {
    let watched: BTreeSet<_> = watched()
        .into_iter()
        .filter_map(|(_, _, dimensions)| Some((dimensions.get(FUNCTION)?.clone(), dimensions.get(CAUSE)?.clone())))
        .collect();
    let of =
        |function: &str, causes: &[Cause]| causes.iter().map(|cause| (function.to_owned(), cause.as_str().to_owned())).collect::<Vec<_>>();
    let wanted = [
        of("xpto-ingest", &[Cause::Token, Cause::Credits, Cause::Settings, Cause::Storage]),
        of("xpto-refine", &[Cause::Settings, Cause::Storage]),
    ];
    assert_eq!(watched, wanted.concat().into_iter().collect());
}

/// The stable error types, as the code spells them.
fn error_types(function: &str) -> BTreeSet<String> {
    let source = read(&format!("functions/{function}/src/error.rs")).unwrap();
    let (_, names) = source.split_once("fn error_type").expect("errors have types");
    let names = names.split("\n    }\n").next().unwrap();
    names.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_runbook_has_entries_for_exactly_the_alarms_and_error_types() {
    let runbook = read("RUNBOOK.md").unwrap();
    let entries: Vec<_> = runbook.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    let wanted: BTreeSet<_> = alarms(&operations()).into_keys().chain(error_types("ingest")).chain(error_types("refine")).collect();
    assert_eq!(entries.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(entries.len(), wanted.len(), "an entry is duplicated");
    for entry in entries {
        let (_, text) = runbook.split_once(&format!("### {entry}\n")).unwrap();
        let text = text.split("\n#").next().unwrap();
        let labels = ["*Means:*", "*Look:*", "*Do:*"].map(|label| text.find(&format!("- {label} ")));
        assert!(labels.iter().all(Option::is_some) && labels.is_sorted(), "{entry} lacks *Means*, *Look* or *Do*, in this order");
    }
}

/// The person on duty has a browser: each entry and each procedure can be followed in the console.
#[test]
fn the_runbook_can_be_followed_in_a_browser() {
    let runbook = read("RUNBOOK.md").unwrap();
    let anchor = |heading: &str| heading.to_lowercase().replace(' ', "-").replace([',', '\''], "");
    let headings: BTreeSet<_> =
        runbook.lines().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#').trim())).collect();
    let sections = runbook.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap());
    let procedures: BTreeSet<_> = sections.clone().filter(|(_, text)| text.contains('→')).map(|(heading, _)| anchor(heading)).collect();
    for link in runbook.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(headings.contains(link), "RUNBOOK.md links to #{link}, and there is no such heading");
        assert!(procedures.contains(link), "#{link} has no steps in the console");
    }
    let entries = sections.flat_map(|(_, text)| text.split("### ").skip(1));
    for entry in entries {
        let todo = entry.split_once("*Do:*").unwrap().1;
        let is_command = ["`aws ", "`sam ", "`cargo ", "`git "].iter().any(|command| todo.contains(command));
        assert!(!is_command || todo.contains('→'), "only a command:\n{entry}");
    }
    let first = runbook.split("\n## ").nth(1).unwrap();
    assert!(first.starts_with("Stop the spending") && first.contains("*Throttle*"), "stopping the spending comes first");
}

/// The fields of the functions' log lines that a query names.
fn fields(query: &str) -> Vec<String> {
    let name = |part: &str| part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    query.split("fields.").skip(1).map(name).collect()
}

#[test]
fn queries_name_only_logged_fields_and_messages() {
    let mut shape = Shape { refines: true, ..Shape::scripted() };
    shape.config.max_posts_per_run = 10;
    let lines = World::scripted(shape, async |world| {
        world.post(120);
        world.ingest().await;
        world.wait(8 * 86_400).await; // a gap
        world.script(Call::Search, 1, Fault::Status { status: 402, applied: false });
        world.ingest().await;
        let body = aws_sdk_s3::primitives::ByteStream::from_static(b"{");
        world.operator().put_object().bucket("raw").key("tweets/lixo.json").body(body).send().await.unwrap();
        world.deliver_all().await;
        world.journal().lines()
    });
    let logged: BTreeSet<_> = lines.iter().flat_map(|line| line.fields.iter().map(|(name, _)| *name)).chain(["message"]).collect();
    let messages: BTreeSet<_> = lines.iter().map(|line| line.message.as_str()).chain(["refine failed"]).collect();
    let template = operations();
    let saved = template.section("Resources").iter().filter(|(_, resource)| resource["Type"] == "AWS::Logs::QueryDefinition");
    let saved: Vec<_> = saved.map(|(name, _)| text(&template.resource(name)["QueryString"])).collect();
    assert_eq!(saved.len(), 8);
    let shown = widgets("log").into_iter().map(|widget| text(&widget["query"]));
    for query in saved.iter().cloned().chain(shown) {
        for field in fields(&query) {
            assert!(logged.contains(field.as_str()), "nothing logs `{field}`: {query}");
        }
        if let Some((_, condition)) = query.split_once("filter fields.message") {
            for message in condition.split('|').next().unwrap().split('\'').skip(1).step_by(2) {
                assert!(messages.contains(message), "nothing logs `{message}`");
            }
        }
    }
}
