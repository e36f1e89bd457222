//! The queue between S3 and `refine`: notifications in SQS envelopes, delivered until they are acknowledged.
//!
//! The queue survives the process, as SQS does: RAW files that were never acknowledged are delivered again.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDate, SecondsFormat};
use emulators::files::Unreadable;
use emulators::s3::{EmbeddedS3, ObjectCreated};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tweets::check_raw_key;
use tweets::columns::{ANO, DIA, MES};

use crate::Outcome;
use crate::ignored::Ignored;
use crate::lake::{Lake, RAW_BUCKET, REF_BUCKET};
use crate::output::message as tell;

/// Messages per batch; the batch size of the template.
const BATCH: usize = 10;
/// Deliveries of one message before it is set aside; `maxReceiveCount` of the template.
const RECEIVES_MAX: u32 = 5;
/// Characters that S3 does not encode in the key of a notification.
const UNENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'/').remove(b'*');

/// A message: one S3 notification.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    key: String,
    body: Value,
    receives: u32,
}

/// Pending notifications of RAW files for `refine`.
#[derive(Debug)]
pub struct Queue {
    waiting: Arc<Mutex<VecDeque<Message>>>,
    s3: EmbeddedS3,
    acknowledged: Acknowledged,
    dead: Vec<Message>,
    ignored: Vec<Ignored>,
    unreadable: Vec<Unreadable>,
}

/// Keys of the refined files, stored in an append-only file.
#[derive(Debug)]
struct Acknowledged {
    keys: BTreeSet<String>,
    path: PathBuf,
    file: File,
}

impl Queue {
    /// Opens the queue of a lake: all RAW files that are not refined yet and, from now on, each new RAW file.
    pub async fn open(lake: &Lake) -> Outcome<Self> {
        // Parquet files can be recreated: flush them in batches, before their messages are acknowledged.
        lake.s3().flush_later(REF_BUCKET);
        let acknowledged = Acknowledged::open(lake.acknowledged_path())?;
        let (left, ignored, unreadable) = raw_files(lake).await?;
        let is_left = |object: &&aws::Listed| !acknowledged.keys.contains(&object.key);
        let left: VecDeque<Message> = left.iter().filter(is_left).map(message_of_listing).collect();
        let waiting = Arc::new(Mutex::new(left));
        let inbox = Arc::clone(&waiting);
        lake.s3().on_object_created(move |created| {
            if created.bucket == RAW_BUCKET && check_raw_key(&created.key).is_ok() {
                inbox.lock().unwrap_or_else(PoisonError::into_inner).push_back(message(created));
            }
        });
        Ok(Self { waiting, s3: lake.s3().clone(), acknowledged, dead: Vec::new(), ignored, unreadable })
    }

    /// Enqueues every RAW file whose key satisfies `is_meant`, refined or not. Returns the number of pending messages.
    ///
    /// What cannot be read counts only if it may be of a day that satisfies `is_meant_day`.
    pub async fn replay(&mut self, lake: &Lake, is_meant: impl Fn(&str) -> bool, is_meant_day: impl Fn(NaiveDate) -> bool) -> Outcome<u64> {
        let (files, ignored, unreadable) = raw_files(lake).await?;
        let meant: VecDeque<Message> = files.iter().filter(|object| is_meant(&object.key)).map(message_of_listing).collect();
        (self.ignored, self.unreadable) = (ignored, unreadable);
        self.unreadable.retain(|entry| day_of(&entry.path).is_none_or(&is_meant_day));
        let count = meant.len() as u64;
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = meant;
        Ok(count)
    }

    /// Returns the next batch as SQS delivers it to a function; `None` if the queue is empty.
    pub fn receive(&mut self) -> Option<Batch> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(BATCH);
        let mut messages: Vec<Message> = waiting.drain(..count).collect();
        for message in &mut messages {
            message.receives += 1;
        }
        (!messages.is_empty()).then_some(Batch { messages })
    }

    /// Applies the function's response: failed messages become pending again or, after the last try, are set aside.
    pub fn settle(&mut self, batch: Batch, answer: &Value) -> Outcome {
        self.s3.flush().map_err(|error| format!("cannot flush {error}; make room on the disk and run again"))?;
        let failed: BTreeSet<&str> =
            answer["batchItemFailures"].as_array().into_iter().flatten().filter_map(|item| item["itemIdentifier"].as_str()).collect();
        for message in batch.messages {
            if !failed.contains(message.id.as_str()) {
                self.acknowledged.add(&message.key)?;
            } else if message.receives < RECEIVES_MAX {
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(message);
            } else {
                self.dead.push(message);
            }
        }
        Ok(())
    }

    /// Returns the objects below `tweets/` that the last listing found not to be RAW files.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// Returns what the last listing found below `tweets/` and left out, because it cannot be read or has no key.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Returns the keys and notifications of the messages that were set aside in this process; the next process retries
    /// them.
    pub fn dead(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.dead.iter().map(|message| (message.key.as_str(), &message.body))
    }
}

/// Returns the day of a path with `ano=`, `mes=` and `dia=`.
fn day_of(path: &Path) -> Option<NaiveDate> {
    let value = |column| path.iter().find_map(|name| name.to_str()?.strip_prefix(column)?.strip_prefix('=')?.parse::<u32>().ok());
    NaiveDate::from_ymd_opt(value(ANO)?.try_into().ok()?, value(MES)?, value(DIA)?)
}

/// Messages that were received but not yet settled.
#[derive(Debug)]
pub struct Batch {
    messages: Vec<Message>,
}

impl Batch {
    /// Returns the number of messages.
    pub fn len(&self) -> u64 {
        self.messages.len() as u64
    }

    /// Returns the event that Lambda's poller would send.
    pub fn event(&self) -> Value {
        let record = |message: &Message| {
            json!({
                "messageId": message.id,
                "receiptHandle": message.id,
                "body": message.body.to_string(),
                "attributes": { "ApproximateReceiveCount": message.receives.to_string() },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:xpto-refine",
                "awsRegion": "us-east-1",
            })
        };
        json!({ "Records": self.messages.iter().map(record).collect::<Vec<_>>() })
    }
}

fn message(created: &ObjectCreated) -> Message {
    let event_time = created.event_time.to_rfc3339_opts(SecondsFormat::Millis, true);
    notification(&created.key, &created.etag, created.size, &created.sequencer, &event_time)
}

/// Creates the message of a file whose notification was lost with an earlier process.
fn message_of_listing(object: &aws::Listed) -> Message {
    notification(&object.key, object.etag.0.trim_matches('"'), object.bytes, "0", "1970-01-01T00:00:00.000Z")
}

fn notification(key: &str, etag: &str, size: u64, sequencer: &str, event_time: &str) -> Message {
    // S3 form-encodes the key of a notification: a space is "+".
    let encoded = utf8_percent_encode(key, UNENCODED).to_string().replace("%20", "+");
    let body = json!({ "Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": event_time,
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "raw-to-refine",
            "bucket": { "name": RAW_BUCKET, "arn": format!("arn:aws:s3:::{RAW_BUCKET}") },
            "object": { "key": encoded, "size": size, "eTag": etag, "sequencer": sequencer },
        },
    }]});
    Message { id: format!("{sequencer}-{etag}"), key: key.to_owned(), body, receives: 0 }
}

/// Returns all RAW files in key order, the other objects below their prefix, and what is not an object.
async fn raw_files(lake: &Lake) -> Outcome<(Vec<aws::Listed>, Vec<Ignored>, Vec<Unreadable>)> {
    let raw = lake.raw();
    let unreadable = lake.s3().unlisted(RAW_BUCKET, tweets::RAW_PREFIX);
    let (mut files, mut ignored, mut after) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let page = raw.list(tweets::RAW_PREFIX, after.as_deref()).await?;
        let Some(last) = page.last() else { return Ok((files, ignored, unreadable)) };
        after = Some(last.key.clone());
        for object in page {
            match check_raw_key(&object.key) {
                Ok(()) => files.push(object),
                Err(reason) => ignored.push(Ignored { key: object.key, reason }),
            }
        }
    }
}

impl Acknowledged {
    fn open(path: PathBuf) -> Outcome<Self> {
        let explained = |error: io::Error| {
            let path = path.display();
            format!("cannot use {path}, which lists what was refined: {error}; if you delete it, all of RAW is refined again")
        };
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes.map_err(explained)?,
        };
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(explained)?;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            file.write_all(b"\n").map_err(explained)?; // the last line was cut off
        }
        Ok(Self { keys: keys(&path, &bytes), path, file })
    }

    /// Records a key. Not flushed: a lost line costs one repeated refinement, which changes nothing.
    fn add(&mut self, key: &str) -> Outcome {
        if self.keys.insert(key.to_owned()) {
            let written = self.file.write_all(format!("{key}\n").as_bytes());
            written.map_err(|error| format!("cannot write {}: {error}; make room on the disk and run again", self.path.display()))?;
        }
        Ok(())
    }
}

/// Parses the lines that are UTF-8; files named by other lines are refined again.
fn keys(path: &Path, bytes: &[u8]) -> BTreeSet<String> {
    let lines = || bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let keys: BTreeSet<String> = lines().filter_map(|line| Some(std::str::from_utf8(line).ok()?.to_owned())).collect();
    let damaged = lines().filter(|line| std::str::from_utf8(line).is_err()).count();
    if damaged > 0 {
        tell(&format!("{damaged} line(s) of {} are damaged; the files that they named are refined again\n", path.display()));
    }
    keys
}
