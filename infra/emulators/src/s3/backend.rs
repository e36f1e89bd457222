//! Storage of objects: the few operations in which memory and a folder differ.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::object::Head;
use crate::files::Unreadable;

/// Storage for objects. The [`Store`](super::store::Store) calls it under one lock and checks every condition itself,
/// so a method need not be atomic with respect to other calls; with respect to a crash, `put` and `remove` must be.
pub(super) trait Backend: Send {
    /// Creates the bucket; returns false if it already exists.
    fn create_bucket(&mut self, bucket: &str, now: DateTime<Utc>) -> io::Result<bool>;
    /// Returns name and creation time of every bucket, ordered by name.
    fn buckets(&self) -> io::Result<Vec<(String, DateTime<Utc>)>>;
    fn has_bucket(&self, bucket: &str) -> io::Result<bool>;
    /// Returns the metadata of an object; `None` if it does not exist.
    fn head(&self, bucket: &str, key: &str) -> io::Result<Option<Head>>;
    /// Returns bytes of an object that `head` found; `range` is within its size.
    fn read(&self, bucket: &str, key: &str, range: Range<u64>) -> io::Result<Bytes>;
    /// Creates or replaces an object. `head` describes `bytes`; the bucket exists.
    fn put(&mut self, bucket: &str, key: &str, head: Head, bytes: Bytes) -> io::Result<()>;
    /// Removes an object; a missing object is not an error.
    fn remove(&mut self, bucket: &str, key: &str) -> io::Result<()>;
    /// Returns every key that starts with `prefix`, in order of UTF-8 bytes, without duplicates.
    fn keys(&self, bucket: &str, prefix: &str) -> io::Result<Vec<String>>;
    /// Returns what is stored under `prefix` and is not an object, so that `keys` leaves it out.
    fn unlisted(&self, _bucket: &str, _prefix: &str) -> Vec<Unreadable> {
        Vec::new()
    }
    /// Makes puts into this bucket durable only at the next [`flush`](Self::flush).
    fn flush_later(&mut self, _bucket: &str) {}
    /// Makes every earlier put durable.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Objects in memory, lost when the process ends.
#[derive(Default)]
pub(super) struct Memory {
    buckets: BTreeMap<String, Bucket>,
}

struct Bucket {
    created: DateTime<Utc>,
    objects: BTreeMap<String, (Head, Bytes)>,
}

impl Backend for Memory {
    fn create_bucket(&mut self, bucket: &str, now: DateTime<Utc>) -> io::Result<bool> {
        let is_new = !self.buckets.contains_key(bucket);
        if is_new {
            self.buckets.insert(bucket.to_owned(), Bucket { created: now, objects: BTreeMap::new() });
        }
        Ok(is_new)
    }

    fn buckets(&self) -> io::Result<Vec<(String, DateTime<Utc>)>> {
        Ok(self.buckets.iter().map(|(name, bucket)| (name.clone(), bucket.created)).collect())
    }

    fn has_bucket(&self, bucket: &str) -> io::Result<bool> {
        Ok(self.buckets.contains_key(bucket))
    }

    fn head(&self, bucket: &str, key: &str) -> io::Result<Option<Head>> {
        Ok(self.object(bucket, key).map(|(head, _)| head.clone()))
    }

    fn read(&self, bucket: &str, key: &str, range: Range<u64>) -> io::Result<Bytes> {
        let (_, bytes) = self.object(bucket, key).ok_or(io::ErrorKind::NotFound)?;
        let position = |at: u64| usize::try_from(at).map_err(io::Error::other);
        Ok(bytes.slice(position(range.start)?..position(range.end)?))
    }

    fn put(&mut self, bucket: &str, key: &str, head: Head, bytes: Bytes) -> io::Result<()> {
        let bucket = self.buckets.get_mut(bucket).ok_or(io::ErrorKind::NotFound)?;
        bucket.objects.insert(key.to_owned(), (head, bytes));
        Ok(())
    }

    fn remove(&mut self, bucket: &str, key: &str) -> io::Result<()> {
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            bucket.objects.remove(key);
        }
        Ok(())
    }

    fn keys(&self, bucket: &str, prefix: &str) -> io::Result<Vec<String>> {
        let Some(bucket) = self.buckets.get(bucket) else { return Ok(Vec::new()) };
        let from_prefix = bucket.objects.range(prefix.to_owned()..).map(|(key, _)| key);
        Ok(from_prefix.take_while(|key| key.starts_with(prefix)).cloned().collect())
    }
}

impl Memory {
    fn object(&self, bucket: &str, key: &str) -> Option<&(Head, Bytes)> {
        self.buckets.get(bucket)?.objects.get(key)
    }
}
