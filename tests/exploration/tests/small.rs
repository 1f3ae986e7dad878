//! small-pictures, and whatever removes what it made: however requests, the comings and goings of originals, their events
//! and the daily pass overlap, are late, die and come again, at rest nothing stays that was made of a picture which is
//! gone or another.
//!
//! - here: every order of the steps of a few, and random orders of many;
//! - [`pictures`]: what is asked for and decoded;
//! - [`run`]: what may happen next;
//! - [`watch`]: what is promised.
//!
//! Whatever syncS3Bucket does for its lists happens at once here, as whatever it does for small versions does where the
//! lists are explored.

mod pictures;
mod run;
mod watch;

use std::collections::HashMap;
use std::time::Duration;

use media::Small;

use crate::bucket::Bucket;
use crate::carrousel::{self, scheduled};
use crate::request::Request;
use crate::schedule::{every_schedule, fixed_schedules};
use crate::world::World;
use pictures::{Given, HOUR, ORIGINALS, START, alone, picture, respond};
use run::{CROWD, Scenario, run};

use Change::{Delete, Put, Remove};

const NARROW: Small = Small::ALL[0];
const PREVIEW: Small = Small::LinkPreview;
/// Where the wider versions are.
const WIDER: [&str; 2] = ["small/960/", "small/1280/"];

/// Whoever waits for somebody else's attempt looks once for what became of it, and not fifteen times.
const NAP: Duration = Duration::from_millis(3_100);

/// What becomes of an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Its picture is this one, of some.
    Put(u32),
    /// The operator removes it.
    Remove,
    /// The board deletes it, and what was made of it.
    Delete,
}

/// What was before, of the first original.
#[derive(Debug, Clone, Copy)]
enum Start {
    Nothing,
    /// The original was there.
    Original,
    /// All small versions were made of it.
    Made,
    /// An attempt to make them died so many hours ago.
    Died(i64),
}

fn world(sandboxes: usize, at_once: fn(&[(usize, Request)], usize) -> bool) -> World<Given> {
    let mut world = World::new(sandboxes);
    world.at_once = at_once;
    world.nap = NAP;
    world
}

/// What syncS3Bucket asks on behalf of its lists: it looks at originals twice at the same time, first on behalf of small
/// versions.
fn is_of_lists(waiting: &[(usize, Request)], n: usize) -> bool {
    let (_, request) = &waiting[n];
    request.concerns("carrousel/")
        || request.concerns(CROWD)
        || (request.concerns("images/") && waiting[..n].contains(&waiting[n]))
}

/// And whatever is about wider versions, of which becomes what becomes of the narrowest.
fn is_not_of_narrow(waiting: &[(usize, Request)], n: usize) -> bool {
    let (_, request) = &waiting[n];
    let after = request.query("start-after").unwrap_or_default();
    let lists_wider = after.starts_with("small/") && !("small/2".."small/7").contains(&after);
    let is_wider = WIDER.iter().any(|folder| request.key.starts_with(folder));
    is_of_lists(waiting, n) || is_wider || lists_wider
}

/// A bucket at rest.
fn at_rest(start: Start) -> Bucket {
    let mut world = world(1, is_of_lists);
    world.bucket = Bucket::new();
    world.bucket.now = *START;
    let first = &ORIGINALS[0];
    if !matches!(start, Start::Nothing) {
        world.bucket.put(first, picture(0));
    }
    let sync = carrousel::function(&world, 0);
    let synced = async move { Given::Synced(sync.handle(scheduled()).await) };
    alone(&mut world, synced);
    match start {
        Start::Nothing | Start::Original => {}
        Start::Made => {
            for small in [NARROW, PREVIEW] {
                let made = respond(&world, 0, small, first);
                alone(&mut world, made);
            }
        }
        Start::Died(hours) => {
            let made = respond(&world, 0, NARROW, first);
            world.invoke(0, (), made);
            // It reads the original, the small version and the mark, which it then puts.
            for _ in 0..4 {
                assert!(world.settle().is_empty());
                world.answer(0);
            }
            assert!(world.settle().is_empty());
            world.crash(0);
            world.bucket.age(hours * HOUR);
        }
    }
    std::mem::replace(&mut world.bucket, Bucket::new())
}

fn scenario(start: Start, changes: &[Change], requests: &[Small]) -> Scenario {
    Scenario {
        bucket: at_rest(start),
        changes: changes.iter().map(|change| (0, *change)).collect(),
        requests: requests.iter().map(|small| (0, *small)).collect(),
        crashes: 0,
        makers_die: true,
        repeats: 0,
        scheduled: false,
        pauses: 0,
        is_coarse: true,
        events_come_last: false,
        is_kept: false,
        is_crowded: false,
        had_failed: matches!(start, Start::Died(_)),
    }
}

/// Every order of what the scenario says, in which there is one execution environment more than requests.
fn explore(scenario: &Scenario) {
    let began = std::time::Instant::now();
    let mut world = world(scenario.requests.len() + 1, is_not_of_narrow);
    let mut calm = HashMap::new();
    let found = every_schedule(|schedule| run(&mut world, scenario, &mut calm, schedule));
    let Scenario {
        changes, requests, ..
    } = scenario;
    let (states, time) = (calm.len(), began.elapsed());
    let requests: Vec<_> = requests.iter().map(|(_, small)| small).collect();
    println!("{changes:?} {requests:?}: {found:?}, {states} at rest, {time:.1?}");
    assert!(found.rests > 0);
}

#[test]
fn what_was_made_of_a_new_picture_stays_however_late_its_event_comes() {
    explore(&Scenario {
        repeats: 1,
        is_kept: true,
        ..scenario(Start::Nothing, &[Put(0)], &[NARROW])
    });
    explore(&Scenario {
        scheduled: true,
        events_come_last: true,
        is_kept: true,
        ..scenario(Start::Nothing, &[Put(0)], &[NARROW])
    });
}

#[test]
fn a_picture_goes_while_it_is_made_small() {
    for change in [Remove, Delete] {
        explore(&scenario(Start::Original, &[change], &[NARROW]));
    }
    explore(&Scenario {
        repeats: 1,
        ..scenario(Start::Original, &[Remove], &[NARROW])
    });
    explore(&Scenario {
        scheduled: true,
        events_come_last: true,
        ..scenario(Start::Original, &[Remove], &[NARROW])
    });
}

#[test]
fn a_picture_goes_and_whoever_makes_it_small_dies() {
    for change in [Remove, Put(1)] {
        explore(&Scenario {
            crashes: 1,
            pauses: usize::from(change != Remove),
            ..scenario(Start::Original, &[change], &[NARROW])
        });
    }
}

#[test]
fn a_picture_goes_and_whoever_removes_what_was_made_dies() {
    explore(&Scenario {
        crashes: 1,
        makers_die: false,
        ..scenario(Start::Made, &[Delete], &[])
    });
}

#[test]
fn a_picture_is_replaced_while_two_ask_for_it() {
    explore(&Scenario {
        events_come_last: true,
        ..scenario(Start::Original, &[Put(1)], &[NARROW, NARROW])
    });
}

#[test]
fn a_picture_goes_and_comes_back() {
    explore(&scenario(Start::Made, &[Remove, Put(0)], &[NARROW]));
    explore(&Scenario {
        events_come_last: true,
        ..scenario(Start::Made, &[Remove, Put(1)], &[NARROW])
    });
}

#[test]
fn a_picture_is_replaced_whose_attempt_had_died() {
    for days in [1, 8] {
        explore(&scenario(Start::Died(24 * days), &[Put(1)], &[NARROW]));
    }
}

#[test]
fn a_picture_goes_while_many_others_do() {
    explore(&Scenario {
        is_crowded: true,
        ..scenario(Start::Made, &[Remove], &[NARROW])
    });
}

/// Too much of it for every order.
#[test]
fn many_ask_while_pictures_come_and_go_and_many_die() {
    const RUNS: u64 = 200;
    let began = std::time::Instant::now();
    let starts = [
        Start::Nothing,
        Start::Original,
        Start::Made,
        Start::Died(24),
        Start::Died(8 * 24),
    ];
    let starts = starts.map(|start| scenario(start, &[], &[]));
    let (mut world, mut calm) = (world(5, is_of_lists), HashMap::new());
    fixed_schedules(RUNS, |schedule, random| {
        let original = |random: &mut fastrand::Rng| random.usize(..ORIGINALS.len());
        let change = |random: &mut fastrand::Rng| match original(random) {
            0 if random.bool() => (0, Delete),
            n if random.u8(..3) == 0 => (n, Remove),
            n => (n, Put(random.u32(..3))),
        };
        let request =
            |random: &mut fastrand::Rng| (original(random), *random.choice(&Small::ALL).unwrap());
        let scenario = Scenario {
            changes: (0..random.usize(1..6)).map(|_| change(random)).collect(),
            requests: (0..random.usize(1..6)).map(|_| request(random)).collect(),
            crashes: random.usize(..4),
            makers_die: false,
            repeats: random.usize(..3),
            scheduled: random.bool(),
            pauses: random.usize(..3),
            is_coarse: false,
            is_crowded: random.bool(),
            ..random.choice(&starts).unwrap().clone()
        };
        run(&mut world, &scenario, &mut calm, schedule)
    });
    println!(
        "{RUNS} random orders: {} at rest, {:.1?}",
        calm.len(),
        began.elapsed()
    );
}
