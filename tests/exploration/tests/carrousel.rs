//! syncS3Bucket: whatever comes and goes, however its invocations overlap and die, at rest the file lists
//! what is there.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use media::is_picture;
use serde_json::{Value, json};
use sync_s3_bucket::{Settings, SyncS3Bucket};

use crate::bucket::Bucket;
use crate::request::Request;
use crate::schedule::{End, Schedule, every_schedule, random_schedules};
use crate::world::{MEDIA, World};

pub const ALL: &str = "carrousel/carrousel.json";
pub const NEWEST: &str = "carrousel/newest.json";

#[derive(Debug, Clone)]
enum Change {
    Put(String),
    Delete(String),
    /// Zero bytes over it, as the board deletes.
    Overwrite(String),
}

impl Change {
    fn key(&self) -> &String {
        let (Self::Put(key) | Self::Delete(key) | Self::Overwrite(key)) = self;
        key
    }
}

/// What may happen.
#[derive(Debug, Clone)]
struct Scenario {
    bucket: Bucket,
    /// In this order; each leaves a message in the queue.
    changes: Vec<Change>,
    /// How many invocations die.
    crashes: usize,
    /// How many messages are delivered again though they were handled.
    repeats: usize,
    /// Whether the schedule comes, at any time.
    scheduled: bool,
    /// Whether what a sandbox asks at the same time happens in that order, and what it asks of the list of the newest
    /// happens at once, so that there are few enough orders for all of them. The other list is kept alike.
    is_coarse: bool,
}

/// What an invocation was told, and is told again if it dies: the key of each message, or the schedule.
#[derive(Debug, Clone, Hash)]
enum Told {
    Keys(Vec<String>),
    Schedule,
}

impl Told {
    fn event(&self) -> Value {
        match self {
            Self::Keys(keys) => batch(keys),
            Self::Schedule => scheduled(),
        }
    }
}

/// What has happened so far.
struct Progress<'a> {
    scenario: &'a Scenario,
    changed: usize,
    /// The keys that messages in the queue name, in order, so that the same queue is the same state.
    queued: Vec<String>,
    /// Of messages that are handled, and perhaps delivered again.
    handled: Vec<String>,
    crashes: usize,
    repeats: usize,
    scheduled: bool,
    /// With each sandbox.
    delivered: Vec<Option<Told>>,
    /// Writes of the dead that are still on their way, and what is hidden until they are not.
    late: Vec<(Request, Told)>,
}

enum Step {
    Change(Change),
    Deliver(Told),
    Again(String),
    Happen(usize, usize, Request),
    Die(usize),
    Arrive(usize),
    Lose(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(change) => write!(f, "{change:?}"),
            Self::Deliver(told) => write!(f, "{told:?} is delivered"),
            Self::Again(key) => write!(f, "the message of {key} comes again"),
            Self::Happen(_, sandbox, request) => write!(f, "sandbox {sandbox}: {request}"),
            Self::Die(sandbox) => write!(f, "sandbox {sandbox} dies"),
            Self::Arrive(_) => write!(f, "what a dead one wrote arrives"),
            Self::Lose(_) => write!(f, "what a dead one wrote is lost"),
        }
    }
}

impl<'a> Progress<'a> {
    fn new(scenario: &'a Scenario, sandboxes: usize) -> Self {
        Self {
            scenario,
            changed: 0,
            queued: Vec::new(),
            handled: Vec::new(),
            crashes: scenario.crashes,
            repeats: scenario.repeats,
            scheduled: scenario.scheduled,
            delivered: vec![None; sandboxes],
            late: Vec::new(),
        }
    }

    fn steps(&self, world: &World<Given>) -> Vec<Step> {
        let mut asked = BTreeSet::new();
        let mut steps = Vec::new();
        for (n, (sandbox, request)) in world.waiting().into_iter().enumerate() {
            if asked.insert(sandbox) || !self.scenario.is_coarse {
                steps.push(Step::Happen(n, sandbox, request));
            }
        }
        if let Some(change) = self.scenario.changes.get(self.changed) {
            steps.push(Step::Change(change.clone()));
        }
        if world.idle().is_some() {
            if !self.queued.is_empty() {
                steps.push(Step::Deliver(Told::Keys(self.queued.clone())));
            }
            if self.queued.len() > 1 {
                let each: BTreeSet<_> = self.queued.iter().cloned().collect();
                steps.extend(
                    each.into_iter()
                        .map(|key| Step::Deliver(Told::Keys(vec![key]))),
                );
            }
            if self.scheduled {
                steps.push(Step::Deliver(Told::Schedule));
            }
        }
        if self.repeats > 0 {
            let each: BTreeSet<_> = self.handled.iter().cloned().collect();
            steps.extend(each.into_iter().map(Step::Again));
        }
        if self.crashes > 0 {
            steps.extend(world.busy().map(Step::Die));
        }
        for late in 0..self.late.len() {
            steps.extend([Step::Arrive(late), Step::Lose(late)]);
        }
        steps
    }

    fn take(&mut self, step: Step, world: &mut World<Given>) {
        match step {
            Step::Change(change) => {
                self.queue([change.key().clone()]);
                world.bucket.now += 1;
                match change {
                    Change::Put(key) => world.bucket.put(&key, "pixels"),
                    Change::Overwrite(key) => world.bucket.put(&key, ""),
                    Change::Delete(key) => drop(world.bucket.objects.remove(&key)),
                }
                self.changed += 1;
            }
            Step::Deliver(told) => {
                match &told {
                    Told::Keys(keys) => keys.iter().for_each(|key| take(&mut self.queued, key)),
                    Told::Schedule => self.scheduled = false,
                }
                let sandbox = world.idle().unwrap();
                let function = function(world, sandbox);
                let event = told.event();
                world.invoke(sandbox, &told, async move { function.handle(event).await });
                self.delivered[sandbox] = Some(told);
            }
            Step::Again(key) => {
                take(&mut self.handled, &key);
                self.repeats -= 1;
                self.queue([key]);
            }
            Step::Happen(n, ..) => world.answer(n),
            Step::Die(sandbox) => {
                self.crashes -= 1;
                let told = self.delivered[sandbox].take().unwrap();
                let mut writes = world.crash(sandbox);
                writes.retain(Request::changes);
                match writes.pop() {
                    Some(write) => self.late.push((write, told)),
                    None => self.tell_again(told),
                }
                assert!(writes.is_empty(), "two writes at the same time");
            }
            Step::Arrive(late) => {
                let (write, told) = self.late.remove(late);
                world.happen(&write);
                self.tell_again(told);
            }
            Step::Lose(late) => {
                let (_, told) = self.late.remove(late);
                self.tell_again(told);
            }
        }
    }

    fn tell_again(&mut self, told: Told) {
        match told {
            Told::Keys(keys) => self.queue(keys),
            Told::Schedule => self.scheduled = true,
        }
    }

    fn queue(&mut self, keys: impl IntoIterator<Item = String>) {
        self.queued.extend(keys);
        self.queued.sort();
    }

    fn state(&self, world: &World<Given>) -> u64 {
        let mut state = DefaultHasher::new();
        (world.state(), self.changed, &self.queued, &self.handled).hash(&mut state);
        (self.crashes, self.repeats, self.scheduled).hash(&mut state);
        (&self.delivered, &self.late).hash(&mut state);
        state.finish()
    }
}

fn take(keys: &mut Vec<String>, key: &String) {
    let place = keys.iter().position(|it| it == key).unwrap();
    keys.remove(place);
}

pub type Given = Result<Value, lambda_runtime::Error>;

pub fn function<T>(world: &World<T>, sandbox: usize) -> SyncS3Bucket {
    let lookup = |variable: &str| match variable {
        "MEDIA_BUCKET" => Some(MEDIA.to_owned()),
        "PUBLIC_BASE_URL" => Some(String::new()),
        _ => None,
    };
    let client = world.client(sandbox);
    SyncS3Bucket::new(|| client, Settings::from_lookup(&lookup).unwrap())
}

pub fn scheduled() -> Value {
    json!({"detail-type": "Scheduled Event"})
}

/// A message for each key.
pub fn batch<T: AsRef<str>>(keys: &[T]) -> Value {
    let message = |(n, key): (usize, &T)| {
        let key = key.as_ref().replace('%', "%25").replace('+', "%2B");
        let body =
            json!({"Records": [{"s3": {"bucket": {"name": MEDIA}, "object": {"key": key}}}]});
        json!({"eventSource": "aws:sqs", "messageId": n.to_string(), "body": body.to_string()})
    };
    json!({"Records": keys.iter().enumerate().map(message).collect::<Vec<_>>()})
}

/// The pictures that are there: when they came, and their keys.
fn pictures(bucket: &Bucket) -> Vec<(i64, &String)> {
    let objects = bucket.objects.iter();
    let pictures = objects.filter(|(key, object)| is_picture(key) && !object.bytes.is_empty());
    pictures
        .map(|(key, object)| (object.modified, key))
        .collect()
}

/// What the file should be.
pub fn right(bucket: &Bucket) -> String {
    let pictures = pictures(bucket).into_iter();
    let urls: Vec<_> = pictures
        .map(|(_, key)| json!({"url": format!("/{key}")}))
        .collect();
    Value::from(urls).to_string()
}

pub fn file(bucket: &Bucket) -> Option<String> {
    let file = bucket.objects.get(ALL)?;
    Some(String::from_utf8(file.bytes.to_vec()).unwrap())
}

/// A picture's address, and when it came, in milliseconds since 1970.
pub type Shown = (String, i64);

/// How many pictures the file of the newest shows.
const SHOWN: usize = 100;

/// Which pictures the file of the newest should show, and when they came.
pub fn right_newest(bucket: &Bucket) -> Vec<Shown> {
    let mut pictures = by_time(bucket);
    pictures.truncate(SHOWN);
    pictures
}

/// All pictures, newest first.
fn by_time(bucket: &Bucket) -> Vec<Shown> {
    let mut pictures = pictures(bucket);
    pictures.sort_unstable_by(|one, other| other.cmp(one));
    let pictures = pictures.into_iter();
    pictures
        .map(|(came, key)| (format!("/{key}"), came * 1_000))
        .collect()
}

/// Which pictures the file of the newest shows, and when they came.
pub fn newest(bucket: &Bucket) -> Option<Vec<Shown>> {
    let (shown, _) = shown_and_older(bucket)?;
    Some(shown)
}

fn shown_and_older(bucket: &Bucket) -> Option<(Vec<Shown>, Vec<Shown>)> {
    let file: Vec<Value> = serde_json::from_slice(&bucket.objects.get(NEWEST)?.bytes).unwrap();
    let picture = |picture: &Value| {
        let url = picture["url"].as_str().unwrap().to_owned();
        (url, picture["modified"].as_i64().unwrap())
    };
    let older = file.last().and_then(|last| last["older"].as_array());
    let older = older.into_iter().flatten().map(picture).collect();
    Some((file.iter().map(picture).collect(), older))
}

fn run(
    world: &mut World<Given>,
    scenario: &Scenario,
    schedule: &mut Schedule<'_>,
) -> Result<End, String> {
    world.reset(scenario.bucket.clone());
    let mut progress = Progress::new(scenario, world.sandboxes());
    loop {
        for (sandbox, given) in world.settle() {
            let given = given.map_err(|error| format!("the function failed: {error}"))?;
            if !given.is_null() && given != json!({"batchItemFailures": []}) {
                return Err(format!("the function gave back messages: {given}"));
            }
            if let Some(Told::Keys(keys)) = progress.delivered[sandbox].take() {
                progress.handled.extend(keys);
                progress.handled.sort();
            }
        }
        let waiting = world.waiting();
        let of_newest = waiting.iter().position(|(_, it)| it.key == NEWEST);
        if let Some(n) = of_newest.filter(|_| scenario.is_coarse) {
            world.answer(n);
            continue;
        }
        if schedule.is_seen(progress.state(world)) {
            return Ok(End::Seen);
        }
        let steps = progress.steps(world);
        if steps.is_empty() {
            break;
        }
        let step = schedule.choose(steps);
        progress.take(step, world);
    }
    let (right, file) = (right(&world.bucket), file(&world.bucket));
    if file.as_deref() != Some(&right) {
        return Err(format!(
            "a lost update: the file is {file:.200?} and should be {right:.200}"
        ));
    }
    let (right, newest) = (right_newest(&world.bucket), newest(&world.bucket));
    if newest.as_ref() != Some(&right) {
        return Err(format!(
            "a lost update: the newest are {newest:?} and should be {right:?}"
        ));
    }
    // It may know less of them than there are.
    let (_, older) = shown_and_older(&world.bucket).unwrap();
    let right = by_time(&world.bucket);
    if !right[right.len().min(SHOWN)..].starts_with(&older) {
        return Err(format!(
            "a lost update: {older:?} follow the newest of {right:?}"
        ));
    }
    Ok(End::Rest)
}

/// A bucket at rest with these pictures, which came one after the other.
pub fn at_rest(pictures: &[&str], page: usize) -> Bucket {
    let mut bucket = Bucket::with_pages_of(page);
    for picture in pictures {
        bucket.now += 1;
        bucket.put(&format!("images/{picture}.png"), "pixels");
    }
    handled(bucket, scheduled())
}

/// The bucket after an event was handled, when both lists are right.
fn handled(bucket: Bucket, event: Value) -> Bucket {
    let mut world = World::new(1);
    world.reset(bucket);
    let function = function(&world, 0);
    world.invoke(0, (), async move { function.handle(event).await });
    while world.settle().is_empty() {
        world.answer(0);
    }
    assert_eq!(file(&world.bucket), Some(right(&world.bucket)));
    assert_eq!(newest(&world.bucket), Some(right_newest(&world.bucket)));
    std::mem::replace(&mut world.bucket, Bucket::new())
}

fn changes(of: &[&str]) -> Vec<Change> {
    let change = |change: &&str| {
        let key = format!("images/{}.png", &change[1..]);
        match &change[..1] {
            "+" => Change::Put(key),
            "0" => Change::Overwrite(key),
            _ => Change::Delete(key),
        }
    };
    of.iter().map(change).collect()
}

/// Every order of these changes to a bucket, with the two sandboxes that the queue's concurrency allows, so many
/// deaths and so many repeats, and perhaps the schedule.
fn explore(bucket: &Bucket, of: &[&str], (crashes, repeats, scheduled): (usize, usize, bool)) {
    explore_all(&Scenario {
        bucket: bucket.clone(),
        changes: changes(of),
        crashes,
        repeats,
        scheduled,
        is_coarse: true,
    });
}

fn explore_all(scenario: &Scenario) {
    let mut world = World::new(2);
    let explored = every_schedule(|schedule| run(&mut world, scenario, schedule));
    println!("{:?}: {explored:?}", scenario.changes);
    assert!(explored.rests > 0);
}

const CRASH: (usize, usize, bool) = (1, 0, false);
const REPEAT: (usize, usize, bool) = (0, 1, false);
const SCHEDULE: (usize, usize, bool) = (0, 0, true);

#[test]
fn a_picture_comes_and_goes() {
    explore(&at_rest(&[], 1_000), &["+a", "-a"], CRASH);
    explore(&at_rest(&[], 1_000), &["+a", "-a"], REPEAT);
}

#[test]
fn a_picture_comes_again() {
    explore(&at_rest(&[], 1_000), &["+a", "+a"], CRASH);
    explore(&at_rest(&[], 1_000), &["+a", "+a"], REPEAT);
}

#[test]
fn a_picture_goes_and_comes_back() {
    explore(&at_rest(&["a"], 1_000), &["0a", "+a"], CRASH);
}

#[test]
fn a_picture_takes_the_place_of_another() {
    explore(&at_rest(&["a"], 1_000), &["+b", "-a"], REPEAT);
}

#[test]
fn a_picture_goes_while_another_goes_of_which_no_event_had_told() {
    let mut bucket = at_rest(&["a"], 1_000);
    bucket.put("images/b.png", "pixels");
    explore_all(&Scenario {
        bucket,
        changes: changes(&["-a", "0b"]),
        crashes: 0,
        repeats: 0,
        scheduled: false,
        is_coarse: false,
    });
}

#[test]
fn a_picture_comes_where_there_is_no_file() {
    explore(&Bucket::with_pages_of(1_000), &["+b", "+a"], (0, 0, false));
    explore(&Bucket::with_pages_of(1_000), &["+b"], CRASH);
    explore(&Bucket::with_pages_of(1_000), &["+b"], SCHEDULE);
}

#[test]
fn a_picture_comes_or_goes_while_all_are_listed_page_by_page() {
    let bucket = at_rest(&["b", "d"], 1);
    for of in ["+a", "-b", "+b", "+c", "0d"] {
        explore(&bucket, &[of], SCHEDULE);
    }
}

/// More than are shown, named in the order in which they came, of which eight follow those that are.
fn more_than_are_shown() -> Bucket {
    let names: Vec<_> = (0..130).map(|n| format!("{n:03}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut bucket = at_rest(&names, 1_000);
    let gone: Vec<_> = (118..130).map(|n| format!("images/{n}.png")).collect();
    for key in &gone {
        bucket.objects.remove(key);
    }
    handled(bucket, batch(&gone))
}

#[test]
fn a_picture_that_follows_takes_the_place_of_one_that_goes() {
    explore(&more_than_are_shown(), &["-050", "+x"], (0, 0, false));
}

/// Too much of it for every order.
#[test]
fn a_picture_goes_while_the_newest_run_down() {
    let mut bucket = more_than_are_shown();
    // Their events are lost.
    for n in 110..118 {
        bucket.objects.remove(&format!("images/{n}.png"));
    }
    let scenario = Scenario {
        bucket,
        changes: changes(&["-109"]),
        crashes: 1,
        repeats: 0,
        scheduled: true,
        is_coarse: false,
    };
    let mut world = World::new(2);
    random_schedules(30, |schedule, _| run(&mut world, &scenario, schedule));
}

/// A scenario of any size.
fn any(random: &mut fastrand::Rng) -> Scenario {
    let names = ["a", "b", "c", "d", "e"];
    let change = |random: &mut fastrand::Rng| {
        let key = format!("images/{}.png", random.choice(names).unwrap());
        match random.u8(..4) {
            0 => Change::Delete(key),
            1 => Change::Overwrite(key),
            _ => Change::Put(key),
        }
    };
    Scenario {
        bucket: at_rest(&names[..random.usize(..4)], random.usize(1..4)),
        changes: (0..random.usize(3..10)).map(|_| change(random)).collect(),
        crashes: random.usize(..4),
        repeats: random.usize(..4),
        scheduled: random.bool(),
        is_coarse: false,
    }
}

#[test]
fn many_changes_many_deaths() {
    let mut world = World::new(4);
    random_schedules(100, |schedule, random| {
        run(&mut world, &any(random), schedule)
    });
}

/// As many as make the newest run down, and an event worth a listing.
#[test]
fn a_hundred_pictures_go_while_others_come() {
    let mut world = World::new(3);
    random_schedules(15, |schedule, random| {
        let names: Vec<_> = (0..150).map(|n| format!("{n:03}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let mut changes = Vec::new();
        for n in 0..random.usize(30..60) {
            let key = format!("images/{:03}.png", random.usize(100 - n..150 + n));
            changes.push(if random.u8(..4) == 0 {
                Change::Put(key)
            } else {
                Change::Overwrite(key)
            });
        }
        let scenario = Scenario {
            bucket: at_rest(&names, random.usize(20..200)),
            changes,
            crashes: 2,
            repeats: 2,
            scheduled: random.bool(),
            is_coarse: false,
        };
        run(&mut world, &scenario, schedule)
    });
}

/// As many pictures as make the function divide its listings.
#[test]
fn thousands_of_pictures_change_while_the_parts_of_a_listing_are_read() {
    let names: Vec<_> = (0..8_200).map(|n| format!("{n:04}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let bucket = at_rest(&names, 1_000);
    let mut world = World::new(2);
    random_schedules(5, |schedule, random| {
        let mut change = || {
            let name = random.usize(..8_200);
            match random.u8(..3) {
                0 => Change::Put(format!("images/{name:04}b.png")),
                _ => Change::Delete(format!("images/{name:04}.png")),
            }
        };
        let scenario = Scenario {
            bucket: bucket.clone(),
            changes: vec![change(), change(), change()],
            crashes: 1,
            repeats: 1,
            scheduled: true,
            is_coarse: false,
        };
        run(&mut world, &scenario, schedule)
    });
}
