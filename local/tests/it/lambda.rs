//! What `--lambda` leads to, in place of `cargo lambda watch`: it notes every invocation and does nothing.
//! A board in front of it keeps S3 and the Data API, and leaves the functions to the test.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::board::Board;

type Invocations = Arc<Mutex<Vec<(String, Value)>>>;

pub struct Lambda {
    pub url: String,
    invocations: Invocations,
    server: AbortHandle,
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
            .with_state(Arc::clone(&invocations));
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

    /// The events that a function was invoked with so far.
    pub fn events(&self, function: &str) -> Vec<Value> {
        let invocations = self.invocations.lock().unwrap();
        let of_function = invocations.iter().filter(|(name, _)| name == function);
        of_function.map(|(_, event)| event.clone()).collect()
    }
}

async fn invoked(
    State(invocations): State<Invocations>,
    Path(function): Path<String>,
    event: String,
) -> Json<Value> {
    let event = serde_json::from_str(&event).unwrap();
    let answer = match function.as_str() {
        "message-board" => json!({
            "statusCode": 418,
            "headers": {"content-type": "text/plain"},
            "multiValueHeaders": {},
            "body": "aGVsbG8=",
            "isBase64Encoded": true,
            "cookies": [],
        }),
        _ => Value::Null,
    };
    invocations.lock().unwrap().push((function, event));
    Json(answer)
}
