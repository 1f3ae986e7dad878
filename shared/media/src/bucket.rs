use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::operation::head_object::{HeadObjectError, HeadObjectOutput};
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where pictures are.
pub const IMAGES: &str = "images/";
/// How long a picture may be cached: a deleted one leaves the shared caches within five minutes.
pub const PICTURE_CACHE_CONTROL: &str = "public, max-age=86400, s-maxage=300";
/// A picture of more bytes is neither copied nor made smaller: it would be in memory as a whole, and a posted one has
/// 4 MiB at most.
pub(crate) const MOST_OF_A_PICTURE: u64 = 64 * 1024 * 1024;
/// The metadata that says of which version of its original an object was made: `x-amz-meta-original`.
const ORIGINAL: &str = "original";

/// S3 refused or did not answer. The text is for the log, never for a caller.
#[derive(Debug, Clone, Error)]
#[error("the media bucket failed: {cause}")]
pub struct BucketError {
    cause: String,
    is_refusal: bool,
}

impl BucketError {
    /// S3 did not answer within the time that a caller had.
    pub fn no_answer() -> Self {
        Self::of(&"no answer in time")
    }

    /// What is to be put cannot be written as bytes.
    pub fn of(cause: &impl ToString) -> Self {
        Self {
            cause: cause.to_string(),
            is_refusal: false,
        }
    }

    /// Whether S3 answered and refused (4xx), for this key at least.
    pub fn is_refusal(&self) -> bool {
        self.is_refusal
    }
}

impl<E> From<SdkError<E>> for BucketError
where
    SdkError<E>: std::error::Error,
{
    fn from(error: SdkError<E>) -> Self {
        let is_refusal = matches!(status(&error), Some(400..500));
        Self {
            cause: DisplayErrorContext(error).to_string(),
            is_refusal,
        }
    }
}

/// A version of an object, as S3 tells it from those of other bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ETag(pub(crate) String);

impl ETag {
    /// The entity tag that S3 gave, without which an object could only be replaced blindly.
    pub(crate) fn given(e_tag: Option<String>) -> Result<Self, BucketError> {
        e_tag
            .map(Self)
            .ok_or_else(|| BucketError::of(&"an object without an entity tag"))
    }

    /// The entity tag, in an object's metadata, of the original that the object was made of.
    pub(crate) fn of_original(metadata: Option<&HashMap<String, String>>) -> Option<Self> {
        metadata?.get(ORIGINAL).cloned().map(Self)
    }
}

/// Over what an object may be put.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
#[derive(Debug, Clone, Copy)]
pub(crate) enum Condition<'a> {
    /// Over anything, and where there is nothing.
    Any,
    /// Where there is nothing: `If-None-Match: *`.
    IfNoneMatch,
    /// Over this version alone: `If-Match`.
    IfMatch(&'a ETag),
}

/// What became of a conditional put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// The object is there, in this version.
    Done(ETag),
    /// Something else was there. It may be what an earlier try of the same put wrote, whose answer was lost.
    PreconditionFailed,
}

/// How an object is to be served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Headers<'a> {
    pub media_type: &'a str,
    pub cache_control: &'a str,
    /// The version of the original that the object was made of, where it has an original.
    pub made_of: Option<&'a ETag>,
}

impl<'a> Headers<'a> {
    /// The headers of a picture, which anybody may cache.
    pub const fn cached(media_type: &'a str) -> Self {
        Self {
            media_type,
            cache_control: PICTURE_CACHE_CONTROL,
            made_of: None,
        }
    }

    /// The headers of an object that nobody is served.
    pub const fn not_stored(media_type: &'a str) -> Self {
        Self {
            media_type,
            cache_control: "no-store",
            made_of: None,
        }
    }
}

/// An object that is being read.
#[derive(Debug)]
pub struct Object {
    /// In bytes.
    pub size: u64,
    /// The version.
    pub e_tag: ETag,
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

    /// Whether the bucket answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), BucketError> {
        self.client.head_bucket().bucket(&self.name).send().await?;
        Ok(())
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
        let headers = Headers::cached(media_type);
        let put = self.put_request(key, headers).body(body);
        put.send().await?;
        Ok(())
    }

    /// Reads an object; `None` where there is none, or one of zero bytes, which is what is left of a deleted one.
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
            .ok_or_else(|| BucketError::of(&"an object without a length"))?;
        let e_tag = ETag::given(object.e_tag)?;
        Ok((size > 0).then_some(Object {
            size,
            e_tag,
            body: object.body,
        }))
    }

    /// Removes an object; one that is not there is removed already.
    ///
    /// # Errors
    /// Where S3 fails.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), BucketError> {
        let delete = self.client.delete_object().bucket(&self.name);
        delete.key(key).send().await?;
        Ok(())
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

    /// What is under a key, and its version; `None` where there is nothing, or no bytes. Of more bytes than `most` none
    /// are read.
    pub(crate) async fn read(
        &self,
        key: &str,
        most: u64,
    ) -> Result<Option<(Bytes, ETag)>, BucketError> {
        let Some(Object { size, e_tag, body }) = self.object(key).await? else {
            return Ok(None);
        };
        let bytes = if size > most {
            Bytes::new()
        } else {
            collect(body).await?
        };
        Ok(Some((bytes, e_tag)))
    }

    /// How many bytes are under a key; `None` where there is nothing.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, BucketError> {
        let head = self.head(key).await?;
        Ok(head.map(|head| size_of(&head)))
    }

    pub(crate) async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, BucketError> {
        let request = self.client.head_object().bucket(&self.name).key(key);
        let found = request.send().await;
        if let Err(error) = &found
            && error
                .as_service_error()
                .is_some_and(HeadObjectError::is_not_found)
        {
            return Ok(None);
        }
        Ok(Some(found?))
    }

    /// Puts an object over what the condition says, and not over anything else.
    pub(crate) async fn put(
        &self,
        key: &str,
        headers: Headers<'_>,
        condition: Condition<'_>,
        body: Bytes,
    ) -> Result<Put, BucketError> {
        /// Conflicts with other writers of one key, which are over when the put is sent again.
        const CONFLICTS: u32 = 8;
        let mut conflicts = 0;
        loop {
            let put = self.put_request(key, headers).body(body.clone().into());
            let put = match condition {
                Condition::Any => put,
                Condition::IfNoneMatch => put.if_none_match("*"),
                Condition::IfMatch(ETag(e_tag)) => put.if_match(e_tag),
            };
            let error = match put.send().await {
                Ok(written) => return ETag::given(written.e_tag).map(Put::Done),
                Err(error) => error,
            };
            match (status(&error), condition) {
                // Precondition Failed; of an object that is gone no version matches.
                (Some(412), _) | (Some(404), Condition::IfMatch(_)) => {
                    return Ok(Put::PreconditionFailed);
                }
                // ConditionalRequestConflict: another write to the key was under way.
                (Some(409), Condition::IfNoneMatch | Condition::IfMatch(_))
                    if conflicts < CONFLICTS =>
                {
                    conflicts += 1;
                }
                _ => return Err(error.into()),
            }
        }
    }

    fn put_request(&self, key: &str, headers: Headers<'_>) -> PutObjectFluentBuilder {
        let put = self.client.put_object().bucket(&self.name).key(key);
        let made_of = headers.made_of.map(|ETag(e_tag)| e_tag.clone());
        put.content_type(headers.media_type)
            .cache_control(headers.cache_control)
            .set_metadata(made_of.map(|e_tag| HashMap::from([(ORIGINAL.to_owned(), e_tag)])))
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    Some(error.raw_response()?.status().as_u16())
}

pub(crate) fn size_of(head: &HeadObjectOutput) -> u64 {
    let size = head.content_length();
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
}

/// All bytes, in one piece of the right size: as the SDK collects them there are twice as many for a while.
pub(crate) async fn collect(mut body: ByteStream) -> Result<Bytes, BucketError> {
    let (size, _) = body.size_hint();
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| BucketError::of(&DisplayErrorContext(error)))?;
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}
