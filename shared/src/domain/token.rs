use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use super::MessageId;

/// The secret is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a board's secret has at least 32 characters")]
pub struct InvalidSecret;

/// Makes and checks the tokens of a board. Nothing is stored for them: a token is the HMAC-SHA-256 of what
/// it is for, under a key that HKDF (RFC 5869) derives from the board's secret.
#[derive(Clone)]
pub struct Tokens {
    /// Keyed, nothing fed yet.
    deletion: Hmac<Sha256>,
}

impl Tokens {
    /// The tokens of the board with this secret.
    ///
    /// # Errors
    /// Where the secret has fewer than 32 characters.
    pub fn new(board_secret: &str) -> Result<Self, InvalidSecret> {
        if board_secret.chars().count() < 32 {
            return Err(InvalidSecret);
        }
        let mut delete_key = [0; 32];
        Hkdf::<Sha256>::new(None, board_secret.as_bytes())
            .expand(b"corkboard delete token", &mut delete_key)
            .map_err(|_| InvalidSecret)?;
        let deletion = Hmac::new_from_slice(&delete_key).map_err(|_| InvalidSecret)?;
        Ok(Self { deletion })
    }

    /// The token that deletes this message.
    pub fn delete_token(&self, id: MessageId) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(id).finalize().into_bytes())
    }

    /// Whether `token` deletes this message; compared in constant time.
    pub fn may_delete(&self, id: MessageId, token: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(token)
            .is_ok_and(|token| self.mac(id).verify_slice(&token).is_ok())
    }

    fn mac(&self, id: MessageId) -> Hmac<Sha256> {
        let mut mac = self.deletion.clone();
        mac.update(id.to_string().as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_deletes_its_message_and_no_other() {
        let tokens = Tokens::new(SECRET).unwrap();
        let (mine, other) = (MessageId::generate(), MessageId::generate());
        let token = tokens.delete_token(mine);
        assert!(tokens.may_delete(mine, &token));
        assert!(!tokens.may_delete(other, &token));
        for wrong in ["", "AAAA", &token[..42], &format!("{token}A"), SECRET] {
            assert!(!tokens.may_delete(mine, wrong), "{wrong}");
        }
    }

    #[test]
    fn a_token_is_the_same_after_a_restart_and_different_under_another_secret() {
        let id = MessageId::generate();
        let token = Tokens::new(SECRET).unwrap().delete_token(id);
        assert_eq!(Tokens::new(SECRET).unwrap().delete_token(id), token);
        assert!(
            !Tokens::new(&SECRET.replace('0', "x"))
                .unwrap()
                .may_delete(id, &token)
        );
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(Tokens::new(&SECRET[1..]).is_err());
    }
}
