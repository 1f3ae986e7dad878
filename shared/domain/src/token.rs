use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::moderator::{Moderator, ModeratorName, Moderators, Revoked};
use super::{BoardSecret, Era, MessageId};

/// Makes and checks the tokens of a board. Nothing is stored for them: a delete token is the HMAC-SHA-256 of
/// its message's id, under a key that is derived from the board's secret.
#[derive(Clone)]
pub struct Tokens {
    deletion: Deletion,
    /// What makes delete tokens of the previous secret, which deletes but does not moderate.
    previous: Option<Deletion>,
    moderators: Moderators,
}

/// The HMAC of delete tokens, keyed, with nothing fed to it yet.
#[derive(Clone)]
struct Deletion(Hmac<Sha256>);

impl Tokens {
    /// The tokens of the board with this secret, and of the one that it had before.
    pub fn new(secret: &BoardSecret, previous: Option<&BoardSecret>) -> Self {
        Self {
            deletion: Deletion::new(secret),
            previous: previous.map(Deletion::new),
            moderators: Moderators::new(secret),
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

    /// The same tokens, with those of some moderators accepted no longer.
    #[must_use]
    pub fn revoking(mut self, revoked: Revoked) -> Self {
        self.moderators.revoked = revoked;
        self
    }

    /// The token that a moderator of this name signs in with, or the one without a name.
    pub fn moderator_token(&self, name: Option<&ModeratorName>) -> String {
        self.moderators.token(name)
    }

    /// The code of a sign-in link, which can be exchanged for a session's token for ten minutes.
    pub fn sign_in_code(&self, name: Option<&ModeratorName>, now: SystemTime) -> String {
        self.moderators.code(name, now)
    }

    /// The token of a session, which lasts a week, and when it ends, in seconds since 1970.
    pub fn session_token(&self, name: Option<&ModeratorName>, now: SystemTime) -> (String, u64) {
        self.moderators.session(name, now)
    }

    /// Whose sign-in code this is, where it can still be exchanged; compared in constant time.
    pub fn moderator_of_code(&self, code: &str, now: SystemTime) -> Option<Moderator> {
        self.moderators.of_code(code, now)
    }

    /// Which moderator's token this is, a session's or one that lasts; compared in constant time.
    pub fn moderator(&self, token: &str, now: SystemTime) -> Option<Moderator> {
        self.moderators.of_token(token, now)
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

    fn is_moderator(tokens: &Tokens, token: &str) -> bool {
        tokens.moderator(token, SystemTime::UNIX_EPOCH).is_some()
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
            &tokens.moderator_token(None),
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
        assert!(is_moderator(
            &now,
            &tokens(SECRET, None).moderator_token(None)
        ));
        assert!(!is_moderator(&now, &before.moderator_token(None)));
    }

    #[test]
    fn a_moderator_has_one_token_that_is_neither_a_messages_nor_the_secret() {
        let tokens = tokens(SECRET, None);
        let token = tokens.moderator_token(None);
        assert!(is_moderator(&tokens, &token));
        let of_a_message = tokens.delete_token(MessageId::generate(), Era::Current);
        for wrong in ["", "AAAA", SECRET, &token[..42], &of_a_message] {
            assert!(!is_moderator(&tokens, wrong), "{wrong}");
        }
    }
}
