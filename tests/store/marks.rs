//! What each change of a status does in each status, by whichever way the store reaches its database.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::{MessageId, Name};
use store::{Mark, Status};

use crate::backend::{Backend, Kind, on_every_backend};
use crate::samples::{MARKS, id_at, idempotency, insert, milliseconds, picture};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    a_mark_changes_what_its_condition_names_and_nothing_else,
    only_a_pending_message_whose_time_is_over_is_cleared_away,
    only_a_tombstone_is_remembered_as_cleared,
    only_what_is_cleared_away_and_tombstones_are_removed,
    every_status_is_told_by_entry_and_by_key,
}

/// A row's status, since when, and when it was cleared. The last four are of tombstones by code of before.
const ROWS: [(&str, Option<i64>, Option<i64>); 19] = [
    ("pending", Some(1_000), None),
    ("pending", None, None),
    ("posted", Some(1_000), None),
    ("posted", Some(0), None),
    ("posted", None, None),
    ("deleting", Some(1_000), None),
    ("clearing", Some(1_000), None),
    ("arriving", Some(1_000), None),
    ("held", Some(1_000), None),
    ("approved", Some(1_000), None),
    ("rejected", Some(1_000), None),
    ("removing", Some(1_000), None),
    ("removed", Some(1_000), None),
    ("restored", Some(1_000), None),
    ("deleted", Some(1_000), None),
    ("deleted", Some(1_000), Some(2_000)),
    ("deleted", Some(0), None),
    ("deleted", None, None),
    ("deleted", Some(0), Some(2_000)),
];

const EXPIRED: [Mark; 3] = [
    Mark::Expired(Status::Removed),
    Mark::Expired(Status::Rejected),
    Mark::Expired(Status::Held),
];

/// What authors delete, also where moderators decide on it.
const MODERATED: [&str; 7] = [
    "arriving", "held", "approved", "rejected", "removing", "removed", "restored",
];

/// What its author can delete.
fn is_of_author(status: &str) -> bool {
    ["pending", "posted", "deleting"].contains(&status) || MODERATED.contains(&status)
}

/// What a mark makes of each of [`ROWS`], as the contract has it; `None` where it leaves it as it is.
fn becomes(
    mark: Mark,
    (status, since, cleared_at): (&str, Option<i64>, Option<i64>),
) -> Option<&'static str> {
    let is_of_before = status == "deleted" && since.unwrap_or(0) == 0 && cleared_at.is_none();
    let is_to_go = match mark {
        Mark::Deleting => is_of_author(status),
        Mark::DeletingForGood => {
            is_of_author(status) || status == "clearing" || (status == "deleted" && is_of_before)
        }
        Mark::Lost => ["approved", "restored"].contains(&status),
        Mark::Expired(seen) => status == seen.to_string(),
        _ => false,
    };
    if is_to_go {
        return Some("deleting");
    }
    match (mark, status) {
        (Mark::Taken, "pending") => Some("pending"),
        (Mark::Posted, "pending") | (Mark::Published, "approved" | "restored") => Some("posted"),
        (Mark::TakenToHold, "arriving") => Some("arriving"),
        (Mark::Held, "arriving") | (Mark::HeldAgain, "rejected") => Some("held"),
        (Mark::Approved, "held") => Some("approved"),
        (Mark::Rejected, "held") => Some("rejected"),
        (Mark::Removing, "posted") => Some("removing"),
        (Mark::Removed, "removing") => Some("removed"),
        (Mark::Restored, "removed") => Some("restored"),
        (Mark::Deleted, "deleting") => Some("deleted"),
        _ => None,
    }
}

/// A row as it is in the table.
type Row = BTreeMap<&'static str, String>;

const COLUMNS: [&str; 15] = [
    "status",
    "since",
    "cleared_at",
    "author",
    "text",
    "picture_format",
    "picture_width",
    "picture_height",
    "picture_alt",
    "idempotency_key",
    "request_digest",
    "sender",
    "pending_since",
    "generation",
    "id",
];

async fn all_rows(backend: &Backend) -> Vec<Row> {
    let columns = COLUMNS.join(", ");
    let rows = backend
        .sql(&format!("SELECT {columns} FROM message ORDER BY id"))
        .await;
    let named = |row: Vec<String>| COLUMNS.into_iter().zip(row).collect();
    rows.into_iter().map(named).collect()
}

fn number(number: Option<i64>) -> String {
    number.map_or("NULL".to_owned(), |number| number.to_string())
}

/// The generation of every row.
const GENERATION: u32 = 3;

/// Has the table be [`ROWS`], each with everything that a row may have.
async fn fill(backend: &Backend) -> Vec<MessageId> {
    backend.sql("DELETE FROM message").await;
    let ids = (0..).map(|which| id_at(SystemTime::now(), which));
    let ids: Vec<_> = ids.take(ROWS.len()).collect();
    for (which, (id, (status, since, cleared_at))) in ids.iter().zip(ROWS).enumerate() {
        let (since, cleared_at) = (number(since), number(cleared_at));
        let row = format!(
            "INSERT INTO message (id, status, since, cleared_at, author, text, picture_format, picture_width, \
             picture_height, picture_alt, idempotency_key, request_digest, sender, pending_since, generation) \
             VALUES ('{id}', '{status}', {since}, {cleared_at}, 'Ada', 'hello', 'jpg', 16, 9, 'a bridge', \
             'key {which}', 'digest', 'sender', 'before', {GENERATION})"
        );
        backend.sql(&row).await;
    }
    ids
}

async fn a_mark_changes_what_its_condition_names_and_nothing_else(backend: &Backend) {
    let store = backend.store();
    for mark in MARKS.into_iter().chain(EXPIRED) {
        let ids = fill(backend).await;
        let before = all_rows(backend).await;
        let mut expected = before.clone();
        for (which, row) in ROWS.into_iter().enumerate() {
            // Each at a time of its own, by which it is seen which of them changed.
            let now = SystemTime::UNIX_EPOCH
                + Duration::from_millis(50_000 + u64::try_from(which).unwrap());
            let becomes = becomes(mark, row);
            // What was seen in another generation is nothing of this one.
            for generation in [0, GENERATION - 1, GENERATION + 1] {
                let id = ids[which];
                let marked = store.mark(Name { id, generation }, mark, now).await;
                assert!(!marked.unwrap(), "{mark:?} of {row:?}");
            }
            let name = Name {
                id: ids[which],
                generation: GENERATION,
            };
            let marked = store.mark(name, mark, now).await.unwrap();
            assert_eq!(marked, becomes.is_some(), "{mark:?} of {row:?}");
            let Some(status) = becomes else {
                continue;
            };
            let expected = &mut expected[which];
            let raised = GENERATION + mark.raises();
            expected.insert("generation", raised.to_string());
            expected.insert("status", status.into());
            expected.insert("since", milliseconds(now).to_string());
            if mark == Mark::Deleted {
                expected.insert("text", String::new());
                for blank in ["author", "picture_width", "picture_height", "picture_alt"] {
                    expected.insert(blank, "NULL".into());
                }
            }
            // The answer of the first try was lost: the same once more, in the same millisecond.
            let again = store.mark(name, mark, now).await.unwrap();
            let is_its_own = [
                Mark::Taken,
                Mark::TakenToHold,
                Mark::Deleting,
                Mark::DeletingForGood,
            ]
            .contains(&mark);
            assert_eq!(again, is_its_own, "{mark:?} of {row:?} again");
        }
        assert_eq!(all_rows(backend).await, expected, "{mark:?}");
    }
}

async fn only_a_pending_message_whose_time_is_over_is_cleared_away(backend: &Backend) {
    let store = backend.store();
    let ids = fill(backend).await;
    let mut expected = all_rows(backend).await;
    let quarter = Duration::from_mins(15);
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    for (id, row) in ids.iter().zip(&expected) {
        let begun = store.begin_clearing(*id, since + quarter).await.unwrap();
        assert!(!begun, "{row:?}");
    }
    let now = since + quarter + Duration::from_millis(1);
    for (which, id) in ids.iter().enumerate() {
        let begun = store.begin_clearing(*id, now).await.unwrap();
        assert_eq!(begun, [0, 7].contains(&which), "{:?}", ROWS[which]);
        assert!(!store.begin_clearing(*id, now).await.unwrap());
    }
    for which in [0, 7] {
        expected[which].insert("status", "clearing".into());
        expected[which].insert("since", milliseconds(now).to_string());
    }
    assert_eq!(all_rows(backend).await, expected);
}

async fn only_a_tombstone_is_remembered_as_cleared(backend: &Backend) {
    let store = backend.store();
    let ids = fill(backend).await;
    let mut expected = all_rows(backend).await;
    let now = SystemTime::now();
    for (row, id) in expected.iter_mut().zip(&ids) {
        store.mark_cleared(*id, now).await.unwrap();
        if row["status"] == "deleted" {
            row.insert("cleared_at", milliseconds(now).to_string());
        }
    }
    assert_eq!(all_rows(backend).await, expected);
}

async fn only_what_is_cleared_away_and_tombstones_are_removed(backend: &Backend) {
    let store = backend.store();
    let ids = fill(backend).await;
    let mut expected = all_rows(backend).await;
    for status in [Status::Clearing, Status::Deleted] {
        for id in &ids {
            store.remove(*id, status).await.unwrap();
        }
        // Nor does the one remove what became the other meanwhile.
        expected.retain(|row| row["status"] != status.to_string());
        assert_eq!(all_rows(backend).await, expected);
    }
    assert_eq!(expected.len(), 13);
}

async fn every_status_is_told_by_entry_and_by_key(backend: &Backend) {
    let store = backend.store();
    let key = idempotency("key", "a");
    let message = picture(MessageId::generate());
    insert(&store, &message).await;
    let (digest, key_text) = (key.request(), key.key());
    backend
        .sql(&format!(
            "UPDATE message SET idempotency_key = '{key_text}', request_digest = '{digest}'"
        ))
        .await;
    for status in [
        Status::Pending,
        Status::Posted,
        Status::Deleting,
        Status::Clearing,
        Status::Deleted,
        Status::Arriving,
        Status::Held,
        Status::Approved,
        Status::Rejected,
        Status::Removing,
        Status::Removed,
        Status::Restored,
    ] {
        backend
            .sql(&format!("UPDATE message SET status = '{status}'"))
            .await;
        let entry = store.entry(message.id).await.unwrap().unwrap();
        assert_eq!(entry.status, status);
        assert_eq!(entry.picture, Some("jpg".parse().unwrap()));
        let is_tombstone = status == Status::Deleted;
        assert_eq!(entry.message, (!is_tombstone).then(|| message.clone()));
        let before = store.posted_with(&key).await.unwrap().unwrap();
        assert_eq!((before.id, before.entry), (message.id, entry));
    }
}
