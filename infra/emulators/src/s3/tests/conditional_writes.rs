//! The conditional writes that the cursor and RAW depend on.

use super::*;

#[tokio::test]
async fn a_conditional_put_of_an_existing_key_is_refused() {
    let (_s3, client) = in_memory();
    let put = |text: &str| client.put_object().bucket(BUCKET).key("k").if_none_match("*").body(body(text)).send();
    checked(put("first").await).unwrap();
    assert_eq!(checked(put("second").await).err(), refused(412, "PreconditionFailed"));
    assert_eq!(get(&client, "k").await.unwrap(), "first");
    client.delete_object().bucket(BUCKET).key("k").send().await.unwrap();
    checked(put("third").await).unwrap();
}

#[tokio::test]
async fn a_put_with_if_match_needs_that_version() {
    let (_s3, client) = in_memory();
    let put = |etag: &str, text: &str| client.put_object().bucket(BUCKET).key("k").if_match(etag).body(body(text)).send();
    assert_eq!(checked(put(HELLO_MD5, "x").await).err(), refused(404, "NoSuchKey"));
    super::put(&client, "k", "hello").await;
    let now = checked(put(HELLO_MD5, "hello 2").await).unwrap().e_tag.unwrap();
    assert_eq!(checked(put(HELLO_MD5, "late").await).err(), refused(412, "PreconditionFailed"));
    checked(put(&now, "hello 3").await).unwrap();
    assert_eq!(get(&client, "k").await.unwrap(), "hello 3");
    assert_eq!(checked(put("*", "hello 4").await).err(), None);
}

#[tokio::test]
async fn a_delete_may_also_name_its_version() {
    let (_s3, client) = in_memory();
    put(&client, "k", "hello").await;
    let delete = |etag: &str| client.delete_object().bucket(BUCKET).key("k").if_match(etag).send();
    assert_eq!(checked(delete("\"0000\"").await).err(), refused(412, "PreconditionFailed"));
    checked(delete(HELLO_MD5).await).unwrap();
    assert_eq!(checked(delete(HELLO_MD5).await).err(), refused(404, "NoSuchKey"));
}

#[tokio::test]
async fn if_none_match_of_a_write_accepts_no_etag() {
    let (_s3, client) = in_memory();
    let put = client.put_object().bucket(BUCKET).key("k").if_none_match(HELLO_MD5).body(body("x")).send().await;
    assert_eq!(checked(put).err(), refused(501, "NotImplemented"));
}

/// Uses threads, not only tasks: the check and the insertion must be one step.
async fn winners(s3: &EmbeddedS3, client: &Client, round: usize, if_match: Option<&str>) -> usize {
    let key = format!("race-{round}");
    if if_match.is_some() {
        put(client, &key, "hello").await;
    }
    let racers: Vec<_> = (0..32)
        .map(|racer| {
            let put = super::client(s3).put_object().bucket(BUCKET).key(&key).body(body(format!("racer {racer}")));
            let put = match if_match {
                Some(etag) => put.if_match(etag),
                None => put.if_none_match("*"),
            };
            tokio::spawn(async move { checked(put.send().await) })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => winners += 1,
            Err(error) => assert_eq!(Some(error), refused(412, "PreconditionFailed")),
        }
    }
    winners
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_concurrent_conditional_puts_exactly_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = EmbeddedS3::on_disk(folder.path(), noon).unwrap();
    on_disk.create_bucket(BUCKET).unwrap();
    for s3 in [in_memory().0, on_disk] {
        let client = client(&s3);
        for round in 0..10 {
            assert_eq!(winners(&s3, &client, round, None).await, 1);
            assert_eq!(winners(&s3, &client, 100 + round, Some(HELLO_MD5)).await, 1);
        }
    }
}
