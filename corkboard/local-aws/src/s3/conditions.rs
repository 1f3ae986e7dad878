//! Preconditions of reads and writes.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use http::HeaderMap;
use http::header::{CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED};
use s3s::dto::{ETag, ETagCondition, Timestamp, TimestampFormat};
use s3s::{S3Error, S3Result, s3_error};

use super::object::Object;

/// The four headers of a conditional read, or, as `x-amz-copy-source-if-…`, of a copy's source.
#[derive(Default)]
pub struct ReadConditions {
    pub matching: Option<ETagCondition>,
    pub not_matching: Option<ETagCondition>,
    pub modified_since: Option<Timestamp>,
    pub unmodified_since: Option<Timestamp>,
}

impl ReadConditions {
    /// Each `ETag` condition overrides the date beside it (RFC 9110, 13.2.2).
    ///
    /// # Errors
    ///
    /// `PreconditionFailed`, or `NotModified` with the headers that such an answer must carry.
    pub fn check(self, object: &Object) -> S3Result<()> {
        let unchanged = match (&self.matching, &self.unmodified_since) {
            (Some(condition), _) => matches(condition, &object.e_tag),
            (None, Some(since)) => object.last_modified() <= *since,
            (None, None) => true,
        };
        if !unchanged {
            return Err(failed());
        }
        let changed = match (&self.not_matching, &self.modified_since) {
            (Some(condition), _) => !matches(condition, &object.e_tag),
            (None, Some(since)) => object.last_modified() > *since,
            (None, None) => true,
        };
        if changed {
            Ok(())
        } else {
            Err(not_modified(object))
        }
    }

    /// Checks the source of a copy, where every failure is `PreconditionFailed`.
    pub fn check_source(self, object: &Object) -> S3Result<()> {
        self.check(object).map_err(|_| failed())
    }
}

/// The condition of a write: only where there is no object yet, or only over a known one.
#[derive(Default)]
pub struct WriteCondition {
    if_match: Option<ETagCondition>,
    if_none_match: bool,
}

impl WriteCondition {
    /// # Errors
    ///
    /// `NotImplemented` for an `If-None-Match` other than `*`, as S3 answers.
    pub fn new(
        if_match: Option<ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> S3Result<Self> {
        if if_none_match.is_some_and(|condition| !condition.is_any()) {
            return Err(s3_error!(
                NotImplemented,
                "If-None-Match of a write can only be *"
            ));
        }
        Ok(Self {
            if_match,
            if_none_match: if_none_match.is_some(),
        })
    }

    /// The condition of a `CopyObject` on its destination, which s3s does not parse.
    pub fn from_headers(headers: &HeaderMap) -> S3Result<Self> {
        let condition = |name: &str| {
            let value = headers
                .get(name)
                .map(|value| ETagCondition::parse_http_header(value.as_bytes()));
            value
                .transpose()
                .map_err(|error| s3_error!(error, InvalidArgument, "{name}"))
        };
        Self::new(condition("if-match")?, condition("if-none-match")?.as_ref())
    }

    pub fn check(&self, current: Option<&Object>) -> S3Result<()> {
        if self.if_none_match && current.is_some() {
            return Err(failed());
        }
        match (&self.if_match, current) {
            (Some(_), None) => Err(s3_error!(NoSuchKey)),
            (Some(condition), Some(object)) if !matches(condition, &object.e_tag) => Err(failed()),
            _ => Ok(()),
        }
    }
}

/// Whether the range that a read asks for may be answered alone: where `If-Range` names another object, by its
/// `ETag` or its `Last-Modified`, the whole is answered (RFC 9110, 13.1.5).
pub fn range_holds(headers: &HeaderMap, object: &Object) -> bool {
    let Some(condition) = headers.get(IF_RANGE) else {
        return true;
    };
    validators(object).values().any(|value| value == condition)
}

/// No byte of the range is the object's (RFC 9110, 15.5.17).
pub fn unsatisfiable(object: &Object) -> S3Error {
    let mut error = s3_error!(InvalidRange, "The requested range cannot be satisfied");
    if let Ok(size) = format!("bytes */{}", object.size).try_into() {
        error.set_headers(HeaderMap::from_iter([(CONTENT_RANGE, size)]));
    }
    error
}

/// Whether a condition is for any object, or has this `ETag` in its list. `s3s` takes the list for one value; a
/// comma is in no `ETag` of this endpoint's.
fn matches(condition: &ETagCondition, e_tag: &str) -> bool {
    condition.as_etag().is_none_or(|listed| {
        let mut listed = listed.value().split(',');
        listed.any(|wanted| wanted.trim().trim_start_matches("W/").trim_matches('"') == e_tag)
    })
}

fn failed() -> S3Error {
    s3_error!(
        PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold"
    )
}

fn not_modified(object: &Object) -> S3Error {
    let mut error = s3_error!(NotModified);
    error.set_headers(validators(object));
    error
}

/// `ETag` and `Last-Modified` as answers have them.
fn validators(object: &Object) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(e_tag) = ETag::Strong(object.e_tag.clone()).to_http_header() {
        headers.insert(ETAG, e_tag);
    }
    let mut date = Vec::new();
    if object
        .last_modified()
        .format(TimestampFormat::HttpDate, &mut date)
        .is_ok()
        && let Ok(date) = date.try_into()
    {
        headers.insert(LAST_MODIFIED, date);
    }
    headers
}
