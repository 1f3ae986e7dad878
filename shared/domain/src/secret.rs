use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _};
use sha2::Sha256;
use thiserror::Error;

/// A board's secret, from which the keys of everything that it signs are derived. It is never accepted or
/// shown itself.
#[derive(Clone)]
pub struct BoardSecret(Hkdf<Sha256>);

/// Which of a board's two secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// The secret that the board has.
    Current,
    /// The secret that the board had before the last rotation.
    Previous,
}

/// The secret is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a board's secret has at least 32 characters")]
pub struct InvalidSecret;

impl BoardSecret {
    /// The secret of this text.
    ///
    /// # Errors
    /// Where it has fewer than 32 characters.
    pub fn new(secret: &str) -> Result<Self, InvalidSecret> {
        if secret.chars().count() < 32 {
            return Err(InvalidSecret);
        }
        Ok(Self(Hkdf::new(None, secret.as_bytes())))
    }

    /// The key for one purpose (HKDF, RFC 5869).
    pub(super) fn key(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        // HKDF fails where more is wanted than 255 hashes, and this is one.
        let expanded = self.0.expand(purpose.as_bytes(), &mut key);
        debug_assert!(expanded.is_ok());
        key
    }

    /// An HMAC under the key for one purpose.
    pub(super) fn mac(&self, purpose: &str) -> Hmac<Sha256> {
        // HMAC (RFC 2104) itself fills a short key up with zeros; this way there is no length to be wrong.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.key(purpose));
        Hmac::new(&block.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_is_refused() {
        assert!(BoardSecret::new("0123456789abcdef0123456789abcde").is_err());
        assert!(BoardSecret::new("0123456789abcdef0123456789abcdef").is_ok());
    }

    #[test]
    fn every_purpose_has_a_key_of_its_own() {
        let secret = BoardSecret::new("0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(secret.key("a"), secret.key("a"));
        assert_ne!(secret.key("a"), secret.key("b"));
        assert_ne!(secret.key("a"), [0; 32]);
    }
}
