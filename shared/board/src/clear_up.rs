//! Clearing up what requests that died left behind: picture, then row.

use std::time::SystemTime;

use store::Leftover;
use tracing::{info, warn};

use crate::error::Error;
use crate::protocol::Protocol;

impl Protocol<'_> {
    /// Clears a few leftovers of requests that died, and forgets a few senders. What fails here is tried again
    /// with a later post.
    pub(crate) async fn clear_up(&self) {
        let cleared = async {
            let now = SystemTime::now();
            for leftover in self.store.leftovers(now).await? {
                if self.store.claim(&leftover, now).await? {
                    self.clear(&leftover).await?;
                }
            }
            self.store.forget_senders(now).await?;
            Ok::<_, Error>(())
        };
        if cleared.await.is_err() {
            warn!("leftovers could not be cleared away");
        }
    }

    /// The picture first: as long as the row is there, it is not forgotten.
    pub(crate) async fn clear(&self, leftover: &Leftover) -> Result<(), Error> {
        if let Some(format) = leftover.picture {
            self.delete_picture(leftover.id, format).await?;
        }
        self.store.remove_leftover(leftover.id).await?;
        info!(id = %leftover.id, "cleared a leftover away");
        Ok(())
    }
}
