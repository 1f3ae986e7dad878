//! An answer in time to every request, and its line in the access log: what became of the request.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use board::Deadline;
use lambda::metrics::{self, Metric, Refusal};
use tokio::time::{Instant, timeout_at};
use tracing::{error, info};

use crate::problem::{Cause, Code, Problem};

/// Every request is answered within 25 s; API Gateway waits 30 s, Lambda 28 s.
const ANSWER: Duration = Duration::from_millis(24_500);
/// The work on a request ends a little earlier, so that its own, better error is the answer.
const WORK: Duration = Duration::from_secs(23);

/// When a request was received.
#[derive(Debug, Clone, Copy)]
pub struct Received(Instant);

impl Received {
    /// Until when the work on the request must be over.
    pub fn deadline(self) -> Deadline {
        Deadline::at(self.0 + WORK)
    }
}

/// Answers every request in time, and logs and counts what became of the request. A request that is abandoned leaves
/// the state of a crash, from which everything heals.
pub async fn answer_in_time(mut request: Request, next: Next) -> Response {
    let received = Instant::now();
    request.extensions_mut().insert(Received(received));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = timeout_at(received + ANSWER, next.run(request))
        .await
        .unwrap_or_else(|_| {
            Problem::failure(Code::DatabaseUnavailable, &"no answer in time").into_response()
        });
    let extensions = response.extensions();
    if let Some(refusal) = extensions.get::<Refusal>() {
        metrics::count(Metric::Refusals(*refusal));
    }
    match extensions.get::<Cause>() {
        Some(Cause { text, is_normal }) if *is_normal => {
            info!(cause = text, "the database was not ready");
        }
        Some(Cause { text, .. }) => error!(cause = text, "the request failed"),
        None => {}
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
