use std::str::FromStr;

use tokio::time::Instant;

use crate::database::Database;
use crate::row::{self, Columns, id_value, readable};
use crate::sql::{Executed, Parameters, StoreError, Value};
use domain::{Era, Idempotency, Message, MessageId, PostedPicture, Sender};

/// The table, for statements that read a range of one status. MySQL's optimiser, left alone, may read from the
/// newest message down to the page, or half the table for a few orphans. To SQLite, which chooses right, it
/// is a comment.
pub(crate) const BY_STATUS: &str = "message /*!40101 FORCE INDEX (message_by_status) */";

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Invisible, its picture not yet in the bucket.
    Pending,
    /// On the board.
    Posted,
    /// A tombstone.
    Deleted,
    /// Pending for so long that it is being cleared away; it will not be posted any more.
    Clearing,
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "pending" => Ok(Self::Pending),
            "posted" => Ok(Self::Posted),
            "deleted" => Ok(Self::Deleted),
            "clearing" => Ok(Self::Clearing),
            _ => Err(()),
        }
    }
}

/// What became of an insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// The row is the message's.
    First,
    /// Another message has the key.
    Before(Before),
    /// A moderator refused the sender.
    Refused,
}

/// What was posted before with the same idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Its id.
    pub id: MessageId,
    /// What became of it.
    pub status: Status,
    /// Under which of the board's secrets the same was posted; `None` where it was something else.
    pub same: Option<Era>,
    /// The message, as long as it is not deleted and can be read.
    pub message: Option<Message>,
}

/// The board's messages.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    deadline: Instant,
}

impl Store {
    /// The messages in `database`, for a request that has time until `deadline`.
    pub fn new(database: Database, deadline: Instant) -> Self {
        Self {
            database: database.for_a_request(),
            deadline,
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.execute("SELECT 1", vec![]).await.map(|_| ())
    }

    /// Inserts a message: pending where it has a picture, posted at once where it has none. The idempotency key
    /// decides who was first.
    ///
    /// # Errors
    /// Where the database fails; the row may be there all the same.
    pub async fn insert(
        &self,
        message: &Message,
        sender: Option<&Sender>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Inserted, StoreError> {
        // What was before may be cleared away before it is looked at, and then this is the first.
        const TRIES: u32 = 3;
        for _ in 0..TRIES {
            match self.try_insert(message, None, sender, idempotency).await {
                Ok(true) => return Ok(Inserted::First),
                Ok(false) => return Ok(Inserted::Refused),
                Err(StoreError::Duplicate) => {}
                Err(error) => return Err(error),
            }
            // Ids are random: without a key the row is our own, from a try whose answer was lost.
            let Some(idempotency) = idempotency else {
                return Ok(Inserted::First);
            };
            match self.posted_with(idempotency).await? {
                Some(before) if before.id == message.id => return Ok(Inserted::First),
                Some(before) => return Ok(Inserted::Before(before)),
                None => {}
            }
        }
        Err(StoreError::Unavailable(
            "a message of the same key comes and goes".into(),
        ))
    }

    /// What was posted with this key before.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn posted_with(
        &self,
        idempotency: &Idempotency,
    ) -> Result<Option<Before>, StoreError> {
        let columns = row::columns("");
        let found = self
            .execute(
                &format!(
                    "SELECT id, status, request_digest, {columns} FROM message \
                     WHERE idempotency_key = :key"
                ),
                vec![("key", idempotency.key().into())],
            )
            .await?;
        let before = |row| {
            let mut columns = Columns::of(row);
            let (id, status) = (columns.parsed()?, columns.parsed()?);
            let request = columns.text_or_null()?;
            Ok(Before {
                id,
                status,
                same: request.and_then(|request| idempotency.made(&request)),
                message: match status {
                    Status::Deleted => None,
                    _ => readable(columns.rest(), row::message).ok(),
                },
            })
        };
        found.rows.into_iter().next().map(before).transpose()
    }

    /// Inserts a message that was written long ago, and whose id therefore does not tell since when it has been
    /// pending; `since`, an id of now, does. It is also the mark of whoever inserted it.
    ///
    /// # Errors
    /// As for [`Store::insert`].
    pub async fn insert_old(&self, message: &Message, since: MessageId) -> Result<(), StoreError> {
        match self.try_insert(message, Some(since), None, None).await {
            // The row is our own, from a try whose answer was lost.
            Err(StoreError::Duplicate) => Ok(()),
            inserted => inserted.map(|_| ()),
        }
    }

    /// Begins a pending message anew, `since` now, and says whether it is pending. Of those who inserted it by
    /// [`Store::insert_old`], only `since` may post it from here on.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn take_pending(&self, id: MessageId, since: MessageId) -> Result<bool, StoreError> {
        let taken = self
            .execute(
                "UPDATE message SET pending_since = :since WHERE id = :id AND status = 'pending'",
                vec![("id", id_value(id)), ("since", id_value(since))],
            )
            .await?;
        Ok(taken.affected > 0)
    }

    async fn try_insert(
        &self,
        message: &Message,
        since: Option<MessageId>,
        sender: Option<&Sender>,
        idempotency: Option<&Idempotency>,
    ) -> Result<bool, StoreError> {
        let status = if message.picture.is_some() {
            "pending"
        } else {
            "posted"
        };
        let mut parameters = row::parameters(message);
        parameters.extend([
            ("status", status.into()),
            ("since", since.map_or(Value::Null, id_value)),
            ("sender", sender.map(Sender::as_str).into()),
            ("key", idempotency.map(Idempotency::key).into()),
            ("request", idempotency.map(Idempotency::request).into()),
        ]);
        let (columns, values) = (row::columns(""), row::columns(":"));
        // One statement, so that nothing of a sender comes in after it was refused.
        let inserted = self
            .execute(
                &format!(
                    "INSERT INTO message ({columns}, status, pending_since, sender, idempotency_key, \
                     request_digest) \
                     SELECT {values}, :status, :since, :sender, :key, :request FROM (SELECT 1) AS one \
                     WHERE NOT EXISTS (SELECT 1 FROM sender WHERE id = :sender AND refused = 1)"
                ),
                parameters,
            )
            .await?;
        Ok(inserted.affected > 0)
    }

    /// Makes a pending message visible, and says whether it is. Doing it twice is doing it once; one that was
    /// deleted or cleared away meanwhile stays so.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn mark_posted(&self, id: MessageId) -> Result<bool, StoreError> {
        self.mark("", vec![("id", id_value(id))], id).await
    }

    /// The same for a message that was [inserted](Store::insert_old) with this `since`, unless another took it.
    ///
    /// # Errors
    /// As for [`Store::mark_posted`].
    pub async fn mark_old_posted(
        &self,
        id: MessageId,
        since: MessageId,
    ) -> Result<bool, StoreError> {
        let parameters = vec![("id", id_value(id)), ("since", id_value(since))];
        self.mark(" AND pending_since = :since", parameters, id)
            .await
    }

    async fn mark(
        &self,
        condition: &str,
        parameters: Parameters,
        id: MessageId,
    ) -> Result<bool, StoreError> {
        let updated = self
            .execute(
                &format!(
                    "UPDATE message SET status = 'posted' \
                     WHERE id = :id AND status = 'pending'{condition}"
                ),
                parameters,
            )
            .await?;
        // Nothing updated: somebody else did it, or we did in a try whose answer was lost, or the row is gone.
        Ok(updated.affected > 0 || self.is_posted(id).await?)
    }

    /// Whether a message is posted, also one that cannot be read.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn is_posted(&self, id: MessageId) -> Result<bool, StoreError> {
        let found = self
            .execute(
                "SELECT id FROM message WHERE id = :id AND status = 'posted'",
                vec![("id", id_value(id))],
            )
            .await?;
        Ok(!found.rows.is_empty())
    }

    /// A posted message; `None` also where its row cannot be read.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn find(&self, id: MessageId) -> Result<Option<Message>, StoreError> {
        let columns = row::columns("");
        let found = self
            .execute(
                &format!("SELECT {columns} FROM message WHERE id = :id AND status = 'posted'"),
                vec![("id", id_value(id))],
            )
            .await?;
        let row = found.rows.into_iter().next();
        Ok(row.and_then(|row| readable(row, row::message).ok()))
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
        let read = self.read_on(limit, before, "<", "DESC").await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// At most `limit` posted messages, oldest first, all newer than `after` where one is given, and among them
    /// the ids of the rows that cannot be read. Fewer messages are the last, with all rows that stand behind them.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn page_after(
        &self,
        limit: u32,
        after: Option<MessageId>,
    ) -> Result<Vec<Result<Message, String>>, StoreError> {
        self.read_on(limit, after, ">", "ASC").await
    }

    /// Reads on until there are enough: a row that cannot be read takes the place of no other, whatever its id is.
    async fn read_on(
        &self,
        limit: u32,
        from: Option<MessageId>,
        side: &str,
        order: &str,
    ) -> Result<Vec<Result<Message, String>>, StoreError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let columns = row::columns("");
        let (mut read, mut messages) = (Vec::new(), 0);
        let mut from = from.map(id_value);
        loop {
            let (condition, parameters) = match from {
                Some(id) => (format!(" AND id {side} :from"), vec![("from", id)]),
                None => (String::new(), vec![]),
            };
            let found = self
                .execute(
                    &format!(
                        "SELECT {columns} FROM {BY_STATUS} WHERE status = 'posted'{condition} \
                         ORDER BY id {order} LIMIT {limit}"
                    ),
                    parameters,
                )
                .await?;
            let is_last = found.rows.len() < most;
            from = found.rows.last().and_then(|row| row.first()).cloned();
            for row in found.rows {
                let message = readable(row, row::message);
                messages += usize::from(message.is_ok());
                read.push(message);
                if messages == most {
                    return Ok(read);
                }
            }
            if is_last {
                return Ok(read);
            }
        }
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
        let mut parameters = vec![("id", id_value(id))];
        parameters.extend(row::picture_parameters(Some(picture)));
        let set = row::picture_assignments();
        self.execute(
            &format!(
                "UPDATE message SET {set} \
                 WHERE id = :id AND status = 'posted' AND picture_format IS NULL"
            ),
            parameters,
        )
        .await
        .map(|_| ())
    }

    /// Takes everything out of a message but its id, which stays as long as its idempotency key must, and its
    /// picture's format: should a picture be put once more by a repeat that comes late, it goes with the row.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn make_tombstone(&self, id: MessageId) -> Result<(), StoreError> {
        let blank = row::tombstone_assignments();
        self.execute(
            &format!("UPDATE message SET {blank} WHERE id = :id"),
            vec![("id", id_value(id))],
        )
        .await
        .map(|_| ())
    }

    pub(crate) async fn execute(
        &self,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Executed, StoreError> {
        self.database
            .execute(self.deadline, statement, parameters)
            .await
    }
}
