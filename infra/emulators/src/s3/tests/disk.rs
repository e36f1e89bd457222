//! The folder: its contents, what survives a crash, and what is refused.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

fn open(folder: &Path) -> (EmbeddedS3, Client) {
    let s3 = EmbeddedS3::on_disk(folder, noon).unwrap();
    s3.create_bucket(BUCKET).unwrap();
    let client = client(&s3);
    (s3, client)
}

fn fresh() -> (TempDir, EmbeddedS3, Client) {
    let folder = tempfile::tempdir().unwrap();
    let (s3, client) = open(folder.path());
    (folder, s3, client)
}

#[tokio::test]
async fn contents_are_plain_files_and_survive_a_restart() {
    let (folder, s3, client) = fresh();
    let key = "tweets/ano=2026/mes=11/dia=23/a b+ç.json";
    let put = client.put_object().bucket(BUCKET).key(key).body(body("hello")).content_type("application/json");
    let put = put.metadata("oldest", "17").send().await.unwrap();
    assert_eq!(fs::read_to_string(folder.path().join(BUCKET).join(key)).unwrap(), "hello");
    drop((s3, client));

    let (_s3, client) = open(folder.path());
    let got = client.get_object().bucket(BUCKET).key(key).checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled);
    let got = got.send().await.unwrap();
    assert_eq!((got.e_tag(), got.content_type()), (Some(HELLO_MD5), Some("application/json")));
    assert_eq!(got.checksum_crc32(), put.checksum_crc32());
    assert_eq!(got.metadata().unwrap()["oldest"], "17");
    assert_eq!(got.last_modified().unwrap().secs(), noon().timestamp());
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "hello");
}

#[tokio::test]
async fn any_text_is_a_key_and_stays_inside_the_folder() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("root");
    let (_s3, client) = open(&folder);
    let long = ["x".repeat(256), "é".repeat(400), format!("{}/below", "x".repeat(256)), "%".repeat(1024)];
    let keys: Vec<&str> = AWKWARD_KEYS.iter().copied().chain(long.iter().map(String::as_str)).collect();
    // In both orders: an object may be put before or after the folder of its name.
    for keys in [keys.clone(), keys.iter().rev().copied().collect()] {
        for key in &keys {
            put(&client, key, key).await;
        }
        for key in &keys {
            assert_eq!(get(&client, key).await.as_deref(), Ok(*key));
        }
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(all_keys(&client, 4).await, sorted);
        for key in &keys {
            let prefixed = client.list_objects_v2().bucket(BUCKET).prefix(*key).send().await.unwrap();
            assert!(prefixed.contents().iter().any(|object| object.key() == Some(key)), "{key:?}");
        }
        assert_eq!(fs::read_dir(above.path()).unwrap().count(), 1);
        for key in &keys {
            client.delete_object().bucket(BUCKET).key(*key).send().await.unwrap();
        }
        assert_eq!(all_keys(&client, 4).await, [""; 0]);
        assert_eq!(fs::read_dir(folder.join(BUCKET)).unwrap().count(), 0, "empty folders are removed");
    }
}

#[tokio::test]
async fn a_key_and_the_folder_of_its_name_can_coexist() {
    let (folder, _s3, client) = fresh();
    put(&client, "a", "object").await;
    put(&client, "a/b", "below").await;
    assert_eq!(fs::read_to_string(folder.path().join("lake/a/b")).unwrap(), "below");
    assert_eq!(get(&client, "a").await.unwrap(), "object");
    let head = client.head_object().bucket(BUCKET).key("a").send().await.unwrap();
    assert_eq!(head.last_modified().unwrap().secs(), noon().timestamp(), "its sidecar is still its own");
    put(&client, "a", "object 2").await;
    client.delete_object().bucket(BUCKET).key("a/b").send().await.unwrap();
    assert_eq!(get(&client, "a").await.unwrap(), "object 2");
    put(&client, "a", "object 3").await;
    assert_eq!(all_keys(&client, 10).await, ["a"]);
    client.delete_object().bucket(BUCKET).key("a").send().await.unwrap();
    assert_eq!(get(&client, "a").await, Err("NoSuchKey".to_owned()));
}

#[tokio::test]
async fn files_copied_or_edited_by_hand_are_served_as_they_are() {
    let (folder, _s3, client) = fresh();
    let bucket = folder.path().join(BUCKET);
    fs::create_dir_all(bucket.join("tweets")).unwrap();
    fs::write(bucket.join("tweets/by hand.json"), "hello").unwrap();
    put(&client, "edited", "before").await;
    fs::write(bucket.join("edited"), "hello").unwrap();
    for key in ["tweets/by hand.json", "edited"] {
        for _ in 0..2 {
            let head = client.head_object().bucket(BUCKET).key(key).send().await.unwrap();
            assert_eq!((head.e_tag(), head.content_length()), (Some(HELLO_MD5), Some(5)));
            assert_eq!(get(&client, key).await.unwrap(), "hello");
        }
        fs::write(bucket.join(key), "hello again").unwrap();
        let head = client.head_object().bucket(BUCKET).key(key).send().await.unwrap();
        assert_ne!(head.e_tag(), Some(HELLO_MD5));
    }
    assert_eq!(all_keys(&client, 10).await, ["edited", "tweets/by hand.json"]);
}

#[tokio::test]
async fn a_folder_copied_without_its_times_keeps_its_metadata() {
    let (folder, s3, client) = fresh();
    client.put_object().bucket(BUCKET).key("k").body(body("hello")).metadata("oldest", "17").send().await.unwrap();
    drop((s3, client));
    let file = fs::File::options().write(true).open(folder.path().join("lake/k")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let (_s3, client) = open(folder.path());
    let head = client.head_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(head.metadata().unwrap()["oldest"], "17");
}

/// Covers every state that a kill during a put can leave: the steps are a finished temporary file, a finished sidecar,
/// and the rename of the object's file.
#[tokio::test]
async fn a_killed_put_leaves_the_old_object_or_the_new_one() {
    for same_text in [true, false] {
        let (folder, s3, client) = fresh();
        let object = folder.path().join("lake/k");
        let put = |version: &str| {
            let text = if same_text { "hello" } else { version };
            client.put_object().bucket(BUCKET).key("k").body(body(text)).metadata("version", version).send()
        };
        put("1").await.unwrap();
        let (old_bytes, old_time) = (fs::read(&object).unwrap(), fs::metadata(&object).unwrap().modified().unwrap());
        put("2").await.unwrap();
        // Killed after the sidecar was written and before the file was renamed.
        fs::write(&object, &old_bytes).unwrap();
        fs::File::options().write(true).open(&object).unwrap().set_modified(old_time).unwrap();
        fs::write(folder.path().join(".s3/tmp/99"), "half of an obj").unwrap();
        drop((s3, client));

        let (s3, client) = open(folder.path());
        assert_eq!(fs::read_dir(folder.path().join(".s3/tmp")).unwrap().count(), 0);
        let old = client.get_object().bucket(BUCKET).key("k").send().await.unwrap();
        assert_eq!(old.metadata().unwrap()["version"], "1");
        assert_eq!(old.body.collect().await.unwrap().to_vec(), old_bytes);

        // Killed before the first rename of a new key: a sidecar without a file is not an object.
        put_again(&client, "new").await;
        fs::remove_file(folder.path().join("lake/new")).unwrap();
        assert_eq!(get(&client, "new").await, Err("NoSuchKey".to_owned()));
        put_again(&client, "new").await;
        drop(s3);
    }
}

async fn put_again(client: &Client, key: &str) {
    client.put_object().bucket(BUCKET).key(key).if_none_match("*").body(body("hello")).send().await.unwrap();
}

#[tokio::test]
async fn two_puts_within_one_clock_tick_have_different_versions() {
    let (_folder, _s3, client) = fresh();
    for version in 0..50 {
        let put = client.put_object().bucket(BUCKET).key("k").body(body("hello")).metadata("version", version.to_string());
        put.send().await.unwrap();
        let head = client.head_object().bucket(BUCKET).key("k").send().await.unwrap();
        assert_eq!(head.metadata().unwrap()["version"], version.to_string());
    }
}

#[test]
fn a_folder_is_open_in_only_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = EmbeddedS3::on_disk(folder.path(), noon).unwrap();
    let second = EmbeddedS3::on_disk(folder.path(), noon).unwrap_err();
    assert!(matches!(second, Error::InUse { .. }));
    assert!(second.to_string().contains("is in use by another process"), "{second}");
    drop(first);
    EmbeddedS3::on_disk(folder.path(), noon).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(EmbeddedS3::on_disk(&file, noon), Err(Error::Folder { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_is_followed() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("old"), "hello").unwrap();
    let (folder, _s3, client) = fresh();
    symlink(elsewhere.path(), folder.path().join("lake/day")).unwrap();
    symlink(elsewhere.path().join("old"), folder.path().join("lake/file")).unwrap();
    for key in ["day/old", "file"] {
        assert_eq!(get(&client, key).await.unwrap(), "hello");
    }
    put(&client, "day/new", "new").await;
    put(&client, "file", "replaced").await;
    assert_eq!(all_keys(&client, 10).await, ["day/new", "day/old", "file"]);
    assert_eq!(fs::read_to_string(elsewhere.path().join("new")).unwrap(), "new");
    assert_eq!(fs::read_to_string(elsewhere.path().join("old")).unwrap(), "hello", "a put replaces the link, not its target");
}

/// On most machines, `/dev/shm` and `/tmp` are different file systems; where they are not, this tests a rename.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_may_be_a_link_to_another_disk() {
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
        println!("skipped: there is no /dev/shm to write to");
        return;
    };
    let (folder, s3, client) = fresh();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("lake/day")).unwrap();
    for text in ["one", "two"] {
        client.put_object().bucket(BUCKET).key("day/k").body(body(text)).metadata("oldest", "17").send().await.unwrap();
        assert_eq!(get(&client, "day/k").await.unwrap(), text);
    }
    assert_eq!(client.head_object().bucket(BUCKET).key("day/k").send().await.unwrap().metadata().unwrap()["oldest"], "17");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    drop((s3, client));
    let (_s3, client) = open(folder.path());
    assert_eq!(all_keys(&client, 10).await, ["day/k"]);
}

/// None of them stops a listing, and a dangling link is never overwritten or treated as an absent object.
#[cfg(unix)]
#[tokio::test]
async fn what_cannot_be_read_is_left_out_of_a_listing_and_named() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    let (folder, s3, client) = fresh();
    let bucket = folder.path().join(BUCKET);
    put(&client, "good", "hello").await;
    symlink(bucket.join("nowhere"), bucket.join("dangling")).unwrap();
    symlink(&bucket, bucket.join("loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(bucket.join("socket")).unwrap();
    let deep = ["x".repeat(250), "y".repeat(250), "z".repeat(250), "z".repeat(250), "long".repeat(10)].join("/");
    for name in ["back\\slash", "new\nline", "%~x", &deep] {
        fs::create_dir_all(bucket.join(name).parent().unwrap()).unwrap();
        fs::write(bucket.join(name), "hello").unwrap();
    }
    fs::write(bucket.join(std::ffi::OsStr::from_bytes(b"\xff")), "hello").unwrap();
    fs::write(bucket.join("%~part"), "hel").unwrap(); // left by a killed process
    fs::write(bucket.join("%~=good"), "hello").unwrap();
    assert_eq!(all_keys(&client, 10).await, ["good"]);
    let unlisted: Vec<String> = s3.unlisted(BUCKET, "").iter().map(ToString::to_string).collect();
    for (name, cause) in [
        ("dangling", "leads nowhere"),
        ("loop", "contains it"),
        ("socket", "neither a file"),
        ("back\\slash", "not a key"),
        ("new\u{fffd}line", "not a key"),
        ("%~x", "not a key"),
        ("long", "longer than 1,024 bytes"),
        ("\u{fffd}", "not UTF-8"),
        ("good", "the same key, good"),
    ] {
        let is_named = |entry: &&String| entry.contains(&format!("{name}: ")) && entry.contains(cause);
        assert_eq!(unlisted.iter().filter(is_named).count(), 1, "{name}: {unlisted:?}");
    }
    assert_eq!(unlisted.len(), 9, "{unlisted:?}");
    let error = client.get_object().bucket(BUCKET).key("dangling").send().await.unwrap_err().into_service_error();
    let message = error.meta().message().unwrap();
    assert_eq!(error.meta().code(), Some("AccessDenied"));
    assert!(message.contains("lake/dangling: it is a link that leads nowhere"), "{message}");
}

/// The cursor may be below the link. If it counted as absent, all of its posts would be read and paid for again.
#[cfg(unix)]
#[tokio::test]
async fn nothing_is_read_or_written_below_a_link_that_leads_nowhere() {
    use std::os::unix::fs::symlink;
    let (folder, _s3, client) = fresh();
    let elsewhere = tempfile::tempdir().unwrap();
    let (link, target) = (folder.path().join("lake/state"), elsewhere.path().join("state"));
    symlink(&target, &link).unwrap();
    symlink(folder.path().join("lake/itself"), folder.path().join("lake/itself")).unwrap();
    for key in ["state/cursor", "state/below/cursor", "itself/cursor"] {
        let got = client.get_object().bucket(BUCKET).key(key).send().await.unwrap_err().into_service_error();
        let put = client.put_object().bucket(BUCKET).key(key).if_none_match("*").body(body("new")).send().await.unwrap_err();
        for error in [got.meta(), put.into_service_error().meta()] {
            let message = error.message().unwrap();
            assert!(error.code() != Some("NoSuchKey") && message.contains(key.split_once('/').unwrap().0), "{key}: {error}");
            assert!(message.contains("leads nowhere") || message.contains("Too many levels"), "{message}");
        }
    }
    assert!(link.is_symlink() && fs::read_dir(elsewhere.path()).unwrap().next().is_none());
    fs::create_dir(&target).unwrap();
    fs::write(target.join("cursor"), "hello").unwrap();
    assert_eq!(get(&client, "state/cursor").await.unwrap(), "hello");
}

/// A flush of a file below a path that is not a folder fails, which shows whether a flush is due.
#[cfg(unix)]
#[tokio::test]
async fn objects_to_be_flushed_later_are_readable_at_once_and_flushed_when_asked() {
    let (folder, s3, client) = fresh();
    let day = folder.path().join("lake/a");
    let replace_by_a_file = || {
        fs::remove_dir_all(&day).unwrap();
        fs::write(&day, "").unwrap();
    };
    put(&client, "a/b", "hello").await;
    replace_by_a_file();
    s3.flush().unwrap(); // the put flushed the object
    fs::remove_file(&day).unwrap();

    s3.flush_later(BUCKET);
    put(&client, "a/b", "hello").await;
    assert_eq!(get(&client, "a/b").await.unwrap(), "hello");
    replace_by_a_file();
    for _ in 0..2 {
        let error = s3.flush().unwrap_err().to_string();
        assert!(error.contains("lake/a/b"), "it stays due: {error}");
    }
    fs::remove_file(&day).unwrap();
    fs::create_dir(&day).unwrap();
    s3.flush().unwrap(); // a deleted object needs no flush

    put(&client, "a/c", "hello").await;
    s3.flush().unwrap();
    replace_by_a_file();
    s3.flush().unwrap(); // the object is flushed already
}
