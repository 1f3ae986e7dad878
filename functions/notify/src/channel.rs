//! What a notice is sent by.

use async_trait::async_trait;
use aws_sdk_sns::error::DisplayErrorContext;
use thiserror::Error;

use crate::notice::Notice;

/// Why a channel did not take a notice. The text names no address and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NotSent(pub String);

impl NotSent {
    /// A notice that was not sent, for this reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A way to the operator.
#[async_trait]
pub trait Channel: Send + Sync {
    /// The channel's name in `board/told.json`: another channel of this name takes its place.
    fn name(&self) -> &'static str;

    /// Sends a notice, which leads to the board at this address. It may arrive also where this fails.
    async fn send(&self, notice: &Notice, board: &str) -> Result<(), NotSent>;
}

/// An SNS topic, whose subscribers get a mail.
pub struct Topic {
    client: aws_sdk_sns::Client,
    arn: String,
}

impl Topic {
    /// The topic of this ARN.
    pub fn new(client: aws_sdk_sns::Client, arn: String) -> Self {
        Self { client, arn }
    }
}

#[async_trait]
impl Channel for Topic {
    fn name(&self) -> &'static str {
        "topic"
    }

    async fn send(&self, notice: &Notice, board: &str) -> Result<(), NotSent> {
        let text = notice.text();
        let publish = self.client.publish().topic_arn(&self.arn).subject(&text);
        let message = format!("{text}\n\n{}\n", notice.link(board));
        let sent = publish.message(message).send().await;
        sent.map(|_| ())
            .map_err(|error| NotSent(DisplayErrorContext(error).to_string()))
    }
}
