//! The wires between the functions and the world. Each request meets its fault here, before or after it takes effect.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use emulators::s3::InProcess;
use http::{Request, Response, StatusCode, header};
use ingest::Wire;
use serde_json::json;
use tower::util::BoxCloneSyncService;

use crate::ablation::refusal;
use crate::fault::{Call, Fault, Landing};
use crate::sandbox::Process;
use crate::world::World;
use crate::x_api::{Order, STUCK_TOKEN, XApi, problem, response};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers the requests of the AWS SDK in one sandbox.
pub(crate) fn aws(world: &World, process: &Arc<Process>) -> SharedHttpClient {
    let (world, process) = (world.clone(), Arc::clone(process));
    SharedHttpClient::new(InProcess::new(move |request| {
        let (world, process) = (world.clone(), Arc::clone(&process));
        async move { answer_aws(&world, &process, request).await }
    }))
}

/// Answers the requests to X in one sandbox.
pub(crate) fn x(world: &World, process: &Arc<Process>) -> Wire {
    let (world, process) = (world.clone(), Arc::clone(process));
    Wire::InProcess(BoxCloneSyncService::new(tower::service_fn(move |request| {
        let (world, process) = (world.clone(), Arc::clone(&process));
        async move { answer_x(&world, &process, request).await }
    })))
}

async fn answer_aws(world: &World, process: &Process, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
    let call = Call::of(&request);
    let path = request.uri().path().to_owned();
    let fault = enter(world, process, call, &path).await;
    if call == Call::PutRaw {
        let count = request.headers().get("x-amz-meta-count").and_then(|count| count.to_str().ok()?.parse().ok());
        process.release(count.unwrap_or(0));
    }
    let Some(fault) = fault else {
        return Ok(world.apply(call, request).await);
    };
    match fault {
        Fault::Lost { applied } => {
            if applied {
                world.apply(call, request).await;
            }
            Err(io::Error::from(io::ErrorKind::ConnectionReset).into())
        }
        Fault::Slow { applied: true, by } => {
            let answer = world.apply(call, request).await;
            tokio::time::sleep(by).await;
            Ok(answer)
        }
        Fault::Slow { applied: false, by } => {
            tokio::time::sleep(by).await;
            Ok(world.apply(call, request).await)
        }
        Fault::Status { status, applied } => {
            let refusal = refusal(status, code(status), request.method());
            if applied {
                world.apply(call, request).await;
            }
            Ok(refusal)
        }
        Fault::Held { landing, dies } => {
            hold(world, call, request, landing);
            if dies {
                process.die();
            }
            never().await
        }
        Fault::Dies { applied } => {
            if applied {
                world.apply(call, request).await;
            }
            process.die();
            never().await
        }
        _ => Ok(world.apply(call, request).await), // faults that only X can have
    }
}

/// Returns the answer with its `Date` as this X writes it, and without the protection that is switched off.
async fn answer_x(world: &World, process: &Process, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
    let mut answer = answer_search(world, process, request).await?;
    if let Ok(date) = world.x(|x| x.quirks.date).write(world.now()).parse() {
        answer.headers_mut().insert(header::DATE, date);
    }
    Ok(match world.ablation() {
        Some(ablation) => ablation.distort_page(answer),
        None => answer,
    })
}

async fn answer_search(world: &World, process: &Process, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
    let query = request.uri().query().unwrap_or_default();
    let span: Vec<&str> =
        query.split('&').filter(|pair| ["since_id", "until_id", "max_r", "next_"].iter().any(|name| pair.starts_with(name))).collect();
    let fault = enter(world, process, Call::Search, &span.join(" ")).await;
    let served_by = |answer: &dyn Fn(&mut XApi) -> Response<Bytes>| {
        let (answer, posts) = world.x(|x| {
            let before: u64 = x.posts_served;
            x.run = process.run();
            let answer = answer(x);
            (answer, x.posts_served - before)
        });
        let holding = process.receive(posts);
        world.record(|record| record.held_max = record.held_max.max(holding));
        world.note(format!("      x answers {} with {} bytes", answer.status(), answer.body().len()));
        (answer, posts)
    };
    let served = || served_by(&|x| x.answer(&request, world.now())).0;
    let Some(fault) = fault else { return Ok(served()) };
    match fault {
        Fault::Lost { applied } => {
            if applied {
                world.lose_page(process, served().status());
            }
            Err(io::Error::from(if applied { io::ErrorKind::ConnectionReset } else { io::ErrorKind::ConnectionRefused }).into())
        }
        Fault::Slow { applied, by } => {
            if applied {
                let answer = served();
                if by > Duration::from_secs(8) {
                    world.lose_page(process, answer.status());
                }
                tokio::time::sleep(by).await;
                return Ok(answer);
            }
            tokio::time::sleep(by).await;
            Ok(served())
        }
        Fault::CutBody => {
            let answer = served();
            world.lose_page(process, answer.status());
            Ok(answer.map(|body| body.slice(..body.len() / 2)))
        }
        Fault::NotAPage => Ok(response(StatusCode::OK, Bytes::from_static(b"<!DOCTYPE html><title>X</title>"))),
        Fault::Unsorted => Ok(served_by(&|x| {
            let order = std::mem::replace(&mut x.quirks.order, Order::Shuffled);
            let answer = x.answer(&request, world.now());
            x.quirks.order = order;
            answer
        })
        .0),
        Fault::Contradiction => {
            let (answer, posts) = served_by(&|x| x.answer(&request, world.now()));
            if posts > 0 {
                world.lose_page(process, answer.status());
            }
            Ok(answer.map(|body| without_posts(&body)))
        }
        Fault::StuckToken => {
            let body = json!({ "meta": { "result_count": 0, "next_token": STUCK_TOKEN } });
            Ok(response(StatusCode::OK, Bytes::from(body.to_string())))
        }
        Fault::Repeated => Ok(served_by(&|x| x.repeat(&request, world.now())).0),
        Fault::UsageCap => {
            let kind = "https://api.twitter.com/2/problems/usage-capped";
            Ok(problem(429, &json!({ "title": "UsageCapExceeded", "type": kind, "detail": "Usage cap exceeded" })))
        }
        Fault::Status { status, .. } => Ok(refusal_of_x(world, status)),
        Fault::Dies { applied } => {
            if applied {
                served();
            }
            process.die();
            never().await
        }
        Fault::Held { .. } => Ok(served()),
    }
}

fn without_posts(body: &[u8]) -> Bytes {
    let mut body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.remove("data");
    }
    Bytes::from(body.to_string())
}

fn refusal_of_x(world: &World, status: u16) -> Response<Bytes> {
    let body = match status {
        401 => json!({ "title": "Unauthorized", "type": "about:blank" }),
        402 => json!({ "title": "CreditsDepleted", "type": "https://api.x.com/2/problems/credits" }),
        403 => json!({ "title": "Client Forbidden", "reason": "client-not-enrolled" }),
        429 => json!({ "title": "Too Many Requests", "type": "about:blank" }),
        _ => {
            return response(StatusCode::from_u16(status).unwrap_or_default(), Bytes::from_static(b"<html>Over capacity</html>"));
        }
    };
    let mut answer = problem(status, &body);
    if status == 429 {
        answer.headers_mut().insert("x-rate-limit-reset", (world.now().timestamp() + 300).into());
    }
    answer
}

/// Numbers, logs and delays a request that reaches the wire. Returns the fault that it meets.
async fn enter(world: &World, process: &Process, call: Call, what: &str) -> Option<Fault> {
    let (number, fault, latency) = world.number(call);
    let fault_text = fault.map(|fault| format!("  <- {fault:?}")).unwrap_or_default();
    world.note(format!("{} #{number} {call:?} {what}{fault_text}", process.name()));
    if !process.is_at_work() {
        world.offend(format!("{call:?} outside an invocation"));
    }
    tokio::time::sleep(latency).await;
    fault
}

fn hold(world: &World, call: Call, request: Request<Bytes>, landing: Landing) {
    let held = world.clone();
    match landing {
        Landing::OnRelease => world.keep(call, request),
        Landing::After(time) => {
            world.begin_hold();
            tokio::spawn(async move {
                tokio::time::sleep(time).await;
                held.note(format!("a held {call:?} lands"));
                held.apply(call, request).await;
                held.end_hold();
            });
        }
    }
}

async fn never<T>() -> T {
    std::future::pending().await
}

/// Returns the S3 error code for a status. The client of Secrets Manager looks only at the status.
fn code(status: u16) -> &'static str {
    match status {
        403 => "AccessDenied",
        409 => "ConditionalRequestConflict",
        500 => "InternalError",
        503 => "SlowDown",
        _ => "ServiceUnavailable",
    }
}

/// Returns the body of a put, which must be sent in one piece.
pub(crate) fn put_body(request: &Request<Bytes>) -> Bytes {
    assert!(!request.headers().contains_key("x-amz-decoded-content-length"), "a chunked put: the simulation does not decode bodies");
    assert_eq!(request.headers().get(header::TRANSFER_ENCODING), None, "a chunked put");
    request.body().clone()
}
