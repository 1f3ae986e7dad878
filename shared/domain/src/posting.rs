use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// Whether a board takes new messages; what is stricter is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Posting {
    /// The board takes new messages, and shows them at once.
    #[default]
    Open,
    /// The board takes new messages, and shows each when a moderator has approved it.
    Reviewed,
    /// The board can only be read.
    Closed,
}

/// The text is none of `open`, `reviewed` and `closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not open, reviewed or closed")]
pub struct InvalidPosting;

impl Posting {
    const ALL: [Self; 3] = [Self::Open, Self::Reviewed, Self::Closed];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reviewed => "reviewed",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for Posting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Posting {
    type Err = InvalidPosting;

    fn from_str(text: &str) -> Result<Self, InvalidPosting> {
        let mut all = Self::ALL.into_iter();
        all.find(|posting| posting.as_str() == text)
            .ok_or(InvalidPosting)
    }
}

impl Serialize for Posting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_is_greater_and_each_is_read_as_it_is_written() {
        assert!(Posting::Open < Posting::Reviewed && Posting::Reviewed < Posting::Closed);
        for posting in Posting::ALL {
            assert_eq!(posting.to_string().parse(), Ok(posting));
        }
        assert_eq!("Open".parse::<Posting>(), Err(InvalidPosting));
    }
}
