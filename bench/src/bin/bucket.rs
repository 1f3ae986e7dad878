//! `bucket`: as much of S3 as a board uses, in memory, and so cheap that it is not what is measured.
//!
//! Beside moto, which does every request right and takes milliseconds for it, the board that asks S3 least would
//! be the fastest, whatever else it does.
//!
//! It prints its address. Signatures and digests are not checked, and an entity tag is another one at each write.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use tokio::net::TcpListener;

struct Object {
    etag: HeaderValue,
    content_type: HeaderValue,
    cache_control: Option<HeaderValue>,
    bytes: Bytes,
}

/// The objects of all buckets, by path.
#[derive(Default)]
struct Objects {
    writes: u64,
    by_path: BTreeMap<String, Object>,
}

type Shared = Arc<Mutex<Objects>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::disable())
        .with_state(Shared::default());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app).await?;
    Ok(())
}

async fn answer(
    State(objects): State<Shared>,
    method: Method,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().trim_start_matches('/');
    let mut objects: MutexGuard<'_, _> = objects.lock().unwrap_or_else(PoisonError::into_inner);
    match (method, path.trim_end_matches('/').split_once('/')) {
        (Method::PUT, None) => StatusCode::OK.into_response(),
        (Method::GET, None) => list(
            &objects,
            path,
            query.get("prefix").map_or("", |prefix| prefix),
        ),
        (Method::PUT, Some(_)) => objects.put(path, &headers, body),
        (Method::GET, Some(_)) => objects.get(path),
        (Method::DELETE, Some(_)) => {
            objects.by_path.remove(path);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}

impl Objects {
    fn put(&mut self, path: &str, headers: &HeaderMap, bytes: Bytes) -> Response {
        let there = self.by_path.get(path).map(|object| &object.etag);
        let is_as_wished = match (headers.get(IF_MATCH), headers.get(IF_NONE_MATCH)) {
            (Some(version), _) => there == Some(version),
            (None, Some(_)) => there.is_none(),
            (None, None) => true,
        };
        if !is_as_wished {
            return error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
        }
        self.writes += 1;
        let Ok(etag) = HeaderValue::try_from(format!("\"{:032x}\"", self.writes)) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let content_type = headers.get(CONTENT_TYPE).cloned();
        let object = Object {
            etag: etag.clone(),
            content_type: content_type.unwrap_or(HeaderValue::from_static("binary/octet-stream")),
            cache_control: headers.get(CACHE_CONTROL).cloned(),
            bytes,
        };
        self.by_path.insert(path.to_owned(), object);
        [(ETAG, etag)].into_response()
    }

    fn get(&self, path: &str) -> Response {
        let Some(object) = self.by_path.get(path) else {
            return error(StatusCode::NOT_FOUND, "NoSuchKey");
        };
        let mut response = Response::new(Body::from(object.bytes.clone()));
        let headers = response.headers_mut();
        headers.insert(ETAG, object.etag.clone());
        headers.insert(CONTENT_TYPE, object.content_type.clone());
        if let Some(value) = &object.cache_control {
            headers.insert(CACHE_CONTROL, value.clone());
        }
        response
    }
}

/// Lists all objects at once, without pages: a board under test has few.
fn list(objects: &Objects, bucket: &str, prefix: &str) -> Response {
    let bucket = bucket.trim_end_matches('/');
    let prefix = format!("{bucket}/{prefix}");
    let mut xml = String::from("<ListBucketResult><IsTruncated>false</IsTruncated>");
    let listed = objects.by_path.range(prefix.clone()..);
    for (path, _) in listed.take_while(|(path, _)| path.starts_with(&prefix)) {
        let key = &path[bucket.len() + 1..];
        let _ = write!(xml, "<Contents><Key>{key}</Key></Contents>");
    }
    xml.push_str("</ListBucketResult>");
    ([(CONTENT_TYPE, "application/xml")], xml).into_response()
}

fn error(status: StatusCode, code: &str) -> Response {
    let xml = format!("<Error><Code>{code}</Code></Error>");
    (status, [(CONTENT_TYPE, "application/xml")], xml).into_response()
}
