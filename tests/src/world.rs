//! One world: its time, its S3, its X API, its faults, and a record of everything that took effect.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use emulators::random::Random;
use emulators::s3::{ACCESS_KEY, EmbeddedS3, IN_PROCESS_ENDPOINT, REGION, SECRET_KEY};
use emulators::secrets::{Secret, Secrets};
use http::{Method, Request, Response, StatusCode, header};
use serde_json::Value;
use tokio::task::LocalSet;

use crate::ablation::{Ablation, refusal};
use crate::clock::Clock;
use crate::fault::{Call, Fault, Plan, RAW_BUCKET, REF_BUCKET};
use crate::journal::Journal;
use crate::posts::Posts;
use crate::queue::Queue;
use crate::sandbox::{Outcome, Process};
use crate::shape::{SECRET_ID, Shape};
use crate::wire::put_body;
use crate::x_api::XApi;

/// Part of every bearer token of a world; must never occur in a log.
pub const TOKEN_MARKER: &str = "token-secreto";

/// A write that took effect.
#[derive(Clone, Debug)]
pub struct Write {
    /// The true time.
    pub at: DateTime<Utc>,
    /// What the write is for.
    pub call: Call,
    /// The key, without the bucket.
    pub key: String,
    /// The bytes written.
    pub body: Bytes,
    /// The user metadata.
    pub metadata: BTreeMap<String, String>,
}

/// What took effect in a world, and which rules were broken.
#[derive(Debug, Default)]
pub struct Record {
    /// Every accepted write, in order.
    pub writes: Vec<Write>,
    /// Pages that were served and did not arrive whole.
    pub pages_lost: u64,
    /// Pages of `pages_lost` that the run could not report, because it died.
    pub pages_lost_unreported: u64,
    /// The largest number of posts that one run had been served and had not yet put.
    pub held_max: u64,
    /// Runs by how they ended.
    pub runs: BTreeMap<String, u64>,
    /// Metrics that the functions emitted, in order.
    pub metrics: Vec<metrics::Line>,
    /// Requests that no client may make: after the end of the invocation, or of a form that X never accepts.
    pub offences: Vec<String>,
}

/// A world. Clones share it.
#[derive(Clone, Debug)]
pub struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    seed: u64,
    shape: Shape,
    clock: Clock,
    journal: Journal,
    s3: EmbeddedS3,
    secrets: Secrets,
    queue: Queue,
    operator: aws_sdk_s3::Client,
    x: Mutex<XApi>,
    plan: Mutex<Plan>,
    random: Mutex<Random>,
    record: Mutex<Record>,
    numbers: AtomicU32,
    ablation: Option<Ablation>,
    may_list: AtomicBool,
    /// The key of the last refused put.
    refused: Mutex<String>,
    held: Mutex<Vec<(Call, Request<Bytes>)>>,
    holds: AtomicU32,
}

impl World {
    /// Runs `life` in the world of a seed, on tokio's paused clock.
    pub fn of_seed<T>(seed: u64, ablation: Option<Ablation>, life: impl AsyncFnOnce(World) -> T) -> T {
        let shape = Shape::of(seed);
        let mut around = vec![shape.start];
        for tick in &shape.ticks {
            around.push(around[around.len() - 1] + tick.after);
        }
        let posts = Posts::at_random(
            &mut Random::of(seed, "posts"),
            shape.posts,
            &around,
            chrono::TimeDelta::from_std(shape.config.safety_lag).unwrap_or_default(),
        );
        let plan = Plan::at_random(seed, shape.fault_per_mille);
        Self::live(seed, shape, posts, plan, ablation, life)
    }

    /// Runs `script` in a world where only what it scripts fails.
    pub fn scripted<T>(shape: Shape, script: impl AsyncFnOnce(World) -> T) -> T {
        Self::live(0, shape, Posts::default(), Plan::none(), None, script)
    }

    /// Like [`World::scripted`], with one protection switched off.
    pub fn scripted_without<T>(ablation: Ablation, shape: Shape, script: impl AsyncFnOnce(World) -> T) -> T {
        Self::live(0, shape, Posts::default(), Plan::none(), Some(ablation), script)
    }

    fn live<T>(seed: u64, shape: Shape, posts: Posts, plan: Plan, ablation: Option<Ablation>, life: impl AsyncFnOnce(World) -> T) -> T {
        #[expect(clippy::expect_used, reason = "a runtime without I/O needs no resources of the machine")]
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(LocalSet::new().run_until(async {
            let world = Self::new(seed, shape, posts, plan, ablation);
            let logged = tracing::subscriber::set_default(world.journal().subscriber());
            let outcome = life(world).await;
            drop(logged);
            outcome
        }))
    }

    fn new(seed: u64, shape: Shape, posts: Posts, plan: Plan, ablation: Option<Ablation>) -> Self {
        let clock = Clock::starting_at(shape.start);
        let s3 = EmbeddedS3::in_memory(move || clock.now());
        #[expect(clippy::expect_used, reason = "constant names")]
        for bucket in [RAW_BUCKET, REF_BUCKET] {
            s3.create_bucket(bucket).expect("a bucket in memory");
        }
        let operator = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "operator"))
            .endpoint_url(IN_PROCESS_ENDPOINT)
            .http_client(s3.http_client());
        let secrets = Secrets::new();
        let token = format!("{TOKEN_MARKER}-0");
        secrets.set(SECRET_ID, Secret::Value(token.clone()));
        let x = XApi::new(posts, shape.quirks.clone(), token, Random::of(seed, "x"));
        Self(Arc::new(Inner {
            seed,
            clock,
            journal: Journal::new(clock),
            queue: Queue::of(&s3),
            s3,
            secrets,
            operator: aws_sdk_s3::Client::from_conf(operator.build()),
            x: Mutex::new(x),
            plan: Mutex::new(plan),
            random: Mutex::new(Random::of(seed, "latencies")),
            record: Mutex::default(),
            numbers: AtomicU32::new(0),
            ablation,
            may_list: AtomicBool::new(true),
            refused: Mutex::default(),
            held: Mutex::default(),
            holds: AtomicU32::new(0),
            shape,
        }))
    }

    /// Returns the seed; 0 for a scripted world.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Returns the parameters that the seed or the script determined.
    pub fn shape(&self) -> &Shape {
        &self.0.shape
    }

    /// Returns the true time.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// Returns the event log.
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// Returns the S3 of this world, without faults.
    pub fn s3(&self) -> &EmbeddedS3 {
        &self.0.s3
    }

    /// Returns the objects below a prefix as they are stored, in key order.
    pub(crate) fn objects(&self, bucket: &str, prefix: &str) -> Vec<(String, Bytes)> {
        #[expect(clippy::expect_used, reason = "an S3 in memory has no disk that could fail")]
        self.0.s3.objects(bucket, prefix).expect("objects in memory")
    }

    /// Returns the queue to `refine`.
    pub(crate) fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// Returns an S3 client without faults.
    pub fn operator(&self) -> &aws_sdk_s3::Client {
        &self.0.operator
    }

    /// Returns the protection that is switched off.
    pub(crate) fn ablation(&self) -> Option<Ablation> {
        self.0.ablation
    }

    /// Reads or changes the X API.
    pub fn x<T>(&self, look: impl FnOnce(&mut XApi) -> T) -> T {
        look(&mut lock(&self.0.x))
    }

    /// Reads or changes the record.
    pub fn record<T>(&self, look: impl FnOnce(&mut Record) -> T) -> T {
        look(&mut lock(&self.0.record))
    }

    /// Makes `fault` meet the `nth` request of this kind from now on, or of any kind.
    pub fn script(&self, call: impl Into<Option<Call>>, nth: u32, fault: Fault) {
        lock(&self.0.plan).script(call.into(), nth, fault);
    }

    /// Stops the faults: from now on, nothing fails.
    pub fn stop_faults(&self) {
        lock(&self.0.plan).stop();
        self.note("faults stop");
    }

    /// Returns how often each kind of fault met each kind of request.
    pub fn fault_counts(&self) -> BTreeMap<(Call, &'static str), u64> {
        lock(&self.0.plan).counts.clone()
    }

    /// Sets whether the functions may list RAW. If not, S3 answers 403 for a missing key.
    pub fn set_may_list(&self, may_list: bool) {
        self.0.may_list.store(may_list, Ordering::Relaxed);
    }

    /// Replaces the token that X accepts.
    pub fn set_x_token(&self, token: String) {
        self.note("x accepts another token");
        self.x(|x| x.bearer_token = token);
    }

    /// Replaces the token in the secret.
    pub fn set_secret(&self, token: String) {
        self.note("the secret holds another token");
        self.0.secrets.set(SECRET_ID, Secret::Value(token));
    }

    /// Applies the puts held until release, in order.
    pub async fn release_held(&self) {
        let held: Vec<_> = lock(&self.0.held).drain(..).collect();
        for (call, request) in held {
            self.note(format!("a held {call:?} lands"));
            self.apply(call, request).await;
        }
    }

    /// Returns whether some accepted puts have not been applied yet.
    pub fn has_held(&self) -> bool {
        self.0.holds.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn note(&self, event: impl Into<String>) {
        self.0.journal.note(event);
    }

    pub(crate) fn offend(&self, offence: String) {
        self.note(format!("OFFENCE {offence}"));
        self.record(|record| record.offences.push(offence));
    }

    pub(crate) fn lose_page(&self, process: &Process, status: StatusCode) {
        if status == StatusCode::OK {
            process.lose_page();
            self.record(|record| record.pages_lost += 1);
        }
    }

    pub(crate) fn emit(&self, line: metrics::Line) {
        self.record(|record| record.metrics.push(line));
    }

    pub(crate) fn count_run(&self, outcome: &Outcome<Value>, pages_lost: u64) {
        self.record(|record| {
            *record.runs.entry(outcome.status().to_owned()).or_default() += 1;
            if matches!(outcome, Outcome::Died | Outcome::Overran) {
                record.pages_lost_unreported += pages_lost;
            }
        });
    }

    pub(crate) fn next_number(&self) -> u32 {
        self.0.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn random_number(&self) -> u64 {
        lock(&self.0.random).number()
    }

    /// Numbers a request. Returns the number, its fault, and its latency.
    pub(crate) fn number(&self, call: Call) -> (u64, Option<Fault>, Duration) {
        let (number, fault) = lock(&self.0.plan).next(call);
        let (low, high) = self.0.shape.latency_ms;
        (number, fault, Duration::from_millis(lock(&self.0.random).within(low, high)))
    }

    pub(crate) fn keep(&self, call: Call, request: Request<Bytes>) {
        lock(&self.0.held).push((call, request));
    }

    pub(crate) fn begin_hold(&self) {
        self.0.holds.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_hold(&self) {
        self.0.holds.fetch_sub(1, Ordering::Relaxed);
    }

    /// Applies a request to AWS.
    pub(crate) async fn apply(&self, call: Call, request: Request<Bytes>) -> Response<Bytes> {
        if call == Call::GetSecret {
            return self.0.secrets.call(request).await;
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let write = (method == Method::PUT).then(|| self.write_of(call, &request));
        let has_if_match = request.headers().contains_key(header::IF_MATCH);
        let answer = match (self.0.ablation, &write) {
            (Some(ablation), Some(write)) if ablation.ignores_condition(call, has_if_match) => self.overwrite(write).await,
            (Some(Ablation::RefKeyForgetsRawKey), Some(write)) if call == Call::PutRef => self.overwrite(write).await,
            _ => self.0.s3.call(request).await,
        };
        if let Some(write) = write {
            let key = &write.key;
            self.note(format!("      {call:?} {key} -> {}", answer.status()));
            if answer.status() == StatusCode::OK {
                if call == Call::PutCursor {
                    self.note(format!("      cursor is {}", String::from_utf8_lossy(&write.body)));
                }
                self.record(|record| record.writes.push(write));
            } else if call == Call::PutRaw {
                lock(&self.0.refused).clone_from(&path);
            }
        } else if answer.status() == StatusCode::NOT_FOUND && !self.0.may_list.load(Ordering::Relaxed) {
            return refusal(403, "AccessDenied", &method);
        }
        match self.0.ablation {
            Some(ablation) => ablation.distort(call, &method, answer, *lock(&self.0.refused) == path),
            None => answer,
        }
    }

    fn write_of(&self, call: Call, request: &Request<Bytes>) -> Write {
        let path = request.uri().path().trim_start_matches('/').split_once('/').unwrap_or_default().1;
        let mut key = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        if self.0.ablation == Some(Ablation::RefKeyForgetsRawKey) && call == Call::PutRef {
            key = format!("{}/day.parquet", key.rsplit_once('/').unwrap_or_default().0);
        }
        let metadata = request.headers().iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-amz-meta-")?;
            Some((name.to_owned(), value.to_str().ok()?.to_owned()))
        });
        Write { at: self.now(), call, key, body: put_body(request), metadata: metadata.collect() }
    }

    /// Writes regardless of the conditions of the request.
    async fn overwrite(&self, write: &Write) -> Response<Bytes> {
        let bucket = if write.call == Call::PutRef { REF_BUCKET } else { RAW_BUCKET };
        let put = self.0.operator.put_object().bucket(bucket).key(&write.key).body(ByteStream::from(write.body.clone()));
        let put = put.set_metadata(Some(write.metadata.clone().into_iter().collect())).send().await;
        let mut response = Response::new(Bytes::new());
        match put.ok().and_then(|put| put.e_tag?.parse().ok()) {
            Some(etag) => _ = response.headers_mut().insert(header::ETAG, etag),
            None => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
        }
        response
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
