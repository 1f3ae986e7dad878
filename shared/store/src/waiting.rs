//! What moderators are shown: what waits for them, and what they can restore.

use crate::messages::{MESSAGES_AT_ONCE, Store};
use crate::row::{self, Columns, id_value, readable};
use crate::sql::{Parameters, Row, StoreError};
use crate::status::Status;
use domain::{Message, MessageId};

/// Up to which number messages and senders are counted; more are told as this many.
const COUNTED: u32 = 1_000;

/// What moderators decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// What waits to be approved or rejected, oldest first.
    Held,
    /// What was taken down or rejected and can be restored, newest first.
    Removed,
}

impl Waiting {
    fn condition(self) -> &'static str {
        match self {
            Self::Held => "status = 'held'",
            Self::Removed => "status IN ('removed', 'rejected')",
        }
    }
}

/// A message that moderators are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewedMessage {
    /// What is intended with it.
    pub status: Status,
    /// When the message came to have this status, in milliseconds since 1970; `None` where an earlier release set it.
    pub since: Option<i64>,
    /// The message.
    pub message: Message,
}

impl Store {
    /// At most `limit` messages that moderators decide on, from after `after` where one is given; and the id after
    /// which to go on, unless these are the last. Rows that cannot be read are passed over.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn waiting(
        &self,
        waiting: Waiting,
        limit: u32,
        after: Option<MessageId>,
    ) -> Result<(Vec<ReviewedMessage>, Option<MessageId>), StoreError> {
        let (columns, condition) = (row::columns(""), waiting.condition());
        // One row more than the limit tells whether there are others.
        let limit = limit.min(MESSAGES_AT_ONCE - 1);
        let read = limit + 1;
        let (follows, order) = match waiting {
            Waiting::Held => (">", "ASC"),
            Waiting::Removed => ("<", "DESC"),
        };
        let (from, parameters) = match after {
            Some(id) => (
                format!(" AND id {follows} :after"),
                vec![("after", id_value(id))],
            ),
            None => (String::new(), vec![]),
        };
        let found = self
            .execute(
                &format!(
                    "SELECT id, status, since, {columns} FROM message WHERE {condition}{from} \
                     ORDER BY id {order} LIMIT {read}"
                ),
                parameters,
            )
            .await?;
        Ok(row::page(found.rows, limit, reviewed))
    }

    /// How many messages moderators are to decide on, 1,000 at most.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_waiting(&self, waiting: Waiting) -> Result<u64, StoreError> {
        let condition = waiting.condition();
        let ids = format!("SELECT id FROM message WHERE {condition}");
        self.count_ids(&ids, vec![]).await
    }

    /// How many ids a query gives, 1,000 at most.
    pub(crate) async fn count_ids(
        &self,
        ids: &str,
        parameters: Parameters,
    ) -> Result<u64, StoreError> {
        let count = format!("SELECT COUNT(*) FROM ({ids} LIMIT {COUNTED}) AS counted");
        let counted = self.execute(&count, parameters).await?;
        Columns::of(counted.rows.into_iter().next().unwrap_or_default()).number()
    }
}

pub(crate) fn reviewed(row: Row) -> Option<ReviewedMessage> {
    readable(row, |columns| {
        columns.parsed::<MessageId>()?;
        Ok(ReviewedMessage {
            status: columns.parsed()?,
            since: columns.number_or_null()?,
            message: row::message(columns)?,
        })
    })
    .ok()
}
