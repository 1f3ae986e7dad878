//! Publishing what a moderator approved or restored, of its copy: picture, object, row marked.

use std::time::SystemTime;

use bytes::Bytes;
use domain::{Format, Message, MessageId, Name};
use media::HeldPicture;
use store::{Entry, Mark, Status, StoreError};

use crate::error::Error;
use crate::protocol::Protocol;

impl Protocol<'_> {
    /// Publishes a message that somebody approved or restored, as its row says.
    pub(crate) async fn finish_publishing(&self, id: MessageId, row: Entry) -> Result<(), Error> {
        let status = row.status;
        let name = Name {
            id,
            generation: row.generation,
        };
        self.publish_from_copy(status, &named(row, name)?, None)
            .await
    }

    /// Publishes an approved or restored message: puts picture and object, marks the row. `copy` is its picture, where
    /// that is known; a copy that was not found before the row was marked may be there now, and is read again.
    pub(crate) async fn publish_from_copy(
        &self,
        status: Status,
        message: &Message,
        copy: Option<Bytes>,
    ) -> Result<(), Error> {
        let name = message.name();
        let format = message.picture.as_ref().map(|picture| picture.format);
        if let Some(format) = format {
            let copy = if copy.is_some() {
                copy
            } else {
                let held = self.bucket.held_picture(copy_held(status, name), format);
                self.deadline.bucket(held).await?
            };
            if let Some(copy) = copy {
                let put = self.bucket.put_picture(name, format, copy);
                self.deadline.bucket(put).await?;
            } else {
                // Another request has published the picture and removed the copy, or the copy is lost.
                let there = self.bucket.has_picture(name, format);
                if !self.deadline.bucket(there).await? {
                    return self.give_up(name, format).await;
                }
            }
        }
        self.publish(message).await?;
        let mark = self.store.mark(name, Mark::Published, SystemTime::now());
        let (marked, ()) = tokio::join!(mark, self.remove_copies(status, name, format));
        if marked? {
            return Ok(());
        }
        self.require_posted(name).await
    }

    /// Gives an approved or restored message up whose picture is lost, and deletes it.
    async fn give_up(&self, name: Name, format: Format) -> Result<(), Error> {
        let mark = self.store.mark(name, Mark::Lost, SystemTime::now());
        if !mark.await? {
            return self.require_posted(name).await;
        }
        self.finish_deleting(name, Some(format)).await?;
        Err(Error::Deleted)
    }

    async fn require_posted(&self, name: Name) -> Result<(), Error> {
        let now = self.store.entry(name.id).await?;
        let is_posted =
            |now: Entry| now.status == Status::Posted && now.generation == name.generation;
        now.is_some_and(is_posted)
            .then_some(())
            .ok_or(Error::Conflict)
    }

    /// Removes what a message was published from. Where that fails, its delete does it, or a rule of the bucket.
    async fn remove_copies(&self, status: Status, name: Name, picture: Option<Format>) {
        let removed = async {
            match (copy_held(status, name), picture) {
                (HeldPicture::Waiting(id), _) => self.bucket.remove_waiting(id, picture).await,
                (HeldPicture::Removed(name), Some(format)) => {
                    self.bucket.remove_copy(name, format).await
                }
                (HeldPicture::Removed(_), None) => Ok(()),
            }
        };
        if let Err(cause) = self.deadline.bucket(removed).await {
            tracing::warn!(%name, %cause, "what a message was published from could not be removed");
        }
    }
}

/// Where the copy is from which the picture of this name is published.
pub(crate) fn copy_held(status: Status, name: Name) -> HeldPicture {
    match status {
        Status::Restored => HeldPicture::Removed(Name {
            generation: name.generation.saturating_sub(1),
            ..name
        }),
        _ => HeldPicture::Waiting(name.id),
    }
}

/// The message of a row, which is to be published under this name.
pub(crate) fn named(row: Entry, name: Name) -> Result<Message, Error> {
    match row.message {
        Some(message) => Ok(Message {
            generation: name.generation,
            ..message
        }),
        // The message's author deleted it meanwhile.
        None if row.status == Status::Deleted => Err(Error::Conflict),
        None => Err(StoreError::Fault("a message to be published cannot be read".into()).into()),
    }
}
