//! What `--lambda` leads to, in place of `cargo lambda watch`: it notes every invocation and, unless told
//! otherwise, does nothing. A board in front of it keeps S3 and the Data API, and leaves the functions to the
//! test.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use sync_s3_bucket::{Settings, SyncS3Bucket};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::board::{BUCKET, Board};

/// What becomes of an event for sync-s3-bucket.
#[derive(Clone, Default)]
enum Sync {
    #[default]
    Nothing,
    Fails,
    Runs(SyncS3Bucket),
}

#[derive(Clone, Default)]
struct Invocations {
    /// Function and event.
    seen: Arc<Mutex<Vec<(String, Value)>>>,
    answered: Arc<AtomicUsize>,
    sync: Arc<Mutex<Sync>>,
}

pub struct Lambda {
    pub url: String,
    invocations: Invocations,
    server: AbortHandle,
}

/// sync-s3-bucket with this way to S3.
pub fn sync_s3_bucket(s3: aws_sdk_s3::Client) -> SyncS3Bucket {
    let lookup = |variable: &str| match variable {
        "MEDIA_BUCKET" => Some(BUCKET.to_owned()),
        "PUBLIC_BASE_URL" => Some("https://board.example".to_owned()),
        _ => None,
    };
    SyncS3Bucket::new(|| s3, Settings::from_lookup(&lookup).unwrap())
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Lambda {
    pub async fn start() -> Self {
        let invocations = Invocations::default();
        let app = Router::new()
            .route(
                "/2015-03-31/functions/{function}/invocations",
                post(invoked),
            )
            .with_state(invocations.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(axum::serve(listener, app).into_future()).abort_handle();
        Self {
            url,
            invocations,
            server,
        }
    }

    /// A board whose functions are here.
    pub fn board(&self) -> Board {
        Board::start_with(|command| {
            command.args(["--lambda", &self.url]);
        })
    }

    /// From now on sync-s3-bucket fails.
    pub fn fail(&self) {
        *self.invocations.sync.lock().unwrap() = Sync::Fails;
    }

    /// From now on sync-s3-bucket is this.
    pub fn run(&self, sync: SyncS3Bucket) {
        *self.invocations.sync.lock().unwrap() = Sync::Runs(sync);
    }

    /// Whether every invocation has been answered.
    pub fn is_idle(&self) -> bool {
        let answered = self.invocations.answered.load(Ordering::SeqCst);
        answered == self.invocations.seen.lock().unwrap().len()
    }

    /// The events that a function was invoked with so far.
    pub fn events(&self, function: &str) -> Vec<Value> {
        let invocations = self.invocations.seen.lock().unwrap();
        let of_function = invocations.iter().filter(|(name, _)| name == function);
        of_function.map(|(_, event)| event.clone()).collect()
    }
}

async fn invoked(
    State(invocations): State<Invocations>,
    Path(function): Path<String>,
    event: String,
) -> Result<Json<Value>, StatusCode> {
    let event: Value = serde_json::from_str(&event).unwrap();
    let seen = (function.clone(), event.clone());
    invocations.seen.lock().unwrap().push(seen);
    let answer = match function.as_str() {
        "message-board" => Some(json!({
            "statusCode": 418,
            "headers": {"content-type": "text/plain"},
            "multiValueHeaders": {},
            "body": "aGVsbG8=",
            "isBase64Encoded": true,
            "cookies": [],
        })),
        _ => invocations.sync(event).await,
    };
    invocations.answered.fetch_add(1, Ordering::SeqCst);
    answer.map(Json).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Invocations {
    async fn sync(&self, event: Value) -> Option<Value> {
        let sync = self.sync.lock().unwrap().clone();
        match sync {
            Sync::Nothing => Some(Value::Null),
            Sync::Fails => None,
            Sync::Runs(sync) => sync.handle(event).await.ok(),
        }
    }
}
