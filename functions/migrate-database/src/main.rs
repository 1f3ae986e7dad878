//! The bootstrap of `migrate-database`.

use std::process::ExitCode;
use std::time::SystemTime;

use lambda_runtime::{LambdaEvent, run, service_fn};
use migrate_database::{Answers, MigrateDatabase};
use serde_json::Value;
use shared::settings::environment;
use shared::store::{Database, DatabaseSettings};
use shared::{aws, telemetry};
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::init(environment("RUST_LOG").as_deref());
    let client = aws_sdk_rdsdata::Client::new(&aws::config().await);
    let database =
        DatabaseSettings::from_lookup(&environment).map(|settings| Database::new(client, settings));
    let function = MigrateDatabase::new(database, Answers::new(aws::connector()));
    let function = &function;
    let handler = service_fn(async move |event: LambdaEvent<Value>| {
        let left = event
            .context
            .deadline()
            .duration_since(SystemTime::now())
            .unwrap_or_default();
        function.handle(event.payload, Instant::now() + left).await
    });
    match run(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runtime stopped");
            ExitCode::FAILURE
        }
    }
}
