//! Objects: how one is written, read and removed.

use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use std::{fs, thread};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::HeaderMap;
use md5::{Digest as _, Md5};
use rusqlite::Connection;
use s3s::checksum::ChecksumHasher;
use s3s::dto::{Checksum, ChecksumAlgorithm, StreamingBlob};
use s3s::{S3Error, S3ErrorCode, S3Result, TrailingHeaders, s3_error};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use super::bodies::{self, Bodies, CHUNK, Epilogue, NewFile, SMALL};
use super::body;
use super::conditions::WriteCondition;
use super::failure::fault;
use super::index::{self, Effects, Index};
use super::object::{BUCKET, Checksums};
use super::rows::{NewBody, Stored, delete, find, insert, refers_to, small_body};
use super::{ObjectEvent, bodies_of, earlier, index_of, rebuild};
use crate::drive::Drive;

pub struct ObjectStore {
    /// When the bucket was first there.
    pub created: SystemTime,
    pub bodies: Arc<Bodies>,
    pub index: Index,
}

/// The bytes of an object that is read.
pub enum Content {
    Small(Bytes),
    File(fs::File),
}

/// A body that has come in full.
pub struct Received {
    pub size: u64,
    pub md5: [u8; 16],
    pub checksums: Checksums,
    pub body: ReceivedBody,
}

pub enum ReceivedBody {
    Small(Vec<u8>),
    File(NewFile, fs::File),
}

/// What a request says of its body, in its head or behind the body.
pub struct Stated {
    pub content_md5: Option<String>,
    pub algorithm: Option<ChecksumAlgorithm>,
    pub checksums: Checksum,
    pub trailers: Option<TrailingHeaders>,
}

/// What the request of an object or of a part states: `s3s` gives each of its types the same fields anew.
macro_rules! stated_of {
    ($input:ident, $trailers:expr) => {
        crate::s3::store::Stated {
            content_md5: $input.content_md5,
            algorithm: $input.checksum_algorithm,
            checksums: s3s::dto::Checksum {
                checksum_crc32: $input.checksum_crc32,
                checksum_crc32c: $input.checksum_crc32c,
                checksum_crc64nvme: $input.checksum_crc64nvme,
                checksum_sha1: $input.checksum_sha1,
                checksum_sha256: $input.checksum_sha256,
                checksum_type: None,
            },
            trailers: $trailers,
        }
    };
}
pub(super) use stated_of;

/// The answer to a request whose body was taken.
macro_rules! taken_as {
    ($output:ident, $e_tag:expr, $checksums:expr) => {{
        let checksums = $checksums;
        s3s::dto::$output {
            e_tag: Some(s3s::dto::ETag::Strong($e_tag)),
            checksum_crc32: checksums.checksum_crc32,
            checksum_crc32c: checksums.checksum_crc32c,
            checksum_crc64nvme: checksums.checksum_crc64nvme,
            checksum_sha1: checksums.checksum_sha1,
            checksum_sha256: checksums.checksum_sha256,
            ..Default::default()
        }
    }};
}
pub(super) use taken_as;

impl ObjectStore {
    /// See [`super::Store::open`].
    pub fn open(
        root: &Path,
        events: impl Fn(ObjectEvent) + Send + 'static,
        progress: &mut dyn FnMut(usize, usize),
    ) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let bodies = Bodies::open(bodies_of(root), Drive::of(root))?;
        let path = index_of(root);
        let mut writer = rebuild::connect(&path, &bodies)?;
        earlier::take_over(root, &bodies, &mut writer, progress)?;
        let reader = index::connect(&path).map_err(io::Error::other)?;
        sweep(Arc::clone(&bodies), reader)?;
        let index = Index::open(path, writer, Arc::clone(&bodies), events)?;
        Self::of(root, bodies, index)
    }

    /// See [`super::Store::open_to_read`].
    pub fn open_to_read(root: &Path) -> io::Result<Self> {
        let bodies = Bodies::open(bodies_of(root), Drive::of(root))?;
        Self::of(root, bodies, Index::open_to_read(index_of(root)))
    }

    fn of(root: &Path, bodies: Arc<Bodies>, index: Index) -> io::Result<Self> {
        let folder = fs::metadata(bodies_of(root))?;
        // Not all file systems know when a file was created.
        let created = folder.created().or_else(|_| folder.modified())?;
        Ok(Self {
            created,
            bodies,
            index,
        })
    }

    /// Takes a body to its end, and checks all that is stated of it.
    pub async fn receive(
        &self,
        blob: Option<StreamingBlob>,
        mut stated: Stated,
    ) -> S3Result<Received> {
        let mut blob = blob.ok_or_else(|| s3_error!(IncompleteBody))?;
        body::check_md5(stated.content_md5.as_deref())?;
        let mut hasher = hasher(&stated)?;
        let mut md5 = Md5::new();
        let mut size = 0;
        let mut waiting = Vec::new();
        let mut file = None;
        while let Some(bytes) = blob.next().await {
            let bytes = bytes.map_err(|error| {
                body::fault(S3Error::with_source(S3ErrorCode::InternalError, error))
            })?;
            md5.update(&bytes);
            hasher.update(&bytes);
            size += bytes.len() as u64;
            waiting.extend_from_slice(&bytes);
            if waiting.len() >= CHUNK {
                file = Some(self.write_on(file, std::mem::take(&mut waiting)).await?);
            }
        }
        let body = if file.is_none() && waiting.len() <= SMALL {
            ReceivedBody::Small(waiting)
        } else {
            let (new, file) = self.write_on(file, waiting).await?;
            ReceivedBody::File(new, file)
        };

        let md5 = md5.finalize().into();
        body::check_stated_md5(stated.content_md5.as_deref(), &md5)?;
        if let Some(trailers) = stated.trailers.and_then(|trailers| trailers.take()) {
            take_trailers(&mut stated.checksums, &trailers)?;
        }
        let computed = hasher.finalize();
        stated.checksums.checksum_type = None;
        if computed != stated.checksums {
            return Err(body::bad_digest());
        }
        Ok(Received {
            size,
            md5,
            checksums: computed.into(),
            body,
        })
    }

    async fn write_on(
        &self,
        file: Option<(NewFile, fs::File)>,
        bytes: Vec<u8>,
    ) -> S3Result<(NewFile, fs::File)> {
        let bodies = Arc::clone(&self.bodies);
        on_thread(move || {
            let (new, mut file) = match file {
                Some(file) => {
                    bodies.drive.takes_new()?;
                    file
                }
                None => bodies.create()?,
            };
            file.write_all(&bytes)?;
            Ok((new, file))
        })
        .await
    }

    /// Puts an object in place of what is under its key, if `condition` holds.
    pub async fn publish(
        &self,
        epilogue: Epilogue,
        body: ReceivedBody,
        condition: WriteCondition,
        event: &'static str,
    ) -> S3Result<()> {
        let (epilogue, body) = on_thread(move || {
            let body = match body {
                ReceivedBody::Small(bytes) => NewBody::Small(bytes),
                ReceivedBody::File(new, file) => {
                    bodies::finish(file, &epilogue)?;
                    NewBody::File(new)
                }
            };
            Ok((epilogue, body))
        })
        .await?;
        self.index
            .change(move |connection, effects| {
                let current = find(connection, &epilogue.key)?;
                condition.check(current.as_ref().map(|stored| &stored.object))?;
                place(connection, effects, epilogue, body, event)
            })
            .await
    }

    /// Writes the bytes of an object a second time.
    pub async fn copy(&self, content: Content, size: u64) -> S3Result<ReceivedBody> {
        let bodies = Arc::clone(&self.bodies);
        on_thread(move || match content {
            Content::Small(bytes) => Ok(ReceivedBody::Small(bytes.into())),
            Content::File(file) => {
                let (new, mut copy) = bodies.create()?;
                io::copy(&mut io::Read::take(file, size), &mut copy)?;
                Ok(ReceivedBody::File(new, copy))
            }
        })
        .await
    }

    /// Removes the objects that there are of these, all or none.
    pub async fn remove(&self, keys: Vec<String>) -> S3Result<()> {
        // Where the drive is full, this makes room for the index.
        let _ = self.bodies.drive.takes_new();
        self.index
            .change(move |connection, effects| {
                for key in keys {
                    delete(connection, effects, &key)?;
                    effects.tell(ObjectEvent {
                        name: "ObjectRemoved:Delete",
                        bucket: BUCKET.to_owned(),
                        key,
                        size: None,
                        etag: None,
                    });
                }
                Ok(())
            })
            .await
    }

    /// What is known of an object.
    pub async fn find(&self, key: String) -> S3Result<Stored> {
        let found = self
            .index
            .read(move |connection| find(connection, &key))
            .await?;
        found.ok_or_else(|| s3_error!(NoSuchKey))
    }

    /// What is known of an object, with its bytes, which stay what they are, whatever becomes of the object.
    pub async fn open_object(&self, key: String) -> S3Result<(Stored, Content)> {
        let bodies = Arc::clone(&self.bodies);
        self.index
            .read(move |connection| {
                let mut missing = None;
                loop {
                    // Both statements must see one state of the index.
                    let transaction = connection.unchecked_transaction().map_err(fault)?;
                    let stored = find(&transaction, &key)?.ok_or_else(|| s3_error!(NoSuchKey))?;
                    let Some(file) = &stored.file else {
                        let bytes = small_body(&transaction, &key)?;
                        return Ok((stored, Content::Small(bytes.into())));
                    };
                    match bodies.read(file) {
                        Ok(opened) => return Ok((stored, Content::File(opened))),
                        // The file was replaced or deleted in between, and then the index names another one; or it is
                        // lost.
                        Err(error) if error.kind() == ErrorKind::NotFound && missing.as_ref() != Some(file) => {
                            missing = Some(file.clone());
                        }
                        Err(error) => {
                            let path = bodies.path(file);
                            tracing::error!(key, path = %path.display(), %error, "the bytes of an object cannot be read");
                            return Err(fault(error));
                        }
                    }
                }
            })
            .await
    }
}

/// Removes files that no object needs, in the background, since this takes the longer the more objects there are.
fn sweep(bodies: Arc<Bodies>, index: Connection) -> io::Result<()> {
    let sweep = move || {
        let swept = bodies.sweep(|name| refers_to(&index, name).map_err(io::Error::other));
        if let Err(error) = swept {
            tracing::warn!(%error, "files that no object needs may still be there");
        }
    };
    thread::Builder::new()
        .name("s3-sweep".into())
        .spawn(sweep)?;
    Ok(())
}

/// Puts an object into the index, and has its event sent.
pub fn place(
    connection: &Connection,
    effects: &mut Effects,
    Epilogue {
        key,
        object,
        attributes,
    }: Epilogue,
    body: NewBody,
    event: &'static str,
) -> S3Result<()> {
    insert(connection, effects, &key, &object, &attributes, body)?;
    effects.tell(ObjectEvent {
        name: event,
        bucket: BUCKET.to_owned(),
        key,
        size: Some(object.size),
        etag: Some(object.e_tag),
    });
    Ok(())
}

impl Content {
    /// The bytes of this span.
    pub async fn stream(self, span: Range<u64>) -> S3Result<StreamingBlob> {
        match self {
            Self::Small(bytes) => {
                let at = |place| usize::try_from(place).unwrap_or(usize::MAX);
                let (start, end) = (at(span.start), at(span.end));
                if end > bytes.len() {
                    return Err(s3_error!(
                        InternalError,
                        "The object is shorter than its index says"
                    ));
                }
                Ok(StreamingBlob::from(s3s::Body::from(
                    bytes.slice(start..end),
                )))
            }
            Self::File(mut file) => {
                let length = span.end - span.start;
                let file = on_thread(move || {
                    file.seek(SeekFrom::Start(span.start))?;
                    Ok(file)
                })
                .await?;
                let bytes = tokio::fs::File::from_std(file).take(length);
                Ok(StreamingBlob::wrap(ReaderStream::with_capacity(
                    bytes, CHUNK,
                )))
            }
        }
    }
}

/// Runs what waits for the drive.
pub async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> S3Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(S3Error::internal_error)?.map_err(fault)
}

/// Computes the checksums that are stated, or announced for behind the body.
fn hasher(stated: &Stated) -> S3Result<ChecksumHasher> {
    let named = stated.algorithm.as_ref().map(ChecksumAlgorithm::as_str);
    let known = [
        ChecksumAlgorithm::CRC32,
        ChecksumAlgorithm::CRC32C,
        ChecksumAlgorithm::CRC64NVME,
        ChecksumAlgorithm::SHA1,
        ChecksumAlgorithm::SHA256,
    ];
    if named.is_some_and(|named| !known.contains(&named)) {
        return Err(s3_error!(NotImplemented, "Unsupported checksum algorithm"));
    }
    let checksums = &stated.checksums;
    let wants = |stated: &Option<String>, name| stated.is_some() || named == Some(name);
    Ok(ChecksumHasher {
        crc32: wants(&checksums.checksum_crc32, ChecksumAlgorithm::CRC32).then(Default::default),
        crc32c: wants(&checksums.checksum_crc32c, ChecksumAlgorithm::CRC32C).then(Default::default),
        crc64nvme: wants(&checksums.checksum_crc64nvme, ChecksumAlgorithm::CRC64NVME)
            .then(Default::default),
        sha1: wants(&checksums.checksum_sha1, ChecksumAlgorithm::SHA1).then(Default::default),
        sha256: wants(&checksums.checksum_sha256, ChecksumAlgorithm::SHA256).then(Default::default),
    })
}

fn take_trailers(stated: &mut Checksum, trailers: &HeaderMap) -> S3Result<()> {
    for (name, place) in [
        ("x-amz-checksum-crc32", &mut stated.checksum_crc32),
        ("x-amz-checksum-crc32c", &mut stated.checksum_crc32c),
        ("x-amz-checksum-crc64nvme", &mut stated.checksum_crc64nvme),
        ("x-amz-checksum-sha1", &mut stated.checksum_sha1),
        ("x-amz-checksum-sha256", &mut stated.checksum_sha256),
    ] {
        if let Some(value) = trailers.get(name) {
            let value = value
                .to_str()
                .map_err(|_| s3_error!(InvalidArgument, "{name}"))?;
            *place = Some(value.to_owned());
        }
    }
    Ok(())
}
