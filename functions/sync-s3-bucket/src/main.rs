//! The bootstrap of `syncS3Bucket`.

use std::process::ExitCode;

use lambda::{aws, bootstrap};
use lambda_runtime::{LambdaEvent, run, service_fn};
use serde_json::Value;
use settings::environment;
use sync_s3_bucket::{Settings, SyncS3Bucket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let settings = match bootstrap::begin(|| Settings::from_lookup(&environment)) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let config = aws::config();
    let function = SyncS3Bucket::new(move || aws_sdk_s3::Client::new(&config), settings);
    let handler = service_fn(|event: LambdaEvent<Value>| function.handle(event.payload));
    bootstrap::end(run(handler).await)
}
