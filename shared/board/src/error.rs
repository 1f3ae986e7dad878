//! Why a change of the board was not made, or is not known to have been made.

use std::time::Duration;

use media::BucketError;
use store::StoreError;
use thiserror::Error;

/// Why the board did not do what was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// A moderator refused the sender.
    #[error("a moderator refused the sender")]
    Refused,
    /// The sender reached the rate limit, and may post again after this time.
    #[error("the sender may post again in {0:?}")]
    OverLimit(Duration),
    /// Something else was posted with the idempotency key.
    #[error("something else was posted with the idempotency key")]
    KeyReused,
    /// What was posted with the idempotency key was deleted.
    #[error("what was posted with the idempotency key was deleted")]
    Deleted,
    /// The board takes no new messages now.
    #[error("posting is closed")]
    Closed,
    /// Somebody else decided otherwise.
    #[error("somebody else decided otherwise")]
    Conflict,
    /// The board has no such message.
    #[error("the board has no such message")]
    NotFound,
    /// The ledger failed. The change may have been made all the same.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket failed. The change may have been made all the same.
    #[error(transparent)]
    Media(#[from] BucketError),
}

impl Error {
    /// Whether this error says that nothing was changed.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused
            | Self::OverLimit(_)
            | Self::KeyReused
            | Self::Deleted
            | Self::Closed
            | Self::Conflict
            | Self::NotFound => true,
            Self::Store(_) | Self::Media(_) => false,
        }
    }
}
