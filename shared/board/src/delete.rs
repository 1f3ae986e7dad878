//! Deleting: picture, row made a tombstone, picture once more.

use domain::{Format, MessageId};
use store::Post;

use crate::error::Error;
use crate::protocol::Protocol;

impl Protocol<'_> {
    /// Deletes a posted message and its picture.
    ///
    /// # Errors
    /// [`Error::NotFound`], or where the ledger or the bucket fails.
    pub async fn delete(&self, id: MessageId) -> Result<(), Error> {
        self.to_its_end(self.steps_of_a_delete(id)).await
    }

    async fn steps_of_a_delete(&self, id: MessageId) -> Result<(), Error> {
        let found = self.store.find(id);
        let (found, ()) = tokio::join!(found, self.change.announce(self.deadline));
        let message = found?.ok_or(Error::NotFound)?;
        let picture = message.picture.map(|picture| picture.format);
        if let Some(format) = picture {
            self.delete_picture(id, format).await?;
        }
        self.store.make_tombstone(id).await?;
        if let Some(format) = picture {
            self.delete_picture(id, format).await?;
        }
        Ok(())
    }

    /// A moderator's delete: also of a picture that has no message any more.
    ///
    /// # Errors
    /// As for [`Self::delete`].
    pub async fn delete_for_good(&self, id: MessageId) -> Result<(), Error> {
        self.to_its_end(self.steps_for_good(id)).await
    }

    async fn steps_for_good(&self, id: MessageId) -> Result<(), Error> {
        let pictures = Format::ALL.map(|format| (id, format));
        let deleted = self.delete_pictures(&pictures);
        let (deleted, ()) = tokio::join!(deleted, self.change.announce(self.deadline));
        deleted?;
        // Also one whose row cannot be read.
        if !self.store.is_posted(id).await? {
            return Err(Error::NotFound);
        }
        self.store.make_tombstone(id).await?;
        self.delete_pictures(&pictures).await
    }

    /// Removes what the sender of a message posted that day, refuses that sender, and says how many messages
    /// went. What a call did not get to in time, the next one goes on with.
    ///
    /// # Errors
    /// As for [`Self::delete`].
    pub async fn remove_sender(&self, id: MessageId) -> Result<usize, Error> {
        self.to_its_end(self.steps_of_a_removal(id)).await
    }

    async fn steps_of_a_removal(&self, id: MessageId) -> Result<usize, Error> {
        let sender = self.store.sender_of(id);
        let (sender, ()) = tokio::join!(sender, self.change.announce(self.deadline));
        let Some(sender) = sender? else {
            // Not known any more, or never; the message itself may be, even if it cannot be read.
            match self.steps_of_a_delete(id).await {
                Err(Error::NotFound) => self.steps_for_good(id).await?,
                done => done?,
            }
            return Ok(1);
        };
        // First, so that nothing comes in behind: an insert looks at it.
        self.store.refuse(&sender).await?;
        let mut removed = 0;
        loop {
            let posts = self.store.posts_of(&sender).await?;
            let (Some(first), Some(last)) = (posts.first(), posts.last()) else {
                return Ok(removed);
            };
            let (first, last) = (first.id, last.id);
            self.delete_pictures(&pictures_of(&posts)).await?;
            self.store.make_tombstones_of(&sender, first, last).await?;
            // Also of those that came in between meanwhile.
            let blank = self.store.tombstones_of(&sender, first, last).await?;
            self.delete_pictures(&pictures_of(&blank)).await?;
            removed += posts.len();
        }
    }

    async fn delete_pictures(&self, pictures: &[(MessageId, Format)]) -> Result<(), Error> {
        self.deadline
            .bucket(self.bucket.delete_pictures(pictures))
            .await?;
        Ok(())
    }

    pub(crate) async fn delete_picture(&self, id: MessageId, format: Format) -> Result<(), Error> {
        self.deadline
            .bucket(self.bucket.delete_picture(id, format))
            .await?;
        Ok(())
    }
}

fn pictures_of(posts: &[Post]) -> Vec<(MessageId, Format)> {
    let pictures = posts.iter();
    pictures
        .filter_map(|post| Some((post.id, post.picture?)))
        .collect()
}
