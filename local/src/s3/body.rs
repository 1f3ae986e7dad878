//! Bodies that are not what was signed. `s3s` finds them, and answers that it failed itself: that would be
//! sent again.

use std::error::Error;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{Method, Request, StatusCode};
use s3s::{Body, S3Error, S3ErrorCode, S3Result, s3_error};
use sha2::{Digest as _, Sha256};

use super::files::hex;

/// Bytes of a request in XML, as `s3s` takes it at most.
const MAX_XML: usize = 20 * 1024 * 1024;

/// Looks at a body that `s3s` reads before any operation of ours is reached: the XML of a POST.
pub async fn checked(mut request: Request<Body>) -> S3Result<Request<Body>> {
    let signed = request.headers().get("x-amz-content-sha256");
    let signed = signed.and_then(|digest| digest.to_str().ok());
    let digest = signed.filter(|digest| digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let Some(digest) = digest
        .filter(|_| request.method() == Method::POST)
        .map(str::to_ascii_lowercase)
    else {
        return Ok(request);
    };
    let body = request.body_mut().store_all_limited(MAX_XML).await;
    let body = body.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?;
    if hex(&Sha256::digest(&body)) == digest {
        Ok(request)
    } else {
        Err(mismatch())
    }
}

/// That a `Content-MD5` is a digest at all; whether it is the body's is found when the body is there.
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
