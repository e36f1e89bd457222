//! The real SDK without a socket: a smithy HTTP client whose wire is an async function.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;

/// An SDK HTTP client that passes each signed request to `answer` instead of a socket.
///
/// Nothing here waits on real time: under tokio's paused clock the only timers are the SDK's own timeouts and those of
/// `answer`. The client's read timeout is honoured (it covers the whole of `answer`), as over a socket.
///
/// An `Err` of `answer` reaches the SDK as a dispatch failure: a timeout if the error is an [`io::Error`] of kind
/// [`TimedOut`](io::ErrorKind::TimedOut), an I/O error otherwise. Both are retried by the SDK's standard strategy. A
/// test can therefore inject faults between the client and S3, before or after the effect:
///
/// ```
/// # use emulators::s3::{EmbeddedS3, InProcess};
/// # let s3 = EmbeddedS3::in_memory(chrono::DateTime::default);
/// let answers_get_lost = InProcess::new(move |request| {
///     let s3 = s3.clone();
///     async move {
///         s3.call(request).await;
///         Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into())
///     }
/// });
/// ```
pub struct InProcess<F> {
    answer: Arc<F>,
}

impl<F, Fut> InProcess<F>
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Bytes>, BoxError>> + Send + 'static,
{
    /// Creates a client that passes every request, with its body collected, to `answer`.
    pub fn new(answer: F) -> Self {
        Self { answer: Arc::new(answer) }
    }
}

impl<F> fmt::Debug for InProcess<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl<F, Fut> HttpClient for InProcess<F>
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Bytes>, BoxError>> + Send + 'static,
{
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { answer: Arc::clone(&self.answer), read_timeout: settings.read_timeout() })
    }
}

struct Connector<F> {
    answer: Arc<F>,
    read_timeout: Option<Duration>,
}

impl<F> fmt::Debug for Connector<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("read_timeout", &self.read_timeout).finish_non_exhaustive()
    }
}

impl<F, Fut> HttpConnector for Connector<F>
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Bytes>, BoxError>> + Send + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, read_timeout) = (Arc::clone(&self.answer), self.read_timeout);
        HttpConnectorFuture::new(async move {
            let request = collected(request).await.map_err(ConnectorError::user)?;
            let answered = answer(request);
            let answered = match read_timeout {
                None => answered.await,
                Some(limit) => {
                    tokio::time::timeout(limit, answered).await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
                }
            };
            let response = answered.map_err(connector_error)?;
            HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

/// Returns the request as a server would receive it: with the body in one piece and the `host` header that an HTTP
/// client adds.
async fn collected(request: HttpRequest) -> Result<Request<Bytes>, BoxError> {
    let (mut parts, body) = request.try_into_http1x()?.into_parts();
    if !parts.headers.contains_key(HOST)
        && let Some(authority) = parts.uri.authority()
    {
        let host = HeaderValue::from_str(authority.as_str())?;
        parts.headers.insert(HOST, host);
    }
    Ok(Request::from_parts(parts, body.collect().await?.to_bytes()))
}

fn connector_error(error: BoxError) -> ConnectorError {
    match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => ConnectorError::timeout(error),
        _ => ConnectorError::io(error),
    }
}
