//! The order of the steps. The ledger is what is intended, the bucket is what readers see: a message is on the board when
//! its object under `board/messages/` is there.
//!
//! | status | its object and picture | what a later post does with it |
//! |---|---|---|
//! | *pending* | on their way | after 15 minutes: *posted* where the object is there, else *clearing* |
//! | *posted* | there | nothing |
//! | *deleting* | being overwritten by zero bytes | finishes the delete |
//! | *deleted* | zero bytes | removes these after 15 minutes, and the row after 24 hours |
//! | *clearing* | being removed | removes them, and then the row |
//! | *arriving* | none; its copies under `held/` are on their way | after 15 minutes: *held* where the message is there, else *clearing* |
//! | *held* | none; copies under `held/waiting/` | after 30 days deletes it |
//! | *approved*, *restored* | on their way, made of the copies | publishes it |
//! | *rejected* | none; copies under `held/waiting/` | after 24 hours deletes it |
//! | *removing* | being copied and overwritten by zero bytes | takes it down |
//! | *removed* | zero bytes; a copy under `held/removed/` | after 24 hours deletes it |
//!
//! | a request | does, one after the other |
//! |---|---|
//! | posts | counts, inserts the row as *pending*, puts the picture, puts the object, marks *posted*, answers |
//! | repeats a post | is told what became of it; a *pending* row it takes over and goes on as a post |
//! | posts what is to be reviewed | counts, inserts the row as *arriving*, puts picture and message under `held/`, marks *held*, answers |
//! | approves, restores | marks *approved* or *restored*, puts the picture, puts the object, marks *posted* and removes the copies, answers |
//! | rejects | marks *rejected*, answers |
//! | takes down | marks *removing*, copies the picture and overwrites the object, overwrites the picture, marks *removed*, answers |
//! | deletes | marks *deleting*, overwrites the object, overwrites the picture, marks *deleted* and removes its small versions, answers |
//!
//! Why that heals, whoever dies between any two steps and whichever request takes effect late:
//!
//! - Objects and pictures are put with `If-None-Match: *`, and deletes overwrite by zero bytes. So a put that is late
//!   never brings back what was deleted. That something was there already is no proof of one's own success: the row
//!   says what became of the message.
//! - The row is *pending* before anything is put, and *posted* only after the object: nothing in the bucket is without a
//!   row, and what was acknowledged is on the board.
//! - The object is put after its picture and goes before it: nobody sees a message without its picture.
//! - What was taken down is restored under names of the next generation, so that zero bytes that are late hide nothing, and
//!   every decision and mark names the status and the generation that it saw: one that is late hits nothing.
//! - Nothing is put 15 minutes after its row was read, so what is older than that can be removed. Ages count from the
//!   last change of the status, not from the id: a repeat may have taken an old row over.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use domain::{Format, Message, MessageId, Name, Posting};
use futures_util::future::try_join_all;
use media::{Bucket, Put};
use store::{Database, Mark, Store};
use tokio::time::Instant;
use tracing::warn;

use crate::deadline::Deadline;
use crate::error::Error;
use crate::posting::Moderated;
use crate::published;
use crate::reader::{Page, Reader};

/// A board: its ledger, its bucket, and what this process remembers of them.
#[derive(Debug)]
pub struct Board {
    database: Database,
    bucket: Bucket,
    reader: Reader,
    /// When this process cleared up last.
    cleared_up: Mutex<Option<Instant>>,
    pub(crate) posting: Moderated,
}

impl Board {
    /// The board of this database and this bucket.
    pub fn new(database: Database, bucket: Bucket) -> Self {
        Self {
            database,
            reader: Reader::new(bucket.clone()),
            bucket,
            cleared_up: Mutex::default(),
            posting: Moderated::default(),
        }
    }

    /// The ledger, for a request that has time until `deadline`.
    pub fn store(&self, deadline: Deadline) -> Store {
        Store::new(self.database.clone(), deadline.instant())
    }

    /// The media bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// At most `limit` messages, newest first, older than `before` where one is given. The database is not asked.
    ///
    /// # Errors
    /// Where the bucket fails.
    pub async fn page(
        &self,
        limit: u16,
        before: Option<MessageId>,
        deadline: Deadline,
    ) -> Result<Arc<Page>, Error> {
        Ok(deadline.bucket(self.reader.page(limit, before)).await?)
    }

    /// One message. The database is not asked.
    ///
    /// # Errors
    /// [`Error::NotFound`], or where the bucket fails.
    pub async fn message(&self, id: MessageId, deadline: Deadline) -> Result<Message, Error> {
        let message = deadline.bucket(self.reader.message(id)).await?;
        message.ok_or(Error::NotFound)
    }

    /// Whether the board takes new messages: what moderators set, or `most` where that is stricter. The database is not
    /// asked, and the bucket at most every 10 seconds.
    ///
    /// # Errors
    /// Where the bucket fails.
    pub async fn posting(&self, most: Posting, deadline: Deadline) -> Result<Posting, Error> {
        Ok(self.posting.or(most, &self.bucket, deadline).await?)
    }

    /// Sets whether the board takes new messages. Other processes know of it 10 seconds later at most.
    ///
    /// # Errors
    /// Where the bucket fails; it may be set all the same.
    pub async fn set_posting(&self, posting: Posting, deadline: Deadline) -> Result<(), Error> {
        Ok(self.posting.set(posting, &self.bucket, deadline).await?)
    }

    /// The steps that change the board, for a request that has time until `deadline`.
    pub fn protocol(&self, deadline: Deadline) -> Protocol<'_> {
        Protocol {
            store: self.store(deadline),
            bucket: &self.bucket,
            reader: &self.reader,
            cleared_up: &self.cleared_up,
            posting: &self.posting,
            deadline,
        }
    }
}

/// The steps that change a board, for one request.
#[derive(Debug)]
pub struct Protocol<'a> {
    pub(crate) store: Store,
    pub(crate) bucket: &'a Bucket,
    reader: &'a Reader,
    pub(crate) cleared_up: &'a Mutex<Option<Instant>>,
    pub(crate) posting: &'a Moderated,
    pub(crate) deadline: Deadline,
}

impl Protocol<'_> {
    /// Does the steps of a change, after which this process answers nothing that it read before.
    pub(crate) async fn change<T>(&self, steps: impl Future<Output = T>) -> T {
        // Boxed, for the futures are large, and one is in the other.
        let done = Box::pin(steps).await;
        self.reader.forget_pages();
        done
    }

    /// Publishes a message, where it is not published and was not deleted.
    pub(crate) async fn publish(&self, message: &Message) -> Result<Put, Error> {
        let body = published::body(message)?;
        let put = self.bucket.put_message(message.name(), body);
        Ok(self.deadline.bucket(put).await?)
    }

    pub(crate) async fn is_published(&self, name: impl Into<Name>) -> Result<bool, Error> {
        let there = self.bucket.has_message(name);
        Ok(self.deadline.bucket(there).await? == Some(true))
    }

    /// Takes a message that is to leave the board from readers: first the message, then its picture.
    pub(crate) async fn overwrite(&self, name: Name, picture: Option<Format>) -> Result<(), Error> {
        self.deadline
            .bucket(self.bucket.overwrite_message(name))
            .await?;
        self.overwrite_picture(name, picture).await
    }

    pub(crate) async fn overwrite_picture(
        &self,
        name: Name,
        picture: Option<Format>,
    ) -> Result<(), Error> {
        if let Some(format) = picture {
            let overwritten = self.bucket.overwrite_picture(name, format);
            self.deadline.bucket(overwritten).await?;
        }
        Ok(())
    }

    /// Marks a message whose object and picture were overwritten, and beside it removes what was made of the picture and
    /// what is held of the message.
    pub(crate) async fn mark_deleted(
        &self,
        name: Name,
        picture: Option<Format>,
    ) -> Result<(), Error> {
        let mark = self.store.mark(name, Mark::Deleted, SystemTime::now());
        let (marked, (), ()) = tokio::join!(
            mark,
            self.remove_small(name, picture),
            self.remove_held(name, picture)
        );
        marked?;
        Ok(())
    }

    /// Removes what was made of a picture that was overwritten. Where that fails, syncS3Bucket does it.
    pub(crate) async fn remove_small(&self, name: Name, picture: Option<Format>) {
        let Some(format) = picture else { return };
        let key = Bucket::picture_key(name, format);
        let removed = self.deadline.bucket(self.bucket.remove_small(&key));
        if let Err(cause) = removed.await {
            warn!(%name, %cause, "small versions of a picture could not be removed");
        }
    }

    /// Removes what is held of a message that is deleted. Where that fails, a later post does it.
    pub(crate) async fn remove_held(&self, name: Name, picture: Option<Format>) {
        let removed = self.deadline.bucket(self.bucket.remove_held(name, picture));
        if let Err(cause) = removed.await {
            warn!(%name, %cause, "what is held of a message could not be removed");
        }
    }

    /// Removes what is left of a message in the bucket, of this generation and those before: first the pictures and what
    /// is held of it, then the objects.
    pub(crate) async fn remove(&self, name: Name, picture: Option<Format>) -> Result<(), Error> {
        let pictures = name.up_to().filter_map(|name| Some((name, picture?)));
        let pictures = pictures.map(|(name, format)| async move {
            let removed = self.bucket.remove_picture(name, format);
            let removed = self.deadline.bucket(removed);
            tokio::join!(removed, self.remove_small(name, picture)).0
        });
        let held = self.deadline.bucket(self.bucket.remove_held(name, picture));
        let (pictures, held) = tokio::join!(try_join_all(pictures), held);
        pictures?;
        held?;
        let objects = name.up_to().map(|name| self.bucket.remove_message(name));
        let objects = objects.map(|removed| self.deadline.bucket(removed));
        try_join_all(objects).await?;
        Ok(())
    }
}
