//! A request's body becomes a valid message, or says everything that is wrong with it at once.

use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest as _, Multipart, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use shared::domain::{
    Alt, Author, InvalidField, InvalidPicture, MessageText, NewMessage, NewPicture, Picture,
};

use crate::problem::{FieldProblem, Problem};

/// What a client sent, not yet looked at.
#[derive(Default)]
struct Draft {
    text: Option<String>,
    author: Option<String>,
    alt: Option<String>,
    picture: Option<Bytes>,
    wrong: Vec<FieldProblem>,
}

/// Reads the message that a request wants to post.
pub async fn read(request: Request) -> Result<NewMessage, Problem> {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let draft = if media_type.eq_ignore_ascii_case("application/json") {
        from_json(request).await?
    } else if media_type.eq_ignore_ascii_case("multipart/form-data") {
        from_form(request).await?
    } else {
        return Err(Problem::UnsupportedMediaType);
    };
    draft.check()
}

async fn from_json(request: Request) -> Result<Draft, Problem> {
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|rejection| unreadable(rejection.status()))?;
    let body: Value = serde_json::from_slice(&body).map_err(|error| {
        Problem::MalformedBody(format!("The body is not JSON: {error}.").into())
    })?;
    let Value::Object(mut members) = body else {
        return Err(Problem::MalformedBody(
            "The body is not a JSON object.".into(),
        ));
    };
    let mut draft = Draft::default();
    for (field, slot) in [
        ("text", &mut draft.text),
        ("author", &mut draft.author),
        ("alt", &mut draft.alt),
    ] {
        match members.remove(field) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => *slot = Some(text),
            Some(_) => draft
                .wrong
                .push(wrong(field, "not-a-string", "must be a string")),
        }
    }
    if members
        .get("picture")
        .is_some_and(|picture| !picture.is_null())
    {
        draft.wrong.push(wrong(
            "picture",
            "not-a-file",
            "must be sent as a file of multipart/form-data",
        ));
    }
    Ok(draft)
}

async fn from_form(request: Request) -> Result<Draft, Problem> {
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| unreadable(rejection.status()))?;
    let broken = |error: MultipartError| unreadable(error.status());
    let mut draft = Draft::default();
    while let Some(part) = form.next_field().await.map_err(broken)? {
        let is_file = part.file_name().is_some();
        let slot = match part.name() {
            Some("picture") => {
                let picture = part.bytes().await.map_err(broken)?;
                // A form without a chosen file sends an empty one.
                if !picture.is_empty() && draft.picture.replace(picture).is_some() {
                    draft
                        .wrong
                        .push(wrong("picture", "several", "must be a single picture"));
                }
                continue;
            }
            _ if is_file => {
                draft
                    .wrong
                    .push(wrong("picture", "unknown-file", "must be the only file"));
                continue;
            }
            Some("text") => (&mut draft.text, "text"),
            Some("author") => (&mut draft.author, "author"),
            Some("alt") => (&mut draft.alt, "alt"),
            _ => continue,
        };
        let value = part.bytes().await.map_err(broken)?;
        let value = String::from_utf8(value.into())
            .map_err(|_| Problem::MalformedBody("The body is not UTF-8.".into()))?;
        if slot.0.replace(value).is_some() {
            draft
                .wrong
                .push(wrong(slot.1, "several", "must be given once"));
        }
    }
    Ok(draft)
}

impl Draft {
    fn check(self) -> Result<NewMessage, Problem> {
        let Self {
            text,
            author,
            alt,
            picture: sent,
            mut wrong,
        } = self;
        let picture = match sent.as_ref().map(Picture::parse).transpose() {
            Ok(picture) => picture,
            Err(InvalidPicture::TooLarge) => return Err(Problem::PictureTooLarge),
            Err(InvalidPicture::UnknownFormat) => return Err(Problem::UnsupportedPicture),
            Err(error @ InvalidPicture::Malformed(_)) => {
                wrong.push(self::wrong("picture", "malformed", &error.to_string()));
                None
            }
            Err(error @ InvalidPicture::TooManyPixels { .. }) => {
                wrong.push(self::wrong(
                    "picture",
                    "too-many-pixels",
                    &error.to_string(),
                ));
                None
            }
        };
        let mut refuse = |field, error: InvalidField| {
            wrong.push(self::wrong(field, error.code(), &error.to_string()));
        };
        let text = MessageText::parse(text.as_deref().unwrap_or_default())
            .and_then(|text| {
                if text.is_empty() && sent.is_none() {
                    Err(InvalidField::Required)
                } else {
                    Ok(text)
                }
            })
            .map_err(|error| refuse("text", error));
        let author = Author::parse(author.as_deref().unwrap_or_default())
            .map_err(|error| refuse("author", error));
        let alt = Alt::parse(alt.as_deref().unwrap_or_default())
            .and_then(|alt| {
                if alt.is_some() && sent.is_none() {
                    Err(InvalidField::WithoutPicture)
                } else {
                    Ok(alt)
                }
            })
            .map_err(|error| refuse("alt", error));
        match (text, author, alt) {
            (Ok(text), Ok(author), Ok(alt)) if wrong.is_empty() => Ok(NewMessage {
                author,
                text,
                picture: picture.map(|picture| NewPicture { picture, alt }),
            }),
            _ => Err(Problem::InvalidFields(wrong)),
        }
    }
}

fn wrong(field: &'static str, code: &'static str, detail: &str) -> FieldProblem {
    FieldProblem {
        field,
        code,
        detail: detail.to_owned(),
    }
}

fn unreadable(status: StatusCode) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::PictureTooLarge,
        _ => Problem::MalformedBody("The body is not a well-formed multipart form.".into()),
    }
}
