//! A request's body becomes a valid message, or says everything that is wrong with it at once.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::multipart::{self, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request};
use domain::{
    Alt, Author, InvalidField, InvalidPicture, MessageText, NewMessage, NewPicture, Picture,
};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use crate::body;
use crate::disposition::Disposition;
use crate::fault::PICTURE;
use crate::json;
use crate::problem::{Code, FieldCode, FieldProblem, Problem};

/// More parts than any form of ours has.
const PARTS: usize = 100;

/// The fields that are texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Text,
    Author,
    Alt,
}

impl Field {
    const ALL: [Self; 3] = [Self::Text, Self::Author, Self::Alt];

    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Author => "author",
            Self::Alt => "alt",
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|field| field.name().as_bytes() == name)
    }
}

/// What a client sent, not yet looked at.
#[derive(Default)]
struct Draft {
    text: Option<String>,
    author: Option<String>,
    alt: Option<String>,
    picture: Option<Bytes>,
    faults: Faults,
}

/// Reads the message that a request wants to post, and gives its picture also as it was received.
pub async fn read(request: Request) -> Result<(NewMessage, Option<Bytes>), Problem> {
    let draft = if body::is_of(&request, "multipart/form-data") {
        from_form(request).await?
    } else {
        from_json(request).await?
    };
    let picture = draft.picture.clone();
    Ok((draft.check()?, picture))
}

async fn from_json(request: Request) -> Result<Draft, Problem> {
    const TYPES: &str = "Send application/json, or multipart/form-data with a picture.";
    let [text, author, alt] = Field::ALL.map(Field::name);
    let members = body::json_object(request, &[text, author, alt, PICTURE], TYPES).await?;
    let mut draft = Draft::default();
    for (field, value) in members {
        match (Field::named(field.as_bytes()), value) {
            (_, json::Value::Null) => {}
            (Some(field), json::Value::Text(text)) => draft.set(field, text),
            (Some(_), json::Value::Several) => {
                draft.refuse(field, FieldCode::Several, "must be given once");
            }
            (Some(_), json::Value::Other | json::Value::Texts(_)) => {
                draft.refuse(field, FieldCode::NotAString, "must be a string");
            }
            (None, _) => draft.refuse(
                PICTURE,
                FieldCode::NotAFile,
                "must be sent as a file of multipart/form-data",
            ),
        }
    }
    Ok(draft)
}

async fn from_form(request: Request) -> Result<Draft, Problem> {
    let unreadable = |status| match status {
        StatusCode::PAYLOAD_TOO_LARGE => Code::PictureTooLarge.into(),
        _ => malformed("The body is not a well-formed multipart form."),
    };
    let broken = |error: MultipartError| unreadable(error.status());
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| unreadable(rejection.status()))?;
    let mut draft = Draft::default();
    let mut parts = 0;
    while let Some(part) = form.next_field().await.map_err(broken)? {
        parts += 1;
        if parts > PARTS {
            return Err(malformed("The form has too many parts."));
        }
        let header = part.headers().get(CONTENT_DISPOSITION).cloned();
        let disposition = header.as_ref().map(HeaderValue::as_bytes);
        let Disposition { name, is_file } = disposition
            .and_then(Disposition::parse)
            .ok_or_else(|| malformed("A part of the form does not say which field it is."))?;
        match Field::named(name) {
            _ if name == PICTURE.as_bytes() => {
                let picture = part.bytes().await.map_err(broken)?;
                // A form in which no file was chosen sends a file without a name and without a byte.
                let is_given = is_file || !picture.is_empty();
                if is_given && draft.picture.replace(picture).is_some() {
                    draft.refuse(PICTURE, FieldCode::Several, "must be a single picture");
                }
            }
            _ if is_file => {
                draft.refuse(PICTURE, FieldCode::UnknownFile, "must be the only file");
            }
            Some(field) => {
                let is_utf_8 = is_utf_8(&part);
                let value = part.bytes().await.map_err(broken)?;
                let value = String::from_utf8(value.into()).ok();
                let value = value.filter(|value| is_utf_8 || value.is_ascii());
                draft.set(
                    field,
                    value.ok_or_else(|| malformed("A field of the form is not UTF-8."))?,
                );
            }
            None => {}
        }
    }
    Ok(draft)
}

/// Whether a part is in UTF-8, as every part is that says nothing else. In which other character set it is does
/// not matter: of all that are in use on the web, ASCII is a part.
///
/// <https://www.rfc-editor.org/rfc/rfc7578#section-4.4>
fn is_utf_8(part: &multipart::Field<'_>) -> bool {
    let content_type = part.headers().get(CONTENT_TYPE);
    let parameters = content_type.and_then(|value| value.to_str().ok());
    let charset = parameters.unwrap_or_default().split(';').find_map(|given| {
        let (name, value) = given.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    });
    charset.is_none_or(|charset| ["utf-8", "utf8"].contains(&charset.as_str()))
}

fn malformed(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::malformed_body(detail)
}

impl Draft {
    fn set(&mut self, field: Field, value: String) {
        let slot = match field {
            Field::Text => &mut self.text,
            Field::Author => &mut self.author,
            Field::Alt => &mut self.alt,
        };
        if slot.replace(value).is_some() {
            self.refuse(field.name(), FieldCode::Several, "must be given once");
        }
    }

    /// Notes what is wrong with a field.
    fn refuse(&mut self, field: &'static str, code: FieldCode, detail: &str) {
        self.faults.note(field, code, detail);
    }

    fn check(self) -> Result<NewMessage, Problem> {
        let Self {
            text,
            author,
            alt,
            picture,
            mut faults,
        } = self;
        let has_picture = picture.is_some();
        let picture = picture.as_ref().map(|bytes| {
            if bytes.is_empty() {
                return Err(InvalidPicture::Malformed("it is empty"));
            }
            Picture::parse(bytes)
        });
        let picture = picture.transpose();
        let text = MessageText::parse(text.as_deref().unwrap_or_default()).and_then(|text| {
            if text.is_empty() && !has_picture {
                Err(InvalidField::Required)
            } else {
                Ok(text)
            }
        });
        let author = Author::parse(author.as_deref().unwrap_or_default());
        let alt = Alt::parse(alt.as_deref().unwrap_or_default()).and_then(|alt| {
            if alt.is_some() && !has_picture {
                Err(InvalidField::WithoutPicture)
            } else {
                Ok(alt)
            }
        });

        match &picture {
            Ok(_) => {}
            Err(InvalidPicture::TooLarge) => return Err(Code::PictureTooLarge.into()),
            Err(InvalidPicture::UnknownFormat) => return Err(Code::UnsupportedPicture.into()),
            Err(error @ InvalidPicture::Malformed(_)) => {
                faults.note(PICTURE, FieldCode::Malformed, &error.to_string());
            }
            Err(error @ InvalidPicture::TooManyPixels { .. }) => {
                faults.note(PICTURE, FieldCode::TooManyPixels, &error.to_string());
            }
            Err(error @ InvalidPicture::TooManyParts) => {
                faults.note(PICTURE, FieldCode::TooManyParts, &error.to_string());
            }
        }
        for field in Field::ALL {
            let fault = match field {
                Field::Text => text.as_ref().err(),
                Field::Author => author.as_ref().err(),
                Field::Alt => alt.as_ref().err(),
            };
            if let Some(fault) = fault {
                faults.note(field.name(), (*fault).into(), &fault.to_string());
            }
        }
        match (picture, text, author, alt) {
            (Ok(picture), Ok(text), Ok(author), Ok(alt)) if faults.0.is_empty() => Ok(NewMessage {
                author,
                text,
                picture: picture.map(|picture| NewPicture { picture, alt }),
            }),
            _ => Err(Problem::invalid_fields(faults.0)),
        }
    }
}

/// What is wrong with which field; the first fault of a field is enough.
#[derive(Default)]
struct Faults(Vec<FieldProblem>);

impl Faults {
    fn note(&mut self, field: &'static str, code: FieldCode, detail: &str) {
        if self.0.iter().all(|fault| fault.field != field) {
            self.0.push(FieldProblem::new(field, code, detail));
        }
    }
}
