//! What is held: messages and pictures that wait for a moderator, and copies of pictures that were taken down. No public
//! address leads to them.
//!
//! What waits is put by its post alone, and a copy is named by the generation that was taken down: so whoever comes late
//! puts what was there, and what is left of that goes with its row.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use bytes::Bytes;
use domain::{Format, MessageId, Name};

use crate::bucket::{Bucket, BucketError, Condition, Headers, MOST_OF_A_PICTURE};
use crate::messages::mirrored;

/// What waits for a moderator.
pub(crate) const WAITING: &str = "held/waiting/";
/// Copies of what was taken down.
const REMOVED: &str = "held/removed/";

/// A picture that has no public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldPicture {
    /// Of a message that waits for a moderator.
    Waiting(MessageId),
    /// Of a message that was taken down, in this generation.
    Removed(Name),
}

impl HeldPicture {
    fn key(self, format: Format) -> String {
        let extension = format.extension();
        match self {
            Self::Waiting(id) => format!("{WAITING}{id}.{extension}"),
            Self::Removed(Name { id, generation }) => {
                format!("{REMOVED}{id}-{generation}.{extension}")
            }
        }
    }
}

fn message_key(id: MessageId) -> String {
    format!("{WAITING}{}.json", mirrored(id.into()))
}

fn waiting_of(id: MessageId, picture: Option<Format>) -> impl Iterator<Item = String> {
    let picture = picture.map(|format| HeldPicture::Waiting(id).key(format));
    picture.into_iter().chain([message_key(id)])
}

impl Bucket {
    /// Puts a message that waits for a moderator.
    ///
    /// # Errors
    /// Where S3 fails; the message may be there all the same.
    pub async fn put_held_message(&self, id: MessageId, body: Bytes) -> Result<(), BucketError> {
        self.put_held(&message_key(id), "application/json", body)
            .await
    }

    /// Whether a message waits for a moderator.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn has_held_message(&self, id: MessageId) -> Result<bool, BucketError> {
        let size = self.size(&message_key(id)).await?;
        Ok(size.is_some_and(|size| size > 0))
    }

    /// Puts a picture that has no public address.
    ///
    /// # Errors
    /// Where S3 fails; the picture may be there all the same.
    pub async fn put_held_picture(
        &self,
        held: HeldPicture,
        format: Format,
        picture: Bytes,
    ) -> Result<(), BucketError> {
        self.put_held(&held.key(format), format.media_type(), picture)
            .await
    }

    async fn put_held(&self, key: &str, media_type: &str, body: Bytes) -> Result<(), BucketError> {
        let headers = Headers::not_stored(media_type);
        self.put(key, headers, Condition::IfNoneMatch, body).await?;
        Ok(())
    }

    /// A picture that has no public address; `None` where there is none.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn held_picture(
        &self,
        held: HeldPicture,
        format: Format,
    ) -> Result<Option<Bytes>, BucketError> {
        self.bytes_of(&held.key(format)).await
    }

    /// A public picture; `None` where there is none, or one of zero bytes.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn picture(&self, name: Name, format: Format) -> Result<Option<Bytes>, BucketError> {
        self.bytes_of(&Self::picture_key(name, format)).await
    }

    async fn bytes_of(&self, key: &str) -> Result<Option<Bytes>, BucketError> {
        let Some((bytes, _)) = self.read(key, MOST_OF_A_PICTURE).await? else {
            return Ok(None);
        };
        if bytes.is_empty() {
            return Err(BucketError::of(&"a picture is too large to be copied"));
        }
        Ok(Some(bytes))
    }

    /// Removes what waits of a message.
    ///
    /// # Errors
    /// Where S3 fails on any of it.
    pub async fn remove_waiting(
        &self,
        id: MessageId,
        picture: Option<Format>,
    ) -> Result<(), BucketError> {
        self.remove_all(waiting_of(id, picture)).await
    }

    /// Removes what waits of a message, and all copies of its picture up to this generation.
    ///
    /// # Errors
    /// Where S3 fails on any of it.
    pub async fn remove_held(
        &self,
        name: Name,
        picture: Option<Format>,
    ) -> Result<(), BucketError> {
        let copies = picture.into_iter().flat_map(|format| {
            let copies = name.up_to().map(HeldPicture::Removed);
            copies.map(move |copy| copy.key(format))
        });
        self.remove_all(waiting_of(name.id, picture).chain(copies))
            .await
    }

    /// Removes the copy of a picture that was taken down.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_copy(&self, name: Name, format: Format) -> Result<(), BucketError> {
        self.remove(&HeldPicture::Removed(name).key(format)).await
    }

    /// Removes at most 1,000 objects by one request; those that are not there are removed already.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
    async fn remove_all(&self, keys: impl Iterator<Item = String>) -> Result<(), BucketError> {
        let object = |key| ObjectIdentifier::builder().key(key).build();
        let objects = keys.map(object).collect::<Result<_, _>>();
        let objects = objects.map_err(|error| BucketError::of(&error))?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true);
        let delete = delete.build().map_err(|error| BucketError::of(&error))?;
        let request = self.client.delete_objects().bucket(&self.name);
        let answer = request.delete(delete).send().await?;
        match answer.errors().first() {
            None => Ok(()),
            Some(error) => {
                let cause = error.code().or(error.message()).unwrap_or("no reason");
                Err(BucketError::of(&format!("not all was removed: {cause}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_held_is_under_its_own_prefix() {
        let id: MessageId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let removed = |generation| HeldPicture::Removed(Name { id, generation }).key(Format::Png);
        assert_eq!(
            [
                HeldPicture::Waiting(id).key(Format::Jpeg),
                removed(0),
                removed(2),
                message_key(id),
            ],
            [
                "held/waiting/01ARZ3NDEKTSV4RRFFQ69G5FAV.jpg",
                "held/removed/01ARZ3NDEKTSV4RRFFQ69G5FAV-0.png",
                "held/removed/01ARZ3NDEKTSV4RRFFQ69G5FAV-2.png",
                "held/waiting/ZYN70WAJHC564V77GG8SPFTGN4.json",
            ]
        );
    }
}
