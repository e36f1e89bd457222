//! The server: loopback only, bounded clients, one stream of events per client.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use super::watcher::Published;
use super::{guard, routes};
use crate::Clock;

/// Maximum number of connected clients; others get 503.
const CONNECTIONS_MAX: usize = 64;
/// Streams of events at once: one serves all tabs of a browser.
const STREAMS_MAX: usize = 16;
/// Time for a client to send the head of a request; also the limit for an idle connection.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval of the events that show that the server is alive.
const BEAT: Duration = Duration::from_secs(15);
/// Pause after a failed accept, for example when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\nretry-after: 3\r\n\r\n";

type Body = UnsyncBoxBody<Bytes, Infallible>;
type Snapshots = watch::Receiver<Arc<Published>>;

/// State that all connections share.
#[derive(Debug)]
pub struct Site {
    snapshots: Snapshots,
    streams: Arc<Semaphore>,
    port: u16,
    clock: Clock,
    beat: Duration,
}

impl Site {
    /// Creates the site of the server at `port`.
    pub fn new(snapshots: Snapshots, port: u16, clock: Clock) -> Self {
        Self { snapshots, streams: Arc::new(Semaphore::new(STREAMS_MAX)), port, clock, beat: BEAT }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let (path, headers) = (request.uri().path(), request.headers());
        if let Some(status) = guard::refusal(request.method(), headers, self.port) {
            let mut refused = routes::plain(status, "refused\n");
            if status == StatusCode::METHOD_NOT_ALLOWED {
                refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            }
            return whole(refused);
        }
        if path != "/events" {
            let published = Arc::clone(&self.snapshots.borrow());
            return whole(routes::answer(path, headers, &published));
        }
        let Ok(permit) = Arc::clone(&self.streams).try_acquire_owned() else {
            let mut busy = routes::plain(StatusCode::SERVICE_UNAVAILABLE, "too many streams\n");
            busy.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("3"));
            return whole(busy);
        };
        let mut response = routes::of(StatusCode::OK, "text/event-stream", Bytes::new());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        response.map(|_| self.events(permit))
    }

    /// Streams an event per snapshot, and a beat when there was none. A client that does not read skips snapshots: the
    /// channel holds only the last one.
    fn events(&self, permit: OwnedSemaphorePermit) -> Body {
        let mut snapshots = self.snapshots.clone();
        snapshots.mark_changed();
        let (clock, beat) = (self.clock, self.beat);
        let first = Some("retry: 3000\n\n".to_owned());
        let events = unfold((snapshots, permit, first), move |(mut snapshots, permit, mut first)| async move {
            let text = match first.take() {
                Some(first) => first,
                None => match timeout_at(Instant::now() + beat, snapshots.changed()).await {
                    Ok(Ok(())) => snapshot_event(&snapshots.borrow_and_update()),
                    Ok(Err(_)) => return None,
                    Err(_) => format!("event: beat\ndata: {}\n\n", clock().to_rfc3339()),
                },
            };
            Some((Ok(Frame::data(Bytes::from(text))), (snapshots, permit, first)))
        });
        StreamBody::new(events).boxed_unsync()
    }
}

fn snapshot_event(published: &Published) -> String {
    let (version, at) = (published.snapshot.version, published.snapshot.at.to_rfc3339());
    format!("id: {version}\nevent: snapshot\ndata: {{\"version\":{version},\"at\":\"{at}\"}}\n\n")
}

fn whole(response: Response<Bytes>) -> Response<Body> {
    response.map(|body| Full::new(body).boxed_unsync())
}

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, site: Arc<Site>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => match Arc::clone(&connections).try_acquire_owned() {
                Ok(permit) => drop(tokio::spawn(connection(stream, Arc::clone(&site), permit))),
                Err(_) => refuse(stream),
            },
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Answers a client that is one too many, without waiting for it.
fn refuse(mut stream: TcpStream) {
    tokio::spawn(async move {
        let _ = tokio::time::timeout(HEADERS_TIMEOUT, stream.write_all(BUSY)).await;
    });
}

async fn connection(stream: TcpStream, site: Arc<Site>, _permit: OwnedSemaphorePermit) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let response = site.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS_TIMEOUT);
    let _ = http.serve_connection(TokioIo::new(stream), service).await; // a client that leaves early is not an error
}
