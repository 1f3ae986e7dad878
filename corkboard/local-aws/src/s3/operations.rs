//! The S3 operations. What is not here answers `NotImplemented`, which is the trait's default.

use std::io::{self, SeekFrom};
use std::mem;
use std::ops::Range;

use async_trait::async_trait;
use s3s::dto::{self, ChecksumMode, ChecksumType, MetadataDirective, StreamingBlob};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::body;
use super::conditions::{ReadConditions, WriteCondition, range_holds, unsatisfiable};
use super::listing::MAX_KEYS;
use super::object::{BUCKET, STAGED, check_key};
use super::store::ObjectStore;

/// Bytes.
const READ_AHEAD: usize = 256 * 1024;

/// Checksums are told only to those who ask for them, and then with what they are of: an object's checksums are
/// kept where it was put in one piece.
macro_rules! tell_checksums {
    ($output:expr, $mode:expr) => {{
        let output = &mut $output;
        let mode = $mode.as_ref().map(ChecksumMode::as_str);
        let kept = [
            &mut output.checksum_crc32,
            &mut output.checksum_crc32c,
            &mut output.checksum_crc64nvme,
            &mut output.checksum_sha1,
            &mut output.checksum_sha256,
        ];
        if mode != Some(ChecksumMode::ENABLED) {
            for checksum in kept {
                *checksum = None;
            }
        } else if kept.into_iter().any(|checksum| checksum.is_some()) {
            output.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
        }
    }};
}

#[async_trait]
impl S3 for ObjectStore {
    async fn list_buckets(
        &self,
        req: S3Request<dto::ListBucketsInput>,
    ) -> S3Result<S3Response<dto::ListBucketsOutput>> {
        self.files.list_buckets(req).await
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
        self.files.head_bucket(req).await
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<dto::GetBucketLocationInput>,
    ) -> S3Result<S3Response<dto::GetBucketLocationOutput>> {
        self.files.get_bucket_location(req).await
    }

    async fn put_object(
        &self,
        mut req: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        let input = &mut req.input;
        check_bucket(&input.bucket)?;
        check_key(&input.key)?;
        let condition =
            WriteCondition::new(input.if_match.take(), input.if_none_match.take().as_ref())?;
        body::check_md5(input.content_md5.as_deref())?;
        set_content_headers(&mut input.content_type, &mut input.content_encoding);

        let staged = self.stage();
        STAGED.clone_into(&mut input.bucket);
        let key = mem::replace(&mut input.key, staged.key().to_owned());
        let response = self.files.put_object(req).await.map_err(body::fault)?;
        self.publish(staged, &key, &condition, "ObjectCreated:Put")
            .await?;
        Ok(response)
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
        mut req: S3Request<dto::CopyObjectInput>,
    ) -> S3Result<S3Response<dto::CopyObjectOutput>> {
        let input = &mut req.input;
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
        set_content_headers(&mut input.content_type, &mut input.content_encoding);

        let staged = self.stage();
        STAGED.clone_into(&mut input.bucket);
        let key = mem::replace(&mut input.key, staged.key().to_owned());
        let response = {
            let objects = self.objects.read().await;
            let object = objects.get(&source).ok_or_else(|| s3_error!(NoSuchKey))?;
            source_conditions.check_source(object)?;
            self.files.copy_object(req).await?
        };
        self.publish(staged, &key, &condition, "ObjectCreated:Copy")
            .await?;
        Ok(response)
    }

    async fn get_object(
        &self,
        mut req: S3Request<dto::GetObjectInput>,
    ) -> S3Result<S3Response<dto::GetObjectOutput>> {
        let input = &mut req.input;
        check_bucket(&input.bucket)?;
        check_whole_object(input.version_id.as_deref(), input.part_number)?;
        let conditions = ReadConditions {
            matching: input.if_match.take(),
            not_matching: input.if_none_match.take(),
            modified_since: input.if_modified_since.take(),
            unmodified_since: input.if_unmodified_since.take(),
        };
        let objects = self.objects.read().await;
        let object = objects
            .get(&input.key)
            .ok_or_else(|| s3_error!(NoSuchKey))?;
        conditions.check(object)?;
        if !range_holds(&req.headers, object) {
            input.range = None;
        }
        let span = match input.range {
            Some(range) => range
                .check(object.size)
                .ok()
                // The last bytes of nothing.
                .filter(|span| !span.is_empty())
                .ok_or_else(|| unsatisfiable(object))?,
            None => 0..object.size,
        };
        // As s3s-fs takes it also for a suffix that is longer than the object.
        input.range = input.range.map(|_| dto::Range::Int {
            first: span.start,
            last: Some(span.end - 1),
        });
        let mode = input.checksum_mode.take();
        let body = self
            .body(&input.key, span)
            .await
            .map_err(S3Error::internal_error)?;
        let mut response = self.files.get_object(req).await?;
        tell_checksums!(response.output, mode);
        response.output.body = Some(body);
        response.output.accept_ranges = Some("bytes".to_owned());
        Ok(response)
    }

    async fn head_object(
        &self,
        mut req: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<S3Response<dto::HeadObjectOutput>> {
        let input = &mut req.input;
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
        let objects = self.objects.read().await;
        let object = objects
            .get(&input.key)
            .ok_or_else(|| s3_error!(NoSuchKey))?;
        conditions.check(object)?;
        let mode = input.checksum_mode.take();
        let mut response = self.files.head_object(req).await?;
        tell_checksums!(response.output, mode);
        response.output.accept_ranges = Some("bytes".to_owned());
        Ok(response)
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
        self.remove(&input.key).await?;
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
            let key = Some(object.key.clone());
            match self.remove_one(object).await {
                Ok(()) => deleted.push(dto::DeletedObject {
                    key,
                    ..Default::default()
                }),
                Err(error) => errors.push(dto::Error {
                    code: Some(error.code().as_str().to_owned()),
                    key,
                    message: error.message().map(ToOwned::to_owned),
                    version_id: None,
                }),
            }
        }
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
        set_content_headers(&mut req.input.content_type, &mut req.input.content_encoding);
        self.create_upload(req).await
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
        self.complete_upload(req).await
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        check_bucket(&req.input.bucket)?;
        self.abort_upload(req).await
    }
}

impl ObjectStore {
    /// The bytes in large pieces; the 4 KiB of `s3s-fs` make a picture take ten times as long.
    async fn body(&self, key: &str, span: Range<u64>) -> io::Result<StreamingBlob> {
        let mut file = File::open(self.data(key)).await?;
        file.seek(SeekFrom::Start(span.start)).await?;
        let bytes = file.take(span.end - span.start);
        Ok(StreamingBlob::wrap(ReaderStream::with_capacity(
            bytes, READ_AHEAD,
        )))
    }

    async fn remove_one(&self, object: dto::ObjectIdentifier) -> S3Result<()> {
        check_whole_object(object.version_id.as_deref(), None)?;
        if object.e_tag.is_some() || object.size.is_some() || object.last_modified_time.is_some() {
            return Err(s3_error!(
                NotImplemented,
                "Conditional deletes are not implemented"
            ));
        }
        self.remove(&object.key).await
    }
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

/// S3's default type; and `aws-chunked` is how a body was sent, not what it is.
fn set_content_headers(content_type: &mut Option<String>, content_encoding: &mut Option<String>) {
    content_type.get_or_insert_with(|| "binary/octet-stream".to_owned());
    *content_encoding = content_encoding.take().and_then(|encodings| {
        let kept: Vec<_> = encodings
            .split(',')
            .map(str::trim)
            .filter(|it| *it != "aws-chunked")
            .collect();
        (!kept.is_empty()).then(|| kept.join(", "))
    });
}
