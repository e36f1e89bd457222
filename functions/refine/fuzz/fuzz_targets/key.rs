//! Keys: decoding restores what S3 encoded, and no two RAW keys map to the same Parquet key.

#![no_main]

use events::{Event, parse};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use tweets::{Partition, RawKey, ref_key};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (a, b) = text.split_once('\n').unwrap_or((&text, ""));

    let decoded = decode(a); // any input is either decoded or refused
    assert_eq!(decode(&encode(a)), Some(a.to_owned()));
    if let Some(key) = decoded {
        assert_eq!(decode(&encode(&key)), Some(key));
    }

    let day = Partition::of("2026-11-24T00:00:00Z".parse().expect("a time"));
    let (a, b) = (format!("tweets/{a}"), format!("tweets/{b}"));
    if let Ok(key) = a.parse::<RawKey>() {
        assert_eq!(key.to_string(), a);
    }
    assert_eq!(a == b, ref_key(&a, day) == ref_key(&b, day), "{a:?} and {b:?}");
    let key = ref_key(&a, day);
    let name = key.rsplit('/').next().expect("a name");
    assert_eq!(key.matches('/').count(), 4, "{a:?} leaves its folder");
    assert!(name.len() <= 250 && !name.starts_with(['_', '.']), "{a:?} has the name {name}");
});

fn decode(key: &str) -> Option<String> {
    let record = json!({ "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "xpto-raw" }, "object": { "key": key } } });
    match parse(json!({ "Records": [record] })) {
        Ok(Event::Direct(notification)) => Some(notification.objects.into_iter().next()?.key),
        _ => None,
    }
}

/// Encodes a key as S3 does: everything but letters, digits and `-._*/`, with "+" for a space.
fn encode(key: &str) -> String {
    let encoded = key.bytes().map(|byte| match byte {
        b' ' => "+".to_owned(),
        b'-' | b'.' | b'_' | b'*' | b'/' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}
