//! The calls that the functions make match the statements of their roles: none is missing, none is unused.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::{Clients, Condition, Put, Timeouts, Values};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use emulators::s3::{ACCESS_KEY, EmbeddedS3, IN_PROCESS_ENDPOINT, InProcess, SECRET_KEY};
use emulators::secrets::{Secret, Secrets};
use emulators::server::answer_aws;
use emulators::x_api::{Corpus, EMULATOR_TOKEN, Options, XEmulator};
use http::{Method, Request, Response, StatusCode};
use ingest::{Ingest, Invocation, Wire};
use percent_encoding::percent_decode_str;
use refine::Refine;
use serde_json::{Value, json};

use crate::cloudformation::{Template, items, text};
use crate::lookup;

const NOW: &str = "2026-11-23T14:20:00Z";
const TIMEOUT: Duration = Duration::from_mins(1);

/// An action and the ARN of its resource.
type Call = (String, String);

/// Actions that Lambda performs under the role, outside the wires that are observed here.
const BY_LAMBDA: [&str; 7] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// The fault that writes of keys that contain `below` meet.
#[derive(Clone, Copy)]
enum Fault {
    /// Applied once, and the answer is lost.
    AnswerLost,
    /// Never arrives.
    Cut,
    /// Answered once as if the object existed, although it does not.
    GoneMeanwhile,
}

/// An S3 and a Secrets Manager that record every call.
#[derive(Clone)]
struct Account {
    s3: EmbeddedS3,
    secrets: Secrets,
    calls: Arc<Mutex<BTreeSet<Call>>>,
    fault: Arc<Mutex<Option<(&'static str, Fault)>>>,
}

impl Account {
    fn new(template: &Template) -> Self {
        let s3 = EmbeddedS3::in_memory(now);
        for (function, variable) in [("IngestFunction", "RAW_BUCKET"), ("RefineFunction", "REF_BUCKET")] {
            s3.create_bucket(&lookup(&template.environment(function), variable).unwrap()).unwrap();
        }
        let secrets = Secrets::new();
        secrets.set(secret_id(template), Secret::Value(EMULATOR_TOKEN.to_owned()));
        Self { s3, secrets, calls: Arc::default(), fault: Arc::default() }
    }

    fn clients(&self, timeouts: Timeouts) -> Clients {
        let account = self.clone();
        let in_process = InProcess::new(move |request| {
            let account = account.clone();
            async move { account.answer(request).await }
        });
        clients(SharedHttpClient::new(in_process), timeouts)
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
        let done = actions(&request);
        self.calls.lock().unwrap().extend(done.clone());
        let fault = {
            let mut ordered = self.fault.lock().unwrap();
            let hit = ordered.filter(|(below, _)| request.method() == Method::PUT && request.uri().path().contains(below));
            if hit.is_some_and(|(_, fault)| !matches!(fault, Fault::Cut)) {
                *ordered = None;
            }
            hit.map(|(_, fault)| fault)
        };
        match fault {
            Some(Fault::Cut) => return Err(io::Error::from(io::ErrorKind::ConnectionReset).into()),
            Some(Fault::GoneMeanwhile) => return Ok(Response::builder().status(StatusCode::PRECONDITION_FAILED).body(Bytes::new())?),
            Some(Fault::AnswerLost) | None => {}
        }
        let method = request.method().clone();
        let answer = answer_aws(&self.s3, &self.secrets, request).await;
        if answer.status() == StatusCode::NOT_FOUND && method != Method::PUT {
            // Without s3:ListBucket this 404 would be a 403.
            let buckets = done.iter().filter_map(|(_, arn)| arn.strip_prefix("arn:aws:s3:::")?.split('/').next());
            self.calls.lock().unwrap().extend(buckets.map(|bucket| ("s3:ListBucket".to_owned(), format!("arn:aws:s3:::{bucket}"))));
        }
        if matches!(fault, Some(Fault::AnswerLost)) {
            return Err(io::Error::from(io::ErrorKind::ConnectionReset).into());
        }
        Ok(answer)
    }

    fn order(&self, below: &'static str, fault: Fault) {
        *self.fault.lock().unwrap() = Some((below, fault));
    }

    fn heal(&self) {
        *self.fault.lock().unwrap() = None;
    }

    fn calls(&self) -> BTreeSet<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }
}

fn clients(http_client: SharedHttpClient, timeouts: Timeouts) -> Clients {
    let endpoint_url = IN_PROCESS_ENDPOINT.to_owned();
    Clients::from_values(Values { http_client, endpoint_url, access_key: ACCESS_KEY, secret_key: SECRET_KEY }, timeouts)
}

/// Returns the permissions that a request needs.
/// Source: service authorization reference of Amazon S3; conditional writes in its user guide.
fn actions(request: &Request<Bytes>) -> Vec<Call> {
    if let Some(target) = request.headers().get("x-amz-target") {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        return vec![(target.to_str().unwrap().replace('.', ":"), format!("secret:{}", text(&body["SecretId"])))];
    }
    let path = percent_decode_str(request.uri().path()).decode_utf8().unwrap();
    let arn = format!("arn:aws:s3:::{}", path.trim_matches('/'));
    let actions: &[&str] = match *request.method() {
        Method::GET if !arn.contains('/') => &["s3:ListBucket"],
        Method::GET | Method::HEAD => &["s3:GetObject"],
        Method::PUT if request.headers().contains_key("if-match") => &["s3:GetObject", "s3:PutObject"],
        Method::PUT => &["s3:PutObject"],
        _ => panic!("{} {path} is not supported here", request.method()),
    };
    actions.iter().map(|action| ((*action).to_owned(), arn.clone())).collect()
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn secret_id(template: &Template) -> String {
    lookup(&template.environment("IngestFunction"), "X_SECRET_ID").unwrap()
}

/// Runs that cover every path through S3: an empty bucket, a file, a lost answer, a pending file that was never put.
async fn run_ingest(template: &Template, account: &Account) {
    let variables = template.environment("IngestFunction");
    let config = ingest::Config::from_env(|name| lookup(&variables, name)).unwrap();
    let x = XEmulator::new(Corpus::seeded(7), Options::default());
    for (run, (fault, want)) in
        [(None, "complete"), (Some(Fault::AnswerLost), "complete"), (Some(Fault::Cut), "WriteUnknown"), (None, "complete")]
            .into_iter()
            .enumerate()
    {
        let now = now() + TimeDelta::minutes(15 * i64::try_from(run).unwrap());
        account.heal();
        if let Some(fault) = fault {
            account.order("/tweets/", fault);
        }
        let ingest = Ingest::new(config.clone(), &account.clients(ingest::TIMEOUTS), Wire::InProcess(x.service(move || now)));
        let outcome = ingest::handle(&ingest, Invocation::new(now, TIMEOUT), run as u64, |_| ()).await;
        let outcome = outcome.map_or_else(|error| error.error_type().to_owned(), |summary| text(&summary["status"]));
        assert_eq!(outcome, want, "run {run}");
    }
}

/// Deliveries that cover every path: a new file, the same again, an older version, a missing file, a REF object that vanishes
/// meanwhile, and a reprocess of all of RAW.
async fn run_refine(template: &Template, account: &Account) {
    let unseen = clients(account.s3.http_client(), refine::TIMEOUTS);
    let raw_bucket = lookup(&template.environment("IngestFunction"), "RAW_BUCKET").unwrap();
    let ref_bucket = lookup(&template.environment("RefineFunction"), "REF_BUCKET").unwrap();
    let raw_key = unseen.store(&raw_bucket).list(tweets::RAW_PREFIX, None).await.unwrap()[0].key.clone();

    let refine = Refine::new(
        &account.clients(refine::TIMEOUTS),
        refine::Config { ref_bucket: ref_bucket.clone(), table_years: tweets::Years::DEFAULT },
    );
    let deliver = async |key: &str, answer: &str| {
        let object = json!({"bucket": {"name": raw_bucket}, "object": {"key": key}});
        let event = json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": object}]});
        let summary = refine::handle(&refine, event, refine::Invocation::new(now(), TIMEOUT), |_| ()).await;
        assert!(summary.as_ref().map_or(answer == "error", |summary| summary[answer].as_u64() > Some(0)), "{answer}: {summary:?}");
    };
    deliver(&raw_key, "files_created").await;
    deliver(&raw_key, "files_unchanged").await;

    let target = unseen.store(&ref_bucket);
    for object in target.list("tweets/", None).await.unwrap() {
        let older = target.put(&object.key, Bytes::new(), "", [].into(), &Condition::Unchanged(object.etag)).await.unwrap();
        assert!(matches!(older, Put::Written(_)));
    }
    deliver(&raw_key, "files_replaced").await;
    deliver("tweets/nothing.json", "error").await;

    let other = unseen.store(&raw_bucket).list(tweets::RAW_PREFIX, Some(&raw_key)).await.unwrap()[0].key.clone();
    account.order("/tweets/", Fault::GoneMeanwhile);
    deliver(&other, "files_created").await;

    let again = json!({"reprocess": {"bucket": raw_bucket, "prefix": tweets::RAW_PREFIX}});
    let summary = refine::handle(&refine, again, refine::Invocation::new(now(), TIMEOUT), |_| ()).await.unwrap();
    assert_eq!((&summary["failures"], &summary["next"]), (&json!(0), &Value::Null), "{summary}");
}

/// The statements of a role: `Sid`, one action, one resource.
fn grants(template: &Template, role: &str) -> Vec<(String, String, String)> {
    let mut grants = Vec::new();
    for policy in template.resource(role)["Policies"].as_array().unwrap() {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow", "{role}");
            for action in items(&statement["Action"]) {
                let resources = items(&statement["Resource"]).into_iter();
                grants.extend(resources.map(|resource| (text(&statement["Sid"]), action.clone(), resource)));
            }
        }
    }
    grants
}

fn allows(resource: &str, arn: &str) -> bool {
    // A secret's ARN ends in six random characters; the code names the secret without them.
    let secret = arn.strip_prefix("secret:").is_some_and(|name| resource.ends_with(&format!(":secret:{name}-??????")));
    secret || resource == arn || resource.strip_suffix('*').is_some_and(|start| arn.starts_with(start))
}

#[track_caller]
fn check(role: &str, grants: &[(String, String, String)], calls: &BTreeSet<Call>) {
    for (action, arn) in calls {
        let is_allowed = grants.iter().any(|(_, granted, resource)| granted == action && allows(resource, arn));
        assert!(is_allowed, "{role} does not allow {action} on {arn}");
    }
    for (sid, action, resource) in grants.iter().filter(|(_, action, _)| !BY_LAMBDA.contains(&action.as_str())) {
        let is_used = calls.iter().any(|(done, arn)| done == action && allows(resource, arn));
        assert!(is_used, "{role} {sid}: nothing uses {action} on {resource}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_roles_allow_exactly_the_calls_of_the_functions() {
    let template = Template::read();
    let account = Account::new(&template);
    run_ingest(&template, &account).await;
    check("IngestRole", &grants(&template, "IngestRole"), &account.calls());
    account.heal();
    run_refine(&template, &account).await;
    check("RefineRole", &grants(&template, "RefineRole"), &account.calls());
}

#[test]
fn every_statement_has_a_unique_sid() {
    let templates = Template::all();
    let mut policies = BTreeMap::new();
    for (name, resource) in templates.iter().flat_map(|template| template.section("Resources")) {
        let own = &resource["Properties"];
        let roles = own["Policies"].as_array().into_iter().flatten().map(|policy| &policy["PolicyDocument"]);
        for document in roles.chain([&own["PolicyDocument"], &own["AssumeRolePolicyDocument"]]).filter(|document| document.is_object()) {
            let sids: Vec<_> = document["Statement"].as_array().unwrap().iter().map(|statement| statement["Sid"].as_str()).collect();
            assert!(!sids.contains(&None), "{name} has a statement without a Sid");
            assert_eq!(sids.iter().collect::<BTreeSet<_>>().len(), sids.len(), "{name} has a duplicate Sid");
            policies.insert((name, document.to_string()), sids.len());
        }
    }
    assert_eq!(policies.len(), 10, "{policies:?}");
}
