//! Posted pictures. A picture is put where nothing is, and is deleted by zero bytes over it: so whoever puts it late
//! does not bring it back.

use bytes::Bytes;
use domain::{Format, Name};

use crate::bucket::{Bucket, BucketError, Condition, Headers, IMAGES, Put};

impl Bucket {
    /// The key of a posted picture.
    pub fn picture_key(name: impl Into<Name>, format: Format) -> String {
        format!("{IMAGES}{}.{}", name.into(), format.extension())
    }

    /// Puts a posted picture, where there is none and none was deleted.
    ///
    /// # Errors
    /// Where S3 fails; the picture may be there all the same, also later.
    pub async fn put_picture(
        &self,
        name: impl Into<Name>,
        format: Format,
        picture: Bytes,
    ) -> Result<Put, BucketError> {
        let key = Self::picture_key(name, format);
        let headers = Headers::cached(format.media_type());
        self.put(&key, headers, Condition::IfNoneMatch, picture)
            .await
    }

    /// Deletes a posted picture: zero bytes are none, and keep whoever comes late from putting it.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn overwrite_picture(
        &self,
        name: impl Into<Name>,
        format: Format,
    ) -> Result<(), BucketError> {
        let headers = Headers::not_stored(format.media_type());
        let key = Self::picture_key(name, format);
        self.put(&key, headers, Condition::Any, Bytes::new())
            .await?;
        Ok(())
    }

    /// Removes what is left of a posted picture that nobody puts any more.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_picture(
        &self,
        name: impl Into<Name>,
        format: Format,
    ) -> Result<(), BucketError> {
        self.remove(&Self::picture_key(name, format)).await
    }

    /// Whether a posted picture is there.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn has_picture(
        &self,
        name: impl Into<Name>,
        format: Format,
    ) -> Result<bool, BucketError> {
        let size = self.size(&Self::picture_key(name, format)).await?;
        Ok(size.is_some_and(|size| size > 0))
    }
}
