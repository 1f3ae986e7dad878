//! `syncS3Bucket`: whenever pictures under `images/` come or go, `carrousel/carrousel.json` lists exactly
//! those that are there.
//!
//! In reading order:
//!
//! - [`SyncS3Bucket::handle`]: an event in, an answer out;
//! - [`event`]: which buckets an event is about (S3 notifications, SQS batches, the schedule);
//! - [`sync`]: one pass over one bucket: read, list, write, list again;
//! - [`Settings`]: what the function is told at start.
//!
//! It keeps no state between invocations and knows nothing of messages or the database. Events only say
//! *where* to look; what the file lists comes from the bucket alone, so lost order and repeats do not matter.

mod event;
mod settings;
mod sync;

use std::collections::BTreeSet;

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda::metrics::{self, Metric};
use lambda_runtime::Error;
use media::{Bucket, BucketError};
use serde_json::Value;
use tracing::{error, info};

use event::Event;
pub use settings::Settings;
pub use sync::is_picture;

/// The function. Clones share connections.
#[derive(Debug, Clone)]
pub struct SyncS3Bucket {
    media: Bucket,
    settings: Settings,
}

impl SyncS3Bucket {
    /// The function with its client of S3, which is made when it is first used.
    pub fn new(
        s3: impl FnOnce() -> aws_sdk_s3::Client + Send + 'static,
        settings: Settings,
    ) -> Self {
        Self {
            media: Bucket::new(s3, &settings.media_bucket),
            settings,
        }
    }

    /// Handles one event. The answer is what Lambda's event source expects: for SQS the messages to deliver
    /// again, otherwise nothing.
    ///
    /// # Errors
    /// Where the event is none that the function knows, or a bucket could not be synchronised and the event
    /// did not come from SQS: an error makes Lambda deliver it again.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        match Event::parse(event)? {
            Event::Schedule => {
                self.sync(&self.settings.media_bucket).await?;
                Ok(Value::Null)
            }
            Event::Notification(buckets) => {
                let mut failure = None;
                for bucket in buckets {
                    failure = self.sync(&bucket).await.err().or(failure);
                }
                failure.map_or(Ok(Value::Null), |error| Err(error.into()))
            }
            Event::Batch(messages) => {
                let buckets: BTreeSet<_> = messages
                    .iter()
                    .flat_map(|message| &message.buckets)
                    .collect();
                let mut failed = BTreeSet::new();
                for bucket in buckets {
                    if self.sync(bucket).await.is_err() {
                        failed.insert(bucket.clone());
                    }
                }
                let mut answer = SqsBatchResponse::default();
                for message in messages {
                    if !message.buckets.is_disjoint(&failed) {
                        answer.add_failure(message.id);
                    }
                }
                Ok(serde_json::to_value(answer)?)
            }
        }
    }

    async fn sync(&self, bucket: &str) -> Result<(), BucketError> {
        let media = self.media.named(bucket);
        let synced = sync::sync(&media, &self.settings.public_base_url).await;
        let (pictures, passes) = synced.inspect_err(|error| {
            error!(bucket, %error, "the carrousel could not be brought up to date");
        })?;
        if let Some(pictures) = pictures {
            info!(bucket, pictures, "the carrousel is up to date");
        } else {
            info!(bucket, "another invocation brings the carrousel up to date");
        }
        metrics::count(Metric::CarrouselPasses(passes));
        Ok(())
    }
}
