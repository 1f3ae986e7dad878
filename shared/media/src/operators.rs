//! Pictures that the operator put under `images/` by hand, which no row tells of: copying one that is taken down, hiding
//! it, and publishing it again.
//!
//! A picture is published again under a name of its own, for a name is never replaced after its zero bytes: so what is
//! late hides nothing that was restored.

use std::time::SystemTime;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use bytes::Bytes;
use domain::{Format, MessageId, Name};

use crate::bucket::{
    Bucket, BucketError, Condition, ETag, Headers, IMAGES, PICTURE_CACHE_CONTROL, Put, collect,
};
use crate::extension::is_picture;

/// Copies of those that were taken down.
const REMOVED: &str = "held/removed/pictures/";
/// A picture that is larger is not copied, in bytes.
const MOST: i64 = 64 * 1024 * 1024;
/// The time in the name of a picture that was restored, as `-20261127T073600Z`.
const TIME: usize = "-20261127T073600Z".len();

/// The key of a picture that the operator put there by hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperatorsPicture(String);

impl OperatorsPicture {
    /// The picture of this key; `None` where the key is no picture's, or one of a message.
    pub fn parse(key: impl Into<String>) -> Option<Self> {
        let key = key.into();
        let name = key.strip_prefix(IMAGES)?;
        let is_of_message = name.split_once('.').is_some_and(|(name, extension)| {
            name.parse::<Name>().is_ok() && extension.parse::<Format>().is_ok()
        });
        (is_picture(&key) && !is_of_message).then_some(Self(key))
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.0
    }

    fn copy(&self) -> String {
        let name = self.0.strip_prefix(IMAGES).unwrap_or(&self.0);
        format!("{REMOVED}{name}")
    }

    /// Under which name a picture is published again of which this copy was made then, in milliseconds since 1970.
    fn restored(&self, copied: u64) -> Self {
        let (stem, extension) = self.0.rsplit_once('.').unwrap_or((&self.0, ""));
        // That of an earlier time goes.
        let stem = match stem
            .len()
            .checked_sub(TIME)
            .and_then(|at| stem.split_at_checked(at))
        {
            Some((before, time)) if is_time(time) && !before.ends_with('/') => before,
            _ => stem,
        };
        // The time of an id is written as all times are: 2026-11-27T07:36:00.000Z.
        let time = MessageId::from_parts(copied, 0).created_at();
        let seconds = time.split('.').next().unwrap_or(&time);
        let seconds = seconds.replace(['-', ':'], "");
        Self(format!("{stem}-{seconds}Z.{extension}"))
    }
}

fn is_time(text: &str) -> bool {
    let shape = text
        .chars()
        .map(|it| if it.is_ascii_digit() { '0' } else { it });
    shape.eq("-00000000T000000Z".chars())
}

/// An operator's picture, or a copy of one.
#[derive(Debug)]
pub struct Copied {
    /// The picture.
    pub bytes: Bytes,
    /// As S3 has it.
    pub media_type: String,
    e_tag: ETag,
    /// In milliseconds since 1970.
    put: u64,
}

/// A picture that was taken down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedPicture {
    /// The picture, by the name that it had.
    pub picture: OperatorsPicture,
    /// When, in milliseconds since 1970.
    pub since: u64,
}

impl Bucket {
    /// An operator's picture; `None` where there is none, or one of zero bytes.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn operators_picture(
        &self,
        picture: &OperatorsPicture,
    ) -> Result<Option<Copied>, BucketError> {
        self.copied(picture.key()).await
    }

    /// The copy of one that was taken down.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn removed_picture(
        &self,
        picture: &OperatorsPicture,
    ) -> Result<Option<Copied>, BucketError> {
        self.copied(&picture.copy()).await
    }

    async fn copied(&self, key: &str) -> Result<Option<Copied>, BucketError> {
        let Some(found) = self.get(key).await? else {
            return Ok(None);
        };
        let GetObjectOutput {
            body,
            content_length,
            content_type,
            e_tag,
            last_modified,
            ..
        } = found;
        match content_length {
            Some(0) => return Ok(None),
            Some(..=MOST) => {}
            _ => return Err(BucketError::of(&"a picture is too large to be copied")),
        }
        let put = last_modified.and_then(|at| u64::try_from(at.to_millis().ok()?).ok());
        Ok(Some(Copied {
            bytes: collect(body).await?,
            media_type: content_type.unwrap_or_else(|| "application/octet-stream".into()),
            e_tag: ETag::given(e_tag)?,
            put: put.ok_or_else(|| BucketError::of(&"an object without a time"))?,
        }))
    }

    /// Keeps a copy of a picture that is to be taken down.
    ///
    /// # Errors
    /// Where S3 fails; the copy may be there all the same.
    pub async fn keep_copy(
        &self,
        picture: &OperatorsPicture,
        copied: &Copied,
    ) -> Result<(), BucketError> {
        let headers = Headers {
            media_type: &copied.media_type,
            cache_control: "no-store",
            made_of: None,
        };
        let (key, bytes) = (picture.copy(), copied.bytes.clone());
        self.put(&key, headers, Condition::Any, bytes).await?;
        Ok(())
    }

    /// Takes a picture from viewers by zero bytes, unless another one is there by now, and says whether it did.
    ///
    /// # Errors
    /// Where S3 fails; the picture may be gone all the same.
    pub async fn hide_picture(
        &self,
        picture: &OperatorsPicture,
        copied: &Copied,
    ) -> Result<bool, BucketError> {
        let headers = Headers {
            media_type: &copied.media_type,
            cache_control: "no-store",
            made_of: None,
        };
        let condition = Condition::IfMatch(&copied.e_tag);
        let put = self.put(picture.key(), headers, condition, Bytes::new());
        Ok(put.await? != Put::PreconditionFailed)
    }

    /// Publishes a picture of its copy, and says under which name; `None` where it was taken down again meanwhile.
    ///
    /// # Errors
    /// Where S3 fails; the picture may be there all the same.
    pub async fn publish_copy(
        &self,
        picture: &OperatorsPicture,
        copied: Copied,
    ) -> Result<Option<OperatorsPicture>, BucketError> {
        let restored = picture.restored(copied.put);
        let headers = Headers {
            media_type: &copied.media_type,
            cache_control: PICTURE_CACHE_CONTROL,
            made_of: None,
        };
        let (key, bytes) = (restored.key(), copied.bytes);
        let put = self
            .put(key, headers, Condition::IfNoneMatch, bytes)
            .await?;
        let is_there = match put {
            Put::Done(_) => true,
            // By another one who restored the same copy.
            Put::PreconditionFailed => self.size(key).await?.is_some_and(|size| size > 0),
        };
        Ok(is_there.then_some(restored))
    }

    /// Removes the copy of a picture.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn drop_copy(&self, picture: &OperatorsPicture) -> Result<(), BucketError> {
        self.remove(&picture.copy()).await
    }

    /// All that were taken down, in the order of their names.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn removed_pictures(&self) -> Result<Vec<RemovedPicture>, BucketError> {
        let mut removed = Vec::new();
        self.objects(REMOVED, None, None, |object| {
            let name = object.key.strip_prefix(REMOVED).unwrap_or_default();
            let picture = OperatorsPicture::parse(format!("{IMAGES}{name}"));
            let since = u64::try_from(object.modified);
            if let (Some(picture), Ok(since)) = (picture, since) {
                removed.push(RemovedPicture { picture, since });
            }
        })
        .await?;
        Ok(removed)
    }
}

impl Copied {
    /// When it was put.
    pub fn put_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(self.put)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(key: &str) -> OperatorsPicture {
        OperatorsPicture::parse(key).unwrap()
    }

    #[test]
    fn what_a_message_has_and_what_is_no_picture_is_not_the_operators() {
        for other in [
            "images/01ARZ3NDEKTSV4RRFFQ69G5FAV.jpg",
            "images/01ARZ3NDEKTSV4RRFFQ69G5FAV-2.png",
            "images/readme.txt",
            "images/",
            "held/waiting/a.png",
            "small/640/a.png.webp",
        ] {
            assert_eq!(OperatorsPicture::parse(other), None, "{other}");
        }
        assert_eq!(
            picture("images/summer/a.JPG").copy(),
            "held/removed/pictures/summer/a.JPG"
        );
    }

    #[test]
    fn a_restored_picture_has_the_time_of_its_copy_in_its_name_once() {
        let first = picture("images/summer/a b.jpg").restored(1_795_764_960_999);
        assert_eq!(first.key(), "images/summer/a b-20261127T073600Z.jpg");
        let second = first.restored(1_795_764_961_000);
        assert_eq!(second.key(), "images/summer/a b-20261127T073601Z.jpg");
        for key in ["images/é.png", "images/-20261127T073600Z.png"] {
            let restored = picture(key).restored(1_795_764_960_000);
            assert!(
                OperatorsPicture::parse(restored.key()).is_some(),
                "{restored:?}"
            );
        }
    }
}
