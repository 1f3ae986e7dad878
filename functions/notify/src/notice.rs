//! A notice: how many messages came, and where they are. It has no text of a message, and no token.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970.
pub type Millis = u64;

/// How many messages a notice tells of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How many of them are on the board.
    pub new: u64,
    /// How many of them wait for a moderator.
    pub held: u64,
}

/// What a channel is told. A notice that is sent again has the same id, so that whoever gets it twice can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The notice's id, which no other notice has.
    pub id: String,
    /// How many messages came since the notice before.
    #[serde(flatten)]
    pub counts: Counts,
    /// When the notice was made.
    pub made: Millis,
}

impl Notice {
    /// The notice in one sentence.
    pub fn text(&self) -> String {
        let Counts { new, held } = self.counts;
        let messages = |count| if count == 1 { "message" } else { "messages" };
        let wait = if held == 1 { "waits" } else { "wait" };
        match (new, held) {
            (new, 0) => format!("{new} new {}", messages(new)),
            (0, held) => format!("{held} {} {wait} for you", messages(held)),
            (new, held) => format!("{new} new {}, {held} {wait} for you", messages(new)),
        }
    }

    /// Where the notice leads: to the board, or to its moderators' view where messages wait there.
    pub fn link(&self, board: &str) -> String {
        let view = if self.counts.held > 0 {
            "#moderate"
        } else {
            ""
        };
        format!("{board}/{view}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_counts_and_leads_to_what_is_to_be_done() {
        for (new, held, text, link) in [
            (1, 0, "1 new message", "https://board.example/"),
            (12, 0, "12 new messages", "https://board.example/"),
            (
                12,
                3,
                "12 new messages, 3 wait for you",
                "https://board.example/#moderate",
            ),
            (
                1,
                1,
                "1 new message, 1 waits for you",
                "https://board.example/#moderate",
            ),
            (
                0,
                1,
                "1 message waits for you",
                "https://board.example/#moderate",
            ),
            (
                0,
                2,
                "2 messages wait for you",
                "https://board.example/#moderate",
            ),
        ] {
            let notice = Notice {
                id: "a".to_owned(),
                counts: Counts { new, held },
                made: 0,
            };
            let told = (notice.text(), notice.link("https://board.example"));
            assert_eq!(told, (text.to_owned(), link.to_owned()));
        }
    }
}
