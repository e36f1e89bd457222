//! The queue between S3 and `refine`: at-least-once delivery, late, repeated, in any order, several batches at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use emulators::random::Random;
use emulators::s3::{EmbeddedS3, ObjectCreated};
use emulators::sqs::{self, BATCH_MAX, Message};
use refine::{Invocation, Refine};
use serde_json::{Value, json};
use tweets::Years;

use crate::fault::{RAW_BUCKET, REF_BUCKET};
use crate::sandbox::{Outcome, Process, clients};
use crate::world::World;

const TIMEOUT: Duration = Duration::from_mins(1);

/// Notifications on their way to `refine`. Clones share the queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Message>,
    /// By id, so that a message of which two copies failed is in it once.
    dead: BTreeMap<String, Message>,
    is_unannounced: bool,
}

impl Queue {
    /// Creates a queue that receives a message for every new object of RAW.
    pub(crate) fn of(s3: &EmbeddedS3) -> Self {
        let queue = Self::default();
        let inbox = queue.clone();
        s3.on_object_created(move |created: &ObjectCreated| {
            if created.bucket == RAW_BUCKET && created.key.starts_with(tweets::RAW_PREFIX) {
                let mut state = inbox.state();
                if !state.is_unannounced {
                    state.waiting.push(Message::new(created.clone()));
                }
            }
        });
        queue
    }

    /// Returns the keys of the dead letters.
    pub(crate) fn dead_keys(&self) -> Vec<String> {
        self.state().dead.values().map(|message| message.object.key.clone()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state().waiting.is_empty()
    }

    /// Sets whether the bucket has its notification. Objects created without it are never announced, not even later.
    pub(crate) fn set_announced(&self, is_announced: bool) {
        self.state().is_unannounced = !is_announced;
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
        let mut state = self.state();
        let dead = std::mem::take(&mut state.dead);
        state.waiting.extend(dead.into_values().map(|message| Message::new(message.object)));
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
        let keys: Vec<&str> = batch.iter().map(|message| message.object.key.as_str()).collect();
        world.note(format!("refine {run} gets {}", keys.join(" ")));
        let answer = refine::handle(&refine, sqs::event(&batch), Invocation::new(world.now(), TIMEOUT), |line| world.emit(line));
        let outcome = process.invoke(run, TIMEOUT, answer, refine::Error::error_type).await;
        world.note(format!("refine {run} ends: {outcome:?}"));
        self.settle(batch, &outcome);
    }

    fn receive(&self, random: &mut Random, is_careless: bool) -> Vec<Message> {
        let mut state = self.state();
        let mut batch = Vec::new();
        while batch.len() < BATCH_MAX && !state.waiting.is_empty() {
            let at = usize::try_from(random.within(0, state.waiting.len() as u64 - 1)).unwrap_or(0);
            let stays = is_careless && random.one_in(8);
            let mut message = if stays { state.waiting[at].clone() } else { state.waiting.swap_remove(at) };
            message.receives += 1;
            batch.push(message);
        }
        batch
    }

    fn settle(&self, batch: Vec<Message>, outcome: &Outcome<Value>) {
        let answer = if let Outcome::Answered(answer) = outcome { Some(answer) } else { None };
        let settled = sqs::settle(batch, answer);
        let mut state = self.state();
        state.waiting.extend(settled.again);
        state.dead.extend(settled.dead.into_iter().map(|message| (message.id(), message)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refine_at(world: &World, process: &Arc<Process>) -> Refine {
    let config = refine::Config { ref_bucket: REF_BUCKET.to_owned(), table_years: Years::DEFAULT };
    Refine::new(&clients(world, process, refine::TIMEOUTS), config)
}
