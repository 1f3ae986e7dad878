//! What a batch of the queue says: S3's notifications, and the function's own messages to look again.

use aws_lambda_events::sqs::SqsEvent;
use lambda::notification;
use lambda_runtime::Error;
use media::Came;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::warn;

use crate::notice::Millis;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// To tell of whatever came in and is not known, since events may have been lost.
    Schedule,
    /// To tell of the messages of this batch.
    Batch(Batch),
}

/// What the messages of a queue say together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub came: Vec<Came>,
    /// The times of the function's own messages.
    pub looks: Vec<Millis>,
}

/// The function's own message, by which it looks again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    /// When it was to come.
    pub look_at: Millis,
}

impl Event {
    /// Recognises an event by its shape.
    pub fn parse(event: Value) -> Result<Self, Error> {
        if notification::is_scheduled(&event) {
            return Ok(Self::Schedule);
        }
        let event: SqsEvent = serde_json::from_value(event)?;
        let mut batch = Batch::default();
        for message in event.records {
            let body: Value =
                serde_json::from_str(&message.body.unwrap_or_default()).unwrap_or_default();
            if !batch.take(&body) {
                // The message would stay unreadable however often it was delivered, so it counts as handled.
                let id = message.message_id;
                warn!(message_id = id, "a message is not an S3 notification");
            }
        }
        Ok(Self::Batch(batch))
    }
}

impl Batch {
    /// Takes in a message; `false` where it is none that the function knows.
    fn take(&mut self, body: &Value) -> bool {
        if let Ok(Look { look_at }) = Look::deserialize(body) {
            self.looks.push(look_at);
            return true;
        }
        let Some(records) = notification::records(body) else {
            return false;
        };
        // Zero bytes are what is left of a message that was deleted.
        let came = records
            .iter()
            .filter(|it| it.event_name.starts_with("ObjectCreated:") && it.size > 0)
            .filter_map(|it| Came::of(str::from_utf8(&it.key).ok()?));
        self.came.extend(came);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(name: &str, key: &str, size: u64) -> Value {
        json!({"eventSource": "aws:s3", "eventName": name,
            "s3": {"bucket": {"name": "a"}, "object": {"key": key, "size": size}}})
    }

    fn parse(bodies: &[&str]) -> Batch {
        let messages = bodies
            .iter()
            .map(|body| json!({"messageId": "1", "body": body}));
        let event = json!({"Records": messages.collect::<Vec<_>>()});
        match Event::parse(event).unwrap() {
            Event::Batch(batch) => batch,
            Event::Schedule => panic!("no schedule"),
        }
    }

    #[test]
    fn what_has_bytes_and_was_put_came_in() {
        let key = "ZYN70WAJHC564V77GG8SPFTGN4.json";
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let records = json!({"Records": [
            record("ObjectCreated:Put", &format!("board/messages/{key}"), 7),
            record("ObjectCreated:Put", &format!("held%2Fwaiting%2F{key}"), 7),
            record("ObjectCreated:Put", &format!("board/messages/{key}"), 0),
            record("ObjectRemoved:Delete", &format!("board/messages/{key}"), 7),
            record("ObjectCreated:Put", "board/messages/other.json", 7),
            json!({"eventSource": "aws:s3", "s4": {}}),
        ]});
        assert_eq!(
            parse(&[&records.to_string()]).came,
            [Came::Published(id), Came::Waiting(id)]
        );
    }

    #[test]
    fn its_own_messages_are_known_by_their_time() {
        let look = serde_json::to_string(&Look { look_at: 17 }).unwrap();
        let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent"}).to_string();
        let batch = parse(&[&look, &test, "not json", "{}"]);
        assert_eq!((batch.looks, batch.came), (vec![17], Vec::new()));
    }

    #[test]
    fn an_unknown_event_is_an_error() {
        for event in [json!({}), json!(null), json!("held/waiting/")] {
            assert!(Event::parse(event.clone()).is_err(), "{event}");
        }
    }
}
