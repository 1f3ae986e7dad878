use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{BoardSecret, Era, MessageId};

/// Makes and checks the tokens of a board. Nothing is stored for them: a delete token is the HMAC-SHA-256 of
/// its message's id, under a key that is derived from the board's secret.
#[derive(Clone)]
pub struct Tokens {
    deletion: Deletion,
    /// Of the secret before; it deletes, but does not moderate.
    previous: Option<Deletion>,
    moderation: [u8; 32],
}

/// An HMAC that is keyed, with nothing fed yet.
#[derive(Clone)]
struct Deletion(Hmac<Sha256>);

impl Tokens {
    /// The tokens of the board with this secret, and of the one that it had before.
    pub fn new(secret: &BoardSecret, previous: Option<&BoardSecret>) -> Self {
        Self {
            deletion: Deletion::new(secret),
            previous: previous.map(Deletion::new),
            moderation: secret.key("corkboard moderator token"),
        }
    }

    /// The token that deletes this message, made with one of the secrets: a post that is repeated after a rotation
    /// is told the same token.
    pub fn delete_token(&self, id: MessageId, era: Era) -> String {
        let deletion = match era {
            Era::Current => &self.deletion,
            Era::Previous => self.previous.as_ref().unwrap_or(&self.deletion),
        };
        URL_SAFE_NO_PAD.encode(deletion.mac(id).finalize().into_bytes())
    }

    /// Whether `token` deletes this message, as its own; compared in constant time.
    pub fn may_delete(&self, id: MessageId, token: &str) -> bool {
        let Ok(token) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        let verifies = |deletion: &Deletion| deletion.mac(id).verify_slice(&token).is_ok();
        verifies(&self.deletion) || self.previous.as_ref().is_some_and(verifies)
    }

    /// The token that moderators sign in with.
    pub fn moderator_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.moderation)
    }

    /// Whether `token` is the moderators'; compared in constant time.
    pub fn is_moderator(&self, token: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(token)
            .is_ok_and(|token| token.ct_eq(&self.moderation).into())
    }
}

impl Deletion {
    fn new(secret: &BoardSecret) -> Self {
        Self(secret.mac("corkboard delete token"))
    }

    fn mac(&self, id: MessageId) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(id.to_string().as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const BEFORE: &str = "fedcba9876543210fedcba9876543210";

    fn tokens(secret: &str, previous: Option<&str>) -> Tokens {
        let read = |text| BoardSecret::new(text).unwrap();
        Tokens::new(&read(secret), previous.map(read).as_ref())
    }

    #[test]
    fn a_token_deletes_its_message_and_no_other() {
        let tokens = tokens(SECRET, None);
        let (mine, other) = (MessageId::generate(), MessageId::generate());
        let token = tokens.delete_token(mine, Era::Current);
        assert!(tokens.may_delete(mine, &token));
        assert!(!tokens.may_delete(other, &token));
        for wrong in [
            "",
            "AAAA",
            &token[..42],
            &format!("{token}A"),
            SECRET,
            &tokens.moderator_token(),
        ] {
            assert!(!tokens.may_delete(mine, wrong), "{wrong}");
        }
    }

    #[test]
    fn a_token_is_the_same_after_a_restart_and_different_under_another_secret() {
        let id = MessageId::generate();
        let token = tokens(SECRET, None).delete_token(id, Era::Current);
        assert_eq!(tokens(SECRET, None).delete_token(id, Era::Current), token);
        assert!(!tokens(BEFORE, None).may_delete(id, &token));
    }

    #[test]
    fn tokens_of_the_secret_before_delete_but_do_not_moderate() {
        let id = MessageId::generate();
        let (before, now) = (tokens(BEFORE, None), tokens(SECRET, Some(BEFORE)));
        assert!(now.may_delete(id, &before.delete_token(id, Era::Current)));
        assert!(now.may_delete(id, &now.delete_token(id, Era::Current)));
        let previous = now.delete_token(id, Era::Previous);
        assert_eq!(previous, before.delete_token(id, Era::Current));
        assert_eq!(
            now.delete_token(id, Era::Current),
            tokens(SECRET, None).delete_token(id, Era::Current)
        );
        assert!(now.is_moderator(&tokens(SECRET, None).moderator_token()));
        assert!(!now.is_moderator(&before.moderator_token()));
    }

    #[test]
    fn a_moderator_has_one_token_that_is_neither_a_messages_nor_the_secret() {
        let tokens = tokens(SECRET, None);
        let token = tokens.moderator_token();
        assert!(tokens.is_moderator(&token));
        let of_a_message = tokens.delete_token(MessageId::generate(), Era::Current);
        for wrong in ["", "AAAA", SECRET, &token[..42], &of_a_message] {
            assert!(!tokens.is_moderator(wrong), "{wrong}");
        }
    }
}
