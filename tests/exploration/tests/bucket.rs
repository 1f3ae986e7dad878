//! A bucket in memory that answers as S3 does, one request at a time: as much of it as the functions use.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Bound;

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat, SdkBody};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::request::Request;

/// S3 lists no more than this at a time, and may list less.
const PAGE: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Object {
    pub bytes: Bytes,
    pub headers: BTreeMap<String, String>,
    /// In seconds since 1970.
    pub modified: i64,
}

impl Object {
    /// As S3 makes it: objects of the same bytes have the same.
    pub fn e_tag(&self) -> String {
        let mut digest = DefaultHasher::new();
        self.bytes.hash(&mut digest);
        format!("\"{:016x}\"", digest.finish())
    }

    fn modified(&self, format: DateTimeFormat) -> String {
        DateTime::from_secs(self.modified).fmt(format).unwrap()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bucket {
    pub objects: BTreeMap<String, Object>,
    /// What the time is, in seconds since 1970.
    pub now: i64,
    /// Keys on a page of a listing.
    page: usize,
}

impl Bucket {
    pub fn new() -> Self {
        Self::with_pages_of(PAGE)
    }

    /// Small pages make few keys enough for a listing that things happen in the middle of.
    pub fn with_pages_of(page: usize) -> Self {
        Self {
            objects: BTreeMap::new(),
            now: 0,
            page,
        }
    }

    pub fn put(&mut self, key: &str, bytes: impl Into<Bytes>) {
        let object = Object {
            bytes: bytes.into(),
            headers: BTreeMap::new(),
            modified: self.now,
        };
        self.objects.insert(key.to_owned(), object);
    }

    /// Makes all objects older, by so many seconds.
    pub fn age(&mut self, by: i64) {
        for object in self.objects.values_mut() {
            object.modified -= by;
        }
    }

    pub fn answer(&mut self, request: &Request) -> HttpResponse {
        match (request.method.as_str(), request.key.as_str()) {
            ("GET", "") => self.list(request),
            ("GET", key) => self.get(key, true),
            ("HEAD", key) => self.get(key, false),
            ("PUT", key) => {
                let current = self.objects.get(key).map(Object::e_tag);
                let is_other = request
                    .if_match
                    .as_ref()
                    .is_some_and(|it| Some(it) != current.as_ref());
                if is_other || (request.if_none_match.is_some() && current.is_some()) {
                    return error(412, "PreconditionFailed");
                }
                let object = Object {
                    bytes: request.body.clone(),
                    headers: request.headers.clone(),
                    modified: self.now,
                };
                let mut response = response(200, "");
                response.headers_mut().insert("etag", object.e_tag());
                self.objects.insert(key.to_owned(), object);
                response
            }
            ("POST", "") => {
                // DeleteObjects: no key has a character that XML writes otherwise.
                let body = str::from_utf8(&request.body).unwrap();
                for part in body.split("<Key>").skip(1) {
                    let (key, _) = part.split_once("</Key>").unwrap();
                    self.objects.remove(key);
                }
                response(200, "<DeleteResult/>")
            }
            ("DELETE", key) => {
                self.objects.remove(key);
                response(204, "")
            }
            other => panic!("the bucket does not know {other:?}"),
        }
    }

    fn get(&self, key: &str, with_body: bool) -> HttpResponse {
        let body = |body: SdkBody| if with_body { body } else { SdkBody::empty() };
        let Some(object) = self.objects.get(key) else {
            let missing = error(404, "NoSuchKey");
            return response(404, body(missing.into_body()));
        };
        let mut response = response(200, body(object.bytes.clone().into()));
        let headers = response.headers_mut();
        headers.insert("content-length", object.bytes.len().to_string());
        headers.insert("etag", object.e_tag());
        headers.insert("last-modified", object.modified(DateTimeFormat::HttpDate));
        for (name, value) in &object.headers {
            headers.insert(name.clone(), value.clone());
        }
        response
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
    fn list(&self, request: &Request) -> HttpResponse {
        assert_eq!(request.query("list-type"), Some("2"));
        assert_eq!(request.query("encoding-type"), Some("url"));
        let prefix = request.query("prefix").unwrap_or_default();
        let after = request.query("continuation-token");
        let after = after.or(request.query("start-after"));
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let objects = self.objects.range::<str, _>((from, Bound::Unbounded));
        let mut objects = objects.take_while(|(key, _)| key.starts_with(prefix));
        let most = request.query("max-keys").map(|most| most.parse().unwrap());
        let page = self.page.min(most.unwrap_or(PAGE));
        let page: Vec<_> = objects.by_ref().take(page).collect();
        let next = objects.next().and(page.last());

        let mut xml = String::from("<ListBucketResult><EncodingType>url</EncodingType>");
        for (key, object) in &page {
            let _ = write!(
                xml,
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
                encoded(key),
                object.modified(DateTimeFormat::DateTime),
                object.e_tag(),
                object.bytes.len()
            );
        }
        if let Some((next, _)) = next {
            let _ = write!(
                xml,
                "<NextContinuationToken>{}</NextContinuationToken>",
                escaped(next)
            );
        }
        let _ = write!(
            xml,
            "<KeyCount>{}</KeyCount><IsTruncated>{}</IsTruncated></ListBucketResult>",
            page.len(),
            next.is_some()
        );
        response(200, xml)
    }
}

fn encoded(key: &str) -> String {
    utf8_percent_encode(key, NON_ALPHANUMERIC).to_string()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

pub fn response(status: u16, body: impl Into<SdkBody>) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap();
    HttpResponse::new(status.into(), body.into())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub fn error(status: u16, code: &str) -> HttpResponse {
    response(
        status,
        format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>"),
    )
}
