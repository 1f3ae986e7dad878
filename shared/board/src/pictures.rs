//! Pictures that the operator put there by hand, which have no row: taking one down, and restoring it.
//!
//! | a request | does, one after the other |
//! |---|---|
//! | takes down | reads the picture, puts a copy under `held/removed/pictures/`, overwrites the picture by zero bytes where it is the one that was read, removes its small versions |
//! | restores | looks for the newest copy, reads it, puts the picture under a name with the copy's id, removes the copies |
//!
//! Whoever dies between two steps leaves the picture where it was, or can take it down or restore it again: a copy is there
//! before the picture goes, and the picture before its copies go.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::MessageId;
use futures_util::future::try_join_all;
use media::{Copied, OperatorsPicture, RemovedPicture};

use crate::error::Error;
use crate::protocol::Protocol;

/// How long a picture can be restored.
const RESTORABLE: Duration = Duration::from_hours(24);
/// How often a picture is read that the operator replaces meanwhile.
const TRIES: u32 = 3;
/// How many copies are removed at the same time.
const AT_ONCE: usize = 16;

impl Protocol<'_> {
    /// Takes an operator's picture down, so that it can be restored for 24 hours.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] where it is replaced all the time, or where the bucket fails.
    pub async fn take_picture_down(&self, picture: &OperatorsPicture) -> Result<(), Error> {
        for _ in 0..TRIES {
            let read = self.bucket.operators_picture(picture);
            let Some(copied) = self.deadline.bucket(read).await? else {
                // Another moderator took the picture down, or an earlier try did. Its small versions may still be
                // there.
                self.copies_of(picture).await?;
                return self.forget_small(picture).await;
            };
            let removed = RemovedPicture::now(picture.clone());
            let kept = self.bucket.keep_copy(&removed, &copied);
            self.deadline.bucket(kept).await?;
            let hidden = self.bucket.hide_picture(picture, &copied);
            if self.deadline.bucket(hidden).await? {
                return self.forget_small(picture).await;
            }
            // Another moderator hid the picture, or this request did and the answer was lost, or the operator replaced
            // it. The copy stays: it may be the only one.
        }
        Err(Error::Conflict)
    }

    async fn forget_small(&self, picture: &OperatorsPicture) -> Result<(), Error> {
        let removed = self.bucket.remove_small(picture.key());
        Ok(self.deadline.bucket(removed).await?)
    }

    /// Publishes an operator's picture again that was taken down, and says under which name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] where it was taken down again meanwhile, or where the bucket fails.
    pub async fn restore_picture(
        &self,
        picture: &OperatorsPicture,
    ) -> Result<OperatorsPicture, Error> {
        let (newest, all) = self.copies_of(picture).await?;
        let read = self.deadline.bucket(self.bucket.removed_picture(&newest));
        let copied = read.await?.ok_or(Error::NotFound)?;
        let published = self.bucket.publish_copy(&newest, copied);
        let is_there = self.deadline.bucket(published).await?;
        self.drop_copies(&all).await?;
        is_there.then(|| newest.restored()).ok_or(Error::Conflict)
    }

    /// The copy of a picture that was taken down.
    ///
    /// # Errors
    /// [`Error::NotFound`], or where the bucket fails.
    pub async fn removed_picture(&self, picture: &OperatorsPicture) -> Result<Copied, Error> {
        let (newest, _) = self.copies_of(picture).await?;
        let read = self.deadline.bucket(self.bucket.removed_picture(&newest));
        read.await?.ok_or(Error::NotFound)
    }

    /// The newest copy of a picture that was taken down, and all of them: two may have taken it down at the same time.
    async fn copies_of(
        &self,
        picture: &OperatorsPicture,
    ) -> Result<(RemovedPicture, Vec<RemovedPicture>), Error> {
        let mut copies = self.copies().await?;
        copies.retain(|copy| copy.picture == *picture);
        let newest = copies.last().cloned().ok_or(Error::NotFound)?;
        Ok((newest, copies))
    }

    /// The operator's pictures that can be restored, in the order of their names.
    ///
    /// # Errors
    /// Where the bucket fails.
    pub async fn removed_pictures(&self) -> Result<Vec<RemovedPicture>, Error> {
        let copies = self.copies().await?.into_iter();
        let newest: BTreeMap<_, _> = copies.map(|it| (it.picture.clone(), it)).collect();
        Ok(newest.into_values().collect())
    }

    /// All copies that can be restored, oldest first. Those that cannot any more go, where no rule of the bucket has removed
    /// them.
    async fn copies(&self) -> Result<Vec<RemovedPicture>, Error> {
        let copies = self.deadline.bucket(self.bucket.removed_pictures()).await?;
        let oldest = MessageId::least_of(SystemTime::now(), RESTORABLE);
        let (there, old): (Vec<_>, Vec<_>) = copies.into_iter().partition(|it| it.id >= oldest);
        self.drop_copies(&old).await?;
        Ok(there)
    }

    async fn drop_copies(&self, copies: &[RemovedPicture]) -> Result<(), Error> {
        for copies in copies.chunks(AT_ONCE) {
            let dropped = copies.iter().map(|copy| self.bucket.drop_copy(copy));
            self.deadline.bucket(try_join_all(dropped)).await?;
        }
        Ok(())
    }
}
