//! A way to S3 on which requests are counted.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// Requests so far, by kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Requests {
    pub list: usize,
    pub put: usize,
    /// GET and HEAD of an object.
    pub get: usize,
}

impl Requests {
    pub fn all(self) -> usize {
        self.list + self.put + self.get
    }
}

#[derive(Debug, Clone, Default)]
pub struct Counter {
    so_far: Arc<Mutex<Requests>>,
    /// How far away S3 is: what each request takes longer than on this machine.
    latency: Duration,
}

impl Counter {
    pub fn with_latency(latency: Duration) -> Self {
        Self {
            latency,
            ..Self::default()
        }
    }

    pub fn requests(&self) -> Requests {
        *self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same way to S3, counted.
    pub fn client(&self, s3: &Client) -> Client {
        let way = Way {
            way: lambda::aws::connector(),
            counter: self.clone(),
        };
        let config = s3.config().to_builder();
        let config = config.http_client(http_client_fn(move |_, _| {
            SharedHttpConnector::new(way.clone())
        }));
        Client::from_conf(config.build())
    }
}

#[derive(Clone)]
struct Way {
    way: SharedHttpConnector,
    counter: Counter,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counter.fmt(f)
    }
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let requests = &self.counter.so_far;
        let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
        match request.method() {
            "GET" if request.uri().contains("list-type=2") => requests.list += 1,
            "GET" | "HEAD" => requests.get += 1,
            "PUT" => requests.put += 1,
            other => panic!("not a request of this function: {other}"),
        }
        let way = self.way.clone();
        let latency = self.counter.latency;
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(latency).await;
            way.call(request).await
        })
    }
}
