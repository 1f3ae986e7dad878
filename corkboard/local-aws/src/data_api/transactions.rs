//! The open transactions by their ids.
//!
//! A transaction runs one call at a time. It ends with a commit, a rollback, a failure that ended it in
//! the database, a client that went away in the middle of a call, or after three minutes without one.
//! <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_BeginTransaction.html>

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use ulid::Ulid;

use super::engine::Session;
use super::error::Error;

pub const IDLE_LIMIT: Duration = Duration::from_mins(3);

#[derive(Default)]
pub struct Transactions(Mutex<HashMap<String, State>>);

enum State {
    Idle { session: Session, since: Instant },
    Running,
}

impl Transactions {
    /// Keeps the session under a new id until it is taken or has idled too long.
    pub fn open(self: &Arc<Self>, session: Session) -> String {
        let id = Ulid::generate().to_string();
        let since = Instant::now();
        self.lock()
            .insert(id.clone(), State::Idle { session, since });

        let (transactions, expiring) = (Arc::downgrade(self), id.clone());
        tokio::spawn(async move {
            let mut wake = since + IDLE_LIMIT;
            loop {
                sleep_until(wake).await;
                let next = transactions
                    .upgrade()
                    .and_then(|transactions| transactions.expire(&expiring));
                match next {
                    Some(next) => wake = next,
                    None => return,
                }
            }
        });
        id
    }

    /// Takes the session out for one call. It goes back with [`Lease::give_back`] or not at all.
    pub fn take(self: &Arc<Self>, id: &str) -> Result<(Session, Lease), Error> {
        let mut all = self.lock();
        let state = all.get_mut(id).ok_or_else(|| {
            Error::bad_request(format!(
                "Transaction {id} is not found: it has expired, has ended, or never existed"
            ))
        })?;
        match std::mem::replace(state, State::Running) {
            State::Idle { session, .. } => {
                let lease = Lease {
                    transactions: Arc::clone(self),
                    id: id.to_owned(),
                };
                Ok((session, lease))
            }
            State::Running => Err(Error::transaction_busy()),
        }
    }

    /// Ends the transaction if it is due; otherwise says when to look again, while it exists.
    fn expire(&self, id: &str) -> Option<Instant> {
        let mut all = self.lock();
        let due = match all.get(id)? {
            State::Idle { since, .. } => *since + IDLE_LIMIT,
            State::Running => Instant::now() + IDLE_LIMIT,
        };
        if due > Instant::now() {
            return Some(due);
        }
        let expired = all.remove(id);
        drop(all);
        drop(expired);
        None
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call's hold on a transaction. Dropped, the transaction is no more.
pub struct Lease {
    transactions: Arc<Transactions>,
    id: String,
}

impl Lease {
    pub fn give_back(self, session: Session) {
        let idle = State::Idle {
            session,
            since: Instant::now(),
        };
        self.transactions.lock().insert(self.id.clone(), idle);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut all = self.transactions.lock();
        if matches!(all.get(&self.id), Some(State::Running)) {
            all.remove(&self.id);
        }
    }
}
