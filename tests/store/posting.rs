//! Keys, limits and senders, by whichever way the store reaches its database.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use domain::{
    BoardSecret, Era, Idempotency, IdempotencyKey, MessageId, MessageText, NewMessage, Repeats,
    Sender, Senders,
};
use futures_util::future::join_all;
use store::{Admission, Inserted, Status, Store, Summary};

use crate::backend::{Backend, Kind, on_every_backend, soon};
use crate::samples::{id_aged, picture, text};

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
    what_a_repeat_took_is_not_cleared_away_and_what_is_cleared_away_is_not_posted,
    as_many_are_admitted_as_the_limit_says,
    repeats_of_one_key_are_counted_once,
    a_minute_begins_with_the_first_post,
    a_refused_sender_stays_refused,
    a_sender_s_posts_go_together_and_nobody_else_s,
    what_a_sender_has_is_summed_up,
    senders_are_forgotten_a_few_at_a_time,
}

const LIMIT: u32 = 10;
const COUNTED: Admission = Admission::Admitted { is_counted: true };
const KNOWN: Admission = Admission::Admitted { is_counted: false };

fn secret() -> BoardSecret {
    BoardSecret::new("0123456789abcdef0123456789abcdef").unwrap()
}

fn sender(address: u8, now: SystemTime) -> Sender {
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, address));
    Senders::new(&secret()).sender(Some(address), now)
}

fn idempotency(key: &str, text: &str) -> Idempotency {
    let new = NewMessage {
        author: None,
        text: MessageText::parse(text).unwrap(),
        picture: None,
    };
    let key = IdempotencyKey::parse(format!("{key:-<16}").as_bytes()).unwrap();
    Repeats::new(&secret(), None).of(&key, &new, None)
}

async fn the_key_decides_who_was_first(backend: &Backend) {
    let store = backend.store();
    let (one, other) = (
        text(MessageId::generate(), "a"),
        text(MessageId::generate(), "a"),
    );
    let key = idempotency("key", "a");
    let insert = async |message| store.insert(message, None, Some(&key)).await.unwrap();
    assert_eq!(insert(&one).await, Inserted::First);
    // The row is our own, from a try whose answer was lost.
    assert_eq!(insert(&one).await, Inserted::First);
    let Inserted::Before(before) = insert(&other).await else {
        panic!("two of one key");
    };
    assert_eq!(
        (before.id, before.status, before.same),
        (one.id, Status::Posted, Some(Era::Current))
    );
    assert_eq!(before.message, Some(one.clone()));
    let changed = idempotency("key", "b");
    let Inserted::Before(before) = store.insert(&other, None, Some(&changed)).await.unwrap() else {
        panic!("two of one key");
    };
    assert_eq!(before.same, None);
    let another = idempotency("another-key", "a");
    assert_eq!(
        store.insert(&other, None, Some(&another)).await.unwrap(),
        Inserted::First
    );
    assert_eq!(store.page(20, None).await.unwrap().len(), 2);
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
        store.insert(&message, None, Some(&key)).await.unwrap()
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
    store.insert(&message, None, Some(&key)).await.unwrap();
    let before = async || store.posted_with(&key).await.unwrap().unwrap();
    assert_eq!(before().await.status, Status::Pending);
    assert_eq!(before().await.message, Some(message.clone()));
    assert!(store.mark_posted(message.id).await.unwrap());
    assert_eq!(before().await.status, Status::Posted);
    store.make_tombstone(message.id).await.unwrap();
    assert_eq!(
        (before().await.status, before().await.message),
        (Status::Deleted, None)
    );
    assert_eq!(
        store.posted_with(&idempotency("other", "a")).await.unwrap(),
        None
    );
}

async fn what_a_repeat_took_is_not_cleared_away_and_what_is_cleared_away_is_not_posted(
    backend: &Backend,
) {
    let (store, now) = (backend.store(), SystemTime::now());
    let old = |which| picture(id_aged(Duration::from_hours(1), which));
    let (taken, cleared) = (old(1), old(2));
    for message in [&taken, &cleared] {
        store.insert(message, None, None).await.unwrap();
    }
    let mut orphans = store.orphans(now).await.unwrap();
    orphans.sort_by_key(|orphan| orphan.id);
    assert_eq!(orphans.len(), 2);
    assert!(
        store
            .take_pending(taken.id, MessageId::generate())
            .await
            .unwrap()
    );
    assert!(!store.claim(&orphans[0], now).await.unwrap());
    assert!(store.claim(&orphans[1], now).await.unwrap());
    assert!(store.mark_posted(taken.id).await.unwrap());
    assert!(!store.mark_posted(cleared.id).await.unwrap());
    assert!(
        !store
            .take_pending(cleared.id, MessageId::generate())
            .await
            .unwrap()
    );
    // Whoever died while clearing it away leaves it to the next one.
    let left = store.orphans(now).await.unwrap();
    let [left] = &left[..] else {
        panic!("{left:?}")
    };
    assert_eq!((left.id, left.status), (cleared.id, Status::Clearing));
    assert!(store.claim(left, now).await.unwrap());
    store.remove_orphan(left.id).await.unwrap();
    assert_eq!(store.page(20, None).await.unwrap(), [taken]);
}

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
}

async fn a_refused_sender_stays_refused(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (known, new) = (sender(1, now), sender(2, now));
    let admit = async |sender, limit| store.admit(sender, None, limit, now).await.unwrap();
    assert_eq!(admit(&known, LIMIT).await, COUNTED);
    for sender in [&known, &new, &new] {
        store.refuse(sender).await.unwrap();
        assert_eq!(admit(sender, LIMIT).await, Admission::Refused);
        assert_eq!(admit(sender, 0).await, Admission::Refused);
        // Also where it was admitted before.
        for message in [
            text(MessageId::generate(), "late"),
            picture(MessageId::generate()),
        ] {
            let inserted = store.insert(&message, Some(sender), None).await.unwrap();
            assert_eq!(inserted, Inserted::Refused);
        }
    }
    let later = now + Duration::from_mins(5);
    let admission = store.admit(&known, None, LIMIT, later).await.unwrap();
    assert_eq!(admission, Admission::Refused);
}

async fn a_sender_s_posts_go_together_and_nobody_else_s(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (bad, good) = (sender(1, now), sender(2, now));
    let (kept, pending) = (
        text(MessageId::generate(), "kept"),
        picture(MessageId::generate()),
    );
    store.insert(&kept, Some(&good), None).await.unwrap();
    store.insert(&pending, Some(&bad), None).await.unwrap();
    for _ in 0..60 {
        let spam = text(MessageId::generate(), "spam");
        store.insert(&spam, Some(&bad), None).await.unwrap();
    }
    let unknown = text(MessageId::generate(), "unknown");
    store.insert(&unknown, None, None).await.unwrap();
    assert_eq!(store.sender_of(kept.id).await.unwrap(), Some(good));
    assert_eq!(store.sender_of(unknown.id).await.unwrap(), None);
    assert_eq!(store.sender_of(MessageId::generate()).await.unwrap(), None);

    let mut rounds = vec![];
    loop {
        let posts = store.posts_of(&bad).await.unwrap();
        let (Some(first), Some(last)) = (posts.first(), posts.last()) else {
            break;
        };
        store
            .make_tombstones_of(&bad, first.id, last.id)
            .await
            .unwrap();
        let blank = store.tombstones_of(&bad, first.id, last.id).await.unwrap();
        assert_eq!(blank, posts);
        rounds.push(posts.len());
    }
    assert_eq!(rounds, [50, 11]);
    assert_eq!(store.page(50, None).await.unwrap(), [unknown, kept]);
    assert!(!store.mark_posted(pending.id).await.unwrap());
    // Also of one that is deleted.
    assert_eq!(store.sender_of(pending.id).await.unwrap(), Some(bad));
}

async fn what_a_sender_has_is_summed_up(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (bad, good) = (sender(1, now), sender(2, now));
    let mut number = 0;
    let mut post = async |sender: &Sender, author: Option<&str>| {
        number += 1;
        let mut message = text(id_aged(Duration::from_hours(1), number), "x");
        message.author = author.map(str::to_owned);
        store.insert(&message, Some(sender), None).await.unwrap();
        message
    };
    let nothing = Summary {
        messages: 0,
        anonymous: 0,
        authors: vec![],
        other_authors: 0,
        first: None,
    };
    assert_eq!(store.summary_of(&bad).await.unwrap(), nothing);

    post(&good, Some("Ada")).await;
    let gone = post(&bad, Some("gone")).await;
    store.make_tombstone(gone.id).await.unwrap();
    let first = post(&bad, None).await;
    // Names are told apart by every character.
    for author in ["ada", "Ada", "Adá", "Ada", "字"] {
        post(&bad, Some(author)).await;
    }
    let pending = picture(id_aged(Duration::from_hours(1), 1_000));
    store.insert(&pending, Some(&bad), None).await.unwrap();
    let expected = Summary {
        messages: 7,
        anonymous: 1,
        authors: ["Ada", "ada", "Adá", "字"].map(str::to_owned).into(),
        other_authors: 0,
        first: Some(first.id),
    };
    assert_eq!(store.summary_of(&bad).await.unwrap(), expected);
    assert_eq!(store.posts_of(&bad).await.unwrap().len(), 7);

    for number in 0..18 {
        post(&bad, Some(&format!("name {number:02}"))).await;
    }
    let summary = store.summary_of(&bad).await.unwrap();
    assert_eq!((summary.messages, summary.other_authors), (25, 2));
    assert_eq!(summary.authors.len(), 20);
    assert_eq!(
        summary.authors[4..],
        (0..16).map(|n| format!("name {n:02}")).collect::<Vec<_>>()
    );
}

async fn senders_are_forgotten_a_few_at_a_time(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (today, before) = (sender(1, now), now - Duration::from_hours(48));
    store
        .insert(&text(MessageId::generate(), "new"), Some(&today), None)
        .await
        .unwrap();
    store.admit(&today, None, LIMIT, now).await.unwrap();
    for address in 10..30 {
        let sender = sender(address, before);
        store
            .insert(&text(MessageId::generate(), "old"), Some(&sender), None)
            .await
            .unwrap();
        store.admit(&sender, None, LIMIT, before).await.unwrap();
    }
    let known = async || {
        let count = |rows: Vec<Vec<String>>| rows[0][0].parse::<u32>().unwrap();
        let messages = backend
            .sql("SELECT COUNT(*) FROM message WHERE sender IS NOT NULL")
            .await;
        (
            count(messages),
            count(backend.sql("SELECT COUNT(*) FROM sender").await),
        )
    };
    assert_eq!(known().await, (21, 21));
    store.forget_senders(now).await.unwrap();
    if backend.kind != Kind::DataApiOverSqlite {
        assert_eq!(known().await, (13, 13));
    }
    for _ in 0..2 {
        store.forget_senders(now).await.unwrap();
    }
    assert_eq!(known().await, (1, 1));
    assert_eq!(store.page(50, None).await.unwrap().len(), 21);
}
