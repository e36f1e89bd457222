//! An SQS queue between a bucket and a function: its messages, and what becomes of a batch.
//!
//! Which messages are delivered, when and in which order, is up to the caller.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::s3::{ObjectCreated, REGION};

/// Messages per batch: `BatchSize` of the template.
pub const BATCH_MAX: usize = 10;
/// Deliveries of one message before it is set aside: `maxReceiveCount` of the template.
pub const RECEIVES_MAX: u32 = 5;

/// A message: the notification of one object.
#[derive(Clone, Debug)]
pub struct Message {
    /// The object.
    pub object: ObjectCreated,
    /// The number of deliveries.
    pub receives: u32,
}

impl Message {
    /// Creates a message that was not delivered yet.
    pub fn new(object: ObjectCreated) -> Self {
        Self { object, receives: 0 }
    }

    /// Returns the id: a sequencer distinguishes the notifications of one key only.
    pub fn id(&self) -> String {
        format!("{}-{}", self.object.sequencer, self.object.key)
    }
}

/// Returns the event in which Lambda's poller delivers a batch.
pub fn event(batch: &[Message]) -> Value {
    let record = |message: &Message| {
        json!({
            "messageId": message.id(),
            "receiptHandle": message.id(),
            "body": message.object.notification().to_string(),
            "attributes": { "ApproximateReceiveCount": message.receives.to_string() },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:000000000000:emulator"),
            "awsRegion": REGION,
        })
    };
    json!({ "Records": batch.iter().map(record).collect::<Vec<_>>() })
}

/// A batch after its delivery.
#[derive(Debug, Default)]
pub struct Settled {
    /// Messages that the function processed; they are deleted.
    pub done: Vec<Message>,
    /// Messages to deliver again.
    pub again: Vec<Message>,
    /// Messages that failed at their last delivery; they are set aside.
    pub dead: Vec<Message>,
}

/// Settles a batch by the function's answer, which lists the failed messages. Without an answer, or if it lists something that
/// is not a message of the batch, all of them failed.
/// Source: AWS Lambda developer guide, implementing partial batch responses.
pub fn settle(batch: Vec<Message>, answer: Option<&Value>) -> Settled {
    let ids: BTreeSet<String> = batch.iter().map(Message::id).collect();
    let failures = answer.and_then(|answer| answer["batchItemFailures"].as_array()).into_iter().flatten();
    let failed: Option<BTreeSet<&str>> =
        failures.map(|failure| failure["itemIdentifier"].as_str().filter(|id| ids.contains(*id))).collect();
    let mut settled = Settled::default();
    for message in batch {
        let is_done = answer.is_some() && failed.as_ref().is_some_and(|failed| !failed.contains(message.id().as_str()));
        let fate = match message.receives {
            _ if is_done => &mut settled.done,
            ..RECEIVES_MAX => &mut settled.again,
            RECEIVES_MAX.. => &mut settled.dead,
        };
        fate.push(message);
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(key: &str, receives: u32) -> Message {
        let object = ObjectCreated {
            event_name: "ObjectCreated:Put",
            bucket: "raw".to_owned(),
            key: key.to_owned(),
            size: 2,
            etag: "99914b932bd37a50b983c5e7c90ae93b".to_owned(),
            sequencer: "0".to_owned(),
            event_time: "2026-11-23T12:00:00Z".parse().unwrap(),
        };
        Message { object, receives }
    }

    #[test]
    fn a_key_is_form_encoded() {
        let event = event(&[message("tweets/à mão/a+b=ç*.json", 1)]);
        let body: Value = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["Records"][0]["s3"]["object"]["key"], "tweets/%C3%A0+m%C3%A3o/a%2Bb%3D%C3%A7*.json");
    }

    #[test]
    fn a_failed_message_is_delivered_again_until_its_last_delivery() {
        // Of equal objects, listed without a sequencer.
        let batch = || vec![message("a", 1), message("b", 1), message("c", RECEIVES_MAX - 1), message("d", RECEIVES_MAX)];
        let settled = |answer: Option<Value>| {
            let Settled { done, again, dead } = settle(batch(), answer.as_ref());
            [done, again, dead].map(|messages| messages.iter().map(|message| message.object.key.as_str()).collect::<String>())
        };
        let failures = |keys: &[&str]| {
            let failure = |key: &&str| json!({ "itemIdentifier": message(key, 1).id() });
            Some(json!({ "batchItemFailures": keys.iter().map(failure).collect::<Vec<_>>() }))
        };
        assert_eq!(settled(failures(&[])), ["abcd", "", ""]);
        assert_eq!(settled(failures(&["b", "c", "d"])), ["a", "bc", "d"]);
        assert_eq!(settled(Some(json!({}))), ["abcd", "", ""]);
        for nothing_known in
            [None, Some(json!({ "batchItemFailures": [{}] })), Some(json!({ "batchItemFailures": [{ "itemIdentifier": "e" }] }))]
        {
            assert_eq!(settled(nothing_known), ["", "abc", "d"]);
        }
    }
}
