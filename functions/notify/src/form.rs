//! How a notice is written for a webhook: as Standard Webhooks recommends, or as a service documents it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use crate::notice::{Millis, Notice};

/// How a notice is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `{"type", "timestamp", "data": {"new", "held", "url"}}`, as Standard Webhooks recommends.
    Standard,
    /// Plain text for a topic of ntfy. <https://docs.ntfy.sh/publish/>
    Ntfy,
    /// For Slack's incoming webhooks. <https://docs.slack.dev/messaging/formatting-message-text/>
    Slack,
    /// For Discord's webhooks. <https://discord.com/developers/docs/resources/webhook#execute-webhook>
    Discord,
}

impl Form {
    /// What is expected of a form's name, for an error.
    pub const EXPECTED: &str = "standard, ntfy, slack or discord";

    /// Parses a form's name; the empty text is the standard form.
    pub fn parse(form: &str) -> Option<Self> {
        match form {
            "" | "standard" => Some(Self::Standard),
            "ntfy" => Some(Self::Ntfy),
            "slack" => Some(Self::Slack),
            "discord" => Some(Self::Discord),
            _ => None,
        }
    }

    /// The media type and the body of a notice.
    pub fn body(self, notice: &Notice, board: &str) -> (&'static str, String) {
        let (text, link) = (notice.text(), notice.link(board));
        let body = match self {
            Self::Standard => json!({
                "type": "messages.came",
                "timestamp": timestamp(notice.made),
                "data": {"new": notice.counts.new, "held": notice.counts.held, "url": link},
            }),
            Self::Ntfy => return ("text/plain; charset=utf-8", format!("{text}\n{link}")),
            Self::Slack => json!({"text": format!("{}\n<{}>", escaped(&text), escaped(&link))}),
            Self::Discord => json!({
                "content": format!("{text}\n<{link}>"),
                "allowed_mentions": {"parse": []},
            }),
        };
        ("application/json", body.to_string())
    }
}

/// Slack's three control characters.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

fn timestamp(made: Millis) -> String {
    let made = i64::try_from(made).unwrap_or(i64::MAX);
    DateTime::<Utc>::from_timestamp_millis(made)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
