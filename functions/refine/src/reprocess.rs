//! Refines RAW again, by prefix, after a change of `refine` or of the lexicon.

use events::{Notification, RawObject, Reprocess};
use lambda::{Fate, Invocation};
use serde_json::{Value, json};
use tweets::{NotARawFile, RAW_PREFIX};

use crate::error::Error;
use crate::summary::Summary;
use crate::{CONCURRENCY, Refine, ignore};

impl Refine {
    /// Refines the objects in key order until the time is up.
    ///
    /// Returns the summary with `next`: null at the end, otherwise the event for the next invocation. An object that is rejected,
    /// or that is not a RAW file, is logged, counted and skipped. An object without enough time or without a response from S3 is
    /// where the next invocation starts.
    pub(crate) async fn reprocess(&self, reprocess: Reprocess, invocation: Invocation, summary: &mut Summary) -> Result<Value, Error> {
        let Reprocess { bucket, prefix, mut after } = reprocess;
        let raw = self.target.with_bucket(&bucket);
        let next = 'done: loop {
            let page = raw.list(&prefix, after.as_deref()).await.map_err(|source| Error::RawUnreadable { source });
            let page = page.inspect_err(|error| summary.fail(error))?;
            if page.is_empty() {
                break None;
            }
            for chunk in page.chunks(CONCURRENCY) {
                let objects = chunk.iter().map(|listed| RawObject { bucket: bucket.clone(), key: listed.key.clone() });
                // The prefix may be wider than RAW.
                let (outside, objects): (Vec<_>, Vec<_>) = objects.partition(|object| !object.key.starts_with(RAW_PREFIX));
                for object in &outside {
                    ignore(object, NotARawFile::OutsidePrefix, summary);
                }
                let notifications =
                    objects.into_iter().enumerate().map(|(place, object)| (place, Notification { objects: vec![object], ignored: vec![] }));
                let failed = self.refine_all(notifications, invocation, summary).await;
                if failed.values().any(|error| error.fate() == Fate::Resume) {
                    break 'done Some(Reprocess { bucket, prefix, after });
                }
                after = chunk.last().map(|listed| listed.key.clone());
            }
        };
        let mut answer = json!(summary);
        answer["next"] = json!(next.map(|next| json!({ "reprocess": next })));
        Ok(answer)
    }
}
