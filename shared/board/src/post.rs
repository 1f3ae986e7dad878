//! Posting: count, row, picture, object, row marked; where messages are reviewed, picture and message wait under `held/`.

use std::time::{Duration, SystemTime};

use domain::{Era, Idempotency, Message, MessageId, NewMessage, Picture, Posting, Sender};
use media::HeldPicture;
use store::{Admission, Before, Entry, Inserted, Mark, Status, StoreError};
use tokio::time::timeout;
use tracing::warn;

use crate::error::Error;
use crate::protocol::Protocol;
use crate::published;

/// Clearing up must not hold up an answer.
const CLEARING_UP: Duration = Duration::from_secs(2);

/// Who posts.
#[derive(Debug)]
pub struct Poster {
    /// Whose posts are counted, and who may be refused.
    pub counted: Sender,
    /// Whether `counted` is one sender. If not, the message has no sender: many others may have the same address,
    /// and their messages would be removed together.
    pub is_known: bool,
    /// Called when a message without a sender is in the ledger.
    pub on_no_sender: fn(),
    /// The rate limit: how many messages `counted` may post within a minute; 0 is no limit.
    pub posts_per_minute: u32,
    /// The most that moderators may open.
    pub posting: Posting,
}

/// A message that is on the board, or waits for a moderator.
#[derive(Debug)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// The secret that made the message's delete token.
    pub era: Era,
    /// Whether an earlier request posted the message.
    pub is_repeat: bool,
    /// Whether the message waits for a moderator.
    pub is_held: bool,
}

impl Posted {
    fn now(message: Message, is_held: bool) -> Self {
        Self {
            message,
            era: Era::Current,
            is_repeat: false,
            is_held,
        }
    }

    fn before(message: Message, era: Era, is_held: bool) -> Self {
        Self {
            message,
            era,
            is_repeat: true,
            is_held,
        }
    }
}

impl Protocol<'_> {
    /// Posts a message, or finds that it was posted before with the same idempotency key. Whatever was acknowledged
    /// is on the board, or waits for a moderator.
    ///
    /// # Errors
    /// Any of [`Error`] but [`Error::NotFound`].
    pub async fn post(
        &self,
        new: &NewMessage,
        poster: &Poster,
        idempotency: Option<&Idempotency>,
    ) -> Result<Posted, Error> {
        self.change(self.steps_of_a_post(new, poster, idempotency))
            .await
    }

    async fn steps_of_a_post(
        &self,
        new: &NewMessage,
        poster: &Poster,
        idempotency: Option<&Idempotency>,
    ) -> Result<Posted, Error> {
        match self.post_unless_refused(new, poster, idempotency).await {
            Err(refused @ (Error::Closed | Error::Refused | Error::OverLimit(_))) => {
                self.repeat_or(refused, new, idempotency).await
            }
            done => done,
        }
    }

    async fn post_unless_refused(
        &self,
        new: &NewMessage,
        poster: &Poster,
        idempotency: Option<&Idempotency>,
    ) -> Result<Posted, Error> {
        let sender = &poster.counted;
        let (limit, now) = (poster.posts_per_minute, SystemTime::now());
        let posting = self.posting.or(poster.posting, self.bucket, self.deadline);
        let admit = self.store.admit(sender, idempotency, limit, now);
        let (admission, posting) = if self.posting.may_be_closed(poster.posting) {
            // A request that may be refused because the board is closed waits for that first, so as not to wake the
            // database.
            match posting.await? {
                Posting::Closed => return Err(Error::Closed),
                posting => (admit.await, posting),
            }
        } else {
            let (admission, posting) = tokio::join!(admit, posting);
            (admission, posting?)
        };
        let status = match posting {
            Posting::Open => Status::Pending,
            Posting::Reviewed => Status::Arriving,
            Posting::Closed => return Err(Error::Closed),
        };
        let admission = admission?;
        match admission {
            Admission::Admitted { .. } => {}
            Admission::Refused => return Err(Error::Refused),
            Admission::OverLimit(left) => return Err(Error::OverLimit(left)),
        }
        loop {
            let message = new.with_id(MessageId::generate());
            let known = poster.is_known.then_some(sender);
            let inserted =
                self.store
                    .insert(&message, status, known, idempotency, SystemTime::now());
            match inserted.await? {
                Inserted::First => {
                    if !poster.is_known {
                        (poster.on_no_sender)();
                        warn!(id = %message.id, "a message has no sender");
                    }
                    // Since the database is awake now, leftovers are cleared up at the same time.
                    let clearing_up = timeout(CLEARING_UP, self.clear_up_sometimes());
                    let finished = self.finish_from(status, &message, new.checked_picture());
                    let (is_held, _) = tokio::join!(finished, Box::pin(clearing_up));
                    return is_held.map(|is_held| Posted::now(message, is_held));
                }
                Inserted::Refused => return Err(Error::Refused),
                Inserted::Before(before) => {
                    // A row that came in after this request is mostly that of a repeat, which was not counted itself
                    // because this request was.
                    let is_older = before.id < MessageId::least_of(now, Duration::ZERO);
                    let repeated = self.repeat(new, before).await;
                    let is_counted = admission == (Admission::Admitted { is_counted: true });
                    // Where nothing is left of the earlier post, this one is a post after all and stays counted.
                    if is_counted && is_older && !matches!(repeated, Ok(None)) {
                        self.store.uncount(sender).await?;
                    }
                    if let Some(posted) = repeated? {
                        return Ok(posted);
                    }
                }
            }
        }
    }

    /// What a repeat is answered, since it is no further post; a request that is no repeat is refused for this reason.
    async fn repeat_or(
        &self,
        refused: Error,
        new: &NewMessage,
        idempotency: Option<&Idempotency>,
    ) -> Result<Posted, Error> {
        if let Some(idempotency) = idempotency
            && let Some(before) = self.store.posted_with(idempotency).await?
            && let Some(posted) = self.repeat(new, before).await?
        {
            return Ok(posted);
        }
        Err(refused)
    }

    /// What a repeat is answered; `None` where nothing is left of what it repeats.
    async fn repeat(&self, new: &NewMessage, before: Before) -> Result<Option<Posted>, Error> {
        let Before { id, same, entry } = before;
        let era = same.ok_or(Error::KeyReused)?;
        let Entry {
            status,
            message,
            picture,
            ..
        } = entry;
        // The row's status decides, whether or not new messages are reviewed now.
        match (status, message) {
            (Status::Posted | Status::Restored, Some(message)) => {
                Ok(Some(Posted::before(message, era, false)))
            }
            (Status::Held | Status::Approved, Some(message)) => {
                Ok(Some(Posted::before(message, era, true)))
            }
            // Another request posts the message at this moment, or died before it was done.
            (Status::Pending | Status::Arriving, Some(message)) => {
                let mark = if status == Status::Arriving {
                    Mark::TakenToHold
                } else {
                    Mark::Taken
                };
                if !self.store.mark(id, mark, SystemTime::now()).await? {
                    return Ok(None);
                }
                let is_held = self.finish_from(status, &message, new.checked_picture());
                Ok(Some(Posted::before(message.clone(), era, is_held.await?)))
            }
            (Status::Clearing, _) => {
                self.finish_clearing(id.into(), picture).await?;
                Ok(None)
            }
            (
                Status::Posted
                | Status::Restored
                | Status::Held
                | Status::Approved
                | Status::Pending
                | Status::Arriving,
                None,
            ) => Err(StoreError::Fault("a repeated message cannot be read".into()).into()),
            _ => Err(Error::Deleted),
        }
    }

    /// Goes on with a post from a row of this status, and says whether the message waits for a moderator.
    async fn finish_from(
        &self,
        status: Status,
        message: &Message,
        picture: Option<&Picture>,
    ) -> Result<bool, Error> {
        if status == Status::Arriving {
            return self.finish_holding(message, picture).await;
        }
        self.finish(message, picture).await.map(|()| false)
    }

    /// Goes on with a post from an arriving row: puts the picture and the message, and marks the row as held. Says
    /// whether the message waits for a moderator.
    pub(crate) async fn finish_holding(
        &self,
        message: &Message,
        picture: Option<&Picture>,
    ) -> Result<bool, Error> {
        let id = message.id;
        if let Some(picture) = picture {
            let (held, bytes) = (HeldPicture::Waiting(id), picture.bytes().clone());
            let put = self.bucket.put_held_picture(held, picture.format(), bytes);
            self.deadline.bucket(put).await?;
        }
        let put = self.bucket.put_held_message(id, published::body(message)?);
        self.deadline.bucket(put).await?;
        if self.store.mark(id, Mark::Held, SystemTime::now()).await? {
            return Ok(true);
        }
        match self.store.entry(id).await?.map(|entry| entry.status) {
            // By another request with the same key, or by ours, whose answer was lost.
            Some(Status::Held | Status::Approved) => Ok(true),
            Some(Status::Posted | Status::Restored) => Ok(false),
            Some(Status::Rejected | Status::Removing | Status::Removed) => Err(Error::Deleted),
            // Another request took it over.
            Some(Status::Arriving | Status::Pending) => Err(cleared_away()),
            status @ (Some(Status::Deleting | Status::Deleted | Status::Clearing) | None) => {
                let format = picture.map(Picture::format);
                self.deadline
                    .bucket(self.bucket.remove_waiting(id, format))
                    .await?;
                match status {
                    Some(Status::Deleting | Status::Deleted) => Err(Error::Deleted),
                    _ => Err(cleared_away()),
                }
            }
        }
    }

    /// Goes on with a post from a pending row: puts the picture and the object, and marks the row as posted. That the
    /// picture or the object was there is fine: the row says what became of the message.
    pub(crate) async fn finish(
        &self,
        message: &Message,
        picture: Option<&Picture>,
    ) -> Result<(), Error> {
        let id = message.id;
        if let Some(picture) = picture {
            let (format, bytes) = (picture.format(), picture.bytes().clone());
            let put = self.bucket.put_picture(message.name(), format, bytes);
            self.deadline.bucket(put).await?;
        }
        self.publish(message).await?;
        let mark = self
            .store
            .mark(message.name(), Mark::Posted, SystemTime::now());
        if mark.await? {
            return Ok(());
        }
        match self.store.entry(id).await?.map(|entry| entry.status) {
            // By another request with the same key, or by ours, whose answer was lost.
            Some(Status::Posted | Status::Restored) => Ok(()),
            // A moderator took the message down since.
            Some(Status::Removing | Status::Removed) => Err(Error::Deleted),
            status @ (Some(Status::Deleting | Status::Deleted | Status::Clearing) | None) => {
                let format = message.picture.as_ref().map(|picture| picture.format);
                self.overwrite(message.name(), format).await?;
                match status {
                    Some(Status::Deleting | Status::Deleted) => Err(Error::Deleted),
                    _ => Err(cleared_away()),
                }
            }
            // Another request took it over.
            Some(_) => Err(cleared_away()),
        }
    }
}

fn cleared_away() -> Error {
    StoreError::Unavailable("a message was cleared away while it was posted".into()).into()
}
