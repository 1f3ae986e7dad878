//! What the table has beside what the code writes, and which columns there are, by whichever way the store reaches
//! its database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use domain::{BoardSecret, MessageId, Senders};

use crate::backend::{Backend, Kind, on_every_backend};
use crate::samples::{id_aged, picture, text};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    a_row_that_cannot_be_read_takes_the_place_of_no_other,
    of_a_deleted_message_nothing_is_left_but_what_must_be,
}

async fn a_row_that_cannot_be_read_takes_the_place_of_no_other(backend: &Backend) {
    let store = backend.store();
    let mut good = vec![];
    let mut bad = vec![];
    for number in 0..10 {
        let message = text(id_aged(Duration::from_hours(1), 10 * number), "good");
        store.insert(&message, None, None).await.unwrap();
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
            store.insert(&message, None, None).await.unwrap();
            assert!(store.mark_posted(message.id).await.unwrap());
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
    let newest: Vec<_> = good.iter().rev().cloned().collect();
    for limit in [1, 2, 3, 9, 10, 11, 50] {
        let most = usize::try_from(limit).unwrap().min(10);
        assert_eq!(store.page(limit, None).await.unwrap(), newest[..most]);
        let after = async |id| -> Vec<_> {
            let page = store.page_after(limit, id).await.unwrap();
            page.into_iter().flatten().collect()
        };
        assert_eq!(after(None).await, good[..most]);
        let before = Some(good[8].id);
        assert_eq!(
            store.page(limit, before).await.unwrap(),
            newest[2..][..most.min(8)]
        );
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
        assert_eq!(store.find(id).await.unwrap(), None);
        assert!(store.is_posted(id).await.unwrap());
        store.make_tombstone(id).await.unwrap();
        assert!(!store.is_posted(id).await.unwrap());
    }
    let tomorrow = SystemTime::now() + Duration::from_hours(30);
    assert!(!store.orphans(tomorrow).await.unwrap().is_empty());
}

/// Whoever adds a column says here what becomes of it.
async fn of_a_deleted_message_nothing_is_left_but_what_must_be(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let secret = BoardSecret::new("0123456789abcdef0123456789abcdef").unwrap();
    let sender = Senders::new(&secret).sender(None, now);
    let message = picture(MessageId::generate());
    store.insert(&message, Some(&sender), None).await.unwrap();
    backend.sql("UPDATE message SET idempotency_key = 'key', request_digest = 'digest', pending_since = 'since'")
        .await;
    let before = columns(backend).await;
    let kept = [
        "id",
        "picture_format",
        "idempotency_key",
        "request_digest",
        "pending_since",
        "sender",
    ];
    let emptied = [
        "author",
        "text",
        "picture_width",
        "picture_height",
        "picture_alt",
    ];
    let known: BTreeSet<_> = kept.into_iter().chain(emptied).chain(["status"]).collect();
    assert_eq!(
        before.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        known
    );
    assert!(before.values().all(|value| !is_empty(value)), "{before:?}");

    store.make_tombstone(message.id).await.unwrap();
    let after = columns(backend).await;
    assert_eq!(after["status"], "deleted");
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
