//! What an object is, and which keys there may be.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use s3s::dto::{Checksum, Timestamp, TimestampFormat};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

/// The one bucket.
pub const BUCKET: &str = "corkboard-media";

/// Bytes of a key, as in S3.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
const MAX_KEY: usize = 1_024;

/// What listings and preconditions need to know of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Bytes.
    pub size: u64,
    /// Without its quotes.
    pub e_tag: String,
    /// Seconds since 1970: `Last-Modified` has no more.
    pub modified: u64,
}

impl Object {
    /// One that is written at this moment.
    pub fn now(size: u64, e_tag: String) -> Self {
        Self {
            size,
            e_tag,
            modified: unix_seconds(SystemTime::now()),
        }
    }

    pub fn last_modified(&self) -> Timestamp {
        (SystemTime::UNIX_EPOCH + Duration::from_secs(self.modified)).into()
    }
}

/// The headers that an object is answered with, and its checksums. The index has them as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// `x-amz-meta-…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_metadata: Option<HashMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_redirect_location: Option<String>,
    #[serde(flatten)]
    pub checksums: Checksums,
}

/// The checksums that the object was put with, in Base64, as S3 writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are S3's")]
pub struct Checksums {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_crc32: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_crc32c: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_crc64nvme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_sha256: Option<String>,
}

impl From<Checksum> for Checksums {
    fn from(of: Checksum) -> Self {
        Self {
            checksum_crc32: of.checksum_crc32,
            checksum_crc32c: of.checksum_crc32c,
            checksum_crc64nvme: of.checksum_crc64nvme,
            checksum_sha1: of.checksum_sha1,
            checksum_sha256: of.checksum_sha256,
        }
    }
}

/// The attributes that a request states; its output has the same fields. Checksums are not among them: those are
/// computed.
macro_rules! attributes_of {
    ($input:expr) => {{
        let input = $input;
        crate::s3::object::Attributes {
            user_metadata: input.metadata.take(),
            cache_control: input.cache_control.take(),
            content_disposition: input.content_disposition.take(),
            content_encoding: crate::s3::object::without_chunks(input.content_encoding.take()),
            content_language: input.content_language.take(),
            // S3's default.
            content_type: Some(
                input
                    .content_type
                    .take()
                    .unwrap_or_else(|| "binary/octet-stream".to_owned()),
            ),
            expires: input
                .expires
                .take()
                .as_ref()
                .and_then(crate::s3::object::written),
            website_redirect_location: input.website_redirect_location.take(),
            checksums: crate::s3::object::Checksums::default(),
        }
    }};
}
pub(super) use attributes_of;

/// `aws-chunked` is how a body was sent, not what it is.
pub fn without_chunks(content_encoding: Option<String>) -> Option<String> {
    let encodings = content_encoding?;
    let kept: Vec<_> = encodings
        .split(',')
        .map(str::trim)
        .filter(|it| *it != "aws-chunked")
        .collect();
    (!kept.is_empty()).then(|| kept.join(", "))
}

pub fn written(time: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    time.format(TimestampFormat::DateTime, &mut text).ok()?;
    String::from_utf8(text).ok()
}

pub fn read(time: &str) -> Option<Timestamp> {
    Timestamp::parse(TimestampFormat::DateTime, time).ok()
}

/// Seconds since 1970; a file that is older counts as of then.
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

pub fn check_key(key: &str) -> S3Result<()> {
    if key.len() > MAX_KEY {
        return Err(s3_error!(
            KeyTooLongError,
            "Your key is too long: {MAX_KEY} bytes at most"
        ));
    }
    Ok(())
}
