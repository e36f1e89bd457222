//! Counts the requests and bytes of one run and one file, at the wires of the real functions.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::{Clients, Timeouts, Values};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use emulators::s3::{ACCESS_KEY, EmbeddedS3, IN_PROCESS_ENDPOINT, InProcess, SECRET_KEY};
use emulators::secrets::{Secret, Secrets};
use emulators::server::answer_aws;
use emulators::x_api::{Corpus, EMULATOR_TOKEN, Options, Post, XEmulator};
use http::{Method, Request};
use ingest::{Ingest, Wire};
use lambda_runtime::tracing::subscriber::fmt;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt as _;
use metrics::Line;
use refine::Refine;
use serde_json::json;

const RAW: &str = "xpto-raw";
const REF: &str = "xpto-ref";
const MINUTE: Duration = Duration::from_mins(1);

/// Requests and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counted {
    pub puts: f64,
    pub gets: f64,
    pub secrets: f64,
    pub files: f64,
    pub stored_bytes: f64,
    /// Bytes of the summary line and of the metrics of the invocation.
    pub log_bytes: f64,
}

/// One run of ingest over `posts` new posts, and refine over each of its files in turn.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub posts: f64,
    pub ingest: Counted,
    pub refine: Counted,
    /// Bytes of one line with the rows of one minute.
    pub minute_line_bytes: f64,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone)]
struct Account {
    s3: EmbeddedS3,
    secrets: Secrets,
    counted: Arc<Mutex<Counted>>,
}

impl Account {
    fn clients(&self, timeouts: Timeouts) -> Clients {
        let account = self.clone();
        let wire = InProcess::new(move |request: Request<Bytes>| {
            let account = account.clone();
            async move {
                account.count(&request);
                Ok(answer_aws(&account.s3, &account.secrets, request).await)
            }
        });
        let http_client = SharedHttpClient::new(wire);
        let endpoint_url = IN_PROCESS_ENDPOINT.to_owned();
        Clients::from_values(Values { http_client, endpoint_url, access_key: ACCESS_KEY, secret_key: SECRET_KEY }, timeouts)
    }

    fn count(&self, request: &Request<Bytes>) {
        let mut counted = self.counted.lock().unwrap();
        match *request.method() {
            Method::PUT => {
                counted.puts += 1.0;
                counted.stored_bytes += stored_bytes(request);
            }
            Method::POST => counted.secrets += 1.0,
            _ => counted.gets += 1.0,
        }
    }

    fn take(&self) -> Counted {
        std::mem::take(&mut *self.counted.lock().unwrap())
    }
}

/// Returns the bytes of a file. The cursor is overwritten each time, so it counts as zero.
fn stored_bytes(request: &Request<Bytes>) -> f64 {
    if !request.uri().path().contains("/tweets/") {
        return 0.0;
    }
    let decoded = request.headers().get("x-amz-decoded-content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    decoded.unwrap_or(as_f64(request.body().len()))
}

/// Measures one sweep over posts of the seeded corpus, counted from the newest: `0..100` are the newest hundred.
pub async fn measure(newest: Range<usize>) -> Measured {
    let posts = newest.len();
    let now: DateTime<Utc> = "2026-11-23T20:20:00Z".parse().unwrap();
    let earlier = now - TimeDelta::hours(6);
    let account = Account { s3: EmbeddedS3::in_memory(move || now), secrets: Secrets::new(), counted: Arc::default() };
    for bucket in [RAW, REF] {
        account.s3.create_bucket(bucket).unwrap();
    }
    account.secrets.set("token".to_owned(), Secret::Value(EMULATOR_TOKEN.to_owned()));
    let all = Corpus::seeded(7).visible(earlier..now - TimeDelta::minutes(2), now);
    let newest: Vec<Post> = all[all.len() - newest.end..all.len() - newest.start].iter().map(|post| Post::clone(post)).collect();
    let x = XEmulator::new(Corpus::of(newest), Options::default());
    // A query that finds every post of the corpus.
    let vars = [
        ("RAW_BUCKET", RAW),
        ("X_SECRET_ID", "token"),
        ("SEARCH_QUERY", "presidente OR presidência OR Planalto OR @planalto"),
        ("MAX_POSTS_PER_MONTH", "0"),
    ];
    let var = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let config = ingest::Config::from_env(var).unwrap();

    let log = Log::default();
    let writer = log.clone();
    let guard = fmt().json().with_writer(move || writer.clone()).set_default();
    let log_bytes = || as_f64(std::mem::take(&mut *log.0.lock().unwrap()).len());

    let mut ingested = Counted::default();
    for at in [earlier, now] {
        let ingest = Ingest::new(config.clone(), &account.clients(ingest::TIMEOUTS), Wire::InProcess(x.service(move || at)));
        let mut emitted = 0.0;
        let emit = |line: Line| emitted += as_f64(line.to_emf("xpto-ingest").len());
        let answer = ingest::handle(&ingest, ingest::Invocation::new(at, MINUTE), 1, emit).await.unwrap();
        ingested = Counted { files: answer["files"].as_f64().unwrap(), log_bytes: log_bytes() + emitted, ..account.take() };
    }

    let raw = account.clients(refine::TIMEOUTS).store(RAW);
    let refine =
        Refine::new(&account.clients(refine::TIMEOUTS), refine::Config { ref_bucket: REF.to_owned(), table_years: tweets::Years::DEFAULT });
    let keys: Vec<_> = raw.list(tweets::RAW_PREFIX, None).await.unwrap().into_iter().map(|listed| listed.key).collect();
    account.take();
    let (mut invocation_lines, mut minute_line_bytes) = (0.0, 0.0);
    for key in &keys {
        let event = json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": RAW}, "object": {"key": key}}}]});
        let emit = |line: Line| {
            let bytes = as_f64(line.to_emf("xpto-refine").len());
            let is_of_a_minute = line.values.iter().all(|(metric, _)| metric.name().starts_with("Rows") && metric.name() != "Rows");
            if is_of_a_minute { minute_line_bytes = bytes.max(minute_line_bytes) } else { invocation_lines += bytes }
        };
        refine::handle(&refine, event, refine::Invocation::new(now, MINUTE), emit).await.unwrap();
    }
    let refined = Counted { files: as_f64(keys.len()), log_bytes: log_bytes() + invocation_lines, ..account.take() };
    drop(guard);
    Measured { posts: as_f64(posts), ingest: ingested, refine: refined, minute_line_bytes }
}

#[expect(clippy::cast_precision_loss, reason = "lengths far below 2^52")]
pub fn as_f64(length: usize) -> f64 {
    length as f64
}
