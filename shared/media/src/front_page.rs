//! The front page's file, written only over the version that was read, and the marks of changes beside it.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::EncodingType;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;

use domain::MessageId;

use crate::bucket::{Bucket, BucketError, collect};

/// The newest messages.
const FRONT_PAGE: &str = "board/front-page.json";
/// An object for each change that is under way, or that died.
const CHANGES: &str = "board/changes/";

/// Characters of a mark.
const MARK: usize = 26;

/// What was written, as S3 knows it apart from what was written before and after; `None` where there is
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(Option<String>);

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// It was done; the file has this version now.
    Done(Version),
    /// Somebody wrote since the version was read.
    Overtaken,
    /// It was not done, and whether somebody wrote is not known: S3 saw a conflict, or the object went away.
    Refused,
}

impl Bucket {
    /// Reads the front page's file, and gives its version.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn front_page(&self) -> Result<(Version, Option<Bytes>), BucketError> {
        let Some(object) = self.get(FRONT_PAGE).await? else {
            return Ok((Version(None), None));
        };
        let version = object.e_tag.ok_or_else(|| {
            // It could only be written blindly.
            BucketError("an object without an entity tag".into())
        })?;
        let json = collect(object.body).await?;
        Ok((Version(Some(version)), Some(json)))
    }

    /// Writes the front page's file over this version of it.
    ///
    /// # Errors
    /// Where S3 fails; the file may be written all the same, also later, but over no other version.
    pub async fn swap_front_page(
        &self,
        version: &Version,
        json: Bytes,
    ) -> Result<Swap, BucketError> {
        let put = self.client.put_object().bucket(&self.name).key(FRONT_PAGE);
        let put = match &version.0 {
            Some(version) => put.if_match(version),
            None => put.if_none_match("*"),
        };
        let put = put.content_type("application/json").body(json.into());
        match put.cache_control("no-store").send().await {
            Ok(written) => Ok(Swap::Done(Version(written.e_tag))),
            Err(error) => match status(&error) {
                Some(412) => Ok(Swap::Overtaken),
                Some(404 | 409) => Ok(Swap::Refused),
                _ => Err(error.into()),
            },
        }
    }

    /// Removes the front page's file, so that whoever wants the page makes it anew.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_front_page(&self) -> Result<(), BucketError> {
        let delete = self.client.delete_object().bucket(&self.name);
        delete.key(FRONT_PAGE).send().await?;
        Ok(())
    }

    /// Marks a change that is about to be made.
    ///
    /// # Errors
    /// Where S3 fails; the mark may be there all the same.
    pub async fn put_intent_mark(&self, mark: MessageId) -> Result<(), BucketError> {
        let put = self.client.put_object().bucket(&self.name);
        put.key(mark_key(mark)).send().await?;
        Ok(())
    }

    /// The marks that are there, the oldest first and so many at most.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn intent_marks(&self, most: u16) -> Result<Vec<MessageId>, BucketError> {
        let list = self.client.list_objects_v2().bucket(&self.name);
        let list = list.encoding_type(EncodingType::Url).prefix(CHANGES);
        let list = list.max_keys(most.into());
        let objects = list.send().await?.contents.unwrap_or_default();
        let keys = objects.into_iter().filter_map(|object| object.key);
        // However the slashes are written.
        Ok(keys
            .filter_map(|key| key.get(key.len().checked_sub(MARK)?..)?.parse().ok())
            .collect())
    }

    /// Removes a mark; one that is not there is removed already.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn delete_intent_mark(&self, mark: MessageId) -> Result<(), BucketError> {
        let delete = self.client.delete_object().bucket(&self.name);
        delete.key(mark_key(mark)).send().await?;
        Ok(())
    }
}

fn mark_key(mark: MessageId) -> String {
    format!("{CHANGES}{mark}")
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    Some(error.raw_response()?.status().as_u16())
}
