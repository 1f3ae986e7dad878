//! Listings: the objects of a prefix in the order of their keys, a page of S3 at a time.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;

use crate::bucket::{Bucket, BucketError, ETag, IMAGES};

/// The most that S3 gives on one page.
pub(crate) const MOST: u16 = 1_000;

/// What a page of a listing costs, in HEADs: 1,000 LIST are 0.005 dollars, 1,000 HEAD 0.0004.
///
/// <https://aws.amazon.com/s3/pricing/>
pub const HEADS_OF_A_PAGE: usize = 12;

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its version.
    pub e_tag: ETag,
    /// In bytes.
    pub size: u64,
    /// When it was put, in milliseconds since 1970.
    pub modified: i64,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    /// In the order of their keys.
    pub objects: Vec<Listed>,
    /// Whether there are more behind them.
    pub is_truncated: bool,
}

impl Bucket {
    /// Hands every object under `images/` whose key comes after `after`, up to and with `until`, to `each`: in the
    /// order of keys, and as they come, since all together may be more than fits into memory.
    ///
    /// One page leads to the next, so a listing takes as long as its pages one after the other. Parts of it can be
    /// listed at the same time.
    ///
    /// # Errors
    /// Where S3 fails on any page, or a page is not what S3 sends. What was handed over is then not all.
    pub async fn images(
        &self,
        after: Option<&str>,
        until: Option<&str>,
        each: impl FnMut(Listed),
    ) -> Result<(), BucketError> {
        self.objects(IMAGES, after, until, each).await
    }

    /// Hands over the objects of any prefix as [`Self::images`] does.
    pub(crate) async fn objects(
        &self,
        prefix: &str,
        after: Option<&str>,
        until: Option<&str>,
        mut each: impl FnMut(Listed),
    ) -> Result<(), BucketError> {
        let mut reached: Option<String> = None;
        loop {
            let from = reached.as_deref().or(after);
            let page = self.list(prefix, from, MOST).await?;
            reached = page.objects.last().map(|object| object.key.clone());
            for object in page.objects {
                if until.is_some_and(|until| object.key.as_str() > until) {
                    return Ok(());
                }
                each(object);
            }
            if !page.is_truncated || (until.is_some() && reached.as_deref() >= until) {
                return Ok(());
            }
        }
    }

    /// The key of every object under `images/` that has bytes, in order.
    ///
    /// # Errors
    /// As for [`Self::images`].
    pub async fn image_keys(&self) -> Result<Vec<String>, BucketError> {
        let mut keys = Vec::new();
        let keep = |object: Listed| {
            if object.size > 0 {
                keys.push(object.key);
            }
        };
        self.images(None, None, keep).await?;
        Ok(keys)
    }

    /// The objects of a prefix whose keys come after `after`: `most` at most, and perhaps fewer.
    ///
    /// A page that is not the last one says so and has objects. A page without them would pass for the end of the
    /// listing, and the objects that follow for gone, so it is an error.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        most: u16,
    ) -> Result<Listing, BucketError> {
        let request = self.client.list_objects_v2().bucket(&self.name);
        let request = request.prefix(prefix).encoding_type(EncodingType::Url);
        let request = request.set_start_after(after.map(str::to_owned));
        let listing = read(request.max_keys(most.into()).send().await?)?;
        let mut before = after;
        for Listed { key, .. } in &listing.objects {
            if !key.starts_with(prefix) {
                return Err(broken("a key is from elsewhere"));
            }
            if before >= Some(key.as_str()) {
                return Err(broken("the keys are not in order"));
            }
            before = Some(key);
        }
        Ok(listing)
    }
}

fn read(page: ListObjectsV2Output) -> Result<Listing, BucketError> {
    let is_encoded = page.encoding_type == Some(EncodingType::Url);
    let objects = page.contents.unwrap_or_default();
    let objects: Vec<_> = objects
        .into_iter()
        .map(|object| {
            let key = object.key.and_then(|key| decoded(key, is_encoded));
            let size = object.size.and_then(|size| u64::try_from(size).ok());
            let modified = object.last_modified.and_then(|at| at.to_millis().ok());
            Ok(Listed {
                key: key.ok_or_else(|| broken("an object is without a key"))?,
                e_tag: ETag::given(object.e_tag)?,
                size: size.ok_or_else(|| broken("an object is without a size"))?,
                modified: modified.ok_or_else(|| broken("an object is without a time"))?,
            })
        })
        .collect::<Result<_, BucketError>>()?;
    if page
        .key_count
        .is_some_and(|count| usize::try_from(count) != Ok(objects.len()))
    {
        return Err(broken("keys are missing"));
    }
    let is_truncated = page
        .is_truncated
        .ok_or_else(|| broken("it does not say whether it is the last"))?;
    if is_truncated && objects.is_empty() {
        return Err(broken("it leads nowhere"));
    }
    Ok(Listing {
        objects,
        is_truncated,
    })
}

/// XML has no way to write most control characters, so keys are listed form-encoded.
fn decoded(key: String, is_encoded: bool) -> Option<String> {
    if !is_encoded {
        return Some(key);
    }
    let spaces = key.replace('+', " ");
    let key = percent_decode_str(&spaces).decode_utf8().ok()?;
    Some(key.into_owned())
}

fn broken(how: &str) -> BucketError {
    BucketError::of(&format!("a page of the listing is broken: {how}"))
}
