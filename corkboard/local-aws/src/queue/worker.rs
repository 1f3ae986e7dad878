//! The poller: collects messages into batches, invokes the function, and delivers again what failed.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::answer;
use super::event::{QueueMessage, batch, scheduled};

/// How long messages are collected after the first.
pub const WINDOW: Duration = Duration::from_millis(200);
/// Messages of a batch, at most.
pub const MAX_MESSAGES: usize = 1_000;
/// Bytes of a batch, at most: well below the 6,291,556 of an invocation.
pub const MAX_BYTES: usize = 5_000_000;
/// Batches under way at once.
pub const MAX_IN_FLIGHT: usize = 2;
/// The pause before a second delivery; it doubles with each further one, up to the longest.
pub const FIRST_PAUSE: Duration = Duration::from_millis(200);
pub const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a shutdown goes on delivering.
pub const DRAIN: Duration = Duration::from_secs(5);

type Delivered = Result<Bytes, String>;
pub type Deliver = dyn Fn(Bytes) -> Pin<Box<dyn Future<Output = Delivered> + Send>> + Send + Sync;

pub enum Task {
    Deliver(QueueMessage),
    Later(QueueMessage, Duration),
    Reconcile,
    Drain(oneshot::Sender<()>),
}

pub struct Worker {
    deliver: Arc<Deliver>,
    /// The messages that may be delivered, and since when the first of them may.
    visible: VecDeque<QueueMessage>,
    visible_since: Instant,
    /// The messages that failed, by when they become visible again; the number makes the key unique.
    hidden: BTreeMap<(Instant, u64), QueueMessage>,
    /// The messages that were sent with a delay, by the same kind of key.
    delayed: BTreeMap<(Instant, u64), QueueMessage>,
    numbers: u64,
    in_flight: JoinSet<(Vec<QueueMessage>, Delivered)>,
    schedules: JoinSet<()>,
    draining: bool,
}

impl Worker {
    pub fn new(deliver: Arc<Deliver>) -> Self {
        Self {
            deliver,
            visible: VecDeque::new(),
            visible_since: Instant::now(),
            hidden: BTreeMap::new(),
            delayed: BTreeMap::new(),
            numbers: 0,
            in_flight: JoinSet::new(),
            schedules: JoinSet::new(),
            draining: false,
        }
    }

    pub async fn run(mut self, mut tasks: UnboundedReceiver<Task>) {
        loop {
            tokio::select! {
                task = tasks.recv() => match task {
                    Some(Task::Deliver(message)) => self.show(message),
                    Some(Task::Later(message, delay)) => {
                        let key = self.key(delay);
                        self.delayed.insert(key, message);
                    }
                    Some(Task::Reconcile) => {
                        self.schedules.spawn(reconcile(Arc::clone(&self.deliver)));
                    }
                    Some(Task::Drain(done)) => {
                        self.drain().await;
                        let _ = done.send(());
                        return;
                    }
                    None => return,
                },
                () = self.step() => {}
            }
        }
    }

    async fn drain(&mut self) {
        self.draining = true;
        let delivered = async {
            while !self.is_idle() {
                self.step().await;
            }
        };
        if timeout(DRAIN, delivered).await.is_err() {
            tracing::warn!(
                "events were still undelivered at shutdown; the next start makes up for them"
            );
        }
    }

    fn is_idle(&self) -> bool {
        self.visible.is_empty()
            && self.hidden.is_empty()
            && self.in_flight.is_empty()
            && self.schedules.is_empty()
    }

    /// Dispatches the messages that are due, and waits for the next thing to happen. It can be cancelled without loss.
    async fn step(&mut self) {
        self.dispatch();
        let wake = self.wake();
        tokio::select! {
            Some(Ok((messages, answer))) = self.in_flight.join_next() => self.settle(messages, answer),
            Some(_) = self.schedules.join_next() => {}
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            else => pending().await,
        }
    }

    fn dispatch(&mut self) {
        let now = Instant::now();
        for waiting in [&mut self.hidden, &mut self.delayed] {
            let later = waiting.split_off(&(now, u64::MAX));
            let shown = std::mem::replace(waiting, later).into_values();
            if self.visible.is_empty() {
                self.visible_since = now;
            }
            self.visible.extend(shown);
        }
        while self.in_flight.len() < MAX_IN_FLIGHT && self.is_due() {
            let (messages, payload) = batch(&mut self.visible, MAX_MESSAGES, MAX_BYTES);
            let answer = (self.deliver)(payload);
            self.in_flight.spawn(async { (messages, answer.await) });
        }
    }

    fn show(&mut self, message: QueueMessage) {
        if self.visible.is_empty() {
            self.visible_since = Instant::now();
        }
        self.visible.push_back(message);
    }

    fn is_due(&self) -> bool {
        let waited = self.draining || Instant::now() >= self.visible_since + WINDOW;
        self.visible.len() >= MAX_MESSAGES || (waited && !self.visible.is_empty())
    }

    /// When there will be something to dispatch, if nothing else happens before.
    fn wake(&self) -> Option<Instant> {
        if self.in_flight.len() == MAX_IN_FLIGHT {
            return None;
        }
        let collected = (!self.visible.is_empty()).then(|| self.visible_since + WINDOW);
        let firsts = [self.hidden.keys().next(), self.delayed.keys().next()];
        let shown = firsts.into_iter().flatten().map(|(at, _)| *at);
        collected.into_iter().chain(shown).min()
    }

    /// The key of a message that becomes visible after a pause.
    fn key(&mut self, pause: Duration) -> (Instant, u64) {
        self.numbers += 1;
        (Instant::now() + pause, self.numbers)
    }

    fn settle(&mut self, messages: Vec<QueueMessage>, answer: Delivered) {
        let ids = messages.iter().map(QueueMessage::id);
        let failed = answer.and_then(|answer| answer::failed(&answer, &ids.collect()));
        let count = match &failed {
            Ok(failed) if failed.is_empty() => return,
            Ok(failed) => failed.len(),
            Err(_) => messages.len(),
        };
        let error = failed
            .as_ref()
            .err()
            .map_or("reported by the function", String::as_str);
        tracing::warn!(
            messages = count,
            error,
            "events were not handled and will be delivered again"
        );
        for message in messages {
            if failed
                .as_ref()
                .is_ok_and(|failed| !failed.contains(message.id()))
            {
                continue;
            }
            let key = self.key(pause(message.receives()));
            self.hidden.insert(key, message);
        }
    }
}

async fn reconcile(deliver: Arc<Deliver>) {
    let event = scheduled();
    for attempt in 1.. {
        let Err(error) = deliver(event.clone()).await else {
            return;
        };
        tracing::warn!(
            error,
            "the bucket was not reconciled; the event will be delivered again"
        );
        sleep(pause(attempt)).await;
    }
}

/// The pause after this many deliveries.
pub fn pause(deliveries: u32) -> Duration {
    let factor = 2_u32.saturating_pow(deliveries.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}
