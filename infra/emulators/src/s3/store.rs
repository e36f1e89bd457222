//! Buckets and objects, with every condition checked and every change made under one lock.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use s3s::dto;
use s3s::{S3Error, S3Result, s3_error};

use super::MAX_OBJECT_BYTES;
use super::backend::Backend;
use super::conditions::{ReadConditions, WriteConditions, no_such_key, precondition_failed};
use super::listing::{self, Page, Query};
use super::notification::ObjectCreated;
use super::object::{Checksums, Description, Head};
use crate::files::Unreadable;

type Clock = Box<dyn Fn() -> DateTime<Utc> + Send + Sync>;
type Listener = Arc<dyn Fn(&ObjectCreated) + Send + Sync>;

/// The verified bytes of a put, and their metadata.
pub(super) struct Upload {
    pub bytes: Bytes,
    /// Hexadecimal MD5 of the bytes.
    pub etag: String,
    pub description: Description,
    pub checksums: Checksums,
}

/// The source of a copy.
pub(super) struct Source<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    pub conditions: ReadConditions,
    /// Replaces the source's own description.
    pub description: Option<Description>,
}

/// An object that was read, with the bytes of `range`.
pub(super) struct Read {
    pub head: Head,
    pub range: Range<u64>,
    pub bytes: Bytes,
}

pub(super) struct Store {
    contents: Mutex<Contents>,
    listeners: Mutex<Vec<Listener>>,
    clock: Clock,
}

struct Contents {
    backend: Box<dyn Backend>,
    sequence: i64,
}

impl Store {
    pub fn new(backend: impl Backend + 'static, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self {
            contents: Mutex::new(Contents { backend: Box::new(backend), sequence: 0 }),
            listeners: Mutex::default(),
            clock: Box::new(clock),
        }
    }

    pub fn listen(&self, listener: impl Fn(&ObjectCreated) + Send + Sync + 'static) {
        locked(&self.listeners).push(Arc::new(listener));
    }

    /// Creates the bucket; returns false if it already exists.
    pub fn create_bucket(&self, bucket: &str) -> io::Result<bool> {
        locked(&self.contents).backend.create_bucket(bucket, (self.clock)())
    }

    pub fn buckets(&self) -> S3Result<Vec<(String, DateTime<Utc>)>> {
        locked(&self.contents).backend.buckets().map_err(storage_error)
    }

    pub fn check_bucket(&self, bucket: &str) -> S3Result {
        locked(&self.contents).check_bucket(bucket)
    }

    pub fn flush_later(&self, bucket: &str) {
        locked(&self.contents).backend.flush_later(bucket);
    }

    pub fn flush(&self) -> io::Result<()> {
        locked(&self.contents).backend.flush()
    }

    /// Creates or replaces an object if `conditions` hold. The check and the insertion are one step: of any number of
    /// concurrent puts with `If-None-Match: *` exactly one succeeds.
    pub fn put(&self, bucket: &str, key: &str, conditions: &WriteConditions, upload: Upload) -> S3Result<Head> {
        let mut contents = locked(&self.contents);
        contents.check_bucket(bucket)?;
        conditions.check(contents.head(bucket, key)?.as_ref())?;
        let (head, created) = contents.insert("ObjectCreated:Put", bucket, key, upload, (self.clock)())?;
        drop(contents);
        self.notify(&created);
        Ok(head)
    }

    pub fn copy(&self, source: Source<'_>, bucket: &str, key: &str) -> S3Result<Head> {
        let mut contents = locked(&self.contents);
        contents.check_bucket(bucket)?;
        let from = contents.existing(source.bucket, source.key)?;
        source.conditions.check(&from).map_err(|_| precondition_failed())?;
        let bytes = contents.read(source.bucket, source.key, 0..from.size)?;
        let description = source.description.unwrap_or(from.description);
        let upload = Upload { bytes, etag: from.etag, description, checksums: from.checksums };
        let (head, created) = contents.insert("ObjectCreated:Copy", bucket, key, upload, (self.clock)())?;
        drop(contents);
        self.notify(&created);
        Ok(head)
    }

    pub fn head(&self, bucket: &str, key: &str, conditions: &ReadConditions) -> S3Result<Head> {
        let head = locked(&self.contents).existing(bucket, key)?;
        conditions.check(&head)?;
        Ok(head)
    }

    /// Returns the whole object, or the part that `range` selects.
    pub fn get(&self, bucket: &str, key: &str, conditions: &ReadConditions, range: Option<&dto::Range>) -> S3Result<Read> {
        let contents = locked(&self.contents);
        let head = contents.existing(bucket, key)?;
        conditions.check(&head)?;
        let range = range.map_or(Ok(0..head.size), |range| range.check(head.size))?;
        let bytes = contents.read(bucket, key, range.clone())?;
        Ok(Read { head, range, bytes })
    }

    /// Removes an object if `if_match` holds; without it, a missing key is not an error.
    pub fn delete(&self, bucket: &str, key: &str, if_match: Option<dto::ETagCondition>) -> S3Result {
        let mut contents = locked(&self.contents);
        contents.check_bucket(bucket)?;
        let conditions = WriteConditions { if_match, if_none_match: None };
        conditions.check(contents.head(bucket, key)?.as_ref())?;
        contents.backend.remove(bucket, key).map_err(storage_error)
    }

    /// Returns one page, with the head of each of its keys.
    pub fn list(&self, bucket: &str, query: &Query) -> S3Result<(Page, Vec<Head>)> {
        let contents = locked(&self.contents);
        contents.check_bucket(bucket)?;
        let keys = contents.backend.keys(bucket, &query.prefix).map_err(storage_error)?;
        let mut page = listing::page(keys, query);
        let mut heads = Vec::new();
        for key in std::mem::take(&mut page.keys) {
            // A file may have been removed by hand in the meantime.
            if let Some(head) = contents.head(bucket, &key)? {
                page.keys.push(key);
                heads.push(head);
            }
        }
        Ok((page, heads))
    }

    /// Returns the objects below `prefix`, in key order.
    pub fn objects(&self, bucket: &str, prefix: &str) -> io::Result<Vec<(String, Bytes)>> {
        let backend = &locked(&self.contents).backend;
        let object = |key: String| {
            let size = backend.head(bucket, &key)?.map_or(0, |head| head.size);
            let bytes = backend.read(bucket, &key, 0..size)?;
            Ok((key, bytes))
        };
        backend.keys(bucket, prefix)?.into_iter().map(object).collect()
    }

    pub fn unlisted(&self, bucket: &str, prefix: &str) -> Vec<Unreadable> {
        locked(&self.contents).backend.unlisted(bucket, prefix)
    }

    /// Calls the listeners outside the lock, so that they may use the store.
    fn notify(&self, created: &ObjectCreated) {
        let listeners = locked(&self.listeners).clone();
        for listener in listeners {
            listener(created);
        }
    }
}

impl Contents {
    fn check_bucket(&self, bucket: &str) -> S3Result {
        if self.backend.has_bucket(bucket).map_err(storage_error)? {
            Ok(())
        } else {
            Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"))
        }
    }

    fn head(&self, bucket: &str, key: &str) -> S3Result<Option<Head>> {
        self.backend.head(bucket, key).map_err(storage_error)
    }

    fn existing(&self, bucket: &str, key: &str) -> S3Result<Head> {
        self.check_bucket(bucket)?;
        self.head(bucket, key)?.ok_or_else(no_such_key)
    }

    fn read(&self, bucket: &str, key: &str, range: Range<u64>) -> S3Result<Bytes> {
        if range.end - range.start > MAX_OBJECT_BYTES as u64 {
            return Err(s3_error!(InvalidRequest, "this local S3 returns at most {MAX_OBJECT_BYTES} bytes at a time; request a range"));
        }
        self.backend.read(bucket, key, range).map_err(storage_error)
    }

    fn insert(
        &mut self,
        event_name: &'static str,
        bucket: &str,
        key: &str,
        upload: Upload,
        now: DateTime<Utc>,
    ) -> S3Result<(Head, ObjectCreated)> {
        let Upload { bytes, etag, description, checksums } = upload;
        let head = Head { size: bytes.len() as u64, etag, last_modified: now, description, checksums };
        self.backend.put(bucket, key, head.clone(), bytes).map_err(storage_error)?;
        self.sequence = now.timestamp_micros().max(self.sequence + 1);
        let created = ObjectCreated {
            event_name,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            size: head.size,
            etag: head.etag.clone(),
            sequencer: format!("{:016X}", self.sequence),
            event_time: now,
        };
        Ok((head, created))
    }
}

/// No code panics in the middle of a change under these locks, so the value of a poisoned lock is still consistent.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Missing permissions and dangling links are not transient: 403, so that a client does not retry.
fn storage_error(error: io::Error) -> S3Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound => s3_error!(AccessDenied, "the local S3 cannot use {error}"),
        _ => s3_error!(InternalError, "the local S3 cannot use {error}"),
    }
}
