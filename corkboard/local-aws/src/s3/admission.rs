//! What is refused, or left out, of a request before it reaches an operation.
//!
//! What a presigned URL says of S3's own headers counts as headers: `s3s` reads those only there.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use headers::{HeaderMapExt as _, IfModifiedSince, IfUnmodifiedSince};
use http::header::{
    AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE,
    RANGE,
};
use http::request::Parts;
use s3s::dto::Range;
use s3s::{S3Result, s3_error};
use url::form_urlencoded;

/// What Signature Version 4 itself says in a presigned URL.
const SIGNATURE: [&str; 7] = [
    "algorithm",
    "credential",
    "date",
    "expires",
    "security-token",
    "signature",
    "signedheaders",
];

/// Admits a request by its head, and leaves out what HTTP says to ignore.
pub fn admit(parts: &mut Parts) -> S3Result<()> {
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let query: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    if is_signed_otherwise(&parts.headers, &query) {
        return Err(s3_error!(
            InvalidRequest,
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        ));
    }
    let signed = signed_headers(&parts.headers, &query);
    let is_signed = |header: &HeaderName| {
        let is_in = |names: &String| names.split(';').any(|name| header == name);
        !signed.is_empty() && signed.iter().all(is_in)
    };
    check_all_signed(&parts.headers, is_signed)?;
    for (name, value) in &query {
        let name = name.to_ascii_lowercase();
        let own = name.strip_prefix("x-amz-");
        if own.is_some_and(|own| !SIGNATURE.contains(&own)) {
            let header = HeaderName::try_from(&name).ok();
            let header = header.zip(HeaderValue::from_str(value).ok());
            let Some((header, value)) =
                header.filter(|(header, _)| !parts.headers.contains_key(header))
            else {
                return Err(s3_error!(
                    InvalidArgument,
                    "A query parameter is no header, or is one as well: {name}"
                ));
            };
            parts.headers.insert(header, value);
        }
    }
    for (header, value) in &parts.headers {
        if !is_supported(header.as_str(), value.as_bytes()) {
            return Err(s3_error!(
                NotImplemented,
                "A header you provided implies functionality that is not implemented: {header}"
            ));
        }
    }
    for header in malformed(&parts.headers) {
        if !is_signed(&header) {
            parts.headers.remove(header);
        }
    }
    Ok(())
}

/// Whether a request is signed by anything else than Signature Version 4, such as Version 2, which covers
/// neither the body nor the query.
fn is_signed_otherwise<S: AsRef<str>>(headers: &HeaderMap, query: &[(S, S)]) -> bool {
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    authorizations.any(|value| !value.as_bytes().starts_with(b"AWS4-HMAC-SHA256"))
        || query
            .iter()
            .any(|(name, _)| matches!(name.as_ref(), "AWSAccessKeyId" | "Signature"))
}

/// The names of the headers that each signature says it covers.
fn signed_headers<S: AsRef<str>>(headers: &HeaderMap, query: &[(S, S)]) -> Vec<String> {
    let in_header = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (_, names) = value.to_str().ok()?.split_once("SignedHeaders=")?;
        names.split(',').next()
    });
    let in_query = query.iter().filter_map(|(name, value)| {
        let is_names = name.as_ref().eq_ignore_ascii_case("x-amz-signedheaders");
        is_names.then(|| value.as_ref())
    });
    in_header
        .chain(in_query)
        .map(|names| names.trim().to_ascii_lowercase())
        .collect()
}

/// Refuses S3's own headers that are not signed: with these, whoever was given a signature could have it do something
/// else. `x-amz-user-agent` may be unsigned, since clients that sign a URL leave it out.
fn check_all_signed(headers: &HeaderMap, is_signed: impl Fn(&HeaderName) -> bool) -> S3Result<()> {
    let unsigned = headers.keys().find(|header| {
        let name = header.as_str();
        name.starts_with("x-amz-") && name != "x-amz-user-agent" && !is_signed(header)
    });
    unsigned.map_or(Ok(()), |header| {
        Err(s3_error!(
            AccessDenied,
            "There were headers present in the request which were not signed: {header}"
        ))
    })
}

/// S3's own headers say what the caller relies on (encryption, tags, locks, ACLs …); one that is
/// silently ignored would be a broken promise, unless it asks for what is done anyway.
fn is_supported(header: &str, value: &[u8]) -> bool {
    let Some(name) = header.strip_prefix("x-amz-") else {
        return true;
    };
    match name {
        "acl" => return value == b"private",
        "storage-class" => return value == b"STANDARD",
        _ => {}
    }
    ["meta-", "checksum-", "copy-source"]
        .iter()
        .any(|prefix| name.starts_with(prefix) && !name.contains("server-side-encryption"))
        || [
            "content-sha256",
            "date",
            "decoded-content-length",
            "metadata-directive",
            "sdk-checksum-algorithm",
            "security-token",
            "trailer",
            "user-agent",
        ]
        .contains(&name)
}

/// The headers that count as not there (RFC 9110, 13.1.3, 14.2): a range that is malformed, or several, and a date that
/// is malformed. Where the signature covers such a header it stays, and s3s refuses it.
fn malformed(headers: &HeaderMap) -> Vec<HeaderName> {
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let is_right = [
        (
            RANGE,
            range.is_some_and(|range| Range::parse(range).is_ok()),
        ),
        (
            IF_MODIFIED_SINCE,
            headers.typed_get::<IfModifiedSince>().is_some(),
        ),
        (
            IF_UNMODIFIED_SINCE,
            headers.typed_get::<IfUnmodifiedSince>().is_some(),
        ),
    ];
    is_right
        .into_iter()
        .filter_map(|(header, is_right)| (!is_right).then_some(header))
        .collect()
}
