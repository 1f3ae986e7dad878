use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::NewMessage;

/// What makes a post repeatable: the client's key, and what was posted with it. Both are kept as digests, since
/// who knows the key of a post is told its delete token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    key: String,
    request: String,
}

/// A client's `Idempotency-Key`: 16 to 64 visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The text is not an [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 16 to 64 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// Parses a header's value.
    ///
    /// # Errors
    /// Where it has another length or other characters.
    pub fn parse(value: &[u8]) -> Result<Self, InvalidIdempotencyKey> {
        let is_key = (16..=64).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
        is_key
            .then(|| String::from_utf8(value.to_owned()).ok().map(Self))
            .flatten()
            .ok_or(InvalidIdempotencyKey)
    }

    /// The key with what is posted: text, author and description as they were understood, and `picture` as it
    /// was received.
    pub fn of(&self, message: &NewMessage, picture: Option<&[u8]>) -> Idempotency {
        let mut request = Sha256::new();
        let alt = message.picture.as_ref().and_then(|new| new.alt.as_ref());
        let author = message.author.as_ref();
        for field in [
            Some(message.text.as_str()),
            author.map(super::Author::as_str),
            alt.map(super::Alt::as_str),
        ] {
            // With its length before it, a field cannot pass for two.
            let field = field.unwrap_or_default();
            request.update((field.len() as u64).to_be_bytes());
            request.update(field);
        }
        if let Some(picture) = picture {
            request.update(Sha256::digest(picture));
        }
        Idempotency {
            key: hex(&Sha256::digest(self.0.as_bytes())),
            request: hex(&request.finalize()),
        }
    }
}

impl Idempotency {
    /// The digest of the key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The digest of what was posted.
    pub fn request(&self) -> &str {
        &self.request
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Author, MessageText};

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::parse(text.as_bytes()).ok().unwrap()
    }

    fn message(text: &str, author: &str) -> NewMessage {
        NewMessage {
            author: Author::parse(author).unwrap(),
            text: MessageText::parse(text).unwrap(),
            picture: None,
        }
    }

    #[test]
    fn a_key_has_16_to_64_visible_ascii_characters() {
        for good in [
            "0123456789abcdef",
            &"~".repeat(64),
            "c6b1e8a0-3f1e-4b52-9a8e-0d8f6b7a1c2d",
        ] {
            assert!(IdempotencyKey::parse(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "0123456789abcde",
            &"a".repeat(65),
            "0123456789 abcdef",
            "0123456789abcdeé",
            "0123456789abcd\n",
        ] {
            assert!(IdempotencyKey::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_same_is_the_same_text_author_and_picture() {
        let key = key("0123456789abcdef");
        let of =
            |text, author, picture| key.of(&message(text, author), picture).request().to_owned();
        let first = of("hello", "Ada", Some(&b"picture"[..]));
        assert_eq!(first, of(" hello\n", "Ada ", Some(b"picture")));
        for other in [
            of("hello", "Ada", None),
            of("hello", "Ada", Some(b"")),
            of("hello", "Ada", Some(b"another")),
            of("hello", "", Some(b"picture")),
            of("helloAda", "", Some(b"picture")),
            of("hell", "oAda", Some(b"picture")),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn neither_key_nor_text_is_in_what_is_kept() {
        let kept = key("my-own-secret-key").of(&message("my own text", ""), None);
        assert!(!format!("{kept:?}").contains("my"));
        assert_eq!((kept.key().len(), kept.request().len()), (64, 64));
        assert_ne!(
            kept.key(),
            key("my-own-secret-kez").of(&message("a", ""), None).key()
        );
    }
}
