//! The bootstrap of `small-pictures`.

use std::convert::Infallible;
use std::process::ExitCode;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::{aws, metrics, telemetry};
use lambda_runtime::{LambdaEvent, run, service_fn};
use settings::{SettingError, environment};
use small_pictures::{InProcess, Settings, SmallPictures};

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
    let s3 = move || aws_sdk_s3::Client::new(&config);
    let function = SmallPictures::new(s3, settings, InProcess);
    let function = &function;
    let handler = service_fn(async move |event: LambdaEvent<ApiGatewayV2httpRequest>| {
        Ok::<_, Infallible>(function.handle(event.payload).await)
    });
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
