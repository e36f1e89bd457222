//! `stream`: keeps word counts up to date from the files that refine writes, or from the lines of a socket.
//!
//! The crate `word-counts` does the counting, as a fold. This module adds the triggers, the input, the checkpoint of the
//! state and the output.

mod capture;
mod checkpoint;
mod end;
mod feed;
mod files;
mod log;
mod options;
mod pace;
mod record;
mod sink;
mod socket;

use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;
use word_counts::{Emitted, State, Trigger};

use crate::lake::{self, ref_dir};
use crate::output::message;
use crate::{Clock, Outcome};
pub(crate) use capture::Capture;
use checkpoint::{Checkpoint, CheckpointFile, Input};
use end::{EndWatch, Ending};
use feed::Feed;
use log::Log;
pub use options::{Options, positive_duration};
use options::{Origin, Pace};
use pace::next_tick_ms;
use sink::Sink;

/// Keeps the counts up to date, once or until the process is ended. The state is in the lake at `root`.
pub async fn run(root: &Path, options: &Options, clock: Clock) -> Outcome {
    options.query()?;
    options.check_source()?;
    let pace = options.pace();
    let mut end = EndWatch::start(options);
    let mut stream = Stream::open(root, options, clock).await?;
    loop {
        if let Some(ending) = end.before(stream.feed.gather(pace)).await? {
            stream.report(ending);
            return Ok(());
        }
        let triggers = stream.checkpoint.state.next_trigger();
        stream = stream.count(&end)?;
        let waited = match pace {
            _ if end.now().is_some() => end.now(),
            Pace::Continuous => end.before(stream.feed.more(&stream.checkpoint)).await?,
            Pace::Every(interval) => {
                let tick_ms = next_tick_ms(stream.tick_ms, i64::try_from(interval.as_millis()).unwrap_or(i64::MAX));
                let left = Duration::from_millis(u64::try_from(tick_ms - clock().timestamp_millis()).unwrap_or(0));
                // Triggers that took longer than the interval are followed by the next one at once.
                stream.tick_ms = if left.is_zero() { clock().timestamp_millis() } else { tick_ms };
                end.before(async {
                    sleep(left).await;
                    Ok(())
                })
                .await?
            }
            Pace::Once | Pace::SingleBatch => {
                if stream.checkpoint.state.next_trigger() == triggers {
                    message(&format!("{}\n", stream.why_idle()));
                }
                return stream.feed.all_counted();
            }
        };
        if let Some(ending) = waited {
            stream.report(ending);
            return Ok(());
        }
    }
}

/// One query over one source.
struct Stream {
    feed: Feed,
    checkpoint: Checkpoint,
    /// Input of the next trigger, if an earlier run died in it.
    planned: Option<Input>,
    checkpoint_file: CheckpointFile,
    sink: Sink,
    pace: Pace,
    per_trigger: usize,
    /// When the triggers of now were due.
    tick_ms: i64,
}

impl Stream {
    async fn open(root: &Path, options: &Options, clock: Clock) -> Outcome<Self> {
        let (query, name, is_lake) = (options.query()?, options.name(), options.source == Origin::Lake);
        if is_lake && options.no_ingest {
            lake::check(root, &ref_dir(root))?;
        }
        emulators::files::create_folders(root).map_err(|error| format!("cannot create {}: {error}", root.display()))?;
        let checkpoint_file = CheckpointFile::lock(root, &name)?;
        let log = Log::new(root, &name);
        let mut checkpoint = if let Some(checkpoint) = checkpoint_file.read(query, &ref_dir(root))? {
            checkpoint
        } else {
            log.remove()?; // of a stream whose checkpoint the user deleted, to count from the beginning
            checkpoint_file.begin(query)?
        };
        let planned = checkpoint_file.planned(&checkpoint)?;
        let sink = Sink::open(root, options, &checkpoint, planned.is_some())?;
        // Recorded before the first row is written, so that the rows of a process that dies before its first checkpoint
        // are also cut off.
        if let Some(written) = sink.output_file()?.filter(|written| checkpoint.written.as_ref() != Some(written)) {
            checkpoint.written = Some(written);
            checkpoint_file.write(&checkpoint)?;
        }
        let feed = Feed::open(root, options, log, &checkpoint, clock).await?;
        let (pace, per_trigger, tick_ms) = (options.pace(), options.per_trigger(), clock().timestamp_millis());
        Ok(Self { feed, checkpoint, planned, checkpoint_file, sink, pace, per_trigger, tick_ms })
    }

    /// Triggers until what is available is counted. One more trigger, without input, follows if it moves the watermark;
    /// at fixed intervals it waits for one in which there is nothing else to count, as in Spark.
    ///
    /// The first trigger of a socket is empty even if lines wait: it is the one in which Spark connects.
    fn count(mut self, end: &EndWatch) -> Outcome<Self> {
        self.feed.look(&self.checkpoint);
        if self.checkpoint.state.next_trigger() == 0 && matches!(self.feed, Feed::Socket(_)) {
            self.planned = None;
            self = self.trigger_without_input()?;
            if matches!(self.pace, Pace::Every(_)) {
                return Ok(self);
            }
        }
        let triggers = self.checkpoint.state.next_trigger();
        if self.planned == Some(self.feed.nothing(&self.checkpoint)) {
            self.planned = None;
            self = self.trigger_without_input()?;
        }
        while end.now().is_none() {
            let (number, is_planned) = (self.checkpoint.state.next_trigger(), self.planned.is_some());
            self = self.trigger()?;
            if self.checkpoint.state.next_trigger() == number && !is_planned {
                break;
            }
        }
        let is_idle = self.checkpoint.state.next_trigger() == triggers;
        let may_follow = match self.pace {
            Pace::Continuous => {
                self.feed.look(&self.checkpoint);
                !self.feed.is_waiting(&self.checkpoint)
            }
            Pace::Every(_) => is_idle,
            Pace::Once => true,
            Pace::SingleBatch => false,
        };
        if may_follow && end.now().is_none() && self.checkpoint.state.is_due() { self.trigger_without_input() } else { Ok(self) }
    }

    /// Counts the next input, if any of it can be read.
    fn trigger(mut self) -> Outcome<Self> {
        let planned = self.planned.take();
        let mut trigger = self.take_state().begin();
        let input = self.feed.fold(&self.checkpoint, planned.as_ref(), self.per_trigger, |post| trigger.add(post))?;
        if let Some(input) = input {
            return self.emit(trigger, input);
        }
        self.checkpoint.state = trigger.abandon();
        Ok(self)
    }

    fn trigger_without_input(mut self) -> Outcome<Self> {
        let trigger = self.take_state().begin();
        let nothing = self.feed.nothing(&self.checkpoint);
        self.emit(trigger, nothing)
    }

    /// Takes the state out of the checkpoint for a trigger, which puts the next one there; it may be large.
    fn take_state(&mut self) -> State {
        let query = self.checkpoint.state.query();
        std::mem::replace(&mut self.checkpoint.state, State::new(query))
    }

    /// Writes the plan, then the rows, then the checkpoint: a process that dies before the last one emits the same rows
    /// again under the same number.
    fn emit(mut self, trigger: Trigger, input: Input) -> Outcome<Self> {
        let (state, emitted) = trigger.finish();
        self.checkpoint_file.plan(emitted.trigger, &input)?;
        let summary = self.summary(&emitted, &input);
        self.checkpoint.written = self.sink.emit(&emitted, &summary)?;
        self.checkpoint.state = state;
        self.checkpoint.advance(input);
        self.checkpoint_file.write(&self.checkpoint)?;
        self.feed.counted(&self.checkpoint)?;
        Ok(self)
    }

    /// Describes a trigger in one line.
    fn summary(&self, emitted: &Emitted, input: &Input) -> String {
        let Emitted { trigger, posts, late_dropped, rows, watermark_ms } = emitted;
        let counted = match (input, self.pace) {
            (Input::Files(keys), _) => format!("trigger {trigger}: {} file(s), {posts} posts", keys.len()),
            (Input::Lines { .. }, Pace::Every(_)) => format!("trigger {trigger} at {}: {posts} line(s)", sink::instant(self.tick_ms)),
            (Input::Lines { .. }, _) => format!("trigger {trigger}: {posts} line(s)"),
        };
        let watermark = watermark_ms.map_or_else(|| "none".to_owned(), sink::instant);
        format!("{counted}, {} rows, watermark {watermark}, late_dropped {late_dropped}", rows.len())
    }

    /// Explains why there was nothing to count.
    fn why_idle(&self) -> String {
        match self.feed {
            Feed::Lake { .. } => self.checkpoint_file.why_idle(&self.checkpoint),
            Feed::Socket(_) => "nothing to count: no lines were received".to_owned(),
        }
    }

    /// Reports that a stream ends that would go on.
    fn report(&self, ending: Ending) {
        let path = self.checkpoint_file.path().display();
        let waiting = match &self.feed {
            Feed::Socket(lines) if lines.uncounted_bytes(self.checkpoint.counted) > 0 => {
                "; the next run first counts the lines that are already logged"
            }
            _ => "",
        };
        if ending == Ending::Interrupted {
            message(&format!("stopped; the state is in {path}, and the same command continues from there{waiting}\n"));
        }
    }
}
