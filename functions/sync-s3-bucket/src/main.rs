//! The bootstrap of `syncS3Bucket`.

use std::process::ExitCode;

use lambda::{aws, metrics, telemetry};
use lambda_runtime::{LambdaEvent, run, service_fn};
use serde_json::Value;
use settings::{SettingError, environment};
use sync_s3_bucket::{Settings, SyncS3Bucket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::init(environment("RUST_LOG").as_deref());
    let settings = match settings() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    tracing::info!(release = environment("RELEASE"), "starting");
    let config = aws::config();
    let function = SyncS3Bucket::new(move || aws_sdk_s3::Client::new(&config), settings);
    let handler = service_fn(|event: LambdaEvent<Value>| function.handle(event.payload));
    match run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runtime stopped");
            ExitCode::FAILURE
        }
    }
}

fn settings() -> Result<Settings, SettingError> {
    metrics::init(&environment)?;
    Settings::from_lookup(&environment)
}
