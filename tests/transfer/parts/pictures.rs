use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, RawQuery, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// The folder with the pictures that all tests use.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/pictures")
}

/// The names of those that the board takes.
pub fn names() -> Vec<String> {
    let expected = std::fs::read(folder().join("expected.json")).unwrap();
    let expected: HashMap<String, serde_json::Value> = serde_json::from_slice(&expected).unwrap();
    let taken = expected
        .into_iter()
        .filter(|(_, it)| it["refused"].is_null());
    let mut names: Vec<_> = taken.map(|(name, _)| name).collect();
    names.sort();
    names
}

pub fn read(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

/// A web server with pictures, and with what old boards' URLs lead to besides.
pub struct PictureServer {
    pub url: String,
    shared: Arc<Shared>,
    server: AbortHandle,
}

struct Shared {
    asked: Mutex<Vec<String>>,
    /// How many requests for `/gated/…` were answered or wait.
    waiting: watch::Sender<usize>,
    /// How many of them may be answered.
    open: watch::Sender<usize>,
}

impl PictureServer {
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1").await
    }

    pub async fn start_at(address: &str) -> Self {
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            waiting: watch::Sender::new(0),
            open: watch::Sender::new(0),
        });
        let app = Router::new()
            .route("/pictures/{name}", get(picture))
            .route("/gated/{name}", get(gated))
            .route("/redirects/{count}", get(redirects))
            .route("/to", get(to))
            .route("/page", get(async || Html("<script>alert(1)</script>")))
            .route("/endless", get(async || Body::from_stream(endless())))
            .route("/five-mebibytes", get(async || five_mebibytes()))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind((address, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            url,
            shared,
            server: server.abort_handle(),
        }
    }

    /// The pictures that were asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Answers so many requests for `/gated/…`, and waits until another one waits.
    pub async fn let_through(&self, count: usize) {
        self.shared.open.send_replace(count);
        let mut waiting = self.shared.waiting.subscribe();
        waiting.wait_for(|waiting| *waiting > count).await.unwrap();
    }

    /// Answers them all from now on.
    pub fn open(&self) {
        self.shared.open.send_replace(usize::MAX);
    }
}

impl Drop for PictureServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn picture(State(shared): State<Arc<Shared>>, UrlPath(name): UrlPath<String>) -> Response {
    shared.asked.lock().unwrap().push(name.clone());
    match std::fs::read(folder().join(name)) {
        Ok(bytes) => bytes.into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn gated(state: State<Arc<Shared>>, name: UrlPath<String>) -> Response {
    let mut number = 0;
    state.waiting.send_modify(|waiting| {
        *waiting += 1;
        number = *waiting;
    });
    let mut open = state.open.subscribe();
    open.wait_for(|open| *open >= number).await.unwrap();
    picture(state, name).await
}

/// Redirects so often, and then to a picture.
async fn redirects(UrlPath(count): UrlPath<u32>) -> Redirect {
    Redirect::temporary(&match count {
        1 => "/pictures/small.jpg".to_owned(),
        _ => format!("/redirects/{}", count - 1),
    })
}

/// Redirects to the URL that is its query.
async fn to(RawQuery(url): RawQuery) -> Redirect {
    Redirect::temporary(&url.unwrap())
}

fn endless() -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    let piece = Bytes::from(vec![0; 1024 * 1024]);
    stream::repeat(piece).map(Ok)
}

/// A picture with much behind its end.
fn five_mebibytes() -> Vec<u8> {
    let mut bytes = read("small.jpg");
    bytes.resize(5 * 1024 * 1024, 0);
    bytes
}
