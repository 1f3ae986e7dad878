//! What `board/told.json` says: which messages are known, which of them no notice has counted yet, the notice that is on
//! its way, and until when somebody looks again. Nothing here asks the clock, the bucket or anybody else.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::{MessageId, since_1970};
use media::Came;
use serde::{Deserialize, Serialize};

use crate::notice::{Counts, Millis, Notice};

/// The least time between two notices.
pub const PERIOD: Duration = Duration::from_mins(15);
/// The lease: how long a notice is one invocation's alone, which is over before that.
pub const LEASE: Duration = Duration::from_mins(1);
/// How long a message is remembered; an older one is told of only if it is remembered because it waited.
const REMEMBERED: Duration = Duration::from_hours(24);
/// How long a message that waits is remembered: as long as it may wait, and a day more.
const WAITS: Duration = Duration::from_hours(31 * 24);
/// A board of which nothing was told yet tells of no message that is older than this.
const BEFORE_THE_FIRST: Duration = Duration::from_hours(1);
/// How many messages are remembered at most; one that falls out counts as older.
const MOST: usize = 10_000;
/// The backoff: after which pauses a notice is sent again to the channels that did not take it, before it is given up.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(2),
    Duration::from_mins(4),
    Duration::from_mins(8),
    Duration::from_mins(15),
];

/// The time as it stands in the file.
pub fn millis(time: SystemTime) -> Millis {
    since_1970(time)
        .as_millis()
        .try_into()
        .unwrap_or(Millis::MAX)
}

fn after(now: Millis, pause: Duration) -> Millis {
    now.saturating_add(pause.as_millis().try_into().unwrap_or(Millis::MAX))
}

fn before(now: Millis, pause: Duration) -> Millis {
    now.saturating_sub(pause.as_millis().try_into().unwrap_or(Millis::MAX))
}

/// The least id of a moment: the ids of all earlier moments sort below it.
fn id_of(moment: Millis) -> String {
    MessageId::from_parts(moment, 0).to_string()
}

/// How far a message came; a later stage follows an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Stage {
    Waiting,
    Published,
}

impl Stage {
    fn count(self, counts: &mut Counts) {
        match self {
            Self::Waiting => counts.held += 1,
            Self::Published => counts.new += 1,
        }
    }
}

/// A message that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    stage: Stage,
    /// When the message came to this stage.
    at: Millis,
    /// Whether no notice has counted the message at this stage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    due: bool,
}

/// A notice that was made, and that not every channel has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    #[serde(flatten)]
    pub notice: Notice,
    /// The channels that do not have the notice.
    pub left: Vec<String>,
    /// How often the notice was sent to some of these channels in vain.
    tries: usize,
    /// Until then nobody else sends the notice.
    until: Millis,
}

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// A message that is not known and has this id or an older one is not told of.
    older: String,
    /// The messages that are known, by their ids, which sort by time.
    messages: BTreeMap<String, Known>,
    /// How many messages fell out of `messages` before a notice counted them.
    beyond: Counts,
    batch: Option<Outgoing>,
    /// When the last notice was made.
    last_sent: Millis,
    /// When the queue's message comes upon which the function looks again.
    look: Millis,
}

impl Told {
    /// The file of a board of which nothing was told yet.
    pub fn nothing(now: Millis) -> Self {
        Self {
            older: id_of(before(now, BEFORE_THE_FIRST)),
            messages: BTreeMap::new(),
            beyond: Counts::default(),
            batch: None,
            last_sent: 0,
            look: 0,
        }
    }

    /// Takes in what came. What is known at this stage or a later one is a repeat, a rewrite, or an event that is late;
    /// what is older and not known was restored, imported or republished.
    pub fn take(&mut self, came: Came, now: Millis) {
        let (id, stage) = match came {
            Came::Waiting(id) => (id.to_string(), Stage::Waiting),
            Came::Published(id) => (id.to_string(), Stage::Published),
        };
        let is_silent = match self.messages.get(&id) {
            Some(known) => known.stage >= stage,
            None => id <= self.older,
        };
        if !is_silent {
            let known = Known {
                stage,
                at: now,
                due: true,
            };
            self.messages.insert(id, known);
        }
    }

    /// Forgets what is older than a day, and what waits no longer.
    pub fn forget(&mut self, now: Millis) {
        let older = id_of(before(now, REMEMBERED));
        self.older = std::mem::take(&mut self.older).max(older);
        let (older, no_longer) = (&self.older, before(now, WAITS));
        self.messages.retain(|id, known| {
            known.due
                || match known.stage {
                    Stage::Waiting => known.at > no_longer,
                    Stage::Published => id > older,
                }
        });
        while self.messages.len() > MOST {
            let Some((id, known)) = self.messages.pop_first() else {
                break;
            };
            if known.due {
                known.stage.count(&mut self.beyond);
            }
            self.older = std::mem::take(&mut self.older).max(id);
        }
    }

    /// What no notice has counted.
    fn due(&self) -> Counts {
        let mut due = self.beyond;
        for known in self.messages.values().filter(|known| known.due) {
            known.stage.count(&mut due);
        }
        due
    }

    /// Claims the notice that is to be sent now, which is the caller's for the time of a lease. A notice that is on its
    /// way comes first; a new one, of this id, goes to all channels.
    pub fn claim(
        &mut self,
        now: Millis,
        id: impl FnOnce() -> String,
        channels: &[&str],
    ) -> Option<Outgoing> {
        if self.batch.is_none() {
            let counts = self.due();
            if counts == Counts::default() || now < after(self.last_sent, PERIOD) {
                return None;
            }
            self.messages
                .values_mut()
                .for_each(|known| known.due = false);
            self.beyond = Counts::default();
            self.last_sent = now;
            self.batch = Some(Outgoing {
                notice: Notice {
                    id: id(),
                    counts,
                    made: now,
                },
                left: channels.iter().map(|&name| name.to_owned()).collect(),
                tries: 0,
                until: now,
            });
        }
        let batch = self.batch.as_mut().filter(|batch| now >= batch.until)?;
        batch.until = after(now, LEASE);
        Some(batch.clone())
    }

    /// Notes what became of a notice that was sent: which channels still do not have it. Returns the notice where it is
    /// given up.
    pub fn settle(&mut self, sent: &Outgoing, now: Millis) -> Option<Outgoing> {
        let batch = self.batch.take_if(|it| it.notice.id == sent.notice.id)?;
        if sent.left.is_empty() {
            return None;
        }
        let Some(&pause) = PAUSES.get(batch.tries) else {
            return Some(sent.clone());
        };
        self.batch = Some(Outgoing {
            left: sent.left.clone(),
            tries: batch.tries + 1,
            until: after(now, pause),
            ..batch
        });
        None
    }

    /// Notes that the function looks, upon the queue's message that was to come at this time.
    pub fn looked(&mut self, at: Millis) {
        if self.look == at {
            self.look = 0;
        }
    }

    /// In how many seconds, and when, the function has to look again; `None` where nothing is left to do, or a message
    /// is under way that comes by then. The caller sends such a message first, and then writes the file: so whatever
    /// the file leaves for later, a message comes for it.
    pub fn look_again(&mut self, now: Millis) -> Option<(u16, Millis)> {
        /// SQS delays a message by 15 minutes at most.
        const MOST_DELAY: u64 = 900;
        let wanted = match &self.batch {
            Some(batch) => batch.until,
            None if self.due() == Counts::default() => return None,
            None => after(self.last_sent, PERIOD),
        };
        if now < self.look && self.look <= wanted {
            return None;
        }
        let seconds = wanted.saturating_sub(now).div_ceil(1_000);
        let seconds = seconds.clamp(1, MOST_DELAY);
        self.look = now.saturating_add(seconds * 1_000);
        Some((u16::try_from(seconds).unwrap_or(u16::MAX), self.look))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_795_341_600_000;
    const MINUTE: Millis = 60_000;
    const HOUR: Millis = 60 * MINUTE;
    const CHANNELS: [&str; 2] = ["topic", "webhook"];

    fn message(at: Millis) -> MessageId {
        MessageId::from_parts(at, 7)
    }

    fn counts(new: u64, held: u64) -> Counts {
        Counts { new, held }
    }

    fn claim(told: &mut Told, now: Millis) -> Option<Outgoing> {
        told.claim(now, || format!("msg_{now}"), &CHANNELS)
    }

    /// Claims a notice, and settles it.
    fn tell(told: &mut Told, now: Millis) -> Option<Counts> {
        let mut batch = claim(told, now)?;
        batch.left.clear();
        assert_eq!(told.settle(&batch, now), None);
        told.forget(now);
        Some(batch.notice.counts)
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_after_a_quarter_of_an_hour() {
        let mut told = Told::nothing(NOW);
        told.take(Came::Published(message(NOW)), NOW);
        assert_eq!(tell(&mut told, NOW), Some(counts(1, 0)));
        for n in 1..100 {
            told.take(Came::Published(message(NOW + n)), NOW + n);
            assert_eq!(tell(&mut told, NOW + n), None);
        }
        told.take(Came::Waiting(message(NOW + 100)), NOW + 100);
        assert_eq!(tell(&mut told, NOW + 15 * MINUTE - 1), None);
        assert_eq!(tell(&mut told, NOW + 15 * MINUTE), Some(counts(99, 1)));
        assert_eq!(tell(&mut told, NOW + 24 * HOUR), None);
    }

    #[test]
    fn repeats_rewrites_and_late_events_are_silent() {
        let mut told = Told::nothing(NOW);
        let id = message(NOW);
        told.take(Came::Published(id), NOW);
        assert_eq!(tell(&mut told, NOW), Some(counts(1, 0)));
        for late in [Came::Published(id), Came::Waiting(id)] {
            told.take(late, NOW + HOUR);
            told.take(late, NOW + 30 * HOUR);
            assert_eq!(tell(&mut told, NOW + 30 * HOUR), None);
            told.take(late, NOW + 30 * HOUR);
            assert_eq!(tell(&mut told, NOW + 60 * HOUR), None);
        }
    }

    #[test]
    fn what_is_older_is_told_of_only_where_it_waited() {
        let mut told = Told::nothing(NOW);
        let (waited, imported) = (message(NOW), message(NOW + 1));
        told.take(Came::Waiting(waited), NOW);
        assert_eq!(tell(&mut told, NOW), Some(counts(0, 1)));
        let month = NOW + 30 * 24 * HOUR;
        told.forget(month);
        for came in [waited, imported] {
            told.take(Came::Published(came), month);
        }
        assert_eq!(tell(&mut told, month), Some(counts(1, 0)));
        told.take(Came::Published(waited), month + HOUR);
        assert_eq!(tell(&mut told, month + HOUR), None);
    }

    #[test]
    fn what_waited_and_was_approved_before_a_notice_counts_once() {
        let mut told = Told::nothing(NOW);
        told.take(Came::Waiting(message(NOW)), NOW);
        told.take(Came::Published(message(NOW)), NOW);
        assert_eq!(tell(&mut told, NOW), Some(counts(1, 0)));
    }

    #[test]
    fn a_board_of_which_nothing_was_told_is_silent_about_what_was_there() {
        let mut told = Told::nothing(NOW);
        told.take(Came::Published(message(NOW - 2 * HOUR)), NOW);
        assert_eq!(tell(&mut told, NOW), None);
        told.take(Came::Published(message(NOW - MINUTE)), NOW);
        assert_eq!(tell(&mut told, NOW), Some(counts(1, 0)));
    }

    #[test]
    fn a_notice_is_one_senders_for_a_lease_and_then_anybodys_and_the_same() {
        let mut told = Told::nothing(NOW);
        told.take(Came::Published(message(NOW)), NOW);
        let first = claim(&mut told, NOW).unwrap();
        told.take(Came::Published(message(NOW + 1)), NOW + 1);
        assert_eq!(claim(&mut told, NOW + MINUTE - 1), None);
        let again = claim(&mut told, NOW + MINUTE).unwrap();
        assert_eq!((again.notice, again.left), (first.notice, first.left));
    }

    #[test]
    fn a_channel_that_fails_is_tried_again_alone_and_then_given_up() {
        let mut told = Told::nothing(NOW);
        told.take(Came::Published(message(NOW)), NOW);
        let (mut now, mut tries) = (NOW, 0);
        let given_up = loop {
            let mut batch = claim(&mut told, now).unwrap();
            tries += 1;
            assert_eq!(
                batch.left,
                if tries == 1 {
                    &CHANNELS[..]
                } else {
                    &CHANNELS[1..]
                }
            );
            batch.left = vec!["webhook".to_owned()];
            if let Some(given_up) = told.settle(&batch, now) {
                break given_up;
            }
            let (seconds, _) = told.look_again(now).unwrap();
            assert_eq!(claim(&mut told, now + u64::from(seconds) * 1_000 - 1), None);
            now += u64::from(seconds) * 1_000;
        };
        assert_eq!((tries, given_up.left), (7, vec!["webhook".to_owned()]));
        assert!((30 * MINUTE..40 * MINUTE).contains(&(now - NOW)));
        assert_eq!(told.look_again(now), None);
    }

    #[test]
    fn whatever_is_left_for_later_has_somebody_who_looks_then() {
        let mut told = Told::nothing(NOW);
        assert_eq!(told.look_again(NOW), None);
        told.take(Came::Published(message(NOW)), NOW);
        let mut batch = claim(&mut told, NOW).unwrap();
        assert_eq!(told.look_again(NOW), Some((60, NOW + MINUTE)));
        batch.left.clear();
        told.settle(&batch, NOW + 1);
        assert_eq!(told.look_again(NOW + 1), None);
        told.take(Came::Published(message(NOW + 2)), NOW + 2);
        // The message that is under way comes first.
        assert_eq!(told.look_again(NOW + 2), None);
        told.looked(NOW + MINUTE);
        let due = Some((840, NOW + 15 * MINUTE));
        assert_eq!(told.look_again(NOW + MINUTE), due);
        assert_eq!(told.look_again(NOW + MINUTE + 1), None);
        // One that comes a little too soon by this clock.
        told.looked(NOW + 15 * MINUTE);
        assert_eq!(
            told.look_again(NOW + 15 * MINUTE - 1),
            Some((1, NOW + 15 * MINUTE + 999))
        );
    }

    #[test]
    fn of_too_many_the_oldest_are_counted_and_forgotten() {
        let mut told = Told::nothing(NOW);
        let many = u64::try_from(MOST).unwrap() + 10;
        for n in 0..many {
            told.take(Came::Published(message(NOW + n)), NOW + many);
        }
        told.forget(NOW + many);
        assert_eq!(told.messages.len(), MOST);
        told.take(Came::Published(message(NOW + 9)), NOW + many);
        assert_eq!(tell(&mut told, NOW + many), Some(counts(many, 0)));
        assert!(serde_json::to_vec(&told).unwrap().len() < 1_000_000);
    }

    #[test]
    fn the_file_is_read_as_it_was_written() {
        let mut told = Told::nothing(NOW);
        told.take(Came::Waiting(message(NOW)), NOW);
        claim(&mut told, NOW);
        told.take(Came::Published(message(NOW)), NOW);
        let json = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<Told>(&json).unwrap(), told);
    }
}
