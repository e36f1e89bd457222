//! Parses the events that `refine` accepts: which RAW objects they name, and who receives the answer. Values only.
//!
//! S3 notifications and EventBridge events are parsed by our own structs with only the required fields: those of
//! `aws_lambda_events` require fields (`userIdentity`, `requestParameters`) that other senders omit.

use aws_lambda_events::s3::S3Entity;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event that `refine` accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A batch of a queue. The answer refers to each message by its id.
    Queue(Vec<Message>),
    /// An operator's request to refine RAW again.
    Reprocess(Reprocess),
    /// A notification delivered without a queue. It succeeds or fails as a whole.
    Direct(Notification),
}

/// One message of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id used in `batchItemFailures`.
    pub id: String,
    /// The parsed body. A message with an unknown body fails alone.
    pub notification: Result<Notification, EventUnknown>,
}

/// The contents of an S3 notification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notification {
    /// Objects that were created.
    pub objects: Vec<RawObject>,
    /// Names of all other events, such as `s3:TestEvent` or `ObjectRemoved:Delete`.
    pub ignored: Vec<String>,
}

/// A created object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawObject {
    /// Name of the bucket.
    pub bucket: String,
    /// The decoded key.
    pub key: String,
}

/// The objects to refine again, and where to start. Used for the event and, in the answer, for the event that continues it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reprocess {
    /// Bucket of the RAW files.
    pub bucket: String,
    /// Prefix of the keys. The folder of one day is `tweets/ano=2026/mes=11/dia=23/`.
    pub prefix: String,
    /// The last key that is done. Absent at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// An event, or one message of it, that `refine` does not accept. The error names its shape, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "refine takes an SQS batch, an S3 notification, the EventBridge event \"Object Created\" or `reprocess`, not {received}; check what invokes the function"
)]
pub struct EventUnknown {
    received: String,
}

/// Parses an event.
pub fn parse(mut event: Value) -> Result<Event, EventUnknown> {
    if let Some(order) = event.get_mut("reprocess").map(Value::take) {
        return read(order, "`reprocess` without `bucket` and `prefix`").map(Event::Reprocess);
    }
    if !is_from_queue(&event) {
        return notification(event).map(Event::Direct);
    }
    let SqsEvent { records, .. } = read(event, "a message")?;
    records.into_iter().map(message).collect::<Result<_, _>>().map(Event::Queue)
}

fn is_from_queue(event: &Value) -> bool {
    let is_message = |record: &Value| record["eventSource"] == "aws:sqs";
    event["Records"].as_array().is_some_and(|records| !records.is_empty() && records.iter().all(is_message))
}

/// Parses a message. Without an id, the answer could not name a failed message, and the queue would consider it done.
fn message(message: SqsMessage) -> Result<Message, EventUnknown> {
    let id = message.message_id.ok_or_else(|| unknown("a message without `messageId`"))?;
    let body = serde_json::from_str(&message.body.unwrap_or_default());
    Ok(Message { id, notification: body.map_err(|_| unknown("a message whose body is not JSON")).and_then(notification) })
}

fn notification(mut event: Value) -> Result<Notification, EventUnknown> {
    if let Some(Value::Array(records)) = event.get_mut("Records").map(Value::take) {
        return records.into_iter().try_fold(Notification::default(), Notification::with_record);
    }
    if event["Event"] == "s3:TestEvent" {
        return Ok(Notification::default().with_ignored("s3:TestEvent"));
    }
    match (&event["source"], event["detail-type"].as_str()) {
        (source, Some("Object Created")) if source == "aws.s3" => {
            let ObjectCreated { bucket, object } = read(event["detail"].take(), "the `detail`")?;
            // EventBridge sends the key unencoded.
            Ok(Notification { objects: vec![RawObject { bucket: bucket.name, key: object.key }], ignored: vec![] })
        }
        (source, Some(name)) if source == "aws.s3" => Ok(Notification::default().with_ignored(name)),
        _ => Err(unknown(shape(&event))),
    }
}

/// A record of an S3 notification.
#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    event_name: String,
    s3: Option<S3Entity>,
}

/// `detail` of the EventBridge event.
#[derive(Deserialize)]
struct ObjectCreated {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

impl Notification {
    fn with_ignored(mut self, name: &str) -> Self {
        self.ignored.push(name.to_owned());
        self
    }

    fn with_record(mut self, record: Value) -> Result<Self, EventUnknown> {
        let Record { event_name, s3 } = read(record, "a record")?;
        // Some S3-compatible servers keep the prefix used in the bucket's configuration.
        if !event_name.trim_start_matches("s3:").starts_with("ObjectCreated:") {
            return Ok(self.with_ignored(&event_name));
        }
        let S3Entity { bucket, object, .. } = s3.ok_or_else(|| unknown("a record without `s3`"))?;
        let bucket = bucket.name.ok_or_else(|| unknown("a record without `s3.bucket.name`"))?;
        let key = object.key.ok_or_else(|| unknown("a record without `s3.object.key`"))?;
        self.objects.push(RawObject { bucket, key: decode_key(&key)? });
        Ok(self)
    }
}

/// Decodes a key. Keys in S3 notifications are form-encoded: "+" is a space. Source: Amazon S3 user guide,
/// event message structure.
fn decode_key(encoded: &str) -> Result<String, EventUnknown> {
    let with_spaces = encoded.replace('+', " ");
    let key = percent_decode_str(&with_spaces).decode_utf8().map_err(|_| unknown("a key that is not UTF-8"))?;
    Ok(key.into_owned())
}

fn read<T: serde::de::DeserializeOwned>(value: Value, what: &str) -> Result<T, EventUnknown> {
    let shape = shape(&value);
    serde_json::from_value(value).map_err(|_| unknown(format!("{what} that is {shape}")))
}

fn unknown(received: impl Into<String>) -> EventUnknown {
    EventUnknown { received: received.into() }
}

/// Describes a value by its field names, which identify the sender. Eight names are enough.
fn shape(value: &Value) -> String {
    const NAMES_MAX: usize = 8;
    const NAME_CHARS_MAX: usize = 32;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(fields) if fields.is_empty() => "an object without fields".to_owned(),
        Value::Object(fields) => {
            let names = fields.keys().take(NAMES_MAX).map(|name| format!("`{}`", name.chars().take(NAME_CHARS_MAX).collect::<String>()));
            format!("an object of {}", names.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    macro_rules! sample {
        ($name:literal) => {
            serde_json::from_str(include_str!(concat!("../../../events/", $name))).unwrap()
        };
    }

    #[track_caller]
    fn check(event: Value, want: Expect) {
        want.assert_eq(&match parse(event) {
            Ok(Event::Direct(notification)) => show(&Ok(notification)),
            Ok(Event::Queue(messages)) => {
                messages.iter().map(|message| format!("{}: {}", &message.id, show(&message.notification))).collect::<Vec<_>>().join("\n")
            }
            Ok(Event::Reprocess(Reprocess { bucket, prefix, after })) => format!("{bucket} {prefix} after {after:?}"),
            Err(error) => error.received,
        });
    }

    fn show(notification: &Result<Notification, EventUnknown>) -> String {
        match notification {
            Ok(Notification { objects, ignored }) => {
                let objects = objects.iter().map(|RawObject { bucket, key }| format!("{bucket} {key}"));
                objects.chain(ignored.iter().map(|name| format!("({name})"))).collect::<Vec<_>>().join(", ")
            }
            Err(error) => format!("unknown, {}", error.received),
        }
    }

    #[test]
    fn every_sample_event_is_parsed() {
        let put = expect!["xpto-raw tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_2124866860615730246_2124870575825357463.json"];
        check(sample!("s3-put.json"), put);
        check(sample!("eventbridge-object-created.json"), expect!["xpto-raw tweets/by hand/presidência + ação.json"]);
        check(sample!("s3-test-event.json"), expect!["(s3:TestEvent)"]);
        check(sample!("reprocess.json"), expect!["xpto-raw tweets/ano=2026/mes=11/dia=23/ after None"]);
        check(
            sample!("sqs-two-puts.json"),
            expect![[r"
                19dd0b57-b21e-4ac1-bd88-01bbb068cb78: xpto-raw tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_2124866860615730246_2124870575825357463.json
                2e1424d4-f796-459a-8184-9c92662be6da: xpto-raw tweets/by hand/presidência + ação.json"]],
        );
        check(
            sample!("sqs-one-bad-file.json"),
            expect![[r"
                19dd0b57-b21e-4ac1-bd88-01bbb068cb78: xpto-raw tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_2124866860615730246_2124870575825357463.json
                c80e8021-a70a-42c7-a470-796e1186f753: xpto-raw tweets/ano=2026/mes=11/dia=23/2026-11-23T14-20Z_2124870600072626909_2124874278921832390.json"]],
        );
        check(
            sample!("scheduler-tick.json"),
            expect!["an object of `account`, `detail`, `detail-type`, `id`, `region`, `resources`, `source`, `time`"],
        );
    }

    fn record(event_name: &str, key: &str) -> Value {
        json!({"eventName": event_name, "s3": {"bucket": {"name": "raw"}, "object": {"key": key}}})
    }

    #[test]
    fn only_created_objects_are_processed() {
        for (event_name, want) in [
            ("ObjectCreated:Put", expect!["raw tweets/a.json"]),
            ("ObjectCreated:CompleteMultipartUpload", expect!["raw tweets/a.json"]),
            ("s3:ObjectCreated:Put", expect!["raw tweets/a.json"]), // other S3-compatible servers
            ("ObjectRemoved:Delete", expect!["(ObjectRemoved:Delete)"]),
            ("ObjectRestore:Completed", expect!["(ObjectRestore:Completed)"]),
        ] {
            check(json!({"Records": [record(event_name, "tweets/a.json")]}), want);
        }
        check(json!({"source": "aws.s3", "detail-type": "Object Tags Added", "detail": {}}), expect!["(Object Tags Added)"]);
        check(json!({"Records": []}), expect![""]);
    }

    #[test]
    fn keys_are_decoded_once() {
        for (sent, want) in [
            ("tweets/a+b.json", "tweets/a b.json"),
            ("tweets/a%20b.json", "tweets/a b.json"),
            ("tweets/a%2Bb.json", "tweets/a+b.json"),
            ("tweets/a%252Bb.json", "tweets/a%2Bb.json"),
            ("tweets%2Fano%3D2026/%C3%A7.json", "tweets/ano=2026/ç.json"), // moto encodes slashes too
            ("tweets/ç%zz%.json", "tweets/ç%zz%.json"),                    // not encoded at all
        ] {
            let Ok(Event::Direct(notification)) = parse(json!({"Records": [record("ObjectCreated:Put", sent)]})) else { panic!("{sent}") };
            assert_eq!(notification.objects[0].key, want, "{sent}");
        }
        let as_it_is = json!({"source": "aws.s3", "detail-type": "Object Created",
            "detail": {"bucket": {"name": "raw"}, "object": {"key": "tweets/a+b%20c.json"}}});
        check(as_it_is, expect!["raw tweets/a+b%20c.json"]);
    }

    #[test]
    fn unknown_events_are_described_by_their_shape() {
        let message = |body: &str| json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": body}]});
        check(json!("segredo"), expect!["a text"]);
        check(json!([1, 2]), expect!["a list of 2"]);
        check(json!({}), expect!["an object without fields"]);
        check(json!({"Records": [{"Sns": {"Message": "segredo"}}]}), expect!["a record that is an object of `Sns`"]);
        check(json!({"Records": [{"eventName": "ObjectCreated:Put"}]}), expect!["a record without `s3`"]);
        check(
            json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {}, "object": {"key": "k"}}}]}),
            expect!["a record without `s3.bucket.name`"],
        );
        check(json!({"Records": [record("ObjectCreated:Put", "%E7")]}), expect!["a key that is not UTF-8"]);
        check(json!({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}), expect!["a message without `messageId`"]);
        check(message("segredo"), expect!["1: unknown, a message whose body is not JSON"]);
        check(message("{\"segredo\": 1}"), expect!["1: unknown, an object of `segredo`"]);
        check(message(""), expect!["1: unknown, a message whose body is not JSON"]);
        check(
            json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": "segredo"}}),
            expect!["the `detail` that is an object of `bucket`"],
        );
    }
}
