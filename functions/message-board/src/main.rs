//! The bootstrap of `message-board`.

use std::process::ExitCode;

use lambda::{aws, metrics, telemetry};
use media::Bucket;
use message_board::{Settings, app, function};
use settings::{SettingError, environment};
use store::{Database, DatabaseSettings};

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
    let database = Database::new(database, &config);
    let bucket = Bucket::new(
        move || aws_sdk_s3::Client::new(&config),
        settings.media_bucket.clone(),
    );
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
