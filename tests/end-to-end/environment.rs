//! An execution environment of message-board on a board's services. Each of its two ways is counted, and can be cut.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_s3::types::Object;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use domain::Name;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use media::Bucket;
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use url::Url;

use crate::board::{BUCKET, Board};
use crate::steps::{answer, delete, function_with, text};

pub const MESSAGES: &str = "board/messages/";
pub const NEWEST: &str = "board/newest.json";

/// More requests than are ever under way at once.
const MANY: u32 = 1_000;

pub struct Environment {
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

impl Environment {
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

/// What execution environments remember has become so much older.
pub async fn later(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

impl Board {
    /// All that the ledger remembers has become so old.
    pub async fn ages(&self, time: Duration) {
        let time = time.as_millis();
        self.run(&format!(
            "UPDATE message SET since = since - {time} WHERE since > 0"
        ))
        .await;
        self.run(&format!(
            "UPDATE message SET cleared_at = cleared_at - {time}"
        ))
        .await;
    }

    /// Later posts, each by an execution environment that has not cleared up yet, which a moderator takes away: until one
    /// finds nothing to clear up. On a busy machine one post may not get to it within the time that it has for that.
    pub async fn is_cleared_up(&self) {
        let mut own = Vec::new();
        loop {
            let before = self.ledger_and_bucket(&own).await;
            let environment = Environment::on(self);
            let (status, message) = environment.ask(text("later")).await;
            assert_eq!(status, StatusCode::CREATED, "{message}");
            let (status, _) = environment.ask(delete(&message)).await;
            assert_eq!(status, StatusCode::NO_CONTENT);
            environment.s3.is_quiet().await;
            environment.data_api.is_quiet().await;
            let id = message["id"].as_str().unwrap();
            own.extend([
                id.to_owned(),
                Bucket::message_key(id.parse::<Name>().unwrap()),
            ]);
            if self.ledger_and_bucket(&own).await == before {
                return;
            }
        }
    }

    /// Every row of the ledger and every object of a message, but for those with these ids or keys.
    async fn ledger_and_bucket(&self, but: &[String]) -> Vec<String> {
        let rows = self.sql("SELECT * FROM message WHERE id <> :id", "").await;
        let rows = rows.iter().map(|row| format!("{row:?}"));
        let objects = self.s3().list_objects_v2().bucket(BUCKET).send();
        let objects = objects.await.unwrap().contents.unwrap_or_default();
        let is_message_s = |object: &Object| {
            let key = object.key().unwrap();
            ["images/", "held/", MESSAGES]
                .iter()
                .any(|prefix| key.starts_with(prefix))
        };
        let objects = objects.iter().filter(|object| is_message_s(object));
        let objects = objects.map(|object| format!("{:?} {:?}", object.key(), object.e_tag()));
        let is_other = |it: &String| !but.iter().any(|own| it.contains(own.as_str()));
        rows.chain(objects).filter(is_other).collect()
    }

    /// A day later, when all that died was cleared up: each row is of a message that is on the board, whole, and nothing
    /// else is in the bucket.
    pub async fn is_at_rest(&self) {
        // What dies leaves a tombstone first, whose row goes a day later.
        for _ in 0..2 {
            self.ages(Duration::from_hours(25)).await;
            self.is_cleared_up().await;
        }
        // The last ones' own.
        let rows = self
            .sql(
                "SELECT id, status FROM message WHERE status <> 'deleted' AND id <> :id ORDER BY id DESC",
                "",
            )
            .await;
        let rows: Vec<_> = rows
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|it| it.as_string_value().unwrap().clone())
            })
            .map(|mut row| (row.next().unwrap(), row.next().unwrap()))
            .collect();
        assert!(
            rows.iter().all(|(_, status)| status == "posted"),
            "{rows:?}"
        );
        let listed = self.messages().await;
        let ids = listed.iter().map(|message| message["id"].as_str().unwrap());
        assert!(ids.eq(rows.iter().map(|(id, _)| id)), "{listed:?} {rows:?}");
        let shown = listed.iter().filter_map(|it| it["picture"]["url"].as_str());
        let mut shown: Vec<_> = shown.map(|url| url[1..].to_owned()).collect();
        shown.sort_unstable();
        let mut keys = self.media().keys().await;
        let messages = keys.extract_if(.., |key| key.starts_with(MESSAGES)).count();
        assert_eq!(messages, listed.len());
        keys.retain(|key| key.starts_with("images/"));
        assert_eq!(keys, shown);
    }
}
