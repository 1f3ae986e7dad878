//! The posting limit, by whichever way the store reaches its database.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use store::{Admission, Store};

use crate::backend::{Backend, Kind, on_every_backend, soon};
use crate::samples::{idempotency, milliseconds, sender};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    as_many_are_admitted_as_the_limit_says,
    repeats_of_one_key_are_counted_once,
    a_minute_begins_with_the_first_post,
    what_is_counted_stands_in_the_sender_s_row,
    many_whose_minute_is_over_begin_one_together,
    without_a_limit_nothing_is_counted,
}

const LIMIT: u32 = 10;
const COUNTED: Admission = Admission::Admitted { is_counted: true };
const KNOWN: Admission = Admission::Admitted { is_counted: false };

async fn as_many_are_admitted_as_the_limit_says(backend: &Backend) {
    let now = SystemTime::now();
    let elsewhere = backend.elsewhere(4).await;
    let admit = async |number: usize, address| {
        let database = if number.is_multiple_of(2) {
            &backend.database
        } else {
            &elsewhere
        };
        let store = Store::new(database.clone(), soon());
        store
            .admit(&sender(address, now), None, LIMIT, now)
            .await
            .unwrap()
    };
    let admissions = join_all((0..60).map(|number| admit(number, 1))).await;
    let admitted = admissions.iter().filter(|admission| **admission == COUNTED);
    assert_eq!(admitted.count(), 10);
    let Admission::OverLimit(left) = admit(0, 1).await else {
        panic!("over the limit");
    };
    assert!(left <= Duration::from_mins(1) && left > Duration::ZERO);
    assert_eq!(admit(0, 2).await, COUNTED);
}

async fn repeats_of_one_key_are_counted_once(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let sender = sender(1, now);
    let admit = async |key: &str| {
        let key = idempotency(key, "a");
        store.admit(&sender, Some(&key), 2, now).await.unwrap()
    };
    for _ in 0..5 {
        let admission = admit("one").await;
        assert!([COUNTED, KNOWN].contains(&admission), "{admission:?}");
    }
    let many = join_all((0..20).map(|_| admit("two"))).await;
    assert!(
        many.iter()
            .all(|admission| [COUNTED, KNOWN].contains(admission))
    );
    assert!(matches!(admit("three").await, Admission::OverLimit(_)));
    assert_eq!(backend.sql("SELECT posts FROM sender").await, [["2"]]);
    // What turned out to be a repeat is given back.
    for expected in ["1", "0", "0"] {
        store.uncount(&sender).await.unwrap();
        assert_eq!(backend.sql("SELECT posts FROM sender").await, [[expected]]);
    }
    assert_eq!(admit("three").await, COUNTED);
}

async fn a_minute_begins_with_the_first_post(backend: &Backend) {
    let (store, start) = (backend.store(), SystemTime::now());
    let sender = sender(1, start);
    let at = async |seconds| {
        let now = start + Duration::from_secs(seconds);
        store.admit(&sender, None, 2, now).await.unwrap()
    };
    let over = |seconds| Admission::OverLimit(Duration::from_secs(seconds));
    assert_eq!(at(0).await, COUNTED);
    assert_eq!(at(50).await, COUNTED);
    assert_eq!(at(51).await, over(9));
    assert_eq!(at(59).await, over(1));
    assert_eq!(at(60).await, COUNTED);
    assert_eq!(at(70).await, COUNTED);
    assert_eq!(at(70).await, over(50));
    // Another function's clock is behind.
    assert_eq!(at(56).await, over(60));
    // The clock was set back, by however much: nobody waits until it has caught up.
    assert_eq!(at(0).await, COUNTED);
    assert_eq!(at(0).await, COUNTED);
    assert_eq!(at(1).await, over(59));
    // To a millisecond.
    let millis = |millis| Duration::from_millis(millis);
    let at = async |now| store.admit(&sender, None, 2, now).await.unwrap();
    let before = start + Duration::from_mins(1) - millis(1);
    assert_eq!(at(before).await, Admission::OverLimit(millis(1)));
    assert_eq!(at(start + Duration::from_mins(1)).await, COUNTED);
    let ahead = start + Duration::from_mins(1) - Duration::from_secs(5);
    assert_eq!(at(ahead).await, COUNTED);
    assert_eq!(at(ahead).await, over(60));
    assert_eq!(at(ahead - millis(1)).await, COUNTED);
}

/// By the row itself, since an answer does not tell what was written.
async fn what_is_counted_stands_in_the_sender_s_row(backend: &Backend) {
    let (store, start) = (backend.store(), SystemTime::now());
    let sender = sender(1, start);
    let admit = async |seconds, key: Option<&str>| {
        let now = start + Duration::from_secs(seconds);
        let key = key.map(|key| idempotency(key, "a"));
        store.admit(&sender, key.as_ref(), 2, now).await.unwrap()
    };
    let row = async |since: u64, posts: &str, keys: &[&str]| {
        let since = milliseconds(start + Duration::from_secs(since)).to_string();
        let keys = keys
            .iter()
            .map(|key| idempotency(key, "a").key()[..16].to_owned());
        let keys = match keys.collect::<String>() {
            none if none.is_empty() => "NULL".to_owned(),
            keys => keys,
        };
        let row = backend
            .sql("SELECT since, posts, refused, counted_keys FROM sender")
            .await;
        assert_eq!(row, [[since, posts.into(), "0".into(), keys]]);
    };
    assert_eq!(admit(0, Some("one")).await, COUNTED);
    row(0, "1", &["one"]).await;
    assert_eq!(admit(1, Some("one")).await, KNOWN);
    row(0, "1", &["one"]).await;
    assert_eq!(admit(2, None).await, COUNTED);
    row(0, "2", &["one"]).await;
    // Nothing is written of who is over the limit.
    for key in [None, Some("two")] {
        let left = Admission::OverLimit(Duration::from_secs(57));
        assert_eq!(admit(3, key).await, left);
        row(0, "2", &["one"]).await;
    }
    // A repeat that comes after others is no further post.
    assert_eq!(admit(4, Some("one")).await, KNOWN);
    row(0, "2", &["one"]).await;
    // Of another minute.
    assert_eq!(admit(60, Some("two")).await, COUNTED);
    row(60, "1", &["two"]).await;
    // The same key in another minute is counted again, but only once.
    assert_eq!(admit(121, Some("two")).await, COUNTED);
    row(121, "1", &["two"]).await;
    assert_eq!(admit(122, Some("two")).await, KNOWN);
    row(121, "1", &["two"]).await;
    // Of a clock that was set back.
    assert_eq!(admit(10, Some("three")).await, COUNTED);
    row(10, "1", &["three"]).await;
    // A repeat that comes while its sender is over the limit is no further post.
    assert_eq!(admit(11, Some("four")).await, COUNTED);
    assert_eq!(admit(12, Some("four")).await, KNOWN);
    row(10, "2", &["three", "four"]).await;
}

async fn many_whose_minute_is_over_begin_one_together(backend: &Backend) {
    let start = SystemTime::now();
    let sender = sender(1, start);
    let elsewhere = backend.elsewhere(4).await;
    for minute in 0..5 {
        let now = start + Duration::from_mins(minute);
        let admit = async |number: usize| {
            let database = if number.is_multiple_of(2) {
                &backend.database
            } else {
                &elsewhere
            };
            let store = Store::new(database.clone(), soon());
            store.admit(&sender, None, 3, now).await.unwrap()
        };
        let admissions = join_all((0..16).map(admit)).await;
        let admitted = admissions.iter().filter(|admission| **admission == COUNTED);
        assert_eq!(admitted.count(), 3, "minute {minute}");
        let row = backend.sql("SELECT since, posts FROM sender").await;
        assert_eq!(row, [[milliseconds(now).to_string(), "3".into()]]);
    }
}

async fn without_a_limit_nothing_is_counted(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let sender = sender(1, now);
    let key = idempotency("key", "a");
    for key in [None, Some(&key), Some(&key)] {
        assert_eq!(store.admit(&sender, key, 0, now).await.unwrap(), KNOWN);
    }
    store.uncount(&sender).await.unwrap();
    assert_eq!(backend.sql("SELECT COUNT(*) FROM sender").await, [["0"]]);
}
