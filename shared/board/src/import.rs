//! Importing a message under the id that it had elsewhere: row, picture, object, row marked, as every post. What waited
//! there for a moderator waits here.

use std::time::SystemTime;

use domain::{Message, MessageId, MessageText, NewMessage, NewPicture};
use media::Put;
use store::{Entry, Mark, Status};

use crate::error::Error;
use crate::protocol::Protocol;
use crate::published;

/// What became of a message that was to be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The message is on the board now, and so is its picture.
    New,
    /// The message was on the board.
    AlreadyThere,
    /// The message was on the board without its picture, which is there now.
    PictureAdded,
    /// The message was on the board with another picture, which stays.
    OtherPicture,
    /// Another message has the id.
    OtherMessage,
    /// The message was deleted from this board.
    Deleted,
    /// The message waits for a moderator of this board, or is about to be published.
    Waiting,
    /// Another run imports the message at the same time.
    Overtaken,
}

impl Protocol<'_> {
    /// Imports a message. What a run that was killed left of it is gone on with.
    ///
    /// # Errors
    /// Where the ledger or the bucket fails; the import can be repeated.
    pub async fn import(&self, id: MessageId, new: &NewMessage) -> Result<Imported, Error> {
        self.change(self.steps_of_an_import(id, new)).await
    }

    /// Imports a message that waits for a moderator. One that is on the board already stays there.
    ///
    /// # Errors
    /// As for [`Self::import`].
    pub async fn import_held(&self, id: MessageId, new: &NewMessage) -> Result<Imported, Error> {
        self.change(self.steps_of_a_held_import(id, new)).await
    }

    async fn steps_of_a_held_import(
        &self,
        id: MessageId,
        new: &NewMessage,
    ) -> Result<Imported, Error> {
        let (message, picture, now) = (new.with_id(id), new.checked_picture(), SystemTime::now());
        let found = match self.store.entry(id).await? {
            None => {
                let (store, status) = (&self.store, Status::Arriving);
                store.insert(&message, status, None, None, now).await?;
                self.finish_holding(&message, picture).await?;
                return Ok(Imported::New);
            }
            Some(Entry {
                status: Status::Clearing,
                ..
            }) => return Ok(Imported::Overtaken),
            Some(found) => found,
        };
        match (found.status, found.message) {
            (
                Status::Deleting
                | Status::Deleted
                | Status::Rejected
                | Status::Removing
                | Status::Removed,
                _,
            ) => Ok(Imported::Deleted),
            (_, None) => Ok(Imported::OtherMessage),
            (_, Some(found)) if !is_same(&found, new) => Ok(Imported::OtherMessage),
            (Status::Arriving, Some(found)) if found.picture == message.picture => {
                if !self.store.mark(id, Mark::TakenToHold, now).await? {
                    return Ok(Imported::Overtaken);
                }
                self.finish_holding(&message, picture).await?;
                Ok(Imported::New)
            }
            (Status::Arriving | Status::Pending | Status::Clearing, Some(_)) => {
                Ok(Imported::Overtaken)
            }
            (Status::Held | Status::Approved | Status::Restored | Status::Posted, Some(_)) => {
                Ok(Imported::AlreadyThere)
            }
        }
    }

    async fn steps_of_an_import(&self, id: MessageId, new: &NewMessage) -> Result<Imported, Error> {
        const TRIES: u32 = 3;
        let message = new.with_id(id);
        let picture = new.checked_picture();
        for _ in 0..TRIES {
            let Some(Entry {
                status,
                message: found,
                picture: format,
                ..
            }) = self.store.entry(id).await?
            else {
                let now = SystemTime::now();
                let (store, status) = (&self.store, Status::Pending);
                store.insert(&message, status, None, None, now).await?;
                self.finish(&message, picture).await?;
                return Ok(Imported::New);
            };
            match (status, found) {
                (
                    Status::Deleting
                    | Status::Deleted
                    | Status::Rejected
                    | Status::Removing
                    | Status::Removed,
                    _,
                ) => return Ok(Imported::Deleted),
                (Status::Clearing, _) => self.finish_clearing(id.into(), format).await?,
                (_, None) => return Ok(Imported::OtherMessage),
                (_, Some(found)) if !is_same(&found, new) => return Ok(Imported::OtherMessage),
                (Status::Posted, Some(found)) => return self.complete(&found, new).await,
                (
                    Status::Arriving | Status::Held | Status::Approved | Status::Restored,
                    Some(_),
                ) => return Ok(Imported::Waiting),
                (Status::Pending, Some(found)) => {
                    if self.take_over(&found, &message).await? {
                        self.finish(&message, picture).await?;
                        self.complete(&message, new).await?;
                        return Ok(Imported::New);
                    }
                }
            }
        }
        Ok(Imported::Overtaken)
    }

    /// Takes over the pending row of a run that was killed, which perhaps had another picture, and says whether the
    /// message is still to be published.
    async fn take_over(&self, found: &Message, message: &Message) -> Result<bool, Error> {
        let (id, picture) = (message.id, message.picture.as_ref());
        let taken = self.store.take_with_picture(id, picture, SystemTime::now());
        if !taken.await? {
            return Ok(false);
        }
        // The picture in the bucket may be another one even where both rows say the same of it.
        if let Some(other) = &found.picture {
            let removed = self.bucket.remove_picture(id, other.format);
            self.deadline.bucket(removed).await?;
        }
        Ok(true)
    }

    /// Adds the picture that a message on the board lacks, because it could not be imported the last time, or because
    /// that run was killed.
    async fn complete(&self, found: &Message, new: &NewMessage) -> Result<Imported, Error> {
        let message = Message {
            generation: found.generation,
            ..new.with_id(found.id)
        };
        let (Some(posted), Some(NewPicture { picture, .. })) = (&message.picture, &new.picture)
        else {
            self.publish_as(found).await?;
            return Ok(Imported::AlreadyThere);
        };
        match &found.picture {
            Some(other) if !other.is(posted) => return Ok(Imported::OtherPicture),
            Some(_) if self.is_published_as(found).await? => return Ok(Imported::AlreadyThere),
            Some(_) => {}
            // The row is changed first: by it a delete knows of the picture.
            None if self.store.add_picture(found.id, posted).await? => {}
            None => return Ok(Imported::Overtaken),
        }
        let (format, bytes) = (picture.format(), picture.bytes().clone());
        let put = self.bucket.put_picture(found.name(), format, bytes);
        self.deadline.bucket(put).await?;
        // Readers see the message as its row says, where the row knows of the picture already.
        let message = found.picture.as_ref().map_or(&message, |_| found);
        self.publish_as(message).await?;
        Ok(Imported::PictureAdded)
    }

    pub(crate) async fn is_published_as(&self, message: &Message) -> Result<bool, Error> {
        let found = self.deadline.bucket(self.bucket.message(message.name()));
        let found = found.await?;
        Ok(found.is_some_and(|(body, _)| {
            published::message(message.name(), &body).as_ref() == Some(message)
        }))
    }

    /// Publishes a message that is on the board as `message` has it, in place of what is published of it.
    pub(crate) async fn publish_as(&self, message: &Message) -> Result<(), Error> {
        let (name, body) = (message.name(), published::body(message)?);
        loop {
            let found = self.deadline.bucket(self.bucket.message(name)).await?;
            let put = match found {
                Some((known, _)) if known == body => return Ok(()),
                Some((_, version)) => {
                    let put = self.bucket.replace_message(name, &version, body.clone());
                    self.deadline.bucket(put).await?
                }
                None => {
                    self.publish(message).await?;
                    // Either the message was published just now, or its object has zero bytes, because a delete is
                    // under way.
                    return Ok(());
                }
            };
            if put != Put::PreconditionFailed {
                return Ok(());
            }
        }
    }
}

/// Whether a message on the board is the one that is to be imported, but for its picture.
fn is_same(found: &Message, new: &NewMessage) -> bool {
    let message = new.with_id(found.id);
    // An earlier release may have kept a text whose line breaks would become others today.
    let text = MessageText::parse(&found.text);
    found.author == message.author && text.as_ref() == Ok(&new.text)
}
