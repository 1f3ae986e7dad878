//! What stands between the bucket and a function in production: S3's notifications, an SQS queue and Lambda's poller,
//! and beside them the `EventBridge` schedule.
//!
//! - [`worker`]: batches, their delivery, the retries;
//! - [`event`]: the JSON that AWS sends;
//! - [`answer`]: what a function's answer means.
//!
//! Delivery is at least once and in no promised order. The queue lives in memory: what is undelivered when
//! the process ends is made up for by [reconciling](Queue::reconcile) at the next start.

mod answer;
mod event;
#[cfg(test)]
mod tests;
mod worker;

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::s3::ObjectEvent;
use event::QueueMessage;
use worker::{Task, Worker};

/// The queue. Clones are the same queue; when the last one is dropped, delivery is cut off.
#[derive(Clone)]
pub struct Queue {
    /// The keys that S3 notifies of begin with one of these.
    prefixes: &'static [&'static str],
    tasks: UnboundedSender<Task>,
}

/// A queue's other end, before anybody takes from it.
pub struct Undelivered {
    tasks: UnboundedReceiver<Task>,
}

impl Undelivered {
    /// Starts delivering with `deliver`, which invokes the function with an event and gives its JSON answer, or
    /// why there is none. Two deliveries may be under way at once; each must end by itself, as an invocation
    /// does.
    pub fn deliver<D, F, E>(self, deliver: D)
    where
        D: Fn(Bytes) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Bytes, E>> + Send + 'static,
        E: Display,
    {
        let deliver = Arc::new(deliver);
        let worker = Worker::new(Arc::new(move |payload| {
            let deliver = Arc::clone(&deliver);
            let answer = async move { deliver(payload).await.map_err(|error| error.to_string()) };
            let answer = AssertUnwindSafe(answer).catch_unwind();
            Box::pin(async {
                answer
                    .await
                    .unwrap_or_else(|_| Err("the function panicked".to_owned()))
            })
        }));
        tokio::spawn(worker.run(self.tasks));
    }
}

impl Queue {
    /// A queue of what happens under these prefixes.
    pub fn new(prefixes: &'static [&'static str]) -> (Self, Undelivered) {
        let (sender, tasks) = unbounded_channel();
        let queue = Self {
            prefixes,
            tasks: sender,
        };
        (queue, Undelivered { tasks })
    }

    /// Queues the notification of `event`, if its key is one that is notified of. Never blocks.
    pub fn send(&self, event: &ObjectEvent) {
        if self.prefixes.iter().any(|it| event.key.starts_with(it)) {
            self.task(Task::Deliver(QueueMessage::of_s3(event)));
        }
    }

    /// Queues a message of the function's own, to be delivered after a delay. A shutdown does not wait for it.
    pub fn send_later(&self, body: String, delay: Duration) {
        self.task(Task::Later(QueueMessage::new(body), delay));
    }

    /// Delivers a scheduled event, upon which the function brings the whole bucket up to date.
    pub fn reconcile(&self) {
        self.task(Task::Reconcile);
    }

    /// Delivers what is queued so far, for five seconds at most, and stops.
    pub async fn shutdown(&self) {
        let (done, drained) = oneshot::channel();
        self.task(Task::Drain(done));
        // An error means that the worker had stopped before.
        let _ = drained.await;
    }

    fn task(&self, task: Task) {
        if self.tasks.send(task).is_err() {
            tracing::warn!(
                "an event came after the queue was shut down; the next start makes up for it"
            );
        }
    }
}
