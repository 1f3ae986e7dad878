//! The S3 endpoint: one media bucket on a drive.
//!
//! `s3s` speaks the protocol and checks the signatures. What is behind it is in reading order:
//!
//! - [`object`]: what an object is, and which keys there may be;
//! - [`index`]: the transactional index, one change after the other, with [`rows`]: an object in it, and [`failure`];
//! - [`bodies`]: the files of the larger objects;
//! - [`store`]: how an object is written, read and removed in terms of the two;
//! - [`operations`], [`multipart`] and [`listing`]: the S3 operations;
//! - [`earlier`]: takes over what an earlier version kept as files; [`rebuild`]: an index that is damaged;
//! - [`check`]: whether the objects are what the index says;
//! - [`conditions`]: preconditions (`If-Match` and its kin);
//! - [`admission`]: what of a request is refused before that;
//! - [`body`] and [`digest`]: bodies that are not what was signed.
//!
//! What is not emulated is refused with `NotImplemented`, never ignored.

mod admission;
mod bodies;
mod body;
mod check;
mod conditions;
mod digest;
mod earlier;
mod failure;
mod index;
mod listing;
mod multipart;
mod object;
mod operations;
mod rebuild;
mod rows;
mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, HttpResponse, S3Result, s3_error};

use crate::connections::limits::counted;
use crate::connections::memory::{Memory, Taken};
use crate::connections::{self, Listener, Peer};
use crate::drive::Drive;
use crate::guard;

pub use check::check;
pub use digest::{hex, md5_hex};
pub use listing::form_encode;
pub use object::BUCKET;
use store::ObjectStore;

/// What happened to an object; given to the callback of [`Store::open`] once it is on the drive.
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

/// The media bucket on a drive.
pub struct Store(ObjectStore);

impl Store {
    /// The media bucket under `root`, which is made where it does not exist. Takes over what an earlier version left
    /// there, and clears away what a process did that was killed.
    ///
    /// `events` is called in the order of the changes, on a thread of its own, and must not block. It is called for a
    /// removal also where there was no such key, as S3 notifies. `progress` is told how many objects of an earlier
    /// version are taken over, and of how many.
    ///
    /// # Errors
    ///
    /// Where `root` cannot be read and written.
    pub fn open(
        root: &Path,
        events: impl Fn(ObjectEvent) + Send + 'static,
        progress: &mut dyn FnMut(usize, usize),
    ) -> io::Result<Self> {
        ObjectStore::open(root, events, progress).map(Self)
    }

    /// The media bucket under `root` that another process has open: nothing can be changed.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub fn open_to_read(root: &Path) -> io::Result<Self> {
        ObjectStore::open_to_read(root).map(Self)
    }
}

/// The S3 endpoint, ready to be [served](serve).
#[derive(Clone)]
pub struct Endpoint {
    s3: S3Service,
    bound: SocketAddr,
    memory: Memory,
    drive: Arc<Drive>,
}

/// Whether a media bucket was under `root` before.
pub fn is_there(root: &Path) -> bool {
    index_of(root).exists()
}

/// Whether the media bucket under `root` has all that is there: nothing waits to be taken over.
pub fn is_taken_over(root: &Path) -> bool {
    is_there(root) && !root.join(BUCKET).exists()
}

/// The index of the media bucket under `root`.
pub fn index_of(root: &Path) -> PathBuf {
    root.join("index.sqlite")
}

/// What says that the index is damaged, and is to be rebuilt at the next start.
pub fn damage_note_of(root: &Path) -> PathBuf {
    failure::damage_note(&index_of(root))
}

/// The folder of the larger bodies.
pub fn bodies_of(root: &Path) -> PathBuf {
    root.join("bodies")
}

/// The endpoint of `store` for the one caller who signs with `credentials` (access key and secret). `bound` is the
/// address of the listener; what is read at once of requests from the network takes of `memory`.
pub fn service(
    Store(store): Store,
    (access_key, secret): (&str, &str),
    bound: SocketAddr,
    memory: Memory,
) -> Endpoint {
    let drive = Arc::clone(&store.bodies.drive);
    let mut builder = S3ServiceBuilder::new(store);
    builder.set_auth(SimpleAuth::from_single(access_key, secret));
    Endpoint {
        s3: builder.build(),
        bound,
        memory,
        drive,
    }
}

impl Endpoint {
    /// The drive that the objects are on.
    pub fn drive(&self) -> Arc<Drive> {
        Arc::clone(&self.drive)
    }

    async fn answer(
        self,
        request: Request<Incoming>,
        peer: Peer,
    ) -> Result<HttpResponse, HttpError> {
        match self.admitted(request, peer).await {
            Ok((request, _taken)) => self.s3.call(request).await,
            Err(error) => error
                .to_http_response()
                .map_err(|error| HttpError::new(Box::new(error))),
        }
    }

    /// The request, and the memory that its body has taken where all of it is read at once.
    async fn admitted(
        &self,
        request: Request<Incoming>,
        peer: Peer,
    ) -> S3Result<(Request<Body>, Option<Taken>)> {
        let (mut parts, body) = request.into_parts();
        if let Some(reason) = guard::refusal(&parts.headers, self.bound) {
            return Err(s3_error!(AccessDenied, "{reason}"));
        }
        admission::admit(&mut parts)?;
        let memory = match peer {
            Peer::Network(peer) => Some((&self.memory, counted(peer.ip()))),
            Peer::OwnCall => None,
        };
        body::checked(Request::from_parts(parts, body), memory).await
    }
}

/// Serves `endpoint` until `shutdown` completes, then lets the requests under way finish.
pub async fn serve(listener: Listener, endpoint: Endpoint, shutdown: impl Future<Output = ()>) {
    // HTTP/1 only: the guard reads `Host`, which HTTP/2 does not have.
    let answer = move |request, peer| endpoint.clone().answer(request, peer);
    connections::serve(listener, answer, shutdown).await;
}
