//! How many connections there may be, in all and from one address. Where there are too many, those on which nothing
//! is asked end first.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How many connections there may be.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From everybody, to all listeners.
    pub in_all: usize,
    /// From one IPv4 address, or one /64 of IPv6.
    pub per_address: usize,
    /// The proxies, which connect for many others, as loopback does: no connection of theirs counts for an address.
    pub proxies: Vec<ipnet::IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_all: 1_024,
            per_address: 128,
            proxies: vec![],
        }
    }
}

impl Limits {
    /// Whom a connection or a request counts for: nobody where `address` is loopback or a proxy.
    pub fn counted(&self, address: IpAddr) -> Option<IpAddr> {
        let address = address.to_canonical();
        let is_proxy = self.proxies.iter().any(|net| net.contains(&address));
        counted(address).filter(|_| !is_proxy)
    }
}

/// Whom a connection or a request counts for where there are no proxies: nobody where `address` is loopback.
pub fn counted(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    let network = match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
    };
    (!address.is_loopback()).then_some(network)
}

/// The connections that there are.
#[derive(Debug)]
pub struct Connections {
    limits: Limits,
    open: Mutex<Open>,
    room: Arc<Semaphore>,
}

/// Room for a connection, until this is dropped; `None` for a connection that takes none.
pub type Room = Option<OwnedSemaphorePermit>;

#[derive(Debug, Default)]
struct Open {
    last: u64,
    connections: HashMap<u64, Entry>,
    of: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Entry {
    counted: Option<IpAddr>,
    /// Requests that are being answered.
    requests: usize,
    idle_since: Instant,
    ends: Arc<Notify>,
}

impl Connections {
    /// No connections yet, and these limits for them.
    pub fn within(limits: Limits) -> Arc<Self> {
        let room = (2 * limits.in_all).min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            limits,
            open: Mutex::default(),
            room: Arc::new(Semaphore::new(room)),
        })
    }

    /// Waits while too many connections have ended and are not closed yet, as on a busy machine: each of these is still
    /// an open file. There is room for as many as there may be connections.
    pub async fn room(&self) -> Room {
        // The semaphore is never closed.
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    /// A connection from `peer`, or `None` where it is one too many and no idle connection can end in its place.
    pub fn open(self: &Arc<Self>, peer: IpAddr, room: Room) -> Option<Connection> {
        let counted = self.limits.counted(peer);
        let mut open = self.lock();
        let of_address = counted.map_or(0, |address| open.of.get(&address).copied().unwrap_or(0));
        if of_address >= self.limits.per_address && !open.end_an_idle_one(counted)
            || open.connections.len() >= self.limits.in_all && !open.end_an_idle_one(None)
        {
            return None;
        }
        open.last += 1;
        let connection = Connection {
            all: Some(Arc::clone(self)),
            id: open.last,
            counted,
            written: AtomicUsize::new(0),
            ends: Arc::default(),
            _room: room,
        };
        open.insert(&connection);
        Some(connection)
    }

    /// A connection that counts for nobody and that nothing ends.
    pub fn unlimited(&self) -> Connection {
        Connection {
            all: None,
            id: 0,
            counted: None,
            written: AtomicUsize::new(0),
            ends: Arc::default(),
            _room: None,
        }
    }

    /// Ends the connection on which nothing was asked for longest, if there is such a one.
    pub fn end_an_idle_one(&self) {
        self.lock().end_an_idle_one(None);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Ends the connection that was idle for longest, of this address or of any, and says whether there was one. It
    /// counts no more from now on.
    fn end_an_idle_one(&mut self, of: Option<IpAddr>) -> bool {
        let idle = self
            .connections
            .iter()
            .filter(|(_, entry)| entry.requests == 0 && (of.is_none() || entry.counted == of));
        let longest = idle.min_by_key(|(_, entry)| entry.idle_since);
        let Some((&id, _)) = longest else {
            return false;
        };
        self.remove(id);
        true
    }

    fn insert(&mut self, connection: &Connection) {
        let entry = Entry {
            counted: connection.counted,
            requests: 0,
            idle_since: Instant::now(),
            ends: Arc::clone(&connection.ends),
        };
        self.connections.insert(connection.id, entry);
        if let Some(address) = connection.counted {
            *self.of.entry(address).or_default() += 1;
        }
    }

    fn remove(&mut self, id: u64) {
        let Some(entry) = self.connections.remove(&id) else {
            return;
        };
        entry.ends.notify_one();
        if let Some(address) = entry.counted
            && let Some(count) = self.of.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&address);
            }
        }
    }
}

/// A connection that is open until this is dropped.
#[derive(Debug)]
pub struct Connection {
    /// The connections among which this one counts.
    all: Option<Arc<Connections>>,
    id: u64,
    counted: Option<IpAddr>,
    /// Requests whose answers are written, but perhaps not yet on their way.
    written: AtomicUsize,
    ends: Arc<Notify>,
    _room: Room,
}

impl Connection {
    /// Notes that a request is being answered: nothing ends the connection until this is dropped, even if it was just
    /// about to end for another one.
    pub fn busy(self: &Arc<Self>) -> Busy {
        if let Some(all) = &self.all {
            let mut open = all.lock();
            if !open.connections.contains_key(&self.id) {
                open.insert(self);
            }
            if let Some(entry) = open.connections.get_mut(&self.id) {
                entry.requests += 1;
            }
        }
        Busy(Arc::clone(self))
    }

    /// Notes that all that was written is on its way.
    pub fn flushed(&self) {
        let written = self.written.swap(0, Ordering::Relaxed);
        if written > 0
            && let Some(all) = &self.all
            && let Some(entry) = all.lock().connections.get_mut(&self.id)
        {
            entry.requests -= written;
            entry.idle_since = Instant::now();
        }
    }

    /// Completes when the connection is to end for another.
    pub async fn let_go(&self) {
        loop {
            self.ends.notified().await;
            let is_open = |all: &Arc<Connections>| all.lock().connections.contains_key(&self.id);
            if !self.all.as_ref().is_some_and(is_open) {
                return;
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(all) = &self.all {
            all.lock().remove(self.id);
        }
    }
}

/// A request that is being answered, until its whole answer is written.
#[derive(Debug)]
pub struct Busy(Arc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.written.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn connections(in_all: usize, per_address: usize) -> Arc<Connections> {
        Connections::within(Limits {
            in_all,
            per_address,
            proxies: vec!["10.0.0.0/8".parse().unwrap()],
        })
    }

    fn open(connections: &Arc<Connections>, peer: &str) -> Option<Arc<Connection>> {
        let room = connections.room().now_or_never()?;
        connections.open(peer.parse().unwrap(), room).map(Arc::new)
    }

    fn has_ended(connection: &Connection) -> bool {
        let mut end = std::pin::pin!(connection.let_go());
        (&mut end).now_or_never().is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_is_idle_for_longest_ends_first() {
        let connections = connections(2, 2);
        let first = open(&connections, "192.0.2.1").unwrap();
        let second = open(&connections, "192.0.2.2").unwrap();
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        drop(first.busy());
        first.flushed();
        let _third = open(&connections, "192.0.2.3").unwrap();
        assert!(has_ended(&second));
        assert!(!has_ended(&first));
    }

    #[test]
    fn one_that_is_answered_does_not_end() {
        let connections = connections(1, 1);
        let first = open(&connections, "192.0.2.1").unwrap();
        let busy = first.busy();
        assert!(open(&connections, "192.0.2.2").is_none());
        assert!(!has_ended(&first));
        drop(busy);
        // The answer may still be in a buffer.
        assert!(open(&connections, "192.0.2.2").is_none());
        first.flushed();
        assert!(open(&connections, "192.0.2.2").is_some());
        assert!(has_ended(&first));
    }

    #[test]
    fn those_that_ended_take_room_until_they_are_closed() {
        let connections = connections(2, 2);
        let mut opened: Vec<_> = (1..=4)
            .map(|host| open(&connections, &format!("192.0.2.{host}")).unwrap())
            .collect();
        assert!(has_ended(&opened[0]) && has_ended(&opened[1]));
        assert!(connections.room().now_or_never().is_none());
        opened.remove(0);
        assert!(connections.room().now_or_never().is_some());
    }

    #[test]
    fn an_address_has_its_share_and_proxies_have_all() {
        let connections = connections(100, 2);
        let busy = |peer: &str| {
            let connection = open(&connections, peer)?;
            let busy = connection.busy();
            Some((connection, busy))
        };
        for (peer, neighbour) in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::ffff"),
        ] {
            let held = [busy(peer).unwrap(), busy(neighbour).unwrap()];
            assert!(busy(peer).is_none());
            assert!(busy("192.0.2.9").is_some());
            drop(held);
            assert!(busy(peer).is_some());
        }
        for many in ["127.0.0.1", "::1", "10.1.2.3", "::ffff:10.1.2.3"] {
            let held: Vec<_> = (0..10).map(|_| busy(many)).collect();
            assert!(held.iter().all(Option::is_some), "{many}");
        }
    }
}
