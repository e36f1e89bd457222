//! The checkpoint of a stream: its state and the files that are folded into it, in one file that is replaced
//! atomically.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ::stream::{Query, State};
use emulators::files;
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// State and files, always of the same trigger.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// [`Words::rule`](::stream::Words::rule) by which the words were counted.
    rule: u64,
    pub state: State,
    /// Keys of the REF files that are folded into the state.
    pub folded: BTreeSet<String>,
    /// Length of the output file at this checkpoint.
    pub written: Option<Written>,
}

impl Checkpoint {
    /// Creates the checkpoint before the first trigger.
    pub fn new(query: Query) -> Self {
        Self { rule: query.words().rule(), state: State::new(query), folded: BTreeSet::new(), written: None }
    }
}

/// An output file and its length after the last trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub path: PathBuf,
    pub bytes: u64,
}

/// Location of a checkpoint, locked by this process.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    /// The operating system releases the lock when the process ends, even if it is killed.
    _lock: File,
}

impl Held {
    /// Locks the checkpoint called `name` of the lake at `root`.
    pub fn take(root: &Path, name: &str) -> Outcome<Self> {
        let path = root.join(format!("stream.{name}.json"));
        let lock_path = path.with_extension("lock");
        let explained = |error: io::Error| {
            let path = lock_path.display();
            format!("cannot lock {path}: {error}; the lake must be on a disk that has locks, in a folder that you may write to")
        };
        let lock = File::options().create(true).write(true).truncate(false).open(&lock_path).map_err(explained)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(format!("another process runs this stream over {}; end it, or change the query", root.display()).into())
            }
            Err(TryLockError::Error(error)) => Err(explained(error).into()),
        }
    }

    /// Reads the checkpoint; returns an empty one if there is none yet. The files that it counted are below `ref_dir`.
    pub fn read(&self, query: Query, ref_dir: &Path) -> Outcome<Checkpoint> {
        let path = self.path.display();
        let json = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Checkpoint::new(query));
            }
            json => json.map_err(|error| format!("cannot read {path}: {error}"))?,
        };
        let checkpoint: Checkpoint = serde_json::from_slice(&json)
            .map_err(|error| format!("{path} is no checkpoint of a stream: {error}; delete it to count from the beginning"))?;
        if checkpoint.rule != query.words().rule() || checkpoint.state.query() != query {
            return Err(format!("{path} counted other words or windows; delete it to count from the beginning").into());
        }
        // Some may have been removed since. If all of them are gone, the totals and the new files would come from two
        // different lakes.
        let counted = &checkpoint.folded;
        if !counted.is_empty() && !counted.iter().any(|key| ref_dir.join(key).exists()) {
            return Err(
                format!("{path} counted another lake: none of its files is in this one; delete it to count from the beginning").into()
            );
        }
        Ok(checkpoint)
    }

    /// Explains why there was no trigger.
    pub fn why_idle(&self, checkpoint: &Checkpoint) -> String {
        match checkpoint.folded.len() {
            0 => "nothing to count: the lake has no Parquet files yet".to_owned(),
            files => {
                let path = self.path.display();
                format!("nothing new: {files} file(s) are counted already, in {path}; delete it to count from the beginning")
            }
        }
    }

    /// Replaces the checkpoint atomically: a reader sees the old one or the new one, never a part.
    pub fn write(&self, checkpoint: &Checkpoint) -> Outcome {
        let json = serde_json::to_vec(checkpoint)?;
        files::replace(&self.path, &json).map_err(|error| format!("cannot write {}: {error}", self.path.display()).into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ::stream::{Mode, Post, Words};

    use super::*;

    fn query(mode: Mode) -> Query {
        Query::new(mode, None, Some(Duration::ZERO), Words::Lake).unwrap()
    }

    #[test]
    fn what_was_written_is_read_whatever_a_dead_process_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tweets")).unwrap();
        fs::write(dir.path().join("tweets/a.parquet"), "").unwrap();
        let held = Held::take(dir.path(), "update").unwrap();
        let mut checkpoint = held.read(query(Mode::Update), dir.path()).unwrap();
        let mut trigger = checkpoint.state.begin();
        trigger.add(&Post { created_at_ms: 1, texto: Some("viva") });
        checkpoint.state = trigger.finish().0;
        checkpoint.folded.extend(["tweets/a.parquet", "tweets/removed.parquet"].map(str::to_owned));
        checkpoint.written = Some(Written { path: "rows.json".into(), bytes: 7 });
        held.write(&checkpoint).unwrap();
        fs::write(dir.path().join("stream.update.json.tmp"), "{\"rule\":").unwrap();
        let read = held.read(query(Mode::Update), dir.path()).unwrap();
        assert_eq!((read.state, read.folded, read.written), (checkpoint.state, checkpoint.folded, checkpoint.written));
    }

    #[test]
    fn a_checkpoint_of_something_else_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let held = Held::take(dir.path(), "update").unwrap();
        let path = dir.path().join("stream.update.json");
        let mut whole = held.read(query(Mode::Update), dir.path()).unwrap();
        held.write(&whole).unwrap();
        assert!(held.read(query(Mode::Complete), dir.path()).is_err());
        let json = fs::read_to_string(&path).unwrap();
        fs::write(&path, json.replace(&Words::Lake.rule().to_string(), "1")).unwrap();
        let refused = || held.read(query(Mode::Update), dir.path()).unwrap_err().to_string();
        assert!(refused().contains("counted other words"));
        fs::write(&path, &json[..json.len() / 2]).unwrap();
        assert!(refused().contains("delete it to count from the beginning"));
        whole.folded.insert("tweets/of_another_lake.parquet".to_owned());
        held.write(&whole).unwrap();
        assert!(refused().contains("counted another lake"));
    }

    #[test]
    fn two_processes_cannot_hold_it() {
        let dir = tempfile::tempdir().unwrap();
        let held = Held::take(dir.path(), "update").unwrap();
        assert!(Held::take(dir.path(), "update").is_err());
        assert!(Held::take(dir.path(), "append").is_ok());
        drop(held);
        assert!(Held::take(dir.path(), "update").is_ok());
    }
}
