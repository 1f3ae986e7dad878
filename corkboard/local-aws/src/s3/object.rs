//! What an object is, and which keys there may be.

use std::collections::BTreeMap;

use s3s::dto::Timestamp;
use s3s::{S3Result, s3_error};

/// The one bucket.
pub const BUCKET: &str = "corkboard-media";

/// Not valid as buckets' names, and so out of the reach of requests.
pub const STAGED: &str = ".staged";
pub const UPLOADS: &str = ".uploads";

/// Bytes of a key, so that the sidecars' names stay within the 255 of a file's name.
const MAX_KEY: usize = 150;

/// What listings and preconditions need to know of an object.
#[derive(Debug, Clone, Default)]
pub struct Object {
    pub size: u64,
    /// Without its quotes.
    pub e_tag: String,
    /// Whole seconds, as in `Last-Modified`.
    pub modified: Timestamp,
}

/// By key; the order of `String` is that of its UTF-8 bytes, and so S3's.
pub type Objects = BTreeMap<String, Object>;

/// Keys that a directory tree cannot hold are refused rather than changed.
pub fn check_key(key: &str) -> S3Result<()> {
    if key.len() > MAX_KEY {
        return Err(s3_error!(
            KeyTooLongError,
            "This endpoint stores keys of at most {MAX_KEY} bytes"
        ));
    }
    if key.chars().any(char::is_control)
        || key.split('/').any(|part| matches!(part, "" | "." | ".."))
    {
        return Err(s3_error!(
            NotImplemented,
            "This endpoint keeps objects as files: no control characters and no empty, . or .. segment in a key"
        ));
    }
    Ok(())
}
