//! The bootstrap of `notify`.

use std::process::ExitCode;
use std::time::SystemTime;

use lambda::{aws, bootstrap};
use lambda_runtime::{LambdaEvent, run, service_fn};
use notify::{Channel, Notify, Settings, Sqs, Topic, Webhook};
use serde_json::Value;
use settings::{SettingError, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let function = match bootstrap::begin(function) {
        Ok(function) => function,
        Err(code) => return code,
    };
    let handler = service_fn(|event: LambdaEvent<Value>| function.handle(event.payload));
    bootstrap::end(run(handler).await)
}

fn function() -> Result<Notify, SettingError> {
    let settings = Settings::from_lookup(&environment)?;
    let queue = Settings::queue_url(&environment)?;
    let topic = Settings::topic(&environment)?;
    let config = aws::config();
    let mut channels: Vec<Box<dyn Channel>> = Vec::new();
    if let Some(arn) = topic {
        channels.push(Box::new(Topic::new(aws_sdk_sns::Client::new(&config), arn)));
    }
    if let Some(webhook) = settings.webhook.clone() {
        channels.push(Box::new(Webhook::new(webhook)));
    }
    let queue = Sqs::new(aws_sdk_sqs::Client::new(&config), queue);
    let s3 = move || aws_sdk_s3::Client::new(&config);
    Ok(Notify::new(s3, &settings, queue, channels, SystemTime::now))
}
