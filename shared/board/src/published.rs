//! A message as it stands in the bucket: as the API shows it, less URLs, so that it holds whatever `PUBLIC_BASE_URL` is.
//! Whoever reads one passes over what a later release adds.

use std::borrow::Cow;

use bytes::Bytes;
use domain::{Format, Message, Name, PostedPicture};
use media::BucketError;
use serde::{Deserialize, Serialize};

/// A published message.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_first")]
    generation: u32,
    #[serde(borrow)]
    author: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    created_at: Cow<'a, str>,
    #[serde(borrow)]
    picture: Option<Picture<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Picture<'a> {
    #[serde(borrow)]
    alt: Option<Cow<'a, str>>,
    width: u32,
    height: u32,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    animated: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_first(generation: &u32) -> bool {
    *generation == 0
}

impl<'a> From<&'a Message> for Body<'a> {
    fn from(message: &'a Message) -> Self {
        let Message {
            id,
            generation,
            author,
            text,
            picture,
        } = message;
        let picture = picture.as_ref().map(|picture| {
            let PostedPicture {
                format,
                width,
                height,
                animated,
                alt,
            } = picture;
            Picture {
                alt: alt.as_deref().map(Cow::Borrowed),
                width: *width,
                height: *height,
                r#type: Cow::Borrowed(format.media_type()),
                animated: *animated,
            }
        });
        Self {
            id: id.to_string().into(),
            generation: *generation,
            author: author.as_deref().map(Cow::Borrowed),
            text: Cow::Borrowed(text),
            created_at: id.created_at().into(),
            picture,
        }
    }
}

impl Body<'_> {
    /// The message; `None` where the body is none that the board writes.
    pub fn into_message(self) -> Option<Message> {
        let picture = match self.picture {
            None => None,
            Some(picture) => Some(PostedPicture {
                format: Format::of_media_type(&picture.r#type)?,
                width: picture.width,
                height: picture.height,
                animated: picture.animated,
                alt: picture.alt.map(Cow::into_owned),
            }),
        };
        Some(Message {
            id: self.id.parse().ok()?,
            generation: self.generation,
            author: self.author.map(Cow::into_owned),
            text: self.text.into_owned(),
            picture,
        })
    }
}

/// The bytes of a published message's object.
pub fn body(message: &Message) -> Result<Bytes, BucketError> {
    let json = serde_json::to_vec(&Body::from(message));
    json.map(Bytes::from)
        .map_err(|error| BucketError::of(&error))
}

/// The message of this name; `None` where the bytes are none that the board writes for it.
pub fn message(name: Name, bytes: &[u8]) -> Option<Message> {
    let body: Body<'_> = serde_json::from_slice(bytes).ok()?;
    body.into_message().filter(|message| message.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const WRITTEN: &str = r#"{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","author":null,"text":"你好\n","createdAt":"2016-07-30T23:54:10.259Z","picture":{"alt":"a \"bridge\"","width":48,"height":32,"type":"image/jpeg","animated":false}}"#;

    fn written() -> Message {
        Message {
            id: ID.parse().unwrap(),
            generation: 0,
            author: None,
            text: "你好\n".into(),
            picture: Some(PostedPicture {
                format: Format::Jpeg,
                width: 48,
                height: 32,
                animated: Some(false),
                alt: Some("a \"bridge\"".into()),
            }),
        }
    }

    #[test]
    fn a_message_stands_in_the_bucket_as_the_api_shows_it_without_urls() {
        assert_eq!(body(&written()).unwrap(), WRITTEN);
        assert_eq!(
            message(written().name(), WRITTEN.as_bytes()),
            Some(written())
        );
    }

    #[test]
    fn what_a_later_release_adds_is_passed_over() {
        let later = WRITTEN.replace(r#""width""#, r#""blurred":"LEHV6","width""#);
        let later = later.replace(r#""author""#, r#""replyTo":null,"author""#);
        assert_eq!(message(written().name(), later.as_bytes()), Some(written()));
    }

    #[test]
    fn of_a_restored_message_its_generation_is_said() {
        let restored = Message {
            generation: 2,
            ..written()
        };
        let body = body(&restored).unwrap();
        assert_eq!(message(restored.name(), &body), Some(restored));
        assert_eq!(message(written().name(), &body), None);
    }

    #[test]
    fn a_message_of_before_says_nothing_of_whether_its_picture_moves() {
        let before = WRITTEN.replace(r#","animated":false"#, "");
        let mut expected = written();
        expected.picture.as_mut().unwrap().animated = None;
        assert_eq!(message(expected.name(), before.as_bytes()), Some(expected));
    }

    #[test]
    fn what_is_no_message_of_this_id_is_none() {
        for (what, instead) in [
            (ID, "01ARZ3NDEKTSV4RRFFQ69G5FAT"),
            ("image/jpeg", "image/bmp"),
            (r#""width":48"#, r#""width":-48"#),
            (r#""text":"你好\n","#, ""),
            ("}}", "}"),
        ] {
            assert!(WRITTEN.contains(what));
            let other = WRITTEN.replace(what, instead);
            assert_eq!(message(written().name(), other.as_bytes()), None, "{other}");
        }
    }
}
