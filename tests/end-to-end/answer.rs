//! Whole answers, and what they should be.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, DATE, ETAG};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use ulid::Ulid;

use crate::log_privacy::plant;

pub const JSON: (&str, &str) = ("content-type", "application/json");
pub const NO_STORE: (&str, &str) = ("cache-control", "no-store");
/// Of the lists and the carrousel.
pub const SHARED_FOR_A_SECOND: &str = "public, max-age=0, s-maxage=1, stale-if-error=60";
/// What changes only by deletes: older pages, and single messages.
pub const SHARED_FOR_TEN: &str = "public, max-age=0, s-maxage=10, stale-if-error=60";

/// Of every answer of the API.
pub const API: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("strict-transport-security", "max-age=31536000"),
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex"),
];

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Sends a request.
pub async fn ask(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.bytes().await.unwrap(),
    }
}

/// Asks again where a busy machine did not get to it before a deadline of the board's, as clients do.
pub async fn until_not_late(ask: impl AsyncFn() -> Answer) -> Answer {
    const TIMES: usize = 300;
    let mut answer = ask().await;
    for _ in 1..TIMES {
        if answer.status != 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        answer = ask().await;
    }
    answer
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .unwrap_or_else(|| panic!("no {name}: {self:?}"))
            .to_str()
            .unwrap()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// That the API answered with this status, these headers and no other, and this JSON.
    #[track_caller]
    pub fn is(&self, status: u16, headers: &[(&str, &str)], body: &Value) {
        assert_eq!(&self.json(), body);
        self.is_of_the_api(status, headers);
    }

    /// That the API answered with this status, these headers and no other.
    #[track_caller]
    pub fn is_of_the_api(&self, status: u16, headers: &[(&str, &str)]) {
        self.has(status, &[&API, headers].concat());
    }

    /// That it has this status, these headers and no other (the date and a right length apart).
    #[track_caller]
    pub fn has(&self, status: u16, headers: &[(&str, &str)]) {
        let expected: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let mut found = self.headers.clone();
        found.remove(DATE);
        if let Some(length) = found.remove(CONTENT_LENGTH) {
            assert_eq!(length, self.body.len().to_string().as_str());
        }
        assert_eq!((self.status, &found), (status, &expected), "{self:?}");
    }

    /// That it is a problem of this code, with these fields at fault.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str, errors: &Value) {
        self.is_problem_with(status, code, errors, &[]);
    }

    /// The same with further headers.
    #[track_caller]
    pub fn is_problem_with(
        &self,
        status: u16,
        code: &str,
        errors: &Value,
        headers: &[(&str, &str)],
    ) {
        let mut body = json!({
            "type": format!("urn:corkboard:problem:{code}"),
            "title": title(code).0,
            "status": status,
            "detail": title(code).1,
        });
        if errors.as_array().is_none_or(|errors| !errors.is_empty()) {
            body["errors"] = errors.clone();
        }
        let problem = [("content-type", "application/problem+json"), NO_STORE];
        self.is(status, &[&problem, headers].concat(), &body);
    }

    /// That it may be cached, and has this JSON; gives its entity tag.
    #[track_caller]
    pub fn is_cacheable(&self, body: &Value) -> String {
        self.is_cacheable_as(SHARED_FOR_A_SECOND, body)
    }

    /// The same for so long.
    #[track_caller]
    pub fn is_cacheable_as(&self, cache_control: &str, body: &Value) -> String {
        let tag = self.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
        let headers = [JSON, ("cache-control", cache_control), ("etag", &tag)];
        self.is(200, &headers, body);
        tag
    }

    /// That it says what is cached is still right.
    #[track_caller]
    pub fn is_not_modified(&self, tag: &str) {
        self.is_not_modified_as(SHARED_FOR_A_SECOND, tag);
    }

    /// The same for so long.
    #[track_caller]
    pub fn is_not_modified_as(&self, cache_control: &str, tag: &str) {
        let mut answer = self.clone();
        assert_eq!(answer.headers.remove(ETAG).unwrap(), tag);
        answer.is_of_the_api(304, &[("cache-control", cache_control)]);
        assert_eq!(self.text(), "");
    }

    /// That a message was created; gives it with its delete token.
    #[track_caller]
    pub fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{self:?}");
        let created = self.json();
        plant(created["deleteToken"].as_str().unwrap());
        let id = created["id"].as_str().unwrap();
        let location = format!("/api/messages/{id}");
        self.is_of_the_api(201, &[JSON, NO_STORE, ("location", &location)]);
        created
    }

    /// That this message was created, given without `id`, `createdAt`, `deleteToken` and the picture's URL,
    /// which only the server knows.
    #[track_caller]
    pub fn is_created(&self, message: &Value) -> Value {
        let created = self.created();
        let id = created["id"].as_str().unwrap();
        let token = created["deleteToken"].as_str().unwrap();
        assert_eq!(token.len(), 43, "256 bits in base64url: {token}");
        let mut expected = message.clone();
        expected["id"] = id.into();
        expected["createdAt"] = time_of(id).into();
        expected["deleteToken"] = token.into();
        if let Some(media_type) = expected["picture"]["type"].as_str() {
            let extension = match media_type {
                "image/jpeg" => "jpg",
                other => &other["image/".len()..],
            };
            let name = format!("{id}.{extension}");
            let picture = &mut expected["picture"];
            picture["url"] = format!("/images/{name}").into();
            picture["small"] = small_of(picture, &name);
            // What moves is a matter of tests of its own.
            let animated = &created["picture"]["animated"];
            assert!(animated.is_boolean(), "{created}");
            picture["animated"] = animated.clone();
        }
        assert_eq!(created, expected);
        created
    }
}

/// The small versions of a picture of this name.
fn small_of(picture: &Value, name: &str) -> Value {
    let side = |side: &str| picture[side].as_u64().unwrap();
    let (width, height) = (side("width"), side("height"));
    let smaller = [640, 960, 1280].into_iter().filter(|small| *small < width);
    let small = smaller.map(|small| {
        json!({
            "url": format!("/small/{small}/{name}.webp"),
            "width": small,
            "height": ((2 * height * small + width) / (2 * width)).max(1),
            "type": "image/webp",
        })
    });
    small.collect()
}

/// A created message as everybody sees it.
pub fn shown(created: &Value) -> Value {
    let mut message = created.clone();
    message.as_object_mut().unwrap().remove("deleteToken");
    message
}

/// A message's time, which is in its id.
fn time_of(id: &str) -> String {
    let id = Ulid::from_string(id).unwrap();
    let time = DateTime::from_timestamp_millis(id.timestamp_ms().try_into().unwrap()).unwrap();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What a problem says to people.
fn title(code: &str) -> (&'static str, &'static str) {
    match code {
        "not-found" => ("Not found", "There is nothing at this path."),
        "method-not-allowed" => (
            "Method not allowed",
            "This path does not take this method; Allow lists those that it takes.",
        ),
        "message-not-found" => (
            "No such message",
            "There is no message with this id, or it was deleted.",
        ),
        "picture-not-found" => (
            "No such picture",
            "There is no picture at this URL, or it can no longer be restored.",
        ),
        "invalid-parameter" => (
            "Invalid parameter",
            "A query parameter is not valid; errors says which.",
        ),
        "unsupported-media-type" => (
            "Unsupported media type",
            "Send application/json, or multipart/form-data with a picture.",
        ),
        "picture-too-large" => ("Picture too large", "A picture may have 4 MiB at most."),
        "unsupported-picture" => (
            "Unsupported picture",
            "The picture is not a JPEG, PNG, GIF, WebP or uncompressed BMP.",
        ),
        "invalid-fields" => (
            "Invalid fields",
            "What was sent is not valid; errors says why.",
        ),
        "invalid-idempotency-key" => (
            "Invalid idempotency key",
            "Idempotency-Key must be 16 to 64 visible ASCII characters; a UUID is one.",
        ),
        "idempotency-key-reused" => (
            "Idempotency key reused",
            "Something else was posted with this Idempotency-Key; take a new one.",
        ),
        "message-deleted" => (
            "Message deleted",
            "The message that this request posted was deleted.",
        ),
        "posting-limit" => (
            "Too many messages",
            "So many messages a minute are not taken from one address; Retry-After says when the next one is.",
        ),
        "sender-refused" => (
            "Sender refused",
            "The moderators take no more messages from this address today (until midnight UTC).",
        ),
        "cross-site" => (
            "Cross-site request",
            "Pages of this origin may not change the board.",
        ),
        "origin-required" => (
            "Origin required",
            "This address answers the board's own front door only; use the board's address.",
        ),
        "posting-closed" => ("Posting is closed", "The board takes no new messages now."),
        "token-missing" => (
            "Token missing",
            "Send the message's delete token, or the moderators', as Authorization: Bearer.",
        ),
        "token-wrong" => ("Wrong token", "This token does not allow it."),
        "database-unavailable" => (
            "The board is unavailable",
            "Messages cannot be reached now. Try again in a few seconds.",
        ),
        "carrousel-unavailable" => (
            "The carrousel is unavailable",
            "The list of pictures cannot be reached now.",
        ),
        "media-unavailable" => (
            "The board's files are unavailable",
            "Messages and pictures cannot be read, stored or removed now. Try again in a few seconds.",
        ),
        other => panic!("an unknown problem: {other}"),
    }
}
