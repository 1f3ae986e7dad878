use domain::{BoardSecret, Posting, Repeats, Revoked, Senders, Tokens};
use lambda::origin::OriginSecrets;
use media::{PublicBaseUrl, bucket_name};
use settings::{Lookup, SettingError, optional, optional_parsed, parsed, required};
use url::Url;

use crate::appearance::Appearance;
use crate::cross_site::{self, Origins};

/// What the function is told at start.
#[derive(Clone)]
pub struct Settings {
    /// `MEDIA_BUCKET`.
    pub media_bucket: String,
    /// `PUBLIC_BASE_URL`: where the site and `images/` are served.
    pub public_base_url: PublicBaseUrl,
    /// What makes tokens, made of `BOARD_SECRET` and, while delete tokens from before its rotation are to be accepted,
    /// `BOARD_SECRET_PREVIOUS`. The moderators whom `MODERATORS_REVOKED` names (comma-separated; `-` is the one without
    /// a name) are not accepted.
    pub tokens: Tokens,
    /// What makes posts repeatable, made of `BOARD_SECRET` and `BOARD_SECRET_PREVIOUS`.
    pub repeats: Repeats,
    /// What makes senders of addresses, made of `BOARD_SECRET`.
    pub senders: Senders,
    /// `ORIGIN_SECRET` and `ORIGIN_SECRET_PREVIOUS`: what CloudFront sends as `X-Origin-Verify`, the one or the other.
    pub origin_secrets: OriginSecrets,
    /// `ORIGIN_REQUIRED`: whether a request without one of these secrets is refused, default false.
    pub origin_required: bool,
    /// `ALLOWED_ORIGINS`, and the one of `PUBLIC_BASE_URL`.
    pub origins: Origins,
    /// `POSTING`: `open` (default), `reviewed` or `closed`; the most that moderators may open.
    pub posting: Posting,
    /// `POSTS_PER_MINUTE` for each address, default 10; 0 is without limit.
    pub posts_per_minute: u32,
    /// What the board is called, says of itself and looks like.
    pub appearance: Appearance,
    /// `CONTACT_URL`: where readers turn to; http, https or mailto.
    pub contact_url: Option<Url>,
    /// `INDEXING`: whether search engines may list messages' pages, `allowed` or `refused` (default).
    pub is_indexed: bool,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// Where one is missing or malformed.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        const SECRET: &str = "at least 32 characters";
        let secret = |variable, value: &str| {
            parsed(variable, value, SECRET, |value| {
                BoardSecret::new(value).ok()
            })
        };
        let board_secret = secret("BOARD_SECRET", &required(lookup, "BOARD_SECRET", SECRET)?)?;
        let previous = optional(lookup, "BOARD_SECRET_PREVIOUS")
            .map(|value| secret("BOARD_SECRET_PREVIOUS", &value))
            .transpose()?;
        let revoked: Revoked = parsed(
            "MODERATORS_REVOKED",
            &optional(lookup, "MODERATORS_REVOKED").unwrap_or_default(),
            "moderators' names, comma-separated, - for the one without a name",
            |value| value.parse().ok(),
        )?;
        let public_base_url = PublicBaseUrl::from_lookup(lookup)?;
        let origin_required = parsed(
            "ORIGIN_REQUIRED",
            &optional(lookup, "ORIGIN_REQUIRED").unwrap_or_else(|| "false".into()),
            "true or false",
            |value| value.parse().ok(),
        )?;
        let origin_secrets = if origin_required {
            const SECRET: &str =
                "what CloudFront sends as X-Origin-Verify, or ORIGIN_REQUIRED=false";
            OriginSecrets::required(lookup, SECRET)?
        } else {
            OriginSecrets::from_lookup(lookup)
        };
        let appearance = Appearance::from_lookup(lookup, &public_base_url)?;
        Ok(Self {
            appearance,
            media_bucket: bucket_name(lookup)?,
            tokens: Tokens::new(&board_secret, previous.as_ref()).revoking(revoked),
            repeats: Repeats::new(&board_secret, previous.as_ref()),
            senders: Senders::new(&board_secret),
            origin_secrets,
            origin_required,
            origins: Origins {
                own: public_base_url.origin(),
                others: allowed_origins(lookup)?,
            },
            public_base_url,
            posting: parsed(
                "POSTING",
                &optional(lookup, "POSTING").unwrap_or_else(|| "open".into()),
                "open, reviewed or closed",
                |value| value.parse().ok(),
            )?,
            posts_per_minute: parsed(
                "POSTS_PER_MINUTE",
                &optional(lookup, "POSTS_PER_MINUTE").unwrap_or_else(|| "10".into()),
                "a whole number, 0 for no limit",
                |value| value.parse().ok(),
            )?,
            contact_url: optional_parsed(
                lookup,
                "CONTACT_URL",
                "an http, https or mailto URL",
                contact_url,
            )?,
            is_indexed: parsed(
                "INDEXING",
                &optional(lookup, "INDEXING").unwrap_or_else(|| "refused".into()),
                "allowed or refused",
                |value| match value {
                    "allowed" => Some(true),
                    "refused" => Some(false),
                    _ => None,
                },
            )?,
        })
    }
}

fn allowed_origins(lookup: Lookup<'_>) -> Result<Vec<String>, SettingError> {
    const VARIABLE: &str = "ALLOWED_ORIGINS";
    const EXPECTED: &str = "origins such as https://other.example, comma-separated, without paths";
    let value = optional(lookup, VARIABLE).unwrap_or_default();
    let origins = value.split(',').map(str::trim);
    let origins = origins.filter(|origin| !origin.is_empty()).map(|origin| {
        parsed(VARIABLE, origin, EXPECTED, |origin| {
            cross_site::parse(origin).map(|_| origin.to_owned())
        })
    });
    origins.collect()
}

fn contact_url(value: &str) -> Option<Url> {
    Url::parse(value)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https" | "mailto"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variable: &str, value: Option<&str>) -> Result<Settings, SettingError> {
        settings_with(&[(variable, value)])
    }

    fn settings_with(given: &[(&str, Option<&str>)]) -> Result<Settings, SettingError> {
        Settings::from_lookup(&|name| {
            let usual = match name {
                "BOARD_SECRET" => Some("0123456789abcdef0123456789abcdef"),
                "MEDIA_BUCKET" => Some("corkboard-media"),
                "PUBLIC_BASE_URL" => Some(""),
                _ => None,
            };
            let given = given.iter().find(|(variable, _)| *variable == name);
            given.map_or(usual, |(_, value)| *value).map(str::to_owned)
        })
    }

    #[test]
    fn what_is_optional_has_a_default() {
        let settings = settings("", None).ok().unwrap();
        assert_eq!(settings.posting, Posting::Open);
        assert_eq!(settings.posts_per_minute, 10);
        assert_eq!(settings.appearance.name, "Corkboard");
        assert_eq!(settings.contact_url, None);
        assert!(!settings.is_indexed);
        assert!(settings.origin_secrets.is_empty());
        assert!(!settings.origin_required);
        assert_eq!(settings.origins.own, None);
        assert!(settings.origins.others.is_empty());
    }

    #[test]
    fn an_origin_that_is_required_has_a_secret() {
        let error = settings("ORIGIN_REQUIRED", Some("true")).err().unwrap();
        assert_eq!(
            error.to_string(),
            "ORIGIN_SECRET is missing: expected what CloudFront sends as X-Origin-Verify, or ORIGIN_REQUIRED=false"
        );
        // The previous secret alone is not enough: CloudFront sends the current one.
        for (secret, is_right) in [("ORIGIN_SECRET", true), ("ORIGIN_SECRET_PREVIOUS", false)] {
            let settings = settings_with(&[
                ("ORIGIN_REQUIRED", Some("true")),
                (secret, Some("a secret")),
            ]);
            assert_eq!(
                settings.is_ok_and(|settings| settings.origin_required),
                is_right
            );
        }
        let settings = settings("ORIGIN_REQUIRED", Some("false")).ok().unwrap();
        assert!(!settings.origin_required);
    }

    #[test]
    fn origins_are_those_of_the_board_and_those_allowed() {
        let of = |variable, value| settings(variable, Some(value)).ok().unwrap().origins;
        let own = of("PUBLIC_BASE_URL", "https://board.example/below").own;
        assert_eq!(own.as_deref(), Some("https://board.example"));
        let others = of(
            "ALLOWED_ORIGINS",
            "https://a.example, http://localhost:3000,",
        )
        .others;
        assert_eq!(others, ["https://a.example", "http://localhost:3000"]);
    }

    #[test]
    fn a_missing_setting_is_named() {
        for variable in ["BOARD_SECRET", "MEDIA_BUCKET", "PUBLIC_BASE_URL"] {
            let error = settings(variable, None).err().unwrap();
            assert_eq!((error.variable, error.missing), (variable, true));
        }
    }

    #[test]
    fn a_malformed_setting_is_named() {
        for (variable, value) in [
            ("BOARD_SECRET", "too short"),
            ("MEDIA_BUCKET", "no bucket!"),
            ("PUBLIC_BASE_URL", "board.example"),
            ("POSTING", "maybe"),
            ("POSTS_PER_MINUTE", "-1"),
            ("CONTACT_URL", "javascript:alert(1)"),
            ("BOARD_SECRET_PREVIOUS", "too short"),
            ("INDEXING", "yes"),
            ("BOARD_ACCENT", "violet"),
            ("BOARD_HEAD", "https://other.example/hill.jpg"),
            ("ORIGIN_REQUIRED", "yes"),
            ("MODERATORS_REVOKED", "Ada,Bo B"),
            ("ALLOWED_ORIGINS", "https://a.example,*"),
            ("ALLOWED_ORIGINS", "https://a.example/"),
        ] {
            let error = settings(variable, Some(value)).err().unwrap();
            assert_eq!((error.variable, error.missing), (variable, false));
            assert!(!error.to_string().contains(value), "{error}");
        }
    }
}
