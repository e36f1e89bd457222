//! What a bucket reports about a new object.

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::REGION;

/// Encodes all characters that S3 encodes in the key of a notification and for `encoding-type=url`.
pub(super) const URL_ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'/').remove(b'*');

/// Reports that an object was created or replaced, with the content of a bucket notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectCreated {
    /// `ObjectCreated:Put` or `ObjectCreated:Copy`, as in the event's `eventName`.
    pub event_name: &'static str,
    /// Name of the bucket.
    pub bucket: String,
    /// The plain key: not form-encoded as in a real notification.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// Hexadecimal, without quotes.
    pub etag: String,
    /// 16 hexadecimal digits; the later of two events of one store has the greater value, also across a restart as long
    /// as the clock does not go back.
    pub sequencer: String,
    /// When the object was stored, by the store's clock.
    pub event_time: DateTime<Utc>,
}

impl ObjectCreated {
    /// Returns the notification that S3 would send. Source: Amazon S3 user guide, event message structure.
    pub fn notification(&self) -> Value {
        let Self { event_name, bucket, key, size, etag, sequencer, event_time } = self;
        // The key is form-encoded: a space is "+".
        let key = utf8_percent_encode(key, URL_ENCODED).to_string().replace("%20", "+");
        json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": event_time.to_rfc3339_opts(SecondsFormat::Millis, true),
            "eventName": event_name,
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "emulator",
                "bucket": { "name": bucket, "arn": format!("arn:aws:s3:::{bucket}") },
                "object": { "key": key, "size": size, "eTag": etag, "sequencer": sequencer },
            },
        }]})
    }
}
