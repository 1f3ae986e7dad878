//! Pages of keys, from the index.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Connection, params};
use s3s::{S3Error, S3Result, dto, s3_error};

use super::failure::fault;
use super::object::Object;
use super::rows;
use super::store::ObjectStore;

/// S3 returns no more than this at a time.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
pub const MAX_KEYS: usize = 1_000;

const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*')
    .remove(b'/')
    .remove(b' ');

/// A key as S3 writes it in event notifications, and in listings on request: form-encoded, with the
/// slashes kept.
pub fn form_encode(key: &str) -> String {
    utf8_percent_encode(key, FORM).to_string().replace(' ', "+")
}

/// What is listed.
#[derive(Default)]
pub struct Query {
    pub prefix: String,
    pub delimiter: Option<String>,
    /// Only what sorts after this: a key, or a common prefix as a whole.
    pub after: Option<String>,
    pub limit: usize,
}

/// One page, in the order of the keys' UTF-8 bytes.
#[derive(Debug, Default)]
pub struct Page {
    pub objects: Vec<(String, Object)>,
    pub common_prefixes: Vec<String>,
    /// The `after` of the next page; `None` on the last.
    pub next: Option<String>,
}

/// Each statement goes to its place in the index: what a common prefix hides is not read.
pub fn page(connection: &Connection, query: &Query) -> S3Result<Page> {
    let prefix = query.prefix.as_bytes();
    let delimiter = query.delimiter.as_deref().filter(|it| !it.is_empty());
    let mut page = Page::default();
    let mut last = None;
    // Keys from here on.
    let mut from = match &query.after {
        Some(after) if after.as_bytes() >= prefix => {
            let is_common = common_prefix(after, &query.prefix, delimiter) == Some(after);
            if is_common {
                past(after)
            } else {
                next_key(after)
            }
        }
        _ => prefix.to_vec(),
    };
    let end = past(&query.prefix);
    let sql =
        "SELECT key, size, e_tag, modified FROM object WHERE key >= ?1 AND key < ?2 ORDER BY key";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    'seek: loop {
        let mut rows = statement.query(params![from, end]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            if page.objects.len() + page.common_prefixes.len() == query.limit {
                page.next = last;
                return Ok(page);
            }
            let key: Vec<u8> = row.get(0).map_err(fault)?;
            let key = String::from_utf8(key).map_err(S3Error::internal_error)?;
            if let Some(common) = common_prefix(&key, &query.prefix, delimiter) {
                page.common_prefixes.push(common.to_owned());
                last = Some(common.to_owned());
                from = past(common);
                continue 'seek;
            }
            last = Some(key.clone());
            page.objects
                .push((key, rows::object(row, 1).map_err(fault)?));
        }
        return Ok(page);
    }
}

/// What stands for all keys that are the same up to the first delimiter behind the prefix.
fn common_prefix<'a>(key: &'a str, prefix: &str, delimiter: Option<&str>) -> Option<&'a str> {
    let rest = key.strip_prefix(prefix)?;
    let delimiter = delimiter?;
    let end = prefix.len() + rest.find(delimiter)? + delimiter.len();
    Some(&key[..end])
}

/// The least key that is greater.
fn next_key(key: &str) -> Vec<u8> {
    [key.as_bytes(), b"\0"].concat()
}

/// What is greater than all keys with this prefix, and no greater than any other that follows them. No byte of
/// UTF-8 is 255.
fn past(prefix: &str) -> Vec<u8> {
    let mut bytes = prefix.as_bytes().to_vec();
    match bytes.last_mut() {
        Some(last) => *last += 1,
        None => bytes.push(u8::MAX),
    }
    bytes
}

impl ObjectStore {
    /// `ListObjectsV2`.
    pub async fn list_with_token(
        &self,
        input: dto::ListObjectsV2Input,
    ) -> S3Result<dto::ListObjectsV2Output> {
        let encode = encoding(input.encoding_type.as_ref())?;
        let limit = limit(input.max_keys)?;
        let token = input
            .continuation_token
            .as_deref()
            .map(decode_token)
            .transpose()?;
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: token.or_else(|| input.start_after.clone()),
            limit,
        };
        let page = self.index.read(move |index| page(index, &query)).await?;
        Ok(dto::ListObjectsV2Output {
            max_keys: i32::try_from(limit).ok(),
            key_count: i32::try_from(page.objects.len() + page.common_prefixes.len()).ok(),
            contents: Some(contents(&page, encode)),
            common_prefixes: Some(common_prefixes(&page, encode)),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.map(|key| BASE64_URL_SAFE_NO_PAD.encode(key)),
            name: Some(input.bucket),
            prefix: input.prefix.as_deref().map(encode),
            delimiter: input.delimiter.as_deref().map(encode),
            start_after: input.start_after.as_deref().map(encode),
            encoding_type: input.encoding_type,
            continuation_token: input.continuation_token,
            request_charged: None,
        })
    }

    /// `ListObjects`, version 1.
    pub async fn list_with_marker(
        &self,
        input: dto::ListObjectsInput,
    ) -> S3Result<dto::ListObjectsOutput> {
        let encode = encoding(input.encoding_type.as_ref())?;
        let limit = limit(input.max_keys)?;
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: input.marker.clone(),
            limit,
        };
        let page = self.index.read(move |index| page(index, &query)).await?;
        Ok(dto::ListObjectsOutput {
            max_keys: i32::try_from(limit).ok(),
            contents: Some(contents(&page, encode)),
            common_prefixes: Some(common_prefixes(&page, encode)),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next.as_deref().map(encode),
            name: Some(input.bucket),
            prefix: input.prefix.as_deref().map(encode),
            delimiter: input.delimiter.as_deref().map(encode),
            marker: input.marker.as_deref().map(encode),
            encoding_type: input.encoding_type,
            request_charged: None,
        })
    }
}

type Encode = fn(&str) -> String;

fn encoding(requested: Option<&dto::EncodingType>) -> S3Result<Encode> {
    match requested.map(dto::EncodingType::as_str) {
        None => Ok(str::to_owned),
        Some(dto::EncodingType::URL) => Ok(form_encode),
        Some(_) => Err(s3_error!(
            InvalidArgument,
            "Invalid Encoding Method specified in Request"
        )),
    }
}

fn limit(max_keys: Option<i32>) -> S3Result<usize> {
    let limit = usize::try_from(max_keys.unwrap_or(i32::MAX))
        .map_err(|_| s3_error!(InvalidArgument, "max-keys cannot be negative"))?;
    Ok(limit.min(MAX_KEYS))
}

fn decode_token(token: &str) -> S3Result<String> {
    let key = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    key.and_then(|key| String::from_utf8(key).ok())
        .ok_or_else(|| {
            s3_error!(
                InvalidArgument,
                "The continuation token provided is incorrect"
            )
        })
}

fn contents(page: &Page, encode: Encode) -> Vec<dto::Object> {
    let contents = page.objects.iter().map(|(key, object)| dto::Object {
        key: Some(encode(key)),
        size: i64::try_from(object.size).ok(),
        e_tag: Some(dto::ETag::Strong(object.e_tag.clone())),
        last_modified: Some(object.last_modified()),
        storage_class: Some(dto::ObjectStorageClass::from_static(
            dto::ObjectStorageClass::STANDARD,
        )),
        ..Default::default()
    });
    contents.collect()
}

fn common_prefixes(page: &Page, encode: Encode) -> Vec<dto::CommonPrefix> {
    let prefixes = page.common_prefixes.iter().map(|prefix| dto::CommonPrefix {
        prefix: Some(encode(prefix)),
    });
    prefixes.collect()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::index::{self, Effects};
    use super::super::object::Attributes;
    use super::super::rows::{NewBody, insert};
    use super::*;

    fn bucket(keys: &[&str]) -> (TempDir, Connection) {
        let directory = tempfile::tempdir().unwrap();
        let connection = index::connect(&directory.path().join("index.sqlite")).unwrap();
        for key in keys {
            let body = NewBody::Small(Vec::new());
            let (object, attributes) = (Object::default(), Attributes::default());
            let mut effects = Effects::default();
            insert(&connection, &mut effects, key, &object, &attributes, body).unwrap();
        }
        (directory, connection)
    }

    fn all_pages(
        objects: &Connection,
        prefix: &str,
        delimiter: Option<&str>,
        limit: usize,
    ) -> Vec<String> {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let query = Query {
                prefix: prefix.to_owned(),
                delimiter: delimiter.map(ToOwned::to_owned),
                after,
                limit,
            };
            let page = page(objects, &query).unwrap();
            assert!(page.objects.len() + page.common_prefixes.len() <= limit);
            let mut entries: Vec<_> = page.objects.into_iter().map(|(key, _)| key).collect();
            entries.extend(page.common_prefixes);
            entries.sort_unstable();
            listed.extend(entries);
            after = page.next;
            if after.is_none() {
                return listed;
            }
        }
    }

    #[test]
    fn pages_of_any_size_are_together_the_whole_listing() {
        let keys = [
            "a", "a/1", "a/2", "a-b/3", "b", "c/1/2", "c/1/3", "c/2", "é", "中",
        ];
        let (_directory, objects) = bucket(&keys);
        for limit in 1..=keys.len() + 1 {
            let mut sorted = keys;
            sorted.sort_unstable();
            assert_eq!(all_pages(&objects, "", None, limit), sorted);
            let top = ["a", "a-b/", "a/", "b", "c/", "é", "中"];
            assert_eq!(all_pages(&objects, "", Some("/"), limit), top);
            assert_eq!(all_pages(&objects, "c/", Some("/"), limit), ["c/1/", "c/2"]);
            assert_eq!(all_pages(&objects, "c/1", None, limit), ["c/1/2", "c/1/3"]);
            assert_eq!(
                all_pages(&objects, "x", Some("/"), limit),
                Vec::<String>::new()
            );
        }
    }

    #[test]
    fn a_page_that_is_just_full_is_the_last() {
        let (_directory, objects) = bucket(&["a", "b"]);
        let page = page(
            &objects,
            &Query {
                limit: 2,
                ..Query::default()
            },
        )
        .unwrap();
        assert_eq!((page.objects.len(), page.next), (2, None));
    }

    #[test]
    fn a_key_is_encoded_as_a_form_value_with_its_slashes() {
        assert_eq!(
            form_encode("images/a b+c é中%.jpg"),
            "images/a+b%2Bc+%C3%A9%E4%B8%AD%25.jpg"
        );
    }
}
