//! message-board and what clears up after it: however posts, deletes, clearing up and republishing overlap, are late,
//! die and are sent again, what was acknowledged is on the board, what was deleted never comes back, and at rest every
//! row is a message and nothing is without a row.
//!
//! - here: every order of the steps of a few requests, and random orders of many;
//! - [`board`]: the board, and what may be asked of it;
//! - [`watch`]: what is promised, and who broke it;
//! - [`moderated`]: the same of a message that moderators decide on;
//! - [`run`]: what may happen next.

mod board;
mod moderated;
mod run;
mod watch;

use board::{Ask, Explored, Saved};
use run::{Case, DAY, TICK, run};
use watch::Watch;

use crate::schedule::{every_schedule, random_schedules};

use Ask::{
    Approve, ClearUp, Delete, Hold, LetIn, Moderate, Post, Read, ReadOne, Reject, RemoveSender,
    Republish, Restore, TakeDown,
};

const P: Ask = Post(1, true);
const T: Ask = Post(1, false);
const H: Ask = Hold(1, true);
const HT: Ask = Hold(1, false);
const HELD: Start = Start::Moderated(&[H]);
const HELD_TEXT: Start = Start::Moderated(&[HT]);
const SHOWN: Start = Start::Moderated(&[P]);
const SHOWN_TEXT: Start = Start::Moderated(&[T]);
const REMOVED: Start = Start::Moderated(&[P, TakeDown(1)]);
const REMOVED_TEXT: Start = Start::Moderated(&[T, TakeDown(1)]);
const NOTHING: Start = Start::Moderated(&[]);
const REFUSED: Start = Start::Moderated(&[T, RemoveSender]);

fn is_post(ask: Ask) -> bool {
    matches!(ask, Post(..))
}

/// What was before.
#[derive(Debug, Clone, Copy)]
enum Start {
    Nothing,
    /// A post died 15 minutes ago, when so many of its requests had happened.
    Died(Ask, usize),
    Posted(Ask),
    /// The same, and moderators have to do with it.
    Moderated(&'static [Ask]),
    /// The same, and then the database of before the second of these was put back.
    PutBack(&'static [Ask], &'static [Ask]),
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
    let alone = |explored: &mut Explored, watch: &mut Watch, ask| {
        let (id, asked) = (watch.message(ask), watch.begin(ask));
        let answer = explored.alone(0, ask, id);
        watch.end(&explored.world, ask, &asked, &answer).unwrap();
        watch.look(&explored.world, true).unwrap();
    };
    match start {
        Start::Nothing => {}
        Start::Died(ask, requests) => {
            explored.died(0, ask, None, requests);
            watch.look(&explored.world, true).unwrap();
            explored.pass(TICK, &mut watch);
        }
        Start::Posted(ask) => {
            alone(explored, &mut watch, ask);
            explored.make_small();
        }
        Start::Moderated(asks) => {
            watch.moderate();
            for ask in asks {
                alone(explored, &mut watch, *ask);
            }
        }
        Start::PutBack(before, since) => {
            watch.moderate();
            for ask in before {
                alone(explored, &mut watch, *ask);
            }
            let tables = explored.tables();
            for ask in since {
                alone(explored, &mut watch, *ask);
            }
            explored.put_database_back(&tables);
            watch.look(&explored.world, true).unwrap();
        }
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
            explored.make_small();
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
            watch.look(&explored.world, true).unwrap();
        }
    }
    explored.save(watch)
}

fn explore(start: Start, asks: &[Ask], faults: usize, ticks: usize) {
    explore_with(start, asks, faults, ticks, |_| {});
}

fn explore_with(
    start: Start,
    asks: &[Ask],
    faults: usize,
    ticks: usize,
    limits: impl FnOnce(&mut Case),
) {
    let began = std::time::Instant::now();
    let mut explored = Explored::new(asks.len().max(1));
    let mut case = Case {
        start: prepared(&mut explored, start),
        asks: asks.to_vec(),
        faults,
        faulty: |_| true,
        ticks,
        days: 0,
        clears_up_last: false,
        is_restored: matches!(
            start,
            Start::WithoutRow(_) | Start::WithoutObject(..) | Start::PutBack(..)
        ),
        is_lasting: false,
    };
    limits(&mut case);
    let found = every_schedule(|schedule| run(&mut explored, &case, schedule));
    println!(
        "{start:?} {asks:?} {faults} {ticks}: {found:?}, {:.1?}",
        began.elapsed()
    );
    assert!(found.rests > 0);
}

#[test]
fn a_post_and_its_delete() {
    explore(Start::Nothing, &[P, Delete(1)], 1, 0);
}

#[test]
fn a_repeat_of_a_post_that_died_while_it_is_cleared_up() {
    for requests in 1..=3 {
        explore(Start::Died(P, requests), &[P, ClearUp], 0, 0);
    }
    explore_with(Start::Died(T, 1), &[T, ClearUp], 1, 0, |case| {
        case.faulty = is_post;
    });
}

#[test]
fn a_repeat_of_a_post_that_died_is_deleted_and_cleared_up() {
    let asks = [T, Moderate(1), ClearUp];
    explore_with(Start::Died(T, 1), &asks, 0, 0, |case| {
        case.clears_up_last = true;
    });
}

#[test]
fn a_sender_is_removed_while_leftovers_are_cleared_up() {
    for requests in 1..=3 {
        explore(Start::Died(P, requests), &[RemoveSender, ClearUp], 0, 0);
    }
}

#[test]
fn a_moderator_deletes_what_is_forgotten() {
    explore(Start::Deleted(P), &[Moderate(1), ClearUp], 1, 0);
}

#[test]
fn a_moderator_deletes_what_has_no_row() {
    explore(Start::WithoutRow(P), &[Moderate(1)], 1, 0);
    explore(Start::WithoutRow(P), &[Republish, Moderate(1)], 0, 0);
    explore(Start::WithoutRow(T), &[Republish, Moderate(1)], 0, 0);
}

#[test]
fn a_delete_while_the_bucket_is_brought_in_step() {
    explore(Start::Posted(T), &[Republish, Delete(1), ClearUp], 0, 1);
    explore(Start::Posted(P), &[Republish, Delete(1)], 0, 0);
}

#[test]
fn what_has_no_object_is_deleted_while_the_bucket_is_brought_in_step() {
    for gone in [Gone::Removed, Gone::ZeroBytes, Gone::PictureRemoved] {
        explore(
            Start::WithoutObject(P, gone),
            &[Republish, Moderate(1)],
            0,
            0,
        );
        explore(Start::WithoutObject(P, gone), &[Republish], 1, 0);
    }
}

#[test]
fn readers_beside_posts_and_deletes() {
    explore(Start::Nothing, &[P, Read], 0, 0);
    explore(Start::Posted(P), &[Delete(1), Read, ReadOne(1)], 0, 0);
    explore(Start::Posted(P), &[Delete(1), Read], 1, 0);
}

#[test]
fn a_repeat_beside_the_post_and_a_delete() {
    explore(Start::Nothing, &[T, T, Delete(1)], 0, 0);
    explore(Start::Nothing, &[T, T], 1, 0);
    explore(Start::Nothing, &[P, P], 0, 0);
    explore(Start::Posted(T), &[T, Delete(1)], 1, 0);
}

#[test]
fn two_delete() {
    explore(Start::Posted(P), &[Delete(1), Moderate(1)], 0, 0);
    explore(Start::Posted(T), &[Delete(1), Moderate(1)], 1, 0);
    explore(Start::Posted(P), &[Delete(1), ClearUp], 1, 0);
}

#[test]
fn a_sender_is_removed_while_it_posts() {
    explore(Start::Nothing, &[T, RemoveSender], 1, 0);
    explore(Start::Posted(T), &[Post(2, false), RemoveSender], 0, 0);
    explore(Start::Posted(P), &[RemoveSender], 1, 0);
}

#[test]
fn what_is_to_be_reviewed_arrives_and_is_decided() {
    explore(NOTHING, &[HT, Approve(1)], 0, 0);
    explore(NOTHING, &[HT, Reject(1)], 0, 0);
    explore(NOTHING, &[H, H], 0, 0);
}

#[test]
fn moderators_approve_and_reject_at_the_same_time() {
    explore(HELD_TEXT, &[Approve(1), Reject(1)], 0, 0);
    explore(HELD, &[Approve(1), Reject(1)], 0, 0);
    explore(HELD, &[Approve(1)], 1, 0);
}

#[test]
fn what_is_approved_is_cleared_up_at_the_same_time() {
    explore(HELD_TEXT, &[Approve(1), ClearUp], 0, 0);
}

#[test]
fn what_is_taken_down_is_restored_at_the_same_time() {
    explore(SHOWN, &[TakeDown(1)], 1, 0);
    explore(SHOWN_TEXT, &[TakeDown(1), Restore(1)], 0, 0);
}

#[test]
fn what_was_taken_down_is_restored_and_taken_down_again() {
    explore(REMOVED, &[Restore(1)], 1, 0);
    explore(REMOVED_TEXT, &[Restore(1), TakeDown(1)], 0, 0);
}

#[test]
fn an_author_deletes_what_waits() {
    explore(HELD, &[Delete(1)], 1, 0);
    explore(HELD, &[Approve(1), Delete(1)], 0, 0);
    explore(NOTHING, &[HT, Delete(1)], 0, 0);
}

#[test]
fn an_author_deletes_what_was_taken_down() {
    explore(REMOVED, &[Delete(1)], 1, 0);
    explore(SHOWN_TEXT, &[TakeDown(1), Delete(1)], 0, 0);
    explore(REMOVED_TEXT, &[Restore(1), Delete(1)], 0, 0);
}

#[test]
fn a_sender_is_removed_and_what_it_posted_is_restored() {
    explore(SHOWN_TEXT, &[RemoveSender, Restore(1)], 0, 0);
    explore(HELD_TEXT, &[RemoveSender, Approve(1)], 0, 0);
    explore(SHOWN, &[RemoveSender], 1, 0);
}

#[test]
fn a_refused_sender_is_let_in_while_it_posts() {
    explore(REFUSED, &[LetIn, Post(2, false)], 1, 0);
    explore(REFUSED, &[LetIn, RemoveSender, Post(2, false)], 0, 0);
}

#[test]
fn a_database_that_was_put_back_follows_what_moderators_decided_since() {
    explore(
        Start::PutBack(&[P], &[TakeDown(1), Restore(1)]),
        &[Republish],
        1,
        0,
    );
    explore(Start::PutBack(&[H], &[Approve(1)]), &[Republish], 1, 0);
    explore(
        Start::PutBack(&[HT], &[Reject(1), Restore(1), Approve(1)]),
        &[Republish],
        1,
        0,
    );
}

/// Larger cases of moderators, for whoever changes the protocol.
#[test]
#[ignore = "takes minutes"]
fn cases_of_moderators_that_take_long() {
    explore(NOTHING, &[HT, Delete(1)], 0, 0);
    explore(HELD_TEXT, &[Approve(1), Reject(1)], 1, 0);
    explore(HELD_TEXT, &[Approve(1), Delete(1)], 0, 0);
    explore(SHOWN_TEXT, &[TakeDown(1), ClearUp], 0, 0);
    explore(REMOVED_TEXT, &[Restore(1), Delete(1)], 0, 0);
    explore(NOTHING, &[HT, Approve(1)], 1, 0);
    explore(NOTHING, &[HT, Reject(1), ClearUp], 0, 1);
    explore(NOTHING, &[HT, Delete(1)], 1, 0);
    explore(HELD, &[Approve(1), Reject(1)], 1, 0);
    explore(HELD_TEXT, &[Approve(1), Reject(1), Restore(1)], 0, 0);
    explore(HELD_TEXT, &[Approve(1), Moderate(1)], 1, 0);
    explore(HELD_TEXT, &[Approve(1), TakeDown(1)], 1, 0);
    explore(SHOWN, &[TakeDown(1), TakeDown(1)], 0, 0);
    explore(SHOWN_TEXT, &[TakeDown(1), Restore(1)], 1, 0);
    explore(SHOWN_TEXT, &[TakeDown(1), Restore(1), TakeDown(1)], 0, 0);
    explore(REMOVED_TEXT, &[Restore(1), TakeDown(1)], 1, 0);
    explore(REMOVED_TEXT, &[Restore(1), Delete(1)], 1, 0);
    explore(REMOVED, &[Restore(1), ClearUp], 0, 0);
    explore(NOTHING, &[H, Approve(1)], 1, 0);
    explore(HELD, &[Approve(1), ClearUp], 1, 0);
    explore(HELD, &[Approve(1), Delete(1)], 1, 0);
    explore(HELD_TEXT, &[Approve(1), Approve(1), Reject(1)], 0, 0);
    explore(HELD_TEXT, &[Approve(1), TakeDown(1), Restore(1)], 0, 0);
    explore(SHOWN, &[TakeDown(1), Restore(1)], 1, 0);
    explore(SHOWN, &[TakeDown(1), ClearUp], 1, 0);
    explore(SHOWN_TEXT, &[TakeDown(1), Restore(1), Delete(1)], 0, 0);
    explore(REMOVED, &[Restore(1), TakeDown(1)], 1, 0);
    explore(REMOVED_TEXT, &[Restore(1), Restore(1), TakeDown(1)], 0, 0);
}

/// Larger cases, for whoever changes the protocol.
#[test]
#[ignore = "takes minutes"]
fn cases_that_take_long() {
    explore(Start::Died(T, 1), &[T, Moderate(1), ClearUp], 0, 0);
    explore_with(
        Start::WithoutRow(T),
        &[Republish, Moderate(1)],
        1,
        0,
        |case| case.faulty = |ask| matches!(ask, Moderate(_)),
    );
    explore(Start::Posted(P), &[Delete(1), Moderate(1)], 1, 0);
}

/// Of more, their orders are too many for all to be tried.
#[test]
fn many_at_once() {
    let mut explored = Explored::new(4);
    let start = prepared(&mut explored, Start::Nothing);
    random_schedules(200, |schedule, random| {
        let asks = [
            P,
            T,
            Post(2, false),
            Delete(1),
            Delete(2),
            Moderate(1),
            Moderate(2),
            RemoveSender,
            ClearUp,
            Republish,
            Read,
            ReadOne(1),
        ];
        let mut asks: Vec<_> = (0..random.usize(2..14))
            .map(|_| *random.choice(asks.as_slice()).unwrap())
            .collect();
        // The same key with another body is refused.
        if let Some(Post(1, with_picture)) =
            asks.iter().copied().find(|it| matches!(it, Post(1, _)))
        {
            for ask in &mut asks {
                if matches!(ask, Post(1, _)) {
                    *ask = Post(1, with_picture);
                }
            }
        }
        let case = Case {
            start: start.clone(),
            asks,
            faults: random.usize(..4),
            faulty: |_| true,
            clears_up_last: false,
            ticks: random.usize(..3),
            days: random.usize(..2),
            is_restored: false,
            is_lasting: true,
        };
        run(&mut explored, &case, schedule)
    });
}
