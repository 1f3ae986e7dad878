//! Metrics without a call of their own: CloudWatch reads them out of lines of the log (the embedded metric format).
//!
//! A line is written past the log's filter, whole, and with `_aws` at its top; Lambda takes a line that is JSON as it
//! is. It names the board and the kind of what happened, and nothing of who did it: no address, text, token or id.
//! CloudWatch bills every combination of a name and its dimensions; there are eleven, and ten are free.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::io::{Write as _, stdout};
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::{Value, json};

use settings::{Lookup, SettingError, optional, parsed};

/// The board for which metrics are counted; without one nothing is counted.
static BOARD: OnceLock<String> = OnceLock::new();

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// A request met a database that was resuming from its pause.
    DatabaseWakeUps,
    /// A repeat of a post was answered as the first time.
    Repeats,
    /// A request was refused.
    Refusals(Refusal),
    /// A message was posted whose sender is not known.
    PostsWithoutSender,
    /// A carrousel was brought up to date: perhaps all pictures were listed, as the schedule asks for, and it was written.
    CarrouselPasses(Passes),
    /// A small version was asked of its function and was in the bucket: whoever asked did not look there first.
    SmallPicturesStood,
}

/// Why a request was refused: what tells an operator of a flood, of spam, or of a page that lets people try in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The address had posted as often as it may.
    PostingLimit,
    /// A moderator refused the sender.
    SenderRefused,
    /// Another site's page asked.
    CrossSite,
    /// The picture had too many bytes.
    TooLarge,
    /// The picture was of no known format, damaged, or had too many pixels.
    Picture,
}

/// What one run of sync-s3-bucket took for one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passes {
    /// How often all pictures were listed.
    pub lists: u32,
    /// How often one of the carrousel's lists was written.
    pub writes: u32,
}

/// Starts counting where `METRICS_BOARD` names the board, as the template does.
///
/// # Errors
/// Where it is no name of a stack.
pub fn init(lookup: Lookup<'_>) -> Result<(), SettingError> {
    const VARIABLE: &str = "METRICS_BOARD";
    const EXPECTED: &str = "a stack's name: at most 128 letters, digits and hyphens";
    let is_name = |name: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        name.len() <= 128 && name.bytes().all(is_known)
    };
    if let Some(name) = optional(lookup, VARIABLE) {
        let name = parsed(VARIABLE, &name, EXPECTED, |name| {
            is_name(name).then(|| name.to_owned())
        })?;
        // A second call, as in tests, keeps the first name.
        let _ = BOARD.set(name);
    }
    Ok(())
}

/// Counts what happened, once.
pub fn count(metric: Metric) {
    if let Some(board) = BOARD.get() {
        let line = format!("{}\n", line(board, metric, SystemTime::now()));
        // A line that cannot be written is lost, as a line of the log is.
        let _ = stdout().write_all(line.as_bytes());
    }
}

fn line(board: &str, metric: Metric, now: SystemTime) -> Value {
    let now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let milliseconds = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let (name, value) = match metric {
        Metric::DatabaseWakeUps => ("DatabaseWakeUps", 1),
        Metric::Repeats => ("Repeats", 1),
        Metric::Refusals(_) => ("Refusals", 1),
        Metric::PostsWithoutSender => ("PostsWithoutSender", 1),
        Metric::CarrouselPasses(passes) => ("CarrouselPasses", passes.lists),
        Metric::SmallPicturesStood => ("SmallPicturesStood", 1),
    };
    let mut line = json!({
        "_aws": {
            "Timestamp": milliseconds,
            "CloudWatchMetrics": [{
                "Namespace": "Corkboard",
                "Dimensions": [["Board"]],
                "Metrics": [{"Name": name, "Unit": "Count"}],
            }],
        },
        "Board": board,
        (name): value,
    });
    match metric {
        Metric::Refusals(refusal) => {
            line["Kind"] = refusal.kind().into();
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] =
                json!([["Board"], ["Board", "Kind"]]);
        }
        // The writes are no metric, which would cost: the field is for Logs Insights.
        Metric::CarrouselPasses(passes) => line["Writes"] = passes.writes.into(),
        _ => {}
    }
    line
}

impl Refusal {
    fn kind(self) -> &'static str {
        match self {
            Self::PostingLimit => "posting-limit",
            Self::SenderRefused => "sender-refused",
            Self::CrossSite => "cross-site",
            Self::TooLarge => "too-large",
            Self::Picture => "picture",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    const ALL: [Metric; 10] = [
        Metric::DatabaseWakeUps,
        Metric::Repeats,
        Metric::PostsWithoutSender,
        Metric::CarrouselPasses(Passes {
            lists: 2,
            writes: 1,
        }),
        Metric::SmallPicturesStood,
        Metric::Refusals(Refusal::PostingLimit),
        Metric::Refusals(Refusal::SenderRefused),
        Metric::Refusals(Refusal::CrossSite),
        Metric::Refusals(Refusal::TooLarge),
        Metric::Refusals(Refusal::Picture),
    ];

    fn line_of(metric: Metric) -> Value {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_341_600_317);
        line("corkboard", metric, now)
    }

    #[test]
    fn a_line_counts_one_event_of_one_board() {
        let expected = json!({
            "_aws": {
                "Timestamp": 1_795_341_600_317_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "Corkboard",
                    "Dimensions": [["Board"]],
                    "Metrics": [{"Name": "Repeats", "Unit": "Count"}],
                }],
            },
            "Board": "corkboard",
            "Repeats": 1,
        });
        assert_eq!(line_of(Metric::Repeats), expected);
    }

    #[test]
    fn refusals_are_counted_together_and_by_kind() {
        let line = line_of(Metric::Refusals(Refusal::CrossSite));
        let dimensions = &line["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
        assert_eq!(*dimensions, json!([["Board"], ["Board", "Kind"]]));
        assert_eq!(
            (&line["Kind"], &line["Refusals"]),
            (&json!("cross-site"), &json!(1))
        );
    }

    #[test]
    fn a_run_of_sync_s3_bucket_counts_its_listings() {
        let Value::Object(mut line) = line_of(ALL[3]) else {
            panic!("no object");
        };
        line.remove("_aws");
        let expected = json!({"Board": "corkboard", "CarrouselPasses": 2, "Writes": 1});
        assert_eq!(Value::from(line), expected);
    }

    /// Each name with the values of each set of its dimensions is one that CloudWatch bills.
    #[test]
    fn there_is_one_metric_more_than_are_free() {
        let mut metrics = BTreeSet::new();
        for line in ALL.map(line_of) {
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            for set in directive["Dimensions"].as_array().unwrap() {
                let names = set.as_array().unwrap().iter();
                let values: Vec<_> = names
                    .map(|name| line[name.as_str().unwrap()].as_str().unwrap())
                    .collect();
                metrics.insert(format!("{} {values:?}", directive["Metrics"][0]["Name"]));
            }
        }
        assert_eq!(metrics.len(), 11, "{metrics:?}");
    }

    #[test]
    fn the_boards_name_is_a_stacks() {
        for wrong in ["a board", "a\"b", "brücke", &"a".repeat(129)] {
            let error = init(&|_| Some(wrong.to_owned())).unwrap_err();
            assert_eq!((error.variable, error.missing), ("METRICS_BOARD", false));
        }
        // Without one nothing is counted.
        init(&|_| Some(String::new())).unwrap();
        init(&|_| None).unwrap();
        assert_eq!(BOARD.get(), None);
    }
}
