//! syncS3Bucket fed with what `corkboard` itself sends, several at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_s3::Client;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use crate::board::eventually;
use crate::bulk::created;
use crate::lambda::{Lambda, sync_s3_bucket};
use crate::media::{CARROUSEL, Media};

/// What the carrousel should be, from a listing of the bucket.
async fn right(media: &Media) -> Value {
    let keys = media.keys().await;
    let pictures = keys.iter().filter(|key| key.starts_with("images/"));
    let urls = pictures.map(|key| json!({"url": format!("https://board.example/{key}")}));
    urls.collect()
}

async fn carrousel(media: &Media) -> Value {
    serde_json::from_slice(&media.get(CARROUSEL).await.unwrap()).unwrap()
}

#[tokio::test]
async fn two_at_once_end_with_the_right_file_while_pictures_come_and_go() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let media = &board.media();
    let function = &sync_s3_bucket(board.s3());

    // Each change has an event, and two handlers share the events, as two instances of the function do.
    let (events, queue) = mpsc::unbounded_channel();
    let queue = &tokio::sync::Mutex::new(queue);
    let changes = async move {
        for round in 0..40 {
            let key = format!("images/{round}.jpg");
            media.put(&key, b"pixels".to_vec()).await;
            events.send(key).unwrap();
            if round % 3 == 0 {
                let key = format!("images/{}.jpg", round / 2);
                media.delete(&key).await;
                events.send(key).unwrap();
            }
        }
    };
    let handler = || async move {
        loop {
            let key = queue.lock().await.recv().await;
            let Some(key) = key else { break };
            function.handle(created(&key)).await.unwrap();
        }
    };
    tokio::join!(changes, handler(), handler());
    let pictures = right(media).await;
    assert!(pictures.as_array().unwrap().len() > 20);
    assert_eq!(carrousel(media).await, pictures);
}

#[tokio::test]
async fn late_repeated_and_reordered_events_of_the_board_end_with_the_right_file() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let media = &board.media();
    let function = &sync_s3_bucket(board.s3());
    let keys: Vec<_> = (0..20)
        .map(|number| format!("images/{number:02}.jpg"))
        .collect();
    media.put_all(&keys).await;
    media.delete_all(&keys[..5]).await;
    media.put("elsewhere/a.jpg", b"pixels".to_vec()).await;

    // All but the last: 20 came, 5 went.
    let batches = eventually("all events", async || {
        let mut events = lambda.events("sync-s3-bucket");
        events.retain(|event| event["Records"].is_array());
        let records = events
            .iter()
            .flat_map(|event| event["Records"].as_array().unwrap());
        (records.count() == 25).then_some(events)
    })
    .await;
    let again = batches.iter().rev().chain(&batches);
    let answers = join_all(again.map(|batch| function.handle(batch.clone()))).await;
    for answer in answers {
        assert_eq!(answer.unwrap(), json!({"batchItemFailures": []}));
    }
    let pictures = right(media).await;
    assert_eq!(pictures.as_array().unwrap().len(), 15);
    assert_eq!(carrousel(media).await, pictures);

    // And the board asks for a reconciliation at its start.
    let scheduled = lambda.events("sync-s3-bucket");
    let scheduled = scheduled
        .iter()
        .find(|event| event["detail-type"] == "Scheduled Event");
    assert_eq!(
        function.handle(scheduled.unwrap().clone()).await.unwrap(),
        Value::Null
    );
}

/// A way to S3 on which the first write waits until it is let go.
#[derive(Debug, Clone)]
struct Held {
    way: SharedHttpConnector,
    taken: Arc<AtomicBool>,
    reached: Arc<Notify>,
    go: Arc<Notify>,
}

impl HttpConnector for Held {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let held = self.clone();
        HttpConnectorFuture::new(async move {
            if request.method() == "PUT" && !held.taken.swap(true, Ordering::Relaxed) {
                held.reached.notify_one();
                held.go.notified().await;
            }
            held.way.call(request).await
        })
    }
}

#[tokio::test]
async fn a_write_that_is_overtaken_by_a_newer_one_is_put_right() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let media = &board.media();
    let held = Held {
        way: lambda::aws::connector(),
        taken: Arc::default(),
        reached: Arc::default(),
        go: Arc::default(),
    };
    let (reached, go) = (Arc::clone(&held.reached), Arc::clone(&held.go));
    let config = board.s3().config().to_builder();
    let config = config.http_client(http_client_fn(move |_, _| {
        SharedHttpConnector::new(held.clone())
    }));
    let slow = sync_s3_bucket(Client::from_conf(config.build()));
    let quick = sync_s3_bucket(board.s3());

    media.put("images/old.jpg", b"pixels".to_vec()).await;
    let write_of_the_old_list = slow.handle(created("images/old.jpg"));
    let overtaking = async {
        reached.notified().await;
        media.delete("images/old.jpg").await;
        media.put("images/new.jpg", b"pixels".to_vec()).await;
        for key in ["images/old.jpg", "images/new.jpg"] {
            quick.handle(created(key)).await.unwrap();
        }
        let newest = json!([{"url": "https://board.example/images/new.jpg"}]);
        assert_eq!(carrousel(media).await, newest);
        go.notify_one();
        newest
    };
    let (written, newest) = tokio::join!(write_of_the_old_list, overtaking);
    assert_eq!(written.unwrap(), Value::Null);
    assert_eq!(carrousel(media).await, newest);
}
