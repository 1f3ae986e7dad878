use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::sqs::SqsEvent;
use lambda::notification::{self, Record};
use lambda_runtime::Error;
use media::{IMAGES, is_picture};
use serde_json::Value;
use tracing::warn;

/// The pictures that changed, by bucket: keys under `images/`. A bucket in which only other things under `images/` changed
/// is there, without keys.
pub type Changed = BTreeMap<String, BTreeSet<String>>;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Reconcile the media bucket.
    Schedule,
    /// These pictures changed.
    Notification(Changed),
    /// Notifications from a queue.
    Batch(Vec<QueueMessage>),
}

/// A message of a queue, and what it says has changed.
#[derive(Debug, PartialEq, Eq)]
pub struct QueueMessage {
    pub id: String,
    pub changed: Changed,
}

impl Event {
    /// Recognises an event by its shape.
    pub fn parse(event: Value) -> Result<Self, Error> {
        let source = event
            .pointer("/Records/0/eventSource")
            .and_then(Value::as_str);
        if source == Some("aws:sqs") {
            return Ok(Self::Batch(messages(serde_json::from_value(event)?)));
        }
        if notification::is_scheduled(&event) {
            return Ok(Self::Schedule);
        }
        changed(&event)
            .map(Self::Notification)
            .ok_or_else(|| "not an S3 notification, an SQS batch or a scheduled event".into())
    }
}

/// A message that cannot be read would stay unreadable however often it came: it is logged and counts as
/// handled.
fn messages(batch: SqsEvent) -> Vec<QueueMessage> {
    let message = |message: aws_lambda_events::sqs::SqsMessage| {
        let id = message.message_id.unwrap_or_default();
        let body = message
            .body
            .and_then(|body| serde_json::from_str(&body).ok());
        let changed = body.as_ref().and_then(changed).unwrap_or_else(|| {
            warn!(message_id = id, "a message is not an S3 notification");
            Changed::new()
        });
        QueueMessage { id, changed }
    };
    batch.records.into_iter().map(message).collect()
}

/// What changed under `images/`; `None` where this is no S3 notification.
fn changed(notification: &Value) -> Option<Changed> {
    let mut changed = Changed::new();
    for Record { bucket, key, .. } in notification::records(notification)? {
        if key.starts_with(IMAGES.as_bytes()) {
            let keys = changed.entry(bucket).or_default();
            // S3 has no other keys than text.
            let text = String::from_utf8(key).ok();
            keys.extend(text.filter(|key| is_picture(key)));
        }
    }
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn notification(bucket: &str, key: &str) -> Value {
        json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]})
    }

    fn keys(bucket: &str, keys: &[&str]) -> Changed {
        let keys = keys.iter().map(|&key| key.to_owned()).collect();
        [(bucket.to_owned(), keys)].into()
    }

    #[test]
    fn a_key_counts_as_it_is_after_decoding() {
        for (key, expected) in [
            ("images/a.png", "images/a.png"),
            ("images%2Fa.png", "images/a.png"),
            ("%69mages/a+b%2B.png", "images/a b+.png"),
            ("images/%C3%A9.png", "images/é.png"),
        ] {
            let event = Event::parse(notification("a", key)).unwrap();
            assert_eq!(event, Event::Notification(keys("a", &[expected])), "{key}");
        }
        for key in ["images/", "images/notes.txt", "images/%FF%FE.png"] {
            let event = Event::parse(notification("a", key)).unwrap();
            assert_eq!(event, Event::Notification(keys("a", &[])), "{key}");
        }
        for key in [
            "",
            "images",
            "image/a.png",
            "images.png",
            "+images/a.png",
            "carrousel/carrousel.json",
            "a/images/b.png",
        ] {
            let event = Event::parse(notification("a", key)).unwrap();
            assert_eq!(event, Event::Notification(Changed::new()), "{key}");
        }
    }

    #[test]
    fn a_batch_keeps_which_message_named_which_keys() {
        let message = |id: &str, body: String| json!({"messageId": id, "eventSource": "aws:sqs", "body": body});
        let event = json!({"Records": [
            message("1", notification("a", "images/1.png").to_string()),
            message("2", notification("b", "images/2.png").to_string()),
            message("3", notification("b", "other/3.png").to_string()),
            message("4", json!({"Service": "Amazon S3", "Event": "s3:TestEvent"}).to_string()),
            message("5", "not json".into()),
            message("6", "{}".into()),
        ]});
        let expected = [
            ("1", keys("a", &["images/1.png"])),
            ("2", keys("b", &["images/2.png"])),
            ("3", Changed::new()),
            ("4", Changed::new()),
            ("5", Changed::new()),
            ("6", Changed::new()),
        ]
        .map(|(id, changed)| QueueMessage {
            id: id.into(),
            changed,
        });
        assert_eq!(Event::parse(event).unwrap(), Event::Batch(expected.into()));
    }

    #[test]
    fn a_record_that_cannot_be_read_does_not_hide_the_others() {
        let mut event = notification("a", "images/1.png");
        let records = event["Records"].as_array_mut().unwrap();
        records.insert(
            0,
            json!({"eventSource": "aws:s3", "eventVersion": "9.0", "s4": {}}),
        );
        records.push(json!(null));
        assert_eq!(
            Event::parse(event).unwrap(),
            Event::Notification(keys("a", &["images/1.png"]))
        );
    }

    #[test]
    fn what_a_record_says_besides_does_not_matter() {
        for (field, value) in [
            ("eventName", json!("ObjectAnnotated:Put")),
            ("eventVersion", json!("3.0")),
            ("eventVersion", json!({"major": 3})),
            ("eventTime", json!(null)),
            ("news", json!([{}])),
        ] {
            let mut event = notification("a", "images/%FF%FE.png");
            event["Records"][0][field] = value;
            let expected = Event::Notification(keys("a", &[]));
            assert_eq!(Event::parse(event).unwrap(), expected, "{field}");
        }
    }

    #[test]
    fn an_empty_batch_asks_for_nothing() {
        let expected = Event::Notification(Changed::new());
        assert_eq!(Event::parse(json!({"Records": []})).unwrap(), expected);
    }

    #[test]
    fn an_unknown_event_is_an_error() {
        for event in [
            json!({}),
            json!(null),
            json!([]),
            json!({"Records": [{}]}),
            json!({"Records": 1}),
            json!("images/a.png"),
        ] {
            assert!(Event::parse(event.clone()).is_err(), "{event}");
        }
    }
}
