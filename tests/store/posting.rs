//! Idempotency keys, by whichever way the store reaches its database.

use std::time::{Duration, SystemTime};

use domain::{Era, MessageId};
use futures_util::future::join_all;
use store::{Inserted, Mark, Status, Store};

use crate::backend::{Backend, Kind, on_every_backend, soon};
use crate::samples::{idempotency, mark, picture, text};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    the_key_decides_who_was_first,
    of_many_with_one_key_one_is_first,
    what_was_before_is_told_with_its_state,
    a_key_is_told_until_the_row_is_gone,
}

async fn the_key_decides_who_was_first(backend: &Backend) {
    let store = backend.store();
    let (one, other) = (
        text(MessageId::generate(), "a"),
        text(MessageId::generate(), "a"),
    );
    let key = idempotency("key", "a");
    let now = SystemTime::now();
    let insert = async |message, key| {
        let inserted = store
            .insert(message, store::Status::Pending, None, Some(key), now)
            .await;
        inserted.unwrap()
    };
    assert_eq!(insert(&one, &key).await, Inserted::First);
    // The row is our own, from a try whose answer was lost.
    assert_eq!(insert(&one, &key).await, Inserted::First);
    let Inserted::Before(before) = insert(&other, &key).await else {
        panic!("two of one key");
    };
    assert_eq!(
        (before.id, before.entry.status, before.same),
        (one.id, Status::Pending, Some(Era::Current))
    );
    assert_eq!(before.entry.message, Some(one.clone()));
    let changed = idempotency("key", "b");
    let Inserted::Before(before) = insert(&other, &changed).await else {
        panic!("two of one key");
    };
    assert_eq!((before.id, before.same), (one.id, None));
    let another = idempotency("another-key", "a");
    assert_eq!(insert(&other, &another).await, Inserted::First);
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["2"]]);
}

async fn of_many_with_one_key_one_is_first(backend: &Backend) {
    let key = idempotency("key", "a");
    let elsewhere = backend.elsewhere(4).await;
    let inserts = (0..40).map(async |number| {
        let database = if number % 2 == 0 {
            &backend.database
        } else {
            &elsewhere
        };
        let store = Store::new(database.clone(), soon());
        let message = picture(MessageId::generate());
        let inserted = store.insert(
            &message,
            store::Status::Pending,
            None,
            Some(&key),
            SystemTime::now(),
        );
        inserted.await.unwrap()
    });
    let inserted = join_all(inserts).await;
    let first = inserted
        .iter()
        .filter(|inserted| **inserted == Inserted::First);
    assert_eq!(first.count(), 1);
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["1"]]);
}

async fn what_was_before_is_told_with_its_state(backend: &Backend) {
    let store = backend.store();
    let key = idempotency("key", "a");
    let message = picture(MessageId::generate());
    let inserted = store.insert(
        &message,
        store::Status::Pending,
        None,
        Some(&key),
        SystemTime::now(),
    );
    assert_eq!(inserted.await.unwrap(), Inserted::First);
    let before = async || {
        let before = store.posted_with(&key).await.unwrap().unwrap();
        assert_eq!((before.id, before.same), (message.id, Some(Era::Current)));
        (before.entry.status, before.entry.message)
    };
    assert_eq!(before().await, (Status::Pending, Some(message.clone())));
    assert!(mark(&store, message.id, Mark::Posted).await);
    assert_eq!(before().await, (Status::Posted, Some(message.clone())));
    assert!(mark(&store, message.id, Mark::Deleting).await);
    assert_eq!(before().await, (Status::Deleting, Some(message.clone())));
    assert!(mark(&store, message.id, Mark::Deleted).await);
    assert_eq!(before().await, (Status::Deleted, None));
    assert_eq!(
        store.posted_with(&idempotency("other", "a")).await.unwrap(),
        None
    );
}

/// Also where another message is inserted under the key while the first is cleared away.
async fn a_key_is_told_until_the_row_is_gone(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let key = idempotency("key", "a");
    let (one, other) = (
        picture(MessageId::generate()),
        picture(MessageId::generate()),
    );
    let insert = async |message| {
        let inserted = store
            .insert(message, store::Status::Pending, None, Some(&key), now)
            .await;
        inserted.unwrap()
    };
    assert_eq!(insert(&one).await, Inserted::First);
    let later = now + Duration::from_mins(16);
    assert!(store.begin_clearing(one.id, later).await.unwrap());
    let Inserted::Before(before) = insert(&other).await else {
        panic!("two of one key");
    };
    assert_eq!((before.id, before.entry.status), (one.id, Status::Clearing));
    assert_eq!(before.entry.picture, Some("jpg".parse().unwrap()));
    store.remove(one.id, Status::Clearing).await.unwrap();
    assert_eq!(insert(&other).await, Inserted::First);
    assert_eq!(store.posted_with(&key).await.unwrap().unwrap().id, other.id);
}
