//! `stream`: keeps word counts up to date from the files that refine writes.
//!
//! The crate `stream` does the counting, as a fold. This module adds the triggers, the input files and the checkpoint
//! of the state.

mod capture;
mod checkpoint;
mod files;
mod options;
mod sink;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ::stream::{Emitted, Query};
use tokio::time::{MissedTickBehavior, interval};

use crate::lake::ref_dir;
use crate::output::message;
use crate::{Clock, Outcome};
pub(crate) use capture::Capture;
use checkpoint::{Checkpoint, Held};
use files::Posts;
pub use options::{Options, positive_duration};
use sink::Sink;

/// Keeps the counts of the lake at `root` up to date, once or until the process ends.
pub async fn run(root: &Path, options: &Options, clock: Clock) -> Outcome {
    let query = options.query()?;
    let mut capture = if options.no_ingest { None } else { Some(Capture::open(root, clock).await?) };
    if !root.exists() {
        return Err(format!("there is no lake in {}; make one with `cargo run`, or name another with --lake", root.display()).into());
    }
    let mut stream = Stream::open(root, query, options)?;
    let mut ticks = options.every.map(interval);
    if let Some(ticks) = &mut ticks {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip); // a slow trigger delays the next one, as in Spark
    }
    loop {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        if let Some(capture) = &mut capture {
            capture.catch_up().await?;
        }
        let triggers = stream.checkpoint.state.next_trigger();
        stream = stream.fold_what_is_new()?;
        if ticks.is_none() {
            if stream.checkpoint.state.next_trigger() == triggers {
                message(&format!("{}\n", stream.held.why_idle(&stream.checkpoint)));
            }
            let refined = match capture {
                Some(capture) => capture.all_refined().await,
                None => Ok(()),
            };
            return refined.and(stream.all_counted());
        }
    }
}

/// One query over one lake.
struct Stream {
    ref_dir: PathBuf,
    checkpoint: Checkpoint,
    held: Held,
    sink: Sink,
    files_per_trigger: usize,
    /// Keys of unreadable files, each reported once and retried at every trigger.
    unreadable: BTreeSet<String>,
}

impl Stream {
    fn open(root: &Path, query: Query, options: &Options) -> Outcome<Self> {
        let held = Held::take(root, &options.name())?;
        let ref_dir = ref_dir(root);
        let mut checkpoint = held.read(query, &ref_dir)?;
        let sink = Sink::open(&options.sink, options.top, &checkpoint)?;
        // Recorded before the first row is written, so that the rows of a process that dies before its first checkpoint
        // are also cut off.
        if let Some(written) = sink.written()?.filter(|written| checkpoint.written.as_ref() != Some(written)) {
            checkpoint.written = Some(written);
            held.write(&checkpoint)?;
        }
        Ok(Self { ref_dir, checkpoint, held, sink, files_per_trigger: options.files_per_trigger.into(), unreadable: BTreeSet::new() })
    }

    /// Triggers until there is nothing to do: first new files, then, if that closes windows, one trigger without files.
    fn fold_what_is_new(mut self) -> Outcome<Self> {
        let new = files::new_files(&self.ref_dir, &self.checkpoint.folded)?;
        for keys in new.chunks(self.files_per_trigger) {
            let files = self.read(keys);
            if !files.is_empty() {
                self = self.trigger(&files)?;
            }
        }
        if self.checkpoint.state.is_due() { self.trigger(&[]) } else { Ok(self) }
    }

    /// Reads the readable files and reports the others.
    fn read<'a>(&mut self, keys: &'a [String]) -> Vec<(&'a String, Posts)> {
        let mut files = Vec::new();
        for key in keys {
            match Posts::read(&self.ref_dir.join(key)) {
                Ok(posts) => {
                    self.unreadable.remove(key);
                    files.push((key, posts));
                }
                Err(error) if self.unreadable.insert(key.clone()) => message(&format!("{error}\n")),
                Err(_) => {}
            }
        }
        files
    }

    /// Fails if some files could not be read.
    fn all_counted(&self) -> Outcome {
        match self.unreadable.len() {
            0 => Ok(()),
            files => Err(format!("{files} Parquet file(s) could not be read, so their words are not counted").into()),
        }
    }

    /// Writes the rows first, then the checkpoint: a process that dies between the two emits the same rows again under
    /// the same number, and an output file is truncated to the length in the checkpoint.
    fn trigger(mut self, files: &[(&String, Posts)]) -> Outcome<Self> {
        let mut trigger = self.checkpoint.state.begin();
        for (_, posts) in files {
            posts.for_each(|post| trigger.add(post));
        }
        let (state, emitted) = trigger.finish();
        self.checkpoint.state = state;
        self.checkpoint.folded.extend(files.iter().map(|(key, _)| String::clone(key)));
        self.checkpoint.written = self.sink.emit(&emitted, &summary(&emitted, files.len()))?;
        self.held.write(&self.checkpoint)?;
        Ok(self)
    }
}

/// Describes a trigger in one line.
fn summary(emitted: &Emitted, files: usize) -> String {
    let Emitted { trigger, posts, late_dropped, rows, .. } = emitted;
    let watermark = sink::instant(emitted.watermark_ms);
    format!("trigger {trigger}: {files} file(s), {posts} posts, {} rows, watermark {watermark}, late_dropped {late_dropped}", rows.len())
}
