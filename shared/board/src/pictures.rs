//! Pictures that the operator put there by hand, which have no row: taking one down, and restoring it.
//!
//! | a request | does, one after the other |
//! |---|---|
//! | takes down | reads the picture, puts a copy under `held/removed/pictures/`, overwrites the picture by zero bytes where it is the one that was read, removes its small versions |
//! | restores | reads the copy, puts the picture under a name with the copy's time, removes the copy |
//!
//! Whoever dies between two steps leaves the picture where it was, or can take it down or restore it again: a copy is there
//! before the picture goes, and the picture before its copy goes.

use std::time::{Duration, SystemTime};

use futures_util::future::try_join_all;
use media::{Copied, OperatorsPicture, RemovedPicture};

use crate::error::Error;
use crate::protocol::Protocol;

/// How long a picture can be restored.
const RESTORABLE: Duration = Duration::from_hours(24);
/// How often a picture is read that the operator replaces meanwhile.
const TRIES: u32 = 3;
/// How many copies that are too old are removed at a look.
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
                // By another one, or by an earlier try, whose small versions may be there still.
                self.removed_picture(picture).await?;
                return self.forget_small(picture).await;
            };
            let kept = self.bucket.keep_copy(picture, &copied);
            self.deadline.bucket(kept).await?;
            let hidden = self.bucket.hide_picture(picture, &copied);
            if self.deadline.bucket(hidden).await? {
                return self.forget_small(picture).await;
            }
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
        let copied = self.removed_picture(picture).await?;
        let published = self.bucket.publish_copy(picture, copied);
        let restored = self.deadline.bucket(published).await?;
        let restored = restored.ok_or(Error::Conflict)?;
        self.deadline.bucket(self.bucket.drop_copy(picture)).await?;
        Ok(restored)
    }

    /// The copy of a picture that was taken down.
    ///
    /// # Errors
    /// [`Error::NotFound`], or where the bucket fails.
    pub async fn removed_picture(&self, picture: &OperatorsPicture) -> Result<Copied, Error> {
        let read = self.deadline.bucket(self.bucket.removed_picture(picture));
        let copied = read.await?.ok_or(Error::NotFound)?;
        let age = SystemTime::now().duration_since(copied.put_at());
        if age.unwrap_or_default() > RESTORABLE {
            return Err(Error::NotFound);
        }
        Ok(copied)
    }

    /// The operator's pictures that can be restored, in the order of their names. Those that cannot any more go, where no
    /// rule of the bucket has removed them.
    ///
    /// # Errors
    /// Where the bucket fails.
    pub async fn removed_pictures(&self) -> Result<Vec<RemovedPicture>, Error> {
        let removed = self.deadline.bucket(self.bucket.removed_pictures()).await?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let oldest = now
            .unwrap_or_default()
            .saturating_sub(RESTORABLE)
            .as_millis();
        let (there, old): (Vec<_>, Vec<_>) = removed
            .into_iter()
            .partition(|removed| u128::from(removed.since) >= oldest);
        let old = old.iter().take(AT_ONCE);
        let gone = old.map(|removed| self.bucket.drop_copy(&removed.picture));
        self.deadline.bucket(try_join_all(gone)).await?;
        Ok(there)
    }
}
