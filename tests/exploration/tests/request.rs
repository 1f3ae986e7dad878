//! A request to S3, as it comes from the SDK.

use std::collections::BTreeMap;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use url::Url;

/// What an object keeps of a request's headers.
const KEPT: [&str; 2] = ["cache-control", "content-type"];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    pub method: String,
    pub bucket: String,
    /// Empty for the bucket itself.
    pub key: String,
    query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: Bytes,
}

impl Request {
    pub fn read(request: &HttpRequest) -> Self {
        let url = Url::parse(request.uri()).unwrap();
        let (bucket, key) = url.path()[1..].split_once('/').unwrap();
        let kept = KEPT.into_iter().filter_map(|name| {
            let value = request.headers().get(name)?;
            Some((name.to_owned(), value.to_owned()))
        });
        Self {
            method: request.method().to_owned(),
            bucket: bucket.to_owned(),
            key: percent_decode_str(key).decode_utf8().unwrap().into_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers: kept.collect(),
            body: Bytes::copy_from_slice(request.body().bytes().unwrap()),
        }
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub fn changes(&self) -> bool {
        self.method != "GET"
    }

    /// A page of a listing that is not its first.
    pub fn is_continued(&self) -> bool {
        self.query("continuation-token").is_some()
    }

    pub fn is_listing(&self) -> bool {
        self.method == "GET" && self.key.is_empty()
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_listing() {
            let from = self
                .query("continuation-token")
                .or(self.query("start-after"));
            return write!(f, "LIST from {:?}", from.unwrap_or_default());
        }
        write!(f, "{} {}", self.method, self.key)?;
        if self.changes() {
            write!(f, " {:.200}", String::from_utf8_lossy(&self.body))?;
        }
        Ok(())
    }
}
