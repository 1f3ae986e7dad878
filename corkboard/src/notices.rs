//! By what notices of new messages are sent, and the queue from the bucket to notify.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lambda_runtime::Error;
use local_aws::queue::Queue;
use local_aws::s3::BUCKET;
use media::CAME_UNDER;
use notify::{Channel, Notify, Settings, Webhook};
use settings::environment;

use crate::functions::Functions;
use crate::mail::Mail;
use crate::options::Options;

/// The channels by which notices are sent, and the settings of the function.
pub struct Channels {
    settings: Settings,
    channels: Vec<Box<dyn Channel>>,
}

/// The channels that the flags and the variables ask for; `None` where they ask for none.
pub fn channels(options: &Options) -> Result<Option<Channels>, String> {
    let mail = Mail::by(&options.notices)?;
    let is_given = |variable| settings::optional(&environment, variable).is_some();
    if mail.is_none() && !is_given("NOTICE_WEBHOOK_URL") {
        return Ok(None);
    }
    if options.lambda.is_some() {
        return Err("notices are sent by this process, not with --lambda: leave one out".into());
    }
    let settings = Settings::from_lookup(&|variable: &str| match variable {
        "MEDIA_BUCKET" => Some(BUCKET.to_owned()),
        _ => environment(variable),
    });
    let settings = settings.map_err(|error| error.to_string())?;
    let mut channels: Vec<Box<dyn Channel>> = Vec::new();
    if let Some(mail) = mail {
        channels.push(Box::new(mail));
    }
    if let Some(webhook) = settings.webhook.clone() {
        channels.push(Box::new(Webhook::new(webhook)));
    }
    Ok(Some(Channels { settings, channels }))
}

/// The queue, whose messages the function gets.
pub fn queue(
    Channels { settings, channels }: Channels,
    s3: impl FnOnce() -> aws_sdk_s3::Client + Send + 'static,
) -> Queue {
    let (queue, undelivered) = Queue::new(&CAME_UNDER);
    let own = Own(queue.clone());
    let notify = Notify::new(s3, &settings, own, channels, SystemTime::now);
    undelivered.deliver(move |event| Functions::notify(notify.clone(), event));
    queue
}

/// The function's own queue, in this process.
struct Own(Queue);

#[async_trait]
impl notify::Queue for Own {
    async fn send(&self, body: String, delay: u16) -> Result<(), Error> {
        self.0.send_later(body, Duration::from_secs(delay.into()));
        Ok(())
    }
}
