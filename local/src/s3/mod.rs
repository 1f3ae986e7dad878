//! The S3 endpoint: one media bucket kept as files.
//!
//! `s3s` speaks the protocol and checks the signatures, `s3s-fs` reads and writes the files, and what
//! lies between makes them a bucket that can be relied on:
//!
//! - [`store`]: an object changes in one step, also across a crash, and is known by an index;
//! - [`files`]: what an object is on disk;
//! - [`operations`] and [`multipart`]: each S3 operation in terms of the two;
//! - [`conditions`]: preconditions (`If-Match` and its kin);
//! - [`body`]: bodies that are not what was signed;
//! - [`listing`]: pages of keys.
//!
//! What is not emulated is refused with `NotImplemented`, never ignored.

mod body;
mod conditions;
mod files;
mod listing;
mod multipart;
mod operations;
mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request};
use hyper::body::Incoming;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, HttpResponse, S3Error, s3_error};
use tokio::net::TcpListener;
use url::form_urlencoded;

use crate::{connections, guard};

pub use files::md5_hex;
pub use listing::form_encode;
pub use store::BUCKET;

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
    let mut builder = S3ServiceBuilder::new(store::Store::open(root, Box::new(events))?);
    builder.set_auth(SimpleAuth::from_single(access_key, secret));
    Ok(Endpoint {
        s3: builder.build(),
        bound,
    })
}

impl Endpoint {
    async fn answer(self, request: Request<Incoming>) -> Result<HttpResponse, HttpError> {
        let admitted = match self.refusal(&request) {
            Some(error) => Err(error),
            None => body::checked(request.map(Body::from)).await,
        };
        match admitted {
            Ok(request) => self.s3.call(request).await,
            Err(error) => error
                .to_http_response()
                .map_err(|error| HttpError::new(Box::new(error))),
        }
    }

    fn refusal<B>(&self, request: &Request<B>) -> Option<S3Error> {
        let headers = request.headers();
        if let Some(reason) = guard::refusal(headers, self.bound) {
            return Some(s3_error!(AccessDenied, "{reason}"));
        }
        if is_signed_otherwise(headers, request.uri().query().unwrap_or_default()) {
            return Some(s3_error!(
                InvalidRequest,
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            ));
        }
        let (header, _) = headers
            .iter()
            .find(|(name, value)| !is_supported(name.as_str(), value.as_bytes()))?;
        Some(s3_error!(
            NotImplemented,
            "A header you provided implies functionality that is not implemented: {header}"
        ))
    }
}

/// Whether a request is signed by anything else than Signature Version 4, such as Version 2, which covers
/// neither the body nor the query.
fn is_signed_otherwise(headers: &HeaderMap, query: &str) -> bool {
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    authorizations.any(|value| !value.as_bytes().starts_with(b"AWS4-HMAC-SHA256"))
        || form_urlencoded::parse(query.as_bytes())
            .any(|(name, _)| matches!(&*name, "AWSAccessKeyId" | "Signature"))
}

/// S3's own headers say what the caller relies on (encryption, tags, locks, ACLs …); one that is
/// silently ignored would be a broken promise, unless it asks for what is done anyway.
fn is_supported(header: &str, value: &[u8]) -> bool {
    let Some(name) = header.strip_prefix("x-amz-") else {
        return true;
    };
    match name {
        "acl" => return value == b"private",
        "storage-class" => return value == b"STANDARD",
        _ => {}
    }
    ["meta-", "checksum-", "copy-source"]
        .iter()
        .any(|prefix| name.starts_with(prefix) && !name.contains("server-side-encryption"))
        || [
            "content-sha256",
            "date",
            "decoded-content-length",
            "metadata-directive",
            "sdk-checksum-algorithm",
            "security-token",
            "trailer",
            "user-agent",
        ]
        .contains(&name)
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
