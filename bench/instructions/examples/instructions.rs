//! Hands message-board a number of events, each as Lambda's runtime does: from the event's JSON to the answer's.
//! Run under callgrind by `bench/instructions.py`, with S3 and the database in a process of their own.
//!
//! `instructions FOLDER COUNT SECONDS`: the events `FOLDER/0.json` and so on, with so many seconds before each. The
//! function's settings come from the environment.
//!
//! The clock stands still but for these seconds, however slow callgrind is: so it is the same each time what is
//! remembered and what is read anew.

use std::error::Error;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs};

use lambda::aws;
use lambda::telemetry;
use lambda_http::Context;
use lambda_http::lambda_runtime::LambdaEvent;
use lambda_http::request::LambdaRequest;
use media::Bucket;
use message_board::{Settings, app, function};
use settings::environment;
use store::{Database, DatabaseSettings};
use tokio::task::spawn_blocking;
use tokio::time::advance;
use tower::{Service as _, ServiceExt as _};

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().collect();
    let [_, folder, count, seconds] = &arguments[..] else {
        return Err("instructions FOLDER COUNT SECONDS".into());
    };
    let (count, pause) = (count.parse::<u32>()?, Duration::from_secs(seconds.parse()?));
    // As long as blocking work is under way, tokio does not move a paused clock by itself to where the next timer
    // ends, which would be over while a service is waited for.
    let (end, until_the_end) = mpsc::channel::<()>();
    spawn_blocking(move || until_the_end.recv());

    telemetry::init(environment("RUST_LOG").as_deref())?;
    let settings = Settings::from_lookup(&environment)?;
    let database = DatabaseSettings::from_lookup(&environment)?;
    let config = aws::config();
    let database = Database::new(database, &config);
    let s3 = move || aws_sdk_s3::Client::new(&config);
    let bucket = Bucket::new(s3, settings.media_bucket.clone());
    let mut function = function(app(settings, database, bucket));

    for n in 0..count {
        advance(pause).await;
        let event = fs::read(format!("{folder}/{n}.json"))?;
        let mut event = serde_json::Deserializer::from_slice(&event);
        let request: LambdaRequest = serde_path_to_error::deserialize(&mut event)?;
        let event = LambdaEvent::new(request, Context::default());
        let answer = function.ready().await?.call(event).await?;
        let answer = serde_json::to_string(&answer)?;
        if !answer.contains("\"statusCode\":20") {
            return Err(answer.into());
        }
    }
    drop(end);
    Ok(())
}
