//! A request's body becomes a valid message, or says everything that is wrong with it at once.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest as _, Multipart, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use shared::domain::{
    Alt, Author, Idempotency, IdempotencyKey, InvalidField, InvalidPicture, MessageText,
    NewMessage, NewPicture, Picture,
};

use crate::json;
use crate::problem::{FieldCode, FieldProblem, Problem};

/// More parts than any form of ours has.
const PARTS: usize = 100;

/// What a client sent, not yet looked at.
#[derive(Default)]
struct Draft {
    text: Option<String>,
    author: Option<String>,
    alt: Option<String>,
    picture: Option<Bytes>,
    wrong: Vec<FieldProblem>,
}

/// Reads the message that a request wants to post and, with a key, what makes it repeatable.
pub async fn read(
    request: Request,
    key: Option<&IdempotencyKey>,
) -> Result<(NewMessage, Option<Idempotency>), Problem> {
    let draft = if is_of(&request, "multipart/form-data") {
        from_form(request).await?
    } else {
        from_json(request).await?
    };
    let picture = draft.picture.clone();
    let new = draft.check()?;
    let idempotency = key.map(|key| key.of(&new, picture.as_deref()));
    Ok((new, idempotency))
}

fn is_of(request: &Request, media_type: &str) -> bool {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let given = content_type.unwrap_or_default().split(';').next();
    given.is_some_and(|given| given.trim().eq_ignore_ascii_case(media_type))
}

/// The members of these names of the JSON object that a request's body is.
pub async fn json_object(
    request: Request,
    names: &[&'static str],
) -> Result<BTreeMap<&'static str, json::Value>, Problem> {
    if !is_of(&request, "application/json") {
        return Err(Problem::UnsupportedMediaType);
    }
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|rejection| unreadable(rejection.status()))?;
    match json::members(&body, names) {
        Ok(Some(members)) => Ok(members),
        Ok(None) => Err(Problem::MalformedBody(
            "The body is not a JSON object.".into(),
        )),
        Err(error) => Err(Problem::MalformedBody(
            format!("The body is not JSON: {error}.").into(),
        )),
    }
}

async fn from_json(request: Request) -> Result<Draft, Problem> {
    let members = json_object(request, &["text", "author", "alt", "picture"]).await?;
    let mut draft = Draft::default();
    for (field, value) in members {
        match (field, value) {
            (_, json::Value::Null) => {}
            ("picture", _) => draft.refuse(
                "picture",
                FieldCode::NotAFile,
                "must be sent as a file of multipart/form-data",
            ),
            (_, json::Value::Text(text)) => draft.set(field, text),
            (_, json::Value::Other) => {
                draft.refuse(field, FieldCode::NotAString, "must be a string");
            }
        }
    }
    Ok(draft)
}

async fn from_form(request: Request) -> Result<Draft, Problem> {
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| unreadable(rejection.status()))?;
    let broken = |error: MultipartError| unreadable(error.status());
    let mut draft = Draft::default();
    let mut parts = 0;
    while let Some(part) = form.next_field().await.map_err(broken)? {
        parts += 1;
        if parts > PARTS {
            return Err(Problem::MalformedBody(
                "The form has too many parts.".into(),
            ));
        }
        let is_file = part.file_name().is_some();
        let field = match part.name() {
            Some("picture") => {
                let picture = part.bytes().await.map_err(broken)?;
                // A form without a chosen file sends an empty one.
                if !picture.is_empty() && draft.picture.replace(picture).is_some() {
                    draft.refuse("picture", FieldCode::Several, "must be a single picture");
                }
                continue;
            }
            _ if is_file => {
                draft.refuse("picture", FieldCode::UnknownFile, "must be the only file");
                continue;
            }
            Some("text") => "text",
            Some("author") => "author",
            Some("alt") => "alt",
            _ => continue,
        };
        let value = part.bytes().await.map_err(broken)?;
        let value = String::from_utf8(value.into())
            .map_err(|_| Problem::MalformedBody("The body is not UTF-8.".into()))?;
        draft.set(field, value);
    }
    Ok(draft)
}

impl Draft {
    fn set(&mut self, field: &'static str, value: String) {
        let slot = match field {
            "text" => &mut self.text,
            "author" => &mut self.author,
            _ => &mut self.alt,
        };
        if slot.replace(value).is_some() {
            self.refuse(field, FieldCode::Several, "must be given once");
        }
    }

    /// Notes what is wrong with a field; the first fault of a field is enough.
    fn refuse(&mut self, field: &'static str, code: FieldCode, detail: &str) {
        if self.wrong.iter().all(|wrong| wrong.field != field) {
            let detail = detail.to_owned();
            self.wrong.push(FieldProblem {
                field,
                code,
                detail,
            });
        }
    }

    fn check(mut self) -> Result<NewMessage, Problem> {
        let picture = self.picture.as_ref().map(Picture::parse).transpose();
        let has_picture = self.picture.is_some();
        let text = MessageText::parse(self.text.as_deref().unwrap_or_default()).and_then(|text| {
            if text.is_empty() && !has_picture {
                Err(InvalidField::Required)
            } else {
                Ok(text)
            }
        });
        let author = Author::parse(self.author.as_deref().unwrap_or_default());
        let alt = Alt::parse(self.alt.as_deref().unwrap_or_default()).and_then(|alt| {
            if alt.is_some() && !has_picture {
                Err(InvalidField::WithoutPicture)
            } else {
                Ok(alt)
            }
        });

        match &picture {
            Ok(_) => {}
            Err(InvalidPicture::TooLarge) => return Err(Problem::PictureTooLarge),
            Err(InvalidPicture::UnknownFormat) => return Err(Problem::UnsupportedPicture),
            Err(error @ InvalidPicture::Malformed(_)) => {
                self.refuse("picture", FieldCode::Malformed, &error.to_string());
            }
            Err(error @ InvalidPicture::TooManyPixels { .. }) => {
                self.refuse("picture", FieldCode::TooManyPixels, &error.to_string());
            }
            Err(error @ InvalidPicture::TooManyParts) => {
                self.refuse("picture", FieldCode::TooManyParts, &error.to_string());
            }
        }
        let faults = [
            ("text", text.as_ref().err().copied()),
            ("author", author.as_ref().err().copied()),
            ("alt", alt.as_ref().err().copied()),
        ];
        for (field, fault) in faults {
            if let Some(fault) = fault {
                self.refuse(field, fault.into(), &fault.to_string());
            }
        }
        match (picture, text, author, alt) {
            (Ok(picture), Ok(text), Ok(author), Ok(alt)) if self.wrong.is_empty() => {
                Ok(NewMessage {
                    author,
                    text,
                    picture: picture.map(|picture| NewPicture { picture, alt }),
                })
            }
            _ => Err(Problem::InvalidFields(self.wrong)),
        }
    }
}

fn unreadable(status: StatusCode) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::PictureTooLarge,
        _ => Problem::MalformedBody("The body is not a well-formed multipart form.".into()),
    }
}
