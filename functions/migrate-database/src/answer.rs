use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use lambda_runtime::Error;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::warn;

use crate::Request;

/// The resource's id in every version: another one would make CloudFormation delete the resource of the old version.
const PHYSICAL_ID: &str = "corkboard-database-schema";
/// An answer has 4096 bytes at most, and a character of the reason may take six in JSON.
const REASON_CHARACTERS: usize = 500;
const PAUSE: Duration = Duration::from_millis(500);
/// One try that hangs must leave time for another.
const ATTEMPT: Duration = Duration::from_secs(3);

/// The schema's version where there was something to do, or why it failed.
pub type Outcome = Result<Option<i64>, String>;

/// Answers CloudFormation, by a PUT to the presigned URL that came with the request.
#[derive(Debug, Clone)]
pub struct Answers(SharedHttpConnector);

impl Answers {
    /// Answers through this connector.
    pub fn new(connector: SharedHttpConnector) -> Self {
        Self(connector)
    }

    pub(crate) async fn give(
        &self,
        request: &Request,
        outcome: &Outcome,
        deadline: Instant,
    ) -> Result<(), Error> {
        let body = body(request, outcome);
        let mut last = Error::from("no time to answer CloudFormation");
        while Instant::now() < deadline {
            let attempt = deadline.min(Instant::now() + ATTEMPT);
            match timeout_at(attempt, self.put(&request.response_url, &body)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => {
                    warn!(%error, "CloudFormation did not take the answer");
                    last = error;
                }
                Err(_) => warn!("CloudFormation was not reached in time"),
            }
            sleep(PAUSE).await;
        }
        Err(last)
    }

    /// Puts the answer, without a content type, which the URL's signature does not allow for.
    async fn put(&self, url: &str, body: &str) -> Result<(), Error> {
        let mut put = HttpRequest::new(SdkBody::from(body));
        put.set_method("PUT")?;
        put.set_uri(url)?;
        let answer = self.0.call(put).await?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("status {}", answer.status().as_u16()).into())
        }
    }
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html>
fn body(request: &Request, outcome: &Outcome) -> String {
    let mut body = json!({
        "Status": if outcome.is_ok() { "SUCCESS" } else { "FAILED" },
        "PhysicalResourceId": PHYSICAL_ID,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
    });
    match outcome {
        Ok(Some(version)) => body["Data"] = json!({ "SchemaVersion": version.to_string() }),
        Ok(None) => {}
        Err(reason) => {
            body["Reason"] = reason
                .chars()
                .take(REASON_CHARACTERS)
                .collect::<String>()
                .into();
        }
    }
    body.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Properties;

    #[test]
    fn a_long_reason_leaves_the_answer_within_its_limit() {
        let request = Request {
            request_type: "Create".into(),
            response_url: String::new(),
            stack_id: "s".repeat(300),
            request_id: "r".repeat(100),
            logical_resource_id: "l".repeat(255),
            resource_properties: Properties::default(),
        };
        assert!(body(&request, &Err("\u{1}".repeat(10_000))).len() <= 4096);
        assert!(body(&request, &Err("𝒳".repeat(10_000))).len() <= 4096);
    }
}
