//! The bootstrap of `migrate-database`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use lambda::{aws, bootstrap, telemetry};
use lambda_runtime::{LambdaEvent, run, service_fn};
use media::{Bucket, bucket_name};
use migrate_database::{Answers, MigrateDatabase, UserSecret, Work};
use serde_json::Value;
use settings::{SettingError, environment};
use store::{Database, DatabaseSettings};
use tokio::time::Instant;

/// A deadline that is over before the work begins is none; `cargo lambda watch` gives such.
const WITHOUT_DEADLINE: Duration = Duration::from_mins(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let logged = telemetry::init(environment("RUST_LOG").as_deref());
    let config = aws::config();
    // What is wrong with the settings is answered to CloudFormation, and does not end the process.
    let work = logged.and_then(|()| work(&config));
    let function = MigrateDatabase::new(work, Answers::new(aws::connector()));
    let function = &function;
    let handler = service_fn(async move |event: LambdaEvent<Value>| {
        let left = event.context.deadline().duration_since(SystemTime::now());
        function
            .handle(
                event.payload,
                Instant::now() + left.unwrap_or(WITHOUT_DEADLINE),
            )
            .await
    });
    bootstrap::end(run(handler).await)
}

fn work(config: &aws::SdkConfig) -> Result<Work, SettingError> {
    let database = DatabaseSettings::from_lookup(&environment)?;
    let s3 = config.clone();
    Ok(Work {
        media: Bucket::new(
            move || aws_sdk_s3::Client::new(&s3),
            bucket_name(&environment)?,
        ),
        database: Database::new(database, config),
        user: UserSecret::from_lookup(&environment, config)?,
    })
}
