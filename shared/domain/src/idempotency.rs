use std::fmt::Write as _;

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::{BoardSecret, Era, NewMessage, NewPicture};

/// What makes a post repeatable: the client's key, and what was posted with it. Of the key there is a digest, since
/// who knows the key of a post is told its delete token. Of what was posted there is an HMAC, since it outlives the
/// message by a day, and a digest tells a short text to whoever guesses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    key: String,
    request: String,
    /// What `request` would be under the board's previous secret.
    previous: Option<String>,
    /// The plain digest, which earlier releases stored in place of the HMAC.
    digest: String,
}

/// Makes posts repeatable.
#[derive(Clone)]
pub struct Repeats {
    current: Hmac<Sha256>,
    previous: Option<Hmac<Sha256>>,
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
}

impl Repeats {
    /// Makes posts repeatable on the board with this secret, also those made while it had the `previous` one.
    pub fn new(secret: &BoardSecret, previous: Option<&BoardSecret>) -> Self {
        let mac = |secret: &BoardSecret| secret.mac("corkboard posted request");
        Self {
            current: mac(secret),
            previous: previous.map(mac),
        }
    }

    /// The key with what is posted: text, author and description as they were understood, and `picture` as it
    /// was received.
    pub fn of(
        &self,
        key: &IdempotencyKey,
        message: &NewMessage,
        picture: Option<&[u8]>,
    ) -> Idempotency {
        let digest = digest(message, picture);
        let under = |mac: &Hmac<Sha256>| {
            let mut mac = mac.clone();
            mac.update(&digest);
            hex(&mac.finalize().into_bytes())
        };
        Idempotency {
            key: hex(&Sha256::digest(key.0.as_bytes())),
            request: under(&self.current),
            previous: self.previous.as_ref().map(under),
            digest: hex(&digest),
        }
    }
}

fn digest(message: &NewMessage, received: Option<&[u8]>) -> [u8; 32] {
    let NewMessage {
        author,
        text,
        picture,
    } = message;
    // What is kept of the picture follows from what was received.
    let alt = picture
        .as_ref()
        .and_then(|NewPicture { picture: _, alt }| alt.as_ref());
    let mut digest = Sha256::new();
    for field in [
        Some(text.as_str()),
        author.as_ref().map(super::Author::as_str),
        alt.map(super::Alt::as_str),
    ] {
        // Each field has its length before it, so that one field cannot pass for two.
        let field = field.unwrap_or_default();
        digest.update((field.len() as u64).to_be_bytes());
        digest.update(field);
    }
    if let Some(received) = received {
        digest.update(Sha256::digest(received));
    }
    digest.finalize().into()
}

impl Idempotency {
    /// The digest of the key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is kept of what was posted.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// Under which secret `kept` was made of the same request; `None` where `kept` is of another request. A plain
    /// digest, as earlier releases stored it, was made under no secret and counts as made under the current one.
    pub fn made(&self, kept: &str) -> Option<Era> {
        if kept == self.request || kept == self.digest {
            Some(Era::Current)
        } else {
            (self.previous.as_deref() == Some(kept)).then_some(Era::Previous)
        }
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
    use crate::{Author, MessageText};

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

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const BEFORE: &str = "fedcba9876543210fedcba9876543210";

    fn repeats(secret: &str, previous: Option<&str>) -> Repeats {
        let read = |text| BoardSecret::new(text).unwrap();
        Repeats::new(&read(secret), previous.map(read).as_ref())
    }

    fn kept(secret: &str, key_text: &str, new: &NewMessage) -> Idempotency {
        repeats(secret, None).of(&key(key_text), new, None)
    }

    #[test]
    fn the_same_is_the_same_text_author_and_picture() {
        let (key, repeats) = (key("0123456789abcdef"), repeats(SECRET, None));
        let of = |text, author, picture| {
            let kept = repeats.of(&key, &message(text, author), picture);
            kept.request().to_owned()
        };
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
        let new = message("my own text", "");
        let one = kept(SECRET, "my-own-secret-key", &new);
        assert!(!format!("{one:?}").contains("my"));
        assert_eq!((one.key().len(), one.request().len()), (64, 64));
        assert_ne!(one.key(), kept(SECRET, "my-own-secret-kez", &new).key());
        // Whoever guesses the text needs the secret to see whether it is right.
        assert_ne!(one.request(), hex(&digest(&new, None)));
        assert_ne!(
            one.request(),
            kept(BEFORE, "my-own-secret-key", &new).request()
        );
    }

    #[test]
    fn what_was_kept_under_the_secret_before_or_by_a_board_of_before_is_known() {
        let (key_text, new) = ("0123456789abcdef", message("hello", "Ada"));
        let of = |secret| kept(secret, key_text, &new).request().to_owned();
        let rotated = repeats(SECRET, Some(BEFORE));
        let again = rotated.of(&key(key_text), &new, None);
        assert_eq!(again.request(), of(SECRET));
        assert_eq!(again.made(&of(SECRET)), Some(Era::Current));
        assert_eq!(again.made(&of(BEFORE)), Some(Era::Previous));
        // What an earlier release stored: SHA-256 of each field's length and bytes.
        let plain = "500b75e8232d5650e45d5cfa8d68e5db0b28300ad601c2cf797655714466bdf2";
        assert_eq!(again.made(plain), Some(Era::Current));
        let other = rotated.of(&key(key_text), &message("hello", ""), None);
        for kept in [&of(SECRET), &of(BEFORE), plain, ""] {
            assert_eq!(other.made(kept), None, "{kept}");
        }
        assert_eq!(kept(SECRET, key_text, &new).made(&of(BEFORE)), None);
    }
}
