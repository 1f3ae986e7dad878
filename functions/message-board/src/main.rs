//! The bootstrap of `message-board`.

use std::process::ExitCode;

use message_board::{Settings, app, function};
use shared::aws::{self, Service};
use shared::bucket::Bucket;
use shared::settings::{SettingError, environment};
use shared::store::{Database, DatabaseSettings};
use shared::{metrics, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::init(environment("RUST_LOG").as_deref());
    let (settings, database) = match settings() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    tracing::info!(release = environment("RELEASE"), "starting");
    let config = aws::config();
    let s3 = Service::new(&config, aws_sdk_s3::Client::new);
    let bucket = Bucket::new(s3, settings.media_bucket.clone());
    let database = Database::new(database, &config);
    match lambda_http::run(function(app(settings, database, bucket))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runtime stopped");
            ExitCode::FAILURE
        }
    }
}

fn settings() -> Result<(Settings, DatabaseSettings), SettingError> {
    metrics::init(&environment)?;
    Ok((
        Settings::from_lookup(&environment)?,
        DatabaseSettings::from_lookup(&environment)?,
    ))
}
