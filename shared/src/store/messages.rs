use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::database::{Outcome, Parameters, Row, Value};
use super::{Database, StoreError};
use crate::domain::{Format, Message, MessageId, PostedPicture};

const COLUMNS: &str =
    "id, author, text, picture_format, picture_width, picture_height, picture_alt";

/// The table, for statements that read a range of one status. MySQL's optimiser, left alone, may read from the
/// newest message down to the page, or half the table for a few leftovers. To SQLite, which chooses right, it
/// is a comment.
const BY_STATUS: &str = "message /*!40101 FORCE INDEX (message_by_status) */";

/// How long a message may be pending; no request lives as long.
const PENDING_AT_MOST: Duration = Duration::from_mins(15);
/// How long an idempotency key is kept at least, and with it the blank mark of a deleted message.
const KEY_AT_LEAST: Duration = Duration::from_hours(24);
/// How many leftovers one post clears away.
const LEFTOVERS_AT_ONCE: u32 = 4;

/// The board's messages. A message is *pending* (invisible, its picture not yet in the bucket), *posted*, or
/// *deleted* (a blank mark).
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    deadline: Instant,
}

/// What a crash or a delete left behind, ready to be cleared away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The row's id.
    pub id: MessageId,
    /// The picture that may be in the bucket; it goes first.
    pub picture: Option<Format>,
}

impl Store {
    /// The messages in `database`, for a request that has time until `deadline`.
    pub fn new(database: Database, deadline: Instant) -> Self {
        Self { database, deadline }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.execute("SELECT 1", vec![]).await.map(|_| ())
    }

    /// Inserts a message: pending where it has a picture, posted at once where it has none.
    ///
    /// # Errors
    /// Where the database fails; the row may be there all the same.
    pub async fn insert(&self, message: &Message) -> Result<(), StoreError> {
        self.insert_pending_since(message, None).await
    }

    /// The same for a message that was written long ago, and whose id therefore does not tell since when it
    /// has been pending; `since`, an id of now, does. It is also the mark of whoever inserted it.
    ///
    /// # Errors
    /// As for [`Store::insert`].
    pub async fn insert_old(&self, message: &Message, since: MessageId) -> Result<(), StoreError> {
        self.insert_pending_since(message, Some(since)).await
    }

    /// Takes a pending message away from whoever inserted it: from here on only `since` may post it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn take_pending(&self, id: MessageId, since: MessageId) -> Result<(), StoreError> {
        self.execute(
            "UPDATE message SET pending_since = :since WHERE id = :id AND status = 'pending'",
            vec![("id", id_value(id)), ("since", id_value(since))],
        )
        .await
        .map(|_| ())
    }

    async fn insert_pending_since(
        &self,
        message: &Message,
        since: Option<MessageId>,
    ) -> Result<(), StoreError> {
        let picture = message.picture.as_ref();
        let status = if picture.is_some() {
            "pending"
        } else {
            "posted"
        };
        let parameters = vec![
            ("id", id_value(message.id)),
            ("status", status.into()),
            ("author", message.author.as_deref().into()),
            ("text", message.text.as_str().into()),
            (
                "format",
                picture.map(|picture| picture.format.extension()).into(),
            ),
            ("width", picture.map(|picture| picture.width).into()),
            ("height", picture.map(|picture| picture.height).into()),
            (
                "alt",
                picture.and_then(|picture| picture.alt.as_deref()).into(),
            ),
            ("since", since.map_or(Value::Null, id_value)),
        ];
        let inserted = self
            .execute(
                "INSERT INTO message (id, status, author, text, \
                 picture_format, picture_width, picture_height, picture_alt, pending_since) \
                 VALUES (:id, :status, :author, :text, :format, :width, :height, :alt, :since)",
                parameters,
            )
            .await;
        match inserted {
            // Ids are random: the row is our own, from a try whose answer was lost.
            Ok(_) | Err(StoreError::Duplicate) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes a pending message visible. Doing it twice is doing it once.
    ///
    /// # Errors
    /// Where the database fails, or the message is no longer there.
    pub async fn mark_posted(&self, id: MessageId) -> Result<(), StoreError> {
        self.mark("", vec![("id", id_value(id))], id).await
    }

    /// The same for a message that was [inserted](Store::insert_old) with this `since`.
    ///
    /// # Errors
    /// As for [`Store::mark_posted`], and where another took the message.
    pub async fn mark_old_posted(&self, id: MessageId, since: MessageId) -> Result<(), StoreError> {
        let parameters = vec![("id", id_value(id)), ("since", id_value(since))];
        self.mark(" AND pending_since = :since", parameters, id)
            .await
    }

    async fn mark(
        &self,
        condition: &str,
        parameters: Parameters,
        id: MessageId,
    ) -> Result<(), StoreError> {
        let updated = self
            .execute(
                &format!(
                    "UPDATE message SET status = 'posted' \
                     WHERE id = :id AND status = 'pending'{condition}"
                ),
                parameters,
            )
            .await?;
        // Nothing updated: an earlier try whose answer was lost did it, or the row is gone.
        if updated.affected == 0 && self.find(id).await?.is_none() {
            return Err(StoreError::Unavailable("a pending message is gone".into()));
        }
        Ok(())
    }

    /// A posted message.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn find(&self, id: MessageId) -> Result<Option<Message>, StoreError> {
        let found = self
            .execute(
                &format!("SELECT {COLUMNS} FROM message WHERE id = :id AND status = 'posted'"),
                vec![("id", id_value(id))],
            )
            .await?;
        found.rows.into_iter().next().map(message).transpose()
    }

    /// At most `limit` posted messages, newest first, all older than `before` where one is given.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn page(
        &self,
        limit: u32,
        before: Option<MessageId>,
    ) -> Result<Vec<Message>, StoreError> {
        let (older, parameters) = match before {
            Some(before) => (" AND id < :before", vec![("before", id_value(before))]),
            None => ("", vec![]),
        };
        let page = self
            .execute(
                &format!(
                    "SELECT {COLUMNS} FROM {BY_STATUS} WHERE status = 'posted'{older} \
                     ORDER BY id DESC LIMIT {limit}"
                ),
                parameters,
            )
            .await?;
        page.rows.into_iter().map(message).collect()
    }

    /// At most `limit` posted messages, oldest first, all newer than `after` where one is given.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn page_after(
        &self,
        limit: u32,
        after: Option<MessageId>,
    ) -> Result<Vec<Message>, StoreError> {
        let after = after.map_or_else(|| "".into(), id_value);
        let page = self
            .execute(
                &format!(
                    "SELECT {COLUMNS} FROM {BY_STATUS} WHERE status = 'posted' AND id > :after \
                     ORDER BY id LIMIT {limit}"
                ),
                vec![("after", after)],
            )
            .await?;
        page.rows.into_iter().map(message).collect()
    }

    /// Gives a posted message that has no picture the one that was put for it. Doing it twice is doing it
    /// once.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn add_picture(
        &self,
        id: MessageId,
        picture: &PostedPicture,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE message SET picture_format = :format, picture_width = :width, \
             picture_height = :height, picture_alt = :alt \
             WHERE id = :id AND status = 'posted' AND picture_format IS NULL",
            vec![
                ("id", id_value(id)),
                ("format", picture.format.extension().into()),
                ("width", Some(picture.width).into()),
                ("height", Some(picture.height).into()),
                ("alt", picture.alt.as_deref().into()),
            ],
        )
        .await
        .map(|_| ())
    }

    /// Takes everything out of a message but its id, which stays as long as its idempotency key must.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn blank(&self, id: MessageId) -> Result<(), StoreError> {
        self.execute(
            "UPDATE message SET status = 'deleted', author = NULL, text = '', picture_format = NULL, \
             picture_width = NULL, picture_height = NULL, picture_alt = NULL WHERE id = :id",
            vec![("id", id_value(id))],
        )
        .await
        .map(|_| ())
    }

    /// A few rows that nobody needs any more: pending ones of requests that died, and old blank marks.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn leftovers(&self, now: SystemTime) -> Result<Vec<Leftover>, StoreError> {
        let found = self
            .execute(
                &format!(
                    "SELECT id, picture_format FROM {BY_STATUS} \
                     WHERE (status = 'pending' AND id < :pending \
                     AND (pending_since IS NULL OR pending_since < :pending)) \
                     OR (status = 'deleted' AND id < :deleted) LIMIT {LEFTOVERS_AT_ONCE}"
                ),
                vec![
                    (
                        "pending",
                        id_value(MessageId::least_of(now, PENDING_AT_MOST)),
                    ),
                    ("deleted", id_value(MessageId::least_of(now, KEY_AT_LEAST))),
                ],
            )
            .await?;
        found.rows.into_iter().map(leftover).collect()
    }

    /// What there is under an id that is not posted.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn unposted(&self, id: MessageId) -> Result<Option<Leftover>, StoreError> {
        let found = self
            .execute(
                "SELECT id, picture_format FROM message WHERE id = :id AND status <> 'posted'",
                vec![("id", id_value(id))],
            )
            .await?;
        found.rows.into_iter().next().map(leftover).transpose()
    }

    /// Removes a leftover's row, unless it was posted meanwhile.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn remove_leftover(&self, id: MessageId) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM message WHERE id = :id AND status <> 'posted'",
            vec![("id", id_value(id))],
        )
        .await
        .map(|_| ())
    }

    async fn execute(
        &self,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Outcome, StoreError> {
        self.database
            .execute(self.deadline, statement, parameters)
            .await
    }
}

fn id_value(id: MessageId) -> Value {
    Value::Text(id.to_string())
}

/// A row's id and picture format.
fn leftover(row: Row) -> Result<Leftover, StoreError> {
    let mut columns = Columns(row.into_iter());
    Ok(Leftover {
        id: columns.parsed()?,
        picture: columns.parsed_or_null()?,
    })
}

/// A row of [`COLUMNS`].
fn message(row: Row) -> Result<Message, StoreError> {
    let mut columns = Columns(row.into_iter());
    Ok(Message {
        id: columns.parsed()?,
        author: columns.text_or_null()?,
        text: columns.text_or_null()?.unwrap_or_default(),
        picture: match columns.parsed_or_null()? {
            None => None,
            Some(format) => Some(PostedPicture {
                format,
                width: columns.number()?,
                height: columns.number()?,
                alt: columns.text_or_null()?,
            }),
        },
    })
}

/// Reads a row column by column. A value that the schema does not allow is a fault.
struct Columns(std::vec::IntoIter<Value>);

impl Columns {
    fn text_or_null(&mut self) -> Result<Option<String>, StoreError> {
        match self.0.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            _ => Err(unexpected()),
        }
    }

    fn parsed_or_null<T: std::str::FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        let text = self.text_or_null()?;
        text.map(|text| text.parse().map_err(|_| unexpected()))
            .transpose()
    }

    fn parsed<T: std::str::FromStr>(&mut self) -> Result<T, StoreError> {
        self.parsed_or_null()?.ok_or_else(unexpected)
    }

    fn number(&mut self) -> Result<u32, StoreError> {
        match self.0.next() {
            Some(Value::Integer(number)) => u32::try_from(number).map_err(|_| unexpected()),
            _ => Err(unexpected()),
        }
    }
}

fn unexpected() -> StoreError {
    StoreError::Fault("a row that the schema does not allow".into())
}
