//! Uploads in parts.
//!
//! Parts are files of their own until an upload is completed: then they are joined in one, which becomes the
//! object in the same step in which the parts go. A completed upload is remembered, since a client that lost the
//! answer asks again.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use md5::{Digest, Md5};
use rusqlite::{Connection, OptionalExtension as _, params};
use s3s::dto::{self, CompletedPart, ETag};
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};
use ulid::Ulid;

use super::bodies;
use super::bodies::{Epilogue, NewFile};
use super::conditions::WriteCondition;
use super::digest::hex;
use super::failure::fault;
use super::index::Effects;
use super::object::{Attributes, BUCKET, Object, attributes_of, unix_seconds};
use super::rows::{self, NewBody, find, run};
use super::store::{ObjectStore, ReceivedBody, on_thread, place, stated_of, taken_as};

/// Bytes of every part but the last, at least; and the highest part number.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MIN_PART: u64 = 5 * 1024 * 1024;
const MAX_PART_NUMBER: i32 = 10_000;
/// How long an upload may take, and how long one that is completed is remembered.
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);

/// An upload as the index has it.
struct Upload {
    attributes: Attributes,
    /// The `ETag` of the object that it became.
    completed: Option<String>,
}

struct Part {
    number: i32,
    size: u64,
    e_tag: String,
    file: String,
}

impl ObjectStore {
    pub async fn create_upload(
        &self,
        input: &mut dto::CreateMultipartUploadInput,
    ) -> S3Result<dto::CreateMultipartUploadOutput> {
        let attributes = attributes_of!(&mut *input);
        let attributes = serde_json::to_string(&attributes).map_err(S3Error::internal_error)?;
        let id = Ulid::generate().to_string();
        let (upload, key) = (id.clone(), input.key.clone());
        self.index
            .change(move |connection, effects| {
                forget_old(connection, effects)?;
                let sql = "INSERT INTO upload (id, key, attributes, begun) VALUES (?1, ?2, ?3, ?4)";
                let begun = unix_seconds(SystemTime::now());
                run(
                    connection,
                    sql,
                    params![upload, key.as_bytes(), attributes, begun],
                )
            })
            .await?;
        Ok(dto::CreateMultipartUploadOutput {
            bucket: Some(BUCKET.to_owned()),
            key: Some(input.key.clone()),
            upload_id: Some(id),
            ..Default::default()
        })
    }

    pub async fn put_part(
        &self,
        req: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        let input = req.input;
        let number = input.part_number;
        if !(1..=MAX_PART_NUMBER).contains(&number) {
            return Err(s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive"
            ));
        }
        let (key, upload) = (input.key, input.upload_id);
        self.open_upload(key.clone(), upload.clone()).await?;
        let stated = stated_of!(input, req.trailing_headers);
        let received = self.receive(input.body, stated).await?;
        let file = self.part_file(received.body).await?;
        let e_tag = hex(&received.md5);
        let part = Part {
            number,
            size: received.size,
            e_tag: e_tag.clone(),
            file: file.name().to_owned(),
        };
        self.index
            .change(move |connection, effects| {
                // The upload may have been completed or given up in the meantime.
                open_upload(connection, &key, &upload)?;
                put_part(connection, effects, &upload, &part)?;
                effects.keep(file);
                Ok(())
            })
            .await?;
        Ok(S3Response::new(taken_as!(
            UploadPartOutput,
            e_tag,
            received.checksums
        )))
    }

    pub async fn complete_upload(
        &self,
        input: dto::CompleteMultipartUploadInput,
    ) -> S3Result<dto::CompleteMultipartUploadOutput> {
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
        let condition = WriteCondition::new(input.if_match, input.if_none_match.as_ref())?;
        let (key, id) = (input.key, input.upload_id);
        let upload = self.upload(key.clone(), id.clone()).await?;
        let e_tag = if let Some(e_tag) = upload.completed {
            e_tag
        } else {
            let listed = input.multipart_upload.and_then(|upload| upload.parts);
            let listed = listed.unwrap_or_default();
            let (attributes, of) = (upload.attributes, id.clone());
            let joined = self.join(key.clone(), of, attributes, listed, condition);
            match joined.await {
                Ok(e_tag) => e_tag,
                // The same request, sent twice, may have taken the parts away.
                Err(error) => {
                    let upload = self.upload(key.clone(), id).await?;
                    upload.completed.ok_or(error)?
                }
            }
        };
        Ok(dto::CompleteMultipartUploadOutput {
            bucket: Some(BUCKET.to_owned()),
            key: Some(key),
            e_tag: Some(ETag::Strong(e_tag)),
            ..Default::default()
        })
    }

    /// Makes an object of the parts that are listed. Returns its `ETag`.
    async fn join(
        &self,
        key: String,
        id: String,
        attributes: Attributes,
        listed: Vec<CompletedPart>,
        condition: WriteCondition,
    ) -> S3Result<String> {
        let of = id.clone();
        let kept = self
            .index
            .read(move |connection| parts(connection, &of))
            .await?;
        let parts = chosen(&listed, kept)?;
        let mut digest = Md5::new();
        for part in &parts {
            let md5 = u128::from_str_radix(&part.e_tag, 16).map_err(S3Error::internal_error)?;
            digest.update(md5.to_be_bytes());
        }
        let e_tag = format!("{}-{}", hex(&digest.finalize()), parts.len());
        let epilogue = Epilogue {
            key,
            object: Object::now(parts.iter().map(|part| part.size).sum(), e_tag.clone()),
            attributes,
        };
        let bodies = Arc::clone(&self.bodies);
        let joined = on_thread(move || {
            let (new, mut file) = bodies.create()?;
            for part in &parts {
                match bodies.read(&part.file) {
                    Ok(mut part) => io::copy(&mut part, &mut file)?,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(error),
                };
            }
            bodies::finish(file, &epilogue)?;
            Ok(Some((epilogue, parts, new)))
        })
        .await?;
        let (epilogue, parts, new) = joined.ok_or_else(sent_anew)?;
        self.index
            .change(move |connection, effects| {
                let upload = find_upload(connection, &epilogue.key, &id)?;
                if let Some(e_tag) = upload.completed {
                    // The same request, sent twice, has completed the upload.
                    return Ok(e_tag);
                }
                for part in &parts {
                    check_is_still(connection, &id, part)?;
                }
                let current = find(connection, &epilogue.key)?;
                condition.check(current.as_ref().map(|stored| &stored.object))?;
                remove_parts(connection, effects, &id)?;
                let e_tag = epilogue.object.e_tag.clone();
                let sql = "UPDATE upload SET completed = ?2 WHERE id = ?1";
                run(connection, sql, params![id, e_tag])?;
                let event = "ObjectCreated:CompleteMultipartUpload";
                place(connection, effects, epilogue, NewBody::File(new), event)?;
                Ok(e_tag)
            })
            .await
    }

    pub async fn abort_upload(&self, key: String, id: String) -> S3Result<()> {
        self.index
            .change(move |connection, effects| {
                open_upload(connection, &key, &id)?;
                remove_parts(connection, effects, &id)?;
                run(connection, "DELETE FROM upload WHERE id = ?1", [id]).map(drop)
            })
            .await
    }

    /// A part is a file of its own, however small.
    async fn part_file(&self, body: ReceivedBody) -> S3Result<NewFile> {
        let bodies = Arc::clone(&self.bodies);
        on_thread(move || {
            let (new, file) = match body {
                ReceivedBody::File(new, file) => (new, file),
                ReceivedBody::Small(bytes) => {
                    let (new, mut file) = bodies.create()?;
                    io::Write::write_all(&mut file, &bytes)?;
                    (new, file)
                }
            };
            fs::File::sync_all(&file)?;
            Ok(new)
        })
        .await
    }

    async fn upload(&self, key: String, id: String) -> S3Result<Upload> {
        self.index
            .read(move |connection| find_upload(connection, &key, &id))
            .await
    }

    async fn open_upload(&self, key: String, id: String) -> S3Result<()> {
        self.index
            .read(move |connection| open_upload(connection, &key, &id))
            .await
    }
}

/// The parts that a client lists, which must be those that it sent.
fn chosen(listed: &[CompletedPart], kept: Vec<Part>) -> S3Result<Vec<Part>> {
    if listed.is_empty() {
        return Err(s3_error!(
            MalformedXML,
            "You must specify at least one part"
        ));
    }
    if !listed.is_sorted_by(|a, b| a.part_number < b.part_number) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let mut kept = kept.into_iter();
    let mut parts = Vec::new();
    for wanted in listed {
        let part = kept
            .by_ref()
            .find(|part| Some(part.number) >= wanted.part_number)
            .filter(|part| Some(part.number) == wanted.part_number)
            .ok_or_else(|| s3_error!(InvalidPart))?;
        let is_same = wanted
            .e_tag
            .as_ref()
            .is_some_and(|e_tag| e_tag.value() == part.e_tag);
        if !is_same {
            return Err(s3_error!(
                InvalidPart,
                "A part's entity tag does not match what was uploaded"
            ));
        }
        parts.push(part);
    }
    let (_, all_but_last) = parts.split_last().unwrap_or_else(|| unreachable!());
    if all_but_last.iter().any(|part| part.size < MIN_PART) {
        return Err(s3_error!(EntityTooSmall));
    }
    Ok(parts)
}

fn find_upload(connection: &Connection, key: &str, id: &str) -> S3Result<Upload> {
    let sql = "SELECT attributes, completed FROM upload WHERE id = ?1 AND key = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let found = statement.query_row(params![id, key.as_bytes()], |row| {
        Ok(Upload {
            attributes: rows::attributes(row, 0)?,
            completed: row.get(1)?,
        })
    });
    let found = found.optional().map_err(fault)?;
    found.ok_or_else(|| s3_error!(NoSuchUpload))
}

fn open_upload(connection: &Connection, key: &str, id: &str) -> S3Result<()> {
    match find_upload(connection, key, id)?.completed {
        None => Ok(()),
        Some(_) => Err(s3_error!(NoSuchUpload)),
    }
}

fn parts(connection: &Connection, upload: &str) -> S3Result<Vec<Part>> {
    let sql = "SELECT number, size, e_tag, file FROM part WHERE upload = ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let parts = statement.query_map([upload], |row| {
        Ok(Part {
            number: row.get(0)?,
            size: row.get(1)?,
            e_tag: row.get(2)?,
            file: row.get(3)?,
        })
    });
    parts
        .map_err(fault)?
        .collect::<Result<_, _>>()
        .map_err(fault)
}

fn put_part(
    connection: &Connection,
    effects: &mut Effects,
    upload: &str,
    part: &Part,
) -> S3Result<()> {
    let sql = "DELETE FROM part WHERE upload = ?1 AND number = ?2 RETURNING file";
    free(connection, effects, sql, params![upload, part.number])?;
    let sql = "INSERT INTO part (upload, number, size, e_tag, file) VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = params![upload, part.number, part.size, part.e_tag, part.file];
    run(connection, sql, values).map(drop)
}

/// Fails where another part was sent under the number of `part`, which was joined meanwhile.
fn check_is_still(connection: &Connection, upload: &str, part: &Part) -> S3Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM part WHERE upload = ?1 AND file = ?2)";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let is_still: bool = statement
        .query_row([upload, &part.file], |row| row.get(0))
        .map_err(fault)?;
    if is_still { Ok(()) } else { Err(sent_anew()) }
}

fn sent_anew() -> S3Error {
    s3_error!(InvalidPart, "A part was sent anew meanwhile")
}

fn remove_parts(connection: &Connection, effects: &mut Effects, upload: &str) -> S3Result<()> {
    let sql = "DELETE FROM part WHERE upload = ?1 RETURNING file";
    free(connection, effects, sql, [upload])
}

fn forget_old(connection: &Connection, effects: &mut Effects) -> S3Result<()> {
    let before = unix_seconds(SystemTime::now()).saturating_sub(KEPT_FOR.as_secs());
    let sql =
        "DELETE FROM part WHERE upload IN (SELECT id FROM upload WHERE begun < ?1) RETURNING file";
    free(connection, effects, sql, [before])?;
    run(connection, "DELETE FROM upload WHERE begun < ?1", [before]).map(drop)
}

/// Runs a statement that answers the files of what it deleted.
fn free(
    connection: &Connection,
    effects: &mut Effects,
    sql: &str,
    values: impl rusqlite::Params,
) -> S3Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let files = statement
        .query_map(values, |row| row.get(0))
        .map_err(fault)?;
    effects.free(files.collect::<Result<Vec<String>, _>>().map_err(fault)?);
    Ok(())
}
