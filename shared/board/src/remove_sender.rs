//! Removing what a sender posted, and refusing the sender.

use std::time::SystemTime;

use domain::{MessageId, Name, Sender};
use futures_util::future::join_all;
use store::{Entry, Mark, Post, Status};

use crate::error::Error;
use crate::moderate::AT_ONCE;
use crate::protocol::Protocol;

impl Protocol<'_> {
    /// Takes down or rejects what the sender of a message posted that day, refuses that sender, and says how many messages
    /// went. What a call did not get to in time, the next one goes on with, or a later post.
    ///
    /// # Errors
    /// As for [`Self::take_down`].
    pub async fn remove_sender(&self, id: MessageId) -> Result<usize, Error> {
        let Some(sender) = self.store.sender_of(id).await? else {
            // Who sent the message is not known, or not any more: the message alone is removed.
            match self.take_down(id).await {
                Err(Error::Conflict) => self.reject(id).await?,
                done => done?,
            }
            return Ok(1);
        };
        self.change(self.steps_of_a_removal(&sender)).await
    }

    /// Lets the sender of a message post again, and says whether the sender was refused.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the sender is not known, or where the ledger fails.
    pub async fn let_in(&self, id: MessageId) -> Result<bool, Error> {
        Ok(self.store.let_in(&self.known_sender(id).await?).await?)
    }

    /// Lets the sender of a message post no more that day; what there is of the sender stays.
    ///
    /// # Errors
    /// As for [`Self::let_in`].
    pub async fn refuse(&self, id: MessageId) -> Result<(), Error> {
        Ok(self.store.refuse(&self.known_sender(id).await?).await?)
    }

    async fn known_sender(&self, id: MessageId) -> Result<Sender, Error> {
        self.store.sender_of(id).await?.ok_or(Error::NotFound)
    }

    async fn steps_of_a_removal(&self, sender: &Sender) -> Result<usize, Error> {
        // The sender is refused first, which inserts look at: so no further message comes in.
        self.store.refuse(sender).await?;
        let (mut removed, mut after) = (0, None);
        loop {
            let posts = self.store.present_of(sender, after).await?;
            let Some(last) = posts.last() else {
                return Ok(removed);
            };
            after = Some(last.name.id);
            let (posted, others): (Vec<&Post>, Vec<&Post>) =
                posts.iter().partition(|post| post.status == Status::Posted);
            let names: Vec<_> = posted.iter().map(|post| post.name).collect();
            let now = SystemTime::now();
            let marked = self.store.mark_all(&names, Mark::Removing, now).await?;
            // Where fewer were marked, it is not known which ones: then each row is read.
            let is_marked = marked == names.len();
            let posts = posted.into_iter().map(|post| (post, is_marked));
            let posts = posts.chain(others.into_iter().map(|post| (post, false)));
            let posts: Vec<_> = posts.collect();
            for some in posts.chunks(AT_ONCE) {
                let gone = some
                    .iter()
                    .map(|(post, is_marked)| self.remove_post(post, *is_marked));
                for gone in join_all(gone).await {
                    removed += usize::from(gone?);
                }
            }
        }
    }

    /// Removes a message of a sender, and says whether it went. What somebody restored meanwhile stays.
    async fn remove_post(&self, post: &Post, is_marked: bool) -> Result<bool, Error> {
        let (name, seen) = (post.name, post.status);
        let gone = match seen {
            Status::Posted if is_marked => self.finish_taking_down(name, post.picture, None).await,
            // An earlier release may have deleted the row after the message was published.
            Status::Deleted => self.steps_of_a_delete_for_good(name.id).await,
            _ => self.remove_as_it_is(name).await,
        };
        match gone {
            Ok(()) => Ok(true),
            Err(Error::NotFound | Error::Conflict | Error::Deleted) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a message of this generation, whatever became of it since it was seen.
    async fn remove_as_it_is(&self, name: Name) -> Result<(), Error> {
        let now = self.row_of(name).await?;
        let mark = match now.status {
            Status::Posted => Mark::Removing,
            Status::Held => Mark::Rejected,
            // Most of the others are about to be published, or being deleted.
            _ => return self.take_down_instead(name.id, now).await,
        };
        // Whether this call marked the row, an earlier try or another request: the row says what became of the message.
        self.store.mark(name, mark, SystemTime::now()).await?;
        let now = self.row_of(name).await?;
        if now.status == Status::Rejected {
            return Ok(());
        }
        self.take_down_instead(name.id, now).await
    }

    async fn row_of(&self, name: Name) -> Result<Entry, Error> {
        let row = self.store.entry(name.id).await?.ok_or(Error::NotFound)?;
        let is_same = row.generation == name.generation;
        is_same.then_some(row).ok_or(Error::Conflict)
    }
}
