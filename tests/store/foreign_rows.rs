//! What the table has beside what the code writes, and which columns there are, by whichever way the store reaches
//! its database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use domain::MessageId;
use store::{Mark, Status, StoreError, Todo};

use crate::backend::{Backend, Kind, on_every_backend};
use crate::samples::{
    MARKS, delete, id_aged, idempotency, insert_of, mark, milliseconds, picture, post, posted,
    sender, text,
};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    a_row_that_cannot_be_read_takes_the_place_of_no_other,
    what_is_left_of_a_row_that_cannot_be_read_is_cleared_up_all_the_same,
    a_status_that_nobody_knows_is_told,
    of_a_deleted_message_nothing_is_left_but_what_must_be,
}

async fn a_row_that_cannot_be_read_takes_the_place_of_no_other(backend: &Backend) {
    let store = backend.store();
    let mut good = vec![];
    let mut bad = vec![];
    for number in 0..10 {
        let message = text(id_aged(Duration::from_hours(1), 10 * number), "good");
        post(&store, &message).await;
        good.push(message);
    }
    for (number, wrong) in [
        "picture_format = 'bmp'",
        "picture_width = -1",
        "picture_height = NULL",
        "picture_format = ''",
    ]
    .iter()
    .enumerate()
    {
        for place in [0, 70, 80] {
            let which = place + 1 + u128::try_from(number).unwrap();
            let message = picture(id_aged(Duration::from_hours(1), which));
            post(&store, &message).await;
            backend
                .sql(&format!(
                    "UPDATE message SET {wrong} WHERE id = '{}'",
                    message.id
                ))
                .await;
            bad.push(message.id);
        }
    }
    // Before all, after all, and among them.
    for id in ["", "zzz", &good[5].id.to_string().to_lowercase(), "01"] {
        backend
            .sql(&format!(
                "INSERT INTO message (id, status, text) VALUES ('{id}', 'posted', '')"
            ))
            .await;
    }
    for limit in [1, 2, 3, 9, 10, 11, 50] {
        let most = usize::try_from(limit).unwrap().min(10);
        let after = async |id| -> Vec<_> {
            let page = store.page_after(limit, id).await.unwrap();
            page.into_iter().flatten().collect()
        };
        assert_eq!(after(None).await, good[..most]);
        assert_eq!(after(Some(good[6].id)).await, good[7..][..most.min(3)]);
    }
    // Whoever reads page by page meets each row that cannot be read once.
    let (mut unread, mut from) = (vec![], None);
    loop {
        let page = store.page_after(3, from).await.unwrap();
        unread.extend(page.iter().filter_map(|row| row.clone().err()));
        let read: Vec<_> = page.into_iter().flatten().collect();
        if read.len() < 3 {
            break;
        }
        from = read.last().map(|message| message.id);
    }
    unread.sort();
    let mut expected: Vec<_> = bad.iter().map(ToString::to_string).collect();
    expected.extend(["", "zzz", &good[5].id.to_string().to_lowercase(), "01"].map(str::to_owned));
    expected.sort();
    assert_eq!(unread, expected);
    for id in bad {
        let entry = store.entry(id).await.unwrap().unwrap();
        assert_eq!((entry.status, entry.message), (Status::Posted, None));
        delete(&store, id).await;
        assert_eq!(
            store.entry(id).await.unwrap().unwrap().status,
            Status::Deleted
        );
    }
    assert_eq!(posted(&store).await, good);
    // What is no id is of no message.
    assert_eq!(store.newest().await.unwrap(), Some(good[9].id));
}

async fn what_is_left_of_a_row_that_cannot_be_read_is_cleared_up_all_the_same(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let [pending, deleting, clearing] = [1, 2, 3].map(|which| picture(id_aged(DAY, which)));
    for message in [&pending, &deleting, &clearing] {
        let inserted = store
            .insert(message, store::Status::Pending, None, None, now - DAY)
            .await;
        inserted.unwrap();
    }
    assert!(mark(&store, deleting.id, Mark::Deleting).await);
    assert!(store.begin_clearing(clearing.id, now).await.unwrap());
    backend
        .sql("UPDATE message SET picture_format = 'bmp', picture_width = -1")
        .await;
    // What is no id is passed over.
    backend
        .sql("INSERT INTO message (id, status, text) VALUES ('zzz', 'clearing', '')")
        .await;
    let mut found = store.leftovers(now).await.unwrap();
    found.sort_by_key(|leftover| leftover.name);
    let found: Vec<_> = found
        .iter()
        .map(|leftover| (leftover.name.id, leftover.picture, leftover.todo))
        .collect();
    assert_eq!(
        found,
        [
            // Code put no picture for a format that it does not know.
            (pending.id, None, Todo::Decide),
            (deleting.id, None, Todo::Delete),
            (clearing.id, None, Todo::Clear),
        ]
    );
}

const DAY: Duration = Duration::from_hours(24);

async fn a_status_that_nobody_knows_is_told(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let key = idempotency("key", "a");
    let message = picture(id_aged(DAY, 1));
    let inserted = store
        .insert(
            &message,
            store::Status::Pending,
            None,
            Some(&key),
            now - DAY,
        )
        .await;
    inserted.unwrap();
    backend.sql("UPDATE message SET status = 'later'").await;
    let entry = store.entry(message.id).await;
    assert!(matches!(entry, Err(StoreError::Fault(_))), "{entry:?}");
    let before = store.posted_with(&key).await;
    assert!(matches!(before, Err(StoreError::Fault(_))), "{before:?}");
    for to in MARKS {
        assert!(!mark(&store, message.id, to).await, "{to:?}");
    }
    for status in [Status::Clearing, Status::Deleted] {
        store.remove(message.id, status).await.unwrap();
    }
    assert_eq!(store.leftovers(now).await.unwrap(), []);
    assert_eq!(backend.sql("SELECT status FROM message").await, [["later"]]);
}

/// Whoever adds a column says here what becomes of it.
async fn of_a_deleted_message_nothing_is_left_but_what_must_be(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let message = picture(MessageId::generate());
    insert_of(&store, &message, Some(&sender(1, now))).await;
    assert!(mark(&store, message.id, Mark::Deleting).await);
    backend
        .sql(
            "UPDATE message SET idempotency_key = 'key', request_digest = 'digest', pending_since = 'since', \
             cleared_at = 1",
        )
        .await;
    let before = columns(backend).await;
    let kept = [
        "id",
        "picture_format",
        "idempotency_key",
        "request_digest",
        "pending_since",
        "sender",
        "cleared_at",
        "generation",
    ];
    let emptied = [
        "author",
        "text",
        "picture_width",
        "picture_height",
        "picture_animated",
        "picture_alt",
        "picture_animated",
    ];
    let known: BTreeSet<_> = kept
        .into_iter()
        .chain(emptied)
        .chain(["status", "since"])
        .collect();
    assert_eq!(
        before.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        known
    );
    assert!(before.values().all(|value| !is_empty(value)), "{before:?}");

    let later = now + DAY;
    assert!(store.mark(message.id, Mark::Deleted, later).await.unwrap());
    let after = columns(backend).await;
    assert_eq!(after["status"], "deleted");
    assert_eq!(after["since"], milliseconds(later).to_string());
    for column in kept {
        assert_eq!(after[column], before[column], "{column}");
    }
    for column in emptied {
        assert!(is_empty(&after[column]), "{column}: {}", after[column]);
    }
}

fn is_empty(value: &str) -> bool {
    value.is_empty() || value == "NULL"
}

/// The columns of the only row.
async fn columns(backend: &Backend) -> BTreeMap<String, String> {
    let names = match backend.kind {
        Kind::DataApiOverSqlite => "SELECT name FROM pragma_table_info('message')",
        _ => {
            "SELECT column_name FROM information_schema.columns \
              WHERE table_name = 'message' AND table_schema = DATABASE()"
        }
    };
    let mut columns = BTreeMap::new();
    for row in backend.sql(names).await {
        let value = backend
            .sql(&format!("SELECT {} FROM message", row[0]))
            .await;
        columns.insert(row[0].clone(), value[0][0].clone());
    }
    columns
}
