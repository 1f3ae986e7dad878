//! Deleting: row marked, object and picture overwritten, row made a tombstone.

use std::time::SystemTime;

use domain::{Format, Message, MessageId, Name};
use futures_util::future::try_join_all;
use store::{Mark, Status};

use crate::error::Error;
use crate::protocol::Protocol;
use crate::published;

impl Protocol<'_> {
    /// Deletes a message and its picture for good, wherever it is.
    ///
    /// # Errors
    /// [`Error::NotFound`], or where the ledger or the bucket fails.
    pub async fn delete(&self, id: MessageId) -> Result<(), Error> {
        self.change(self.delete_marked(id, Mark::Deleting)).await
    }

    /// A moderator's delete for good: also of what is being cleared away, and of a message or a picture that has no row.
    ///
    /// # Errors
    /// As for [`Self::delete`], and [`Error::Conflict`] where the message was restored meanwhile.
    pub async fn delete_for_good(&self, id: MessageId) -> Result<(), Error> {
        self.change(self.steps_of_a_delete_for_good(id)).await
    }

    pub(crate) async fn steps_of_a_delete_for_good(&self, id: MessageId) -> Result<(), Error> {
        match self.delete_marked(id, Mark::DeletingForGood).await {
            Err(Error::NotFound) => self.delete_without_row(id).await,
            done => done,
        }
    }

    async fn delete_marked(&self, id: MessageId, mark: Mark) -> Result<(), Error> {
        // Most messages were never restored, so their rows are not read before.
        let mut name = Name::from(id);
        let mut seen = None;
        while !self.store.mark(name, mark, SystemTime::now()).await? {
            // The row was marked by an earlier try, is of another generation, or cannot be marked at all.
            let entry = self.store.entry(id).await?.ok_or(Error::NotFound)?;
            name.generation = entry.generation;
            if entry.status == Status::Deleting {
                return self.finish_deleting(name, entry.picture).await;
            }
            if !mark.is_made_from(entry.status) {
                return Err(Error::NotFound);
            }
            // An author's delete is for good, whatever others decide meanwhile.
            let is_restored = seen.is_some_and(|seen| seen != entry.generation);
            if is_restored && mark == Mark::DeletingForGood {
                return Err(Error::Conflict);
            }
            seen = Some(entry.generation);
        }
        // The row is read while the object is overwritten.
        let overwritten = self.deadline.bucket(self.bucket.overwrite_message(name));
        let (overwritten, entry) = tokio::join!(overwritten, self.store.entry(id));
        overwritten?;
        let picture = entry?.and_then(|entry| entry.picture);
        self.overwrite_picture(name, picture).await?;
        self.mark_deleted(name, picture).await
    }

    /// Deletes a message whose row is marked.
    pub(crate) async fn finish_deleting(
        &self,
        name: Name,
        picture: Option<Format>,
    ) -> Result<(), Error> {
        self.overwrite(name, picture).await?;
        self.mark_deleted(name, picture).await
    }

    /// The message that is published under an id, of whatever generation.
    pub(crate) async fn published_message(&self, id: MessageId) -> Result<Option<Message>, Error> {
        let found = self.bucket.published_message(id);
        let found = self.deadline.bucket(found).await?;
        Ok(found.and_then(|(name, body, _)| published::message(name, &body)))
    }

    /// Deletes a message that has no row. A published one gets a row first, so that its delete is finished like any
    /// other, whoever dies.
    async fn delete_without_row(&self, id: MessageId) -> Result<(), Error> {
        if let Some(message) = self.published_message(id).await? {
            let (status, now) = (Status::Pending, SystemTime::now());
            let inserted = self.store.insert(&message, status, None, None, now);
            inserted.await?;
            return self.delete_marked(id, Mark::DeletingForGood).await;
        }
        let there = self.deadline.bucket(self.bucket.has_message(id)).await?;
        // The object of zero bytes that belongs to a tombstone stays: a put that is late must find it.
        if self.store.entry(id).await?.is_some() {
            return Err(Error::NotFound);
        }
        if there == Some(true) {
            let overwritten = self.bucket.overwrite_message(id);
            self.deadline.bucket(overwritten).await?;
        }
        let pictures = Format::ALL.map(|format| {
            let removed = self.bucket.remove_picture(id, format);
            let removed = self.deadline.bucket(removed);
            async move { tokio::join!(removed, self.remove_small(id.into(), Some(format))).0 }
        });
        try_join_all(pictures).await?;
        // The object goes last: by the object a later call finds that there is something to delete.
        if there.is_some() {
            let removed = self.bucket.remove_message(id);
            self.deadline.bucket(removed).await?;
        }
        // Whoever restores the ledger may have written the row meanwhile.
        match self.delete_marked(id, Mark::DeletingForGood).await {
            Err(Error::NotFound) if there == Some(true) => Ok(()),
            done => done,
        }
    }
}
