//! One order in which things happen to originals and to what is made of them.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use media::Small;
use serde_json::json;
use tokio::time::Instant;

use super::Change;
use super::pictures::{Given, ORIGINALS, delete, picture, picture_at, read, respond};
use super::watch;
use crate::bucket::Bucket;
use crate::carrousel::{self, batch, scheduled};
use crate::request::Request;
use crate::schedule::{End, Schedule};
use crate::world::World;

/// How long a pause is, in seconds: as long as a request of a dead one may be on its way.
const PAUSE: i64 = 20;

/// What the keys begin with under which there is never anything.
pub const CROWD: &str = "images/crowd-";

/// What may happen.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub struct Scenario {
    pub bucket: Bucket,
    /// To which original, in this order. Each leaves a message in the queue.
    pub changes: Vec<(usize, Change)>,
    /// Of which original which small version is asked for, in this order.
    pub requests: Vec<(usize, Small)>,
    /// How many invocations die.
    pub crashes: usize,
    /// Whether those alone die that make something, and when something that they sent is on its way: before, that would
    /// be as if they had not begun, and later as if they had sent it.
    pub makers_die: bool,
    /// How many messages are delivered again though they were handled.
    pub repeats: usize,
    /// Whether the daily pass comes, at any time.
    pub scheduled: bool,
    /// How often 20 s pass while nothing runs, and what a dead one sent is on its way.
    pub pauses: usize,
    /// Whether what a sandbox asks at the same time happens in that order, and all messages are delivered together, so
    /// that there are few enough orders for all of them.
    pub is_coarse: bool,
    /// Whether messages are delivered when all have been asked and answered.
    pub events_come_last: bool,
    /// Whether what was answered stays: nothing else was ever there.
    pub is_kept: bool,
    /// Whether each event names many other keys, so that what was made is listed instead of looked for.
    pub is_crowded: bool,
    /// Whether an attempt had failed before.
    pub had_failed: bool,
}

/// What an invocation of syncS3Bucket was told: the original of each message, or the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Told {
    Originals(Vec<usize>),
    Schedule,
}

/// What runs in a sandbox.
enum Running {
    /// Somebody asked for a small version of an original, which was these pictures since.
    Asked(usize, Small, BTreeSet<Option<u32>>, Instant),
    Synced(Told),
    Deleted,
}

/// What a dead one sent, of which one may be on its way, and when it died.
struct Late {
    requests: Vec<Request>,
    died: i64,
    /// What is begun again when that is over.
    then: Option<Then>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Then {
    Sync(Told),
    Delete,
}

enum Step {
    Change(usize, Change),
    Delete,
    Ask(usize, Small),
    Deliver(Told),
    Again(usize),
    Happen(usize, usize, Box<Request>),
    Die(usize),
    Arrive(usize, usize, Box<Request>),
    Lose(usize),
    Pause,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(of, change) => write!(f, "{}: {change:?}", ORIGINALS[*of]),
            Self::Delete => write!(f, "the board begins a delete that had died"),
            Self::Ask(of, small) => write!(f, "{small:?} of {} is asked for", ORIGINALS[*of]),
            Self::Deliver(told) => write!(f, "{told:?} is delivered"),
            Self::Again(of) => write!(f, "a message of {} comes again", ORIGINALS[*of]),
            Self::Happen(_, sandbox, request) => write!(f, "sandbox {sandbox}: {request}"),
            Self::Die(sandbox) => write!(f, "sandbox {sandbox} dies"),
            Self::Arrive(.., request) => write!(f, "what a dead one sent arrives: {request}"),
            Self::Lose(_) => write!(f, "what a dead one sent is lost"),
            Self::Pause => write!(f, "{PAUSE} s pass"),
        }
    }
}

/// What has happened so far.
struct Run<'a> {
    scenario: &'a Scenario,
    world: &'a mut World<Given>,
    changed: usize,
    asked: usize,
    /// The originals that messages in the queue name, in order.
    queued: Vec<usize>,
    /// Those of messages that are handled, and perhaps delivered again.
    handled: Vec<usize>,
    /// Deletes of the board that died.
    deletes: usize,
    crashes: usize,
    repeats: usize,
    scheduled: bool,
    pauses: usize,
    running: Vec<Option<Running>>,
    late: Vec<Late>,
    /// Whether one died that makes something small.
    has_died: bool,
    /// The keys of what was answered and is to stay.
    made: BTreeSet<String>,
}

/// `calm` is what is known of states in which nothing is under way.
pub fn run(
    world: &mut World<Given>,
    scenario: &Scenario,
    calm: &mut HashMap<u64, Result<(), String>>,
    schedule: &mut Schedule<'_>,
) -> Result<End, String> {
    world.reset(scenario.bucket.clone());
    let run = Run {
        scenario,
        changed: 0,
        asked: 0,
        queued: Vec::new(),
        handled: Vec::new(),
        deletes: 0,
        crashes: scenario.crashes,
        repeats: scenario.repeats,
        scheduled: scenario.scheduled,
        pauses: scenario.pauses,
        running: (0..world.sandboxes()).map(|_| None).collect(),
        late: Vec::new(),
        has_died: false,
        made: BTreeSet::new(),
        world,
    };
    run.go(calm, schedule)
        .map_err(|wrong| format!("a broken invariant: {wrong}"))
}

impl Run<'_> {
    fn go(
        mut self,
        calm: &mut HashMap<u64, Result<(), String>>,
        schedule: &mut Schedule<'_>,
    ) -> Result<End, String> {
        loop {
            for (sandbox, given) in self.world.settle() {
                self.end(sandbox, &given)?;
            }
            if !schedule.is_repeated() && schedule.is_seen(self.state()) {
                return Ok(End::Seen);
            }
            let steps = self.steps();
            if steps.is_empty() {
                break;
            }
            let step = schedule.choose(steps);
            self.take(step)?;
        }
        let mut state = DefaultHasher::new();
        (&self.world.bucket, self.has_died, &self.made).hash(&mut state);
        let known = calm.entry(state.finish());
        let is_calm = known.or_insert_with(|| watch::calm(self.world, self.has_died, &self.made));
        is_calm.clone().map(|()| End::Rest)
    }

    /// What ran in a sandbox has ended.
    fn end(&mut self, sandbox: usize, given: &Given) -> Result<(), String> {
        match (self.running[sandbox].take().unwrap(), given) {
            (Running::Asked(of, small, were, _), given) => {
                watch::answer(given, small, &were, self.scenario.had_failed)?;
                if let Given::Answered(answer) = given
                    && read(answer).0 == 200
                    && self.scenario.is_kept
                {
                    self.made.insert(small.key_of(&ORIGINALS[of]));
                }
            }
            (Running::Synced(told), Given::Synced(Ok(given))) => {
                if let Told::Originals(originals) = told {
                    if *given != json!({"batchItemFailures": []}) {
                        return Err(format!("the function gave back messages: {given}"));
                    }
                    self.handled.extend(originals);
                    self.handled.sort_unstable();
                }
            }
            (Running::Deleted, Given::Deleted(Ok(()))) => {}
            (_, Given::Synced(Err(error))) => return Err(format!("the function fails: {error}")),
            _ => return Err("a delete fails".into()),
        }
        Ok(())
    }

    /// All that decides what can happen from here on.
    fn state(&self) -> u64 {
        let mut state = DefaultHasher::new();
        (self.world.state(), self.changed, self.asked).hash(&mut state);
        (&self.queued, &self.handled, self.deletes).hash(&mut state);
        (self.crashes, self.repeats, self.scheduled, self.pauses).hash(&mut state);
        (self.has_died, &self.made).hash(&mut state);
        for running in &self.running {
            match running {
                None => 0.hash(&mut state),
                Some(Running::Asked(of, small, were, since)) => {
                    let key = small.key_of(&ORIGINALS[*of]);
                    (1, key, were, self.world.time() - *since).hash(&mut state);
                }
                Some(Running::Synced(told)) => (2, told).hash(&mut state),
                Some(Running::Deleted) => 3.hash(&mut state),
            }
        }
        for late in &self.late {
            (&late.requests, late.died, &late.then).hash(&mut state);
        }
        state.finish()
    }

    fn steps(&self) -> Vec<Step> {
        let scenario = self.scenario;
        let (mut asked, mut steps) = (BTreeSet::new(), Vec::new());
        for (n, (sandbox, request)) in self.world.waiting().into_iter().enumerate() {
            if asked.insert(sandbox) || !scenario.is_coarse {
                steps.push(Step::Happen(n, sandbox, Box::new(request)));
            }
        }
        let is_idle = self.world.idle().is_some();
        let is_quiet = self.world.busy().next().is_none();
        if let Some((of, change)) = scenario.changes.get(self.changed)
            && (is_idle || *change != Change::Delete)
        {
            steps.push(Step::Change(*of, *change));
        }
        if is_idle {
            if let Some((of, small)) = scenario.requests.get(self.asked) {
                steps.push(Step::Ask(*of, *small));
            }
            let is_asked = self.asked == scenario.requests.len() && is_quiet;
            if !self.queued.is_empty() && (is_asked || !scenario.events_come_last) {
                steps.push(Step::Deliver(Told::Originals(self.queued.clone())));
            }
            if self.queued.len() > 1 && !scenario.is_coarse {
                let each: BTreeSet<_> = self.queued.iter().collect();
                let each = each.into_iter().map(|of| Told::Originals(vec![*of]));
                steps.extend(each.map(Step::Deliver));
            }
            if self.scheduled {
                steps.push(Step::Deliver(Told::Schedule));
            }
            if self.deletes > 0 {
                steps.push(Step::Delete);
            }
        }
        if self.repeats > 0 {
            let each: BTreeSet<_> = self.handled.iter().collect();
            steps.extend(each.into_iter().map(|of| Step::Again(*of)));
        }
        if self.crashes > 0 {
            let waiting = self.world.waiting();
            let changes = |sandbox: &usize| {
                let mut waiting = waiting.iter();
                waiting.any(|(by, request)| by == sandbox && request.changes())
            };
            let makes = |sandbox: &usize| {
                matches!(self.running[*sandbox], Some(Running::Asked(..))) && changes(sandbox)
            };
            let busy = self.world.busy();
            let mortal = busy.filter(|it| !scenario.makers_die || makes(it));
            steps.extend(mortal.map(Step::Die));
        }
        for (n, late) in self.late.iter().enumerate() {
            if self.world.bucket.now <= late.died + PAUSE {
                let requests = late.requests.iter().enumerate();
                steps.extend(
                    requests.map(|(m, request)| Step::Arrive(n, m, Box::new(request.clone()))),
                );
            }
            steps.push(Step::Lose(n));
        }
        if self.pauses > 0 && !self.late.is_empty() && is_quiet {
            steps.push(Step::Pause);
        }
        steps
    }

    fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Change(of, change) => {
                self.changed += 1;
                self.world.bucket.now += 1;
                let bucket = &mut self.world.bucket;
                match change {
                    Change::Put(n) => bucket.put(&ORIGINALS[of], picture(n)),
                    Change::Remove => drop(bucket.objects.remove(&ORIGINALS[of])),
                    Change::Delete => {
                        self.delete();
                        return Ok(());
                    }
                }
                self.changed(of);
            }
            Step::Delete => {
                self.deletes -= 1;
                self.delete();
            }
            Step::Ask(of, small) => {
                self.asked += 1;
                let sandbox = self.world.idle().unwrap();
                let original = &ORIGINALS[of];
                let response = respond(self.world, sandbox, small, original);
                let told = small.key_of(original);
                self.world.invoke(sandbox, told, response);
                let were = [picture_at(&self.world.bucket, original)].into();
                let running = Running::Asked(of, small, were, self.world.time());
                self.running[sandbox] = Some(running);
            }
            Step::Deliver(told) => self.deliver(told),
            Step::Again(of) => {
                take(&mut self.handled, of);
                self.repeats -= 1;
                self.queue([of]);
            }
            Step::Happen(n, sandbox, request) => {
                self.world.answer(n);
                return self.happened(&request, Some(sandbox));
            }
            Step::Die(sandbox) => self.die(sandbox),
            Step::Arrive(n, m, request) => {
                self.world.happen(&request);
                let late = &mut self.late[n];
                late.requests.remove(m);
                if late.requests.is_empty() {
                    self.over(n);
                }
                return self.happened(&request, None);
            }
            Step::Lose(n) => self.over(n),
            Step::Pause => {
                self.pauses -= 1;
                self.world.bucket.now += PAUSE;
            }
        }
        Ok(())
    }

    fn delete(&mut self) {
        let sandbox = self.world.idle().unwrap();
        let delete = delete(self.world, sandbox);
        self.world.invoke(sandbox, "delete", delete);
        self.running[sandbox] = Some(Running::Deleted);
    }

    fn deliver(&mut self, told: Told) {
        let event = match &told {
            Told::Originals(originals) => {
                for of in originals {
                    take(&mut self.queued, *of);
                }
                let keys = originals.iter().map(|of| ORIGINALS[*of].clone());
                let others = if self.scenario.is_crowded { 10 } else { 0 };
                let others = (0..others).map(|n| format!("{CROWD}{n}.png"));
                batch(&keys.chain(others).collect::<Vec<_>>())
            }
            Told::Schedule => {
                self.scheduled = false;
                scheduled()
            }
        };
        let sandbox = self.world.idle().unwrap();
        let function = carrousel::function(self.world, sandbox);
        let synced = async move { Given::Synced(function.handle(event).await) };
        self.world.invoke(sandbox, &told, synced);
        self.running[sandbox] = Some(Running::Synced(told));
    }

    fn die(&mut self, sandbox: usize) {
        self.crashes -= 1;
        let mut requests = self.world.crash(sandbox);
        requests.retain(Request::changes);
        let then = match self.running[sandbox].take().unwrap() {
            Running::Asked(..) => {
                self.has_died = true;
                None
            }
            Running::Synced(told) => Some(Then::Sync(told)),
            Running::Deleted => Some(Then::Delete),
        };
        let is_over = requests.is_empty();
        self.late.push(Late {
            requests,
            died: self.world.bucket.now,
            then,
        });
        if is_over {
            self.over(self.late.len() - 1);
        }
    }

    /// Nothing of what a dead one sent is on its way any more.
    fn over(&mut self, n: usize) {
        match self.late.remove(n).then {
            Some(Then::Sync(Told::Originals(originals))) => self.queue(originals),
            Some(Then::Sync(Told::Schedule)) => self.scheduled = true,
            Some(Then::Delete) => self.deletes += 1,
            None => {}
        }
    }

    /// A request has taken effect: of what runs, or of a dead one.
    fn happened(&mut self, request: &Request, sandbox: Option<usize>) -> Result<(), String> {
        let running = sandbox.and_then(|sandbox| self.running[sandbox].as_ref());
        if matches!(running, Some(Running::Asked(..)))
            && request.changes()
            && !request.concerns("small")
        {
            return Err(format!("small-pictures asks {request}"));
        }
        let changed = ORIGINALS.iter().position(|key| *key == request.key);
        if let Some(of) = changed.filter(|_| request.changes()) {
            self.changed(of);
        }
        Ok(())
    }

    /// An original is not what it was.
    fn changed(&mut self, original: usize) {
        let is = picture_at(&self.world.bucket, &ORIGINALS[original]);
        for running in self.running.iter_mut().flatten() {
            if let Running::Asked(of, _, were, _) = running
                && *of == original
            {
                were.insert(is);
            }
        }
        self.queue([original]);
    }

    fn queue(&mut self, originals: impl IntoIterator<Item = usize>) {
        self.queued.extend(originals);
        self.queued.sort_unstable();
    }
}

fn take(originals: &mut Vec<usize>, original: usize) {
    let place = originals.iter().position(|it| *it == original).unwrap();
    originals.remove(place);
}
