//! The function's own queue, by which it looks again later.

use async_trait::async_trait;
use aws_sdk_sqs::error::DisplayErrorContext;
use lambda_runtime::Error;

/// A queue whose messages come to the function as events, each after its delay.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends a message that comes after `delay` seconds, 900 at most.
    async fn send(&self, body: String, delay: u16) -> Result<(), Error>;
}

/// A queue of SQS.
pub struct Sqs {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Sqs {
    /// The queue of this URL.
    pub fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self { client, url }
    }
}

#[async_trait]
impl Queue for Sqs {
    async fn send(&self, body: String, delay: u16) -> Result<(), Error> {
        let message = self.client.send_message().queue_url(&self.url);
        let message = message.message_body(body).delay_seconds(delay.into());
        let sent = message.send().await;
        sent.map(|_| ())
            .map_err(|error| DisplayErrorContext(error).to_string().into())
    }
}
