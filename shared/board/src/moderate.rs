//! What moderators decide on a message that is not on the board: approving, rejecting, restoring.
//!
//! A decision is first made of the first generation, without knowing the row, which is read at the same time: most
//! messages were never restored. Where that misses, what was read decides, once; where that misses, too, somebody else
//! decided meanwhile, and the row says whether on the same.

use std::time::SystemTime;

use bytes::Bytes;
use domain::{Format, MessageId, ModeratorName, Name};
use futures_util::future::{join_all, try_join_all};
use media::{BucketError, HeldPicture};
use store::{Act, Action, Entry, Mark, Status, Subject};

use crate::error::Error;
use crate::logged::is_undone;
use crate::protocol::Protocol;
use crate::publish_from_copy::{copy_held, named};

/// How many messages are decided on at the same time.
pub(crate) const AT_ONCE: usize = 8;

/// What a moderator decides on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// See [`Protocol::approve`].
    Approve,
    /// See [`Protocol::reject`].
    Reject,
    /// See [`Protocol::restore`].
    Restore,
}

impl Decision {
    fn action(self) -> Action {
        match self {
            Self::Approve => Action::Approve,
            Self::Reject => Action::Reject,
            Self::Restore => Action::Restore,
        }
    }
}

/// What became of a decision.
pub(crate) enum Decided {
    /// It is made: of the message of this name, and this is its row.
    Made(Name, Entry),
    /// It is not made: this was seen before, and this is there now.
    Missed(Entry, Entry),
}

/// A picture whose format is not known, as it was found by asking for each format.
pub(crate) type Guessed = Result<Option<Bytes>, BucketError>;

impl Protocol<'_> {
    /// Decides the same on several messages, and says what became of each. Beside it, the log is told who decides.
    pub async fn decide_all(
        &self,
        decision: Decision,
        moderator: Option<ModeratorName>,
        ids: &[MessageId],
    ) -> Vec<(MessageId, Result<(), Error>)> {
        let act = Act {
            moderator,
            action: decision.action(),
            subject: Subject::Messages(ids.to_vec()),
        };
        let decided = self.decide_on_each(decision, ids);
        let (logged, decided) = tokio::join!(self.store.log(&act), decided);
        let is_undone = |place: usize| is_undone(&decided[place].1);
        self.take_out(logged, is_undone).await;
        decided
    }

    async fn decide_on_each(
        &self,
        decision: Decision,
        ids: &[MessageId],
    ) -> Vec<(MessageId, Result<(), Error>)> {
        let mut decided = Vec::new();
        for ids in ids.chunks(AT_ONCE) {
            let some = ids.iter().map(|id| async {
                let done = match decision {
                    Decision::Approve => self.approve(*id).await,
                    Decision::Reject => self.reject(*id).await,
                    Decision::Restore => self.restore(*id).await,
                };
                (*id, done)
            });
            decided.extend(join_all(some).await);
        }
        decided
    }

    /// Has a held message be published.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] where somebody decided otherwise, [`Error::Deleted`] where its picture is
    /// lost, or where the ledger or the bucket fails.
    pub async fn approve(&self, id: MessageId) -> Result<(), Error> {
        self.change(self.steps_of_an_approval(id)).await
    }

    async fn steps_of_an_approval(&self, id: MessageId) -> Result<(), Error> {
        let copy = self.guess(move |format| {
            let held = HeldPicture::Waiting(id);
            self.bucket.held_picture(held, format)
        });
        let (decided, copy) = tokio::join!(self.decide(id, Mark::Approved), copy);
        match decided? {
            Decided::Made(name, entry) => {
                let message = named(entry, name)?;
                self.publish_from_copy(Status::Approved, &message, copy?)
                    .await
            }
            Decided::Missed(_, now) => match now.status {
                Status::Approved => self.finish_publishing(id, now).await,
                Status::Posted => Ok(()),
                status => Err(missed(status)),
            },
        }
    }

    /// Keeps a held message from being published; that can be undone for 24 hours.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] where somebody decided otherwise, or where the ledger fails.
    pub async fn reject(&self, id: MessageId) -> Result<(), Error> {
        match self.decide(id, Mark::Rejected).await? {
            Decided::Made(..) => Ok(()),
            Decided::Missed(_, now) => match now.status {
                Status::Rejected => Ok(()),
                status => Err(missed(status)),
            },
        }
    }

    /// Has a message be published again that was taken down, or be held again that was rejected.
    ///
    /// # Errors
    /// As for [`Self::approve`].
    pub async fn restore(&self, id: MessageId) -> Result<(), Error> {
        self.change(self.steps_of_a_restoration(id)).await
    }

    async fn steps_of_a_restoration(&self, id: MessageId) -> Result<(), Error> {
        let copy = self.guess(move |format| {
            let held = HeldPicture::Removed(id.into());
            self.bucket.held_picture(held, format)
        });
        let (decided, copy) = tokio::join!(self.decide(id, Mark::Restored), copy);
        let (seen, now) = match decided? {
            Decided::Made(name, entry) => {
                let copy = if name.generation == 1 { copy? } else { None };
                return self
                    .publish_from_copy(Status::Restored, &named(entry, name)?, copy)
                    .await;
            }
            Decided::Missed(seen, now) => (seen, now),
        };
        let name = Name {
            id,
            generation: now.generation,
        };
        match now.status {
            // Another moderator restored the message, or an earlier try did.
            Status::Restored => self.finish_publishing(id, now).await,
            Status::Posted | Status::Held if now.generation > 0 => Ok(()),
            Status::Rejected if seen.generation == now.generation => {
                let mark = self.store.mark(name, Mark::HeldAgain, SystemTime::now());
                if mark.await? {
                    return Ok(());
                }
                let after = self.store.entry(id).await?;
                let is_held = after.is_some_and(|after| after.status == Status::Held);
                is_held.then_some(()).ok_or(Error::Conflict)
            }
            Status::Removing if seen.generation == now.generation => {
                self.finish_taking_down(name, now.picture, None).await?;
                let mark = self.store.mark(name, Mark::Restored, SystemTime::now());
                let is_mine = mark.await?;
                let now = self.store.entry(id).await?.ok_or(Error::NotFound)?;
                let restored = name.generation + Mark::Restored.raises();
                match now.status {
                    Status::Restored if now.generation == restored => {
                        self.finish_publishing(id, now).await
                    }
                    // Another moderator restored the message at the same time.
                    Status::Posted if now.generation == restored && !is_mine => Ok(()),
                    status => Err(missed(status)),
                }
            }
            status => Err(missed(status)),
        }
    }

    /// The picture of a message that waits for a moderator, was rejected or was taken down.
    ///
    /// # Errors
    /// [`Error::NotFound`], or where the ledger or the bucket fails.
    pub async fn held_picture(&self, id: MessageId) -> Result<(Format, Bytes), Error> {
        let row = self.store.entry(id).await?.ok_or(Error::NotFound)?;
        let name = Name {
            id,
            generation: row.generation,
        };
        let held = match row.status {
            Status::Removing | Status::Removed => HeldPicture::Removed(name),
            status => copy_held(status, name),
        };
        let format = row.picture.ok_or(Error::NotFound)?;
        let found = self.bucket.held_picture(held, format);
        let found = self.deadline.bucket(found).await?;
        Ok((format, found.ok_or(Error::NotFound)?))
    }

    /// Makes a decision, first of the first generation and then of what is seen.
    pub(crate) async fn decide(&self, id: MessageId, mark: Mark) -> Result<Decided, Error> {
        let first = self.store.mark(id, mark, SystemTime::now());
        let (made, seen) = tokio::join!(first, self.store.entry(id));
        let (made, seen) = (made?, seen?.ok_or(Error::NotFound)?);
        let made_of = |generation: u32| Name {
            id,
            generation: generation + mark.raises(),
        };
        if made {
            return Ok(Decided::Made(made_of(0), seen));
        }
        let name = Name {
            id,
            generation: seen.generation,
        };
        if !mark.is_made_from(seen.status) {
            let now = seen.clone();
            return Ok(Decided::Missed(seen, now));
        }
        if self.store.mark(name, mark, SystemTime::now()).await? {
            return Ok(Decided::Made(made_of(seen.generation), seen));
        }
        let now = self.store.entry(id).await?.ok_or(Error::NotFound)?;
        Ok(Decided::Missed(seen, now))
    }

    /// A picture of a message of which the row is only being read: its format is not known yet, so all are asked for.
    pub(crate) async fn guess<F>(&self, read: impl Fn(Format) -> F) -> Guessed
    where
        F: Future<Output = Result<Option<Bytes>, BucketError>>,
    {
        let read = Format::ALL.map(|format| self.deadline.bucket(read(format)));
        let found = try_join_all(read).await?;
        Ok(found.into_iter().flatten().next())
    }
}

/// Why a decision was not made of a message of this status.
pub(crate) fn missed(status: Status) -> Error {
    match status {
        Status::Deleting
        | Status::Deleted
        | Status::Pending
        | Status::Arriving
        | Status::Clearing => Error::NotFound,
        _ => Error::Conflict,
    }
}
