//! A sandbox of message-board on a board's services. Each of its two ways is counted, and can be cut.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use domain::MessageId;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use url::Url;

use crate::board::{BUCKET, Board, eventually};
use crate::steps::{answer, function_with};

pub const FILE: &str = "board/front-page.json";
pub const CHANGES: &str = "board/changes/";

/// More requests than are ever under way at once.
const MANY: u32 = 1_000;

pub struct Sandbox {
    function: Router,
    pub s3: Way,
    pub data_api: Way,
}

/// A way to a service.
#[derive(Debug, Clone)]
pub struct Way {
    inner: SharedHttpConnector,
    requests: Arc<Mutex<Vec<String>>>,
    is_cut: Arc<AtomicBool>,
    /// Each request holds a permit until it is answered.
    unanswered: Arc<Semaphore>,
}

impl Way {
    fn new() -> Self {
        Self {
            inner: lambda::aws::connector(),
            requests: Arc::default(),
            is_cut: Arc::default(),
            unanswered: Arc::new(Semaphore::new(MANY as usize)),
        }
    }

    fn client(&self) -> SharedHttpClient {
        let way = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| way.clone())
    }

    /// From now on nothing arrives.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }

    /// Waits until all that was sent has arrived and is done.
    pub async fn is_quiet(&self) {
        let _ = self.unanswered.acquire_many(MANY).await;
    }

    /// What arrived: method and key, or the operation.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub fn count(&self, beginning: &str) -> usize {
        let requests = self.requests();
        requests
            .iter()
            .filter(|it| it.starts_with(beginning))
            .count()
    }
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.is_cut.load(Ordering::SeqCst) {
            // Of a kind that the SDK does not try again, which would only take time.
            let error = ConnectorError::user("the way is cut".into());
            return HttpConnectorFuture::ready(Err(error));
        }
        let url: Url = request.uri().parse().unwrap();
        let path = url.path().trim_start_matches('/');
        let key = path.strip_prefix(BUCKET).unwrap_or(path).trim_matches('/');
        let prefix = url.query_pairs().find(|(name, _)| name == "prefix");
        let what = match prefix {
            Some((_, prefix)) => format!("LIST {prefix}"),
            None => format!("{} {key}", request.method()),
        };
        self.requests.lock().unwrap().push(what);
        let (inner, unanswered) = (self.inner.clone(), Arc::clone(&self.unanswered));
        // What was sent arrives, also where nobody waits for the answer any more.
        let answer = tokio::spawn(async move {
            let _under_way = unanswered.acquire().await;
            inner.call(request).await
        });
        HttpConnectorFuture::new(async { answer.await.unwrap() })
    }
}

impl Sandbox {
    pub fn on(board: &Board) -> Self {
        Self::with(&[], board)
    }

    /// One with further settings.
    pub fn with(settings: &[(&str, &str)], board: &Board) -> Self {
        let (s3, data_api) = (Way::new(), Way::new());
        Self {
            function: function_with(settings, board, s3.client(), data_api.client()),
            s3,
            data_api,
        }
    }

    pub async fn ask(&self, request: Request<Body>) -> (StatusCode, Value) {
        answer(self.function.clone(), request).await
    }

    /// The whole answer.
    pub async fn whole(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
        let response = self.function.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, body)
    }
}

pub fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// What sandboxes hold has become so much older.
pub async fn later(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

impl Board {
    /// The marks of changes.
    pub async fn marks(&self) -> Vec<String> {
        let mut keys = self.media().keys().await;
        keys.retain(|key| key.starts_with(CHANGES));
        keys
    }

    /// A mark of so long ago.
    pub async fn leave_mark(&self, age: Duration) -> String {
        let mark = MessageId::least_of(SystemTime::now(), age).to_string();
        // Of several in one millisecond each has a key of its own.
        let key = format!(
            "{CHANGES}{}{}",
            &mark[..10],
            &ulid::Ulid::generate().to_string()[10..]
        );
        self.media().put(&key, Vec::new()).await;
        key
    }

    /// All marks have become so old.
    pub async fn age_marks(&self, age: Duration) {
        for key in self.marks().await {
            self.media().delete(&key).await;
            self.leave_mark(age).await;
        }
    }

    /// Some time after a change died, a sandbox that is only read from shows what is on the board, and nothing
    /// is left of the change but that. A reader takes a few seconds and fifty marks at most, and leaves the rest
    /// to the next one.
    pub async fn is_healed_by_a_reader(&self) {
        self.age_marks(Duration::from_mins(3)).await;
        eventually("no mark is left", async || {
            Sandbox::on(self).ask(get("/api/messages")).await;
            self.marks().await.is_empty().then_some(())
        })
        .await;
        self.shows_what_it_has().await;
    }

    /// The file has the first page of the database.
    pub async fn shows_what_it_has(&self) {
        let sandbox = Sandbox::on(self);
        let (status, page) = sandbox.ask(get("/api/messages")).await;
        assert_eq!(status, StatusCode::OK);
        let other = Sandbox::on(self);
        other.s3.cut();
        let (_, database) = other.ask(get("/api/messages")).await;
        assert_eq!(page, database);
        // Nor is it only the answer that is right.
        let without = Sandbox::on(self);
        without.data_api.cut();
        assert_eq!(
            without.ask(get("/api/messages")).await,
            (StatusCode::OK, database)
        );
    }
}
