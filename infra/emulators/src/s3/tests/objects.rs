//! Putting, reading, copying and deleting one object; buckets; notifications.

use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, Delete, MetadataDirective, ObjectIdentifier};
use expect_test::expect;

use super::super::ObjectCreated;
use super::*;

#[tokio::test]
async fn an_object_is_read_as_it_was_put() {
    let (_s3, client) = in_memory();
    let put = client.put_object().bucket(BUCKET).key("k").body(body("hello")).content_type("application/json");
    let put = put.metadata("oldest", "17").metadata("note", "ação").cache_control("no-store").send().await.unwrap();
    assert_eq!(put.e_tag(), Some(HELLO_MD5));

    let got = client.get_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(got.e_tag(), Some(HELLO_MD5));
    assert_eq!(got.content_type(), Some("application/json"));
    assert_eq!(got.cache_control(), Some("no-store"));
    assert_eq!(got.content_length(), Some(5));
    assert_eq!(got.last_modified().unwrap().secs(), noon().timestamp());
    assert_eq!(got.metadata().unwrap()["oldest"], "17");
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "hello");

    let head = client.head_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(head.e_tag(), Some(HELLO_MD5));
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.metadata().unwrap()["oldest"], "17");
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let (_s3, client) = in_memory();
    client.put_object().bucket(BUCKET).key("k").send().await.unwrap();
    let got = client.get_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(got.e_tag(), Some("\"d41d8cd98f00b204e9800998ecf8427e\""));
    assert_eq!(got.content_type(), Some("application/octet-stream"), "the default of the SDK");
    assert_eq!(got.content_length(), Some(0));
}

#[tokio::test]
async fn missing_objects_and_buckets_have_the_errors_of_s3() {
    let (_s3, client) = in_memory();
    let get = |bucket: &str| client.get_object().bucket(bucket).key("k").send();
    assert_eq!(checked(get(BUCKET).await).err(), refused(404, "NoSuchKey"));
    assert_eq!(checked(get("nowhere").await).err(), refused(404, "NoSuchBucket"));
    assert_eq!(checked(get("Not_A_Bucket").await).err(), refused(400, "InvalidBucketName"));
    let head = client.head_object().bucket(BUCKET).key("k").send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
    let put = client.put_object().bucket("nowhere").key("k").body(body("x")).send().await;
    assert_eq!(checked(put).err(), refused(404, "NoSuchBucket"));
    let list = client.list_objects_v2().bucket("nowhere").send().await;
    assert_eq!(checked(list).err(), refused(404, "NoSuchBucket"));
    checked(client.delete_object().bucket(BUCKET).key("k").send().await).unwrap();
    let upload = client.create_multipart_upload().bucket(BUCKET).key("k").send().await;
    assert_eq!(checked(upload).err(), refused(501, "NotImplemented"));
}

#[tokio::test]
async fn a_range_returns_part_of_the_object() {
    let (_s3, client) = in_memory();
    put(&client, "k", "hello").await;
    for (range, want) in [
        ("bytes=1-3", Ok(("ell", "bytes 1-3/5"))),
        ("bytes=3-", Ok(("lo", "bytes 3-4/5"))),
        ("bytes=-2", Ok(("lo", "bytes 3-4/5"))),
        ("bytes=0-99", Ok(("hello", "bytes 0-4/5"))),
        ("bytes=5-", Err((416, "InvalidRange".to_owned()))),
    ] {
        let got = client.get_object().bucket(BUCKET).key("k").range(range).send().await;
        let got = match checked(got) {
            Err(error) => Err(error),
            Ok(got) => {
                let content_range = got.content_range().unwrap().to_owned();
                Ok((String::from_utf8(got.body.collect().await.unwrap().to_vec()).unwrap(), content_range))
            }
        };
        assert_eq!(got.as_ref().map(|(text, range)| (text.as_str(), range.as_str())).map_err(Clone::clone), want, "{range}");
    }
}

#[tokio::test]
async fn a_failed_condition_of_a_read_is_304_or_412() {
    let (_s3, client) = in_memory();
    put(&client, "k", "hello").await;
    let get = || client.get_object().bucket(BUCKET).key("k");
    assert_eq!(checked(get().if_none_match(HELLO_MD5).send().await).map(|_| ()).unwrap_err().0, 304);
    checked(get().if_none_match("\"other\"").send().await).unwrap();
    checked(get().if_match(HELLO_MD5).send().await).unwrap();
    assert_eq!(checked(get().if_match("\"other\"").send().await).err(), refused(412, "PreconditionFailed"));
    let modified = client.head_object().bucket(BUCKET).key("k").send().await.unwrap().last_modified.unwrap();
    assert_eq!(checked(get().if_modified_since(modified).send().await).map(|_| ()).unwrap_err().0, 304);
    checked(get().if_unmodified_since(modified).send().await).unwrap();
}

#[tokio::test]
async fn every_checksum_is_verified_stored_and_returned() {
    let (_s3, client) = in_memory();
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ] {
        let put = client.put_object().bucket(BUCKET).key("k").checksum_algorithm(algorithm).body(body("hello"));
        let put = put.send().await.unwrap();
        let head = client.head_object().bucket(BUCKET).key("k").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        let sent = [put.checksum_crc32, put.checksum_crc32_c, put.checksum_crc64_nvme, put.checksum_sha1, put.checksum_sha256];
        let kept = [head.checksum_crc32, head.checksum_crc32_c, head.checksum_crc64_nvme, head.checksum_sha1, head.checksum_sha256];
        assert_eq!(kept, sent);
        assert_eq!(sent.iter().flatten().count(), 1);
    }
}

#[tokio::test]
async fn a_wrong_checksum_stores_nothing() {
    let (_s3, client) = in_memory();
    let put = || client.put_object().bucket(BUCKET).key("k").body(body("hello"));
    // The checksum of the empty text: well-formed, but wrong here.
    for (put, code) in [
        (put().checksum_crc32("AAAAAA=="), "BadDigest"),
        (put().checksum_crc32_c("AAAAAA=="), "BadDigest"),
        (put().checksum_crc64_nvme("AAAAAAAAAAA="), "BadDigest"),
        (put().checksum_sha1("2jmj7l5rSw0yVb/vlWAYkK/YBwk="), "BadDigest"),
        (put().checksum_sha256("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), "BadDigest"),
        (put().content_md5("1B2M2Y8AsgTpgAmY7PhCfg=="), "BadDigest"),
        (put().content_md5("not base64"), "InvalidDigest"),
    ] {
        assert_eq!(checked(put.send().await).err(), refused(400, code));
        assert_eq!(get(&client, "k").await, Err("NoSuchKey".to_owned()));
    }
    checked(put().content_md5("XUFAKrxLKna5cZ2REBfFkg==").send().await).unwrap();
}

#[tokio::test]
async fn a_file_is_streamed_in_chunks_with_a_trailing_checksum() {
    let (_s3, client) = in_memory();
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    std::fs::write(file.path(), &bytes).unwrap();
    let stream = ByteStream::from_path(file.path()).await.unwrap();
    let put = client.put_object().bucket(BUCKET).key("k").body(stream).send().await.unwrap();
    assert!(put.checksum_crc32().is_some());
    let got = client.get_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(got.content_encoding(), None);
    assert_eq!(got.body.collect().await.unwrap().to_vec(), bytes);
}

#[tokio::test]
async fn an_object_over_the_limit_is_refused() {
    let (s3, _) = in_memory();
    // Without optimisation, the client would take seconds to hash this much.
    let config = config(IN_PROCESS_ENDPOINT).request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    let client = Client::from_conf(config.http_client(s3.http_client()).build());
    for excess in [1, 2_000_000] {
        let put = client.put_object().bucket(BUCKET).key("k").body(body(vec![0; MAX_OBJECT_BYTES + excess]));
        let put = put.customize().disable_payload_signing().send().await;
        assert_eq!(checked(put).err(), refused(400, "EntityTooLarge"));
    }
    assert_eq!(all_keys(&client, 10).await, [""; 0]);
}

#[tokio::test]
async fn a_copy_keeps_or_replaces_the_metadata() {
    let (_s3, client) = in_memory();
    let put = client.put_object().bucket(BUCKET).key("a b+ç").body(body("hello")).metadata("oldest", "17");
    put.send().await.unwrap();
    let copy = || client.copy_object().copy_source("lake/a%20b%2B%C3%A7").bucket(BUCKET);
    let copied = copy().key("kept").send().await.unwrap();
    assert_eq!(copied.copy_object_result().unwrap().e_tag(), Some(HELLO_MD5));
    copy().key("new").metadata_directive(MetadataDirective::Replace).metadata("x", "y").send().await.unwrap();
    for (key, name, value) in [("kept", "oldest", "17"), ("new", "x", "y")] {
        let head = client.head_object().bucket(BUCKET).key(key).send().await.unwrap();
        assert_eq!(head.metadata().unwrap().iter().collect::<Vec<_>>(), [(&name.to_owned(), &value.to_owned())]);
    }
    assert_eq!(checked(copy().key("a b+ç").send().await).err(), refused(400, "InvalidRequest"));
    let missing = client.copy_object().copy_source("lake/none").bucket(BUCKET).key("x").send().await;
    assert_eq!(checked(missing).err(), refused(404, "NoSuchKey"));
}

#[tokio::test]
async fn objects_are_deleted_together() {
    let (_s3, client) = in_memory();
    for key in ["a", "b & c", "d"] {
        put(&client, key, "x").await;
    }
    let keys = ["a", "b & c", "missing"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let delete = Delete::builder().set_objects(Some(keys.to_vec())).build().unwrap();
    let deleted = client.delete_objects().bucket(BUCKET).delete(delete).send().await.unwrap();
    assert_eq!(deleted.deleted().len(), 3);
    assert_eq!(all_keys(&client, 10).await, ["d"]);
}

#[tokio::test]
async fn buckets_are_created_found_and_listed() {
    let (s3, client) = in_memory();
    client.create_bucket().bucket("another").send().await.unwrap();
    s3.create_bucket("another").unwrap();
    let again = client.create_bucket().bucket("another").send().await;
    assert_eq!(checked(again).err(), refused(409, "BucketAlreadyOwnedByYou"));
    assert!(matches!(s3.create_bucket("../up"), Err(Error::BucketName { .. })));
    client.head_bucket().bucket("another").send().await.unwrap();
    assert!(client.head_bucket().bucket("nowhere").send().await.unwrap_err().into_service_error().is_not_found());
    client.get_bucket_location().bucket("another").send().await.unwrap();
    let buckets = client.list_buckets().send().await.unwrap();
    assert_eq!(buckets.buckets().iter().map(|bucket| bucket.name().unwrap()).collect::<Vec<_>>(), ["another", BUCKET]);
}

#[tokio::test]
async fn each_created_object_is_announced_once() {
    let (s3, client) = in_memory();
    let told: Arc<Mutex<Vec<ObjectCreated>>> = Arc::default();
    let listener = Arc::clone(&told);
    s3.on_object_created(move |created| listener.lock().unwrap().push(created.clone()));
    put(&client, "a b", "hello").await;
    let refused = client.put_object().bucket(BUCKET).key("a b").if_none_match("*").body(body("x")).send().await;
    assert!(refused.is_err());
    client.copy_object().copy_source("lake/a%20b").bucket(BUCKET).key("c").send().await.unwrap();
    client.delete_object().bucket(BUCKET).key("c").send().await.unwrap();
    expect![[r#"
        [
            ObjectCreated {
                event_name: "ObjectCreated:Put",
                bucket: "lake",
                key: "a b",
                size: 5,
                etag: "5d41402abc4b2a76b9719d911017c592",
                sequencer: "000660F055540090",
                event_time: 2026-11-23T12:00:00.250Z,
            },
            ObjectCreated {
                event_name: "ObjectCreated:Copy",
                bucket: "lake",
                key: "c",
                size: 5,
                etag: "5d41402abc4b2a76b9719d911017c592",
                sequencer: "000660F055540091",
                event_time: 2026-11-23T12:00:00.250Z,
            },
        ]
    "#]]
    .assert_debug_eq(&*told.lock().unwrap());
}

#[tokio::test]
async fn any_text_is_a_key() {
    let (_s3, client) = in_memory();
    for key in AWKWARD_KEYS {
        put(&client, key, key).await;
    }
    for key in AWKWARD_KEYS {
        assert_eq!(get(&client, key).await.as_deref(), Ok(*key));
    }
    let mut sorted = AWKWARD_KEYS.to_vec();
    sorted.sort_unstable();
    assert_eq!(all_keys(&client, 4).await, sorted);
}
