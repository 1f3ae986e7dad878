use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use shared::bucket::BucketError;
use shared::metrics::{self, Metric, Refusal};
use tokio::time::{Instant, timeout_at};
use tracing::{error, info};

use crate::problem::Problem;

/// Every request is answered within 25 s; API Gateway waits 30 s, Lambda 28 s.
const ANSWER: Duration = Duration::from_millis(24_500);
/// The store gives up a little earlier, so that its own, better error is the answer.
const STORE: Duration = Duration::from_secs(23);

/// When the request was received, and so when its work must be over.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    received: Instant,
}

impl Deadline {
    /// Until when the store may work on the request.
    pub fn for_the_store(self) -> Instant {
        self.received + STORE
    }

    /// The media bucket's answer, if it comes in time.
    pub async fn bucket<T>(
        self,
        work: impl Future<Output = Result<T, BucketError>>,
    ) -> Result<T, BucketError> {
        let answer = timeout_at(self.for_the_store(), work).await;
        answer.unwrap_or_else(|_| Err(BucketError::no_answer()))
    }

    /// The same request, with less time.
    pub fn at_most(self, time: Duration) -> Instant {
        self.for_the_store().min(Instant::now() + time)
    }
}

/// Hands every request its [`Deadline`], answers when it is over, and logs and counts what became of the request.
/// What is abandoned is in the state of a crash, from which everything heals.
pub async fn answer_in_time(mut request: Request, next: Next) -> Response {
    let received = Instant::now();
    request.extensions_mut().insert(Deadline { received });
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = timeout_at(received + ANSWER, next.run(request))
        .await
        .unwrap_or_else(|_| {
            error!("no answer in time");
            Problem::DatabaseUnavailable.into_response()
        });
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        metrics::count(Metric::Refusals(*refusal));
    }
    info!(
        %method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        milliseconds = u64::try_from(received.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}
