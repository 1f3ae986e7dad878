//! In place of what tells how far something is.

pub struct Progress;

impl Progress {
    pub fn of(_: &'static str, _: u64) -> Self {
        Self
    }

    pub fn expect(&self, _: u64) {}

    pub fn step(&mut self) {}

    pub fn reach(&mut self, _: u64) {}

    pub fn finish(self) {}
}
