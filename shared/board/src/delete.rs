//! Deleting: row marked, object and picture overwritten, row made a tombstone.

use std::time::SystemTime;

use domain::{Format, MessageId};
use futures_util::future::{join_all, try_join_all};
use store::{Entry, Mark, Post, Status};

use crate::error::Error;
use crate::protocol::Protocol;
use crate::published;

impl Protocol<'_> {
    /// Deletes a message and its picture.
    ///
    /// # Errors
    /// [`Error::NotFound`], or where the ledger or the bucket fails.
    pub async fn delete(&self, id: MessageId) -> Result<(), Error> {
        self.change(self.delete_marked(id, Mark::Deleting)).await
    }

    /// A moderator's delete: also of what is being cleared away, and of a message or a picture that has no row.
    ///
    /// # Errors
    /// As for [`Self::delete`].
    pub async fn delete_for_good(&self, id: MessageId) -> Result<(), Error> {
        self.change(async {
            match self.delete_marked(id, Mark::DeletingForGood).await {
                Err(Error::NotFound) => self.delete_without_row(id).await,
                done => done,
            }
        })
        .await
    }

    async fn delete_marked(&self, id: MessageId, mark: Mark) -> Result<(), Error> {
        if !self.store.mark(id, mark, SystemTime::now()).await? {
            // By an earlier try, or not at all.
            match self.store.entry(id).await? {
                Some(Entry {
                    status: Status::Deleting,
                    picture,
                    ..
                }) => return self.finish_deleting(id, picture).await,
                _ => return Err(Error::NotFound),
            }
        }
        // The row is read while the object is overwritten.
        let overwritten = self.deadline.bucket(self.bucket.overwrite_message(id));
        let (overwritten, entry) = tokio::join!(overwritten, self.store.entry(id));
        overwritten?;
        let picture = entry?.and_then(|entry| entry.picture);
        self.overwrite_picture(id, picture).await?;
        self.mark_deleted(id, picture).await
    }

    /// Deletes what is marked.
    pub(crate) async fn finish_deleting(
        &self,
        id: MessageId,
        picture: Option<Format>,
    ) -> Result<(), Error> {
        self.overwrite(id, picture).await?;
        self.mark_deleted(id, picture).await
    }

    /// A message gets a row first, so that its delete is finished like any other, whoever dies.
    async fn delete_without_row(&self, id: MessageId) -> Result<(), Error> {
        let found = self.deadline.bucket(self.bucket.message(id)).await?;
        if let Some((body, _)) = &found
            && let Some(message) = published::message(id, body)
        {
            let now = SystemTime::now();
            self.store.insert(&message, None, None, now).await?;
            return self.delete_marked(id, Mark::DeletingForGood).await;
        }
        let there = match found {
            Some(_) => Some(true),
            None => self.deadline.bucket(self.bucket.has_message(id)).await?,
        };
        // A tombstone's object stays for those who come late.
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
            async move { tokio::join!(removed, self.remove_small(id, Some(format))).0 }
        });
        try_join_all(pictures).await?;
        // The object goes last: it is by what a later call finds that there is something to delete.
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

    /// Removes what the sender of a message posted that day, refuses that sender, and says how many messages
    /// went. What a call did not get to in time, the next one goes on with, or a later post.
    ///
    /// # Errors
    /// As for [`Self::delete`].
    pub async fn remove_sender(&self, id: MessageId) -> Result<usize, Error> {
        self.change(self.steps_of_a_removal(id)).await
    }

    async fn steps_of_a_removal(&self, id: MessageId) -> Result<usize, Error> {
        let Some(sender) = self.store.sender_of(id).await? else {
            // Not known any more, or never; the message itself may be.
            self.delete_for_good(id).await?;
            return Ok(1);
        };
        // First, so that nothing comes in behind: an insert looks at it.
        self.store.refuse(&sender).await?;
        let now = SystemTime::now();
        self.store.begin_deleting_of(&sender, now).await?;
        let mut removed = 0;
        loop {
            let posts = self.store.deleting_of(&sender).await?;
            if posts.is_empty() {
                return Ok(removed);
            }
            let overwritten = posts.iter().map(|post| {
                let Post { id, picture } = *post;
                self.overwrite(id, picture)
            });
            try_join_all(overwritten).await?;
            let small = posts
                .iter()
                .map(|post| self.remove_small(post.id, post.picture));
            let marked = self.store.mark_deleted(&posts, SystemTime::now());
            let (marked, _) = tokio::join!(marked, join_all(small));
            marked?;
            removed += posts.len();
        }
    }
}
