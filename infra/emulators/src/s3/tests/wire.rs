//! Between the SDK and the store: faults, timeouts, clocks, signatures, sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;

use super::*;
use crate::secrets::Secrets;
use crate::server::Server;

/// The first call fails with `fault`, before or after its effect; later calls succeed.
fn faulty(s3: &EmbeddedS3, after_effect: bool, fault: io::ErrorKind) -> (Client, Arc<AtomicU32>) {
    let (s3, calls) = (s3.clone(), Arc::new(AtomicU32::new(0)));
    let counted = Arc::clone(&calls);
    let wire = InProcess::new(move |request| {
        let (s3, is_first) = (s3.clone(), counted.fetch_add(1, Ordering::Relaxed) == 0);
        async move {
            if is_first && !after_effect {
                return Err(io::Error::from(fault).into());
            }
            let answer = s3.call(request).await;
            if is_first { Err(io::Error::from(fault).into()) } else { Ok(answer) }
        }
    });
    (Client::from_conf(config(IN_PROCESS_ENDPOINT).http_client(wire).build()), calls)
}

#[tokio::test(start_paused = true)]
async fn a_fault_on_the_wire_is_retried_by_the_sdk_without_real_time() {
    let real = std::time::Instant::now();
    for fault in [io::ErrorKind::ConnectionReset, io::ErrorKind::TimedOut] {
        for (after_effect, want) in [(false, None), (true, refused(412, "PreconditionFailed"))] {
            let (s3, _) = in_memory();
            let (client, calls) = faulty(&s3, after_effect, fault);
            let put = client.put_object().bucket(BUCKET).key("k").if_none_match("*").body(body("hello")).send().await;
            assert_eq!(checked(put).err(), want);
            assert_eq!(calls.load(Ordering::Relaxed), 2);
            assert_eq!(get(&client, "k").await.unwrap(), "hello");
        }
    }
    assert!(real.elapsed() < Duration::from_secs(2), "only the paused clock may be used");
}

#[tokio::test(start_paused = true)]
async fn a_permanent_fault_is_a_dispatch_failure() {
    for (kind, is_timeout) in [(io::ErrorKind::ConnectionReset, false), (io::ErrorKind::TimedOut, true)] {
        let wire = InProcess::new(move |_| async move { Err(io::Error::from(kind).into()) });
        let client = Client::from_conf(config(IN_PROCESS_ENDPOINT).http_client(wire).build());
        match client.head_object().bucket(BUCKET).key("k").send().await.unwrap_err() {
            SdkError::DispatchFailure(failure) => {
                assert_eq!((failure.is_timeout(), failure.is_io()), (is_timeout, !is_timeout));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_answer_ends_with_the_read_timeout() {
    let wire = InProcess::new(|_| std::future::pending());
    let timeouts = TimeoutConfig::builder().read_timeout(Duration::from_secs(5)).build();
    let config = config(IN_PROCESS_ENDPOINT).http_client(wire).timeout_config(timeouts).retry_config(RetryConfig::disabled());
    let client = Client::from_conf(config.build());
    let start = tokio::time::Instant::now();
    let error = client.head_object().bucket(BUCKET).key("k").send().await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(failure) if failure.is_timeout()));
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn a_signature_needs_the_right_key_but_not_the_right_date() {
    #[derive(Debug)]
    struct At(SystemTime);
    impl aws_smithy_async::time::TimeSource for At {
        fn now(&self) -> SystemTime {
            self.0
        }
    }
    let s3 = EmbeddedS3::in_memory(noon);
    s3.create_bucket(BUCKET).unwrap();
    for year_2000_or_2060 in [946_684_800, 2_840_140_800] {
        let at = At(SystemTime::UNIX_EPOCH + Duration::from_secs(year_2000_or_2060));
        let client = Client::from_conf(config(IN_PROCESS_ENDPOINT).http_client(s3.http_client()).time_source(at).build());
        put(&client, "k", "hello").await;
    }
    for (access, secret, code) in [(ACCESS_KEY, "wrong", "SignatureDoesNotMatch"), ("unknown", SECRET_KEY, "NotSignedUp")] {
        let credentials = Credentials::new(access, secret, None, None, "test");
        let config = config(IN_PROCESS_ENDPOINT).http_client(s3.http_client()).credentials_provider(credentials);
        let get = Client::from_conf(config.build()).get_object().bucket(BUCKET).key("k").send().await;
        assert_eq!(checked(get).err(), refused(403, code));
    }
    let unsigned = http::Request::get("http://127.0.0.1/lake/k").body(bytes::Bytes::new()).unwrap();
    assert_eq!(s3.call(unsigned).await.status(), http::StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_socket_behaves_like_the_in_process_wire() {
    let folder = tempfile::tempdir().unwrap();
    let s3 = EmbeddedS3::on_disk(folder.path(), noon).unwrap();
    s3.create_bucket(BUCKET).unwrap();
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start_aws(any_port, s3, Secrets::new()).await.unwrap();
    let client = Client::from_conf(config(&server.url()).build());

    for key in AWKWARD_KEYS {
        client.put_object().bucket(BUCKET).key(*key).if_none_match("*").body(body(*key)).send().await.unwrap();
        assert_eq!(get(&client, key).await.as_deref(), Ok(*key));
    }
    let put = client.put_object().bucket(BUCKET).key("plain").if_none_match("*").body(body("x")).send().await;
    assert_eq!(checked(put).err(), refused(412, "PreconditionFailed"));
    let get = client.get_object().bucket(BUCKET).key("none").send().await;
    assert_eq!(checked(get).err(), refused(404, "NoSuchKey"));
    let head = client.head_object().bucket(BUCKET).key("none").send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
    let head = client.head_object().bucket(BUCKET).key("plain").send().await.unwrap();
    assert_eq!(head.content_length(), Some(5));
    let known = client.get_object().bucket(BUCKET).key("plain").if_none_match(head.e_tag().unwrap()).send().await;
    assert_eq!(checked(known).map(|_| ()).unwrap_err().0, 304);

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![7; 3_000_000]).unwrap();
    let stream = ByteStream::from_path(file.path()).await.unwrap();
    client.put_object().bucket(BUCKET).key("streamed").body(stream).send().await.unwrap();
    let mut sorted = [AWKWARD_KEYS, &["streamed"]].concat();
    sorted.sort_unstable();
    assert_eq!(all_keys(&client, 7).await, sorted);
    server.stop().await;
}
