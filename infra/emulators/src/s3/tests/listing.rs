//! `ListObjectsV2` as a client sees it. The module `listing.rs` decides, and tests, which keys a page contains.

use aws_sdk_s3::types::EncodingType;

use super::*;

#[tokio::test]
async fn pages_continue_to_the_end() {
    let (_s3, client) = in_memory();
    for number in 0..25 {
        put(&client, &format!("tweets/ano=2026/{number:02} +ç.json"), "x").await;
    }
    let want: Vec<String> = (0..25).map(|number| format!("tweets/ano=2026/{number:02} +ç.json")).collect();
    assert_eq!(all_keys(&client, 10).await, want);

    let first = client.list_objects_v2().bucket(BUCKET).max_keys(10).send().await.unwrap();
    assert_eq!((first.is_truncated(), first.key_count(), first.contents().len()), (Some(true), Some(10), 10));
    let second = client.list_objects_v2().bucket(BUCKET).max_keys(15).continuation_token(first.next_continuation_token().unwrap());
    let second = second.send().await.unwrap();
    assert_eq!((second.is_truncated(), second.contents()[0].key()), (Some(false), Some(want[10].as_str())));
    assert_eq!(second.contents()[0].size(), Some(1));

    let wrong = client.list_objects_v2().bucket(BUCKET).continuation_token("nonsense").send().await;
    assert_eq!(checked(wrong).err(), refused(400, "InvalidArgument"));
}

#[tokio::test]
async fn a_delimiter_groups_the_keys_below_it() {
    let (_s3, client) = in_memory();
    for key in ["state/ingest.json", "tweets/ano=2026/mes=01/a", "tweets/ano=2026/mes=02/a", "tweets/ano=2026/mes=02/b", "z"] {
        put(&client, key, "x").await;
    }
    for (prefix, after, want_keys, want_prefixes) in [
        ("", "", &["z"][..], &["state/", "tweets/"][..]),
        ("tweets/ano=2026/", "", &[], &["tweets/ano=2026/mes=01/", "tweets/ano=2026/mes=02/"]),
        ("tweets/ano=2026/mes=0", "tweets/ano=2026/mes=02/a", &[], &["tweets/ano=2026/mes=02/"]),
        ("s", "", &[], &["state/"]),
        ("", "tweets/z", &["z"], &[]),
    ] {
        let page = client.list_objects_v2().bucket(BUCKET).prefix(prefix).delimiter("/").start_after(after);
        let page = page.send().await.unwrap();
        assert_eq!(page.contents().iter().map(|it| it.key().unwrap()).collect::<Vec<_>>(), want_keys, "{prefix:?}");
        assert_eq!(page.common_prefixes().iter().map(|it| it.prefix().unwrap()).collect::<Vec<_>>(), want_prefixes, "{prefix:?}");
    }
}

#[tokio::test]
async fn keys_can_be_requested_url_encoded() {
    let (_s3, client) = in_memory();
    put(&client, "a b/+ç=\u{1}", "x").await;
    let page = client.list_objects_v2().bucket(BUCKET).encoding_type(EncodingType::Url).send().await.unwrap();
    assert_eq!(page.contents()[0].key(), Some("a%20b/%2B%C3%A7%3D%01"));
}

#[tokio::test]
async fn the_older_listing_pages_by_marker() {
    let (_s3, client) = in_memory();
    for key in ["a", "b/1", "b/2", "c"] {
        put(&client, key, "x").await;
    }
    let mut seen = Vec::new();
    let mut marker = String::new();
    loop {
        let page = client.list_objects().bucket(BUCKET).delimiter("/").max_keys(1).marker(&marker).send().await.unwrap();
        seen.extend(page.contents().iter().map(|it| it.key().unwrap().to_owned()));
        seen.extend(page.common_prefixes().iter().map(|it| it.prefix().unwrap().to_owned()));
        let Some(next) = page.next_marker() else { break };
        marker = next.to_owned();
    }
    assert_eq!(seen, ["a", "b/", "c"]);
}
