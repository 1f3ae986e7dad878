//! A whole board in one file: a plain tar with
//!
//! | entry | what |
//! |---|---|
//! | `corkboard.json` | `{"format":"corkboard","version":3}` |
//! | `messages.jsonl` | a [`Line`] for each message, oldest first; behind those on the board those that wait for a moderator, which versions up to 2 had not |
//! | `moderation-log.jsonl` | a [`LogLine`] for each act of a moderator, newest first; may be missing, as in versions up to 2 |
//! | `images/…` | the pictures under their keys: those of messages and those that the operator put there |
//! | `held/…` | the pictures of messages that wait |
//! | `SHA256SUMS` | the SHA-256 of each entry before, as `sha256sum` writes and checks them; version 1 had none |

use domain::{Format, MessageId, ModeratorName};
use media::{Bucket, IMAGES};
use serde::{Deserialize, Serialize};
use store::LogEntry;

pub const HEADER: &str = "corkboard.json";
pub const MESSAGES: &str = "messages.jsonl";
pub const LOG: &str = "moderation-log.jsonl";
pub const FORMAT: &str = "corkboard";
pub const SUMS: &str = "SHA256SUMS";
pub const VERSION: u32 = 3;
/// The last version of archives without messages that wait, and without [`LOG`].
pub const WITHOUT_HELD: u32 = 2;
/// The version of archives without [`SUMS`], too.
pub const WITHOUT_SUMS: u32 = 1;
/// Where the pictures of messages are that wait.
pub const HELD: &str = "held/";

/// Bytes of the name of what a moderator did, at most.
const ACTION_LIMIT: usize = 24;
/// Bytes of a key, at most.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
pub const KEY_LIMIT: u64 = 1024;

/// What [`HEADER`] says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub version: u32,
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    pub id: String,
    /// The id's time, for people.
    pub created_at: String,
    pub author: Option<String>,
    pub text: String,
    pub picture: Option<LinePicture>,
    /// Whether the message waits for a moderator.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// What a message knows of its picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinePicture {
    /// `images/<id>.<extension>`, or `held/<id>.<extension>`.
    pub key: String,
    pub width: u32,
    pub height: u32,
    pub alt: Option<String>,
}

/// What a moderator did.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogLine {
    pub id: String,
    /// The id's time, for people.
    pub at: String,
    pub moderator: Option<String>,
    pub action: String,
    pub message_id: Option<String>,
    /// The key of a picture of the operator's.
    pub picture: Option<String>,
}

/// What makes a line one of this format; the values are checked when the message is taken.
pub fn check(line: &[u8]) -> Result<(MessageId, Line), &'static str> {
    let line: Line = serde_json::from_slice(line).map_err(|_| "is not a message")?;
    let id: MessageId = line.id.parse().map_err(|_| "has no message id")?;
    if id.created_at() != line.created_at {
        return Err("has a time that is not its id's");
    }
    if let Some(picture) = &line.picture
        && !Format::ALL
            .iter()
            .any(|&format| key_of(id, format, line.held) == picture.key)
    {
        return Err("has a picture that is not its own");
    }
    Ok((id, line))
}

/// What makes a line an entry of the log.
pub fn check_log(line: &[u8]) -> Result<LogEntry, &'static str> {
    let line: LogLine = serde_json::from_slice(line).map_err(|_| "is no entry of the log")?;
    let id: MessageId = line.id.parse().map_err(|_| "has no id")?;
    if id.created_at() != line.at {
        return Err("has a time that is not its id's");
    }
    let name = line.moderator.as_deref().map(str::parse::<ModeratorName>);
    name.transpose().map_err(|_| "has no moderator's name")?;
    let is_action = (1..=ACTION_LIMIT).contains(&line.action.len())
        && line
            .action
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if !is_action {
        return Err("has no action");
    }
    let message = line.message_id.as_deref().map(str::parse);
    let message = message.transpose().map_err(|_| "has no message id")?;
    // The key is only told, and never a path: the log has keys of pictures that no archive has.
    let is_key = |key: &str| key.starts_with(IMAGES) && key.len() as u64 <= KEY_LIMIT;
    if line.picture.as_deref().is_some_and(|key| !is_key(key)) {
        return Err("has a picture that is none of the operator's");
    }
    Ok(LogEntry {
        id,
        moderator: line.moderator,
        action: line.action,
        message,
        picture: line.picture,
    })
}

/// The key of a message's picture in an archive: where it is imported, it was never restored.
pub fn key_of(id: MessageId, format: Format, is_held: bool) -> String {
    if is_held {
        format!("{HELD}{id}.{}", format.extension())
    } else {
        Bucket::picture_key(id, format)
    }
}

/// Whether an archive may have a picture of this name: the path of a file under `images/`, in one spelling.
pub fn is_image(name: &str) -> bool {
    is_path_under(IMAGES, name)
}

pub fn is_path_under(folder: &str, name: &str) -> bool {
    name.starts_with(folder)
        && name.len() as u64 <= KEY_LIMIT
        && !name.chars().any(|c| c.is_control() || c == '\\')
        && name
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."))
}
