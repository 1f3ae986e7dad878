//! How long the work on a request may take.

use std::time::Duration;

use media::BucketError;
use tokio::time::{Instant, timeout_at};

/// Until when the work on a request must be over.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// The work must be over at `end`.
    pub fn at(end: Instant) -> Self {
        Self(end)
    }

    /// The moment itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// The same deadline, or an earlier one that leaves `time` from now on.
    pub fn at_most(self, time: Duration) -> Instant {
        self.0.min(Instant::now() + time)
    }

    /// What the bucket answers, where the answer comes in time.
    pub(crate) async fn bucket<T>(
        self,
        work: impl Future<Output = Result<T, BucketError>>,
    ) -> Result<T, BucketError> {
        let answer = timeout_at(self.0, work).await;
        answer.unwrap_or_else(|_| Err(BucketError::no_answer()))
    }
}
