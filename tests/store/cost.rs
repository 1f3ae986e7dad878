//! What each statement touches on a large table: an index range of the size of its answer, and no more.
//!
//! The statements are those that the server saw, in its general log; the same are run in `SQLite`.

use std::time::{Duration, SystemTime};

use domain::{Message, MessageId, Name};
use store::{Mark, Status, Store};

use crate::full_board::{FullBoard, MESSAGES};
use crate::samples::{id_aged, idempotency, insert, milliseconds, picture, sender, text};

const PAGE: u32 = 21;

/// The id of a message of the full board.
fn id(number: u32) -> MessageId {
    format!("01{number:024}").parse().unwrap()
}

#[tokio::test]
async fn every_operation_reads_what_it_answers_with() {
    let mut board = FullBoard::new().await;
    let middle = Some(id(MESSAGES / 2));
    for cursor in [None, middle] {
        let page = async |store: &Store| store.page_after(PAGE, cursor).await.map(drop);
        board
            .assert_reads(page, &["message_by_status"], 3 * PAGE)
            .await;
    }
    let newest = async |store: &Store| store.newest().await.map(drop);
    board.assert_reads(newest, &["message_by_status"], 17).await;

    let (one, now) = (id(MESSAGES / 3), SystemTime::now());
    board
        .assert_reads_one(async |store| store.entry(one).await.map(drop))
        .await;
    board
        .assert_reads_one(async |store| store.remove(one, Status::Clearing).await)
        .await;
    for mark in [
        Mark::Taken,
        Mark::Posted,
        Mark::Deleting,
        Mark::DeletingForGood,
        Mark::Deleted,
    ] {
        board
            .assert_reads_one(async |store| store.mark(one, mark, now).await.map(drop))
            .await;
    }
    board
        .assert_reads_one(async |store| store.begin_clearing(one, now).await.map(drop))
        .await;
    board
        .assert_reads_one(async |store| store.mark_cleared(one, now).await)
        .await;
    let added = picture(one).picture.unwrap();
    board
        .assert_reads_one(async |store| store.add_picture(one, &added).await.map(drop))
        .await;
    let pending = picture(MessageId::generate());
    insert(&board.store, &pending).await;
    board
        .assert_reads_one(async |store| store.mark(pending.id, Mark::Posted, now).await.map(drop))
        .await;

    let sender = sender(1, now);
    let key = idempotency("new", "new");
    let inserted = board
        .statements(async |store| {
            let message = text(MessageId::generate(), "new");
            let inserted = store
                .insert(
                    &message,
                    store::Status::Pending,
                    Some(&sender),
                    Some(&key),
                    now,
                )
                .await;
            inserted.map(drop)
        })
        .await;
    // The row is there by now: it is read, and refused.
    let [inserted] = &inserted[..] else {
        panic!("{inserted:?}");
    };
    let again = inserted.replacen("INSERT", "INSERT IGNORE", 1);
    board.assert_touches_in_mariadb(&again, &[], 2).await;
}

#[tokio::test]
async fn clearing_up_reads_a_few_rows_whatever_is_there() {
    const AT_ONCE: u32 = 64;
    /// As many of what may be on the board, and of tombstones: each entry, its row, and it once more among those found.
    const FOUND: u32 = 2 * 4 * AT_ONCE;
    /// The end of each of fourteen ranges.
    const ENDS: u32 = 2 * 14;
    let mut board = FullBoard::new().await;
    let now = SystemTime::now();
    let leftovers = async |store: &Store| store.leftovers(now).await.map(drop);
    let unpublished = async |store: &Store| store.unpublished(PAGE).await.map(drop);
    board
        .assert_reads(leftovers, &["message_by_since"], ENDS)
        .await;
    board
        .assert_reads(unpublished, &["message_by_since"], ENDS)
        .await;

    let of_now = id_aged(Duration::ZERO, 0).to_string();
    let (of_now, since) = (&of_now[..10], milliseconds(now));
    let rows = |prefix: &str, status: &str, since: &str, cleared_at: &str| {
        format!(
            "INSERT INTO message (id, status, text, since, cleared_at) \
             SELECT CONCAT('{of_now}', '{prefix}', LPAD(seq, 15, '0')), '{status}', '', {since}, {cleared_at} \
             FROM seq_1_to_5000"
        )
    };
    let since = since.to_string();
    // A busy day, and a deployment: nothing of it is old enough.
    board
        .fill(&[
            &rows("A", "pending", &since, "NULL"),
            &rows("B", "pending", "NULL", "NULL"),
            &rows("C", "deleted", &since, "NULL"),
            &rows("D", "deleted", "1", &since),
            &rows("E", "posted", "0", "NULL"),
        ])
        .await;
    board
        .assert_reads(leftovers, &["message_by_since"], ENDS)
        .await;

    // After a long outage of the bucket, say.
    for (prefix, status, since) in [
        ("F", "pending", "1"),
        ("G", "deleted", "1"),
        ("H", "deleted", "NULL"),
        ("J", "clearing", since.as_str()),
        ("K", "deleting", since.as_str()),
    ] {
        board.fill(&[&rows(prefix, status, since, "NULL")]).await;
        board
            .assert_reads(leftovers, &["message_by_since"], ENDS + FOUND)
            .await;
    }

    // After an upgrade.
    board
        .fill(&["UPDATE message SET since = NULL WHERE status = 'posted'"])
        .await;
    board
        .assert_reads(leftovers, &["message_by_since"], ENDS + FOUND)
        .await;
    board
        .assert_reads(unpublished, &["message_by_since"], 3 * PAGE)
        .await;
    let published: Vec<_> = board.store.unpublished(PAGE).await.unwrap();
    assert_eq!(published.len(), usize::try_from(PAGE).unwrap());
    let publish = async |store: &Store| store.mark_published(&published).await;
    let keys = ["PRIMARY", "message_by_status", "message_by_since"];
    board.assert_reads(publish, &keys, 3 * PAGE).await;
    let unreadable = [Err::<Message, _>(id(7).to_string())];
    board
        .assert_reads(
            async |store| store.mark_published(&unreadable).await,
            &keys,
            2,
        )
        .await;
}

/// The limit, the key and the sender: each is one row, or a few of one index.
#[tokio::test]
async fn what_a_post_asks_besides_is_found_by_its_key() {
    let mut board = FullBoard::new().await;
    let now = SystemTime::now();
    let sender = sender(1, now);
    // Two days of a busy board, and long before that.
    let own = format!(
        "UPDATE message SET sender = '{}' ORDER BY id LIMIT 500",
        sender.as_str()
    );
    board
        .fill(&[
            "UPDATE message SET sender = CONCAT('900000', LPAD(id, 58, 'x')), idempotency_key = LPAD(id, 64, 'k')",
            "INSERT INTO sender (id, since, posts, refused) \
             SELECT CONCAT('900000', LPAD(seq, 58, '0')), 0, 1, 0 FROM seq_1_to_20000",
            &own,
        ])
        .await;
    let admit = async |store: &Store| store.admit(&sender, None, 2, now).await.map(drop);
    let without_limit = async |store: &Store| store.admit(&sender, None, 0, now).await.map(drop);
    let kind = |statements: &[String]| -> Vec<String> {
        let first_word = |statement: &String| statement.split(' ').next().unwrap().to_owned();
        let mut kinds: Vec<_> = statements.iter().map(first_word).collect();
        kinds.sort_unstable();
        kinds
    };
    // The first of the day, a further one, and one over the limit.
    let mut asked = vec![];
    for expected in [
        &["INSERT", "SELECT", "UPDATE"][..],
        &["UPDATE"],
        &["INSERT", "SELECT", "UPDATE"],
    ] {
        let statements = board.statements(admit).await;
        assert_eq!(kind(&statements), expected);
        asked.extend(statements);
    }
    let in_a_minute = now + Duration::from_mins(1);
    let admit_again = async |store: &Store| {
        let key = idempotency("key", "a");
        let admitted = store.admit(&sender, Some(&key), 2, in_a_minute).await;
        admitted.map(drop)
    };
    let statements = board.statements(admit_again).await;
    assert_eq!(kind(&statements), ["UPDATE"]);
    asked.extend(statements);
    assert_eq!(board.statements(without_limit).await, [""; 0]);
    let uncount = async |store: &Store| store.uncount(&sender).await;
    asked.extend(board.statements(uncount).await);
    for statement in asked {
        // The row is there by now: it is read, and refused.
        let again = statement.replacen("INSERT", "INSERT IGNORE", 1);
        board
            .assert_touches_in_mariadb(&again, &["PRIMARY"], 2)
            .await;
    }

    let key = idempotency("0123456789abcdef", "hello");
    let before = async |store: &Store| store.posted_with(&key).await.map(drop);
    for statement in board.statements(before).await {
        let found = statement.replace(key.key(), &format!("{:k>64}", id(7).to_string()));
        board
            .assert_touches(&found, &["message_by_idempotency_key"], 2)
            .await;
    }
    // Nothing is old; then all is.
    for later in [now, now + Duration::from_hours(24 * 365 * 2_500)] {
        let forget = async |store: &Store| store.forget_senders(later).await;
        for statement in board.statements(forget).await {
            let plan = ["message_by_sender", "PRIMARY"];
            // In SQLite, all are forgotten at once.
            if statement.starts_with("SELECT") {
                board.assert_touches(&statement, &plan, 3 * 64).await;
            } else {
                board
                    .assert_touches_in_mariadb(&statement, &plan, 3 * 64)
                    .await;
            }
        }
    }
}

/// Of one sender among many, who has 500 messages.
#[tokio::test]
async fn what_a_moderator_does_to_a_sender_reads_what_that_sender_has() {
    const OWN: u32 = 500;
    let mut board = FullBoard::new().await;
    let now = SystemTime::now();
    let sender = sender(1, now);
    let own = format!(
        "UPDATE message SET sender = '{}', author = 'Ada' ORDER BY id LIMIT {OWN}",
        sender.as_str()
    );
    board
        .fill(&[
            "UPDATE message SET sender = CONCAT('900000', LPAD(id, 58, 'x'))",
            &own,
        ])
        .await;
    let keys = ["message_by_sender"];
    // A name is not in the index: what is summed up is read, and what is grouped, once more.
    let sums = async |store: &Store| store.summary_of(&sender).await.map(drop);
    board.assert_reads(sums, &keys, 5 * OWN).await;
    board
        .assert_reads_one(async |store| store.sender_of(id(7)).await.map(drop))
        .await;

    let present = async |store: &Store| store.present_of(&sender, None).await.map(drop);
    board.assert_reads(present, &keys, 5 * OWN).await;
    let names: Vec<_> = (1..=50).map(|number| Name::from(id(number))).collect();
    let removing =
        async |store: &Store| store.mark_all(&names, Mark::Removing, now).await.map(drop);
    let keys = ["PRIMARY", "message_by_status", "message_by_since"];
    board.assert_reads(removing, &keys, 3 * 50).await;
    let deleted = async |store: &Store| store.mark_all(&names, Mark::Deleted, now).await.map(drop);
    board.assert_reads(deleted, &keys, 3 * 50).await;
}
