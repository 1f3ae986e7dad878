//! Pictures that the operator put under `images/` by hand, which no row tells of: copying one that is taken down, hiding
//! it, and publishing it again.
//!
//! Each copy has an id, which is in its key and in the name under which the picture is published again. A name is published
//! once and never replaced after its zero bytes: so whatever is late hides nothing that was restored, and shows nothing that
//! was taken down since.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use bytes::Bytes;
use domain::{Format, MessageId, Name};

use crate::bucket::{
    Bucket, BucketError, Condition, ETag, Headers, IMAGES, MOST_OF_A_PICTURE, Put, collect,
};
use crate::extension::is_picture;
use crate::listing::Listed;

/// Where the copies of pictures are that were taken down.
const REMOVED: &str = "held/removed/pictures/";
/// How long an id is in a name, with its hyphen.
const ID_AND_HYPHEN: usize = 27;

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
}

/// The copy of a picture that was taken down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedPicture {
    /// The copy's id, which says when it was made.
    pub id: MessageId,
    /// The picture, by the name that it had.
    pub picture: OperatorsPicture,
}

impl RemovedPicture {
    /// The copy of a picture that is taken down now.
    pub fn now(picture: OperatorsPicture) -> Self {
        Self {
            id: MessageId::generate(),
            picture,
        }
    }

    fn parse(key: &str) -> Option<Self> {
        let (id, name) = key.strip_prefix(REMOVED)?.split_once('/')?;
        Some(Self {
            id: id.parse().ok()?,
            picture: OperatorsPicture::parse(format!("{IMAGES}{name}"))?,
        })
    }

    fn key(&self) -> String {
        let key = self.picture.key();
        let name = key.strip_prefix(IMAGES).unwrap_or(key);
        format!("{REMOVED}{}/{name}", self.id)
    }

    /// Under which name the picture is published again: with the copy's id, and without an earlier one's.
    pub fn restored(&self) -> OperatorsPicture {
        let key = self.picture.key();
        let (stem, extension) = key.rsplit_once('.').unwrap_or((key, ""));
        let before = stem
            .len()
            .checked_sub(ID_AND_HYPHEN)
            .and_then(|at| stem.split_at_checked(at));
        let stem = match before {
            Some((before, id)) if is_id(id) && !before.ends_with('/') => before,
            _ => stem,
        };
        OperatorsPicture(format!("{stem}-{}.{extension}", self.id))
    }
}

fn is_id(text: &str) -> bool {
    let id = text.strip_prefix('-');
    id.is_some_and(|id| id.parse::<MessageId>().is_ok())
}

/// An operator's picture that was read.
#[derive(Debug)]
pub struct Copied {
    /// The picture.
    pub bytes: Bytes,
    media_type: String,
    e_tag: ETag,
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

    /// The copy of a picture that was taken down; `None` where there is none any more.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn removed_picture(
        &self,
        removed: &RemovedPicture,
    ) -> Result<Option<Copied>, BucketError> {
        self.copied(&removed.key()).await
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
            ..
        } = found;
        match content_length.map(u64::try_from) {
            Some(Ok(0)) => return Ok(None),
            Some(Ok(..=MOST_OF_A_PICTURE)) => {}
            _ => return Err(BucketError::of(&"a picture is too large to be copied")),
        }
        Ok(Some(Copied {
            bytes: collect(body).await?,
            media_type: content_type.unwrap_or_else(|| "application/octet-stream".into()),
            e_tag: ETag::given(e_tag)?,
        }))
    }

    /// Keeps a copy of a picture that is to be taken down.
    ///
    /// # Errors
    /// Where S3 fails; the copy may be there all the same.
    pub async fn keep_copy(
        &self,
        removed: &RemovedPicture,
        copied: &Copied,
    ) -> Result<(), BucketError> {
        let (headers, bytes) = (
            Headers::not_stored(&copied.media_type),
            copied.bytes.clone(),
        );
        self.put(&removed.key(), headers, Condition::IfNoneMatch, bytes)
            .await?;
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
        let (headers, condition) = (
            Headers::not_stored(&copied.media_type),
            Condition::IfMatch(&copied.e_tag),
        );
        let put = self.put(picture.key(), headers, condition, Bytes::new());
        Ok(put.await? != Put::PreconditionFailed)
    }

    /// Publishes a picture of its copy, and says whether the picture is there: it is not where it was taken down again
    /// meanwhile.
    ///
    /// # Errors
    /// Where S3 fails; the picture may be there all the same.
    pub async fn publish_copy(
        &self,
        removed: &RemovedPicture,
        copied: Copied,
    ) -> Result<bool, BucketError> {
        let restored = removed.restored();
        let headers = Headers::cached(&copied.media_type);
        let (key, condition) = (restored.key(), Condition::IfNoneMatch);
        Ok(
            match self.put(key, headers, condition, copied.bytes).await? {
                Put::Done(_) => true,
                // Another request, which restored the same copy, has published the picture.
                Put::PreconditionFailed => self.size(key).await?.is_some_and(|size| size > 0),
            },
        )
    }

    /// Removes the copy of a picture.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn drop_copy(&self, removed: &RemovedPicture) -> Result<(), BucketError> {
        self.remove(&removed.key()).await
    }

    /// All copies of pictures that were taken down, oldest first.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn removed_pictures(&self) -> Result<Vec<RemovedPicture>, BucketError> {
        let mut removed = Vec::new();
        let keep = |object: Listed| removed.extend(RemovedPicture::parse(&object.key));
        self.objects(REMOVED, None, None, keep).await?;
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(id: &str, key: &str) -> RemovedPicture {
        RemovedPicture {
            id: id.parse().unwrap(),
            picture: OperatorsPicture::parse(key).unwrap(),
        }
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
    }

    #[test]
    fn a_key_of_a_copy_leads_back_to_its_picture() {
        let copy = removed("01ARZ3NDEKTSV4RRFFQ69G5FAV", "images/summer/a b.JPG");
        let key = "held/removed/pictures/01ARZ3NDEKTSV4RRFFQ69G5FAV/summer/a b.JPG";
        assert_eq!(copy.key(), key);
        assert_eq!(RemovedPicture::parse(key), Some(copy));
        for other in [
            "held/removed/pictures/a.png",
            "held/removed/01ARZ3NDEKTSV4RRFFQ69G5FAV-0.png",
        ] {
            assert_eq!(RemovedPicture::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_restored_picture_has_the_id_of_its_copy_in_its_name_once() {
        let first = removed("01ARZ3NDEKTSV4RRFFQ69G5FAV", "images/summer/a b.jpg").restored();
        assert_eq!(
            first.key(),
            "images/summer/a b-01ARZ3NDEKTSV4RRFFQ69G5FAV.jpg"
        );
        let second = removed("01ARZ3NDEKTSV4RRFFQ69G5FAW", first.key()).restored();
        assert_eq!(
            second.key(),
            "images/summer/a b-01ARZ3NDEKTSV4RRFFQ69G5FAW.jpg"
        );
        for key in ["images/é.png", "images/-01ARZ3NDEKTSV4RRFFQ69G5FAV.png"] {
            let restored = removed("01ARZ3NDEKTSV4RRFFQ69G5FAW", key).restored();
            assert!(
                OperatorsPicture::parse(restored.key()).is_some(),
                "{restored:?}"
            );
        }
    }
}
