use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::{BoardSecret, since_1970};

/// How long the code of a sign-in link can be exchanged.
const CODE: Duration = Duration::from_mins(10);
/// How long a session lasts.
const SESSION: Duration = Duration::from_hours(7 * 24);
/// How far apart the clocks may be of who makes a link and of who exchanges it.
const CLOCKS: Duration = Duration::from_mins(5);
/// What stands for the moderator without a name.
const NAMELESS: &str = "-";

/// A moderator's name: 1 to 24 ASCII letters, digits and hyphens, but not a single hyphen, which stands for the moderator
/// without a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModeratorName(String);

/// The text is no moderator's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a moderator's name has 1 to 24 letters of A to Z, digits and hyphens, and is not a single hyphen"
)]
pub struct InvalidModeratorName;

impl FromStr for ModeratorName {
    type Err = InvalidModeratorName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_valid = (1..=24).contains(&name.len())
            && name != NAMELESS
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_valid
            .then(|| Self(name.to_owned()))
            .ok_or(InvalidModeratorName)
    }
}

impl fmt::Display for ModeratorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A moderator, as a token proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moderator {
    /// The name; none for whoever has the token without a name.
    pub name: Option<ModeratorName>,
    /// When the token ends, in seconds since 1970; none for a token that lasts until it is revoked.
    pub expires_at: Option<u64>,
}

/// Moderators whose tokens, sign-in links and sessions are accepted no longer, in lower case: whoever writes one of several
/// spellings means them all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revoked(BTreeSet<Option<String>>);

impl FromStr for Revoked {
    type Err = InvalidModeratorName;

    /// Names, comma-separated; `-` is the moderator without a name.
    fn from_str(names: &str) -> Result<Self, Self::Err> {
        let names = names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let names = names.map(|name| Ok(in_lower_case(name_or_none(name)?.as_ref())));
        names.collect::<Result<_, _>>().map(Self)
    }
}

fn in_lower_case(name: Option<&ModeratorName>) -> Option<String> {
    name.map(|name| name.0.to_ascii_lowercase())
}

fn name_or_none(name: &str) -> Result<Option<ModeratorName>, InvalidModeratorName> {
    if name == NAMELESS {
        Ok(None)
    } else {
        name.parse().map(Some)
    }
}

/// Makes and checks what moderators sign in with. Nothing is stored for it; every kind has a key of its own:
///
/// - the token without a name is the key itself;
/// - a moderator's token is `<name>.<HMAC of the name>`;
/// - the code of a sign-in link, and a session's token, are `<name or ->.<seconds since 1970>.<HMAC of what is before>`.
#[derive(Clone)]
pub(super) struct Moderators {
    nameless: [u8; 32],
    named: Hmac<Sha256>,
    codes: Hmac<Sha256>,
    sessions: Hmac<Sha256>,
    pub(super) revoked: Revoked,
}

impl Moderators {
    pub(super) fn new(secret: &BoardSecret) -> Self {
        Self {
            nameless: secret.key("corkboard moderator token"),
            named: secret.mac("corkboard named moderator token"),
            codes: secret.mac("corkboard moderator sign-in code"),
            sessions: secret.mac("corkboard moderator session token"),
            revoked: Revoked::default(),
        }
    }

    pub(super) fn token(&self, name: Option<&ModeratorName>) -> String {
        name.map_or_else(
            || URL_SAFE_NO_PAD.encode(self.nameless),
            |name| signed(&self.named, &name.0),
        )
    }

    pub(super) fn code(&self, name: Option<&ModeratorName>, now: SystemTime) -> String {
        expiring(&self.codes, name, since_1970(now + CODE).as_secs())
    }

    pub(super) fn session(&self, name: Option<&ModeratorName>, now: SystemTime) -> (String, u64) {
        let expires_at = since_1970(now + SESSION).as_secs();
        (expiring(&self.sessions, name, expires_at), expires_at)
    }

    /// Whose code this is, where it can still be exchanged.
    pub(super) fn of_code(&self, code: &str, now: SystemTime) -> Option<Moderator> {
        self.unless_revoked(of_expiring(&self.codes, code, CODE, now)?)
    }

    /// Whose token this is, where it is accepted.
    pub(super) fn of_token(&self, token: &str, now: SystemTime) -> Option<Moderator> {
        let moderator = match token.split('.').count() {
            1 => {
                let decoded = URL_SAFE_NO_PAD.decode(token).ok()?;
                let is_right: bool = decoded.ct_eq(&self.nameless).into();
                let (name, expires_at) = (None, None);
                is_right.then_some(Moderator { name, expires_at })?
            }
            2 => Moderator {
                name: Some(verified(&self.named, token)?.parse().ok()?),
                expires_at: None,
            },
            _ => of_expiring(&self.sessions, token, SESSION, now)?,
        };
        self.unless_revoked(moderator)
    }

    fn unless_revoked(&self, moderator: Moderator) -> Option<Moderator> {
        let name = in_lower_case(moderator.name.as_ref());
        let is_revoked = self.revoked.0.contains(&name);
        (!is_revoked).then_some(moderator)
    }
}

/// The text, with an HMAC of it behind a dot.
fn signed(key: &Hmac<Sha256>, text: &str) -> String {
    let mac = key.clone().chain_update(text).finalize().into_bytes();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// What was signed, compared in constant time.
fn verified<'a>(key: &Hmac<Sha256>, signed: &'a str) -> Option<&'a str> {
    let (text, mac) = signed.rsplit_once('.')?;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    let verified = key.clone().chain_update(text).verify_slice(&mac);
    verified.is_ok().then_some(text)
}

fn expiring(key: &Hmac<Sha256>, name: Option<&ModeratorName>, expires_at: u64) -> String {
    let name = name.map_or(NAMELESS, |name| &name.0);
    signed(key, &format!("{name}.{expires_at}"))
}

/// Whose text this is, where it has not ended. A text `lasts` that long from when it was made: one that ends later than
/// that after `now` was made by a wrong clock.
fn of_expiring(
    key: &Hmac<Sha256>,
    signed: &str,
    lasts: Duration,
    now: SystemTime,
) -> Option<Moderator> {
    let (name, expires_at) = verified(key, signed)?.split_once('.')?;
    let (name, expires_at) = (name_or_none(name).ok()?, expires_at.parse().ok()?);
    let moderator = Moderator {
        name,
        expires_at: Some(expires_at),
    };
    let is_now = since_1970(now).as_secs() < expires_at
        && expires_at <= since_1970(now + lasts + CLOCKS).as_secs();
    is_now.then_some(moderator)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;
    const SECOND: Duration = Duration::from_secs(1);

    fn moderators(revoked: &str) -> Moderators {
        let secret = BoardSecret::new("0123456789abcdef0123456789abcdef").unwrap();
        let revoked = revoked.parse().unwrap();
        Moderators {
            revoked,
            ..Moderators::new(&secret)
        }
    }

    fn name(name: &str) -> ModeratorName {
        name.parse().unwrap()
    }

    #[test]
    fn a_name_has_letters_digits_and_hyphens() {
        for right in ["A", "Ada-2", "--", &"a".repeat(24)] {
            assert!(right.parse::<ModeratorName>().is_ok(), "{right}");
        }
        for wrong in ["", "-", "Ada B", "a.b", "Ädä", "a,b", &"a".repeat(25)] {
            assert!(wrong.parse::<ModeratorName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_says_whose_it_is_and_nobody_elses_is_made_of_it() {
        let (moderators, ada) = (moderators(""), name("Ada"));
        let token = moderators.token(Some(&ada));
        let found = moderators.of_token(&token, NOW).unwrap();
        assert_eq!((found.name, found.expires_at), (Some(ada), None));
        let mac = token.strip_prefix("Ada.").unwrap();
        let nameless = moderators.token(None);
        for wrong in [
            mac.to_owned(),
            format!(".{mac}"),
            format!("ada.{mac}"),
            format!("Ada.{nameless}"),
            format!("Ada.9999999999.{mac}"),
            format!("-.{mac}"),
            format!("{token}A"),
            token[..token.len() - 1].to_owned(),
        ] {
            assert_eq!(moderators.of_token(&wrong, NOW), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_lasts_ten_minutes_and_a_session_a_week() {
        let (moderators, ada) = (moderators(""), name("Ada"));
        for who in [None, Some(&ada)] {
            let code = moderators.code(who, NOW);
            let found = moderators.of_code(&code, NOW + CODE - SECOND).unwrap();
            assert_eq!(found.name.as_ref(), who);
            assert_eq!(moderators.of_code(&code, NOW + CODE), None);
            assert!(moderators.of_code(&code, NOW - CLOCKS).is_some());
            assert_eq!(moderators.of_code(&code, NOW - CLOCKS - SECOND), None);
            let (session, expires_at) = moderators.session(who, NOW);
            let found = moderators
                .of_token(&session, NOW + SESSION - SECOND)
                .unwrap();
            assert_eq!(
                (found.name.as_ref(), found.expires_at),
                (who, Some(expires_at))
            );
            assert_eq!(moderators.of_token(&session, NOW + SESSION), None);
            let before = NOW - CLOCKS - SECOND;
            assert_eq!(moderators.of_token(&session, before), None);
            // A code is not accepted as a token, nor any other kind in place of another.
            assert_eq!(moderators.of_token(&code, NOW), None);
            assert_eq!(moderators.of_code(&session, NOW), None);
            assert_eq!(moderators.of_code(&moderators.token(who), NOW), None);
        }
    }

    #[test]
    fn who_is_revoked_is_accepted_with_nothing_and_others_are() {
        let (before, ada, bo) = (moderators(""), name("Ada"), name("Bo"));
        for (list, revoked, others) in [
            (" Ada ,", Some(&ada), [None, Some(&bo)]),
            ("aDA", Some(&ada), [None, Some(&bo)]),
            ("-", None, [Some(&ada), Some(&bo)]),
        ] {
            let now = moderators(list);
            let are_accepted = |who| {
                let tokens = [before.token(who), before.session(who, NOW).0];
                let mut accepted = tokens
                    .map(|token| now.of_token(&token, NOW).is_some())
                    .to_vec();
                accepted.push(now.of_code(&before.code(who, NOW), NOW).is_some());
                accepted
            };
            assert_eq!(are_accepted(revoked), [false; 3], "{list}");
            for who in others {
                assert_eq!(are_accepted(who), [true; 3], "{list}");
            }
        }
        assert!("Ada,no name".parse::<Revoked>().is_err());
    }
}
