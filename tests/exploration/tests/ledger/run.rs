//! One order in which things happen to the board.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use super::board::{Ask, Explored, Saved};
use super::watch::{Asked, Watch};
use crate::request::Request;
use crate::schedule::{End, Schedule};
use crate::world::MEDIA;

/// Longer than anything that begins lives, and than anything may be pending.
pub const TICK: Duration = Duration::from_millis(15 * 60 * 1_000 + 1);
/// Longer than idempotency keys are kept.
pub const DAY: Duration = Duration::from_millis(24 * 60 * 60 * 1_000 + 1);
/// What a reader sees is no older.
const FRESH: Duration = Duration::from_millis(1_001);

/// What may happen.
#[derive(Clone)]
pub struct Case {
    /// What was before.
    pub start: Saved,
    /// What is asked, each in an execution environment of its own where there are enough.
    pub asks: Vec<Ask>,
    /// How often a request takes effect late and its sender dies or sends it again.
    pub faults: usize,
    /// Of which of `asks`.
    pub faulty: fn(Ask) -> bool,
    /// How often 15 minutes pass.
    pub ticks: usize,
    /// How often a day passes.
    pub days: usize,
    /// Clearing up begins when the deletes are over.
    pub clears_up_last: bool,
    /// Database and bucket are not in step, so they are brought in step at last.
    pub is_restored: bool,
    /// Execution environments serve one request after another, remember, and clear up beside posts.
    pub is_lasting: bool,
}

/// Where one of the asks is.
enum At {
    Before,
    Running(usize, Asked),
    Over,
}

/// What somebody sent and does not wait for.
struct Late {
    request: Request,
    digest: u64,
}

enum Step {
    Start(usize, Ask),
    Happen(usize, usize, Box<Request>),
    Die(usize, usize),
    Again(usize, usize, Box<Request>),
    Arrive(usize, Box<Request>),
    Pass(Duration),
    Rest,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(sandbox, ask) => write!(f, "{sandbox} begins: {ask:?}"),
            Self::Happen(_, sandbox, request) => write!(f, "{sandbox}: {request}"),
            Self::Die(_, sandbox) => write!(f, "{sandbox} dies, what it sent is on its way"),
            Self::Again(_, sandbox, request) => write!(f, "{sandbox} sends again: {request}"),
            Self::Arrive(_, request) => write!(f, "what was late arrives: {request}"),
            Self::Pass(time) => write!(f, "{time:?} pass"),
            Self::Rest => write!(f, "all is at rest"),
        }
    }
}

/// Nothing comes of it, whenever it happens: no message is of code that published nothing, no sender is old, all pictures
/// are PNGs, nothing is decided by the log of what moderators did, and of what nobody restores there is no later generation.
fn is_indifferent(request: &Request, watch: &Watch, asks: &[Ask]) -> bool {
    let is_other_picture = [".jpg", ".gif", ".webp"]
        .iter()
        .any(|it| request.key.ends_with(it));
    // And nothing is held, or set, where no moderator does it.
    let is_of_held = request.bucket == MEDIA && request.method == "POST" && !watch.is_moderated();
    // Where a message has no picture, moderators look for one all the same.
    let is_no_picture = watch.is_of_text() && request.key.strip_suffix(".png").is_some();
    let is_of_held = is_of_held || is_no_picture || request.key.starts_with("small-failed/");
    let is_restored = watch.is_restored() || asks.iter().any(|ask| matches!(ask, Ask::Restore(_)));
    let is_of_later =
        request.is_listing() && request.query("prefix").is_some_and(|it| it.ends_with('-'));
    is_other_picture
        || is_of_held
        || (is_of_later && !is_restored)
        || request.key == "board/posting.json"
        || request.statement().is_some_and(|it| {
            it.sql.starts_with("SELECT EXISTS")
                || it.sql.contains("moderation_log")
                || it
                    .sql
                    .contains("cleared_at IS NULL AND since IS NULL ORDER")
        })
}

/// A run to bring the bucket in step may take longer than 15 minutes, but not from the reading of rows to their end.
fn may_take_long(request: &Request) -> bool {
    request.is_listing()
        || request
            .statement()
            .is_some_and(|it| it.sql.contains("FORCE INDEX (message_by_status)"))
}

struct Run<'a> {
    explored: &'a mut Explored,
    case: &'a Case,
    watch: Watch,
    at: Vec<At>,
    late: Vec<Late>,
    faults: usize,
    ticks: usize,
    days: usize,
}

pub fn run(
    explored: &mut Explored,
    case: &Case,
    schedule: &mut Schedule<'_>,
) -> Result<End, String> {
    let watch = explored.restore(&case.start);
    if case.is_lasting {
        for environment in 0..explored.world.sandboxes() {
            drop(explored.replace(environment));
        }
    }
    let run = Run {
        explored,
        case,
        watch,
        at: case.asks.iter().map(|_| At::Before).collect(),
        late: Vec::new(),
        faults: case.faults,
        ticks: case.ticks,
        days: case.days,
    };
    run.go(schedule)
        .map_err(|wrong| format!("a broken invariant: {wrong}"))
}

impl Run<'_> {
    fn go(mut self, schedule: &mut Schedule<'_>) -> Result<End, String> {
        loop {
            self.settle()?;
            let is_repeated = schedule.is_repeated();
            self.watch.look(&self.explored.world, !is_repeated)?;
            if !self.case.is_lasting && !is_repeated && schedule.is_seen(self.state()) {
                return Ok(End::Seen);
            }
            let steps = self.steps();
            match schedule.choose(steps) {
                Step::Rest => return self.rest().map(|()| End::Rest),
                step => self.take(&step),
            }
        }
    }

    /// Lets all run until each waits for something that matters, and looks at what has ended.
    fn settle(&mut self) -> Result<(), String> {
        loop {
            let world = &mut self.explored.world;
            for (sandbox, answer) in world.settle() {
                let running = |at: &At| matches!(at, At::Running(of, _) if *of == sandbox);
                let n = self.at.iter().position(running).unwrap();
                if let At::Running(_, asked) = std::mem::replace(&mut self.at[n], At::Over) {
                    self.watch.end(world, self.case.asks[n], &asked, &answer)?;
                }
            }
            let waiting = world.waiting();
            let (watch, asks) = (&self.watch, &self.case.asks);
            let Some(n) = waiting
                .iter()
                .position(|(_, request)| is_indifferent(request, watch, asks))
            else {
                return Ok(());
            };
            world.answer(n);
        }
    }

    /// All that decides what can happen from here on.
    fn state(&self) -> u64 {
        let world = &self.explored.world;
        let mut state = DefaultHasher::new();
        (world.state(), self.faults, self.ticks, self.days).hash(&mut state);
        let mut late: Vec<_> = self.late.iter().map(|it| it.digest).collect();
        late.sort_unstable();
        late.hash(&mut state);
        for at in &self.at {
            let at = match at {
                At::Before => 0,
                At::Running(..) => 1,
                At::Over => 2,
            };
            at.hash(&mut state);
        }
        self.watch.digest(world).hash(&mut state);
        for at in &self.at {
            if let At::Running(_, asked) = at {
                asked.digest(world).hash(&mut state);
            }
        }
        state.finish()
    }

    fn steps(&self) -> Vec<Step> {
        let world = &self.explored.world;
        let mut steps = Vec::new();
        let waiting = world.waiting();
        let is_idle = world.busy().next().is_none();
        let idle = |n| {
            if self.case.is_lasting {
                world.idle()
            } else {
                Some(n)
            }
        };
        for (n, at) in self.at.iter().enumerate() {
            let ask = self.case.asks[n];
            let needs_one = !matches!(
                ask,
                Ask::Post(..) | Ask::Hold(..) | Ask::ClearUp | Ask::Republish | Ask::Read
            );
            let waits = ask == Ask::ClearUp && self.case.clears_up_last && !self.are_deletes_over();
            let may = !waits && (!needs_one || self.watch.message(ask).is_some());
            if let (At::Before, true, Some(sandbox)) = (at, may, idle(n)) {
                steps.push(Step::Start(sandbox, ask));
            }
        }
        let is_before = !steps.is_empty();
        for (n, (sandbox, request)) in waiting.iter().enumerate() {
            steps.push(Step::Happen(n, *sandbox, Box::new(request.clone())));
            if self.faults > 0 && request.changes() && self.is_faulty(*sandbox) {
                steps.push(Step::Die(n, *sandbox));
                steps.push(Step::Again(n, *sandbox, Box::new(request.clone())));
            }
        }
        for (n, late) in self.late.iter().enumerate() {
            steps.push(Step::Arrive(n, Box::new(late.request.clone())));
        }
        let may_pass = is_before || !is_idle;
        if may_pass && waiting.iter().all(|(_, request)| may_take_long(request)) && self.long_only()
        {
            if self.ticks > 0 {
                steps.push(Step::Pass(TICK));
            }
            if self.days > 0 {
                steps.push(Step::Pass(DAY));
            }
        }
        // By chance it comes only where nothing else does.
        if is_idle && (!self.case.is_lasting || steps.is_empty()) {
            steps.push(Step::Rest);
        }
        steps
    }

    fn are_deletes_over(&self) -> bool {
        let mut asks = self.at.iter().zip(&self.case.asks);
        asks.all(|(at, ask)| {
            !matches!(ask, Ask::Delete(_) | Ask::Moderate(_)) || matches!(at, At::Over)
        })
    }

    /// Whether nothing runs but what may run for long.
    fn long_only(&self) -> bool {
        self.at.iter().zip(&self.case.asks).all(|(at, ask)| {
            !matches!(at, At::Running(..)) || (*ask == Ask::Republish && !self.case.is_lasting)
        })
    }

    fn is_faulty(&self, sandbox: usize) -> bool {
        let mut asks = self.at.iter().zip(&self.case.asks);
        asks.any(|(at, ask)| {
            matches!(at, At::Running(of, _) if *of == sandbox) && (self.case.faulty)(*ask)
        })
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Start(sandbox, ask) => {
                let is_it =
                    |n: &usize| matches!(self.at[*n], At::Before) && self.case.asks[*n] == ask;
                let mut all = 0..self.at.len();
                let n = if self.case.is_lasting {
                    all.find(is_it).unwrap()
                } else {
                    sandbox
                };
                if self.case.is_lasting {
                    self.explored.world.pass(FRESH);
                } else if matches!(ask, Ask::Read | Ask::ReadOne(_)) {
                    // One that remembers no other run.
                    drop(self.explored.replace(sandbox));
                }
                let id = self.watch.message(ask);
                let asked = self.watch.begin(ask);
                self.at[n] = At::Running(sandbox, asked);
                self.explored.begin(sandbox, ask, id);
            }
            Step::Happen(n, ..) => self.explored.world.answer(n),
            Step::Die(n, sandbox) => {
                self.faults -= 1;
                // Of what it sent at the same time, this is late, and the rest is lost.
                let sent = self.explored.world.waiting().swap_remove(n).1;
                self.send_late(sandbox, sent);
                self.explored.world.crash(sandbox);
                for (n, at) in self.at.iter_mut().enumerate() {
                    if matches!(at, At::Running(of, _) if *of == sandbox) {
                        *at = At::Over;
                        self.watch.died(self.case.asks[n]);
                    }
                }
                if self.case.is_lasting {
                    drop(self.explored.replace(sandbox));
                }
            }
            Step::Again(n, sandbox, _) => {
                self.faults -= 1;
                let sent = self.explored.world.waiting().swap_remove(n).1;
                self.send_late(sandbox, sent);
            }
            Step::Arrive(n, _) => {
                let late = self.late.remove(n);
                self.explored.world.happen(&late.request);
            }
            Step::Pass(time) => {
                if time == TICK {
                    self.ticks -= 1;
                } else {
                    self.days -= 1;
                    self.watch.forget_keys();
                }
                // Nothing that was sent before is still on its way.
                self.late.clear();
                self.explored.pass(time, &mut self.watch);
                if self.case.is_lasting {
                    self.explored.world.pass(time);
                }
            }
            Step::Rest => {}
        }
    }

    fn send_late(&mut self, sandbox: usize, request: Request) {
        let digest = self.explored.world.digest(sandbox, &request);
        self.late.push(Late { request, digest });
    }

    /// Time passes, leftovers are cleared up, and what died is run again where it must be.
    fn rest(mut self) -> Result<(), String> {
        let mut state = DefaultHasher::new();
        let world = &self.explored.world;
        let is_republished = self.is_republished();
        (world.kept(), self.watch.digest(world), is_republished).hash(&mut state);
        if let Some(known) = self.explored.calm.get(&state.finish()) {
            return known.clone().map_or(Ok(()), Err);
        }
        let calm = self.calm();
        self.explored
            .calm
            .insert(state.finish(), calm.clone().err());
        calm
    }

    /// Whether the bucket is brought in step before anything else.
    fn is_republished(&self) -> bool {
        self.case.is_restored || self.case.asks.contains(&Ask::Republish)
    }

    fn calm(&mut self) -> Result<(), String> {
        let alone = |explored: &mut Explored, watch: &mut Watch, ask| {
            let asked = watch.begin(ask);
            let answer = explored.alone(0, ask, None);
            watch.end(&explored.world, ask, &asked, &answer)?;
            watch.look(&explored.world, true)
        };
        if self.is_republished() {
            alone(self.explored, &mut self.watch, Ask::Republish)?;
        }
        // What was taken down can be restored for a day, and its tombstone stays for another.
        for time in [TICK, TICK, DAY, TICK, DAY, DAY] {
            self.explored.pass(time, &mut self.watch);
            alone(self.explored, &mut self.watch, Ask::ClearUp)?;
        }
        Watch::rest(&self.explored.world, self.watch.is_moderated())?;
        // Whoever reads now has read nothing before.
        let before = self.explored.replace(0);
        let read = alone(self.explored, &mut self.watch, Ask::Read);
        self.explored.put_back(0, before);
        read
    }
}
