//! Bodies that are not what was signed. `s3s` finds them, and answers that it failed itself: that would be
//! sent again.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use headers::{HeaderMapExt as _, RetryAfter};
use http::{HeaderMap, Method, Request, StatusCode};
use hyper::body::{Body as _, Incoming};
use md5::Md5;
use s3s::checksum::ChecksumHasher;
use s3s::dto::Checksum;
use s3s::{Body, S3Error, S3ErrorCode, S3Result, s3_error};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use tower_http::timeout::TimeoutBody;
use url::form_urlencoded;

use super::bodies::CHUNK;
use super::digest::hex;
use crate::connections::memory::{Memory, RETRY_AFTER, Taken};

/// Bytes of a request in XML: a thousand keys to delete, or ten thousand parts; all others have none.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// How long a request that is read whole may take to come.
const WHOLE: Duration = Duration::from_secs(30);
/// Bytes that an upload has in memory at a time.
const UPLOADING: usize = 2 * CHUNK;

/// How long an upload may stand still.
const STALLED: Duration = Duration::from_secs(30);

/// Reads and checks the body of any request but an upload, whose operation does that. The body takes of `memory`, if
/// there is one, until what is given back with the request is dropped.
pub async fn checked(
    request: Request<Incoming>,
    memory: Option<(&Memory, Option<IpAddr>)>,
) -> S3Result<(Request<Body>, Option<Taken>)> {
    let headers = request.headers();
    let most = request.body().size_hint().upper();
    let most = most.and_then(|most| usize::try_from(most).ok());
    let is_upload = request.method() == Method::PUT && !headers.contains_key("x-amz-copy-source");
    let most_in_memory = if is_upload { UPLOADING } else { MAX_BODY };
    let taken = match memory {
        Some((memory, counted)) if most != Some(0) => {
            let wanted = most.unwrap_or(most_in_memory).min(most_in_memory);
            let taken = memory.take(wanted, counted).await;
            Some(taken.ok_or_else(slow_down)?)
        }
        _ => None,
    };
    if is_upload {
        return Ok((request.map(uploaded), taken));
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = text("x-amz-content-sha256")
        .filter(|digest| digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(str::to_ascii_lowercase);
    let md5 = text("content-md5").map(str::to_owned);
    check_md5(md5.as_deref())?;
    let query = request.uri().query().unwrap_or_default();
    let deletes = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "delete");
    // Only the checksums of a DeleteObjects are those of its body; elsewhere they are an object's.
    let checksum = |name: &str| text(name).filter(|_| deletes).map(str::to_owned);
    let stated = Checksum {
        checksum_crc32: checksum("x-amz-checksum-crc32"),
        checksum_crc32c: checksum("x-amz-checksum-crc32c"),
        checksum_crc64nvme: checksum("x-amz-checksum-crc64nvme"),
        checksum_sha1: checksum("x-amz-checksum-sha1"),
        checksum_sha256: checksum("x-amz-checksum-sha256"),
        checksum_type: None,
    };

    let mut request = request.map(uploaded);
    let read = timeout(WHOLE, request.body_mut().store_all_limited(MAX_BODY)).await;
    let read = read.map_err(|_| s3_error!(RequestTimeout, "The request does not end"))?;
    let body = read.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?;
    if signed.is_some_and(|digest| digest != hex(&Sha256::digest(&body))) {
        return Err(mismatch());
    }
    check_stated_md5(md5.as_deref(), &Md5::digest(&body).into())?;
    if checksums(&stated, &body) != stated {
        return Err(bad_digest());
    }
    Ok((request, taken))
}

fn slow_down() -> S3Error {
    let mut error = s3_error!(SlowDown, "Please reduce your request rate");
    let mut headers = HeaderMap::new();
    headers.typed_insert(RetryAfter::delay(RETRY_AFTER));
    error.set_headers(headers);
    error
}

/// A body that is waited for only while something of it comes.
fn uploaded(body: Incoming) -> Body {
    if body.is_end_stream() {
        Body::empty()
    } else {
        Body::http_body_unsync(TimeoutBody::new(STALLED, body))
    }
}

/// Compares a `Content-MD5` with the digest of the body.
pub fn check_stated_md5(content_md5: Option<&str>, digest: &[u8; 16]) -> S3Result<()> {
    if content_md5.is_none_or(|stated| stated == BASE64_STANDARD.encode(digest)) {
        Ok(())
    } else {
        Err(bad_digest())
    }
}

pub fn bad_digest() -> S3Error {
    s3_error!(
        BadDigest,
        "The digest or checksum you specified did not match what we received."
    )
}

/// The checksums of a body, of the kinds that are stated.
fn checksums(stated: &Checksum, body: &[u8]) -> Checksum {
    let mut hasher = ChecksumHasher {
        crc32: stated.checksum_crc32.is_some().then(Default::default),
        crc32c: stated.checksum_crc32c.is_some().then(Default::default),
        crc64nvme: stated.checksum_crc64nvme.is_some().then(Default::default),
        sha1: stated.checksum_sha1.is_some().then(Default::default),
        sha256: stated.checksum_sha256.is_some().then(Default::default),
    };
    hasher.update(body);
    hasher.finalize()
}

/// Checks that a `Content-MD5` is a digest at all; whether it is the body's is checked when the body is there.
pub fn check_md5(content_md5: Option<&str>) -> S3Result<()> {
    let digest = content_md5.map(|digest| BASE64_STANDARD.decode(digest));
    match digest {
        None => Ok(()),
        Some(Ok(bytes)) if bytes.len() == 16 => Ok(()),
        Some(_) => Err(s3_error!(
            InvalidDigest,
            "The Content-MD5 you specified is not valid"
        )),
    }
}

/// What an upload's failure is, where its body is at fault. `s3s` keeps the types of these errors to itself, so
/// they are known by their words.
pub fn fault(error: S3Error) -> S3Error {
    let mut cause = error
        .source()
        .map(|source| source as &(dyn Error + 'static));
    while let Some(source) = cause {
        match source.to_string().split_once("StreamError: ") {
            Some(("Upload", "Sha256Mismatch")) => return mismatch(),
            Some(("AwsChunked", "SignatureMismatch")) => {
                return s3_error!(
                    SignatureDoesNotMatch,
                    "A chunk is not the one that was signed"
                );
            }
            Some((_, "LengthMismatch" | "Incomplete" | "FormatError")) => {
                return s3_error!(
                    IncompleteBody,
                    "The body is not as long or not in such chunks as its headers say"
                );
            }
            _ => cause = source.source(),
        }
    }
    error
}

fn mismatch() -> S3Error {
    let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
    let mut error = S3Error::with_message(
        code,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
    error.set_status_code(StatusCode::BAD_REQUEST);
    error
}
