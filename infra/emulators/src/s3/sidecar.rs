//! The metadata of an object on disk, in a small JSON file of its own in `ROOT/.s3`. Losing it does not lose the object.
//!
//! The object is its file: it exists when the file does, and replacing it is one rename. So the sidecar is written
//! *before* that rename and holds the old version and the new one. The version of the current file is found by length
//! and modification time or, if those are inconclusive (a copied folder, an edited file), by the MD5 of its bytes. A
//! process killed between the two steps thus leaves the old object, whole; one killed after them leaves the new one.

use std::fs::Metadata;
use std::io;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::object::Head;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sidecar {
    /// Key of the object; the sidecar's own name is only a hash of it.
    pub key: String,
    /// Newest first, at most two.
    pub versions: Vec<Version>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Version {
    pub stamp: Stamp,
    pub head: Head,
}

/// Identifies the file that a version describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified_ns: u64,
}

impl Stamp {
    pub fn of(file: &Metadata) -> io::Result<Self> {
        let modified = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { size: file.len(), modified_ns: u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX) })
    }
}

impl Sidecar {
    pub fn version_of(&self, stamp: Stamp) -> Option<&Version> {
        self.versions.iter().find(|version| version.stamp == stamp)
    }

    pub fn version_with(&self, etag: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.head.etag == etag)
    }
}
