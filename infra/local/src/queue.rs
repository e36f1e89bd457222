//! The queue between S3 and `refine`: notifications in SQS envelopes, delivered until they are acknowledged.
//!
//! The queue survives the process, as SQS does: RAW files that were never acknowledged are delivered again.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate};
use emulators::files::Unreadable;
use emulators::s3::{EmbeddedS3, ObjectCreated};
use emulators::sqs::{self, BATCH_MAX, Message};
use serde_json::Value;
use tweets::check_raw_key;
use tweets::columns::{ANO, DIA, MES};

use crate::Outcome;
use crate::ignored::Ignored;
use crate::lake::{Lake, RAW_BUCKET, REF_BUCKET};
use crate::output::message as print_message;
use crate::rejected::{self, Rejected};

/// Pending notifications of RAW files for `refine`.
#[derive(Debug)]
pub struct Queue {
    waiting: Arc<Mutex<VecDeque<Message>>>,
    s3: EmbeddedS3,
    acknowledged: Acknowledged,
    dead: Vec<Message>,
    rejected_before: Vec<Rejected>,
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
    /// Opens the queue of a lake: all RAW files that are not refined yet or listed as rejected and, from now on, each new RAW
    /// file.
    pub async fn open(lake: &Lake) -> Outcome<Self> {
        // Parquet files can be recreated: flush them in batches, before their messages are acknowledged.
        lake.s3().flush_later(REF_BUCKET);
        let acknowledged = Acknowledged::open(lake.acknowledged_path())?;
        let (left, ignored, unreadable) = raw_files(lake).await?;
        let rejected_before = rejected::read_or_report(lake.root());
        let rejected: BTreeSet<&str> = rejected_before.iter().map(|file| file.key.as_str()).collect();
        // A file that was refined once and rejected since is not refined.
        let is_left = |object: &&aws::Listed| !acknowledged.keys.contains(&object.key) || rejected.contains(object.key.as_str());
        let left: VecDeque<Message> = left.iter().filter(is_left).map(message).collect();
        let waiting = Arc::new(Mutex::new(left));
        let inbox = Arc::clone(&waiting);
        lake.s3().on_object_created(move |created| {
            if created.bucket == RAW_BUCKET && check_raw_key(&created.key).is_ok() {
                inbox.lock().unwrap_or_else(PoisonError::into_inner).push_back(Message::new(created.clone()));
            }
        });
        Ok(Self { waiting, s3: lake.s3().clone(), acknowledged, dead: Vec::new(), rejected_before, ignored, unreadable })
    }

    /// Enqueues every RAW file whose key satisfies `is_meant`, refined or not. Returns the number of pending messages.
    ///
    /// What cannot be read counts only if it may be of a day that satisfies `is_meant_day`.
    pub async fn replay(&mut self, lake: &Lake, is_meant: impl Fn(&str) -> bool, is_meant_day: impl Fn(NaiveDate) -> bool) -> Outcome<u64> {
        let (files, ignored, unreadable) = raw_files(lake).await?;
        let meant: VecDeque<Message> = files.iter().filter(|object| is_meant(&object.key)).map(message).collect();
        (self.ignored, self.unreadable) = (ignored, unreadable);
        self.unreadable.retain(|entry| day_of(&entry.path).is_none_or(&is_meant_day));
        let count = meant.len() as u64;
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = meant;
        Ok(count)
    }

    /// Returns the next batch; `None` if the queue is empty.
    pub fn receive(&mut self) -> Option<Vec<Message>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(BATCH_MAX);
        let mut batch: Vec<Message> = waiting.drain(..count).collect();
        for message in &mut batch {
            message.receives += 1;
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Applies the function's response: failed messages become pending again or, after the last try, are set aside.
    pub fn settle(&mut self, batch: Vec<Message>, answer: &Value) -> Outcome {
        self.s3.flush().map_err(|error| format!("cannot flush {error}; make room on the disk and run again"))?;
        let settled = sqs::settle(batch, Some(answer));
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(settled.again);
        self.dead.extend(settled.dead);
        settled.done.iter().try_for_each(|message| self.acknowledged.add(&message.object.key))
    }

    /// Returns the objects below `tweets/` that the last listing found not to be RAW files.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// Returns what the last listing found below `tweets/` and left out, because it cannot be read or has no key.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Returns the files that earlier processes rejected.
    pub fn rejected_before(&self) -> &[Rejected] {
        &self.rejected_before
    }

    /// Takes the messages that were set aside; the next process retries them.
    pub fn take_dead(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.dead)
    }
}

/// Returns the day of a path with `ano=`, `mes=` and `dia=`.
fn day_of(path: &Path) -> Option<NaiveDate> {
    let value = |column| path.iter().find_map(|name| name.to_str()?.strip_prefix(column)?.strip_prefix('=')?.parse::<u32>().ok());
    NaiveDate::from_ymd_opt(value(ANO)?.try_into().ok()?, value(MES)?, value(DIA)?)
}

/// Creates the message of a file whose notification was lost with an earlier process.
fn message(listed: &aws::Listed) -> Message {
    Message::new(ObjectCreated {
        event_name: "ObjectCreated:Put",
        bucket: RAW_BUCKET.to_owned(),
        key: listed.key.clone(),
        size: listed.bytes,
        etag: listed.etag.0.trim_matches('"').to_owned(),
        sequencer: "0".to_owned(),
        event_time: DateTime::UNIX_EPOCH,
    })
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
        print_message(&format!("{damaged} line(s) of {} are damaged; the files that they named are refined again\n", path.display()));
    }
    keys
}
