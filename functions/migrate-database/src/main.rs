//! The bootstrap of `migrate-database`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use lambda_runtime::{LambdaEvent, run, service_fn};
use migrate_database::{Answers, MigrateDatabase};
use serde_json::Value;
use shared::settings::environment;
use shared::store::{Database, DatabaseSettings};
use shared::{aws, telemetry};
use tokio::time::Instant;

/// A deadline that is over before the work begins is none; `cargo lambda watch` gives such.
const WITHOUT_DEADLINE: Duration = Duration::from_mins(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::init(environment("RUST_LOG").as_deref());
    let config = aws::config().await;
    let database = DatabaseSettings::from_lookup(&environment)
        .map(|settings| Database::new(settings, || aws_sdk_rdsdata::Client::new(&config)));
    let function = MigrateDatabase::new(database, Answers::new(aws::connector()));
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
    match run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runtime stopped");
            ExitCode::FAILURE
        }
    }
}
