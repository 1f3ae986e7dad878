use media::{PublicBaseUrl, bucket_name};
use settings::{Lookup, SettingError};

/// What the function is told at start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `MEDIA_BUCKET`: the bucket that the schedule is about; a notification names its own.
    pub media_bucket: String,
    /// `PUBLIC_BASE_URL`: what the carrousel's URLs begin with.
    pub public_base_url: PublicBaseUrl,
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
        })
    }
}
