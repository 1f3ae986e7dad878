//! The events as AWS sends them.

use std::collections::VecDeque;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::s3::{ObjectEvent, form_encode, md5_hex};

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";
const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:corkboard-s3-events";
const RULE: &str = "arn:aws:events:us-east-1:123456789012:rule/corkboard-reconcile";

/// An SQS message.
pub struct QueueMessage {
    id: String,
    body: String,
    sent: DateTime<Utc>,
    first_received: Option<DateTime<Utc>>,
    receives: u32,
}

impl QueueMessage {
    /// A message that holds an S3 notification.
    pub fn of_s3(event: &ObjectEvent) -> Self {
        Self::new(notification(event, Utc::now()).to_string())
    }

    pub fn new(body: String) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            body,
            sent: Utc::now(),
            first_received: None,
            receives: 0,
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// How often the message was delivered.
    pub fn receives(&self) -> u32 {
        self.receives
    }

    /// The message as it is delivered next, in JSON.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
    fn record(&self, now: DateTime<Utc>) -> String {
        let first_received = self.first_received.unwrap_or(now);
        let record = json!({
            "messageId": self.id,
            "receiptHandle": random_base64(),
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": (self.receives + 1).to_string(),
                "SentTimestamp": self.sent.timestamp_millis().to_string(),
                "SenderId": "AIDAJHIPRHEMV73VRJEBU",
                "ApproximateFirstReceiveTimestamp": first_received.timestamp_millis().to_string(),
            },
            "messageAttributes": {},
            "md5OfBody": md5_hex(self.body.as_bytes()),
            "eventSource": "aws:sqs",
            "eventSourceARN": QUEUE,
            "awsRegion": REGION,
        });
        record.to_string()
    }
}

/// Takes messages from the front, as many as fit, and gives them with the event that delivers them.
///
/// There is at least one, whatever its size.
pub fn batch(
    visible: &mut VecDeque<QueueMessage>,
    max_messages: usize,
    max_bytes: usize,
) -> (Vec<QueueMessage>, Bytes) {
    let now = Utc::now();
    let mut messages = Vec::new();
    let mut payload = String::from(r#"{"Records":["#);
    while let Some(mut message) = visible.pop_front() {
        let record = message.record(now);
        if messages.len() == max_messages
            || (!messages.is_empty() && payload.len() + record.len() + 3 > max_bytes)
        {
            visible.push_front(message);
            break;
        }
        if !messages.is_empty() {
            payload.push(',');
        }
        payload.push_str(&record);
        message.receives += 1;
        message.first_received.get_or_insert(now);
        messages.push(message);
    }
    payload.push_str("]}");
    (messages, payload.into())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn notification(event: &ObjectEvent, time: DateTime<Utc>) -> Value {
    let mut object = json!({
        "key": form_encode(&event.key),
        // Compares as a string within a key.
        "sequencer": format!("{:018X}", time.timestamp_nanos_opt().unwrap_or_default()),
    });
    if let (Some(size), Some(etag)) = (event.size, &event.etag) {
        object["size"] = json!(size);
        object["eTag"] = json!(etag);
    }
    let request_id = format!("{:X}", Uuid::new_v4().simple());
    json!({ "Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": time.to_rfc3339_opts(SecondsFormat::Millis, true),
        "eventName": event.name,
        "userIdentity": { "principalId": "AWS:AIDAJDPLRKLG7UEXAMPLE" },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": { "x-amz-request-id": request_id[..16], "x-amz-id-2": random_base64() },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "corkboard-s3-events",
            "bucket": {
                "name": event.bucket,
                "ownerIdentity": { "principalId": "A3NL1KOZZKExample" },
                "arn": format!("arn:aws:s3:::{}", event.bucket),
            },
            "object": object,
        },
    }]})
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html>
pub fn scheduled() -> Bytes {
    let event = json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": REGION,
        "resources": [RULE],
        "detail": {},
    });
    event.to_string().into()
}

/// 64 characters of what callers must take as opaque.
fn random_base64() -> String {
    let bytes = [0; 3].map(|_: u8| Uuid::new_v4().into_bytes());
    BASE64_STANDARD.encode(bytes.concat())
}
