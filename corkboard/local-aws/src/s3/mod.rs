//! The S3 endpoint: one media bucket kept as files.
//!
//! `s3s` speaks the protocol and checks the signatures, `s3s-fs` reads and writes the files, and what
//! lies between makes them a bucket that can be relied on:
//!
//! - [`store`]: an object changes in one step, also across a crash, and is known by an index;
//! - [`object`]: what an object is, and which keys there may be; [`files`]: what it is on disk;
//! - [`operations`] and [`multipart`]: each S3 operation in terms of the two;
//! - [`conditions`]: preconditions (`If-Match` and its kin);
//! - [`admission`]: what of a request is refused before that;
//! - [`body`]: bodies that are not what was signed;
//! - [`listing`]: pages of keys.
//!
//! What is not emulated is refused with `NotImplemented`, never ignored.

mod admission;
mod body;
mod conditions;
mod files;
mod listing;
mod multipart;
mod object;
mod operations;
mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use http::Request;
use hyper::body::Incoming;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, HttpResponse, S3Result, s3_error};
use tokio::net::TcpListener;

use crate::{connections, guard};

pub use files::md5_hex;
pub use listing::form_encode;
pub use object::BUCKET;

/// What happened to an object; given to the callback of [`service`] once it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEvent {
    /// S3's event name without the `s3:` prefix, such as `ObjectCreated:Put`.
    pub name: &'static str,
    /// The bucket's name.
    pub bucket: String,
    /// The key as it is, not encoded.
    pub key: String,
    /// Bytes; `None` for a removal.
    pub size: Option<u64>,
    /// The `ETag` without its quotes; `None` for a removal.
    pub etag: Option<String>,
}

/// The S3 endpoint, ready to be [served](serve).
#[derive(Clone)]
pub struct Endpoint {
    s3: S3Service,
    bound: SocketAddr,
}

/// Opens the media bucket under `root`, which is created where it does not exist, for the one caller
/// who signs with `credentials` (access key and secret). `bound` is the address of the listener.
///
/// `events` is called in the order of the changes to a key, and must not block. It is called for a
/// removal also where there was no such key, as S3 notifies.
///
/// # Errors
///
/// Where `root` cannot be read and written.
pub fn service(
    root: &Path,
    (access_key, secret): (&str, &str),
    bound: SocketAddr,
    events: impl Fn(ObjectEvent) + Send + Sync + 'static,
) -> io::Result<Endpoint> {
    let mut builder = S3ServiceBuilder::new(store::ObjectStore::open(root, Box::new(events))?);
    builder.set_auth(SimpleAuth::from_single(access_key, secret));
    Ok(Endpoint {
        s3: builder.build(),
        bound,
    })
}

impl Endpoint {
    async fn answer(self, request: Request<Incoming>) -> Result<HttpResponse, HttpError> {
        match self.admitted(request.map(Body::from)).await {
            Ok(request) => self.s3.call(request).await,
            Err(error) => error
                .to_http_response()
                .map_err(|error| HttpError::new(Box::new(error))),
        }
    }

    async fn admitted(&self, request: Request<Body>) -> S3Result<Request<Body>> {
        let (mut parts, body) = request.into_parts();
        if let Some(reason) = guard::refusal(&parts.headers, self.bound) {
            return Err(s3_error!(AccessDenied, "{reason}"));
        }
        admission::admit(&mut parts)?;
        body::checked(Request::from_parts(parts, body)).await
    }
}

/// Serves `endpoint` until `shutdown` completes, then lets the requests under way finish.
pub async fn serve(listener: TcpListener, endpoint: Endpoint, shutdown: impl Future<Output = ()>) {
    // HTTP/1 only: the guard reads `Host`, which HTTP/2 does not have.
    connections::serve(
        listener,
        move |request, _| endpoint.clone().answer(request),
        shutdown,
    )
    .await;
}
