//! Clearing up what requests that died, deletes and earlier releases left behind.

use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use domain::{Format, Name};
use futures_util::future::join_all;
use store::{Entry, Leftover, Mark, Status, Todo};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::error::Error;
use crate::protocol::Protocol;

/// How often a process looks for something to clear up.
const LOOK: Duration = Duration::from_mins(1);
/// How many leftovers are cleared up at the same time.
const AT_ONCE: usize = 8;
/// How many messages of an earlier release, which published nothing, are published at a look.
const UNPUBLISHED: u32 = 16;

impl Protocol<'_> {
    /// Clears a few leftovers up, once a minute. What fails here is tried again with a later post.
    pub(crate) async fn clear_up_sometimes(&self) {
        {
            let mut last = self
                .cleared_up
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            if last.is_some_and(|last| now < last + LOOK) {
                return;
            }
            *last = Some(now);
        }
        if let Err(cause) = self.clear_up().await {
            warn!(%cause, "leftovers could not be cleared up");
        }
    }

    /// Clears a few leftovers up, publishes a few messages of an earlier release, which published nothing, and forgets
    /// a few senders and what moderators did long ago.
    ///
    /// # Errors
    /// Where the ledger or the bucket fails; the rest is done by a later call.
    pub async fn clear_up(&self) -> Result<(), Error> {
        let now = SystemTime::now();
        let leftovers = self.store.leftovers(now).await?;
        let deleted = leftovers
            .iter()
            .any(|leftover| leftover.todo == Todo::Remove);
        // These are done before the leftovers, which may take longer than there is time.
        let (published, forgotten, unlogged, removed) = tokio::join!(
            self.publish_some(UNPUBLISHED),
            self.store.forget_senders(now),
            self.store.forget_log(now),
            async {
                if deleted {
                    self.deadline.bucket(self.bucket.remove_newest()).await?;
                }
                Ok::<_, Error>(())
            }
        );
        for leftovers in leftovers.chunks(AT_ONCE) {
            let cleared = leftovers.iter().map(|leftover| self.clear(leftover, now));
            for (leftover, cleared) in leftovers.iter().zip(join_all(cleared).await) {
                // A leftover that fails must not keep the others from being cleared up.
                if let Err(cause) = cleared {
                    warn!(name = %leftover.name, %cause, "a leftover could not be cleared up");
                }
            }
        }
        published?;
        removed?;
        unlogged?;
        Ok(forgotten?)
    }

    async fn clear(&self, leftover: &Leftover, now: SystemTime) -> Result<(), Error> {
        let Leftover {
            name,
            picture,
            todo,
        } = *leftover;
        let id = name.id;
        info!(%name, ?todo, "clearing up");
        match todo {
            Todo::Decide => {
                if self.is_published(name).await? {
                    self.store.mark(name, Mark::Posted, now).await?;
                } else if self.store.begin_clearing(id, now).await? {
                    self.finish_clearing(name, picture).await?;
                }
            }
            Todo::DecideToHold => {
                let there = self.deadline.bucket(self.bucket.has_held_message(id));
                if there.await? {
                    self.store.mark(name, Mark::Held, now).await?;
                } else if self.store.begin_clearing(id, now).await? {
                    self.finish_clearing(name, picture).await?;
                }
            }
            Todo::Publish(status) => {
                let row = self.store.entry(id).await?;
                let is_same =
                    |row: &Entry| row.status == status && row.generation == name.generation;
                if let Some(row) = row.filter(is_same) {
                    self.finish_publishing(id, row).await?;
                }
            }
            Todo::TakeDown => self.finish_taking_down(name, picture, None).await?,
            Todo::Expire(status) => {
                if self.store.mark(name, Mark::Expired(status), now).await? {
                    self.finish_deleting(name, picture).await?;
                }
            }
            Todo::Clear => self.finish_clearing(name, picture).await?,
            Todo::Delete => self.finish_deleting(name, picture).await?,
            Todo::Remove => {
                self.remove(name, picture).await?;
                self.store.mark_cleared(id, now).await?;
            }
            Todo::Forget => {
                // The objects are removed once more, which costs nothing: without the row nobody knows of them any
                // more.
                self.remove(name, picture).await?;
                self.store.remove(id, Status::Deleted).await?;
            }
            Todo::Adopt(mark) => {
                self.store.mark(name, mark, now).await?;
            }
        }
        Ok(())
    }

    /// Removes a message for which no request puts anything any more, and then its row: as long as the row is there,
    /// the message is not forgotten.
    pub(crate) async fn finish_clearing(
        &self,
        name: Name,
        picture: Option<Format>,
    ) -> Result<(), Error> {
        self.remove(name, picture).await?;
        Ok(self.store.remove(name.id, Status::Clearing).await?)
    }
}
