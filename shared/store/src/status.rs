//! Where a message is in its life, and which changes of that there are: each is a compare-and-swap of the row.

use std::fmt;
use std::str::FromStr;

use crate::row;

/// Declares the statuses: each with what it means and the word that stands in the row, of 8 characters at most.
macro_rules! statuses {
    ($($(#[$meaning:meta])* $name:ident: $word:literal,)*) => {
        /// Where a message is in its life: what is intended with it. What readers see is in the bucket.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Status {
            $($(#[$meaning])* $name,)*
        }

        impl Status {
            const ALL: &[Self] = &[$(Self::$name),*];

            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

statuses! {
    /// The message is to be on the board.
    Pending: "pending",
    /// The message is on the board.
    Posted: "posted",
    /// The message is to leave the board.
    Deleting: "deleting",
    /// The message has left the board: the row is a tombstone.
    Deleted: "deleted",
    /// The message was pending or arriving for too long: its row, and all that was put for it, is to go.
    Clearing: "clearing",
    /// The message is to wait for a moderator.
    Arriving: "arriving",
    /// The message waits for a moderator.
    Held: "held",
    /// A moderator approved the message: it is to be on the board.
    Approved: "approved",
    /// A moderator rejected the message, and may undo that for a day.
    Rejected: "rejected",
    /// A moderator takes the message down: it is to leave the board, and what was public of it is to be kept.
    Removing: "removing",
    /// The message was taken down, and can be restored for a day.
    Removed: "removed",
    /// A moderator restored the message: it is to be on the board again.
    Restored: "restored",
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.iter().copied();
        all.find(|status| status.as_str() == text).ok_or(())
    }
}

/// A change of a message's status: from which, and of which generation, it is made, is decided in the statement that
/// makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A pending message goes on to be pending, from now on: a repeat takes it over.
    Taken,
    /// A pending message is on the board.
    Posted,
    /// A message is to leave the board for good, as its author wants.
    Deleting,
    /// A message is to leave the board for good, also one that is being cleared away, or is a tombstone of code that
    /// published nothing.
    DeletingForGood,
    /// A message has left the board, and its row becomes a tombstone.
    Deleted,
    /// An arriving message goes on to arrive, from now on: a repeat takes it over.
    TakenToHold,
    /// An arriving message waits for a moderator.
    Held,
    /// A held message is to be on the board.
    Approved,
    /// A held message is not to be on the board.
    Rejected,
    /// A rejected message is held again.
    HeldAgain,
    /// A posted message is to be taken down.
    Removing,
    /// A message was taken down.
    Removed,
    /// A removed message is to be on the board again.
    Restored,
    /// An approved or restored message is on the board.
    Published,
    /// What was approved or restored has lost its picture, and is to leave the board for good.
    Lost,
    /// What nobody approved or restored in time is to go for good: a message that was seen to be held, rejected or removed.
    Expired(Status),
}

impl Mark {
    /// The statuses from which the change is made, and the one to which.
    pub(crate) fn between(self) -> (&'static [Status], Status) {
        use Status::{
            Approved, Arriving, Clearing, Deleted, Deleting, Held, Pending, Posted, Rejected,
            Removed, Removing, Restored,
        };
        match self {
            Self::Taken => (&[Pending], Pending),
            Self::Posted => (&[Pending], Posted),
            Self::Deleting => (
                &[
                    Pending, Posted, Deleting, Arriving, Held, Approved, Rejected, Removing,
                    Removed, Restored,
                ],
                Deleting,
            ),
            Self::DeletingForGood => (
                &[
                    Pending, Posted, Deleting, Clearing, Arriving, Held, Approved, Rejected,
                    Removing, Removed, Restored,
                ],
                Deleting,
            ),
            Self::Deleted => (&[Deleting], Deleted),
            Self::TakenToHold => (&[Arriving], Arriving),
            Self::Held => (&[Arriving], Held),
            Self::Approved => (&[Held], Approved),
            Self::Rejected => (&[Held], Rejected),
            Self::HeldAgain => (&[Rejected], Held),
            Self::Removing => (&[Posted], Removing),
            Self::Removed => (&[Removing], Removed),
            Self::Restored => (&[Removed], Restored),
            Self::Published => (&[Approved, Restored], Posted),
            Self::Lost => (&[Approved, Restored], Deleting),
            Self::Expired(Held) => (&[Held], Deleting),
            Self::Expired(Rejected) => (&[Rejected], Deleting),
            Self::Expired(_) => (&[Removed], Deleting),
        }
    }

    /// Whether the change is made of a message of this status.
    pub fn is_made_from(self, status: Status) -> bool {
        self.between().0.contains(&status)
    }

    /// By how much the change raises the generation: what was decided of one before it has no effect any more.
    pub fn raises(self) -> u32 {
        u32::from(matches!(self, Self::HeldAgain | Self::Restored))
    }

    pub(crate) fn assignments(self) -> String {
        match self {
            Self::Deleted => row::tombstone_assignments(),
            Self::HeldAgain | Self::Restored => {
                format!(
                    "status = '{}', generation = generation + 1",
                    self.between().1
                )
            }
            _ => format!("status = '{}'", self.between().1),
        }
    }

    pub(crate) fn condition(self) -> String {
        let words: Vec<_> = self
            .between()
            .0
            .iter()
            .map(|it| format!("'{it}'"))
            .collect();
        let of = match &words[..] {
            [word] => format!("status = {word}"),
            words => format!("status IN ({})", words.join(", ")),
        };
        match self {
            Self::DeletingForGood => format!(
                "({of} OR (status = 'deleted' AND cleared_at IS NULL AND (since IS NULL OR since = 0)))"
            ),
            _ => of,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_fits_into_its_column() {
        for status in Status::ALL {
            assert!(status.as_str().len() <= 8, "{status}");
            assert_eq!(status.to_string().parse(), Ok(*status));
        }
    }
}
