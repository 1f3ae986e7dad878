//! What a function answers to a batch.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// The ids of the messages to deliver again. Nothing, `null`, and no failures named mean success.
///
/// # Errors
///
/// Where Lambda would take the whole batch as failed: no JSON object, or an identifier that is empty, null,
/// under another name, or not of this batch.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
pub fn failed(answer: &[u8], batch: &HashSet<&str>) -> Result<HashSet<String>, String> {
    if answer.is_empty() {
        return Ok(HashSet::new());
    }
    let malformed = |error| format!("the function's answer is malformed: {error}");
    let answer: Option<Map<String, Value>> = serde_json::from_slice(answer).map_err(malformed)?;
    let Some(failures) = answer.and_then(|mut answer| answer.remove("batchItemFailures")) else {
        return Ok(HashSet::new());
    };
    let failures: Option<Vec<Failure>> = serde_json::from_value(failures).map_err(malformed)?;
    let failed: HashSet<_> = failures
        .into_iter()
        .flatten()
        .map(|failure| failure.item_identifier)
        .collect();
    match failed.iter().find(|id| !batch.contains(id.as_str())) {
        Some(stranger) => Err(format!(
            "the function's answer names {stranger:?}, which is not of the batch"
        )),
        None => Ok(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_a_and_b(answer: &str) -> Result<Vec<String>, String> {
        let failed = failed(answer.as_bytes(), &HashSet::from(["a", "b"]))?;
        let mut failed = Vec::from_iter(failed);
        failed.sort();
        Ok(failed)
    }

    #[test]
    fn an_answer_without_failures_is_success() {
        for answer in [
            "",
            "null",
            "{}",
            r#"{"batchItemFailures":[]}"#,
            r#"{"batchItemFailures":null}"#,
        ] {
            assert_eq!(of_a_and_b(answer), Ok(Vec::new()), "{answer}");
        }
    }

    #[test]
    fn only_the_messages_named_have_failed() {
        let answer = r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(of_a_and_b(answer), Ok(vec!["b".to_owned()]));
        let answer = r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"}]}"#;
        assert_eq!(of_a_and_b(answer), Ok(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn a_malformed_answer_fails_the_whole_batch() {
        for answer in [
            "nonsense",
            "[]",
            "\"done\"",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":["a"]}"#,
            r#"{"batchItemFailures":[{"id":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}"#,
        ] {
            assert!(of_a_and_b(answer).is_err(), "{answer}");
        }
    }
}
