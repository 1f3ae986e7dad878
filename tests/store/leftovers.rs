//! What is left behind, when it is found, and what is to be done with it, by whichever way the store reaches its
//! database.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::{Message, MessageId};
use store::{Leftover, Mark, Status, Store, Todo};

use crate::backend::{Backend, Kind, on_every_backend};
use crate::samples::{
    delete, id_aged, id_at, insert, largest, mark, milliseconds, picture, post, posted, text,
};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    each_leftover_is_found_at_its_age_whatever_its_id_is,
    what_code_of_before_is_at_work_on_is_left_to_it,
    of_many_leftovers_a_few_are_given_and_all_get_their_turn,
    what_may_be_on_the_board_comes_before_tombstones,
    what_a_repeat_took_is_not_cleared_away_and_what_is_cleared_away_is_not_posted,
    a_pending_message_of_code_of_before_has_its_time_and_goes,
    a_tombstone_of_code_of_before_is_deleted_once_more_and_then_forgotten,
    what_code_of_before_posted_is_published_once_newest_first,
    what_code_of_before_deleted_is_not_remembered_as_published,
}

const QUARTER: Duration = Duration::from_mins(15);
const DAY: Duration = Duration::from_hours(24);
const JUST: Duration = Duration::from_millis(1);

/// Writes a row whose change of status, and whose clearing, were so long ago.
async fn row(
    backend: &Backend,
    now: SystemTime,
    id: MessageId,
    (status, since, cleared): (&str, Option<Duration>, Option<Duration>),
) {
    let ago = |age: Option<Duration>| {
        age.map_or("NULL".to_owned(), |age| {
            milliseconds(now.checked_sub(age).unwrap()).to_string()
        })
    };
    let (since, cleared_at) = (ago(since), ago(cleared));
    let row = format!(
        "INSERT INTO message (id, status, text, picture_format, since, cleared_at) \
         VALUES ('{id}', '{status}', '', 'jpg', {since}, {cleared_at})"
    );
    backend.sql(&row).await;
}

/// What is to be done with which.
async fn todos(store: &Store, now: SystemTime) -> BTreeMap<MessageId, Todo> {
    let found = store.leftovers(now).await.unwrap();
    let count = found.len();
    let found: BTreeMap<_, _> = found
        .into_iter()
        .map(|leftover| (leftover.name.id, leftover.todo))
        .collect();
    assert_eq!(found.len(), count, "one is given twice");
    found
}

async fn each_leftover_is_found_at_its_age_whatever_its_id_is(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (young, year) = (Duration::ZERO, 365 * DAY);
    // Since when 1970 is, which is what a message of code of before has that was published.
    let zero = now.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let zero = Duration::from_millis(u64::try_from(zero.as_millis()).unwrap());
    let now = SystemTime::UNIX_EPOCH + zero;
    let cases = [
        (("pending", Some(young), None), None),
        (("pending", Some(QUARTER), None), None),
        (("pending", Some(QUARTER + JUST), None), Some(Todo::Decide)),
        (("pending", Some(year), None), Some(Todo::Decide)),
        (("posted", Some(young), None), None),
        (("posted", Some(year), None), None),
        (("posted", Some(zero), None), None),
        (("posted", None, None), None),
        (("deleting", Some(young), None), Some(Todo::Delete)),
        (("deleting", Some(year), None), Some(Todo::Delete)),
        (("deleting", None, None), Some(Todo::Delete)),
        (("clearing", Some(young), None), Some(Todo::Clear)),
        (("clearing", Some(year), None), Some(Todo::Clear)),
        (("clearing", None, None), Some(Todo::Clear)),
        (("arriving", Some(QUARTER), None), None),
        (
            ("arriving", Some(QUARTER + JUST), None),
            Some(Todo::DecideToHold),
        ),
        (
            ("approved", Some(young), None),
            Some(Todo::Publish(Status::Approved)),
        ),
        (
            ("restored", Some(young), None),
            Some(Todo::Publish(Status::Restored)),
        ),
        (("removing", Some(young), None), Some(Todo::TakeDown)),
        (("removed", Some(DAY), None), None),
        (
            ("removed", Some(DAY + JUST), None),
            Some(Todo::Expire(Status::Removed)),
        ),
        (("rejected", Some(DAY), None), None),
        (
            ("rejected", Some(DAY + JUST), None),
            Some(Todo::Expire(Status::Rejected)),
        ),
        (("held", Some(30 * DAY), None), None),
        (
            ("held", Some(30 * DAY + JUST), None),
            Some(Todo::Expire(Status::Held)),
        ),
        (("deleted", Some(young), None), None),
        (("deleted", Some(QUARTER), None), None),
        (("deleted", Some(QUARTER + JUST), None), Some(Todo::Remove)),
        (("deleted", Some(year), None), Some(Todo::Remove)),
        (("deleted", Some(year), Some(young)), None),
        (("deleted", Some(year), Some(DAY)), None),
        (
            ("deleted", Some(year), Some(DAY + JUST)),
            Some(Todo::Forget),
        ),
        (("deleted", None, Some(DAY + JUST)), Some(Todo::Forget)),
        (
            ("deleted", None, None),
            Some(Todo::Adopt(Mark::DeletingForGood)),
        ),
        (
            ("deleted", Some(zero), None),
            Some(Todo::Adopt(Mark::DeletingForGood)),
        ),
    ];
    let mut expected = BTreeMap::new();
    for (which, (case, todo)) in (0..).zip(cases) {
        // A repeat, and an import, write under ids of long ago.
        for id in [id_at(now, which), id_at(now - year, which)] {
            row(backend, now, id, case).await;
            if let Some(todo) = todo {
                expected.insert(id, todo);
            }
        }
    }
    assert_eq!(todos(&store, now).await, expected);
    let format = Some("jpg".parse().unwrap());
    let found = store.leftovers(now).await.unwrap();
    assert!(found.iter().all(|leftover| leftover.picture == format));
}

async fn what_may_be_on_the_board_comes_before_tombstones(backend: &Backend) {
    const TOMBSTONES: u128 = 70;
    let (store, now) = (backend.store(), SystemTime::now());
    for which in 0..TOMBSTONES {
        let id = id_at(now - 2 * DAY, which);
        row(backend, now, id, ("deleted", Some(2 * DAY), None)).await;
    }
    for (which, status) in (TOMBSTONES..).zip(["deleting", "clearing", "pending"]) {
        row(backend, now, id_at(now, which), (status, Some(DAY), None)).await;
    }
    let found = store.leftovers(now).await.unwrap();
    let first = found[..3].iter().map(|leftover| leftover.todo);
    let first: Vec<_> = first.collect();
    for todo in [Todo::Delete, Todo::Clear, Todo::Decide] {
        assert!(first.contains(&todo), "{first:?}");
    }
}

/// As long as a request of that code lives, it may mark its message as posted, and then it must be seen that nobody
/// published it.
async fn what_code_of_before_is_at_work_on_is_left_to_it(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let [young, old, taken, given_up] = [
        id_at(now - QUARTER, 1),
        id_at(now - QUARTER - JUST, 2),
        id_at(now - DAY, 3),
        id_at(now - DAY, 4),
    ];
    for id in [young, old, taken, given_up] {
        row(backend, now, id, ("pending", None, None)).await;
    }
    // By an import, or by a repeat.
    for (id, since) in [(taken, QUARTER), (given_up, QUARTER + JUST)] {
        let pending_since = id_at(now - since, 0);
        backend
            .sql(&format!(
                "UPDATE message SET pending_since = '{pending_since}' WHERE id = '{id}'"
            ))
            .await;
    }
    let adopt = Todo::Adopt(Mark::Taken);
    let expected = BTreeMap::from([(old, adopt), (given_up, adopt)]);
    assert_eq!(todos(&store, now).await, expected);
    // As that code marks it.
    backend
        .sql(&format!(
            "UPDATE message SET status = 'posted' WHERE id = '{young}' AND status = 'pending'"
        ))
        .await;
    let unpublished = store.unpublished(10).await.unwrap();
    let ids: Vec<_> = unpublished
        .iter()
        .flatten()
        .map(|message| message.id)
        .collect();
    let unreadable: Vec<_> = unpublished
        .iter()
        .filter_map(|row| row.clone().err())
        .collect();
    // Its picture has no size here, so that it cannot be read; it is found all the same.
    assert_eq!((ids, unreadable), (vec![], vec![young.to_string()]));
}

async fn of_many_leftovers_a_few_are_given_and_all_get_their_turn(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let mut rows = vec![];
    for which in 0..150 {
        let id = id_at(now, which);
        let (status, since) = match which % 3 {
            0 => ("pending", milliseconds(now - DAY)),
            1 => ("clearing", milliseconds(now)),
            _ => ("deleting", milliseconds(now)),
        };
        rows.push(format!("('{id}', '{status}', '', {since})"));
    }
    backend
        .sql(&format!(
            "INSERT INTO message (id, status, text, since) VALUES {}",
            rows.join(", ")
        ))
        .await;
    let stays = text(id_aged(DAY, 1_000), "posted");
    post(&store, &stays).await;
    let mut rounds = vec![];
    loop {
        let found = store.leftovers(now).await.unwrap();
        if found.is_empty() {
            break;
        }
        rounds.push(found.len());
        for Leftover { name, todo, .. } in found {
            let id = name.id;
            match todo {
                Todo::Decide => assert!(store.begin_clearing(id, now).await.unwrap()),
                Todo::Delete => assert!(store.mark(id, Mark::Deleted, now).await.unwrap()),
                Todo::Clear => store.remove(id, Status::Clearing).await.unwrap(),
                other => panic!("{other:?}"),
            }
        }
    }
    // 150, and once more those that were to be decided.
    assert_eq!(rounds.iter().sum::<usize>(), 200);
    assert_eq!((rounds[0], rounds.iter().max()), (64, Some(&64)));
    let left = "SELECT status, COUNT(*) FROM message GROUP BY status ORDER BY status";
    assert_eq!(
        backend.sql(left).await,
        [["deleted", "50"], ["posted", "1"]]
    );
    assert_eq!(posted(&store).await, [stays]);
}

async fn what_a_repeat_took_is_not_cleared_away_and_what_is_cleared_away_is_not_posted(
    backend: &Backend,
) {
    let (store, now) = (backend.store(), SystemTime::now());
    let old = |which| picture(id_aged(Duration::from_hours(1), which));
    let (taken, done, cleared) = (old(1), old(2), old(3));
    let before = now - QUARTER - JUST;
    for message in [&taken, &done, &cleared] {
        store
            .insert(message, store::Status::Pending, None, None, before)
            .await
            .unwrap();
    }
    let decide = [&taken, &done, &cleared].map(|message| (message.id, Todo::Decide));
    assert_eq!(todos(&store, now).await, BTreeMap::from(decide));

    // Between the look and the clearing.
    assert!(store.mark(taken.id, Mark::Taken, now).await.unwrap());
    assert!(store.mark(done.id, Mark::Posted, now).await.unwrap());
    assert!(!store.begin_clearing(taken.id, now).await.unwrap());
    assert!(!store.begin_clearing(done.id, now).await.unwrap());
    assert!(store.begin_clearing(cleared.id, now).await.unwrap());
    store.remove(taken.id, Status::Clearing).await.unwrap();
    store.remove(done.id, Status::Clearing).await.unwrap();

    // The repeat has all its time again, and no repeat gets on with what is being cleared away.
    assert!(!todos(&store, now + QUARTER).await.contains_key(&taken.id));
    assert!(mark(&store, taken.id, Mark::Posted).await);
    for late in [Mark::Taken, Mark::Posted, Mark::Deleting, Mark::Deleted] {
        assert!(!mark(&store, cleared.id, late).await, "{late:?}");
    }
    // Whoever died while clearing it away leaves it to the next one.
    let left = BTreeMap::from([(cleared.id, Todo::Clear)]);
    assert_eq!(todos(&store, now).await, left);
    store.remove(cleared.id, Status::Clearing).await.unwrap();
    assert_eq!(store.entry(cleared.id).await.unwrap(), None);
    assert_eq!(posted(&store).await, [taken, done]);
}

async fn a_pending_message_of_code_of_before_has_its_time_and_goes(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let message = picture(id_aged(DAY, 1));
    insert(&store, &message).await;
    backend.sql("UPDATE message SET since = NULL").await;
    // What is pending since nobody knows when is not cleared away.
    assert!(!store.begin_clearing(message.id, now).await.unwrap());
    let only = |todo| BTreeMap::from([(message.id, todo)]);
    assert_eq!(todos(&store, now).await, only(Todo::Adopt(Mark::Taken)));
    assert!(store.mark(message.id, Mark::Taken, now).await.unwrap());
    assert_eq!(todos(&store, now).await, BTreeMap::new());
    assert_eq!(todos(&store, now + QUARTER).await, BTreeMap::new());
    let later = now + QUARTER + 2 * JUST;
    assert_eq!(todos(&store, later).await, only(Todo::Decide));
    assert!(store.begin_clearing(message.id, later).await.unwrap());
    assert_eq!(todos(&store, later).await, only(Todo::Clear));
    store.remove(message.id, Status::Clearing).await.unwrap();
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["0"]]);
}

async fn a_tombstone_of_code_of_before_is_deleted_once_more_and_then_forgotten(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    for since in ["NULL", "0"] {
        let message = picture(id_aged(DAY, 1));
        post(&store, &message).await;
        delete(&store, message.id).await;
        backend
            .sql(&format!("UPDATE message SET since = {since}"))
            .await;
        let only = |todo| BTreeMap::from([(message.id, todo)]);
        let adopt = Todo::Adopt(Mark::DeletingForGood);
        assert_eq!(todos(&store, now).await, only(adopt));
        let mark = async |mark| store.mark(message.id, mark, now).await.unwrap();
        // Whoever posts it late does not bring it back, and its author deleted it already.
        assert!(!mark(Mark::Posted).await);
        assert!(!mark(Mark::Deleting).await);
        assert!(mark(Mark::DeletingForGood).await);
        assert_eq!(todos(&store, now).await, only(Todo::Delete));
        let found = store.leftovers(now).await.unwrap();
        assert_eq!(found[0].picture, Some("jpg".parse().unwrap()));
        assert!(mark(Mark::Deleted).await);

        assert_eq!(todos(&store, now + QUARTER).await, BTreeMap::new());
        let later = now + QUARTER + 2 * JUST;
        assert_eq!(todos(&store, later).await, only(Todo::Remove));
        store.mark_cleared(message.id, later).await.unwrap();
        assert_eq!(todos(&store, later + DAY).await, BTreeMap::new());
        let late = later + DAY + 2 * JUST;
        assert_eq!(todos(&store, late).await, only(Todo::Forget));
        store.remove(message.id, Status::Deleted).await.unwrap();
        assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["0"]]);
    }
}

/// Posts messages as code did that published nothing, oldest first.
async fn posted_before(backend: &Backend, messages: &[Message]) {
    for message in messages {
        post(&backend.store(), message).await;
        backend
            .sql(&format!(
                "UPDATE message SET since = NULL WHERE id = '{}'",
                message.id
            ))
            .await;
    }
}

async fn what_code_of_before_posted_is_published_once_newest_first(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let ours = text(id_at(now, 100), "of this code");
    post(&store, &ours).await;
    insert(&store, &text(id_at(now, 101), "pending")).await;
    let mut messages: Vec<_> = (0..10).map(|which| picture(id_at(now, which))).collect();
    messages[3] = largest(id_at(now, 3));
    posted_before(backend, &messages).await;
    for wrong in [
        format!(
            "UPDATE message SET picture_format = 'bmp' WHERE id = '{}'",
            messages[6].id
        ),
        "INSERT INTO message (id, status, text) VALUES ('it''s', 'posted', '')".to_owned(),
    ] {
        backend.sql(&wrong).await;
    }
    let mut expected: Vec<_> = messages.iter().cloned().map(Ok).collect();
    expected[6] = Err(messages[6].id.to_string());
    expected.push(Err("it's".to_owned()));
    expected.reverse();

    store.mark_published(&[]).await.unwrap();
    let first = store.unpublished(4).await.unwrap();
    assert_eq!(first, expected[..4]);
    // Not marked: nobody published them.
    assert_eq!(store.unpublished(4).await.unwrap(), first);
    store.mark_published(&first).await.unwrap();
    // Twice, too.
    store.mark_published(&first).await.unwrap();
    assert_eq!(store.unpublished(50).await.unwrap(), expected[4..]);
    let rest = store.unpublished(50).await.unwrap();
    store.mark_published(&rest).await.unwrap();
    assert_eq!(store.unpublished(50).await.unwrap(), []);
    // What could not be read is met only once, or the rest would never get its turn.
    let since = "SELECT DISTINCT since FROM message WHERE status = 'posted' ORDER BY since";
    let since = backend.sql(since).await;
    assert_eq!(since.len(), 2);
    assert_eq!(since[0], ["0"]);
    messages.remove(6);
    messages.push(ours);
    assert_eq!(posted(&store).await, messages);
}

async fn what_code_of_before_deleted_is_not_remembered_as_published(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let messages = [1, 2, 3].map(|which| picture(id_at(now, which)));
    posted_before(backend, &messages).await;
    let unpublished = store.unpublished(10).await.unwrap();
    assert_eq!(unpublished.len(), 3);
    // While they are published, one is deleted by code of before, and one by this.
    let [by_before, by_this, stays] = &messages;
    backend
        .sql(&format!(
            "UPDATE message SET status = 'deleted', text = '' WHERE id = '{}'",
            by_before.id
        ))
        .await;
    assert!(store.mark(by_this.id, Mark::Deleting, now).await.unwrap());
    store.mark_published(&unpublished).await.unwrap();
    let since = async |id| {
        let since = format!("SELECT since FROM message WHERE id = '{id}'");
        backend.sql(&since).await[0][0].clone()
    };
    assert_eq!(since(by_before.id).await, "NULL");
    assert_eq!(since(by_this.id).await, milliseconds(now).to_string());
    assert_eq!(since(stays.id).await, "0");
    let expected = [
        (by_before.id, Todo::Adopt(Mark::DeletingForGood)),
        (by_this.id, Todo::Delete),
    ];
    assert_eq!(todos(&store, now).await, BTreeMap::from(expected));
    // And a published one, by code of before: what it put is overwritten, not forgotten.
    backend
        .sql(&format!(
            "UPDATE message SET status = 'deleted', text = '' WHERE id = '{}'",
            stays.id
        ))
        .await;
    assert_eq!(
        todos(&store, now).await[&stays.id],
        Todo::Adopt(Mark::DeletingForGood)
    );
    assert_eq!(
        store.entry(stays.id).await.unwrap().unwrap().status,
        Status::Deleted
    );
}
