//! `syncS3Bucket`: whenever pictures under `images/` come or go, `carrousel/carrousel.json` lists exactly those that are
//! there, and `carrousel/newest.json` those that came last; and what was made of pictures that are gone goes.
//!
//! In reading order:
//!
//! - [`SyncS3Bucket::handle`]: an event in, an answer out;
//! - [`event`]: which keys an event names (S3 notifications, SQS batches, the schedule);
//! - [`sync`]: the protocol: read, look, write, look again;
//! - [`lists`]: the two lists, and what changes of them;
//! - [`entries`]: the list of all as bytes, edited without being parsed;
//! - [`newest`]: the list of the newest, and what it knows beside it;
//! - [`comparison`]: a listing beside the list of all;
//! - [`small`]: what was made of pictures, which goes with them;
//! - [`Settings`]: what the function is told at start.
//!
//! It keeps no state between invocations and knows nothing of messages or the database. Events only say
//! *where* to look; what the lists say comes from the bucket alone, so lost order and repeats do not matter.

mod comparison;
mod entries;
mod event;
mod lists;
mod newest;
mod settings;
mod small;
mod sync;

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda::metrics::{self, Metric, Passes};
use lambda_runtime::Error;
use media::{Bucket, BucketError};
use serde_json::Value;
use tracing::{error, info};

use event::{Changed, Event};
pub use settings::Settings;
use sync::Synced;

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
                let synced = self.sync(&self.settings.media_bucket, None).await;
                whole(synced).map(|()| Value::Null)
            }
            Event::Notification(changed) => {
                let mut outcome = Ok(Value::Null);
                for (bucket, keys) in changed {
                    let synced = self.sync(&bucket, Some(keys)).await;
                    outcome = whole(synced).and(outcome);
                }
                outcome
            }
            Event::Batch(messages) => {
                let mut changed = Changed::new();
                for (bucket, keys) in messages.iter().flat_map(|message| &message.changed) {
                    let all = changed.entry(bucket.clone()).or_default();
                    all.extend(keys.iter().cloned());
                }
                let mut synced = BTreeMap::new();
                for (bucket, keys) in changed {
                    let outcome = self.sync(&bucket, Some(keys)).await;
                    synced.insert(bucket, outcome);
                }
                let is_failed = |(bucket, keys): (&String, &BTreeSet<String>)| match &synced[bucket]
                {
                    Ok(refused) => !refused.is_disjoint(keys),
                    Err(_) => true,
                };
                let mut answer = SqsBatchResponse::default();
                for message in messages {
                    if message.changed.iter().any(is_failed) {
                        answer.add_failure(message.id);
                    }
                }
                Ok(serde_json::to_value(answer)?)
            }
        }
    }

    /// Brings the lists of a bucket up to date in what they say of these keys, or of all, and says of which ones it could
    /// not.
    async fn sync(
        &self,
        bucket: &str,
        keys: Option<BTreeSet<String>>,
    ) -> Result<BTreeSet<String>, BucketError> {
        let media = self.media.named(bucket);
        let small = small::follow(&media, keys.clone());
        // Boxed: a future as deep as this one is more than the compiler lays out in one.
        let synced = Box::pin(sync::sync(&media, &self.settings.public_base_url, keys));
        // The lists and the small versions are brought up to date at the same time, and neither fails with the other.
        let (synced, small) = tokio::join!(synced, Box::pin(small));
        let Synced { passes, refused } = synced.inspect_err(|error| {
            error!(bucket, %error, "the carrousel could not be brought up to date");
        })?;
        small.inspect_err(|error| {
            error!(bucket, %error, "small pictures could not follow their originals");
        })?;
        let Passes { lists, writes } = passes;
        info!(bucket, lists, writes, "the carrousel is up to date");
        metrics::count(Metric::CarrouselPasses(passes));
        Ok(refused)
    }
}

/// An error also where only some keys could not be synchronised.
fn whole(synced: Result<BTreeSet<String>, BucketError>) -> Result<(), Error> {
    match synced?.len() {
        0 => Ok(()),
        keys => Err(format!("pictures that cannot be looked at: {keys}").into()),
    }
}
