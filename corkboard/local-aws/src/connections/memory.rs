//! How much memory the bodies of all requests may take together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The unit of the accounts, bytes.
const UNIT: usize = 1024;
/// Bytes of a request that is small.
const SMALL: usize = 64 * 1024;
/// How long a request waits for its memory.
const PATIENCE: Duration = Duration::from_secs(10);
/// After how long whoever found no memory may try again.
pub const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Memory that requests take and give back. Clones are the same.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Accounts>);

#[derive(Debug)]
struct Accounts {
    /// The memory for requests of at most [`SMALL`] bytes, so that these do not wait for large and slow ones.
    small: Account,
    large: Account,
}

#[derive(Debug)]
struct Account {
    all: Arc<Semaphore>,
    /// How much memory the account has, in [`UNIT`]s.
    size: u32,
    shares: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
}

/// Memory that one request has taken, until it is dropped.
#[derive(Debug)]
pub struct Taken {
    _of_all: OwnedSemaphorePermit,
    _of_share: Option<OwnedSemaphorePermit>,
}

impl Memory {
    /// An account of `bytes`, an eighth of them for small requests.
    pub fn of(bytes: usize) -> Self {
        let small = bytes / 8;
        Self(Arc::new(Accounts {
            small: Account::of(small),
            large: Account::of(bytes - small),
        }))
    }

    /// Waits for `bytes` of memory, in the order of the requests. An eighth of all is for small requests alone. One
    /// address, where it is known, has no more than a quarter, or a single body that is larger. A request for more than
    /// there is takes all.
    ///
    /// `None` where not enough becomes free in time: then a client may try again [later](RETRY_AFTER).
    pub async fn take(&self, bytes: usize, address: Option<IpAddr>) -> Option<Taken> {
        if bytes <= SMALL {
            self.0.small.take(bytes, address).await
        } else {
            self.0.large.take(bytes, address).await
        }
    }
}

impl Account {
    fn of(bytes: usize) -> Self {
        let size = units(bytes);
        Self {
            all: Arc::new(Semaphore::new(size as usize)),
            size,
            shares: Mutex::default(),
        }
    }

    async fn take(&self, bytes: usize, address: Option<IpAddr>) -> Option<Taken> {
        let wanted = units(bytes).min(self.size);
        let taking = async {
            let of_share = match address {
                None => None,
                Some(address) => {
                    let share = self.share(address);
                    let wanted = wanted.min(self.size / 4);
                    Some(share.acquire_many_owned(wanted).await.ok()?)
                }
            };
            let all = Arc::clone(&self.all);
            Some(Taken {
                _of_all: all.acquire_many_owned(wanted).await.ok()?,
                _of_share: of_share,
            })
        };
        timeout(PATIENCE, taking).await.ok().flatten()
    }

    fn share(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(&address).and_then(Weak::upgrade) {
            return share;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new((self.size / 4) as usize));
        shares.insert(address, Arc::downgrade(&share));
        share
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    /// Of 8 MiB seven are for what is large.
    fn memory() -> Memory {
        Memory::of(8 * MIB)
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_finds_none_waits_for_it_and_then_not_any_longer() {
        let memory = memory();
        let first = memory.take(6 * MIB, None).await.unwrap();
        assert!(memory.take(2 * MIB, None).await.is_none());
        let (waited, ()) = tokio::join!(memory.take(2 * MIB, None), async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(first);
        });
        assert!(waited.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_a_quarter() {
        let memory = memory();
        let one = |last| Some(IpAddr::from([192, 0, 2, last]));
        let taken = memory.take(MIB, one(1)).await.unwrap();
        assert!(memory.take(MIB, one(1)).await.is_none());
        assert!(memory.take(MIB, one(2)).await.is_some());
        assert!(memory.take(6 * MIB, None).await.is_some());
        drop(taken);
        assert!(memory.take(MIB, one(1)).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_one_body_that_is_larger_than_a_quarter() {
        let memory = memory();
        let one = Some(IpAddr::from([192, 0, 2, 1]));
        let larger = memory.take(3 * MIB, one).await.unwrap();
        assert!(memory.take(SMALL + 1, one).await.is_none());
        drop(larger);
        assert!(memory.take(SMALL + 1, one).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_there_is_takes_all_but_what_is_for_small_ones() {
        let memory = memory();
        let all = memory.take(usize::MAX, None).await.unwrap();
        assert!(memory.take(MIB, None).await.is_none());
        assert!(memory.take(SMALL, None).await.is_some());
        drop(all);
        assert!(memory.take(MIB, None).await.is_some());
    }
}
