//! What the store promises, by whichever way it reaches its database.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use domain::{Message, MessageId};
use store::{Store, StoreError};
use tokio::time::{Instant, timeout};

use crate::backend::{Backend, Kind, on_every_backend, soon};
use crate::samples::{ODD, id_aged, id_at, largest, picture, text};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    a_text_is_there_at_once_and_as_it_was_given,
    a_picture_s_message_is_invisible_until_it_is_posted,
    posting_twice_is_posting_once,
    an_insert_repeated_is_a_success_and_one_row,
    what_is_not_there_is_not_found,
    a_blank_message_is_gone_for_good,
    pages_are_newest_first_and_their_cursors_lose_nothing_at_ties,
    every_odd_text_comes_back_unchanged,
    the_longest_values_fit,
    a_page_of_the_largest_messages_fits_into_one_answer,
    orphans_are_old_and_few,
    a_posted_message_is_never_removed_as_an_orphan,
    fifty_inserts_at_once_are_fifty_messages,
    an_abandoned_statement_does_not_hold_up_the_next,
    a_passed_deadline_is_an_error_and_not_a_wait,
}

async fn insert_all(store: &Store, messages: &[Message]) {
    for message in messages {
        store.insert(message, None, None).await.unwrap();
    }
}

async fn ids(store: &Store) -> Vec<MessageId> {
    let page = store.page(100, None).await.unwrap();
    page.iter().map(|message| message.id).collect()
}

async fn a_text_is_there_at_once_and_as_it_was_given(backend: &Backend) {
    let store = backend.store();
    store.ping().await.unwrap();
    let mut message = text(MessageId::generate(), "hello");
    message.author = Some("Ada".into());
    store.insert(&message, None, None).await.unwrap();
    assert_eq!(store.find(message.id).await.unwrap(), Some(message.clone()));
    assert_eq!(store.page(20, None).await.unwrap(), [message]);
}

async fn a_picture_s_message_is_invisible_until_it_is_posted(backend: &Backend) {
    let store = backend.store();
    let message = picture(MessageId::generate());
    store.insert(&message, None, None).await.unwrap();
    assert_eq!(store.find(message.id).await.unwrap(), None);
    assert_eq!(store.page(20, None).await.unwrap(), []);

    store.mark_posted(message.id).await.unwrap();
    assert_eq!(store.find(message.id).await.unwrap(), Some(message.clone()));
    assert_eq!(store.page(20, None).await.unwrap(), [message]);
}

async fn posting_twice_is_posting_once(backend: &Backend) {
    let store = backend.store();
    let message = picture(MessageId::generate());
    store.insert(&message, None, None).await.unwrap();
    store.mark_posted(message.id).await.unwrap();
    store.mark_posted(message.id).await.unwrap();
    assert_eq!(store.page(20, None).await.unwrap(), [message]);
}

async fn an_insert_repeated_is_a_success_and_one_row(backend: &Backend) {
    let store = backend.store();
    for message in [
        text(MessageId::generate(), "hello"),
        picture(MessageId::generate()),
    ] {
        store.insert(&message, None, None).await.unwrap();
        store.insert(&message, None, None).await.unwrap();
        let rows = format!("SELECT COUNT(*) FROM message WHERE id = '{}'", message.id);
        assert_eq!(backend.sql(&rows).await, [["1"]]);
    }
}

async fn what_is_not_there_is_not_found(backend: &Backend) {
    let (store, unknown) = (backend.store(), MessageId::generate());
    assert_eq!(store.find(unknown).await.unwrap(), None);
    assert!(!store.mark_posted(unknown).await.unwrap());
    store.make_tombstone(unknown).await.unwrap();
    store.remove_orphan(unknown).await.unwrap();
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["0"]]);
}

async fn a_blank_message_is_gone_for_good(backend: &Backend) {
    let store = backend.store();
    let (message, other) = (
        picture(MessageId::generate()),
        text(MessageId::generate(), "stays"),
    );
    insert_all(&store, &[message.clone(), other.clone()]).await;
    store.mark_posted(message.id).await.unwrap();

    store.make_tombstone(message.id).await.unwrap();
    store.make_tombstone(message.id).await.unwrap();
    assert_eq!(store.find(message.id).await.unwrap(), None);
    assert_eq!(store.page(20, None).await.unwrap(), [other]);
    let mark = backend
        .sql(&format!(
            "SELECT status, author, text, picture_format, picture_width, picture_height, picture_alt \
             FROM message WHERE id = '{}'",
            message.id
        ))
        .await;
    assert_eq!(
        mark,
        [["deleted", "NULL", "", "jpg", "NULL", "NULL", "NULL"]]
    );

    // Neither a late step of its post nor a late repeat brings it back.
    assert!(!store.mark_posted(message.id).await.unwrap());
    store.insert(&message, None, None).await.unwrap();
    assert_eq!(store.find(message.id).await.unwrap(), None);
}

async fn pages_are_newest_first_and_their_cursors_lose_nothing_at_ties(backend: &Backend) {
    let store = backend.store();
    let now = SystemTime::now();
    // Ids of one millisecond differ only in what stands after the time, at both ends of it.
    let mut messages: Vec<_> = [0, 1, 1]
        .into_iter()
        .enumerate()
        .flat_map(|(index, milliseconds)| {
            let moment = now - Duration::from_millis(milliseconds);
            let least = u128::try_from(index).unwrap() << 78;
            [least, least + 1, least + (1 << 78) - 1].map(|which| id_at(moment, which))
        })
        .map(|id| text(id, "tie"))
        .collect();
    insert_all(&store, &messages).await;
    messages.sort_by_key(|message| std::cmp::Reverse(message.id));

    for limit in [1, 2, 3, 5, 8, 9, 51] {
        let (mut read, mut before) = (vec![], None);
        loop {
            let page = store.page(limit, before).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            let Some(last) = page.last() else {
                break;
            };
            before = Some(last.id);
            read.extend(page);
        }
        assert_eq!(read, messages, "{limit} at a time");
    }
    // A cursor need not be a message, nor one that is still there.
    let newer = id_at(now + Duration::from_secs(1), 0);
    assert_eq!(store.page(9, Some(newer)).await.unwrap(), messages);
    store.make_tombstone(messages[3].id).await.unwrap();
    assert_eq!(
        store.page(9, Some(messages[3].id)).await.unwrap(),
        messages[4..]
    );
}

async fn every_odd_text_comes_back_unchanged(backend: &Backend) {
    let store = backend.store();
    for odd in ODD {
        let mut message = picture(MessageId::generate());
        message.text = (*odd).into();
        message.author = Some((*odd).into());
        message.picture.as_mut().unwrap().alt = Some((*odd).into());
        store.insert(&message, None, None).await.unwrap();
        store.mark_posted(message.id).await.unwrap();
        assert_eq!(store.find(message.id).await.unwrap(), Some(message));
    }
    // Nothing at all is something else than an empty text.
    let mut empty = picture(MessageId::generate());
    (empty.text, empty.author) = (String::new(), Some(String::new()));
    empty.picture.as_mut().unwrap().alt = None;
    store.insert(&empty, None, None).await.unwrap();
    store.mark_posted(empty.id).await.unwrap();
    assert_eq!(store.find(empty.id).await.unwrap(), Some(empty));
}

async fn the_longest_values_fit(backend: &Backend) {
    let store = backend.store();
    let mut message = largest(MessageId::generate());
    let picture = message.picture.as_mut().unwrap();
    (picture.width, picture.height) = (16_384, 16_384);
    picture.format = "webp".parse().unwrap();
    store.insert(&message, None, None).await.unwrap();
    store.mark_posted(message.id).await.unwrap();
    assert_eq!(store.find(message.id).await.unwrap(), Some(message));
}

/// The Data API answers with at most 1 MiB.
async fn a_page_of_the_largest_messages_fits_into_one_answer(backend: &Backend) {
    let store = backend.store();
    let mut messages = vec![];
    for _ in 0..51 {
        let message = largest(MessageId::generate());
        store.insert(&message, None, None).await.unwrap();
        store.mark_posted(message.id).await.unwrap();
        messages.push(message);
    }
    messages.sort_by_key(|message| std::cmp::Reverse(message.id));
    // The API's largest page is 50, and it looks for one more.
    assert_eq!(store.page(51, None).await.unwrap(), messages);
}

async fn orphans_are_old_and_few(backend: &Backend) {
    let store = backend.store();
    let now = SystemTime::now();
    let minutes = |minutes| Duration::from_mins(minutes);
    let just = Duration::from_millis(1);
    let pending = |age: Duration| picture(id_at(now - age, 7));
    let deleted = |age: Duration| picture(id_at(now - age, 8));
    let kept = [
        pending(Duration::ZERO),
        pending(minutes(15)),
        deleted(minutes(15) + just),
        deleted(minutes(24 * 60)),
    ];
    let left = [
        pending(minutes(15) + just),
        deleted(minutes(24 * 60) + just),
        pending(minutes(60 * 24 * 365)),
    ];
    insert_all(&store, &kept).await;
    insert_all(&store, &left).await;
    for blank in [kept[2].id, kept[3].id, left[1].id] {
        store.make_tombstone(blank).await.unwrap();
    }
    let posted = text(id_aged(minutes(60 * 24 * 365 * 2), 9), "old, and posted");
    store.insert(&posted, None, None).await.unwrap();

    let mut found = store.orphans(now).await.unwrap();
    found.sort_by_key(|orphan| orphan.id);
    let found: Vec<_> = found
        .into_iter()
        .map(|orphan| (orphan.id, orphan.picture))
        .collect();
    let format = Some("jpg".parse().unwrap());
    assert_eq!(
        found,
        [
            (left[2].id, format),
            // A tombstone's picture went before it, and goes again.
            (left[1].id, format),
            (left[0].id, format)
        ]
    );

    let many: Vec<_> = (100..110)
        .map(|which| picture(id_aged(minutes(16), which)))
        .collect();
    insert_all(&store, &many).await;
    let mut rounds = 0;
    loop {
        let found = store.orphans(now).await.unwrap();
        assert!(found.len() <= 4, "{found:?}");
        if found.is_empty() {
            break;
        }
        for orphan in found {
            store.remove_orphan(orphan.id).await.unwrap();
        }
        rounds += 1;
    }
    assert_eq!(rounds, 4);
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["5"]]);
    assert_eq!(ids(&store).await, [posted.id]);
}

async fn a_posted_message_is_never_removed_as_an_orphan(backend: &Backend) {
    let store = backend.store();
    let (with, without) = (
        picture(id_aged(Duration::from_hours(48), 1)),
        text(id_aged(Duration::from_hours(48), 2), "old"),
    );
    insert_all(&store, &[with.clone(), without.clone()]).await;
    let orphans = store.orphans(SystemTime::now()).await.unwrap();
    assert_eq!(orphans.len(), 1);
    // Posted between the look and the removal.
    store.mark_posted(with.id).await.unwrap();
    store.remove_orphan(with.id).await.unwrap();
    store.remove_orphan(without.id).await.unwrap();
    assert_eq!(store.page(20, None).await.unwrap(), [without, with]);
}

async fn fifty_inserts_at_once_are_fifty_messages(backend: &Backend) {
    let messages: Vec<_> = (0..50)
        .map(|_| text(MessageId::generate(), "at once"))
        .collect();
    let here = backend.database.clone();
    let elsewhere = backend.elsewhere(1).await;
    let inserts = messages.iter().enumerate().map(|(index, message)| {
        let database = if index % 2 == 0 { &here } else { &elsewhere };
        let store = Store::new(database.clone(), soon());
        async move { store.insert(message, None, None).await }
    });
    for inserted in futures_util::future::join_all(inserts).await {
        inserted.unwrap();
    }
    let read: HashSet<_> = ids(&backend.store()).await.into_iter().collect();
    assert_eq!(read, messages.iter().map(|message| message.id).collect());
}

async fn an_abandoned_statement_does_not_hold_up_the_next(backend: &Backend) {
    // One connection, where there are any: it is the one that was abandoned.
    let store = Store::new(backend.elsewhere(1).await, soon());
    let (message, other) = (
        text(MessageId::generate(), "hello"),
        text(MessageId::generate(), "other"),
    );
    insert_all(&store, &[message.clone(), other]).await;

    let lock = backend.lock(&message.id.to_string()).await;
    let blank = store.make_tombstone(message.id);
    assert!(
        timeout(Duration::from_millis(500), blank).await.is_err(),
        "it waits for the lock"
    );
    // Still locked, and still answered.
    let read = timeout(Duration::from_secs(20), store.page(20, None)).await;
    assert_eq!(read.unwrap().unwrap().len(), 2);
    lock.release().await;

    // Done or not done, and nothing in between.
    let found = store.find(message.id).await.unwrap();
    assert!(found.is_none_or(|found| found == message));
    store.make_tombstone(message.id).await.unwrap();
    assert_eq!(store.find(message.id).await.unwrap(), None);
    assert_eq!(ids(&store).await.len(), 1);
}

async fn a_passed_deadline_is_an_error_and_not_a_wait(backend: &Backend) {
    // One connection, where there are any.
    let database = backend.elsewhere(1).await;
    let store = Store::new(database.clone(), soon());
    let message = text(MessageId::generate(), "hello");
    store.insert(&message, None, None).await.unwrap();

    let lock = backend.lock(&message.id.to_string()).await;
    let hurried = Store::new(database, Instant::now() + Duration::from_millis(500));
    let blank = timeout(Duration::from_secs(20), hurried.make_tombstone(message.id)).await;
    assert!(
        matches!(blank, Ok(Err(StoreError::Unavailable(_)))),
        "{blank:?}"
    );
    // Still locked, and still answered.
    let read = timeout(Duration::from_secs(20), store.page(20, None)).await;
    assert_eq!(read.unwrap().unwrap().len(), 1);
    lock.release().await;
    store.make_tombstone(message.id).await.unwrap();
    assert_eq!(store.page(20, None).await.unwrap(), []);
}
