//! What the store promises of messages, by whichever way it reaches its database.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use domain::{Message, MessageId};
use store::{Entry, Mark, Status, Store, StoreError};
use tokio::time::{Instant, timeout};

use crate::backend::{Backend, Kind, on_every_backend, soon};
use crate::samples::{
    MARKS, ODD, delete, id_at, insert, largest, mark, milliseconds, picture, post, posted, text,
};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    a_message_is_pending_until_it_is_posted_and_stays_as_it_was_given,
    an_insert_repeated_is_a_success_and_one_row,
    what_is_not_there_is_not_found,
    a_deleted_message_is_gone_for_good,
    pages_are_oldest_first_and_their_cursors_lose_nothing_at_ties,
    the_newest_is_the_newest_of_the_posted,
    every_odd_text_comes_back_unchanged,
    the_longest_values_fit,
    a_page_of_the_largest_messages_fits_into_one_answer,
    a_picture_is_added_to_a_posted_message_that_has_none,
    fifty_inserts_at_once_are_fifty_messages,
    an_abandoned_statement_does_not_hold_up_the_next,
    a_passed_deadline_is_an_error_and_not_a_wait,
}

/// The message of an entry.
async fn message(store: &Store, id: MessageId) -> Option<Message> {
    store.entry(id).await.unwrap().unwrap().message
}

async fn a_message_is_pending_until_it_is_posted_and_stays_as_it_was_given(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    store.ping().await.unwrap();
    let mut with_author = text(id_at(now, 1), "hello");
    with_author.author = Some("Ada".into());
    let mut expected = vec![];
    for message in [
        with_author,
        text(id_at(now, 2), "hello"),
        picture(id_at(now, 3)),
    ] {
        let id = message.id;
        let entry = |status| Entry {
            status,
            generation: 0,
            message: Some(message.clone()),
            picture: message.picture.as_ref().map(|picture| picture.format),
        };
        store
            .insert(&message, store::Status::Pending, None, None, now)
            .await
            .unwrap();
        assert_eq!(store.entry(id).await.unwrap(), Some(entry(Status::Pending)));
        assert_eq!(posted(&store).await, expected);
        let row = format!("SELECT since, cleared_at, sender FROM message WHERE id = '{id}'");
        let since = milliseconds(now).to_string();
        assert_eq!(backend.sql(&row).await, [[&since, "NULL", "NULL"]]);

        assert!(mark(&store, id, Mark::Posted).await);
        assert_eq!(store.entry(id).await.unwrap(), Some(entry(Status::Posted)));
        expected.push(message.clone());
        assert_eq!(posted(&store).await, expected);
        // Once more is nothing more.
        assert!(!mark(&store, id, Mark::Posted).await);
        assert_eq!(store.entry(id).await.unwrap(), Some(entry(Status::Posted)));
    }
    assert_eq!(posted(&store).await, expected);
}

async fn an_insert_repeated_is_a_success_and_one_row(backend: &Backend) {
    let store = backend.store();
    let later = SystemTime::now() + Duration::from_mins(1);
    for message in [
        text(MessageId::generate(), "hello"),
        picture(MessageId::generate()),
    ] {
        let row = format!(
            "SELECT status, since, text FROM message WHERE id = '{}'",
            message.id
        );
        insert(&store, &message).await;
        let first = backend.sql(&row).await;
        store
            .insert(&message, store::Status::Pending, None, None, later)
            .await
            .unwrap();
        assert_eq!(backend.sql(&row).await, first);
        assert_eq!(first.len(), 1);
        assert_eq!(first[0][0], "pending");
    }
}

async fn what_is_not_there_is_not_found(backend: &Backend) {
    let (store, unknown, now) = (backend.store(), MessageId::generate(), SystemTime::now());
    assert_eq!(store.entry(unknown).await.unwrap(), None);
    assert_eq!(store.newest().await.unwrap(), None);
    assert_eq!(store.page_after(20, None).await.unwrap(), []);
    assert_eq!(store.unpublished(20).await.unwrap(), []);
    assert_eq!(store.leftovers(now).await.unwrap(), []);
    for to in MARKS {
        assert!(!mark(&store, unknown, to).await, "{to:?}");
    }
    assert!(!store.begin_clearing(unknown, now).await.unwrap());
    store.mark_cleared(unknown, now).await.unwrap();
    store.remove(unknown, Status::Clearing).await.unwrap();
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["0"]]);
}

async fn a_deleted_message_is_gone_for_good(backend: &Backend) {
    let store = backend.store();
    let (message, other) = (
        picture(MessageId::generate()),
        text(MessageId::generate(), "stays"),
    );
    for message in [&message, &other] {
        post(&store, message).await;
    }
    assert!(mark(&store, message.id, Mark::Deleting).await);
    // Off the board at once, and whoever deletes knows the picture until the end.
    assert_eq!(posted(&store).await, std::slice::from_ref(&other));
    let deleting = store.entry(message.id).await.unwrap().unwrap();
    assert_eq!(deleting.status, Status::Deleting);
    assert_eq!(deleting.picture, Some("jpg".parse().unwrap()));

    let tombstone = Some(Entry {
        status: Status::Deleted,
        generation: 0,
        message: None,
        picture: Some("jpg".parse().unwrap()),
    });
    assert!(mark(&store, message.id, Mark::Deleted).await);
    assert_eq!(store.entry(message.id).await.unwrap(), tombstone);
    assert_eq!(posted(&store).await, std::slice::from_ref(&other));
    let row = backend
        .sql(&format!(
            "SELECT status, author, text, picture_format, picture_width, picture_height, picture_alt \
             FROM message WHERE id = '{}'",
            message.id
        ))
        .await;
    assert_eq!(
        row,
        [["deleted", "NULL", "", "jpg", "NULL", "NULL", "NULL"]]
    );

    // Neither a late step of its post nor a late repeat brings it back, and nobody deletes it again.
    for late in [
        Mark::Taken,
        Mark::Posted,
        Mark::Deleting,
        Mark::DeletingForGood,
        Mark::Deleted,
    ] {
        assert!(!mark(&store, message.id, late).await, "{late:?}");
    }
    insert(&store, &message).await;
    assert_eq!(store.entry(message.id).await.unwrap(), tombstone);
    assert_eq!(posted(&store).await, [other]);
}

async fn pages_are_oldest_first_and_their_cursors_lose_nothing_at_ties(backend: &Backend) {
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
    for message in &messages {
        post(&store, message).await;
    }
    messages.sort_by_key(|message| message.id);
    // What is not posted stands among them, and is in no page.
    let others = [10, 11, 12, 13].map(|which| text(id_at(now, which), "not posted"));
    for other in &others {
        insert(&store, other).await;
    }
    assert!(mark(&store, others[1].id, Mark::Deleting).await);
    delete(&store, others[2].id).await;
    let clearing = format!(
        "UPDATE message SET status = 'clearing' WHERE id = '{}'",
        others[3].id
    );
    backend.sql(&clearing).await;

    for limit in [1, 2, 3, 5, 8, 9, 51] {
        let (mut read, mut after) = (vec![], None);
        loop {
            let page = store.page_after(limit, after).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            let page: Vec<_> = page.into_iter().map(Result::unwrap).collect();
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.id);
            read.extend(page);
        }
        assert_eq!(read, messages, "{limit} at a time");
    }
    // A cursor need not be a message, nor one that is still there.
    let page = async |after| {
        let page = store.page_after(9, Some(after)).await.unwrap();
        page.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(page(id_at(now - Duration::from_secs(1), 0)).await, messages);
    delete(&store, messages[3].id).await;
    assert_eq!(page(messages[3].id).await, messages[4..]);
}

async fn the_newest_is_the_newest_of_the_posted(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let [old, new, gone, pending] = [1, 2, 3, 4].map(|which| text(id_at(now, which), "x"));
    for message in [&new, &old, &gone] {
        post(&store, message).await;
    }
    insert(&store, &pending).await;
    assert_eq!(store.newest().await.unwrap(), Some(gone.id));
    delete(&store, gone.id).await;
    assert_eq!(store.newest().await.unwrap(), Some(new.id));
    assert!(mark(&store, new.id, Mark::Deleting).await);
    assert_eq!(store.newest().await.unwrap(), Some(old.id));
}

async fn every_odd_text_comes_back_unchanged(backend: &Backend) {
    let store = backend.store();
    for odd in ODD {
        let mut given = picture(MessageId::generate());
        given.text = (*odd).into();
        given.author = Some((*odd).into());
        given.picture.as_mut().unwrap().alt = Some((*odd).into());
        post(&store, &given).await;
        assert_eq!(message(&store, given.id).await, Some(given));
    }
    // Nothing at all is something else than an empty text.
    let mut empty = picture(MessageId::generate());
    (empty.text, empty.author) = (String::new(), Some(String::new()));
    empty.picture.as_mut().unwrap().alt = None;
    post(&store, &empty).await;
    assert_eq!(message(&store, empty.id).await, Some(empty));
}

async fn the_longest_values_fit(backend: &Backend) {
    let store = backend.store();
    let mut given = largest(MessageId::generate());
    let picture = given.picture.as_mut().unwrap();
    (picture.width, picture.height) = (16_384, 16_384);
    picture.format = "webp".parse().unwrap();
    post(&store, &given).await;
    assert_eq!(message(&store, given.id).await, Some(given));
}

/// The Data API answers with at most 1 MiB: what is more is read by several.
async fn a_page_of_the_largest_messages_fits_into_one_answer(backend: &Backend) {
    /// What an export reads at once; it ends with a page that is not full.
    const PAGE: u32 = 200;
    let (store, now) = (backend.store(), SystemTime::now());
    let mut messages = vec![];
    for which in 0..PAGE {
        let message = largest(id_at(now, which.into()));
        insert(&store, &message).await;
        messages.push(Ok(message));
    }
    // As code posted them that published nothing.
    backend
        .sql("UPDATE message SET status = 'posted', since = NULL")
        .await;
    for limit in [PAGE - 1, PAGE, PAGE + 1] {
        let page = store.page_after(limit, None).await.unwrap();
        let most = usize::try_from(limit).unwrap().min(messages.len());
        assert_eq!(page, messages[..most]);
    }
    messages.reverse();
    let mut unpublished = vec![];
    loop {
        let some = store.unpublished(PAGE).await.unwrap();
        if some.is_empty() {
            break;
        }
        store.mark_published(&some).await.unwrap();
        unpublished.extend(some);
    }
    assert_eq!(unpublished, messages);
}

async fn a_picture_is_added_to_a_posted_message_that_has_none(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let mut with = picture(id_at(now, 1));
    let added = with.picture.clone().unwrap();
    let without = Message {
        picture: None,
        ..with.clone()
    };
    insert(&store, &without).await;
    assert!(!store.add_picture(with.id, &added).await.unwrap());
    assert!(mark(&store, with.id, Mark::Posted).await);
    assert!(store.add_picture(with.id, &added).await.unwrap());
    assert_eq!(posted(&store).await, std::slice::from_ref(&with));
    // Another one does not take its place.
    with.picture.as_mut().unwrap().width = 1;
    let other = with.picture.as_ref().unwrap();
    assert!(!store.add_picture(with.id, other).await.unwrap());
    assert!(mark(&store, with.id, Mark::Deleting).await);
    assert!(!store.add_picture(with.id, other).await.unwrap());
    assert_eq!(message(&store, with.id).await.unwrap().picture, Some(added));
}

async fn fifty_inserts_at_once_are_fifty_messages(backend: &Backend) {
    let messages: Vec<_> = (0..50)
        .map(|_| text(MessageId::generate(), "at once"))
        .collect();
    let here = backend.database.clone();
    let elsewhere = backend.elsewhere(1).await;
    let posts = messages.iter().enumerate().map(|(index, message)| {
        let database = if index % 2 == 0 { &here } else { &elsewhere };
        let store = Store::new(database.clone(), soon());
        async move { post(&store, message).await }
    });
    futures_util::future::join_all(posts).await;
    let read = posted(&backend.store()).await;
    let read: HashSet<_> = read.iter().map(|message| message.id).collect();
    assert_eq!(read, messages.iter().map(|message| message.id).collect());
}

async fn an_abandoned_statement_does_not_hold_up_the_next(backend: &Backend) {
    // One connection, where there are any: it is the one that was abandoned.
    let store = Store::new(backend.elsewhere(1).await, soon());
    let (message, other) = (
        text(MessageId::generate(), "hello"),
        text(MessageId::generate(), "other"),
    );
    for message in [&message, &other] {
        post(&store, message).await;
    }

    let lock = backend.lock(&message.id.to_string()).await;
    let delete = store.mark(message.id, Mark::Deleting, SystemTime::now());
    assert!(
        timeout(Duration::from_millis(500), delete).await.is_err(),
        "it waits for the lock"
    );
    // Still locked, and still answered.
    let read = timeout(Duration::from_secs(20), store.page_after(20, None)).await;
    assert_eq!(read.unwrap().unwrap().len(), 2);
    lock.release().await;

    // Done or not done, and nothing in between.
    let entry = store.entry(message.id).await.unwrap().unwrap();
    assert!([Status::Posted, Status::Deleting].contains(&entry.status));
    assert_eq!(entry.message.as_ref(), Some(&message));
    assert!(mark(&store, message.id, Mark::Deleting).await);
    assert_eq!(posted(&store).await, [other]);
}

async fn a_passed_deadline_is_an_error_and_not_a_wait(backend: &Backend) {
    // One connection, where there are any.
    let database = backend.elsewhere(1).await;
    let store = Store::new(database.clone(), soon());
    let message = text(MessageId::generate(), "hello");
    post(&store, &message).await;

    let lock = backend.lock(&message.id.to_string()).await;
    let hurried = Store::new(database, Instant::now() + Duration::from_millis(500));
    let delete = hurried.mark(message.id, Mark::Deleting, SystemTime::now());
    let delete = timeout(Duration::from_secs(20), delete).await;
    assert!(
        matches!(delete, Ok(Err(StoreError::Unavailable(_)))),
        "{delete:?}"
    );
    // Still locked, and still answered.
    let read = timeout(Duration::from_secs(20), store.page_after(20, None)).await;
    assert_eq!(read.unwrap().unwrap().len(), 1);
    lock.release().await;
    assert!(mark(&store, message.id, Mark::Deleting).await);
    assert_eq!(posted(&store).await, []);
}
