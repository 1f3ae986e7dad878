//! What a moderator does is written into the log beside the steps that do it, so that nothing waits for it. The log is asked
//! first: whoever dies between two requests has done nothing that the log does not say.

use std::time::Duration;

use domain::MessageId;
use store::{Act, StoreError};
use tokio::time::timeout;
use tracing::warn;

use crate::error::Error;
use crate::protocol::Protocol;

/// How long an act that asks no database waits for the log.
const NOT_WAITED: Duration = Duration::from_secs(2);

impl Protocol<'_> {
    /// Writes an act into the log, and does its steps. What turns out not to be done is taken out of the log again. An entry
    /// that cannot be written keeps nothing from being done.
    ///
    /// # Errors
    /// Those of the steps.
    pub async fn logged<T>(
        &self,
        act: &Act,
        steps: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.logged_where(act, steps, |_| true).await
    }

    /// Does what [`Self::logged`] does for steps that may find nothing to do: `is_done` tells that by their answer.
    ///
    /// # Errors
    /// Those of the steps.
    pub async fn logged_where<T>(
        &self,
        act: &Act,
        steps: impl Future<Output = Result<T, Error>>,
        is_done: impl Fn(&T) -> bool,
    ) -> Result<T, Error> {
        let (logged, done) = tokio::join!(self.store.log(act), steps);
        let is_undone = is_undone(&done) || done.as_ref().is_ok_and(|it| !is_done(it));
        self.take_out(logged, |_| is_undone).await;
        done
    }

    /// Does what [`Self::logged`] does for an act that itself asks no database: where the database is paused it is
    /// woken, but not waited for.
    ///
    /// # Errors
    /// Those of the steps.
    pub async fn logged_unless_asleep<T>(
        &self,
        act: &Act,
        steps: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let (logged, done) = tokio::join!(timeout(NOT_WAITED, self.store.log(act)), steps);
        if let Ok(logged) = logged {
            self.take_out(logged, |_| is_undone(&done)).await;
        } else {
            warn!("the database sleeps: the log does not say what a moderator did");
        }
        done
    }

    /// Takes those entries out of the log whose place among them `is_undone` names.
    pub(crate) async fn take_out(
        &self,
        logged: Result<Vec<MessageId>, StoreError>,
        is_undone: impl Fn(usize) -> bool,
    ) {
        let taken_out = async {
            let entries = logged?.into_iter().enumerate();
            let undone = entries.filter(|(place, _)| is_undone(*place));
            let undone: Vec<_> = undone.map(|(_, entry)| entry).collect();
            self.store.unlog(&undone).await
        };
        if let Err(cause) = taken_out.await {
            warn!(%cause, "the log of what moderators did could not be written");
        }
    }
}

/// Whether it is known that nothing was done. After any other failure the act may have been done.
pub(crate) fn is_undone<T>(done: &Result<T, Error>) -> bool {
    matches!(
        done,
        Err(Error::NotFound | Error::Conflict | Error::Deleted)
    )
}
