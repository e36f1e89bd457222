//! Errors before the first request. Any later error is an S3 error in an HTTP response.
#![expect(missing_docs, reason = "each message is its own documentation")]

use std::io;
use std::path::PathBuf;

/// Reason why an [`EmbeddedS3`](super::EmbeddedS3) cannot start or cannot create a bucket.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("folder `{}` is in use by another process; stop it or choose another folder", root.display())]
    InUse { root: PathBuf },
    #[error("cannot use `{}` as an S3 folder; check that it is a folder and that you may write to it", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "cannot lock `{}`; if its file system does not support locks, as on some network disks, choose a folder on another",
        path.display()
    )]
    Lock { path: PathBuf, source: io::Error },
    #[error("`{name}` is not a bucket name; use 3 to 63 of a-z, 0-9, `-` and `.`, starting with a letter or digit")]
    BucketName { name: String },
    #[error("cannot create bucket `{name}`")]
    CreateBucket { name: String, source: io::Error },
}
