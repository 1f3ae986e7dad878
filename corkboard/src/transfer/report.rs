use std::fmt::Display;

use domain::MessageId;

use crate::progress::Progress;

/// What became of a message or a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Taken,
    AlreadyThere,
    /// Not taken, and why.
    NotTaken(String),
}

/// What became of a message and of its picture, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    pub message: Fate,
    pub picture: Option<Fate>,
}

impl Transferred {
    pub fn not_taken(why: impl Into<String>) -> Self {
        Self {
            message: Fate::NotTaken(why.into()),
            picture: None,
        }
    }
}

/// Tells a person how far a transfer is while it lasts, what was not taken (on standard output, as it comes), and the
/// sums at the end.
pub struct Report {
    progress: Progress,
    messages: Sums,
    pictures: Sums,
    log: Sums,
}

#[derive(Default)]
struct Sums {
    taken: u64,
    already_there: u64,
    not_taken: u64,
}

impl Sums {
    fn is_nothing(&self) -> bool {
        self.taken + self.already_there + self.not_taken == 0
    }

    fn count(&mut self, fate: &Fate) {
        match fate {
            Fate::Taken => self.taken += 1,
            Fate::AlreadyThere => self.already_there += 1,
            Fate::NotTaken(_) => self.not_taken += 1,
        }
    }
}

impl Report {
    /// A report of `expected` messages and pictures that stand by themselves.
    pub fn of(expected: u64) -> Self {
        Self {
            progress: Progress::of("messages and pictures", expected),
            messages: Sums::default(),
            pictures: Sums::default(),
            log: Sums::default(),
        }
    }

    /// Says that `more` messages and pictures are to come.
    pub fn expect(&self, more: u64) {
        self.progress.expect(more);
    }

    /// Notes what became of the message `id`.
    pub fn message(&mut self, id: impl Display, outcome: &Transferred) {
        self.progress.step();
        self.messages.count(&outcome.message);
        if let Fate::NotTaken(why) = &outcome.message {
            self.say(&format!("message {id} was not taken: {why}"));
        }
        if let Some(picture) = &outcome.picture {
            self.pictures.count(picture);
            if let Fate::NotTaken(why) = picture {
                self.say(&format!("the picture of message {id} was not taken: {why}"));
            }
        }
    }

    /// Notes what became of a picture that stands by itself.
    pub fn picture(&mut self, key: &str, fate: &Fate) {
        self.progress.step();
        self.pictures.count(fate);
        if let Fate::NotTaken(why) = fate {
            // A key may have any character, also such as command a terminal.
            self.say(&format!("{} was not taken: {why}", key.escape_debug()));
        }
    }

    /// Notes what became of an entry of the log of what moderators did.
    pub fn entry(&mut self, id: MessageId, fate: &Fate) {
        self.log.count(fate);
        if let Fate::NotTaken(why) = fate {
            self.say(&format!("entry {id} of the log was not taken: {why}"));
        }
    }

    /// How many messages were not taken.
    pub fn messages_not_taken(&self) -> u64 {
        self.messages.not_taken
    }

    /// The sums.
    pub fn print(self) {
        // Most boards have no log.
        let log = (!self.log.is_nothing()).then_some(("entries of the moderators' log", &self.log));
        let sums = [("messages", &self.messages), ("pictures", &self.pictures)];
        for (what, sums) in sums.into_iter().chain(log) {
            self.progress.say(&format!(
                "{what}: {} taken, {} already there, {} not taken",
                sums.taken, sums.already_there, sums.not_taken
            ));
        }
        self.progress.finish();
    }

    fn say(&self, line: &str) {
        self.progress.say(&line);
    }
}
