use base64::prelude::{BASE64_STANDARD, Engine as _};
use media::{PublicBaseUrl, bucket_name};
use settings::{Lookup, SettingError, arn, optional, parsed, required};

use crate::destination::Destination;
use crate::form::Form;

const FORM: &str = "NOTICE_WEBHOOK_FORM";
const URL: &str = "NOTICE_WEBHOOK_URL";
const SECRET: &str = "NOTICE_WEBHOOK_SECRET";

/// What the function is told at start.
#[derive(Clone)]
pub struct Settings {
    /// `MEDIA_BUCKET`.
    pub media_bucket: String,
    /// `PUBLIC_BASE_URL`: where notices lead, without a trailing slash.
    pub board: String,
    /// `NOTICE_WEBHOOK_URL` with what belongs to it, where notices are sent there.
    pub webhook: Option<WebhookSettings>,
}

/// The webhook. Neither where it leads nor its secret is ever shown.
#[derive(Clone)]
pub struct WebhookSettings {
    /// `NOTICE_WEBHOOK_URL`: whoever knows it may send there.
    pub(crate) destination: Destination,
    /// `NOTICE_WEBHOOK_FORM`: how a notice is written.
    pub(crate) form: Form,
    /// `NOTICE_WEBHOOK_SECRET`: by which a notice is signed; the standard form wants one.
    pub(crate) secret: Option<Vec<u8>>,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// Where one is missing or malformed.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        const BASE: &str = "PUBLIC_BASE_URL";
        const EXPECTED: &str = "an http(s) URL without a trailing slash, to which notices lead";
        PublicBaseUrl::from_lookup(lookup)?;
        Ok(Self {
            media_bucket: bucket_name(lookup)?,
            board: required(lookup, BASE, EXPECTED)?,
            webhook: WebhookSettings::from_lookup(lookup)?,
        })
    }

    /// `NOTICE_QUEUE_URL`: the function's own queue.
    ///
    /// # Errors
    /// Where it is missing.
    pub fn queue_url(lookup: Lookup<'_>) -> Result<String, SettingError> {
        required(
            lookup,
            "NOTICE_QUEUE_URL",
            "the URL of the function's own queue",
        )
    }

    /// `NOTICE_TOPIC_ARN`: the SNS topic, where notices are sent there.
    ///
    /// # Errors
    /// Where it is no such ARN.
    pub fn topic(lookup: Lookup<'_>) -> Result<Option<String>, SettingError> {
        const VARIABLE: &str = "NOTICE_TOPIC_ARN";
        optional(lookup, VARIABLE)
            .map(|_| {
                arn(
                    lookup,
                    VARIABLE,
                    "sns",
                    "the ARN of an SNS topic, or nothing",
                )
            })
            .transpose()
    }
}

impl WebhookSettings {
    fn from_lookup(lookup: Lookup<'_>) -> Result<Option<Self>, SettingError> {
        let Some(url) = optional(lookup, URL) else {
            return Ok(None);
        };
        let destination = parsed(URL, &url, Destination::EXPECTED, Destination::parse)?;
        let form = optional(lookup, FORM).unwrap_or_default();
        let form = parsed(FORM, &form, Form::EXPECTED, Form::parse)?;
        let secret = match optional(lookup, SECRET) {
            Some(secret) => Some(parsed(SECRET, &secret, EXPECTED_SECRET, bytes_of)?),
            None if form == Form::Standard => {
                required(lookup, SECRET, EXPECTED_SECRET)?;
                None
            }
            None => None,
        };
        Ok(Some(Self {
            destination,
            form,
            secret,
        }))
    }
}

const EXPECTED_SECRET: &str = "whsec_ and 24 to 64 random bytes in base64";

/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#symmetric>
fn bytes_of(secret: &str) -> Option<Vec<u8>> {
    let bytes = BASE64_STANDARD
        .decode(secret.strip_prefix("whsec_")?)
        .ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn read(given: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::from_lookup(&|variable| {
            let base = [
                ("MEDIA_BUCKET", "media"),
                ("PUBLIC_BASE_URL", "https://board.example"),
            ];
            let mut all = given.iter().chain(&base);
            all.find(|(name, _)| *name == variable)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_a_webhook_there_is_none() {
        assert!(read(&[]).unwrap().webhook.is_none());
        let secret = read(&[("NOTICE_WEBHOOK_SECRET", "whatever")]);
        assert!(secret.unwrap().webhook.is_none());
    }

    #[test]
    fn the_standard_form_is_signed_and_the_others_may_be() {
        let url = ("NOTICE_WEBHOOK_URL", "https://hook.example/a");
        let error = read(&[url]).err().unwrap();
        assert_eq!(
            (error.variable, error.missing),
            ("NOTICE_WEBHOOK_SECRET", true)
        );
        let standard = read(&[url, ("NOTICE_WEBHOOK_SECRET", WHSEC)]).unwrap();
        assert_eq!(standard.webhook.unwrap().secret.unwrap().len(), 24);
        for form in ["ntfy", "slack", "discord"] {
            let read = read(&[url, ("NOTICE_WEBHOOK_FORM", form)]);
            assert!(read.unwrap().webhook.unwrap().secret.is_none(), "{form}");
        }
    }

    #[test]
    fn what_is_malformed_is_named_and_never_shown() {
        let url = ("NOTICE_WEBHOOK_URL", "https://hook.example/hidden");
        for (variable, given) in [
            (
                "NOTICE_WEBHOOK_URL",
                vec![("NOTICE_WEBHOOK_URL", "http://hook.example/hidden")],
            ),
            (
                "NOTICE_WEBHOOK_FORM",
                vec![url, ("NOTICE_WEBHOOK_FORM", "hidden")],
            ),
            (
                "NOTICE_WEBHOOK_SECRET",
                vec![url, ("NOTICE_WEBHOOK_SECRET", "hidden")],
            ),
            (
                "NOTICE_WEBHOOK_SECRET",
                vec![url, ("NOTICE_WEBHOOK_SECRET", "whsec_hidden")],
            ),
            ("PUBLIC_BASE_URL", vec![("PUBLIC_BASE_URL", "")]),
        ] {
            let error = read(&given).err().unwrap();
            assert_eq!(error.variable, variable);
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }
}
