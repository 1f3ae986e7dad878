//! S3's notifications, as they come to a function or stand in a message of a queue, and the schedule's events.
//!
//! The types of `aws_lambda_events` want fields that only some events have; what says where to look must not be refused
//! for what else it lacks.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use tracing::warn;

/// What happened to an object.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it was, such as `ObjectCreated:Put`.
    pub event_name: String,
    /// The bucket.
    pub bucket: String,
    /// The object's key, decoded.
    pub key: Vec<u8>,
    /// The object's bytes, where they are told.
    pub size: u64,
}

impl Record {
    fn read(record: &Value) -> Option<Self> {
        let text = |pointer| record.pointer(pointer)?.as_str();
        let key = text("/s3/object/key")?.replace('+', " ");
        Some(Self {
            event_name: text("/eventName").unwrap_or_default().to_owned(),
            bucket: text("/s3/bucket/name")?.to_owned(),
            key: percent_decode_str(&key).collect(),
            size: record
                .pointer("/s3/object/size")
                .and_then(Value::as_u64)
                .unwrap_or_default(),
        })
    }
}

/// The records of an S3 notification; `None` where it is none. One that cannot be read does not take the others along.
pub fn records(notification: &Value) -> Option<Vec<Record>> {
    // S3 sends a test event once, when the notification is configured.
    if notification.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Some(Vec::new());
    }
    let records = notification.get("Records")?.as_array()?;
    let readable: Vec<_> = records.iter().filter_map(Record::read).collect();
    let unreadable = records.len() - readable.len();
    if unreadable == 0 {
        return Some(readable);
    }
    if readable.is_empty() {
        return None;
    }
    warn!(unreadable, "some records of a notification are not S3's");
    Some(readable)
}

/// Whether it is a schedule's event, from an EventBridge rule as from EventBridge Scheduler.
pub fn is_scheduled(event: &Value) -> bool {
    event.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event")
}
