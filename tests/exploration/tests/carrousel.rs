//! syncS3Bucket: whatever comes and goes, however its invocations overlap and die, at rest the file lists
//! what is there.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};
use sync_s3_bucket::{Settings, SyncS3Bucket, is_picture};

use crate::bucket::Bucket;
use crate::request::Request;
use crate::schedule::{End, Schedule, every_schedule, random_schedules};
use crate::world::{MEDIA, World};

const FILE: &str = "carrousel/carrousel.json";

#[derive(Debug, Clone)]
enum Change {
    Put(String),
    Delete(String),
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
}

/// What has happened so far. All messages say the same, that something changed, so their number is enough.
struct Progress<'a> {
    scenario: &'a Scenario,
    changed: usize,
    queued: usize,
    /// Handled, and perhaps delivered again.
    handled: usize,
    crashes: usize,
    repeats: usize,
    /// Messages with each sandbox.
    delivered: Vec<usize>,
    /// Writes of the dead that are still on their way, and the messages that are hidden until they are not.
    late: Vec<(Request, usize)>,
}

enum Step {
    Change(Change),
    Deliver(usize),
    Again,
    Happen(usize, usize, Request),
    Die(usize),
    Arrive(usize),
    Lose(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(change) => write!(f, "{change:?}"),
            Self::Deliver(messages) => write!(f, "{messages} messages are delivered"),
            Self::Again => write!(f, "a message comes again"),
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
            queued: 0,
            handled: 0,
            crashes: scenario.crashes,
            repeats: scenario.repeats,
            delivered: vec![0; sandboxes],
            late: Vec::new(),
        }
    }

    fn steps(&self, world: &World<Given>) -> Vec<Step> {
        let waiting = world.waiting().into_iter().enumerate();
        let mut steps: Vec<_> = waiting
            .map(|(n, (sandbox, request))| Step::Happen(n, sandbox, request))
            .collect();
        if let Some(change) = self.scenario.changes.get(self.changed) {
            steps.push(Step::Change(change.clone()));
        }
        if world.idle().is_some() && self.queued > 0 {
            steps.push(Step::Deliver(self.queued));
            if self.queued > 1 {
                steps.push(Step::Deliver(1));
            }
        }
        if self.repeats > 0 && self.handled > 0 {
            steps.push(Step::Again);
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
                match change {
                    Change::Put(key) => world.bucket.put(&key, "pixels"),
                    Change::Delete(key) => drop(world.bucket.objects.remove(&key)),
                }
                self.changed += 1;
                self.queued += 1;
            }
            Step::Deliver(messages) => {
                let sandbox = world.idle().unwrap();
                let function = function(world, sandbox);
                world.invoke(sandbox, (), async move {
                    function.handle(batch(messages)).await
                });
                self.queued -= messages;
                self.delivered[sandbox] = messages;
            }
            Step::Again => {
                self.handled -= 1;
                self.repeats -= 1;
                self.queued += 1;
            }
            Step::Happen(n, ..) => world.answer(n),
            Step::Die(sandbox) => {
                self.crashes -= 1;
                let messages = std::mem::take(&mut self.delivered[sandbox]);
                let mut writes = world.crash(sandbox);
                writes.retain(Request::changes);
                match writes.pop() {
                    Some(write) => self.late.push((write, messages)),
                    None => self.queued += messages,
                }
                assert!(writes.is_empty(), "two writes at the same time");
            }
            Step::Arrive(late) => {
                let (write, messages) = self.late.remove(late);
                world.happen(&write);
                self.queued += messages;
            }
            Step::Lose(late) => self.queued += self.late.remove(late).1,
        }
    }

    fn state(&self, world: &World<Given>) -> u64 {
        let mut state = DefaultHasher::new();
        (world.state(), self.changed, self.queued, self.handled).hash(&mut state);
        (self.crashes, self.repeats, &self.delivered, &self.late).hash(&mut state);
        state.finish()
    }
}

pub type Given = Result<Value, lambda_runtime::Error>;

pub fn function(world: &World<Given>, sandbox: usize) -> SyncS3Bucket {
    let lookup = |variable: &str| match variable {
        "MEDIA_BUCKET" => Some(MEDIA.to_owned()),
        "PUBLIC_BASE_URL" => Some(String::new()),
        _ => None,
    };
    let client = world.client(sandbox);
    SyncS3Bucket::new(|| client, Settings::from_lookup(&lookup).unwrap())
}

pub fn batch(messages: usize) -> Value {
    let body = json!({"Records": [{"s3": {"bucket": {"name": MEDIA}, "object": {"key": "images/a.png"}}}]});
    let message = |n: usize| json!({"eventSource": "aws:sqs", "messageId": n.to_string(), "body": body.to_string()});
    json!({"Records": (0..messages).map(message).collect::<Vec<_>>()})
}

/// What the file should be.
pub fn right(bucket: &Bucket) -> String {
    let pictures = bucket.objects.keys().filter(|key| is_picture(key));
    let urls: Vec<_> = pictures
        .map(|key| json!({"url": format!("/{key}")}))
        .collect();
    Value::from(urls).to_string()
}

pub fn file(bucket: &Bucket) -> Option<String> {
    let file = bucket.objects.get(FILE)?;
    Some(String::from_utf8(file.bytes.to_vec()).unwrap())
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
            if given != json!({"batchItemFailures": []}) {
                return Err(format!("the function gave back messages: {given}"));
            }
            progress.handled += std::mem::take(&mut progress.delivered[sandbox]);
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
    if file.as_deref() == Some(&right) {
        Ok(End::Rest)
    } else {
        Err(format!(
            "a lost update: the file is {file:.200?} and should be {right:.200}"
        ))
    }
}

/// A bucket at rest with these pictures.
pub fn at_rest(pictures: &[&str], page: usize) -> Bucket {
    let mut bucket = Bucket::with_pages_of(page);
    for picture in pictures {
        bucket.put(&format!("images/{picture}.png"), "pixels");
    }
    let mut world = World::new(1);
    world.reset(bucket);
    let function = function(&world, 0);
    world.invoke(0, (), async move { function.handle(batch(1)).await });
    while world.settle().is_empty() {
        world.answer(0);
    }
    assert_eq!(file(&world.bucket), Some(right(&world.bucket)));
    std::mem::replace(&mut world.bucket, Bucket::new())
}

fn changes(of: &[&str]) -> Vec<Change> {
    let change = |change: &&str| {
        let key = format!("images/{}.png", &change[1..]);
        match &change[..1] {
            "+" => Change::Put(key),
            _ => Change::Delete(key),
        }
    };
    of.iter().map(change).collect()
}

/// Every order of these changes to a bucket at rest, with the two sandboxes that the queue's concurrency
/// allows, so many deaths and so many repeats.
fn explore(pictures: &[&str], page: usize, of: &[&str], crashes: usize, repeats: usize) {
    let scenario = Scenario {
        bucket: at_rest(pictures, page),
        changes: changes(of),
        crashes,
        repeats,
    };
    let mut world = World::new(2);
    let explored = every_schedule(|schedule| run(&mut world, &scenario, schedule));
    println!("{pictures:?} {of:?}: {explored:?}");
    assert!(explored.rests > 0);
}

#[test]
fn a_picture_comes_and_goes() {
    explore(&[], 1_000, &["+a", "-a"], 1, 1);
}

#[test]
fn a_picture_goes_and_comes_back() {
    explore(&["a"], 1_000, &["-a", "+a"], 1, 1);
}

#[test]
fn one_picture_takes_the_place_of_another() {
    explore(&["a"], 1_000, &["+b", "-a"], 1, 1);
}

#[test]
fn two_die_while_two_pictures_come() {
    explore(&[], 1_000, &["+a", "+b"], 2, 0);
}

#[test]
fn three_changes_in_a_row() {
    explore(&["a"], 1_000, &["+b", "-b", "+b"], 0, 0);
    explore(&["a"], 1_000, &["-a", "+b", "+a"], 0, 0);
}

#[test]
fn pictures_come_and_go_between_the_pages_of_a_listing() {
    explore(&["b", "d"], 1, &["+a", "-d"], 0, 0);
    explore(&["b", "c"], 1, &["-b", "+d"], 0, 0);
}

/// A scenario of any size.
fn any(random: &mut fastrand::Rng) -> Scenario {
    let names = ["a", "b", "c", "d", "e"];
    let change = |random: &mut fastrand::Rng| {
        let key = format!("images/{}.png", random.choice(names).unwrap());
        if random.bool() {
            Change::Put(key)
        } else {
            Change::Delete(key)
        }
    };
    Scenario {
        bucket: at_rest(&names[..random.usize(..4)], random.usize(1..4)),
        changes: (0..random.usize(3..10)).map(|_| change(random)).collect(),
        crashes: random.usize(..4),
        repeats: random.usize(..4),
    }
}

#[test]
fn many_changes_many_deaths() {
    let mut world = World::new(4);
    random_schedules(100, |schedule, random| {
        run(&mut world, &any(random), schedule)
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
        };
        run(&mut world, &scenario, schedule)
    });
}
