//! Responses of X with status 200 and unexpected content.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use emulators::secrets::Secret;
use emulators::x_api::{EMULATOR_TOKEN, Fault};
use tweets::TweetId;

#[allow(dead_code, reason = "each test crate uses its part")]
mod world;

use world::{SECRET, World, now};

/// Each answer was once taken for an empty result, or for a page of a hundred billed posts.
#[tokio::test(start_paused = true)]
async fn an_answer_that_contradicts_itself_moves_nothing_and_costs_what_it_counts() {
    for (body, cost) in [
        (r#"{"meta":{"result_count":3}}"#, 3),
        (r#"{"data":null,"meta":{"result_count":3}}"#, 3),
        (r#"{"data":[],"meta":{"result_count":3}}"#, 3),
        (r#"{"data":{},"meta":{"result_count":3}}"#, 3),
        (r#"{"posts":[{"id":"9"}],"meta":{"result_count":1,"newest_id":"9"}}"#, 1),
        (r#"{"posts":[{"id":"9"},{"id":"8"}]}"#, 2),
        (r#"{"meta":{"result_count":1000000000}}"#, 10), // at most the requested page size
        (r#"{"meta":{"result_count":-3}}"#, 0),
        (r#"{"meta":{"result_count":"3"}}"#, 0),
        (r#"{"errors":[{"title":"Over capacity"}]}"#, 0),
        (r#"{"meta":{}}"#, 0),
        (r#"{"meta":null}"#, 0),
        ("{}", 0),
    ] {
        let world = World::new();
        world.secrets.set(SECRET, Secret::Value(EMULATOR_TOKEN.into()));
        world.x_api.always(Some(Fault::Other { status: 200, content_type: "application/json".into(), body: body.into() }));
        let told = world.invoke().await.unwrap_err();
        assert_eq!((told.error_type.as_str(), world.x_api.served().requests), ("PageUnreadable", 2), "{body}");
        let cursor = world.cursor().await;
        let first = cost.max(if cost == 10 { 100 } else { 0 });
        assert_eq!(cursor["month"]["posts_read"], first + cost, "{body}");
        assert_eq!(cursor["done"], TweetId::lowest_at(now() - Duration::from_mins(30)).to_string(), "{body}");
        world.x_api.always(None);
        assert_eq!(world.invoke().await.unwrap()["status"], "complete", "{body}: the same process goes on");
    }
}

/// The last page is recognized by `meta` alone.
#[tokio::test(start_paused = true)]
async fn odd_counts_and_tokens_beside_posts_stop_nothing() {
    let id = TweetId::lowest_at(now() - Duration::from_mins(2));
    for (meta, differs) in [
        (r#","meta":{"result_count":7}"#, 1),
        (r#","meta":{"result_count":0}"#, 1),
        (r#","meta":{"result_count":"1"}"#, 1),
        (r#","meta":{"result_count":1,"newest_id":"5","oldest_id":"9"}"#, 0),
        (r#","meta":{"next_token":""}"#, 0),
        ("", 0),
    ] {
        let world = World::new();
        world.secrets.set(SECRET, Secret::Value(EMULATOR_TOKEN.into()));
        let body = format!(r#"{{"data":[{{"id":"{id}","text":"a"}}]{meta}}}"#);
        let empty = r#"{"meta":{"result_count":0}}"#.to_owned();
        world.x_api.script([body, empty].map(|body| Some(Fault::Other { status: 200, content_type: "application/json".into(), body })));
        let told = world.invoke().await.unwrap();
        let differ = told["problems"]["result-count-differs"].as_u64().unwrap_or(0);
        assert_eq!((&told["status"], &told["posts"], differ), (&"complete".into(), &1.into(), differs), "{meta}");
        let asked_on = meta.is_empty() || meta.contains("next_token");
        assert_eq!(world.x_api.served().requests, 1 + u64::from(asked_on), "{meta}");
    }
}

/// 64 MiB of blanks, as a server that is not X's might send. They are neither held in memory nor waited for.
#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    const BLOCKS: usize = 64;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").unwrap();
        let blanks = vec![b' '; 1 << 20];
        (0..BLOCKS).take_while(|_| stream.write_all(&blanks).is_ok()).count()
    });
    let world = World::over_http(&format!("http://{address}"));
    world.secrets.set(SECRET, Secret::Value(EMULATOR_TOKEN.into()));
    let error = world.preview().await.unwrap_err();
    assert_eq!(error.error_type(), "Unavailable");
    assert!(error.chain().contains("length limit exceeded"), "{}", error.chain());
    // The connection is closed by a task of this thread, so the thread must not wait here.
    let sent = tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap();
    assert!(sent < BLOCKS, "all of it was read");
}
