//! What is in the file: messages as the domain knows them, so that it holds whatever `PUBLIC_BASE_URL` is.

use domain::{Message, PostedPicture};
use serde::{Deserialize, Serialize};

use super::FrontPage;

/// Raise it whenever what is below changes, or what a message means: a file of another shape is written anew.
const SHAPE: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    shape: u32,
    number: u64,
    more: bool,
    messages: Vec<JsonMessage>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonMessage {
    id: String,
    author: Option<String>,
    text: String,
    picture: Option<JsonPicture>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonPicture {
    format: String,
    width: u32,
    height: u32,
    alt: Option<String>,
}

pub fn write(number: u64, page: &FrontPage) -> serde_json::Result<Vec<u8>> {
    let picture = |picture: &PostedPicture| {
        let PostedPicture {
            format,
            width,
            height,
            alt,
        } = picture;
        JsonPicture {
            format: format.extension().to_owned(),
            width: *width,
            height: *height,
            alt: alt.clone(),
        }
    };
    let message = |message: &Message| {
        let Message {
            id,
            author,
            text,
            picture: shown,
        } = message;
        JsonMessage {
            id: id.to_string(),
            author: author.clone(),
            text: text.clone(),
            picture: shown.as_ref().map(picture),
        }
    };
    serde_json::to_vec(&Json {
        shape: SHAPE,
        number,
        more: page.more,
        messages: page.messages.iter().map(message).collect(),
    })
}

/// Its number and what it has; `None` where it is of another shape, or no such file at all.
pub fn read(json: &[u8]) -> Option<(u64, FrontPage)> {
    let json: Json = serde_json::from_slice(json).ok()?;
    if json.shape != SHAPE {
        return None;
    }
    let picture = |picture: JsonPicture| {
        Some(PostedPicture {
            format: picture.format.parse().ok()?,
            width: picture.width,
            height: picture.height,
            alt: picture.alt,
        })
    };
    let message = |message: JsonMessage| {
        Some(Message {
            id: message.id.parse().ok()?,
            author: message.author,
            text: message.text,
            picture: match message.picture {
                Some(it) => Some(picture(it)?),
                None => None,
            },
        })
    };
    let messages = json.messages.into_iter().map(message);
    let page = FrontPage {
        messages: messages.collect::<Option<_>>()?,
        more: json.more,
    };
    Some((json.number, page))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Format;

    const WRITTEN: &str = r#"{"shape":1,"number":7,"more":true,"messages":[{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","author":null,"text":"你好\n","picture":{"format":"jpg","width":48,"height":32,"alt":"a bridge"}},{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAT","author":"Ada","text":"hello","picture":null}]}"#;

    fn page() -> FrontPage {
        FrontPage {
            messages: vec![
                Message {
                    id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(),
                    author: None,
                    text: "你好\n".into(),
                    picture: Some(PostedPicture {
                        format: Format::Jpeg,
                        width: 48,
                        height: 32,
                        alt: Some("a bridge".into()),
                    }),
                },
                Message {
                    id: "01ARZ3NDEKTSV4RRFFQ69G5FAT".parse().unwrap(),
                    author: Some("Ada".into()),
                    text: "hello".into(),
                    picture: None,
                },
            ],
            more: true,
        }
    }

    /// Whoever changes what is written here raises [`SHAPE`].
    #[test]
    fn a_file_of_this_shape_looks_like_this() {
        let written = write(7, &page()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), WRITTEN);
        assert_eq!(read(WRITTEN.as_bytes()), Some((7, page())));
    }

    #[test]
    fn what_is_not_a_file_of_this_shape_is_none() {
        for (what, instead) in [
            (r#""shape":1"#, r#""shape":2"#),
            (r#""number":7"#, r#""number":-7"#),
            (r#""more":true"#, r#""more":true,"most":true"#),
            (r#""text":"hello","#, ""),
            ("01ARZ3NDEKTSV4RRFFQ69G5FAT", "no id"),
            (r#""jpg""#, r#""bmp""#),
            ("]}", "]"),
        ] {
            assert!(WRITTEN.contains(what));
            let other = WRITTEN.replace(what, instead);
            assert!(read(other.as_bytes()).is_none(), "{other}");
        }
        assert!(read(b"").is_none());
    }
}
