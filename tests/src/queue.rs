//! The queue between S3 and `refine`: at-least-once delivery, late, repeated, in any order, several batches at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use emulators::s3::{EmbeddedS3, ObjectCreated};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use refine::{Invocation, Refine};
use serde_json::{Value, json};
use tweets::Years;

use crate::fault::{RAW_BUCKET, REF_BUCKET};
use crate::random::Random;
use crate::sandbox::{Outcome, Process, clients};
use crate::world::World;

/// Messages per batch, and deliveries before a message becomes a dead letter, as in the template.
const BATCH: usize = 10;
const RECEIVES_MAX: u32 = 5;
const TIMEOUT: Duration = Duration::from_mins(1);
/// The characters that S3 does not encode in the key of a notification.
const UNENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'/').remove(b'*');

#[derive(Clone, Debug)]
struct Message {
    number: u64,
    key: String,
    receives: u32,
}

/// Notifications on their way to `refine`. Clones share the queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    sent: u64,
    waiting: Vec<Message>,
    dead: BTreeMap<u64, Message>,
    is_unannounced: bool,
}

impl Queue {
    /// Creates a queue that receives a message for every new object of RAW.
    pub(crate) fn of(s3: &EmbeddedS3) -> Self {
        let queue = Self::default();
        let inbox = queue.clone();
        s3.on_object_created(move |created: &ObjectCreated| {
            if created.bucket == RAW_BUCKET && created.key.starts_with(tweets::RAW_PREFIX) {
                let mut kept = inbox.kept();
                if kept.is_unannounced {
                    return;
                }
                kept.sent += 1;
                let message = Message { number: kept.sent, key: created.key.clone(), receives: 0 };
                kept.waiting.push(message);
            }
        });
        queue
    }

    /// Returns the keys of the dead letters.
    pub(crate) fn dead_keys(&self) -> Vec<String> {
        self.kept().dead.values().map(|message| message.key.clone()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept().waiting.is_empty()
    }

    /// Sets whether the bucket has its notification. Objects created without it are never announced, not even later.
    pub(crate) fn set_announced(&self, is_announced: bool) {
        self.kept().is_unannounced = !is_announced;
    }

    /// Invokes `refine` with `{"reprocess": …}` for all of RAW, as an operator would, until there is no `next`.
    pub(crate) async fn reprocess(&self, world: &World) {
        let mut event = json!({ "reprocess": { "bucket": RAW_BUCKET, "prefix": tweets::RAW_PREFIX } });
        while !event.is_null() {
            let process = Process::new(world.next_number());
            let refine = refine_at(world, &process);
            let answer = refine::handle(&refine, event, Invocation::new(world.now(), TIMEOUT), |line| world.emit(line));
            let outcome = process.invoke(world.next_number(), TIMEOUT, answer, refine::Error::error_type).await;
            world.note(format!("reprocess ends: {outcome:?}"));
            let Outcome::Answered(mut answer) = outcome else { return };
            event = answer["next"].take();
        }
    }

    /// Moves the dead letters back to the queue, as an operator would.
    pub(crate) fn redrive(&self) {
        let mut kept = self.kept();
        let dead = std::mem::take(&mut kept.dead);
        kept.waiting.extend(dead.into_values().map(|message| Message { receives: 0, ..message }));
    }

    /// Delivers one batch to one invocation of `refine`, in any order. With `is_careless`, some of the messages also stay in the queue.
    pub(crate) async fn deliver(&self, world: &World, random: &mut Random, is_careless: bool) {
        let batch = self.receive(random, is_careless);
        if batch.is_empty() {
            return;
        }
        let process = Process::new(world.next_number());
        let refine = refine_at(world, &process);
        let run = world.next_number();
        let keys: Vec<&str> = batch.iter().map(|message| message.key.as_str()).collect();
        world.note(format!("refine {run} gets {}", keys.join(" ")));
        let answer = refine::handle(&refine, event(&batch), Invocation::new(world.now(), TIMEOUT), |line| world.emit(line));
        let outcome = process.invoke(run, TIMEOUT, answer, refine::Error::error_type).await;
        world.note(format!("refine {run} ends: {outcome:?}"));
        self.settle(batch, &outcome);
    }

    fn receive(&self, random: &mut Random, is_careless: bool) -> Vec<Message> {
        let mut kept = self.kept();
        let mut batch = Vec::new();
        while batch.len() < BATCH && !kept.waiting.is_empty() {
            let at = usize::try_from(random.within(0, kept.waiting.len() as u64 - 1)).unwrap_or(0);
            let stays = is_careless && random.one_in(8);
            let mut message = if stays { kept.waiting[at].clone() } else { kept.waiting.swap_remove(at) };
            message.receives += 1;
            batch.push(message);
        }
        batch
    }

    fn settle(&self, batch: Vec<Message>, outcome: &Outcome<Value>) {
        let failed = |message: &Message| match outcome {
            Outcome::Answered(answer) => {
                let failures = answer["batchItemFailures"].as_array();
                let number = message.number.to_string();
                failures.is_none_or(|failures| failures.iter().any(|failure| failure["itemIdentifier"].as_str() == Some(&number)))
            }
            _ => true,
        };
        let mut kept = self.kept();
        for message in batch {
            if !failed(&message) {
                continue;
            }
            if message.receives < RECEIVES_MAX {
                kept.waiting.push(message);
            } else {
                kept.dead.insert(message.number, message);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refine_at(world: &World, process: &Arc<Process>) -> Refine {
    let config = refine::Config { ref_bucket: REF_BUCKET.to_owned(), table_years: Years::DEFAULT };
    Refine::new(&clients(world, process, refine::TIMEOUTS), config)
}

fn event(batch: &[Message]) -> Value {
    let record = |message: &Message| {
        let key = utf8_percent_encode(&message.key, UNENCODED).to_string().replace("%20", "+");
        let body = json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "eventTime": "2026-11-23T14:05:00.000Z",
            "s3": { "bucket": { "name": RAW_BUCKET }, "object": { "key": key, "size": 1 } },
        }]});
        json!({ "messageId": message.number.to_string(), "eventSource": "aws:sqs", "body": body.to_string() })
    };
    json!({ "Records": batch.iter().map(record).collect::<Vec<_>>() })
}
