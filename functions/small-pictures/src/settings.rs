use lambda::origin::OriginSecrets;
use media::{PublicBaseUrl, bucket_name};
use settings::{Lookup, SettingError};

/// What the function is told at start.
#[derive(Clone)]
pub struct Settings {
    /// `MEDIA_BUCKET`.
    pub media_bucket: String,
    /// `PUBLIC_BASE_URL`: below which path of a host the pictures are.
    pub public_base_url: PublicBaseUrl,
    /// `ORIGIN_SECRET` and `ORIGIN_SECRET_PREVIOUS`: what CloudFront sends as `X-Origin-Verify`, the one or the other.
    pub origin_secrets: OriginSecrets,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// Where one is missing or malformed.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        Ok(Self {
            media_bucket: bucket_name(lookup)?,
            public_base_url: PublicBaseUrl::from_lookup(lookup)?,
            origin_secrets: OriginSecrets::required(
                lookup,
                "what CloudFront sends as X-Origin-Verify",
            )?,
        })
    }
}
