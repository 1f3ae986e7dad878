//! A Data API endpoint that answers by a script, in the shapes of AWS, to the real SDK.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};
use store::Database;
use tokio::net::TcpListener;

use crate::corkboard::data_api;

/// What the endpoint does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The statement succeeds.
    Done,
    /// An error: status, `x-amzn-errortype` and message.
    Refusal(u16, &'static str, String),
    /// Half of a success, and then the end of the connection.
    Cut,
    /// Nothing, ever.
    Silence,
}

/// Runs as long as the test. What it is asked besides the scripted statements succeeds, on a schema that is
/// up to date and without messages.
pub struct Endpoint {
    url: String,
    script: Arc<Mutex<Script>>,
}

struct Script {
    /// How the scripted statements begin.
    statement: &'static str,
    /// The last one repeats itself.
    replies: VecDeque<Reply>,
    asked: usize,
}

impl Endpoint {
    /// Answers statements that begin with `statement` by `replies`, the last of them for ever.
    pub async fn start(statement: &'static str, replies: &[Reply]) -> Self {
        let script = Arc::new(Mutex::new(Script {
            statement,
            replies: replies.iter().cloned().collect(),
            asked: 0,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback({
            let script = Arc::clone(&script);
            async move |body: Bytes| answer(&script, &body).await
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, script }
    }

    pub async fn database(&self) -> Database {
        data_api(&self.url).await
    }

    /// How often a scripted statement came.
    pub fn asked(&self) -> usize {
        self.script().asked
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(script: &Mutex<Script>, body: &Bytes) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap();
    let statement = request["sql"].as_str().unwrap();
    let reply = {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        if statement.starts_with(script.statement) {
            script.asked += 1;
            if script.replies.len() > 1 {
                script.replies.pop_front().unwrap()
            } else {
                script.replies[0].clone()
            }
        } else {
            Reply::Done
        }
    };
    let success = if statement.starts_with("SELECT version") {
        json!({"numberOfRecordsUpdated": 0, "records": [[{"longValue": 1}, {"longValue": 1}]]})
    } else if statement.starts_with("SELECT") {
        json!({"numberOfRecordsUpdated": 0, "records": []})
    } else {
        json!({"numberOfRecordsUpdated": 1, "generatedFields": []})
    };
    let success = success.to_string();
    let response = Response::builder().header("content-type", "application/json");
    match reply {
        Reply::Done => response.body(success.into()),
        Reply::Refusal(status, code, message) => response
            .status(status)
            .header("x-amzn-errortype", code)
            .body(json!({ "message": message }).to_string().into()),
        Reply::Cut => {
            let half = Bytes::from(success[..success.len() / 2].to_owned());
            let body = stream::iter([Ok(half), Err(std::io::Error::other("cut"))]);
            response
                .header("content-length", success.len())
                .body(Body::from_stream(body))
        }
        Reply::Silence => std::future::pending().await,
    }
    .unwrap()
}

/// Runs `work` to its end while time passes more than ten times as fast. Sockets work at their own pace all
/// the same: the clock never leaps over what is under backend.
pub async fn in_fast_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::pause();
    let clock = async {
        loop {
            let began = std::time::Instant::now();
            // While a blocking task runs, the paused clock does not advance by itself.
            let real = || std::thread::sleep(Duration::from_millis(3));
            tokio::task::spawn_blocking(real).await.unwrap();
            // On a machine too busy for that, time stands still: others wait for their turn as well.
            if began.elapsed() < Duration::from_millis(10) {
                tokio::time::advance(Duration::from_millis(50)).await;
            }
        }
    };
    let done = tokio::select! {
        done = work => done,
        () = clock => unreachable!("it never ends"),
    };
    tokio::time::resume();
    done
}
