//! The life of a random world: the ticks of the scheduler, with faults, then quiet until everything is captured.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use chrono::TimeDelta;
use emulators::random::Random;
use ingest::Config;
use tokio::task::JoinHandle;

use crate::fault::RAW_BUCKET;
use crate::refined::NOT_A_DOCUMENT;
use crate::sandbox::{Outcome, Sandbox};
use crate::shape::Tick;
use crate::world::{TOKEN_MARKER, World};

/// The time between two ticks once the faults have stopped.
const QUIET_TICK: Duration = Duration::from_mins(5);
/// The number of fault-free runs within which a world must catch up (INV-4); the slowest worlds capture one post per run.
const QUIET_RUNS_MAX: usize = 120;

struct Life {
    world: World,
    random: RefCell<Random>,
    /// Warm, idle sandboxes.
    idle: RefCell<Vec<Sandbox>>,
    config: RefCell<Config>,
}

/// Plays the ticks of the world's shape, then stops the faults and runs until the world is at rest. Returns whether it came to rest.
pub(crate) async fn live(world: &World) -> bool {
    let shape = world.shape();
    let life = Rc::new(Life {
        world: world.clone(),
        random: RefCell::new(Random::of(world.seed(), "life")),
        idle: RefCell::default(),
        config: RefCell::new(shape.config.clone()),
    });
    let mut at_work = Vec::new();
    for (number, tick) in shape.ticks.iter().enumerate() {
        tokio::time::sleep(tick.after).await;
        if let Some((_, lag)) = shape.lag_changes.iter().find(|(tick, _)| *tick == number) {
            world.note(format!("SAFETY_LAG_SECONDS is {}", lag.as_secs()));
            life.config.borrow_mut().safety_lag = *lag;
            life.idle.borrow_mut().clear();
        }
        life.begin(tick, &mut at_work);
        if shape.refines {
            life.deliver(&mut at_work);
        }
        if !tick.overlaps {
            end_all(&mut at_work).await;
        }
    }
    end_all(&mut at_work).await;
    life.be_quiet().await
}

async fn end_all(at_work: &mut Vec<JoinHandle<()>>) {
    for run in at_work.drain(..) {
        if let Err(panic) = run.await
            && panic.is_panic()
        {
            std::panic::resume_unwind(panic.into_panic());
        }
    }
}

impl Life {
    fn begin(self: &Rc<Self>, tick: &Tick, at_work: &mut Vec<JoinHandle<()>>) {
        if let Some(secret_after) = tick.rotation {
            let (life, token) = (Rc::clone(self), format!("{TOKEN_MARKER}-{}", self.world.next_number()));
            at_work.push(tokio::task::spawn_local(async move {
                let early = secret_after < TimeDelta::zero();
                if early {
                    life.world.set_secret(token.clone());
                } else {
                    life.world.set_x_token(token.clone());
                }
                tokio::time::sleep(secret_after.abs().to_std().unwrap_or_default()).await;
                if early { life.world.set_x_token(token) } else { life.world.set_secret(token) }
            }));
        }
        for start in &tick.starts {
            let (life, start) = (Rc::clone(self), *start);
            at_work.push(tokio::task::spawn_local(async move {
                tokio::time::sleep(start).await;
                life.run().await;
            }));
        }
    }

    /// Sends up to three batches to `refine`, some of them late.
    fn deliver(self: &Rc<Self>, at_work: &mut Vec<JoinHandle<()>>) {
        let count = self.random.borrow_mut().pick(&[0, 1, 1, 2, 3]);
        for _ in 0..count {
            let mut random = self.branch();
            let (life, wait) = (Rc::clone(self), random.within(0, 3_000));
            at_work.push(tokio::task::spawn_local(async move {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                life.world.queue().deliver(&life.world, &mut random, true).await;
            }));
        }
    }

    /// Redrives the dead letters and delivers until the queue is empty. Messages that can never be processed become dead letters again.
    async fn drain(&self) {
        let queue = self.world.queue();
        queue.redrive();
        let mut random = self.branch();
        while !queue.is_empty() {
            queue.deliver(&self.world, &mut random, false).await;
        }
    }

    /// Returns a random stream for a task that runs concurrently.
    fn branch(&self) -> Random {
        Random::new(self.random.borrow_mut().number())
    }

    /// Runs once, in a warm sandbox or in a new one. A killed process is not reused.
    async fn run(&self) -> Outcome<serde_json::Value> {
        let warm = if self.random.borrow_mut().one_in(4) { None } else { self.idle.borrow_mut().pop() };
        let sandbox = warm.unwrap_or_else(|| self.sandbox());
        let outcome = sandbox.run(&self.world, self.world.shape().timeout).await;
        if matches!(outcome, Outcome::Answered(_) | Outcome::Failed(_)) {
            self.idle.borrow_mut().push(sandbox);
        }
        outcome
    }

    fn sandbox(&self) -> Sandbox {
        let shape = self.world.shape();
        let skew_ms = shape.skew.num_milliseconds().unsigned_abs();
        let off = self.random.borrow_mut().within(0, 2 * skew_ms);
        let skew = TimeDelta::milliseconds(i64::try_from(off).unwrap_or(0)) - shape.skew;
        Sandbox::new(&self.world, self.config.borrow().clone(), skew, shape.file_tweets_max)
    }

    /// Runs every five minutes, without faults and without a cap on the month, until two successive runs find nothing left to do.
    async fn be_quiet(&self) -> bool {
        let world = &self.world;
        world.stop_faults();
        if world.shape().refines {
            put_by_hand(world, self.branch()).await;
        }
        *self.config.borrow_mut() = Config { max_posts_per_month: None, ..world.shape().config.clone() };
        self.idle.borrow_mut().clear();
        world.set_secret(world.x(|x| x.bearer_token.clone()));
        let last_change = world.x(|x| {
            let moments = x.posts.0.values().flat_map(|post| [Some(post.visible_from), post.gone_at, post.hidden.map(|(_, to)| to)]);
            moments.flatten().max()
        });
        let rest = last_change.map_or(TimeDelta::zero(), |last| last - world.now()).max(TimeDelta::zero());
        tokio::time::sleep(rest.to_std().unwrap_or_default() + world.shape().config.safety_lag).await;
        let mut complete = 0;
        for _ in 0..QUIET_RUNS_MAX {
            tokio::time::sleep(QUIET_TICK).await;
            let outcome = self.run().await;
            complete = if outcome.status() == "complete" && !world.has_held() { complete + 1 } else { 0 };
            if complete == 2 {
                break;
            }
        }
        if world.shape().refines {
            self.drain().await;
        }
        complete == 2
    }
}

/// Sometimes puts files into RAW as a person might: an answer of the API under an awkward key, and a file that is not a document.
async fn put_by_hand(world: &World, mut random: Random) {
    let tweet = r#"{"data":[{"id":"99","created_at":"2026-11-23T00:00:00.000Z","text":"ok"}],"meta":{}}"#;
    for (key, body) in [("tweets/à mão/a+b=ç.json", tweet), (NOT_A_DOCUMENT, "{\"data\":[{\"id\":")] {
        if random.one_in(4) {
            let put = world.operator().put_object().bucket(RAW_BUCKET).key(key).body(ByteStream::from_static(body.as_bytes()));
            if put.send().await.is_ok() {
                world.note(format!("somebody puts {key}"));
            }
        }
    }
}
