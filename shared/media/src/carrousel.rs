//! The lists of pictures that the carrousel shows: all of them, and those that came last. Each is written by
//! compare-and-swap (`If-Match`).

use bytes::Bytes;

use crate::bucket::{Bucket, BucketError, Condition, ETag, Headers, Put, collect, size_of};

/// The list of all pictures.
pub const CARROUSEL: &str = "carrousel/carrousel.json";
/// The list of the pictures that came last.
pub const NEWEST_PICTURES: &str = "carrousel/newest.json";
/// How long the lists may be cached: by a shared cache for a second, and longer where the bucket fails.
pub const CARROUSEL_CACHE_CONTROL: &str = "public, max-age=0, s-maxage=1, stale-if-error=60";
const HEADERS: Headers<'_> = Headers {
    media_type: "application/json",
    cache_control: CARROUSEL_CACHE_CONTROL,
    made_of: None,
};

/// The carrousel as it is in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrousel {
    /// There is none yet.
    Missing,
    /// The file.
    File(Bytes),
    /// The file is larger than the caller takes.
    TooLarge,
}

impl Bucket {
    /// Reads the carrousel, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn carrousel(&self, limit: usize) -> Result<Carrousel, BucketError> {
        let Some(object) = self.object(CARROUSEL).await? else {
            return Ok(Carrousel::Missing);
        };
        if u64::try_from(limit).is_ok_and(|limit| object.size > limit) {
            return Ok(Carrousel::TooLarge);
        }
        Ok(Carrousel::File(collect(object.body).await?))
    }

    /// Reads a list of pictures and its version; `None` where there is none. One that something else wrote, with other
    /// headers, is read as no bytes.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn picture_list(&self, key: &str) -> Result<Option<(Bytes, ETag)>, BucketError> {
        let Some(mut list) = self.get(key).await? else {
            return Ok(None);
        };
        let e_tag = ETag::given(list.e_tag.take())?;
        let is_ours = list.content_type() == Some(HEADERS.media_type)
            && list.cache_control() == Some(HEADERS.cache_control);
        let json = if is_ours {
            collect(list.body).await?
        } else {
            Bytes::new()
        };
        Ok(Some((json, e_tag)))
    }

    /// Writes a list of pictures over the version that was read, or where there was none.
    ///
    /// # Errors
    /// Where S3 fails; the list may be written all the same.
    pub async fn put_picture_list(
        &self,
        key: &str,
        read: Option<&ETag>,
        json: Bytes,
    ) -> Result<Put, BucketError> {
        let condition = read.map_or(Condition::IfNoneMatch, Condition::IfMatch);
        self.put(key, HEADERS, condition, json).await
    }

    /// When a picture came, in seconds since 1970; `None` where there is none. An object without bytes is what is left
    /// of a deleted one.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn picture_came(&self, key: &str) -> Result<Option<i64>, BucketError> {
        let head = self.head(key).await?.filter(|head| size_of(head) > 0);
        let came = head.map(|head| head.last_modified.map(|at| at.secs()));
        came.map(|came| came.ok_or_else(|| BucketError::of(&"an object without a time")))
            .transpose()
    }
}
