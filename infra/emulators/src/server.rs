//! Serves the emulators on a socket: HTTP/1.1 on a local address, with one async function for every request.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::s3::{EmbeddedS3, MAX_REQUEST_BYTES};
use crate::secrets::{self, Secrets};

/// Pause after a failed accept, for example when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time for a client to send the head of a request; also the limit for an idle connection.
const HEADERS_TIMEOUT: Duration = Duration::from_mins(1);
/// Time for pending requests to finish once the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// An HTTP server that runs until it is dropped or stopped.
///
/// Dropping it closes the port and idle connections at once and lets pending requests finish within 5 seconds, as long
/// as the runtime runs; [`stop`](Self::stop) waits for them.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<()>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Answers every request to `address` with `answer`; port 0 picks a free port. A request whose body is over 65 MiB
    /// gets a 413 without a call of `answer`.
    ///
    /// # Errors
    /// Fails if the address cannot be bound, for example because the port is in use.
    pub async fn start<F, Fut>(address: SocketAddr, answer: F) -> io::Result<Self>
    where
        F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(());
        let accepting = tokio::spawn(accept(listener, Arc::new(answer), stopped));
        Ok(Self { address, stop, accepting })
    }

    /// Serves S3 and Secrets Manager on one port, for one `AWS_ENDPOINT_URL`.
    pub async fn start_aws(address: SocketAddr, s3: EmbeddedS3, secrets: Secrets) -> io::Result<Self> {
        Self::start(address, move |request| {
            let (s3, secrets) = (s3.clone(), secrets.clone());
            async move { answer_aws(&s3, &secrets, request).await }
        })
        .await
    }

    /// Returns the listening address, with the assigned port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns `http://` and the address: always an IP address, so that AWS SDKs put the bucket in the path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops the server and waits for pending requests.
    pub async fn stop(self) {
        drop(self.stop);
        // Fails only if the runtime shuts down, and then no request is pending.
        let _ = self.accepting.await;
    }
}

/// Routes the request to the service that it is for.
pub async fn answer_aws(s3: &EmbeddedS3, secrets: &Secrets, request: Request<Bytes>) -> Response<Bytes> {
    // S3 requests never carry this header; those of Secrets Manager always do.
    if request.headers().contains_key(secrets::TARGET_HEADER) { secrets.call(request).await } else { s3.call(request).await }
}

/// Runs until the sender of `stopped` is dropped, then until the last connection is done or [`STOP_TIMEOUT`] is over.
async fn accept<F, Fut>(listener: TcpListener, answer: Arc<F>, mut stopped: watch::Receiver<()>)
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&answer), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    // The remaining connections are aborted when the set is dropped.
    let _ = tokio::time::timeout(STOP_TIMEOUT, async { while connections.join_next().await.is_some() {} }).await;
}

async fn serve<F, Fut>(stream: TcpStream, answer: Arc<F>, mut stopped: watch::Receiver<()>)
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    // Responses are small and complete; waiting to fill a packet would only add delay.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let answer = Arc::clone(&answer);
        async move { Ok::<_, Infallible>(respond(&*answer, request).await.map(Full::new)) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS_TIMEOUT);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn respond<F, Fut>(answer: &F, request: Request<Incoming>) -> Response<Bytes>
where
    F: Fn(Request<Bytes>) -> Fut,
    Fut: Future<Output = Response<Bytes>>,
{
    let (parts, body) = request.into_parts();
    // The client may wait for the response before it sends a body that it has announced.
    if body.size_hint().lower() > MAX_REQUEST_BYTES as u64 {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match Limited::new(body, MAX_REQUEST_BYTES).collect().await {
        Ok(body) => answer(Request::from_parts(parts, body.to_bytes())).await,
        Err(error) if error.is::<LengthLimitError>() => refusal(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => refusal(StatusCode::BAD_REQUEST),
    }
}

/// The rest of the body is not read, so the connection cannot be reused.
fn refusal(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    async fn echo() -> Server {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Server::start(any_port, |request| async { Response::new(request.into_body()) }).await.unwrap()
    }

    /// Sends raw HTTP and reads until the server closes.
    async fn exchange(address: SocketAddr, request: Vec<u8>) -> String {
        let exchange = move || {
            let mut stream = TcpStream::connect(address)?;
            // The server may refuse before it has read everything.
            let _ = stream.write_all(&request);
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            io::Result::Ok(answer)
        };
        tokio::task::spawn_blocking(exchange).await.unwrap().unwrap()
    }

    fn post(length: usize, body: &str) -> Vec<u8> {
        format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").into()
    }

    #[tokio::test]
    async fn a_request_is_answered_by_the_function() {
        let server = echo().await;
        let answer = exchange(server.address(), post(5, "hello")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"), "{answer}");
        assert_eq!(server.url(), format!("http://127.0.0.1:{}", server.address().port()));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_without_reading_it() {
        let server = echo().await;
        let answer = exchange(server.address(), post(MAX_REQUEST_BYTES + 1, "")).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }

    #[tokio::test]
    async fn a_stopped_server_frees_its_port() {
        let server = echo().await;
        let address = server.address();
        assert_eq!(Server::start(address, |_| async { Response::default() }).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let idle = TcpStream::connect(address).unwrap();
        server.stop().await;
        Server::start(address, |_| async { Response::default() }).await.unwrap().stop().await;
        drop(idle);
    }

    #[tokio::test]
    async fn a_dropped_server_closes_its_port() {
        let server = echo().await;
        let address = server.address();
        drop(server);
        while TcpStream::connect(address).is_ok() {
            tokio::task::yield_now().await;
        }
    }
}
