//! A request to S3 or to the Data API, as it comes from the SDK.

use std::collections::BTreeMap;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// What an object keeps of a request's headers.
const KEPT: [&str; 3] = ["cache-control", "content-type", MADE_OF];
/// Of which version of its original an object was made.
pub const MADE_OF: &str = "x-amz-meta-original";

/// <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html>
#[derive(Debug, Deserialize)]
pub struct Statement {
    pub sql: String,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

#[derive(Debug, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    pub method: String,
    /// Empty for the Data API.
    pub bucket: String,
    /// Empty for the bucket itself; of the Data API the operation.
    pub key: String,
    query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub body: Bytes,
}

impl Request {
    pub fn read(request: &HttpRequest) -> Self {
        let url = Url::parse(request.uri()).unwrap();
        let path = &url.path()[1..];
        let (bucket, key) = path.split_once('/').unwrap_or(("", path));
        let header = |name| request.headers().get(name).map(str::to_owned);
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
            if_match: header("if-match"),
            if_none_match: header("if-none-match"),
            body: Bytes::copy_from_slice(request.body().bytes().unwrap()),
        }
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub fn changes(&self) -> bool {
        match self.statement() {
            Some(statement) => !statement.sql.starts_with("SELECT"),
            None => !matches!(self.method.as_str(), "GET" | "HEAD"),
        }
    }

    /// What is asked of the Data API.
    pub fn statement(&self) -> Option<Statement> {
        let is_statement = self.bucket.is_empty();
        is_statement.then(|| serde_json::from_slice(&self.body).unwrap())
    }

    /// Whether it is about an object whose key begins so, or about all of them.
    pub fn concerns(&self, prefix: &str) -> bool {
        let listed = self.query("prefix").filter(|_| self.is_listing());
        listed.unwrap_or(&self.key).starts_with(prefix)
    }

    /// A page of a listing that is not its first.
    pub fn is_continued(&self) -> bool {
        self.query("continuation-token")
            .or(self.query("start-after"))
            .is_some()
    }

    pub fn is_listing(&self) -> bool {
        self.method == "GET" && self.key.is_empty()
    }
}

impl Request {
    /// All that decides what the request does, as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} {:?}", self.method, self.key, self.query).into_bytes();
        bytes.extend(format!("{:?} {:?}", self.if_match, self.if_none_match).into_bytes());
        bytes.extend(&self.body);
        bytes
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(statement) = self.statement() {
            return write!(f, "{:.80}", statement.sql);
        }
        if self.is_listing() {
            let from = self
                .query("continuation-token")
                .or(self.query("start-after"));
            let prefix = self.query("prefix").unwrap_or_default();
            return write!(f, "LIST {prefix} from {:?}", from.unwrap_or_default());
        }
        write!(f, "{} {}", self.method, self.key)?;
        match str::from_utf8(&self.body) {
            Ok(body) => write!(f, " {body:.200}"),
            Err(_) => write!(f, " {} bytes", self.body.len()),
        }
    }
}
