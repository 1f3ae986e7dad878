//! The bootstrap of `message-board`.

use std::process::ExitCode;

use lambda::{aws, bootstrap};
use media::Bucket;
use message_board::{Settings, app, function};
use settings::{SettingError, environment};
use store::{Database, DatabaseSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (settings, database) = match bootstrap::begin(settings) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let config = aws::config();
    let database = Database::new(database, &config);
    let bucket = Bucket::new(
        move || aws_sdk_s3::Client::new(&config),
        settings.media_bucket.clone(),
    );
    bootstrap::end(
        lambda_http::lambda_runtime::run(function(app(settings, database, bucket))).await,
    )
}

fn settings() -> Result<(Settings, DatabaseSettings), SettingError> {
    Ok((
        Settings::from_lookup(&environment)?,
        DatabaseSettings::from_lookup(&environment)?,
    ))
}
