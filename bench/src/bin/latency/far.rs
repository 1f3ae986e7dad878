//! Ways to the services that let every answer wait, and remember each request.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::time::{Instant, sleep};

/// How long the answers of each service wait.
#[derive(Clone, Copy, Default)]
pub struct Far {
    pub database: Duration,
    pub s3: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Database,
    S3,
}

/// A request to a service; it has no end as long as its answer is not there.
pub struct Call {
    pub service: Service,
    begun: Instant,
    ended: Option<Instant>,
}

impl Call {
    /// How long its answer took.
    pub fn took(&self) -> Option<Duration> {
        Some(self.ended? - self.begun)
    }
}

/// The requests of an execution environment, in the order in which they began.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<Call>>>);

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the requests since this was last called.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.lock())
    }
}

/// How many requests something took.
#[derive(Clone, Copy)]
pub struct Counts {
    pub database: usize,
    pub s3: usize,
    /// The longest sequence of requests of which each began when the answer of the one before was there.
    pub sequence: usize,
}

impl Counts {
    pub fn of(calls: &[Call]) -> Self {
        let count = |service| calls.iter().filter(|call| call.service == service).count();
        let mut spans: Vec<_> = calls
            .iter()
            .filter_map(|call| Some((call.ended?, call.begun)))
            .collect();
        // The longest sequence is found by taking, of the requests that may follow, the one that ends first.
        spans.sort_unstable();
        let (mut sequence, mut last) = (0, None);
        for (ended, begun) in spans {
            if last.is_none_or(|last| begun >= last) {
                sequence += 1;
                last = Some(ended);
            }
        }
        Self {
            database: count(Service::Database),
            s3: count(Service::S3),
            sequence,
        }
    }
}

/// A way to a service that lets each answer wait.
#[derive(Clone)]
pub struct Way {
    pub inner: SharedHttpConnector,
    pub service: Service,
    pub wait: Duration,
    pub calls: Calls,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service.fmt(f)
    }
}

impl Way {
    pub fn client(self) -> SharedHttpClient {
        let way = SharedHttpConnector::new(self);
        http_client_fn(move |_, _| way.clone())
    }
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let way = self.clone();
        HttpConnectorFuture::new(async move {
            let place = {
                let mut calls = way.calls.lock();
                calls.push(Call {
                    service: way.service,
                    begun: Instant::now(),
                    ended: None,
                });
                calls.len() - 1
            };
            let answer = way.inner.call(request).await;
            sleep(way.wait).await;
            if let Some(call) = way.calls.lock().get_mut(place) {
                call.ended = Some(Instant::now());
            }
            answer
        })
    }
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
