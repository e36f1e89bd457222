//! Processes one RAW object: reads it, refines it, and stores its REF objects.

use std::collections::HashMap;
use std::time::Duration;

use aws::{Condition, Put, Store};
use bytes::Bytes;
use events::RawObject;
use rows::{LEXICON_VERSION, RAW_BYTES_MAX, REFINE_VERSION, RefObject, Rows, RowsByMinute};
use tokio::time::Instant;
use tracing::{debug, warn};
use tweets::document::{Example, Malformed};
use tweets::{RAW_PREFIX, Years};

use crate::error::Error;

/// Attempts at writing one REF object: the first, and one more for each concurrent writer that intervened.
const ATTEMPTS_MAX: u32 = 4;
/// Pause before the second attempt. The third waits twice as long, and so on.
const PAUSE: Duration = Duration::from_millis(50);
/// User metadata of a REF object.
const REFINE_VERSION_KEY: &str = "refine-version";
const LEXICON_VERSION_KEY: &str = "lexicon-version";

/// The result of refining one RAW object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) files_created: u64,
    pub(crate) files_replaced: u64,
    pub(crate) files_unchanged: u64,
    /// Rows of created files only.
    pub(crate) rows_by_minute: RowsByMinute,
    pub(crate) malformed: Malformed,
    pub(crate) raw_bytes: u64,
    pub(crate) ref_bytes: u64,
}

/// Refines one object into the bucket of `target`, or gives up at `stop`. A repeated call finds what was already stored.
pub(crate) async fn refine_object(target: &Store, years: Years, object: &RawObject, stop: Instant) -> Result<Done, Error> {
    let deadline_reached = || Error::DeadlineReached { bucket: object.bucket.clone(), key: object.key.clone() };
    // Check before the first poll: an expired timer still polls the inner future once.
    if Instant::now() >= stop {
        return Err(deadline_reached());
    }
    tokio::time::timeout_at(stop, read_and_store(target, years, object)).await.unwrap_or_else(|_| Err(deadline_reached()))
}

async fn read_and_store(target: &Store, years: Years, object: &RawObject) -> Result<Done, Error> {
    let RawObject { bucket, key } = object;
    if bucket == target.bucket() {
        return Err(Error::BucketIsRef { bucket: bucket.clone(), key: key.clone() });
    }
    if !key.starts_with(RAW_PREFIX) {
        return Err(Error::KeyOutsideRaw { bucket: bucket.clone(), key: key.clone() });
    }
    let raw = read(&target.with_bucket(bucket), key).await?;
    let mut done = Done { raw_bytes: raw.len() as u64, ..Done::default() };
    let refined = rows::refine(key, &raw, years);
    let refined = refined.map_err(|source| Error::RawRejected { bucket: bucket.clone(), key: key.clone(), source })?;
    drop(raw); // not held while the results are stored
    warn_of_malformed(object, &refined.malformed);
    done.malformed = refined.malformed;
    for ref_object in refined.objects {
        match store(target, &ref_object).await? {
            Stored::Created => {
                done.files_created += 1;
                done.ref_bytes += ref_object.bytes.len() as u64;
                for (minute, rows) in ref_object.rows_by_minute {
                    *done.rows_by_minute.entry(minute).or_default() += rows;
                }
            }
            Stored::Replaced => {
                done.files_replaced += 1;
                done.ref_bytes += ref_object.bytes.len() as u64;
            }
            Stored::Unchanged => done.files_unchanged += 1,
        }
    }
    let Done { files_created, files_replaced, files_unchanged, .. } = done;
    let rows: Rows = done.rows_by_minute.values().copied().sum();
    debug!(bucket, key, rows = rows.total(), files_created, files_replaced, files_unchanged, "object refined");
    Ok(done)
}

/// Logs paths and JSON types, never values.
fn warn_of_malformed(object: &RawObject, malformed: &Malformed) {
    if malformed.total() > 0 {
        let RawObject { bucket, key } = object;
        let examples: Vec<String> = malformed.examples().iter().map(Example::to_string).collect();
        warn!(bucket, key, malformed = malformed.total(), examples = examples.join("; "), "malformed values read as null");
    }
}

async fn read(raw: &Store, key: &str) -> Result<Bytes, Error> {
    match raw.get(key, RAW_BYTES_MAX).await {
        Ok(Some(object)) => Ok(object.body),
        Ok(None) => Err(Error::RawMissing { bucket: raw.bucket().to_owned(), key: key.to_owned() }),
        Err(source @ aws::Error::TooLarge { .. }) => Err(Error::RawTooLarge { source }),
        Err(source) => Err(Error::RawUnreadable { source }),
    }
}

enum Stored {
    Created,
    Replaced,
    Unchanged,
}

/// Stores the object under its key (INV-3): one key per RAW object and day, written once per version, even under
/// concurrent deliveries.
async fn store(target: &Store, object: &RefObject) -> Result<Stored, Error> {
    let unwritable = |source| Error::RefUnwritable { source };
    for attempt in 0..ATTEMPTS_MAX {
        tokio::time::sleep(PAUSE * attempt).await;
        match put(target, object, &Condition::Absent).await.map_err(unwritable)? {
            Put::Written(_) => return Ok(Stored::Created),
            Put::Conflict => break,
            Put::Refused => {}
        }
        let Some(head) = target.head(&object.key).await.map_err(unwritable)? else { continue };
        if versions().into_iter().all(|(name, version)| head.metadata.get(&name) == Some(&version)) {
            return Ok(Stored::Unchanged);
        }
        match put(target, object, &Condition::Unchanged(head.etag)).await.map_err(unwritable)? {
            Put::Written(_) => return Ok(Stored::Replaced),
            Put::Conflict => break,
            Put::Refused => {}
        }
    }
    Err(Error::RefContended { bucket: target.bucket().to_owned(), key: object.key.clone(), attempts: ATTEMPTS_MAX })
}

async fn put(target: &Store, object: &RefObject, condition: &Condition) -> Result<Put, aws::Error> {
    target.put(&object.key, object.bytes.clone(), "application/vnd.apache.parquet", versions(), condition).await
}

fn versions() -> HashMap<String, String> {
    HashMap::from([
        (REFINE_VERSION_KEY.to_owned(), REFINE_VERSION.to_owned()),
        (LEXICON_VERSION_KEY.to_owned(), LEXICON_VERSION.to_owned()),
    ])
}
