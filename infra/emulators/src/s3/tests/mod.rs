//! Every test uses the real SDK, unmodified, with this S3.

mod conditional_writes;
mod disk;
mod listing;
mod objects;
mod wire;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use chrono::{DateTime, Utc};

use super::{ACCESS_KEY, EmbeddedS3, Error, IN_PROCESS_ENDPOINT, InProcess, MAX_OBJECT_BYTES, REGION, SECRET_KEY};

const BUCKET: &str = "lake";

/// MD5 of `hello`, by md5sum.
const HELLO_MD5: &str = "\"5d41402abc4b2a76b9719d911017c592\"";

/// Keys that break stores which treat a key as a path or decode it once too often.
const AWKWARD_KEYS: &[&str] = &[
    "plain",
    "plain/below",
    "plain/below/deeper",
    "a b+c=ç&d?e#f%20g.json",
    "100%",
    "😀/ñ",
    "/starts with a slash",
    "ends with a slash/",
    "two//slashes",
    ".",
    "..",
    "../../escaped",
    "a/../b",
    "a/./b",
    "back\\slash",
    "%~.marked",
    "%2E%2E/x",
    "quote\"'<&>",
    ".s3/lock",
    "CON",
    "colon:star*",
];

fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00.250Z".parse().unwrap()
}

fn in_memory() -> (EmbeddedS3, Client) {
    let s3 = EmbeddedS3::in_memory(noon);
    s3.create_bucket(BUCKET).unwrap();
    let client = client(&s3);
    (s3, client)
}

fn client(s3: &EmbeddedS3) -> Client {
    Client::from_conf(config(IN_PROCESS_ENDPOINT).http_client(s3.http_client()).build())
}

/// Builds the configuration from values only: nothing is read from the environment.
fn config(endpoint_url: &str) -> aws_sdk_s3::config::Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"))
        .endpoint_url(endpoint_url)
}

fn body(text: impl Into<Vec<u8>>) -> ByteStream {
    ByteStream::from(text.into())
}

async fn put(client: &Client, key: &str, text: &str) {
    client.put_object().bucket(BUCKET).key(key).body(body(text)).send().await.unwrap();
}

/// Returns the text of an object, or the error code.
async fn get(client: &Client, key: &str) -> Result<String, String> {
    let got = client.get_object().bucket(BUCKET).key(key).send().await;
    let bytes = checked(got).map_err(|(_, code)| code)?.body.collect().await.unwrap().to_vec();
    Ok(String::from_utf8(bytes).unwrap())
}

/// Returns the status and the code of an error response. Any other failure fails the test.
fn checked<T, E: ProvideErrorMetadata + std::fmt::Debug>(result: Result<T, SdkError<E>>) -> Result<T, (u16, String)> {
    result.map_err(|error| match error {
        SdkError::ServiceError(error) => (error.raw().status().as_u16(), error.err().code().unwrap_or_default().to_owned()),
        other => panic!("not an answer: {other:?}"),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "compared with what `err()` gives")]
fn refused(status: u16, code: &str) -> Option<(u16, String)> {
    Some((status, code.to_owned()))
}

async fn all_keys(client: &Client, page_size: i32) -> Vec<String> {
    let mut pages = client.list_objects_v2().bucket(BUCKET).into_paginator().page_size(page_size).send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        keys.extend(page.unwrap().contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    keys
}
