//! The bootstrap of `small-pictures`.

use std::convert::Infallible;
use std::process::ExitCode;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::{aws, bootstrap};
use lambda_runtime::{LambdaEvent, run, service_fn};
use settings::environment;
use small_pictures::{InProcess, Settings, SmallPictures};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let settings = match bootstrap::begin(|| Settings::from_lookup(&environment)) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let config = aws::config();
    let s3 = move || aws_sdk_s3::Client::new(&config);
    let function = SmallPictures::new(s3, settings, InProcess);
    let function = &function;
    let handler = service_fn(async move |event: LambdaEvent<ApiGatewayV2httpRequest>| {
        Ok::<_, Infallible>(function.handle(event.payload).await)
    });
    bootstrap::end(run(handler).await)
}
