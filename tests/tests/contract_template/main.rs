//! `template.yaml` and `infra/stacks` agree with the code and the documents wherever they state the same thing.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

mod cloudformation;
mod permissions;
mod saved_queries;

use std::cell::RefCell;
use std::collections::BTreeSet;

use arrow_schema::{DataType, TimeUnit};
use cloudformation::{Template, read, text};
use serde_json::Value;
use tweets::columns::{ANO, DIA, MES};
use tweets::{RAW_PREFIX, Years};

/// The names and Glue types of the columns of a REF file.
fn arrow_columns() -> Vec<(String, String)> {
    let glue = |data_type: &DataType| match data_type {
        DataType::Int64 => "bigint".to_owned(),
        DataType::Utf8 => "string".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Timestamp(TimeUnit::Millisecond, Some(zone)) if &**zone == "UTC" => "timestamp".to_owned(),
        DataType::List(element) if element.data_type() == &DataType::Utf8 => "array<string>".to_owned(),
        other => panic!("no Glue type for {other}"),
    };
    refine::schema().fields().iter().map(|field| (field.name().clone(), glue(field.data_type()))).collect()
}

fn partition_columns() -> Vec<(String, String)> {
    [ANO, MES, DIA].map(|name| (name.to_owned(), "int".to_owned())).to_vec()
}

fn glue_columns(columns: &Value) -> Vec<(String, String)> {
    columns.as_array().expect("a list").iter().map(|column| (text(&column["Name"]), text(&column["Type"]))).collect()
}

#[test]
fn the_table_has_the_columns_of_a_parquet_file() {
    let table = Template::read().resource("TweetsTable")["TableInput"].clone();
    assert_eq!(glue_columns(&table["StorageDescriptor"]["Columns"]), arrow_columns());
    assert_eq!(glue_columns(&table["PartitionKeys"]), partition_columns());
}

#[test]
fn every_column_has_a_comment_that_glue_accepts() {
    let table = Template::read().resource("TweetsTable")["TableInput"].clone();
    for column in
        [&table["StorageDescriptor"]["Columns"], &table["PartitionKeys"]].into_iter().flat_map(|columns| columns.as_array().unwrap())
    {
        let comment = text(&column["Comment"]);
        assert!((5..=255).contains(&comment.len()) && comment.is_ascii(), "{column}");
    }
}

#[test]
fn the_documented_columns_are_those_of_the_table() {
    let document = read("docs/data.md").expect("the document exists");
    let (_, section) = document.split_once("\n## Table `tweets`\n").expect("the section exists");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let columns: Vec<_> = rows
        .flat_map(|row| {
            let cells: Vec<_> = row.split('|').map(|cell| cell.trim().replace('`', "")).collect();
            let names = cells[1].split(", ").map(str::to_owned).collect::<Vec<_>>();
            names.into_iter().map(move |name| (name, cells[2].clone(), cells[3].clone()))
        })
        .collect();
    let null = |name: &str| refine::schema().field_with_name(name).is_ok_and(arrow_schema::Field::is_nullable);
    let declared = [arrow_columns(), partition_columns()].concat().into_iter().map(|(name, data_type)| {
        let is_null = if null(&name) { "yes" } else { "no" };
        (name, data_type, is_null.to_owned())
    });
    assert_eq!(columns, declared.collect::<Vec<_>>());
}

/// Queries never find a row outside the projection, so the table and refine take their years from one parameter.
#[test]
fn the_projection_covers_the_partitions_that_refine_writes() {
    let template = Template::read();
    let declared = &template.section("Resources");
    let range = &declared["TweetsTable"]["Properties"]["TableInput"]["Parameters"]["projection.ano.range"];
    assert_eq!(range, &serde_json::json!({ "Ref": "TableYears" }));
    assert_eq!(&declared["RefineFunction"]["Properties"]["Environment"]["Variables"]["TABLE_YEARS"], range);

    let table = template.resource("TweetsTable")["TableInput"].clone();
    let parameter = |name: String| text(&table["Parameters"][name]);
    for (column, range, digits) in
        [(ANO, Years::DEFAULT.to_string(), None), (MES, "1,12".to_owned(), Some("2")), (DIA, "1,31".to_owned(), Some("2"))]
    {
        assert_eq!(parameter(format!("projection.{column}.type")), "integer");
        assert_eq!(parameter(format!("projection.{column}.range")), range);
        assert_eq!(table["Parameters"][format!("projection.{column}.digits")].as_str(), digits);
    }
    let ref_bucket = lookup(&template.environment("RefineFunction"), "REF_BUCKET").unwrap();
    let example = tweets::Partition::of("2026-01-02T00:00:00Z".parse().unwrap()).to_string();
    let location =
        parameter("storage.location.template".to_owned()).replace("${ano}", "2026").replace("${mes}", "01").replace("${dia}", "02");
    assert_eq!(location, format!("s3://{ref_bucket}/tweets/{example}/"));
}

/// Returns the variables that `from_env` reads.
fn asked(from_env: impl FnOnce(&dyn Fn(&str) -> Option<String>)) -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    from_env(&|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    asked.into_inner()
}

#[test]
fn the_functions_get_the_variables_they_read() {
    let template = Template::read();
    let given = |function| template.environment(function).into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
    assert_eq!(given("IngestFunction"), asked(|var| drop(ingest::Config::from_env(var))));
    assert_eq!(given("RefineFunction"), asked(|var| drop(refine::Config::from_env(var))));
}

#[test]
fn every_parameter_and_variable_is_documented() {
    let document = read("docs/deploy.md").expect("the document exists");
    for parameter in Template::read().section("Parameters").keys() {
        assert!(document.contains(&format!("`{parameter}`")), "docs/deploy.md lacks {parameter}");
    }
    let of_ingest = asked(|var| drop(ingest::Config::from_env(var))).into_iter().map(|name| ("ingest", name));
    let of_refine = asked(|var| drop(refine::Config::from_env(var))).into_iter().map(|name| ("refine", name));
    for (function, name) in of_ingest.chain(of_refine) {
        assert!(document.contains(&format!("\n| `{function}` | `{name}` | ")), "docs/deploy.md lacks {name} of {function}");
    }
}

fn lookup(variables: &[(String, String)], name: &str) -> Option<String> {
    variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

#[test]
fn the_template_and_the_code_have_the_same_defaults() {
    let template = Template::read();
    let variables = template.environment("IngestFunction");
    let given = ingest::Config::from_env(|name| lookup(&variables, name)).unwrap();
    let required = ["RAW_BUCKET", "X_SECRET_ID", "SEARCH_QUERY"];
    let default = ingest::Config::from_env(|name| lookup(&variables, name).filter(|_| required.contains(&name))).unwrap();
    assert_eq!(format!("{given:?}"), format!("{default:?}"));
    assert_eq!(given.search_query, ingest::DEFAULT_QUERY);
    let variables = template.environment("RefineFunction");
    let given = refine::Config::from_env(|name| lookup(&variables, name)).unwrap();
    let default = refine::Config::from_env(|name| lookup(&variables, name).filter(|_| name == "REF_BUCKET")).unwrap();
    assert_eq!(given, default);
}

/// In places, CloudFormation returns `?` for non-ASCII characters, and a mangled word changes results without an error. Only comments
/// in the questions may be mangled.
#[test]
fn the_templates_are_ascii() {
    let without_comments = |sql: &str| sql.lines().map(|line| line.split("--").next().unwrap_or_default().to_owned()).collect::<String>();
    for template in Template::all() {
        for (name, resource) in template.section("Resources") {
            let mut properties = template.resource(name);
            if resource["Type"] == "AWS::Athena::NamedQuery" {
                properties["QueryString"] = without_comments(&text(&properties["QueryString"])).into();
            }
            let carried = properties.to_string();
            assert!(carried.is_ascii(), "{name}: {:?}", carried.split(' ').filter(|word| !word.is_ascii()).collect::<Vec<_>>());
        }
        assert!(template.without_resources().to_string().is_ascii());
    }
}

/// CloudFormation accepts this many bytes without a bucket, and a person can review this many lines.
#[test]
fn the_template_is_short_enough_to_be_reviewed() {
    let template = read("template.yaml").unwrap();
    assert!(template.len() < 51_200, "{} bytes", template.len());
    assert!(template.lines().count() <= 900, "{} lines", template.lines().count());
}

/// The console accepts exactly the values that the function accepts.
#[test]
fn the_parameters_and_the_code_have_the_same_bounds() {
    let template = Template::read();
    let variables = template.environment("IngestFunction");
    let is_taken = |name: &str, value: &str| {
        ingest::Config::from_env(|asked| if asked == name { Some(value.to_owned()) } else { lookup(&variables, asked) }).is_ok()
    };
    for (parameter, variable) in
        [("LookbackMinutes", "LOOKBACK_MINUTES"), ("MaxPostsPerRun", "MAX_POSTS_PER_RUN"), ("MaxPostsPerMonth", "MAX_POSTS_PER_MONTH")]
    {
        let bound = |name: &str| template.section("Parameters")[parameter][name].as_i64().unwrap();
        let (min, max) = (bound("MinValue"), bound("MaxValue"));
        for (value, taken) in [(min - 1, false), (min, true), (max, true), (max + 1, false)] {
            assert_eq!(is_taken(variable, &value.to_string()), taken, "{variable}={value}");
        }
    }
    for vocabulary in cloudformation::items(&template.section("Parameters")["FieldVocabulary"]["AllowedValues"]) {
        assert!(is_taken("X_FIELD_VOCABULARY", &vocabulary), "{vocabulary}");
    }
    assert_eq!(template.section("Parameters")["SearchQuery"]["MaxLength"], 512);
}

#[test]
fn the_queue_settings_follow_the_timeout_and_retries_of_refine() {
    let template = Template::read();
    let (queue, dead_letters, refine) =
        (template.resource("RefineQueue"), template.resource("RefineDeadLetters"), template.resource("RefineFunction"));
    let number = |value: &Value| value.as_u64().unwrap();
    assert!(number(&queue["VisibilityTimeout"]) >= 6 * number(&refine["Timeout"]));
    assert!(number(&queue["MessageRetentionPeriod"]) < number(&dead_letters["MessageRetentionPeriod"]));
    // Lambda's developer guide: at least five, because a throttled poll also counts as a receive.
    let receives = &queue["RedrivePolicy"]["maxReceiveCount"];
    assert_eq!(receives, 5);
    assert_eq!(*receives, emulators::sqs::RECEIVES_MAX);
    let late = template.nested("Operations").resource("RefineLate")["Threshold"].clone();
    assert!(number(&late) > 5 * number(&queue["VisibilityTimeout"]), "a bad file becomes a dead letter before it counts as late");
    let mapping = &refine["Events"]["NewFiles"]["Properties"];
    assert_eq!(mapping["BatchSize"], emulators::sqs::BATCH_MAX);
    assert_eq!(mapping["FunctionResponseTypes"][0], "ReportBatchItemFailures");
    assert!(mapping["ScalingConfig"]["MaximumConcurrency"].is_u64());
}

#[test]
fn a_run_of_ingest_ends_before_the_next_tick() {
    let template = Template::read();
    let timeout = template.resource("IngestFunction")["Timeout"].as_u64().unwrap();
    let rates = template.section("Mappings")["Periods"].as_object().unwrap();
    let operations = template.nested("Operations");
    let periods = operations.section("Mappings")["Periods"].as_object().unwrap();
    for (minutes, period) in periods {
        let rate = text(&rates[minutes]["Rate"]);
        let minutes: u64 = minutes.parse().unwrap();
        assert_eq!(period["Seconds"], minutes * 60);
        assert_eq!(rate, format!("rate({minutes} minute{})", if minutes == 1 { "" } else { "s" }));
        assert!(timeout <= minutes * 60);
        // Lambda's metrics are some minutes late, so fewer periods would raise false alarms.
        let silent = period["SilentPeriods"].as_u64().unwrap();
        assert!(silent >= 3 && silent * minutes >= 15, "{minutes}");
    }
    let allowed: BTreeSet<_> =
        cloudformation::items(&template.section("Parameters")["SchedulePeriod"]["AllowedValues"]).into_iter().collect();
    assert_eq!(allowed, periods.keys().cloned().collect());
    assert_eq!(allowed, rates.keys().cloned().collect());
}

#[test]
fn every_function_has_limits_and_only_the_schedule_retries() {
    let template = Template::read();
    for function in ["IngestFunction", "RefineFunction"] {
        let properties = template.resource(function);
        assert!(properties["MemorySize"].is_u64() && properties["Timeout"].is_u64(), "{function}");
        assert_eq!(properties["LoggingConfig"]["LogFormat"], "JSON", "{function}");
    }
    let ingest = template.resource("IngestFunction");
    assert_eq!(ingest["EventInvokeConfig"]["MaximumRetryAttempts"], 0); // the next tick retries a run
    let delivery = &ingest["Events"]["Tick"]["Properties"]["RetryPolicy"]; // and a failed request does not lose a tick
    assert!(delivery["MaximumRetryAttempts"].as_u64() > Some(0), "{delivery}");
}

#[test]
fn raw_files_are_announced_and_the_cursor_is_not() {
    let bucket = Template::read().resource("RawBucket");
    let rules = &bucket["NotificationConfiguration"]["QueueConfigurations"][0]["Filter"]["S3Key"]["Rules"];
    assert_eq!((text(&rules[0]["Name"]), text(&rules[0]["Value"])), ("prefix".to_owned(), RAW_PREFIX.to_owned()));
    assert_eq!((text(&rules[1]["Name"]), text(&rules[1]["Value"])), ("suffix".to_owned(), ".json".to_owned()));
    assert!(!ingest::CURSOR_KEY.starts_with(RAW_PREFIX));
}

/// INV-8: the bucket policy denies writes that could replace a file, and does not concern the cursor.
#[test]
fn the_raw_bucket_denies_unconditional_writes_of_files() {
    let template = Template::read();
    let policy = template.resource("RawBucketPolicy");
    let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
    let refusal = statements.iter().find(|statement| statement["Condition"]["Null"]["s3:if-none-match"] == "true").unwrap();
    assert_eq!(
        (text(&refusal["Effect"]), text(&refusal["Action"]), text(&refusal["Principal"])),
        ("Deny".into(), "s3:PutObject".into(), "*".into())
    );
    let raw_bucket = lookup(&template.environment("IngestFunction"), "RAW_BUCKET").unwrap();
    assert_eq!(text(&refusal["Resource"]), format!("arn:aws:s3:::{raw_bucket}/{RAW_PREFIX}*"));
    // Without this condition no part of a multipart upload could be sent: parts carry no condition.
    assert_eq!(refusal["Condition"]["Bool"]["s3:ObjectCreationOperation"], "true");
}

/// The log and the outputs of the stack show the same command.
#[test]
fn the_command_that_stores_the_token_is_the_same_everywhere() {
    let template = Template::read();
    let secret = lookup(&template.environment("IngestFunction"), "X_SECRET_ID").unwrap();
    let message = ingest::Error::SecretEmpty { secret }.to_string();
    let (_, command) = message.split_once("with: ").unwrap();
    let output = text(&template.output("StoreTokenCommand"));
    assert_eq!(output.replace(" --region sa-east-1", ""), command);
}

/// Without an architecture, cargo-lambda builds for the host's processor, and the functions do not start on another one.
#[test]
fn every_build_that_is_deployed_names_its_architecture() {
    for document in ["README.md", "docs/deploy.md", "docs/comece-aqui.md", "RUNBOOK.md", ".ci/run"] {
        for line in read(document).unwrap().lines() {
            let Some((_, rest)) = line.split_once("cargo lambda build") else { continue };
            let is_command = line.trim() == "cargo lambda build" || rest.trim_start().starts_with(['-', '&']);
            assert!(!is_command || rest.contains("--x86-64") || rest.contains("--arm64"), "{document}: {line}");
        }
    }
}

/// The stack's outputs, docs/deploy.md and RUNBOOK.md show the same command to stop ingest.
#[test]
fn the_command_that_stops_ingest_is_the_same_everywhere() {
    let template = Template::read();
    for output in ["StopCommand", "ResumeCommand"] {
        let command = text(&template.output(output)).replace(" --region sa-east-1", "");
        for document in ["docs/deploy.md", "RUNBOOK.md"] {
            let text = read(document).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(&command), "{document} lacks {command}");
        }
    }
}
