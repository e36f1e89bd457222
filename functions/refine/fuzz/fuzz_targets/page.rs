//! Arbitrary responses of X: read as a page or refused. A RAW file made of the accepted posts is either accepted or rejected by `refine`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use refine_fuzz::memory;
use serde::de::IgnoredAny;
use tweets::{Capture, Page, RawFile, TWEETS_PER_FILE_MAX};

fuzz_target!(|body: &[u8]| {
    let Ok(mut page) = memory::bounded(body, 64, 64 << 10, || Page::parse(body)) else { return };
    page.posts.sort_by_key(|post| std::cmp::Reverse(post.id));
    page.posts.truncate(TWEETS_PER_FILE_MAX);
    let capture = Capture {
        captured_at: "2026-11-23T14:06:00Z".parse().expect("a time"),
        query: "\"presidente do Brasil\"",
        requested: &["id".to_owned()],
        ingest_version: "0",
    };
    let Some(file) = RawFile::new(page.posts) else { return };
    let raw = file.to_bytes(&capture);
    // Half a surrogate pair (`\ud800`) is valid JSON under RFC 8259 but not valid text: it is kept as sent, and refine reads U+FFFD.
    serde_json::from_slice::<IgnoredAny>(&raw).expect("a RAW file is JSON, whatever X sent");
    // INV-5: a file is accepted or rejected as a whole. A post that ingest kept is not dropped later.
    if let Ok(document) = tweets::document::Document::parse(&raw, tweets::Years::DEFAULT) {
        assert_eq!(document.tweets.len() as u64, file.count());
    }
});
