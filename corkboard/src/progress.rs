//! How far a command is that takes long: a bar on a terminal, and elsewhere a line for each tenth, at most one a
//! second.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressFinish, ProgressStyle};

/// How far a command is, told on standard error. Where 0 steps are expected, it is not known how many there are.
pub struct Progress {
    what: &'static str,
    bar: ProgressBar,
    is_bar: bool,
    tenths: u64,
    told: Instant,
}

/// A function that tells how far a command is: it is called with how many steps are done, and of how many (0 where that
/// is not known). Where it is never called, nothing is told.
pub fn follow(what: &'static str) -> impl FnMut(u64, u64) {
    let mut progress = None;
    move |done, expected| {
        let progress = progress.get_or_insert_with(|| Progress::of(what, expected));
        progress.expect_in_all(expected);
        progress.reach(done);
    }
}

/// The least time between two lines.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

impl Progress {
    /// The progress of `expected` steps of `what`.
    pub fn of(what: &'static str, expected: u64) -> Self {
        let bar = ProgressBar::new(expected).with_finish(ProgressFinish::AndClear);
        let template = "{msg} {bar:30} {pos} of {len}, {per_sec:.1}, {eta} to go";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self {
            what,
            bar,
            is_bar: io::stderr().is_terminal(),
            tenths: 0,
            told: Instant::now(),
        }
    }

    /// Says that `more` steps are to come.
    pub fn expect(&self, more: u64) {
        self.bar.inc_length(more);
    }

    /// Says that there are `expected` steps in all.
    pub fn expect_in_all(&self, expected: u64) {
        self.bar.set_length(expected);
    }

    /// Says that one more step is done.
    pub fn step(&mut self) {
        self.reach(self.bar.position() + 1);
    }

    /// Says that `done` steps are done in all.
    pub fn reach(&mut self, done: u64) {
        self.bar.set_position(done);
        let expected = self.bar.length().unwrap_or_default();
        if self.is_bar || self.told.elapsed() < BETWEEN_LINES {
            return;
        }
        let Some(tenths) = (done * 10).checked_div(expected) else {
            self.told = Instant::now();
            let _ = writeln!(io::stderr(), "{}: {done}", self.what);
            return;
        };
        if tenths > self.tenths {
            self.told = Instant::now();
            self.tenths = tenths;
            let rate = self.bar.per_sec();
            let left = HumanDuration(self.bar.eta());
            let what = self.what;
            let line = format!("{what}: {done} of {expected}, {rate:.1}/s, {left} to go");
            // The command goes on whether or not anybody reads this line.
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// A line on standard output that stays.
    pub fn say(&self, line: &impl Display) {
        self.bar.suspend(|| {
            let _ = writeln!(io::stdout(), "{line}");
        });
    }

    /// Removes the bar, since all is done.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
