use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::messages::{MESSAGES_AT_ONCE, Store};
use crate::row::{self, Columns, id_value, readable};
use crate::sql::{Row, StoreError, Value, milliseconds};
use crate::status::{Mark, Status};
use crate::waiting::{ReviewedMessage, reviewed};
use domain::{Format, MessageId, Name, Sender};

/// How many posts of one sender are looked at together.
const POSTS_AT_ONCE: u32 = 50;

/// The table, for statements about one sender. MySQL's optimiser, left alone, may read half of the table. To `SQLite`,
/// which chooses the right index by itself, the index is a comment.
const BY_SENDER: &str = "message /*!40101 FORCE INDEX (message_by_sender) */";

/// A message of a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post {
    /// Its id and generation.
    pub name: Name,
    /// What is intended with it.
    pub status: Status,
    /// The picture that may be in the bucket.
    pub picture: Option<Format>,
}

/// What removing a sender removes: all that it has on the board, is about to have, or has waiting.
const REMOVED: &str = "sender = :sender AND status IN \
    ('posted', 'pending', 'arriving', 'held', 'approved', 'restored')";
/// What a sender has in the ledger: what [`REMOVED`] names, what other requests have begun to remove, and tombstones of
/// an earlier release, which published nothing.
const PRESENT: &str = "sender = :sender AND (status IN ('posted', 'pending', 'arriving', 'held', 'approved', \
    'restored', 'clearing', 'deleting', 'removing') \
    OR (status = 'deleted' AND cleared_at IS NULL AND (since IS NULL OR since = 0)))";
/// What moderators are shown of a sender beside the message that they judge.
const SHOWN: &str =
    "sender = :sender AND id <> :id AND status IN ('posted', 'held', 'rejected', 'removed')";
/// How many of these messages are shown.
const SHOWN_AT_ONCE: u32 = 20;

/// How many of a sender's names are told.
const NAMES: u32 = 20;

/// What a sender has on the board or is about to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many messages.
    pub messages: u64,
    /// How many of them are without a name.
    pub anonymous: u64,
    /// The names of the others, the most frequent first, 20 at most.
    pub authors: Vec<String>,
    /// How many further names there are.
    pub other_authors: u64,
    /// The first of the messages.
    pub first: Option<MessageId>,
}

impl Summary {
    /// The summary of a single message whose sender is not known, with its author; `None` also where it cannot be read.
    pub fn of(message: MessageId, author: Option<String>) -> Self {
        Self {
            messages: 1,
            anonymous: u64::from(author.is_none()),
            authors: author.into_iter().collect(),
            other_authors: 0,
            first: Some(message),
        }
    }
}

impl Store {
    /// Who posted a message, as long as that is known; also one that was deleted.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sender_of(&self, id: MessageId) -> Result<Option<Sender>, StoreError> {
        let found = self
            .execute(
                "SELECT sender FROM message WHERE id = :id",
                vec![("id", id_value(id))],
            )
            .await?;
        let Some(row) = found.rows.into_iter().next() else {
            return Ok(None);
        };
        Ok(Columns::of(row).text_or_null()?.map(Sender::stored))
    }

    /// Lets a sender post no more.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn refuse(&self, sender: &Sender) -> Result<(), StoreError> {
        let id = || vec![("id", sender.as_str().into())];
        let inserted = self
            .execute(
                "INSERT INTO sender (id, since, posts, refused) VALUES (:id, 0, 0, 1)",
                id(),
            )
            .await;
        match inserted {
            Ok(_) => Ok(()),
            Err(StoreError::Duplicate) => self
                .execute("UPDATE sender SET refused = 1 WHERE id = :id", id())
                .await
                .map(|_| ()),
            Err(error) => Err(error),
        }
    }

    /// Lets a sender post again, and says whether it was refused.
    ///
    /// # Errors
    /// Where the database fails; the sender may be let in all the same.
    pub async fn let_in(&self, sender: &Sender) -> Result<bool, StoreError> {
        let let_in = "UPDATE sender SET refused = 0 WHERE id = :id AND refused = 1";
        let id = vec![("id", sender.as_str().into())];
        Ok(self.execute(let_in, id).await?.affected > 0)
    }

    /// Of each sender that is refused today, the newest message, by which it can be let in again: at most `limit`, the newest
    /// first, older than `after` where one is given; and the id after which to go on, unless these are the last.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn refused(
        &self,
        limit: u32,
        after: Option<MessageId>,
        now: SystemTime,
    ) -> Result<(Vec<MessageId>, Option<MessageId>), StoreError> {
        let limit = limit.min(MESSAGES_AT_ONCE - 1);
        let mut parameters = vec![("today", Sender::today_from(now).as_str().into())];
        let older = if let Some(after) = after {
            parameters.push(("after", id_value(after)));
            "HAVING MAX(message.id) < :after "
        } else {
            ""
        };
        // One row more than the limit tells whether there are others.
        let read = limit + 1;
        let found = self
            .execute(
                &format!(
                    "SELECT MAX(message.id) FROM sender INNER JOIN message ON message.sender = sender.id \
                     WHERE sender.refused = 1 AND sender.id >= :today GROUP BY sender.id {older}\
                     ORDER BY 1 DESC LIMIT {read}"
                ),
                parameters,
            )
            .await?;
        let id = |row| readable(row, Columns::parsed).ok();
        Ok(row::page(found.rows, limit, id))
    }

    /// How many senders are refused today that can be let in again, 1,000 at most.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_refused(&self, now: SystemTime) -> Result<u64, StoreError> {
        let ids = "SELECT id FROM sender WHERE refused = 1 AND id >= :today \
                   AND EXISTS (SELECT 1 FROM message WHERE message.sender = sender.id)";
        let today = Sender::today_from(now).as_str().into();
        self.count_ids(ids, vec![("today", today)]).await
    }

    /// What the sender of a message posted that day beside it, and moderators may see: the newest first, 20 at most. Rows that
    /// cannot be read are passed over.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn others_of(
        &self,
        sender: &Sender,
        id: MessageId,
    ) -> Result<Vec<ReviewedMessage>, StoreError> {
        let columns = row::columns("");
        let found = self
            .execute(
                &format!(
                    "SELECT id, status, since, {columns} FROM {BY_SENDER} WHERE {SHOWN} \
                     ORDER BY id DESC LIMIT {SHOWN_AT_ONCE}"
                ),
                vec![("sender", sender.as_str().into()), ("id", id_value(id))],
            )
            .await?;
        Ok(found.rows.into_iter().filter_map(reviewed).collect())
    }

    /// What removing a sender would remove now.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn summary_of(&self, sender: &Sender) -> Result<Summary, StoreError> {
        let sender = || vec![("sender", sender.as_str().into())];
        let found = self
            .execute(
                &format!(
                    "SELECT author FROM {BY_SENDER} WHERE {REMOVED} AND author IS NOT NULL \
                     GROUP BY author ORDER BY COUNT(*) DESC, MIN(id) LIMIT {NAMES}"
                ),
                sender(),
            )
            .await?;
        let name = |row| Columns::of(row).parsed();
        let authors: Vec<_> = found.rows.into_iter().map(name).collect::<Result<_, _>>()?;
        let counted = self
            .execute(
                &format!(
                    "SELECT COUNT(*), COUNT(*) - COUNT(author), COUNT(DISTINCT author), MIN(id) \
                     FROM {BY_SENDER} WHERE {REMOVED}"
                ),
                sender(),
            )
            .await?;
        let mut columns = Columns::of(counted.rows.into_iter().next().unwrap_or_default());
        let (messages, anonymous) = (columns.number()?, columns.number()?);
        let names: u64 = columns.number()?;
        Ok(Summary {
            messages,
            anonymous,
            // A name that came in between the two statements must not make the difference negative.
            other_authors: names.saturating_sub(authors.len().try_into().unwrap_or(names)),
            authors,
            first: columns.parsed_or_null()?,
        })
    }

    /// Some of what a sender has on the board, is about to have, or has waiting, and of what is leaving: oldest first, all
    /// newer than `after` where one is given; 50 at most.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn present_of(
        &self,
        sender: &Sender,
        after: Option<MessageId>,
    ) -> Result<Vec<Post>, StoreError> {
        let mut parameters = vec![("sender", sender.as_str().into())];
        let newer = if let Some(after) = after {
            parameters.push(("after", id_value(after)));
            " AND id > :after"
        } else {
            ""
        };
        let found = self
            .execute(
                &format!(
                    "SELECT id, generation, status, picture_format FROM {BY_SENDER} \
                     WHERE {PRESENT}{newer} ORDER BY id LIMIT {POSTS_AT_ONCE}"
                ),
                parameters,
            )
            .await?;
        Ok(found.rows.into_iter().filter_map(post).collect())
    }

    /// Changes the status of several messages, each of its generation, and says of how many.
    ///
    /// # Errors
    /// Where the database fails; the statuses may be changed all the same.
    pub async fn mark_all(
        &self,
        names: &[Name],
        mark: Mark,
        now: SystemTime,
    ) -> Result<usize, StoreError> {
        let mut generations = BTreeMap::<_, Vec<_>>::new();
        for Name { id, generation } in names {
            generations
                .entry(*generation)
                .or_default()
                .push(format!("'{id}'"));
        }
        // The numbers and ids can stand in the SQL as they are: ids are letters and digits.
        let which: Vec<_> = generations
            .into_iter()
            .map(|(generation, ids)| {
                let ids = ids.join(", ");
                format!("(generation = {generation} AND id IN ({ids}))")
            })
            .collect();
        if which.is_empty() {
            return Ok(0);
        }
        let (set, condition, which) = (mark.assignments(), mark.condition(), which.join(" OR "));
        let marked = self
            .execute(
                &format!("UPDATE message SET {set}, since = :now WHERE ({which}) AND {condition}"),
                vec![("now", Value::Integer(milliseconds(now)))],
            )
            .await?;
        Ok(usize::try_from(marked.affected).unwrap_or(usize::MAX))
    }
}

fn post(row: Row) -> Option<Post> {
    readable(row, |columns| {
        let (id, generation) = (columns.parsed()?, columns.number()?);
        Ok(Post {
            name: Name { id, generation },
            status: columns.parsed()?,
            picture: columns.format_or_none(),
        })
    })
    .ok()
}
