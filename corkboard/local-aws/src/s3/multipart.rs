//! Uploads in parts.
//!
//! A part goes through `s3s-fs`'s put, which checks its digests, unlike its own `UploadPart`; the parts
//! are joined under the staging area and published as any object.

use std::fs;
use std::io::ErrorKind;
use std::mem;

use md5::{Digest, Md5};
use s3s::dto::{self, CompletedPart, ETag};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::body;
use super::conditions::WriteCondition;
use super::files::{hex, upload_key};
use super::object::{BUCKET, STAGED, UPLOADS};
use super::store::ObjectStore;

/// Bytes of every part but the last, at least; and the highest part number.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MIN_PART: u64 = 5 * 1024 * 1024;
const MAX_PART_NUMBER: i32 = 10_000;

impl ObjectStore {
    pub async fn create_upload(
        &self,
        mut req: S3Request<dto::CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
        UPLOADS.clone_into(&mut req.input.bucket);
        let upload_key = upload_key(&req.input.key);
        let key = mem::replace(&mut req.input.key, upload_key);
        let mut response = self.files.create_multipart_upload(req).await?;
        response.output.bucket = Some(BUCKET.to_owned());
        response.output.key = Some(key);
        Ok(response)
    }

    pub async fn put_part(
        &self,
        req: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        let number = req.input.part_number;
        if !(1..=MAX_PART_NUMBER).contains(&number) {
            return Err(s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive"
            ));
        }
        body::check_md5(req.input.content_md5.as_deref())?;
        self.check_upload(&req.input.key, &req.input.upload_id)?;
        let part = self.part(&req.input.upload_id, number);
        let staged = self.stage();
        let put = req.map_input(|input| dto::PutObjectInput {
            bucket: STAGED.to_owned(),
            key: staged.key().to_owned(),
            body: input.body,
            content_length: input.content_length,
            content_md5: input.content_md5,
            checksum_algorithm: input.checksum_algorithm,
            checksum_crc32: input.checksum_crc32,
            checksum_crc32c: input.checksum_crc32c,
            checksum_crc64nvme: input.checksum_crc64nvme,
            checksum_sha1: input.checksum_sha1,
            checksum_sha256: input.checksum_sha256,
            ..Default::default()
        });
        let put = self.files.put_object(put).await;
        let output = put.map_err(body::fault)?.output;
        fs::rename(staged.data(), part).map_err(S3Error::internal_error)?;
        Ok(S3Response::new(dto::UploadPartOutput {
            e_tag: output.e_tag,
            checksum_crc32: output.checksum_crc32,
            checksum_crc32c: output.checksum_crc32c,
            checksum_crc64nvme: output.checksum_crc64nvme,
            checksum_sha1: output.checksum_sha1,
            checksum_sha256: output.checksum_sha256,
            ..Default::default()
        }))
    }

    pub async fn complete_upload(
        &self,
        mut req: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
        let input = &mut req.input;
        self.check_upload(&input.key, &input.upload_id)?;
        let condition =
            WriteCondition::new(input.if_match.take(), input.if_none_match.take().as_ref())?;
        let whole = [
            &input.checksum_crc32,
            &input.checksum_crc32c,
            &input.checksum_crc64nvme,
            &input.checksum_sha1,
            &input.checksum_sha256,
        ];
        if whole.into_iter().any(Option::is_some) {
            return Err(s3_error!(
                NotImplemented,
                "Checksums are checked for each part, not for the whole object"
            ));
        }
        let parts = input
            .multipart_upload
            .as_ref()
            .and_then(|upload| upload.parts.as_deref())
            .unwrap_or_default();
        let e_tag = self.check_parts(&input.upload_id, parts)?;

        // With its headers the upload is this request's alone: of two that complete it, one finds it gone.
        let staged = self.stage();
        let headers = self.upload_headers(&input.key, &input.upload_id);
        fs::rename(headers, staged.upload_headers(&input.upload_id)).map_err(
            |error| match error.kind() {
                ErrorKind::NotFound => s3_error!(NoSuchUpload),
                _ => S3Error::internal_error(error),
            },
        )?;
        STAGED.clone_into(&mut input.bucket);
        let key = mem::replace(&mut input.key, staged.key().to_owned());
        self.files.complete_multipart_upload(req).await?;
        if staged.object().map_err(S3Error::internal_error)?.e_tag != e_tag {
            return Err(s3_error!(
                InvalidPart,
                "A part's entity tag does not match what was uploaded"
            ));
        }
        self.publish(
            staged,
            &key,
            &condition,
            "ObjectCreated:CompleteMultipartUpload",
        )
        .await?;
        Ok(S3Response::new(dto::CompleteMultipartUploadOutput {
            bucket: Some(BUCKET.to_owned()),
            key: Some(key),
            e_tag: Some(ETag::Strong(e_tag)),
            ..Default::default()
        }))
    }

    pub async fn abort_upload(
        &self,
        mut req: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        self.check_upload(&req.input.key, &req.input.upload_id)?;
        UPLOADS.clone_into(&mut req.input.bucket);
        req.input.key = upload_key(&req.input.key);
        self.files.abort_multipart_upload(req).await
    }

    fn check_upload(&self, key: &str, upload_id: &str) -> S3Result<()> {
        // The id becomes part of files' names.
        let well_formed = upload_id
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if well_formed && self.upload_headers(key, upload_id).exists() {
            Ok(())
        } else {
            Err(s3_error!(NoSuchUpload))
        }
    }

    /// Checks all that `s3s-fs` would find only after it has begun to take the upload apart.
    ///
    /// Returns the `ETag` that an object of these parts has.
    fn check_parts(&self, upload_id: &str, parts: &[CompletedPart]) -> S3Result<String> {
        if parts.is_empty() {
            return Err(s3_error!(
                MalformedXML,
                "You must specify at least one part"
            ));
        }
        if !parts.is_sorted_by_key(|part| part.part_number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let mut digest = Md5::new();
        for (part, number) in parts.iter().zip(1..) {
            if part.part_number != Some(number) {
                return Err(s3_error!(
                    NotImplemented,
                    "Parts are numbered 1, 2, 3 … without gaps"
                ));
            }
            let size = fs::metadata(self.part(upload_id, number))
                .map_err(|_| s3_error!(InvalidPart))?
                .len();
            if size < MIN_PART && parts.len() > usize::try_from(number).unwrap_or_default() {
                return Err(s3_error!(EntityTooSmall));
            }
            let e_tag = part
                .e_tag
                .as_ref()
                .and_then(|e_tag| u128::from_str_radix(e_tag.value(), 16).ok());
            digest.update(e_tag.ok_or_else(|| s3_error!(InvalidPart))?.to_be_bytes());
        }
        Ok(format!("{}-{}", hex(&digest.finalize()), parts.len()))
    }
}
