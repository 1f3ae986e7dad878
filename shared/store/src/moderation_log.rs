//! Which moderator did what, for 90 days. A text, a token or an address is never in it.

use std::time::{Duration, SystemTime};

use domain::{MessageId, ModeratorName, Posting};

use crate::messages::{MESSAGES_AT_ONCE, Store};
use crate::row::{self, id_value, readable};
use crate::sql::{Row, StoreError, Value, milliseconds};

/// How long an entry is kept.
const KEPT: Duration = Duration::from_hours(90 * 24);

/// What a moderator did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A message that waited was approved.
    Approve,
    /// A message that waited was rejected.
    Reject,
    /// A message was restored.
    Restore,
    /// A message was taken down.
    TakeDown,
    /// A message was deleted for good.
    Delete,
    /// What the sender of a message posted was removed, and the sender refused.
    RemoveSender,
    /// The sender of a message was let in again.
    LetIn,
    /// The sender of a message was refused.
    Refuse,
    /// Posting was opened, reviewed or closed.
    SetPosting(Posting),
    /// A picture of the operator's was taken down.
    TakePictureDown,
    /// A picture of the operator's was restored.
    RestorePicture,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Restore => "restore",
            Self::TakeDown => "take-down",
            Self::Delete => "delete",
            Self::RemoveSender => "remove-sender",
            Self::LetIn => "let-in",
            Self::Refuse => "refuse",
            Self::SetPosting(Posting::Open) => "posting-open",
            Self::SetPosting(Posting::Reviewed) => "posting-reviewed",
            Self::SetPosting(Posting::Closed) => "posting-closed",
            Self::TakePictureDown => "take-picture-down",
            Self::RestorePicture => "restore-picture",
        }
    }
}

/// What a moderator did something to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Messages, or a sender by a message.
    Messages(Vec<MessageId>),
    /// A picture of the operator's, by its key.
    Picture(String),
    /// The board.
    Board,
}

/// An act of a moderator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The moderator's name; none of whoever has the token without a name.
    pub moderator: Option<ModeratorName>,
    /// What was done.
    pub action: Action,
    /// What it was done to.
    pub subject: Subject,
}

/// An act as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The entry's own id, which says when.
    pub id: MessageId,
    /// The moderator's name; none of whoever has the token without a name.
    pub moderator: Option<String>,
    /// The name of what was done.
    pub action: String,
    /// The message.
    pub message: Option<MessageId>,
    /// The key of the operator's picture.
    pub picture: Option<String>,
}

impl Store {
    /// Writes an act into the log, and gives each entry's id, in the order of the messages.
    ///
    /// # Errors
    /// Where the database fails; it may be written all the same.
    pub async fn log(&self, act: &Act) -> Result<Vec<MessageId>, StoreError> {
        let (messages, picture) = match &act.subject {
            Subject::Messages(ids) => (ids.iter().map(|id| format!("'{id}'")).collect(), None),
            Subject::Picture(key) => (vec!["NULL".to_owned()], Some(key.as_str())),
            Subject::Board => (vec!["NULL".to_owned()], None),
        };
        let ids: Vec<_> = messages.iter().map(|_| MessageId::generate()).collect();
        if ids.is_empty() {
            return Ok(ids);
        }
        // The ids can stand in the SQL as they are: they are letters and digits.
        let rows = ids.iter().zip(messages);
        let rows =
            rows.map(|(id, message)| format!("('{id}', :moderator, :action, {message}, :picture)"));
        let rows = rows.collect::<Vec<_>>().join(", ");
        let moderator = act.moderator.as_ref().map(ToString::to_string);
        self.execute(
            &format!(
                "INSERT INTO moderation_log (id, moderator, action, message_id, picture_key) VALUES {rows}"
            ),
            vec![
                ("moderator", moderator.as_deref().into()),
                ("action", act.action.name().into()),
                ("picture", picture.into()),
            ],
        )
        .await?;
        Ok(ids)
    }

    /// Takes entries out again of what was not done.
    ///
    /// # Errors
    /// Where the database fails; they may be taken out all the same.
    pub async fn unlog(&self, ids: &[MessageId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids = ids.iter().map(|id| format!("'{id}'"));
        let ids = ids.collect::<Vec<_>>().join(", ");
        let remove = format!("DELETE FROM moderation_log WHERE id IN ({ids})");
        self.execute(&remove, vec![]).await.map(drop)
    }

    /// At most `limit` entries of the last 90 days, newest first, older than `after` where one is given, and the id after which
    /// to go on, unless these are the last. Rows that cannot be read are passed over.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn moderation_log(
        &self,
        limit: u32,
        after: Option<MessageId>,
        now: SystemTime,
    ) -> Result<(Vec<LogEntry>, Option<MessageId>), StoreError> {
        let limit = limit.min(MESSAGES_AT_ONCE - 1);
        let mut parameters = vec![("oldest", id_value(oldest(now)))];
        let older = if let Some(after) = after {
            parameters.push(("after", id_value(after)));
            "AND id < :after "
        } else {
            ""
        };
        // One entry more than the limit tells whether there are others.
        let read = limit + 1;
        let found = self
            .execute(
                &format!(
                    "SELECT id, moderator, action, message_id, picture_key FROM moderation_log \
                     WHERE id >= :oldest {older}ORDER BY id DESC LIMIT {read}"
                ),
                parameters,
            )
            .await?;
        Ok(row::page(found.rows, limit, entry))
    }

    /// Writes an entry of another board's log, unless one of its id is there, and says whether none was.
    ///
    /// # Errors
    /// Where the database fails; it may be written all the same.
    pub async fn import_log(&self, entry: &LogEntry) -> Result<bool, StoreError> {
        let LogEntry {
            id,
            moderator,
            action,
            message,
            picture,
        } = entry;
        let insert = self.execute(
            "INSERT INTO moderation_log (id, moderator, action, message_id, picture_key) \
             SELECT :id, :moderator, :action, :message, :picture FROM (SELECT 1) AS one \
             WHERE NOT EXISTS (SELECT 1 FROM moderation_log WHERE id = :id)",
            vec![
                ("id", id_value(*id)),
                ("moderator", moderator.as_deref().into()),
                ("action", action.as_str().into()),
                ("message", message.map_or(Value::Null, id_value)),
                ("picture", picture.as_deref().into()),
            ],
        );
        Ok(insert.await?.affected > 0)
    }

    /// Forgets entries that are older than 90 days, 64 at once in MySQL.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn forget_log(&self, now: SystemTime) -> Result<(), StoreError> {
        let oldest = || vec![("oldest", id_value(oldest(now)))];
        // Mostly there is nothing to forget, and then this statement alone is run, which locks nothing.
        let is_any = "SELECT EXISTS (SELECT 1 FROM moderation_log WHERE id < :oldest)";
        if self.execute(is_any, oldest()).await?.rows == [[Value::Integer(0)]] {
            return Ok(());
        }
        let remove =
            "DELETE FROM moderation_log WHERE id < :oldest /*!40101 ORDER BY id LIMIT 64 */";
        self.execute(remove, oldest()).await.map(drop)
    }
}

/// The least id of an entry that is kept.
fn oldest(now: SystemTime) -> MessageId {
    let oldest = milliseconds(now.checked_sub(KEPT).unwrap_or(SystemTime::UNIX_EPOCH));
    MessageId::from_parts(u64::try_from(oldest).unwrap_or_default(), 0)
}

fn entry(row: Row) -> Option<LogEntry> {
    readable(row, |columns| {
        Ok(LogEntry {
            id: columns.parsed()?,
            moderator: columns.text_or_null()?,
            action: columns.parsed()?,
            message: columns.parsed_or_null()?,
            picture: columns.text_or_null()?,
        })
    })
    .ok()
}
