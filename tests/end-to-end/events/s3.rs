//! What S3, SQS and EventBridge send, through syncS3Bucket.

use serde_json::{Value, json};
use sync_s3_bucket::SyncS3Bucket;

use super::event;
use crate::board::{BUCKET, Board};
use crate::lambda::{Lambda, sync_s3_bucket};
use crate::media::{CARROUSEL, Media};

/// Something under `images/` changed.
pub const CHANGES: [&str; 16] = [
    "s3-intelligent-tiering.json",
    "s3-lifecycle-expiration-delete-marker-created.json",
    "s3-lifecycle-expiration-delete.json",
    "s3-lifecycle-transition.json",
    "s3-object-acl-put.json",
    "s3-object-created-complete-multipart-upload.json",
    "s3-object-created-copy.json",
    "s3-object-created-folder.json",
    "s3-object-created-post.json",
    "s3-object-created-put.json",
    "s3-object-removed-delete-marker-created.json",
    "s3-object-removed-delete.json",
    "s3-object-restore-completed.json",
    "s3-object-tagging-put.json",
    "s3-reduced-redundancy-lost-object.json",
    "s3-replication-operation-failed.json",
];
/// Nothing did.
pub const NO_CHANGES: [&str; 2] = [
    "s3-object-created-outside-images.json",
    "s3-test-event.json",
];
pub const OTHER_SOURCES: [&str; 3] = [
    "scheduled-rule.json",
    "scheduled-scheduler.json",
    "sqs-batch.json",
];

/// What an earlier run might have written.
const STALE: &[u8] = b"[{\"url\":\"/images/gone.jpg\"}]";

/// A bucket with three pictures and a stale list of them.
struct Stage {
    _lambda: Lambda,
    _board: Board,
    media: Media,
    function: SyncS3Bucket,
}

impl Stage {
    async fn set() -> Self {
        let lambda = Lambda::start().await;
        let board = lambda.board();
        let media = board.media();
        for key in [
            "images/café + bridge.jpg",
            "images/a.PNG",
            "images/notes.txt",
            "images/z.gif",
        ] {
            media.put(key, b"pixels".to_vec()).await;
        }
        media.put(CARROUSEL, STALE.to_vec()).await;
        Self {
            function: sync_s3_bucket(board.s3()),
            media,
            _lambda: lambda,
            _board: board,
        }
    }

    /// That the list is right, or as stale as it was; afterwards it is stale again.
    async fn assert_written(&self, written: bool, what: &str) {
        let right = "[{\"url\":\"https://board.example/images/a.PNG\"},\
                     {\"url\":\"https://board.example/images/caf%C3%A9%20%2B%20bridge.jpg\"},\
                     {\"url\":\"https://board.example/images/z.gif\"}]";
        let expected = if written { right.as_bytes() } else { STALE };
        let found = self.media.get(CARROUSEL).await.unwrap();
        assert_eq!(
            String::from_utf8_lossy(&found),
            String::from_utf8_lossy(expected),
            "{what}"
        );
        self.media.put(CARROUSEL, STALE.to_vec()).await;
    }
}

#[tokio::test]
async fn every_notification_of_s3_about_a_picture_brings_the_carrousel_up_to_date() {
    let stage = Stage::set().await;
    for file in CHANGES {
        let answer = stage.function.handle(event(file)).await.unwrap();
        assert_eq!(answer, Value::Null, "{file}");
        stage.assert_written(true, file).await;
    }
}

#[tokio::test]
async fn what_is_not_about_a_picture_changes_nothing() {
    let stage = Stage::set().await;
    for file in NO_CHANGES {
        let answer = stage.function.handle(event(file)).await.unwrap();
        assert_eq!(answer, Value::Null, "{file}");
        stage.assert_written(false, file).await;
    }
}

#[tokio::test]
async fn the_schedule_brings_the_carrousel_up_to_date() {
    let stage = Stage::set().await;
    for file in OTHER_SOURCES
        .iter()
        .filter(|file| file.starts_with("scheduled"))
    {
        let answer = stage.function.handle(event(file)).await.unwrap();
        assert_eq!(answer, Value::Null, "{file}");
        stage.assert_written(true, file).await;
    }
}

#[tokio::test]
async fn a_batch_from_sqs_brings_the_carrousel_up_to_date() {
    let stage = Stage::set().await;
    let answer = stage
        .function
        .handle(event("sqs-batch.json"))
        .await
        .unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    stage.assert_written(true, "sqs-batch.json").await;
}

#[tokio::test]
async fn only_the_messages_of_a_failed_bucket_come_back() {
    let stage = Stage::set().await;
    let mut batch = event("sqs-batch.json");
    let body = &mut batch["Records"][2]["body"];
    *body = body
        .as_str()
        .unwrap()
        .replace(BUCKET, "no-such-bucket")
        .into();
    let answer = stage.function.handle(batch.clone()).await.unwrap();
    let failed = &batch["Records"][2]["messageId"];
    let expected = json!({"batchItemFailures": [{"itemIdentifier": failed}]});
    assert_eq!(answer, expected);
    stage.assert_written(true, "the other bucket").await;
}

#[tokio::test]
async fn a_notification_about_a_bucket_that_is_not_there_is_an_error() {
    let stage = Stage::set().await;
    let mut notification = event("s3-object-created-put.json");
    let mut missing = notification["Records"][0].clone();
    missing["s3"]["bucket"]["name"] = "no-such-bucket".into();
    let records = notification["Records"].as_array_mut().unwrap();
    records.insert(0, missing);
    assert!(stage.function.handle(notification.clone()).await.is_err());
    // The other bucket is not made to wait for it.
    stage.assert_written(true, "the other bucket").await;

    // Outside of images/ not even a missing bucket matters.
    let mut outside = event("s3-object-created-outside-images.json");
    outside["Records"][0]["s3"]["bucket"]["name"] = "no-such-bucket".into();
    assert_eq!(stage.function.handle(outside).await.unwrap(), Value::Null);
}

#[tokio::test]
async fn what_is_no_event_that_it_knows_is_an_error() {
    let stage = Stage::set().await;
    for event in [
        json!({}),
        json!([]),
        event("api-get-messages.json"),
        event("cloudformation-create.json"),
    ] {
        assert!(stage.function.handle(event).await.is_err());
    }
    stage.assert_written(false, "nothing").await;
}
