//! `notify`: tells the operator of messages that came in: the first notice at once, and then at most one in a quarter of
//! an hour, with how many there are.
//!
//! In reading order:
//!
//! - [`Notify::handle`]: an event in;
//! - [`event`]: what a batch of the queue says;
//! - [`told`]: what is known, what is due, and what is on its way: `board/told.json`;
//! - [`notice`]: what is told;
//! - [`channel`]: what it is sent by, and the topic of SNS;
//! - [`webhook`]: the signed webhook, [`form`]: how it is written, and [`destination`]: where it may lead;
//! - [`queue`]: the function's own queue;
//! - [`Settings`]: what the function is told at start.
//!
//! It keeps no state between invocations, and reads no message: that one came is all that it knows.

mod channel;
mod destination;
mod event;
mod form;
mod notice;
mod queue;
mod settings;
mod told;
mod webhook;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::MessageId;
use lambda_runtime::Error;
use media::{Bucket, ETag, Put};
use serde_json::Value;
use tokio::time::timeout;
use tracing::{error, info, warn};
use ulid::Ulid;

pub use channel::{Channel, NotSent, Topic};
use event::{Batch, Event, Look};
pub use form::Form;
use notice::Millis;
pub use notice::{Counts, Notice};
pub use queue::{Queue, Sqs};
pub use settings::{Settings, WebhookSettings};
use told::{Told, millis};
pub use webhook::Webhook;

/// How long a channel may take: all of them together less than a lease.
const SENDING: Duration = Duration::from_secs(10);
/// How far back a scheduled event looks for messages whose events were lost.
const LOST: Duration = Duration::from_hours(24);

/// The function. Clones share connections.
#[derive(Clone)]
pub struct Notify {
    bucket: Bucket,
    board: String,
    queue: Arc<dyn Queue>,
    channels: Arc<[Box<dyn Channel>]>,
    clock: fn() -> SystemTime,
}

impl Notify {
    /// The function with its client of S3, its queue, the channels that it sends by, and its clock.
    pub fn new(
        s3: impl FnOnce() -> aws_sdk_s3::Client + Send + 'static,
        settings: &Settings,
        queue: impl Queue + 'static,
        channels: Vec<Box<dyn Channel>>,
        clock: fn() -> SystemTime,
    ) -> Self {
        Self {
            bucket: Bucket::new(s3, &settings.media_bucket),
            board: settings.board.clone(),
            queue: Arc::new(queue),
            channels: channels.into(),
            clock,
        }
    }

    /// Handles one event: a batch of the queue, or a scheduled one.
    ///
    /// # Errors
    /// Where the event is none that the function knows, or the bucket or the queue failed: the batch comes again then,
    /// and what was done of it is not done twice. A channel that fails is no error: its notice is sent again by a message
    /// of the function's own.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        let batch = match Event::parse(event)? {
            Event::Batch(batch) => batch,
            Event::Schedule => Batch {
                came: self.lost().await?,
                looks: Vec::new(),
            },
        };
        // Boxed: a future as deep as this one is more than the compiler lays out in one.
        Box::pin(self.attend(&batch))
            .await
            .inspect_err(|error| error!(%error, "what came in could not be told of"))?;
        Ok(Value::Null)
    }

    async fn lost(&self) -> Result<Vec<media::Came>, Error> {
        let least = MessageId::least_of((self.clock)(), LOST);
        Ok(self.bucket.came_since(least).await?)
    }

    /// Takes in what came, and sends what is to be sent, until nothing is left to be done now.
    ///
    /// Each turn reads the file, changes it and writes it over the version that it read, or begins again. Why no notice
    /// is lost, and none is sent twice unless somebody died, is told in docs/architecture.md.
    async fn attend(&self, batch: &Batch) -> Result<(), Error> {
        let names: Vec<_> = self.channels.iter().map(|channel| channel.name()).collect();
        let mut sent: Option<told::Outgoing> = None;
        loop {
            let now = millis((self.clock)());
            let (before, version) = self.read(now).await?;
            let mut told = before.clone();
            for &came in &batch.came {
                told.take(came, now);
            }
            for &look in &batch.looks {
                told.looked(look);
            }
            let given_up = sent.as_ref().and_then(|sent| told.settle(sent, now));
            let claimed = told.claim(now, || format!("msg_{}", Ulid::generate()), &names);
            told.forget(now);
            if let Some((seconds, look_at)) = told.look_again(now) {
                let look = serde_json::to_string(&Look { look_at })?;
                self.queue.send(look, seconds).await?;
            }
            if told != before && !self.write(&told, version.as_ref()).await? {
                continue;
            }
            if let Some(notice) = given_up {
                let (id, channels) = (notice.notice.id, notice.left.join(", "));
                error!(id, channels, "a notice is given up");
            }
            match claimed {
                Some(claimed) => sent = Some(self.send(claimed).await),
                None => return Ok(()),
            }
        }
    }

    /// Sends a notice to the channels that do not have it, and says which ones still do not.
    async fn send(&self, mut batch: told::Outgoing) -> told::Outgoing {
        let mut left = Vec::new();
        for channel in self.channels.iter() {
            let name = channel.name();
            if !batch.left.iter().any(|left| left == name) {
                continue;
            }
            let sent = timeout(SENDING, channel.send(&batch.notice, &self.board)).await;
            match sent.unwrap_or_else(|_| Err(NotSent::because("it took too long"))) {
                Ok(()) => info!(id = batch.notice.id, channel = name, "a notice was sent"),
                Err(error) => {
                    warn!(id = batch.notice.id, channel = name, %error, "a notice could not be sent");
                    left.push(name.to_owned());
                }
            }
        }
        batch.left = left;
        batch
    }

    async fn read(&self, now: Millis) -> Result<(Told, Option<ETag>), Error> {
        let Some((json, version)) = self.bucket.told().await? else {
            return Ok((Told::nothing(now), None));
        };
        let told = serde_json::from_slice(&json).unwrap_or_else(|error| {
            error!(%error, "what was told of cannot be read, and is begun anew");
            Told::nothing(now)
        });
        Ok((told, Some(version)))
    }

    async fn write(&self, told: &Told, version: Option<&ETag>) -> Result<bool, Error> {
        let json = serde_json::to_vec(told)?;
        let put = self.bucket.put_told(version, json.into()).await?;
        Ok(matches!(put, Put::Done(_)))
    }
}
