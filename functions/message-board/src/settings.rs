use shared::domain::Tokens;
use shared::settings::{
    Lookup, PublicBaseUrl, SettingError, media_bucket, optional, parsed, required,
};
use url::Url;

/// What the function is told at start.
#[derive(Clone)]
pub struct Settings {
    /// `MEDIA_BUCKET`.
    pub media_bucket: String,
    /// `PUBLIC_BASE_URL`: where the site and `images/` are served.
    pub public_base_url: PublicBaseUrl,
    /// Made of `BOARD_SECRET`.
    pub tokens: Tokens,
    /// `POSTING`: `open` (default) or `closed`.
    pub posting: Posting,
    /// `POSTS_PER_MINUTE` for each address, default 10; 0 is without limit.
    pub posts_per_minute: u32,
    /// `BOARD_NAME`, default "Corkboard".
    pub board_name: String,
    /// `CONTACT_URL`: where readers turn to; http, https or mailto.
    pub contact_url: Option<Url>,
}

/// Whether the board takes new messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Posting {
    /// It does.
    Open,
    /// It can only be read.
    Closed,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// Where one is missing or malformed.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        const SECRET: &str = "at least 32 characters";
        let secret = required(lookup, "BOARD_SECRET", SECRET)?;
        Ok(Self {
            media_bucket: media_bucket(lookup)?,
            public_base_url: PublicBaseUrl::from_lookup(lookup)?,
            tokens: parsed("BOARD_SECRET", &secret, SECRET, |secret| {
                Tokens::new(secret).ok()
            })?,
            posting: parsed(
                "POSTING",
                &optional(lookup, "POSTING").unwrap_or_else(|| "open".into()),
                "open or closed",
                |value| match value {
                    "open" => Some(Posting::Open),
                    "closed" => Some(Posting::Closed),
                    _ => None,
                },
            )?,
            posts_per_minute: parsed(
                "POSTS_PER_MINUTE",
                &optional(lookup, "POSTS_PER_MINUTE").unwrap_or_else(|| "10".into()),
                "a whole number, 0 for no limit",
                |value| value.parse().ok(),
            )?,
            board_name: optional(lookup, "BOARD_NAME").unwrap_or_else(|| "Corkboard".into()),
            contact_url: optional(lookup, "CONTACT_URL")
                .map(|value| {
                    parsed(
                        "CONTACT_URL",
                        &value,
                        "an http, https or mailto URL",
                        contact_url,
                    )
                })
                .transpose()?,
        })
    }
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
        Settings::from_lookup(&|name| match name {
            _ if name == variable => value.map(str::to_owned),
            "BOARD_SECRET" => Some("0123456789abcdef0123456789abcdef".into()),
            "MEDIA_BUCKET" => Some("corkboard-media".into()),
            "PUBLIC_BASE_URL" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn what_is_optional_has_a_default() {
        let settings = settings("", None).ok().unwrap();
        assert_eq!(settings.posting, Posting::Open);
        assert_eq!(settings.posts_per_minute, 10);
        assert_eq!(settings.board_name, "Corkboard");
        assert_eq!(settings.contact_url, None);
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
        ] {
            let error = settings(variable, Some(value)).err().unwrap();
            assert_eq!((error.variable, error.missing), (variable, false));
            assert!(!error.to_string().contains(value), "{error}");
        }
    }
}
