//! The list of RAW files that `refine` rejected, in the lake's folder: `demo`, `live`, `stream` and `reprocess` write it,
//! `panel` shows it.

use std::io;
use std::path::{Path, PathBuf};

use emulators::files;
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::output::message;

/// A RAW file without its Parquet files, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Key of the file.
    pub key: String,
    /// What `refine` reported.
    pub reason: String,
}

/// Returns the path of the list in the lake at `root`.
fn path(root: &Path) -> PathBuf {
    root.join("rejected.json")
}

/// Reads the list; no list is an empty one.
pub fn read(root: &Path) -> Outcome<Vec<Rejected>> {
    let path = path(root);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| format!("cannot read {}: {error}", path.display()).into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("cannot read {}: {error}", path.display()).into()),
    }
}

/// Reads the list. A damaged one is reported and counts as empty, since the next write replaces it.
pub fn read_or_report(root: &Path) -> Vec<Rejected> {
    read(root).unwrap_or_else(|error| {
        message(&format!("{error}; the list is made again, of the files that are refined now\n"));
        Vec::new()
    })
}

/// Replaces the list; an empty list removes it.
pub fn write(root: &Path, rejected: &[Rejected]) -> Outcome {
    let path = path(root);
    let written = if rejected.is_empty() {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    } else {
        files::replace(&path, &serde_json::to_vec_pretty(rejected)?)
    };
    written.map_err(|error| format!("cannot write {}: {error}; make room on the disk and run again", path.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_back_until_nothing_is_rejected() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(read(root.path()).unwrap(), []);
        let rejected = [Rejected { key: "tweets/a.json".to_owned(), reason: "not JSON".to_owned() }];
        write(root.path(), &rejected).unwrap();
        assert_eq!(read(root.path()).unwrap(), rejected);
        write(root.path(), &[]).unwrap();
        assert!(read(root.path()).unwrap().is_empty() && !path(root.path()).exists());
        write(root.path(), &[]).unwrap();
    }
}
