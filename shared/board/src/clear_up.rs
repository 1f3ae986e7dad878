//! Clearing up what requests that died left behind: picture, then row.

use std::time::SystemTime;

use store::Orphan;
use tracing::{info, warn};

use crate::error::Error;
use crate::protocol::Protocol;

impl Protocol<'_> {
    /// Clears a few orphans of requests that died, and forgets a few senders. What fails here is tried again
    /// with a later post.
    pub(crate) async fn clear_up(&self) {
        let cleared = async {
            let now = SystemTime::now();
            for orphan in self.store.orphans(now).await? {
                if self.store.claim(&orphan, now).await? {
                    self.clear(&orphan).await?;
                }
            }
            self.store.forget_senders(now).await?;
            Ok::<_, Error>(())
        };
        if let Err(cause) = cleared.await {
            warn!(%cause, "orphans could not be cleared away");
        }
    }

    /// The picture first: as long as the row is there, it is not forgotten.
    pub(crate) async fn clear(&self, orphan: &Orphan) -> Result<(), Error> {
        if let Some(format) = orphan.picture {
            self.delete_picture(orphan.id, format).await?;
        }
        self.store.remove_orphan(orphan.id).await?;
        info!(id = %orphan.id, "cleared an orphan away");
        Ok(())
    }
}
