//! message-board and what clears up after it: however posts, deletes, clearing up and republishing overlap, are late,
//! die and are sent again, what was acknowledged is on the board, what was deleted never comes back, and at rest every
//! row is a message and nothing is without a row.
//!
//! - here: every order of the steps of a few requests, and random orders of many;
//! - [`board`]: the board, and what may be asked of it;
//! - [`watch`]: what is promised, and who broke it;
//! - [`run`]: what may happen next.

mod board;
mod run;
mod watch;

use board::{Ask, Explored, Saved};
use run::{Case, DAY, TICK, run};
use watch::Watch;

use crate::schedule::{every_schedule, random_schedules};

use Ask::{ClearUp, Delete, Moderate, Post, Read, ReadOne, RemoveSender, Republish};

const P: Ask = Post(1, true);
const T: Ask = Post(1, false);

fn all(_: Ask) -> bool {
    true
}

/// What was before.
#[derive(Debug, Clone, Copy)]
enum Start {
    Nothing,
    /// A post died 15 minutes ago, when so many of its requests had happened.
    Died(Ask, usize),
    Posted(Ask),
    /// The author deleted a message a day ago, so that its tombstone is to be forgotten.
    Deleted(Ask),
    /// The database is older than the message.
    WithoutRow(Ask),
    /// The database is older than the message's delete, or the bucket than the message.
    WithoutObject(Ask, Gone),
}

#[derive(Debug, Clone, Copy)]
enum Gone {
    Removed,
    ZeroBytes,
    PictureRemoved,
}

fn prepared(explored: &mut Explored, start: Start) -> Saved {
    explored.empty();
    let mut watch = Watch::default();
    let mut alone = |explored: &mut Explored, watch: &mut Watch, ask| {
        let (id, asked) = (watch.message(ask), watch.begin(ask));
        let answer = explored.alone(0, ask, id);
        watch.end(&explored.world, ask, &asked, &answer).unwrap();
        watch.look(&explored.world).unwrap();
    };
    match start {
        Start::Nothing => {}
        Start::Died(ask, requests) => {
            explored.died(0, ask, None, requests);
            watch.look(&explored.world).unwrap();
            explored.pass(TICK, &mut watch);
        }
        Start::Posted(ask) => alone(explored, &mut watch, ask),
        Start::Deleted(ask) => {
            alone(explored, &mut watch, ask);
            alone(explored, &mut watch, Delete(1));
            explored.pass(TICK, &mut watch);
            alone(explored, &mut watch, ClearUp);
            explored.pass(DAY, &mut watch);
            watch.forget_keys();
        }
        Start::WithoutRow(ask) => {
            alone(explored, &mut watch, ask);
            explored.pass(TICK, &mut watch);
            let database = explored.world.database.as_ref().unwrap();
            database.lose(&watch.ids()[0].to_string());
        }
        Start::WithoutObject(ask, gone) => {
            alone(explored, &mut watch, ask);
            explored.pass(TICK, &mut watch);
            let objects = &mut explored.world.bucket.objects;
            match gone {
                Gone::Removed => objects.retain(|key, _| key.starts_with("images/")),
                Gone::PictureRemoved => objects.clear(),
                Gone::ZeroBytes => {
                    for object in objects.values_mut() {
                        object.bytes = "".into();
                    }
                }
            }
            // Nobody was promised that.
            watch = Watch::default();
            watch.look(&explored.world).unwrap();
        }
    }
    explored.save(watch)
}

fn explore(start: Start, asks: &[Ask], faults: usize, ticks: usize) {
    explore_faults_of(all, start, asks, faults, ticks);
}

fn explore_faults_of(faulty: fn(Ask) -> bool, start: Start, asks: &[Ask], faults: usize, ticks: usize) {
    let began = std::time::Instant::now();
    let mut explored = Explored::new(asks.len().max(1));
    let case = Case {
        start: prepared(&mut explored, start),
        asks: asks.to_vec(),
        faults,
        faulty,
        ticks,
        days: 0,
        is_lasting: false,
    };
    let found = every_schedule(|schedule| run(&mut explored, &case, schedule));
    println!("{start:?} {asks:?} {faults} {ticks}: {found:?}, {:.1?}", began.elapsed());
    assert!(found.rests > 0);
}

#[test]
fn a_post_and_its_delete() {
    explore(Start::Nothing, &[P, Delete(1)], 1, 0);
}
