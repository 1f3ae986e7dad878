use std::sync::{Arc, LazyLock};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use bytes::Bytes;
use domain::{Format, MessageId, Picture};
use thiserror::Error;

/// Where pictures are.
pub const IMAGES: &str = "images/";
/// The list of all pictures.
pub const CARROUSEL: &str = "carrousel/carrousel.json";
const CARROUSEL_TYPE: &str = "application/json";
/// How long the carrousel may be cached: by a shared cache for a second, and longer where the bucket fails.
pub const CARROUSEL_CACHE_CONTROL: &str = "public, max-age=0, s-maxage=1, stale-if-error=60";
/// How long a picture may be cached: a deleted one leaves the shared caches within five minutes.
const PICTURE_CACHE_CONTROL: &str = "public, max-age=86400, s-maxage=300";

/// S3 refused or did not answer. The text is for the log, never for a caller.
#[derive(Debug, Error)]
#[error("the media bucket failed: {0}")]
pub struct BucketError(pub(crate) String);

impl BucketError {
    /// S3 did not answer within the time that a caller had.
    pub fn no_answer() -> Self {
        Self("no answer in time".into())
    }

    /// What is to be written cannot be.
    pub fn of(cause: &impl ToString) -> Self {
        Self(cause.to_string())
    }
}

impl<E> From<SdkError<E>> for BucketError
where
    SdkError<E>: std::error::Error,
{
    fn from(error: SdkError<E>) -> Self {
        Self(DisplayErrorContext(error).to_string())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn build_error(error: aws_sdk_s3::error::BuildError) -> BucketError {
    BucketError(error.to_string())
}

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

/// An object that is being read.
#[derive(Debug)]
pub struct Object {
    /// In bytes.
    pub size: u64,
    /// The bytes, piece by piece.
    pub body: ByteStream,
}

/// A client that is made when it is first used.
///
/// Making one takes 0.8 million instructions (the SDK reads its table of regions), and many requests need no S3.
type LazyClient = LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>;

/// One bucket. Clones share connections.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(crate) client: Arc<LazyClient>,
    pub(crate) name: String,
}

impl Bucket {
    /// The bucket of this name. `client` is called when the bucket is first used.
    pub fn new(client: impl FnOnce() -> Client + Send + 'static, name: impl Into<String>) -> Self {
        Self {
            client: Arc::new(LazyLock::new(Box::new(client))),
            name: name.into(),
        }
    }

    /// The bucket of another name, reached by the same client.
    #[must_use]
    pub fn named(&self, name: impl Into<String>) -> Self {
        Self {
            client: Arc::clone(&self.client),
            name: name.into(),
        }
    }

    /// The key of a posted picture.
    pub fn picture_key(id: MessageId, format: Format) -> String {
        format!("{IMAGES}{id}.{}", format.extension())
    }

    /// Whether the bucket answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), BucketError> {
        self.client.head_bucket().bucket(&self.name).send().await?;
        Ok(())
    }

    /// Puts a posted picture.
    ///
    /// # Errors
    /// Where S3 fails; the picture may be there all the same.
    pub async fn put_picture(&self, id: MessageId, picture: &Picture) -> Result<(), BucketError> {
        self.put(
            &Self::picture_key(id, picture.format()),
            picture.format().media_type(),
            PICTURE_CACHE_CONTROL,
            picture.bytes().clone(),
        )
        .await
    }

    /// Puts a picture under any key, to be cached like a posted one.
    ///
    /// # Errors
    /// Where S3 fails; the picture may be there all the same.
    pub async fn put_image(
        &self,
        key: &str,
        media_type: &str,
        body: ByteStream,
    ) -> Result<(), BucketError> {
        self.put(key, media_type, PICTURE_CACHE_CONTROL, body).await
    }

    /// Reads an object; `None` where there is none.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn object(&self, key: &str) -> Result<Option<Object>, BucketError> {
        let Some(object) = self.get(key).await? else {
            return Ok(None);
        };
        let size = object
            .content_length()
            .and_then(|length| u64::try_from(length).ok())
            .ok_or_else(|| BucketError("an object without a length".into()))?;
        Ok(Some(Object {
            size,
            body: object.body,
        }))
    }

    /// Deletes a posted picture; one that is not there is deleted already.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn delete_picture(&self, id: MessageId, format: Format) -> Result<(), BucketError> {
        self.client
            .delete_object()
            .bucket(&self.name)
            .key(Self::picture_key(id, format))
            .send()
            .await?;
        Ok(())
    }

    /// Deletes posted pictures, a thousand at a time; those that are not there are deleted already.
    ///
    /// # Errors
    /// Where S3 fails, or does not delete one of them.
    pub async fn delete_pictures(
        &self,
        pictures: &[(MessageId, Format)],
    ) -> Result<(), BucketError> {
        const AT_ONCE: usize = 1_000;
        for pictures in pictures.chunks(AT_ONCE) {
            let objects = pictures.iter().map(|&(id, format)| {
                ObjectIdentifier::builder()
                    .key(Self::picture_key(id, format))
                    .build()
            });
            let objects: Vec<_> = objects.collect::<Result<_, _>>().map_err(build_error)?;
            let delete = Delete::builder()
                .set_objects(Some(objects))
                .quiet(true)
                .build()
                .map_err(build_error)?;
            let request = self.client.delete_objects().bucket(&self.name);
            let answer = request.delete(delete).send().await?;
            if let Some(error) = answer.errors().first() {
                return Err(BucketError(format!(
                    "a picture was not deleted: {}",
                    error.code().unwrap_or_default()
                )));
            }
        }
        Ok(())
    }

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

    /// Reads the carrousel as [`Self::put_carrousel`] wrote it; `None` where there is none, or one that
    /// something else wrote: with other headers.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn carrousel_as_written(&self) -> Result<Option<Bytes>, BucketError> {
        let is_ours = |file: &GetObjectOutput| {
            file.content_type() == Some(CARROUSEL_TYPE)
                && file.cache_control() == Some(CARROUSEL_CACHE_CONTROL)
        };
        match self.get(CARROUSEL).await?.filter(is_ours) {
            Some(file) => collect(file.body).await.map(Some),
            None => Ok(None),
        }
    }

    /// Writes the carrousel.
    ///
    /// # Errors
    /// Where S3 fails; the file may be written all the same.
    pub async fn put_carrousel(&self, json: Bytes) -> Result<(), BucketError> {
        self.put(CARROUSEL, CARROUSEL_TYPE, CARROUSEL_CACHE_CONTROL, json)
            .await
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<GetObjectOutput>, BucketError> {
        let object = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await;
        if let Err(error) = &object
            && error
                .as_service_error()
                .is_some_and(GetObjectError::is_no_such_key)
        {
            return Ok(None);
        }
        Ok(Some(object?))
    }

    async fn put(
        &self,
        key: &str,
        media_type: &str,
        cache_control: &str,
        body: impl Into<ByteStream>,
    ) -> Result<(), BucketError> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(media_type)
            .cache_control(cache_control)
            .body(body.into())
            .send()
            .await?;
        Ok(())
    }
}

pub(crate) async fn collect(body: ByteStream) -> Result<Bytes, BucketError> {
    let body = body.collect().await;
    let body = body.map_err(|error| BucketError(DisplayErrorContext(error).to_string()))?;
    Ok(body.into_bytes())
}
