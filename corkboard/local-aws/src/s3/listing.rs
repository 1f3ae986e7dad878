//! Pages of keys, from the index.

use std::ops::Bound;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::{S3Result, dto, s3_error};

use super::object::{Object, Objects};
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
pub struct Query<'a> {
    pub prefix: &'a str,
    pub delimiter: Option<&'a str>,
    /// Only what sorts after this: a key, or a common prefix as a whole.
    pub after: Option<&'a str>,
    pub limit: usize,
}

/// One page, in the order of the keys' UTF-8 bytes.
#[derive(Default)]
pub struct Page<'a> {
    pub objects: Vec<(&'a str, &'a Object)>,
    pub common_prefixes: Vec<&'a str>,
    /// The `after` of the next page; `None` on the last.
    pub next: Option<&'a str>,
}

pub fn page<'a>(objects: &'a Objects, query: &Query<'_>) -> Page<'a> {
    let mut page = Page::default();
    let mut last = None;
    let start = match query.after {
        Some(after) if after >= query.prefix => Bound::Excluded(after),
        _ => Bound::Included(query.prefix),
    };
    for (key, object) in objects.range::<str, _>((start, Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(query.prefix) else {
            break;
        };
        let common = query
            .delimiter
            .filter(|delimiter| !delimiter.is_empty())
            .and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()))
            .map(|end| &key[..query.prefix.len() + end]);
        if common.is_some_and(|common| last == Some(common) || query.after == Some(common)) {
            continue;
        }
        if page.objects.len() + page.common_prefixes.len() == query.limit {
            page.next = last;
            break;
        }
        match common {
            Some(common) => page.common_prefixes.push(common),
            None => page.objects.push((key, object)),
        }
        last = Some(common.unwrap_or(key));
    }
    page
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
        let objects = self.objects.read().await;
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            after: token.as_deref().or(input.start_after.as_deref()),
            limit,
        };
        let page = page(&objects, &query);
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
        let objects = self.objects.read().await;
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            after: input.marker.as_deref(),
            limit,
        };
        let page = page(&objects, &query);
        Ok(dto::ListObjectsOutput {
            max_keys: i32::try_from(limit).ok(),
            contents: Some(contents(&page, encode)),
            common_prefixes: Some(common_prefixes(&page, encode)),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next.map(encode),
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

fn contents(page: &Page<'_>, encode: Encode) -> Vec<dto::Object> {
    let contents = page.objects.iter().map(|(key, object)| dto::Object {
        key: Some(encode(key)),
        size: i64::try_from(object.size).ok(),
        e_tag: Some(dto::ETag::Strong(object.e_tag.clone())),
        last_modified: Some(object.modified.clone()),
        storage_class: Some(dto::ObjectStorageClass::from_static(
            dto::ObjectStorageClass::STANDARD,
        )),
        ..Default::default()
    });
    contents.collect()
}

fn common_prefixes(page: &Page<'_>, encode: Encode) -> Vec<dto::CommonPrefix> {
    let prefixes = page.common_prefixes.iter().map(|prefix| dto::CommonPrefix {
        prefix: Some(encode(prefix)),
    });
    prefixes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(keys: &[&str]) -> Objects {
        keys.iter()
            .map(|key| ((*key).to_owned(), Object::default()))
            .collect()
    }

    fn all_pages(
        objects: &Objects,
        prefix: &str,
        delimiter: Option<&str>,
        limit: usize,
    ) -> Vec<String> {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = page(
                objects,
                &Query {
                    prefix,
                    delimiter,
                    after,
                    limit,
                },
            );
            assert!(page.objects.len() + page.common_prefixes.len() <= limit);
            let mut entries: Vec<_> = page.objects.iter().map(|(key, _)| *key).collect();
            entries.extend(page.common_prefixes);
            entries.sort_unstable();
            listed.extend(entries.into_iter().map(ToOwned::to_owned));
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
        let objects = bucket(&keys);
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
        let objects = bucket(&["a", "b"]);
        let page = page(
            &objects,
            &Query {
                limit: 2,
                ..Query::default()
            },
        );
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
