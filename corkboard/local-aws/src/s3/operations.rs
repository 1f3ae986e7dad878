//! The S3 operations. What is not here answers `NotImplemented`, which is the trait's default.

use async_trait::async_trait;
use s3s::dto::{self, ChecksumMode, ChecksumType, CopyObjectResult, ETag, MetadataDirective};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::bodies::Epilogue;
use super::conditions::{ReadConditions, WriteCondition, range_holds, unsatisfiable};
use super::digest::hex;
use super::failure::fault;
use super::listing::MAX_KEYS;
use super::object::{BUCKET, Object, attributes_of, check_key, read};
use super::store::{ObjectStore, stated_of, taken_as};

/// The headers of an answer with or about an object. Checksums are told only to those who ask for them, and then
/// with what they are of: an object's checksums are kept where it was put in one piece.
macro_rules! describe {
    ($output:ident, $stored:expr, $mode:expr, $is_whole:expr) => {{
        let stored = $stored;
        let attributes = stored.attributes;
        let asked = $mode.as_ref().map(ChecksumMode::as_str) == Some(ChecksumMode::ENABLED);
        let checksums = if asked && $is_whole {
            attributes.checksums
        } else {
            Default::default()
        };
        let has_checksum = checksums != Default::default();
        dto::$output {
            accept_ranges: Some("bytes".to_owned()),
            last_modified: Some(stored.object.last_modified()),
            e_tag: Some(ETag::Strong(stored.object.e_tag)),
            metadata: attributes.user_metadata,
            cache_control: attributes.cache_control,
            content_disposition: attributes.content_disposition,
            content_encoding: attributes.content_encoding,
            content_language: attributes.content_language,
            content_type: attributes.content_type,
            expires: attributes.expires.as_deref().and_then(read),
            website_redirect_location: attributes.website_redirect_location,
            checksum_crc32: checksums.checksum_crc32,
            checksum_crc32c: checksums.checksum_crc32c,
            checksum_crc64nvme: checksums.checksum_crc64nvme,
            checksum_sha1: checksums.checksum_sha1,
            checksum_sha256: checksums.checksum_sha256,
            checksum_type: has_checksum
                .then(|| ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
            ..Default::default()
        }
    }};
}

#[async_trait]
impl S3 for ObjectStore {
    async fn list_buckets(
        &self,
        _req: S3Request<dto::ListBucketsInput>,
    ) -> S3Result<S3Response<dto::ListBucketsOutput>> {
        Ok(S3Response::new(dto::ListBucketsOutput {
            buckets: Some(vec![dto::Bucket {
                name: Some(BUCKET.to_owned()),
                creation_date: Some(self.created.into()),
                bucket_region: None,
            }]),
            ..Default::default()
        }))
    }

    /// The one bucket is there already: as its owner, a caller is told so as in `us-east-1`, which is where the
    /// endpoint is. rclone asks for it before every upload.
    async fn create_bucket(
        &self,
        req: S3Request<dto::CreateBucketInput>,
    ) -> S3Result<S3Response<dto::CreateBucketOutput>> {
        let input = req.input;
        if input.bucket != BUCKET {
            return Err(s3_error!(
                NotImplemented,
                "This endpoint has one bucket: {BUCKET}"
            ));
        }
        let elsewhere = input
            .create_bucket_configuration
            .and_then(|configuration| configuration.location_constraint);
        if elsewhere.is_some() {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        Ok(S3Response::new(dto::CreateBucketOutput {
            location: Some(format!("/{BUCKET}")),
        }))
    }

    async fn head_bucket(
        &self,
        req: S3Request<dto::HeadBucketInput>,
    ) -> S3Result<S3Response<dto::HeadBucketOutput>> {
        check_bucket(&req.input.bucket)?;
        self.bodies.drive.takes_new().map_err(fault)?;
        Ok(S3Response::new(dto::HeadBucketOutput::default()))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<dto::GetBucketLocationInput>,
    ) -> S3Result<S3Response<dto::GetBucketLocationOutput>> {
        check_bucket(&req.input.bucket)?;
        Ok(S3Response::new(dto::GetBucketLocationOutput::default()))
    }

    async fn put_object(
        &self,
        req: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        let mut input = req.input;
        check_bucket(&input.bucket)?;
        check_key(&input.key)?;
        let condition = WriteCondition::new(input.if_match.take(), input.if_none_match.as_ref())?;
        let mut attributes = attributes_of!(&mut input);
        let stated = stated_of!(input, req.trailing_headers);
        let received = self.receive(input.body, stated).await?;
        attributes.checksums = received.checksums.clone();
        let e_tag = hex(&received.md5);
        let epilogue = Epilogue {
            key: input.key,
            object: Object::now(received.size, e_tag.clone()),
            attributes,
        };
        self.publish(epilogue, received.body, condition, "ObjectCreated:Put")
            .await?;
        Ok(S3Response::new(taken_as!(
            PutObjectOutput,
            e_tag,
            received.checksums
        )))
    }

    /// A form in a web page, which the guard keeps out anyway.
    async fn post_object(
        &self,
        _req: S3Request<dto::PostObjectInput>,
    ) -> S3Result<S3Response<dto::PostObjectOutput>> {
        Err(s3_error!(NotImplemented))
    }

    async fn copy_object(
        &self,
        req: S3Request<dto::CopyObjectInput>,
    ) -> S3Result<S3Response<dto::CopyObjectOutput>> {
        let mut input = req.input;
        check_bucket(&input.bucket)?;
        check_key(&input.key)?;
        let dto::CopySource::Bucket {
            bucket,
            key: source,
            version_id: None,
        } = &input.copy_source
        else {
            return Err(s3_error!(
                NotImplemented,
                "A copy's source is a bucket and a key"
            ));
        };
        check_bucket(bucket)?;
        let source = source.to_string();
        let replaces = input
            .metadata_directive
            .as_ref()
            .is_some_and(|it| it.as_str() == MetadataDirective::REPLACE);
        if source == input.key && !replaces {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing \
                 the object's metadata"
            ));
        }
        let condition = WriteCondition::from_headers(&req.headers)?;
        let source_conditions = ReadConditions {
            matching: input.copy_source_if_match.take(),
            not_matching: input.copy_source_if_none_match.take(),
            modified_since: input.copy_source_if_modified_since.take(),
            unmodified_since: input.copy_source_if_unmodified_since.take(),
        };
        let (stored, content) = self.open_object(source).await?;
        source_conditions.check_source(&stored.object)?;
        let mut attributes = stored.attributes;
        if replaces {
            let checksums = attributes.checksums;
            attributes = attributes_of!(&mut input);
            attributes.checksums = checksums;
        }
        let epilogue = Epilogue {
            key: input.key,
            object: Object::now(stored.object.size, stored.object.e_tag),
            attributes,
        };
        let result = CopyObjectResult {
            e_tag: Some(ETag::Strong(epilogue.object.e_tag.clone())),
            last_modified: Some(epilogue.object.last_modified()),
            ..Default::default()
        };
        let body = self.copy(content, epilogue.object.size).await?;
        self.publish(epilogue, body, condition, "ObjectCreated:Copy")
            .await?;
        Ok(S3Response::new(dto::CopyObjectOutput {
            copy_object_result: Some(result),
            ..Default::default()
        }))
    }

    async fn get_object(
        &self,
        req: S3Request<dto::GetObjectInput>,
    ) -> S3Result<S3Response<dto::GetObjectOutput>> {
        let mut input = req.input;
        check_bucket(&input.bucket)?;
        check_whole_object(input.version_id.as_deref(), input.part_number)?;
        let conditions = ReadConditions {
            matching: input.if_match.take(),
            not_matching: input.if_none_match.take(),
            modified_since: input.if_modified_since.take(),
            unmodified_since: input.if_unmodified_since.take(),
        };
        let (stored, content) = self.open_object(input.key).await?;
        let object = &stored.object;
        conditions.check(object)?;
        let size = object.size;
        let range = input.range.filter(|_| range_holds(&req.headers, object));
        let span = match &range {
            Some(range) => range
                .check(size)
                .ok()
                // The last bytes of nothing.
                .filter(|span| !span.is_empty())
                .ok_or_else(|| unsatisfiable(object))?,
            None => 0..size,
        };
        let length = span.end - span.start;
        let content_range = range.map(|_| format!("bytes {}-{}/{size}", span.start, span.end - 1));
        let mut output = describe!(GetObjectOutput, stored, input.checksum_mode, length == size);
        output.content_length = i64::try_from(length).ok();
        output.content_range = content_range;
        output.body = Some(content.stream(span).await?);
        Ok(S3Response::new(output))
    }

    async fn head_object(
        &self,
        req: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<S3Response<dto::HeadObjectOutput>> {
        let mut input = req.input;
        check_bucket(&input.bucket)?;
        check_whole_object(input.version_id.as_deref(), input.part_number)?;
        if input.range.is_some() {
            return Err(s3_error!(NotImplemented, "HEAD is for the whole object"));
        }
        let conditions = ReadConditions {
            matching: input.if_match.take(),
            not_matching: input.if_none_match.take(),
            modified_since: input.if_modified_since.take(),
            unmodified_since: input.if_unmodified_since.take(),
        };
        let stored = self.find(input.key).await?;
        conditions.check(&stored.object)?;
        let size = stored.object.size;
        let mut output = describe!(HeadObjectOutput, stored, input.checksum_mode, true);
        output.content_length = i64::try_from(size).ok();
        Ok(S3Response::new(output))
    }

    async fn delete_object(
        &self,
        req: S3Request<dto::DeleteObjectInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
        let input = req.input;
        check_bucket(&input.bucket)?;
        check_whole_object(input.version_id.as_deref(), None)?;
        if input.if_match.is_some()
            || input.if_match_size.is_some()
            || input.if_match_last_modified_time.is_some()
        {
            return Err(s3_error!(
                NotImplemented,
                "Conditional deletes are not implemented"
            ));
        }
        self.remove(vec![input.key]).await?;
        Ok(S3Response::new(dto::DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        req: S3Request<dto::DeleteObjectsInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectsOutput>> {
        check_bucket(&req.input.bucket)?;
        let dto::Delete { objects, quiet } = req.input.delete;
        if objects.is_empty() || objects.len() > MAX_KEYS {
            return Err(s3_error!(
                MalformedXML,
                "DeleteObjects takes 1 to {MAX_KEYS} keys"
            ));
        }
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in objects {
            match check_removal(&object) {
                Ok(()) => deleted.push(object.key),
                Err(error) => errors.push(dto::Error {
                    code: Some(error.code().as_str().to_owned()),
                    key: Some(object.key),
                    message: error.message().map(ToOwned::to_owned),
                    version_id: None,
                }),
            }
        }
        self.remove(deleted.clone()).await?;
        let deleted = deleted.into_iter().map(|key| dto::DeletedObject {
            key: Some(key),
            ..Default::default()
        });
        let deleted = deleted.collect();
        Ok(S3Response::new(dto::DeleteObjectsOutput {
            deleted: (quiet != Some(true)).then_some(deleted),
            errors: Some(errors),
            request_charged: None,
        }))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<dto::ListObjectsV2Input>,
    ) -> S3Result<S3Response<dto::ListObjectsV2Output>> {
        check_bucket(&req.input.bucket)?;
        self.list_with_token(req.input).await.map(S3Response::new)
    }

    async fn list_objects(
        &self,
        req: S3Request<dto::ListObjectsInput>,
    ) -> S3Result<S3Response<dto::ListObjectsOutput>> {
        check_bucket(&req.input.bucket)?;
        self.list_with_marker(req.input).await.map(S3Response::new)
    }

    async fn create_multipart_upload(
        &self,
        mut req: S3Request<dto::CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
        check_bucket(&req.input.bucket)?;
        check_key(&req.input.key)?;
        self.create_upload(&mut req.input)
            .await
            .map(S3Response::new)
    }

    async fn upload_part(
        &self,
        req: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        check_bucket(&req.input.bucket)?;
        self.put_part(req).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
        check_bucket(&req.input.bucket)?;
        self.complete_upload(req.input).await.map(S3Response::new)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        let input = req.input;
        check_bucket(&input.bucket)?;
        self.abort_upload(input.key, input.upload_id).await?;
        Ok(S3Response::new(dto::AbortMultipartUploadOutput::default()))
    }
}

fn check_removal(object: &dto::ObjectIdentifier) -> S3Result<()> {
    check_whole_object(object.version_id.as_deref(), None)?;
    if object.e_tag.is_some() || object.size.is_some() || object.last_modified_time.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "Conditional deletes are not implemented"
        ));
    }
    Ok(())
}

fn check_bucket(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET {
        Ok(())
    } else {
        Err(s3_error!(NoSuchBucket))
    }
}

fn check_whole_object(version_id: Option<&str>, part_number: Option<i32>) -> S3Result<()> {
    // In a bucket without versions, `null` is the object.
    if version_id.is_some_and(|version| version != "null") || part_number.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "Versions and the reading of single parts are not implemented"
        ));
    }
    Ok(())
}
