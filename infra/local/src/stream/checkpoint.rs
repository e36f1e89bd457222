//! The checkpoint of a stream: its state and the input that is folded into it, in one file that is replaced atomically.
//!
//! Before a trigger emits rows, its number and its input are written to a second file, the plan. So a trigger that is
//! repeated after the death of the process takes the same input, and its rows are the same.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use emulators::files;
use serde::{Deserialize, Serialize};
use word_counts::{Query, State};

use crate::Outcome;

/// State and input, always of the same trigger.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// [`Words::rule`](word_counts::Words::rule) by which the words were counted.
    rule: u64,
    pub state: State,
    /// Keys of the REF files that are folded into the state.
    #[serde(default)]
    pub folded: BTreeSet<String>,
    /// Position in the log of received lines up to which they are folded into the state.
    #[serde(default)]
    pub counted: u64,
    /// Length of the output file at this checkpoint.
    pub written: Option<OutputFile>,
}

impl Checkpoint {
    /// Creates the checkpoint before the first trigger.
    pub fn new(query: Query) -> Self {
        Self { rule: query.words().rule(), state: State::new(query), folded: BTreeSet::new(), counted: 0, written: None }
    }

    /// Takes note of the input of a trigger.
    pub fn advance(&mut self, input: Input) {
        match input {
            Input::Files(keys) => self.folded.extend(keys),
            Input::Lines { end } => self.counted = end,
        }
    }
}

/// The input of one trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Input {
    /// Keys of REF files.
    Files(Vec<String>),
    /// Received lines from where the trigger before ended up to this position in their log.
    Lines { end: u64 },
}

/// A trigger that has begun to emit rows.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    trigger: u64,
    input: Input,
}

/// An output file and its length after the last trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OutputFile {
    pub path: PathBuf,
    pub bytes: u64,
}

/// Location of a checkpoint, locked by this process.
#[derive(Debug)]
pub(super) struct CheckpointFile {
    path: PathBuf,
    /// The operating system releases the lock when the process ends, even if it is killed.
    _lock: File,
}

impl CheckpointFile {
    /// Locks the checkpoint called `name` of the lake at `root`.
    pub fn lock(root: &Path, name: &str) -> Outcome<Self> {
        let path = root.join(format!("stream.{name}.json"));
        let lock_path = path.with_extension("lock");
        let explained = |error: io::Error| {
            let path = lock_path.display();
            format!("cannot lock {path}: {error}; the lake must be on a disk that supports locks, in a folder that you can write to")
        };
        let lock = File::options().create(true).write(true).truncate(false).open(&lock_path).map_err(explained)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(format!("another process runs this stream over {}; stop it, or change the query", root.display()).into())
            }
            Err(TryLockError::Error(error)) => Err(explained(error).into()),
        }
    }

    /// Reads the checkpoint; returns `None` if there is none yet. The files that it counted are below `ref_dir`.
    pub fn read(&self, query: Query, ref_dir: &Path) -> Outcome<Option<Checkpoint>> {
        let path = self.path.display();
        let Some(json) = read_if_any(&self.path)? else { return Ok(None) };
        let checkpoint: Checkpoint = serde_json::from_slice(&json)
            .map_err(|error| format!("{path} is not the checkpoint of a stream: {error}; delete it to count from the beginning"))?;
        if checkpoint.rule != query.words().rule() || checkpoint.state.query() != query {
            return Err(format!("{path} holds counts of other words or windows; delete it to count from the beginning").into());
        }
        // Some may have been removed since. If all of them are gone, the totals and the new files would come from two
        // different lakes.
        let counted = &checkpoint.folded;
        // A folder that cannot be read may still hold them.
        let is_absent = |key: &String| matches!(files::metadata(&ref_dir.join(key)), Ok(None));
        if !counted.is_empty() && counted.iter().all(is_absent) {
            return Err(format!(
                "{path} holds counts of another lake: none of its files is in this one; delete it to count from the beginning"
            )
            .into());
        }
        Ok(Some(checkpoint))
    }

    /// Writes the first checkpoint of a stream.
    pub fn begin(&self, query: Query) -> Outcome<Checkpoint> {
        let checkpoint = Checkpoint::new(query);
        match fs::remove_file(self.plan_path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => self.write(&checkpoint)?,
        }
        Ok(checkpoint)
    }

    /// Records the input of a trigger, before it emits rows.
    pub fn plan(&self, trigger: u64, input: &Input) -> Outcome {
        let (path, json) = (self.plan_path(), serde_json::to_vec(&Plan { trigger, input: input.clone() })?);
        files::replace(&path, &json).map_err(|error| format!("cannot write {}: {error}", path.display()).into())
    }

    /// Returns the input of the next trigger, if an earlier run has begun it.
    pub fn planned(&self, checkpoint: &Checkpoint) -> Outcome<Option<Input>> {
        // One that was not written whole is of a trigger that emitted nothing.
        let plan = read_if_any(&self.plan_path())?.and_then(|json| serde_json::from_slice::<Plan>(&json).ok());
        Ok(plan.filter(|plan| plan.trigger == checkpoint.state.next_trigger()).map(|plan| plan.input))
    }

    /// Returns where the checkpoint is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn plan_path(&self) -> PathBuf {
        self.path.with_extension("plan")
    }

    /// Explains why there was no trigger.
    pub fn why_idle(&self, checkpoint: &Checkpoint) -> String {
        match checkpoint.folded.len() {
            0 => "nothing to count: the lake has no Parquet files yet".to_owned(),
            files => {
                let path = self.path.display();
                format!("nothing new: {files} file(s) are already counted in {path}; delete it to count from the beginning")
            }
        }
    }

    /// Replaces the checkpoint atomically: a reader sees the old one or the new one, never a part.
    pub fn write(&self, checkpoint: &Checkpoint) -> Outcome {
        let json = serde_json::to_vec(checkpoint)?;
        files::replace(&self.path, &json).map_err(|error| format!("cannot write {}: {error}", self.path.display()).into())
    }
}

fn read_if_any(path: &Path) -> Outcome<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", path.display()).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use word_counts::{Mode, Post, Words};

    use super::*;

    fn query(mode: Mode) -> Query {
        Query::new(mode, None, Some(Duration::ZERO), Words::Lake).unwrap()
    }

    #[test]
    fn a_checkpoint_is_read_in_spite_of_the_remains_of_a_dead_process() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tweets")).unwrap();
        fs::write(dir.path().join("tweets/a.parquet"), "").unwrap();
        let file = CheckpointFile::lock(dir.path(), "update").unwrap();
        assert!(file.read(query(Mode::Update), dir.path()).unwrap().is_none());
        let mut checkpoint = file.begin(query(Mode::Update)).unwrap();
        let mut trigger = checkpoint.state.begin();
        trigger.add(&Post { created_at_ms: 1, texto: Some("viva") });
        checkpoint.state = trigger.finish().0;
        checkpoint.folded.extend(["tweets/a.parquet", "tweets/removed.parquet"].map(str::to_owned));
        checkpoint.written = Some(OutputFile { path: "rows.json".into(), bytes: 7 });
        file.write(&checkpoint).unwrap();
        fs::write(dir.path().join("stream.update.json.tmp"), "{\"rule\":").unwrap();
        let read = file.read(query(Mode::Update), dir.path()).unwrap().unwrap();
        assert_eq!((read.state, read.folded, read.written), (checkpoint.state, checkpoint.folded, checkpoint.written));
    }

    #[test]
    fn a_checkpoint_of_something_else_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = CheckpointFile::lock(dir.path(), "update").unwrap();
        let path = dir.path().join("stream.update.json");
        let mut whole = file.begin(query(Mode::Update)).unwrap();
        assert!(file.read(query(Mode::Complete), dir.path()).is_err());
        let json = fs::read_to_string(&path).unwrap();
        fs::write(&path, json.replace(&Words::Lake.rule().to_string(), "1")).unwrap();
        let refused = || file.read(query(Mode::Update), dir.path()).unwrap_err().to_string();
        assert!(refused().contains("counts of other words"));
        fs::write(&path, &json[..json.len() / 2]).unwrap();
        assert!(refused().contains("delete it to count from the beginning"));
        whole.folded.insert("tweets/of_another_lake.parquet".to_owned());
        file.write(&whole).unwrap();
        assert!(refused().contains("counts of another lake"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("nowhere", dir.path().join("tweets")).unwrap();
            assert!(file.read(query(Mode::Update), dir.path()).is_ok(), "they may be on a disk that is not mounted");
        }
    }

    #[test]
    fn a_plan_is_of_the_next_trigger_or_it_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = CheckpointFile::lock(dir.path(), "update").unwrap();
        let mut checkpoint = file.begin(query(Mode::Update)).unwrap();
        assert_eq!(file.planned(&checkpoint).unwrap(), None);
        let input = Input::Lines { end: 7 };
        file.plan(0, &input).unwrap();
        assert_eq!(file.planned(&checkpoint).unwrap(), Some(input));
        checkpoint.state = checkpoint.state.begin().finish().0;
        assert_eq!(file.planned(&checkpoint).unwrap(), None, "the trigger is done");
        file.plan(1, &Input::Files(vec!["a".to_owned()])).unwrap();
        assert!(file.planned(&checkpoint).unwrap().is_some());
        let checkpoint = file.begin(query(Mode::Update)).unwrap(); // the user deleted the checkpoint
        assert_eq!(file.planned(&checkpoint).unwrap(), None);
    }

    #[test]
    fn two_processes_cannot_hold_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = CheckpointFile::lock(dir.path(), "update").unwrap();
        assert!(CheckpointFile::lock(dir.path(), "update").is_err());
        assert!(CheckpointFile::lock(dir.path(), "append").is_ok());
        drop(file);
        assert!(CheckpointFile::lock(dir.path(), "update").is_ok());
    }
}
