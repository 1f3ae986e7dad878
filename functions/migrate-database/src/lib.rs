//! `migrate-database`: a CloudFormation custom resource that brings the schema up to date before new code
//! runs on it, and publishes the messages of code that published nothing.
//!
//! In reading order:
//!
//! - [`MigrateDatabase::handle`]: a request in, always an answer out;
//! - [`user`]: the database's user that message-board is, made here because it alone has the master's secret;
//! - [`answer`]: how the answer reaches CloudFormation.
//!
//! CloudFormation waits for an hour for an answer that does not come. So one is given before Lambda's own
//! deadline whatever fails: a setting, the database, or time. On *Delete* nothing is changed: the data
//! outlives the stack. The migrations themselves are in `store`.

mod answer;
mod user;

use std::time::Duration;

use board::{Board, Deadline};
use lambda_runtime::Error;
use media::Bucket;
use serde::Deserialize;
use serde_json::Value;
use settings::SettingError;
use store::Database;
use tokio::time::{Instant, timeout_at};
use tracing::{error, info, warn};

pub use answer::Answers;
use answer::Outcome;
pub use user::UserSecret;

/// What is left of Lambda's time for giving the answer.
const TIME_TO_ANSWER: Duration = Duration::from_secs(10);

/// How long publishing some messages may take.
const TIME_TO_PUBLISH: Duration = Duration::from_secs(10);
/// How many messages are published together.
const PUBLISHED_AT_ONCE: u32 = 64;

/// The function.
#[derive(Debug)]
pub struct MigrateDatabase {
    work: Result<Work, SettingError>,
    answers: Answers,
}

/// What the function works on.
#[derive(Debug)]
pub struct Work {
    /// The database whose schema it is.
    pub database: Database,
    /// Where messages are published.
    pub media: Bucket,
    /// message-board's user, where it has one of its own.
    pub user: Option<UserSecret>,
}

/// A request of CloudFormation, as far as it matters.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the names are CloudFormation's")]
struct Request {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    #[serde(default)]
    resource_properties: Properties,
}

/// What the template gives the resource, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    /// The version of the user's secret; empty for the current one.
    user_secret_version: String,
}

impl MigrateDatabase {
    /// The function. A wrong setting does not end it: CloudFormation is answered what is wrong.
    pub fn new(work: Result<Work, SettingError>, answers: Answers) -> Self {
        Self { work, answers }
    }

    /// Does what CloudFormation asks, and answers before `deadline`.
    ///
    /// # Errors
    /// Where the event is no request, so that nobody waits for an answer, or the answer was not taken: an
    /// error makes Lambda try again.
    pub async fn handle(&self, event: Value, deadline: Instant) -> Result<(), Error> {
        let request: Request = serde_json::from_value(event)
            .map_err(|_| "not a request of a CloudFormation custom resource")?;
        let time_to_work = deadline.checked_sub(TIME_TO_ANSWER).unwrap_or(deadline);
        let outcome = self.outcome(&request, time_to_work).await;
        match &outcome {
            Ok(version) => info!(version, request = request.request_type, "done"),
            Err(reason) => error!(reason, request = request.request_type, "failed"),
        }
        self.answers.give(&request, &outcome, deadline).await
    }

    async fn outcome(&self, request: &Request, deadline: Instant) -> Outcome {
        match request.request_type.as_str() {
            "Create" | "Update" => {}
            "Delete" => return Ok(None),
            _ => return Err("unknown request type".into()),
        }
        let work = self.work.as_ref().map_err(ToString::to_string)?;
        let version = Some(&*request.resource_properties.user_secret_version);
        let done = work.do_it(version.filter(|version| !version.is_empty()), deadline);
        timeout_at(deadline, Box::pin(done))
            .await
            .unwrap_or_else(|_| {
                Err("the work took too long: migrations, the user or publishing".into())
            })
    }
}

impl Work {
    /// Migrates the schema, and then makes message-board's user: the user's rights are on the tables that are there and
    /// on those to come.
    async fn do_it(&self, user_version: Option<&str>, deadline: Instant) -> Outcome {
        let migrated = self
            .database
            .migrate(deadline)
            .await
            .map_err(|error| error.to_string())?;
        if let Some(user) = &self.user {
            user.grant(user_version, &self.database, deadline).await?;
        }
        self.publish(deadline).await?;
        Ok(Some(migrated.version))
    }

    /// Publishes as many messages as there is time for: the rest is published by later posts, or by `corkboard republish`.
    async fn publish(&self, deadline: Instant) -> Result<(), String> {
        let board = Board::new(self.database.clone(), self.media.clone());
        let enough = deadline.checked_sub(TIME_TO_PUBLISH).unwrap_or(deadline);
        while Instant::now() < enough {
            let protocol = board.protocol(Deadline::at(deadline));
            let published = protocol.publish_some(PUBLISHED_AT_ONCE).await;
            let published = published.map_err(|error| error.to_string())?;
            if published == 0 {
                return Ok(());
            }
            info!(published, "messages of code that published nothing");
        }
        warn!("not all messages are published: later posts go on, and corkboard republish");
        Ok(())
    }
}
