//! The queue under a clock that only moves when every task waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::s3::{S3Event, S3EventRecord};
use aws_lambda_events::sqs::SqsEvent;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Queue;
use super::worker::{DRAIN, MAX_BYTES, WINDOW, pause};
use crate::s3::{BUCKET, ObjectEvent, md5_hex};

/// What the function was given, and when.
#[derive(Clone, Default)]
struct Invocations(Arc<Mutex<Vec<(Duration, Bytes)>>>);

impl Invocations {
    fn times(&self) -> Vec<Duration> {
        self.0.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    fn batches(&self) -> Vec<SqsEvent> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|(_, event)| serde_json::from_slice(event).unwrap())
            .collect()
    }

    fn sizes(&self) -> Vec<usize> {
        self.batches()
            .iter()
            .map(|batch| batch.records.len())
            .collect()
    }
}

/// A queue to a function that answers the `n`th invocation as `answer(n, event)` says.
fn queue<F>(answer: impl Fn(usize, Value) -> F + Send + Sync + 'static) -> (Queue, Invocations)
where
    F: Future<Output = Result<Value, &'static str>> + Send + 'static,
{
    let (start, invocations) = (Instant::now(), Invocations::default());
    let seen = invocations.clone();
    let (queue, undelivered) = Queue::new(&["images/"]);
    undelivered.deliver(move |event: Bytes| {
        let mut seen = seen.0.lock().unwrap();
        seen.push((start.elapsed(), event.clone()));
        let answer = answer(seen.len(), serde_json::from_slice(&event).unwrap());
        async { answer.await.map(|answer| Bytes::from(answer.to_string())) }
    });
    (queue, invocations)
}

fn put(key: &str) -> ObjectEvent {
    ObjectEvent {
        name: "ObjectCreated:Put",
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        size: Some(1024),
        etag: Some("d41d8cd98f00b204e9800998ecf8427e".to_owned()),
    }
}

fn notifications(batch: &SqsEvent) -> Vec<S3EventRecord> {
    let bodies = batch
        .records
        .iter()
        .map(|message| message.body.as_deref().unwrap());
    bodies
        .flat_map(|body| serde_json::from_str::<S3Event>(body).unwrap().records)
        .collect()
}

fn keys(batch: &SqsEvent) -> Vec<String> {
    notifications(batch)
        .into_iter()
        .map(|record| record.s3.object.key.unwrap())
        .collect()
}

const LONG: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn an_event_arrives_as_aws_sends_it() {
    let (queue, invocations) = queue(async |_, _| Ok(Value::Null));
    queue.send(&put("images/a b+é 中/ç.jpg"));
    sleep(LONG).await;
    let events: Vec<Value> = invocations
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(_, event)| serde_json::from_slice(event).unwrap())
        .collect();
    let message = &events[0]["Records"][0];
    let body = message["body"].as_str().unwrap();
    assert_eq!(message["md5OfBody"], md5_hex(body.as_bytes()));
    let notification: Value = serde_json::from_str(body).unwrap();
    let record = &notification["Records"][0];
    assert_eq!(
        record["s3"]["object"],
        json!({
            "key": "images/a+b%2B%C3%A9+%E4%B8%AD/%C3%A7.jpg",
            "size": 1024,
            "eTag": "d41d8cd98f00b204e9800998ecf8427e",
            "sequencer": record["s3"]["object"]["sequencer"],
        })
    );
    assert_eq!(
        record["s3"]["bucket"]["arn"],
        "arn:aws:s3:::corkboard-media"
    );
    assert_eq!(record["eventName"], "ObjectCreated:Put");
    // 2026-01-01T00:00:00.000Z
    assert_eq!(record["eventTime"].as_str().unwrap().len(), 24);

    // The shapes are those that others wrote down, with every field they require.
    let batch = &invocations.batches()[0];
    assert_eq!(batch.records[0].event_source.as_deref(), Some("aws:sqs"));
    assert_eq!(batch.records[0].attributes["ApproximateReceiveCount"], "1");
    assert_eq!(
        notifications(batch)[0].event_source.as_deref(),
        Some("aws:s3")
    );
    assert_eq!(events.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_removal_has_neither_size_nor_tag() {
    let (queue, invocations) = queue(async |_, _| Ok(Value::Null));
    queue.send(&ObjectEvent {
        name: "ObjectRemoved:Delete",
        size: None,
        etag: None,
        ..put("images/a")
    });
    sleep(LONG).await;
    let batch = &invocations.batches()[0];
    let body: Value = serde_json::from_str(batch.records[0].body.as_deref().unwrap()).unwrap();
    let object = body["Records"][0]["s3"]["object"].as_object().unwrap();
    assert_eq!(object.keys().collect::<Vec<_>>(), ["key", "sequencer"]);
}

#[tokio::test(start_paused = true)]
async fn keys_outside_the_prefix_are_not_notified_of() {
    let (queue, invocations) = queue(async |_, _| Ok(Value::Null));
    for key in [
        "carrousel/carrousel.json",
        "board/newest.json",
        "images",
        "my/images/a",
    ] {
        queue.send(&put(key));
    }
    sleep(LONG).await;
    assert!(invocations.times().is_empty());
}

#[tokio::test(start_paused = true)]
async fn events_are_collected_for_a_short_while() {
    let (queue, invocations) = queue(async |_, _| Ok(json!({ "batchItemFailures": [] })));
    queue.send(&put("images/1"));
    sleep(WINDOW / 2).await;
    queue.send(&put("images/2"));
    sleep(WINDOW).await;
    queue.send(&put("images/3"));
    sleep(LONG).await;
    assert_eq!(invocations.times(), [WINDOW, WINDOW * 5 / 2]);
    assert_eq!(invocations.sizes(), [2, 1]);
    assert_eq!(keys(&invocations.batches()[0]), ["images/1", "images/2"]);
}

#[tokio::test(start_paused = true)]
async fn a_flood_comes_in_full_batches_two_at_a_time() {
    let (queue, invocations) = queue(async |_, _| {
        sleep(Duration::from_secs(1)).await;
        Ok(Value::Null)
    });
    for n in 0..2_500 {
        queue.send(&put(&format!("images/{n:04}")));
    }
    sleep(LONG).await;
    assert_eq!(invocations.sizes(), [1000, 1000, 500]);
    assert_eq!(
        invocations.times(),
        [Duration::ZERO, Duration::ZERO, Duration::from_secs(1)]
    );
    let delivered: Vec<_> = invocations.batches().iter().flat_map(keys).collect();
    assert!(
        delivered
            .into_iter()
            .eq((0..2_500).map(|n| format!("images/{n:04}")))
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_stays_below_the_limit_of_an_invocation() {
    let (queue, invocations) = queue(async |_, _| Ok(Value::Null));
    for n in 0..1_000 {
        queue.send(&put(&format!("images/{n}{}", "中".repeat(800))));
    }
    sleep(LONG).await;
    let sizes: Vec<_> = invocations
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(_, event)| event.len())
        .collect();
    assert!(
        sizes.len() > 1 && sizes.iter().all(|size| *size <= MAX_BYTES),
        "{sizes:?}"
    );
    assert_eq!(invocations.sizes().iter().sum::<usize>(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn only_what_failed_is_delivered_again() {
    let (queue, invocations) = queue(async |n, event| {
        let failed = if n == 1 {
            &event["Records"][1]["messageId"]
        } else {
            &Value::Null
        };
        let failures: Vec<_> = failed
            .as_str()
            .map(|id| json!({ "itemIdentifier": id }))
            .into_iter()
            .collect();
        Ok(json!({ "batchItemFailures": failures }))
    });
    for n in 1..=3 {
        queue.send(&put(&format!("images/{n}")));
    }
    sleep(LONG).await;
    let batches = invocations.batches();
    assert_eq!(invocations.sizes(), [3, 1]);
    assert_eq!(keys(&batches[1]), ["images/2"]);
    let (first, again) = (&batches[0].records[1], &batches[1].records[0]);
    assert_eq!(again.message_id, first.message_id);
    assert_eq!(again.md5_of_body, first.md5_of_body);
    assert_ne!(again.receipt_handle, first.receipt_handle);
    assert_eq!(again.attributes["ApproximateReceiveCount"], "2");
    for kept in ["SentTimestamp", "ApproximateFirstReceiveTimestamp"] {
        assert_eq!(again.attributes[kept], first.attributes[kept], "{kept}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_keeps_failing_is_tried_ever_more_slowly_and_nothing_is_lost() {
    let (queue, invocations) = queue(async |n, _| match n {
        1 => Err("the function timed out"),
        2 => Ok(json!("not what was asked for")),
        3 => panic!("the function's library has a bug"),
        4..=12 => Err("throttled"),
        _ => Ok(Value::Null),
    });
    queue.send(&put("images/1"));
    queue.send(&put("images/2"));
    sleep(LONG).await;
    let times = invocations.times();
    assert_eq!(invocations.sizes(), [2; 13]);
    for (n, pair) in (1..).zip(times.windows(2)) {
        assert_eq!(pair[1], pair[0] + pause(n) + WINDOW, "after delivery {n}");
    }
    assert_eq!(pause(1), Duration::from_millis(200));
    assert_eq!(pause(2), Duration::from_millis(400));
    assert_eq!(pause(12), Duration::from_secs(30));
    assert_eq!(pause(u32::MAX), Duration::from_secs(30));
    let last = &invocations.batches()[12].records[0];
    assert_eq!(last.attributes["ApproximateReceiveCount"], "13");
}

#[tokio::test(start_paused = true)]
async fn one_failing_message_does_not_hold_up_the_others() {
    let (queue, invocations) = queue(async |_, event| {
        let records = event["Records"].as_array().unwrap();
        let poison = records
            .iter()
            .filter(|record| record["body"].as_str().unwrap().contains("poison"));
        let failures: Vec<_> = poison
            .map(|record| json!({ "itemIdentifier": record["messageId"] }))
            .collect();
        Ok(json!({ "batchItemFailures": failures }))
    });
    queue.send(&put("images/poison"));
    sleep(LONG).await;
    queue.send(&put("images/good"));
    // Less than the pause that the other has come to.
    sleep(WINDOW * 2).await;
    let delivered: Vec<_> = invocations.batches().iter().flat_map(keys).collect();
    assert_eq!(
        delivered.iter().filter(|key| *key == "images/good").count(),
        1
    );
    assert!(
        delivered
            .iter()
            .filter(|key| *key == "images/poison")
            .count()
            > 10
    );
}

#[tokio::test(start_paused = true)]
async fn the_schedule_is_delivered_until_it_succeeds() {
    let (queue, invocations) = queue(async |n, _| {
        if n < 3 {
            Err("not yet")
        } else {
            Ok(Value::Null)
        }
    });
    queue.reconcile();
    sleep(LONG).await;
    assert_eq!(
        invocations.times(),
        [Duration::ZERO, pause(1), pause(1) + pause(2)]
    );
    let events = invocations.0.lock().unwrap();
    let event: EventBridgeEvent = serde_json::from_slice(&events[2].1).unwrap();
    assert_eq!(
        (event.source.as_str(), event.detail_type.as_str()),
        ("aws.events", "Scheduled Event")
    );
    assert_eq!(event.detail, json!({}));
    assert_eq!(events[0].1, events[2].1);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_delivers_at_once_what_is_queued() {
    let (queue, invocations) = queue(async |n, _| {
        sleep(Duration::from_secs(1)).await;
        if n == 1 { Err("once") } else { Ok(Value::Null) }
    });
    queue.send(&put("images/1"));
    queue.shutdown().await;
    assert_eq!(
        invocations.times(),
        [Duration::ZERO, Duration::from_secs(1) + pause(1)]
    );
    // What comes later is for the next start.
    queue.send(&put("images/2"));
    queue.shutdown().await;
    assert_eq!(invocations.sizes(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_ever() {
    let (queue, invocations) = queue(async |_, _| std::future::pending().await);
    queue.send(&put("images/1"));
    queue.reconcile();
    let start = Instant::now();
    queue.shutdown().await;
    assert_eq!(start.elapsed(), DRAIN);
    assert_eq!(invocations.times().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_with_a_delay_comes_after_it_and_keeps_no_shutdown() {
    let (queue, invocations) = queue(async |_, _| Ok(Value::Null));
    let (short, long) = (Duration::from_mins(1), Duration::from_mins(15));
    queue.send_later("long".to_owned(), long);
    queue.send_later("short".to_owned(), short);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(invocations.times(), [short + WINDOW]);
    let batches = invocations.batches();
    assert_eq!(batches[0].records[0].body.as_deref(), Some("short"));
    let start = Instant::now();
    queue.shutdown().await;
    assert_eq!(
        (start.elapsed(), invocations.sizes()),
        (Duration::ZERO, vec![1])
    );
}
