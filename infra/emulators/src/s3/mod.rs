//! An S3 in this process: in memory or on disk, behind a socket or directly under the real SDK.
//!
//! It is exact where the pipeline depends on S3: conditional writes are atomic, a wrong checksum stores nothing,
//! signatures are verified, keys may be any text, listings are paginated. It is not meant for any other use: one
//! account with public keys, no versions, no policies, no multipart uploads, objects of at most [`MAX_OBJECT_BYTES`].

mod backend;
mod conditions;
mod disk;
mod error;
mod in_process;
mod key_path;
mod listing;
mod notification;
mod object;
mod operations;
mod sidecar;
mod store;
#[cfg(test)]
mod tests;
mod upload;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use s3s::auth::SimpleAuth;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpResponse, StdError};

use backend::{Backend, Memory};
use disk::Disk;
use operations::Operations;
use store::Store;

use crate::files::Unreadable;
pub use error::Error;
pub use in_process::InProcess;
pub use notification::ObjectCreated;

/// The only access key that is accepted. It is not a secret: it gives access to nothing but this emulator.
pub const ACCESS_KEY: &str = "local";
/// The secret key that belongs to [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "local";
/// The region to configure a client with; any other is also accepted.
pub const REGION: &str = "us-east-1";
/// The `endpoint_url` of a client that uses [`EmbeddedS3::http_client`].
///
/// An IP address, so that the SDK puts the bucket in the path. Nothing listens on it: a client that was mistakenly
/// configured without an in-process wire fails at once.
pub const IN_PROCESS_ENDPOINT: &str = "http://127.0.0.1:9";
/// Maximum object size, 64 MiB; S3 itself accepts 5 GiB in one put. It is eight times the largest RAW file, and bounds
/// the memory that one request can take.
pub const MAX_OBJECT_BYTES: usize = 64 * 1024 * 1024;
/// Maximum request size: an object and the overhead of `aws-chunked`.
pub const MAX_REQUEST_BYTES: usize = MAX_OBJECT_BYTES + 1024 * 1024;

/// An S3 in this process. Clones share the same buckets.
#[derive(Clone)]
pub struct EmbeddedS3 {
    store: Arc<Store>,
    service: S3Service,
}

impl EmbeddedS3 {
    /// Creates an empty S3 in memory, which is dropped with its last clone. It never waits for a disk, a thread or a
    /// clock.
    ///
    /// `clock` provides `Last-Modified` and event times; with a fixed or simulated clock every response is
    /// reproducible. Signatures are verified regardless of their date.
    pub fn in_memory(clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self::with_backend(Memory::default(), clock)
    }

    /// Opens an S3 over the folder `root`, which is created if it is missing. Contents are plain files at
    /// `root/<bucket>/<key>`; the metadata of S3 is in `root/.s3`. Files copied in by hand are served as well.
    ///
    /// Only one process can open the folder: a second one gets [`Error::InUse`]. A process killed at any point leaves
    /// each object in its old or its new state, and a put that was answered survives a power failure. Calls use the
    /// file system in place, without another thread.
    pub fn on_disk(root: &Path, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Result<Self, Error> {
        Ok(Self::with_backend(Disk::open(root)?, clock))
    }

    fn with_backend(backend: impl Backend + 'static, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        let store = Arc::new(Store::new(backend, clock));
        let mut service = S3ServiceBuilder::new(Operations(Arc::clone(&store)));
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let mut config = S3Config::default();
        // Despite its name, this bounds the clock skew of every signed request: 136 years, for simulated clocks.
        config.presigned_url_max_skew_time_secs = u32::MAX;
        service.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        Self { store, service: service.build() }
    }

    /// Creates a bucket; an existing one is left unchanged.
    pub fn create_bucket(&self, name: &str) -> Result<(), Error> {
        if !s3s::path::check_bucket_name(name) {
            return Err(Error::BucketName { name: name.to_owned() });
        }
        let created = self.store.create_bucket(name);
        created.map(|_| ()).map_err(|source| Error::CreateBucket { name: name.to_owned(), source })
    }

    /// Defers flushing objects of this bucket to the disk until [`flush`](Self::flush): for objects that can be recreated,
    /// whose writer flushes before it records them as done.
    pub fn flush_later(&self, bucket: &str) {
        self.store.flush_later(bucket);
    }

    /// Flushes the objects put into buckets of [`flush_later`](Self::flush_later), many at a time.
    pub fn flush(&self) -> std::io::Result<()> {
        self.store.flush()
    }

    /// Returns what listings of this prefix leave out, with the reason: on a disk, what cannot be read, and files whose name
    /// is not a key. Objects that are listed may still be unreadable.
    pub fn unlisted(&self, bucket: &str, prefix: &str) -> Vec<Unreadable> {
        self.store.unlisted(bucket, prefix)
    }

    /// Returns the objects below a prefix as they are stored, in key order, without a request.
    pub fn objects(&self, bucket: &str, prefix: &str) -> std::io::Result<Vec<(String, Bytes)>> {
        self.store.objects(bucket, prefix)
    }

    /// Calls `listener` after each put or copy, before the writer gets the response. It may use this S3, but must not
    /// block: it runs inside the request.
    pub fn on_object_created(&self, listener: impl Fn(&ObjectCreated) + Send + Sync + 'static) {
        self.store.listen(listener);
    }

    /// Returns an HTTP client for `aws_sdk_s3::Config` that reaches this S3 without a socket.
    pub fn http_client(&self) -> SharedHttpClient {
        let s3 = self.clone();
        SharedHttpClient::new(InProcess::new(move |request| {
            let s3 = s3.clone();
            async move { Ok(s3.call(request).await) }
        }))
    }

    /// Answers one signed HTTP request; a failure is an S3 error in the response. If the future is dropped before it
    /// completes, the request has had either its whole effect or none.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        let is_head = request.method() == Method::HEAD;
        match self.answer(request).await {
            // As over a socket, neither a HEAD nor a 304 has a body, so an SDK must rely on the status.
            Ok(response) if is_head || response.status() == StatusCode::NOT_MODIFIED => response.map(|_| Bytes::new()),
            Ok(response) => response,
            Err(error) => {
                tracing::error!(error = %error, "the embedded S3 failed to answer");
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        }
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, StdError> {
        let response: HttpResponse = if request.body().len() > MAX_REQUEST_BYTES {
            upload::too_large().to_http_response()?
        } else {
            self.service.call(request.map(Body::from)).await?
        };
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }
}

impl fmt::Debug for EmbeddedS3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmbeddedS3")
    }
}
