//! The user that message-board is in the database: where its password is kept, and how it gets there.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use lambda::aws::SdkConfig;
use settings::{Lookup, SettingError, arn, optional};
use store::{Database, DatabaseUser};
use tokio::time::Instant;

/// The secret with the user's name and password.
#[derive(Debug, Clone)]
pub struct UserSecret {
    config: SdkConfig,
    arn: String,
}

impl UserSecret {
    /// Reads `DATABASE_USER_SECRET_ARN`; without it, message-board is the user of the migrations.
    ///
    /// # Errors
    /// Where it is malformed.
    pub fn from_lookup(
        lookup: Lookup<'_>,
        config: &SdkConfig,
    ) -> Result<Option<Self>, SettingError> {
        const VARIABLE: &str = "DATABASE_USER_SECRET_ARN";
        const EXPECTED: &str = "the ARN of a Secrets Manager secret, or nothing";
        if optional(lookup, VARIABLE).is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            arn: arn(lookup, VARIABLE, "secretsmanager", EXPECTED)?,
            config: config.clone(),
        }))
    }

    /// Makes the user of this version of the secret, or of the current one.
    pub(crate) async fn grant(
        &self,
        version: Option<&str>,
        database: &Database,
        deadline: Instant,
    ) -> Result<(), String> {
        let secret = Client::new(&self.config)
            .get_secret_value()
            .secret_id(&self.arn)
            .set_version_id(version.map(str::to_owned))
            .send()
            .await
            .map_err(|error| {
                format!(
                    "the user's secret cannot be read: {}",
                    DisplayErrorContext(&error)
                )
            })?;
        let user = DatabaseUser::parse(secret.secret_string().unwrap_or_default())
            .map_err(|error| error.to_string())?;
        user.grant(database, deadline)
            .await
            .map_err(|error| format!("message-board's user cannot be made: {error}"))
    }
}
