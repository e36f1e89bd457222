//! Arbitrary events: recognized, or refused with a short reason. Every message of a queue is accounted for.

#![no_main]

use events::{Event, parse};
use libfuzzer_sys::fuzz_target;
use refine_fuzz::memory;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Value>(bytes) else { return };
    let records = event["Records"].as_array().map(Vec::len);
    match memory::bounded(bytes, 64, 64 << 10, || parse(event)) {
        Ok(Event::Queue(messages)) => assert_eq!(Some(messages.len()), records, "a message is lost"),
        Ok(Event::Direct(notification)) => {
            let told = notification.objects.len() + notification.ignored.len();
            assert_eq!(told, records.unwrap_or(1), "a record is lost");
        }
        Ok(Event::Reprocess(_)) => {}
        Err(error) => assert!(error.to_string().len() < 1_500, "a reason of {} bytes", error.to_string().len()),
    }
});
