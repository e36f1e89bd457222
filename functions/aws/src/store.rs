use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};

use crate::Error;

/// An object's `ETag` as S3 returns it, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(pub String);

/// An object with its metadata.
#[derive(Clone, Debug)]
pub struct Object {
    /// The body.
    pub body: Bytes,
    /// The object's version.
    pub etag: ETag,
}

/// An object's metadata, without its body.
#[derive(Clone, Debug)]
pub struct Head {
    /// The object's version.
    pub etag: ETag,
    /// User metadata, names in lower case.
    pub metadata: HashMap<String, String>,
}

/// One entry of an object listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The object's key.
    pub key: String,
    /// The object's version.
    pub etag: ETag,
    /// The object's size, in bytes.
    pub bytes: u64,
}

/// The precondition of a write. S3 checks it and writes atomically.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The key has no object yet (`If-None-Match: *`).
    Absent,
    /// The object still has this version (`If-Match`).
    Unchanged(ETag),
}

/// The outcome of a write that S3 responded to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object was written, with this version.
    Written(ETag),
    /// The precondition failed (412, or 404 for [`Condition::Unchanged`]); nothing was written.
    Refused,
    /// A concurrent write was in progress (409) at each attempt; nothing was written.
    Conflict,
}

/// Attempts of one write: each after the first follows a concurrent write (409).
const PUTS_MAX: u32 = 4;
/// Pause before the second attempt. It doubles with each attempt.
const PUT_PAUSE: Duration = Duration::from_millis(100);

/// The objects of one bucket.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    bucket: String,
    /// Timeout of reading the body of a response.
    body: Duration,
}

impl Store {
    pub(crate) fn new(client: Client, bucket: String, body: Duration) -> Self {
        Self { client, bucket, body }
    }

    /// Returns the name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns a store for another bucket, with the same client.
    #[must_use]
    pub fn with_bucket(&self, bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), ..self.clone() }
    }

    /// Reads an object of at most `bytes_max` bytes; `None` if the key does not exist.
    ///
    /// # Errors
    /// A larger object is refused before its body is read. Only `NoSuchKey` means absent: S3 answers 403 for a missing key
    /// if `s3:ListBucket` is not granted, so a 403 proves nothing.
    pub async fn get(&self, key: &str, bytes_max: u64) -> Result<Option<Object>, Error> {
        let output = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(output) => output,
            Err(error) if error.as_service_error().is_some_and(aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key) => {
                return Ok(None);
            }
            Err(error) => return Err(self.error("read", key, error)),
        };
        let etag = ETag(output.e_tag.unwrap_or_default());
        let announced = output.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
        self.check_size(key, announced, bytes_max)?;
        let body = tokio::time::timeout(self.body, self.collect(key, output.body, announced, bytes_max));
        let body = body.await.map_err(|elapsed| self.no_answer("read", key, elapsed))??;
        Ok(Some(Object { body, etag }))
    }

    async fn collect(&self, key: &str, mut stream: ByteStream, announced: u64, bytes_max: u64) -> Result<Bytes, Error> {
        let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0)); // no larger than `bytes_max`
        while let Some(chunk) = stream.try_next().await.map_err(|error| self.no_answer("read", key, error))? {
            body.extend_from_slice(&chunk);
            self.check_size(key, body.len() as u64, bytes_max)?;
        }
        Ok(body.freeze())
    }

    fn check_size(&self, key: &str, bytes: u64, bytes_max: u64) -> Result<(), Error> {
        if bytes > bytes_max { Err(Error::TooLarge { resource: self.uri(key), bytes, bytes_max }) } else { Ok(()) }
    }

    /// Lists up to 1,000 objects whose keys begin with `prefix`, in key order, starting after `after`. An empty list is the end.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Listed>, Error> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).set_start_after(after.map(str::to_owned));
        let page = request.send().await.map_err(|error| self.error("list", prefix, error))?;
        let listed = page.contents.unwrap_or_default().into_iter().map(|object| Listed {
            key: object.key.unwrap_or_default(),
            etag: ETag(object.e_tag.unwrap_or_default()),
            bytes: object.size.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
        });
        Ok(listed.collect())
    }

    /// Reads an object's metadata; `None` if the object does not exist.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(output) => Ok(Some(Head { etag: ETag(output.e_tag.unwrap_or_default()), metadata: output.metadata.unwrap_or_default() })),
            // A HEAD response has no body and so no error code: only 404 means absent.
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 404) => Ok(None),
            Err(error) => Err(self.error("ask for", key, error)),
        }
    }

    /// Writes an object if the precondition holds. While another write is in progress (409), it is sent again.
    ///
    /// # Errors
    /// After an error for which [`Error::fate_is_unknown`] is true, the write may have been applied.
    pub async fn put(
        &self,
        key: &str,
        body: Bytes,
        content_type: &str,
        metadata: HashMap<String, String>,
        condition: &Condition,
    ) -> Result<Put, Error> {
        let mut pause = PUT_PAUSE;
        for _ in 1..PUTS_MAX {
            match self.put_once(key, body.clone(), content_type, metadata.clone(), condition).await? {
                Put::Conflict => tokio::time::sleep(pause).await,
                put => return Ok(put),
            }
            pause *= 2;
        }
        self.put_once(key, body, content_type, metadata, condition).await
    }

    async fn put_once(
        &self,
        key: &str,
        body: Bytes,
        content_type: &str,
        metadata: HashMap<String, String>,
        condition: &Condition,
    ) -> Result<Put, Error> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(body));
        let request = request.content_type(content_type).set_metadata(Some(metadata));
        let request = match condition {
            Condition::Absent => request.if_none_match("*"),
            Condition::Unchanged(etag) => request.if_match(&etag.0),
        };
        match request.send().await {
            Ok(output) => Ok(Put::Written(ETag(output.e_tag.unwrap_or_default()))),
            Err(error) => match (error.raw_response().map(|response| response.status().as_u16()), error.as_service_error()) {
                (Some(412), _) => Ok(Put::Refused),
                (Some(404), Some(service))
                    if matches!(condition, Condition::Unchanged(_)) && service.meta().code() == Some("NoSuchKey") =>
                {
                    Ok(Put::Refused)
                }
                (Some(409), _) => Ok(Put::Conflict),
                _ => Err(self.error("write", key, error)),
            },
        }
    }

    fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    fn error<E>(
        &self,
        action: &'static str,
        key: &str,
        error: aws_sdk_s3::error::SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>,
    ) -> Error
    where
        E: std::error::Error + aws_sdk_s3::error::ProvideErrorMetadata + Send + Sync + 'static,
    {
        Error::new(action, self.uri(key), error)
    }

    fn no_answer(&self, action: &'static str, key: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::NoAnswer { action, resource: self.uri(key), source: error.into() }
    }
}
