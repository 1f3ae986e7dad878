//! How long the work on a request may take.

use std::time::Duration;

use futures_util::FutureExt as _;
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
    #[must_use]
    pub fn at_most(self, time: Duration) -> Self {
        Self(self.0.min(Instant::now() + time))
    }

    /// What the bucket answers, where the answer comes in time.
    ///
    /// # Errors
    /// Where the bucket fails, or does not answer in time.
    // Not an `async fn`, whose future would hold `work` twice: those of the bucket are large.
    pub fn bucket<T>(
        self,
        work: impl Future<Output = Result<T, BucketError>>,
    ) -> impl Future<Output = Result<T, BucketError>> {
        timeout_at(self.0, work)
            .map(|answer| answer.unwrap_or_else(|_| Err(BucketError::no_answer())))
    }
}
