//! Checks a request's Signature Version 4: it is signed again, over the headers that it says are signed,
//! and the two signatures are compared.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Identity;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use chrono::NaiveDateTime;
use http::header::AUTHORIZATION;
use http::request::Parts;
use subtle::ConstantTimeEq;

/// How far the request's clock may be from ours.
const MAX_SKEW: Duration = Duration::from_mins(15);

/// The one key pair that an endpoint accepts.
#[derive(Clone)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The access key itself.
    pub secret_access_key: String,
}

/// Why a request is refused; each is a 403 of AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("Missing Authentication Token")]
    Missing,
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("Authorization header is not a complete AWS4-HMAC-SHA256 signature: {0}")]
    Incomplete(&'static str),
    #[error("{0}")]
    Invalid(&'static str),
}

impl Refusal {
    /// AWS's name of the error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::Invalid(_) => "InvalidSignatureException",
        }
    }
}

const MISMATCH: Refusal = Refusal::Invalid(
    "The request signature we calculated does not match the signature you provided. \
     Check your AWS Secret Access Key and signing method.",
);

/// Accepts a request that `credentials` signed for `service` within 15 minutes of `now`, in any region.
pub fn verify(
    parts: &Parts,
    body: &[u8],
    credentials: &Credentials,
    service: &str,
    now: SystemTime,
) -> Result<(), Refusal> {
    let header = parts.headers.get(AUTHORIZATION).ok_or(Refusal::Missing)?;
    let claim = Claim::parse(header.to_str().unwrap_or_default())?;
    if claim.access_key_id != credentials.access_key_id {
        return Err(Refusal::UnknownKey);
    }
    if claim.service != service {
        return Err(Refusal::Invalid(
            "Credential should be scoped to the correct service",
        ));
    }

    let time = header_value(parts, "x-amz-date")
        .and_then(|date| NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").ok())
        .ok_or(Refusal::Incomplete("x-amz-date is missing or malformed"))?
        .and_utc();
    if time.format("%Y%m%d").to_string() != claim.date {
        return Err(Refusal::Invalid(
            "Date in Credential scope does not match x-amz-date",
        ));
    }
    let time = SystemTime::from(time);
    let skew = now
        .duration_since(time)
        .unwrap_or_else(|early| early.duration());
    if skew > MAX_SKEW {
        return Err(Refusal::Invalid("Signature expired or not yet current"));
    }

    let signature = signature(parts, body, credentials, &claim, time).ok_or(MISMATCH)?;
    if bool::from(signature.as_bytes().ct_eq(claim.signature.as_bytes())) {
        Ok(())
    } else {
        Err(MISMATCH)
    }
}

/// What the Authorization header says.
struct Claim<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(header: &'a str) -> Result<Self, Refusal> {
        let fields = header
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .ok_or(Refusal::Missing)?;
        let field = |name: &str| {
            let mut fields = fields
                .split(',')
                .filter_map(|field| field.trim().split_once('='));
            fields.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let credential = field("Credential").ok_or(Refusal::Incomplete("no Credential"))?;
        let signed = field("SignedHeaders").ok_or(Refusal::Incomplete("no SignedHeaders"))?;
        let signature = field("Signature").ok_or(Refusal::Incomplete("no Signature"))?;

        let scope: Vec<_> = credential.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = scope[..] else {
            return Err(Refusal::Incomplete(
                "Credential is not key/date/region/service/aws4_request",
            ));
        };
        let signed_headers: Vec<_> = signed.split(';').collect();
        if !["host", "x-amz-date"]
            .iter()
            .all(|name| signed_headers.contains(name))
        {
            return Err(Refusal::Incomplete(
                "SignedHeaders must have host and x-amz-date",
            ));
        }
        Ok(Self {
            access_key_id,
            date,
            region,
            service,
            signed_headers,
            signature,
        })
    }
}

fn header_value<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}

/// The signature that these credentials give this request, where it can be signed at all.
fn signature(
    parts: &Parts,
    body: &[u8],
    credentials: &Credentials,
    claim: &Claim<'_>,
    time: SystemTime,
) -> Option<String> {
    let mut headers = Vec::new();
    for name in &claim.signed_headers {
        let mut values = parts.headers.get_all(*name).iter().peekable();
        values.peek()?;
        for value in values {
            headers.push((*name, value.to_str().ok()?));
        }
    }
    let uri = parts.uri.path_and_query()?.as_str();
    let body = SignableBody::Bytes(body);
    let request =
        SignableRequest::new(parts.method.as_str(), uri, headers.into_iter(), body).ok()?;

    let identity = Identity::new(
        &credentials.access_key_id,
        &credentials.secret_access_key,
        None,
        None,
        "corkboard",
    )
    .into();
    let mut settings = SigningSettings::default();
    // The client chose what to sign; other SDKs sign more than this one would.
    settings.excluded_headers = None;
    // A hash that the client declares is replaced with that of the body, so that a wrong one, or
    // UNSIGNED-PAYLOAD, does not match.
    if claim.signed_headers.contains(&"x-amz-content-sha256") {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(claim.region)
        .name(claim.service)
        .time(time)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let (_, signature) = sign(request, &params).ok()?.into_parts();
    Some(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of AWS's test suite for Signature Version 4, `post-header-key-sort`:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-test-suite.html>
    const SIGNATURE: &str = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c";

    fn request(authorization: &str) -> Parts {
        let request = http::Request::post("/")
            .header("host", "example.amazonaws.com")
            .header("my-header1", "value1")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization)
            .body(());
        request.unwrap().into_parts().0
    }

    fn authorization(key: &str, service: &str, signed: &str, signature: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/20150830/us-east-1/{service}/aws4_request, \
             SignedHeaders={signed}, Signature={signature}"
        )
    }

    fn check(parts: &Parts, body: &[u8], seconds: i64) -> Result<(), Refusal> {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        };
        let signed = NaiveDateTime::parse_from_str("20150830T123600Z", "%Y%m%dT%H%M%SZ").unwrap();
        let now = signed.and_utc() + chrono::TimeDelta::seconds(seconds);
        verify(parts, body, &credentials, "service", now.into())
    }

    const HEADERS: &str = "host;my-header1;x-amz-date";

    #[test]
    fn the_worked_example_of_aws_is_accepted() {
        let parts = request(&authorization("AKIDEXAMPLE", "service", HEADERS, SIGNATURE));
        assert_eq!(check(&parts, b"", 0), Ok(()));
        assert_eq!(check(&parts, b"", 900), Ok(()));
        assert_eq!(check(&parts, b"", -900), Ok(()));
    }

    #[test]
    fn an_old_or_future_request_is_refused() {
        let parts = request(&authorization("AKIDEXAMPLE", "service", HEADERS, SIGNATURE));
        let expired = Err(Refusal::Invalid("Signature expired or not yet current"));
        assert_eq!(check(&parts, b"", 901), expired);
        assert_eq!(check(&parts, b"", -901), expired);
    }

    #[test]
    fn another_body_header_or_path_is_refused() {
        let good = authorization("AKIDEXAMPLE", "service", HEADERS, SIGNATURE);
        assert_eq!(check(&request(&good), b"x", 0), Err(MISMATCH));

        let mut parts = request(&good);
        parts
            .headers
            .insert("my-header1", "value2".parse().unwrap());
        assert_eq!(check(&parts, b"", 0), Err(MISMATCH));

        let mut parts = request(&good);
        parts.uri = "/other".parse().unwrap();
        assert_eq!(check(&parts, b"", 0), Err(MISMATCH));
    }

    #[test]
    fn another_key_or_service_is_refused() {
        let parts = request(&authorization("AKIDOTHER", "service", HEADERS, SIGNATURE));
        assert_eq!(check(&parts, b"", 0), Err(Refusal::UnknownKey));
        let parts = request(&authorization("AKIDEXAMPLE", "s3", HEADERS, SIGNATURE));
        assert_eq!(
            check(&parts, b"", 0).unwrap_err().code(),
            "InvalidSignatureException"
        );
        let parts = request(&authorization("AKIDEXAMPLE", "service", HEADERS, "c541"));
        assert_eq!(check(&parts, b"", 0), Err(MISMATCH));
    }

    #[test]
    fn an_incomplete_or_missing_signature_is_refused() {
        let headers = "my-header1;x-amz-date";
        let parts = request(&authorization("AKIDEXAMPLE", "service", headers, SIGNATURE));
        let refusal = check(&parts, b"", 0).unwrap_err();
        assert_eq!(refusal.code(), "IncompleteSignatureException");

        let mut parts = request(&authorization("AKIDEXAMPLE", "service", HEADERS, SIGNATURE));
        parts.headers.remove("x-amz-date");
        assert_eq!(
            check(&parts, b"", 0).unwrap_err().code(),
            "IncompleteSignatureException"
        );

        assert_eq!(check(&request("Bearer abc"), b"", 0), Err(Refusal::Missing));
    }
}
