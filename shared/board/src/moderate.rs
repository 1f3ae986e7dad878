//! What moderators decide: approving, rejecting, taking down, restoring.
//!
//! A decision is first made of the first generation, without knowing the row, which is read at the same time: most
//! messages were never restored. Where that misses, what was read decides, once; where that misses, too, somebody else
//! decided meanwhile, and the row says whether on the same.

use std::time::SystemTime;

use bytes::Bytes;
use domain::{Format, Message, MessageId, Name, Sender};
use futures_util::future::{join_all, try_join_all};
use media::{BucketError, HeldPicture};
use store::{Entry, Mark, Post, Status, StoreError};

use crate::error::Error;
use crate::protocol::Protocol;

/// How many messages are decided on at the same time.
const AT_ONCE: usize = 8;

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

/// What became of a decision.
enum Decided {
    /// It is made: of the message of this name, and this is its row.
    Made(Name, Entry),
    /// It is not made: this was seen before, and this is there now.
    Missed(Entry, Entry),
}

/// A picture of which the format is not known, read in each.
type Guessed = Result<Option<Bytes>, BucketError>;

impl Protocol<'_> {
    /// Decides the same on several messages, and says what became of each.
    pub async fn decide_all(
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
                self.show(Status::Approved, &message, copy?).await
            }
            Decided::Missed(_, now) => match now.status {
                Status::Approved => self.finish_showing(id, now).await,
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

    /// Takes a message down, so that it can be restored for 24 hours. What was never acknowledged, and what has no row, is
    /// deleted.
    ///
    /// # Errors
    /// As for [`Self::reject`], or where the bucket fails.
    pub async fn take_down(&self, id: MessageId) -> Result<(), Error> {
        self.change(async {
            match self.steps_of_taking_down(id).await {
                Err(Error::NotFound) if self.adopt_published(id).await? => {
                    self.steps_of_taking_down(id).await
                }
                Err(Error::NotFound) => self.steps_of_a_delete_for_good(id).await,
                done => done,
            }
        })
        .await
    }

    async fn steps_of_taking_down(&self, id: MessageId) -> Result<(), Error> {
        let read = self.guess(move |format| self.bucket.picture(id.into(), format));
        let (decided, read) = tokio::join!(self.decide(id, Mark::Removing), read);
        match decided? {
            Decided::Made(name, entry) => {
                let read = if name.generation == 0 { read? } else { None };
                self.finish_taking_down(name, entry.picture, read).await
            }
            Decided::Missed(seen, now) if seen.generation != now.generation => Err(Error::Conflict),
            Decided::Missed(_, now) => self.take_down_instead(id, now).await,
        }
    }

    /// Where a message was not on the board.
    async fn take_down_instead(&self, id: MessageId, now: Entry) -> Result<(), Error> {
        let (generation, picture) = (now.generation, now.picture);
        let name = Name { id, generation };
        match now.status {
            Status::Removed => Ok(()),
            Status::Removing => self.finish_taking_down(name, picture, None).await,
            Status::Deleting => self.finish_deleting(name, picture).await,
            // What others decided is done before, since whoever finishes it may be late.
            Status::Approved | Status::Restored => {
                self.finish_showing(id, now).await?;
                let mark = self.store.mark(name, Mark::Removing, SystemTime::now());
                if !mark.await? {
                    return Err(Error::Conflict);
                }
                self.finish_taking_down(name, picture, None).await
            }
            Status::Pending | Status::Arriving | Status::Clearing => {
                self.steps_of_a_delete_for_good(id).await
            }
            status => Err(missed(status)),
        }
    }

    /// Takes down what is marked: copies the picture and takes the message from readers, then its picture.
    pub(crate) async fn finish_taking_down(
        &self,
        name: Name,
        picture: Option<Format>,
        read: Option<Bytes>,
    ) -> Result<(), Error> {
        let hidden = self.deadline.bucket(self.bucket.overwrite_message(name));
        let (copied, hidden) = tokio::join!(self.keep_copy(name, picture, read), hidden);
        (copied?, hidden?);
        self.overwrite_picture(name, picture).await?;
        let mark = self.store.mark(name, Mark::Removed, SystemTime::now());
        // Whoever else took it down may have marked it before.
        let (marked, ()) = tokio::join!(mark, self.remove_small(name, picture));
        marked?;
        Ok(())
    }

    /// Copies a picture that is to be taken down, unless another one has overwritten it, who copied it before.
    async fn keep_copy(
        &self,
        name: Name,
        picture: Option<Format>,
        read: Option<Bytes>,
    ) -> Result<(), Error> {
        let Some(format) = picture else {
            return Ok(());
        };
        let bytes = match read {
            Some(bytes) => Some(bytes),
            None => {
                let read = self.bucket.picture(name, format);
                self.deadline.bucket(read).await?
            }
        };
        if let Some(bytes) = bytes {
            let held = HeldPicture::Removed(name);
            let put = self.bucket.put_held_picture(held, format, bytes);
            self.deadline.bucket(put).await?;
        }
        Ok(())
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
                let copy = if name.generation == 1 {
                    copy?
                } else {
                    self.copy_of(Status::Restored, name, entry.picture).await?
                };
                return self
                    .show(Status::Restored, &named(entry, name)?, copy)
                    .await;
            }
            Decided::Missed(seen, now) => (seen, now),
        };
        let name = Name {
            id,
            generation: now.generation,
        };
        match now.status {
            // By another one, or by an earlier try.
            Status::Restored => self.finish_showing(id, now).await,
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
                if !mark.await? {
                    return Err(Error::Conflict);
                }
                let now = self.store.entry(id).await?.ok_or(Error::NotFound)?;
                self.finish_showing(id, now).await
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
    async fn decide(&self, id: MessageId, mark: Mark) -> Result<Decided, Error> {
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
    async fn guess<F>(&self, read: impl Fn(Format) -> F) -> Guessed
    where
        F: Future<Output = Result<Option<Bytes>, BucketError>>,
    {
        let read = Format::ALL.map(|format| self.deadline.bucket(read(format)));
        let found = try_join_all(read).await?;
        Ok(found.into_iter().flatten().next())
    }

    /// The copy of which a picture is made that is to be published.
    async fn copy_of(
        &self,
        status: Status,
        name: Name,
        picture: Option<Format>,
    ) -> Result<Option<Bytes>, Error> {
        let Some(format) = picture else {
            return Ok(None);
        };
        let copy = self.bucket.held_picture(copy_held(status, name), format);
        Ok(self.deadline.bucket(copy).await?)
    }

    /// Publishes what others decided to publish, as its row says.
    pub(crate) async fn finish_showing(&self, id: MessageId, row: Entry) -> Result<(), Error> {
        let (status, picture) = (row.status, row.picture);
        let name = Name {
            id,
            generation: row.generation,
        };
        let copy = self.copy_of(status, name, picture).await?;
        self.show(status, &named(row, name)?, copy).await
    }

    /// Publishes an approved or restored message, of whose picture this is the copy: picture, object, row marked.
    async fn show(
        &self,
        status: Status,
        message: &Message,
        copy: Option<Bytes>,
    ) -> Result<(), Error> {
        let name = message.name();
        let format = message.picture.as_ref().map(|picture| picture.format);
        if let Some(format) = format {
            if let Some(copy) = copy {
                let put = self.bucket.put_picture(name, format, copy);
                self.deadline.bucket(put).await?;
            } else {
                // Another one has published it and removed the copy, or the copy is lost.
                let there = self.bucket.has_picture(name, format);
                if !self.deadline.bucket(there).await? {
                    return self.give_up(name, format).await;
                }
            }
        }
        self.publish(message).await?;
        let mark = self.store.mark(name, Mark::Shown, SystemTime::now());
        let (marked, ()) = tokio::join!(mark, self.remove_copies(status, name, format));
        if marked? {
            return Ok(());
        }
        self.is_shown(name).await
    }

    /// There is nothing of which an approved or restored message could be published.
    async fn give_up(&self, name: Name, format: Format) -> Result<(), Error> {
        let mark = self.store.mark(name, Mark::Lost, SystemTime::now());
        if !mark.await? {
            return self.is_shown(name).await;
        }
        self.finish_deleting(name, Some(format)).await?;
        Err(Error::Deleted)
    }

    async fn is_shown(&self, name: Name) -> Result<(), Error> {
        let now = self.store.entry(name.id).await?;
        let is_shown =
            |now: Entry| now.status == Status::Posted && now.generation == name.generation;
        now.is_some_and(is_shown)
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

    /// Takes down or rejects what the sender of a message posted that day, refuses that sender, and says how many messages
    /// went. What a call did not get to in time, the next one goes on with, or a later post.
    ///
    /// # Errors
    /// As for [`Self::take_down`].
    pub async fn remove_sender(&self, id: MessageId) -> Result<usize, Error> {
        let Some(sender) = self.store.sender_of(id).await? else {
            // Not known any more, or never; the message itself may be.
            self.take_down(id).await?;
            return Ok(1);
        };
        self.change(self.steps_of_a_removal(&sender)).await
    }

    async fn steps_of_a_removal(&self, sender: &Sender) -> Result<usize, Error> {
        // First, so that nothing comes in behind: an insert looks at it.
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
            // Where one was not marked, it is not known which.
            let is_marked = marked == names.len();
            let posts = posted.into_iter().map(|post| (post, is_marked));
            let posts = posts.chain(others.into_iter().map(|post| (post, false)));
            let gone = posts.map(|(post, is_marked)| self.remove_post(post, is_marked));
            for gone in join_all(gone).await {
                removed += usize::from(gone?);
            }
        }
    }

    /// Removes a message of a sender, and says whether it went. What somebody restored meanwhile stays.
    async fn remove_post(&self, post: &Post, is_marked: bool) -> Result<bool, Error> {
        let Post {
            name,
            status,
            picture,
        } = *post;
        let gone = match status {
            Status::Posted if is_marked => self.finish_taking_down(name, picture, None).await,
            Status::Held => self.reject(name.id).await,
            // Code of before may have deleted it after it was published.
            Status::Deleted => self.steps_of_a_delete_for_good(name.id).await,
            _ => self.steps_of_taking_down(name.id).await,
        };
        match gone {
            Ok(()) => Ok(true),
            Err(Error::NotFound | Error::Conflict | Error::Deleted) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Where the copy is of which the picture of this name is published.
fn copy_held(status: Status, name: Name) -> HeldPicture {
    match status {
        Status::Restored => HeldPicture::Removed(Name {
            generation: name.generation.saturating_sub(1),
            ..name
        }),
        _ => HeldPicture::Waiting(name.id),
    }
}

/// The message of a row, which is to be published under this name.
fn named(row: Entry, name: Name) -> Result<Message, Error> {
    match row.message {
        Some(message) => Ok(Message {
            generation: name.generation,
            ..message
        }),
        // Its author was faster.
        None if row.status == Status::Deleted => Err(Error::Conflict),
        None => Err(StoreError::Fault("a message to be published cannot be read".into()).into()),
    }
}

/// Why a decision was not made of a message of this status.
fn missed(status: Status) -> Error {
    match status {
        Status::Deleting
        | Status::Deleted
        | Status::Pending
        | Status::Arriving
        | Status::Clearing => Error::NotFound,
        _ => Error::Conflict,
    }
}
