//! Importing a message under the id that it had elsewhere: row, picture, row made visible, as every post.

use std::time::Duration;

use domain::{Message, MessageId, MessageText, NewMessage};
use store::Status;
use tokio::time::sleep;

use crate::error::Error;
use crate::post::CLEARING_UP;
use crate::protocol::Protocol;

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
    /// Another run imports the message at the same time.
    Overtaken,
}

impl Protocol<'_> {
    /// Imports a message. What a run that was killed left of it is cleared up first; if that run is alive after all,
    /// it can no longer post the message. The front page is not brought up to date: whoever imports does that once.
    ///
    /// # Errors
    /// Where the ledger or the bucket fails; the import can be repeated.
    pub async fn import(&self, id: MessageId, new: &NewMessage) -> Result<Imported, Error> {
        if let Some(found) = self.store.find(id).await? {
            return self.complete(&found, new).await;
        }
        if let Some(orphan) = self.store.unposted(id).await? {
            if orphan.status == Status::Deleted || orphan.picture.is_none() {
                return Ok(Imported::Deleted);
            }
            self.store.take_pending(id, MessageId::generate()).await?;
            if let Some(found) = self.store.find(id).await? {
                return self.complete(&found, new).await;
            }
            self.clear(&orphan).await?;
            // A post may be clearing up the same row; a picture that is put too early would go with that row.
            sleep(CLEARING_UP + Duration::from_secs(1)).await;
        }
        let since = MessageId::generate();
        self.store.insert_old(&new.with_id(id), since).await?;
        if let Some(picture) = &new.picture {
            self.put_picture(id, &picture.picture).await?;
            if !self.store.mark_old_posted(id, since).await? {
                return Ok(Imported::Overtaken);
            }
        }
        Ok(Imported::New)
    }

    /// Adds the picture that a message on the board lacks, because it could not be imported the last time.
    async fn complete(&self, found: &Message, new: &NewMessage) -> Result<Imported, Error> {
        let message = new.with_id(found.id);
        // A board of before may have a text whose line breaks would be kept otherwise today.
        let text = MessageText::parse(&found.text);
        if found.author != message.author || text.as_ref() != Ok(&new.text) {
            return Ok(Imported::OtherMessage);
        }
        let (Some(posted), Some(sent)) = (&message.picture, &new.picture) else {
            return Ok(Imported::AlreadyThere);
        };
        match &found.picture {
            Some(other) if other == posted => Ok(Imported::AlreadyThere),
            Some(_) => Ok(Imported::OtherPicture),
            None => {
                self.put_picture(found.id, &sent.picture).await?;
                self.store.add_picture(found.id, posted).await?;
                Ok(Imported::PictureAdded)
            }
        }
    }
}
