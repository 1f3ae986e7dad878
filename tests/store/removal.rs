//! A sender who is refused while it posts: whatever began before is seen and removed, and nothing comes in behind.

use std::time::{Duration, SystemTime};

use domain::{MessageId, Sender};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use store::{Database, Inserted, Mark, Store};
use tokio::time::{Instant, sleep};

use crate::backend::{Backend, Kind, direct, on_every_backend, rows, soon};
use crate::corkboard::Corkboard;
use crate::samples::{idempotency, picture, secret, text};
use domain::Senders;
use support::mariadb::{OwnDatabase, Server};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    of_a_sender_who_posts_while_it_is_refused_nothing_stays,
}

/// A sender for each round.
fn sender(round: u32, now: SystemTime) -> Sender {
    let address = std::net::Ipv4Addr::from(0xC633_6400 + round);
    Senders::new(&secret()).sender(Some(address.into()), now)
}

/// As `remove-sender` does it.
async fn refuse_and_remove(store: &Store, sender: &Sender) {
    store.refuse(sender).await.unwrap();
    let posts = store.present_of(sender, None).await.unwrap();
    let names: Vec<_> = posts.iter().map(|post| post.name).collect();
    let now = SystemTime::now();
    let marked = store.mark_all(&names, Mark::DeletingForGood, now).await;
    assert_eq!(marked.unwrap(), names.len());
}

/// The statuses of a sender's rows.
fn statuses(sender: &Sender) -> String {
    format!(
        "SELECT status, COUNT(*) FROM message WHERE sender = '{}' GROUP BY status ORDER BY status",
        sender.as_str()
    )
}

async fn of_a_sender_who_posts_while_it_is_refused_nothing_stays(backend: &Backend) {
    const ROUNDS: u32 = 30;
    const POSTS: u32 = 8;
    let elsewhere = backend.elsewhere(4).await;
    let (mut came, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let now = SystemTime::now();
        let sender = sender(round, now);
        if round % 2 == 0 {
            // It has a row already.
            backend.store().admit(&sender, None, 10, now).await.unwrap();
        }
        let post = async |number: u32| {
            let database = if number.is_multiple_of(2) {
                &backend.database
            } else {
                &elsewhere
            };
            let store = Store::new(database.clone(), soon());
            // The moments differ.
            for _ in 0..number * (round % 5) {
                tokio::task::yield_now().await;
            }
            let message = picture(MessageId::generate());
            let inserted = store
                .insert(&message, store::Status::Pending, Some(&sender), None, now)
                .await;
            let inserted = inserted.unwrap();
            if inserted == Inserted::First && number.is_multiple_of(3) {
                // Perhaps it is to be deleted by now, and perhaps it is deleted after this.
                store.mark(message.id, Mark::Posted, now).await.unwrap();
            }
            inserted
        };
        let removal = async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            refuse_and_remove(&Store::new(elsewhere.clone(), soon()), &sender).await;
        };
        let (inserted, ()) = tokio::join!(join_all((0..POSTS).map(post)), removal);
        let first = inserted
            .iter()
            .filter(|inserted| **inserted == Inserted::First);
        let first = first.count();
        let left = backend.sql(&statuses(&sender)).await;
        let expected = match first {
            0 => vec![],
            first => vec![vec!["deleting".to_owned(), first.to_string()]],
        };
        assert_eq!(left, expected, "round {round}: {inserted:?}");
        came += first;
        refused += inserted.len() - first;
    }
    eprintln!("{came} came before the refusal, {refused} after it");
}

/// A server whose sessions would not lock what is not there.
async fn careless() -> (Server, OwnDatabase) {
    let server = Server::start(&["--transaction-isolation=READ-COMMITTED"]).await;
    let own = server.database().await;
    (server, own)
}

/// An insert is held up in its middle, after it saw that the sender is not refused; then the sender is refused and
/// removed.
async fn what_began_before_a_refusal_is_removed(
    server: &Server,
    own: &OwnDatabase,
    database: Database,
) {
    database.migrate(soon()).await.unwrap();
    let mut root = server.root().await;
    for is_known in [false, true] {
        let now = SystemTime::now();
        let sender = sender(u32::from(is_known), now);
        let store = Store::new(database.clone(), soon());
        if is_known {
            store.admit(&sender, None, 10, now).await.unwrap();
        }
        let key = idempotency(if is_known { "known" } else { "new" }, "a");
        let mut other = MySqlConnection::connect(&own.url).await.unwrap();
        other.execute("BEGIN").await.unwrap();
        let row = format!(
            "INSERT INTO message (id, status, text, idempotency_key) VALUES ('{}', 'pending', '', '{}')",
            MessageId::generate(),
            key.key()
        );
        other.execute(AssertSqlSafe(row)).await.unwrap();

        let message = text(MessageId::generate(), "a");
        let insert = {
            let (store, sender, message) = (store.clone(), sender.clone(), message.clone());
            tokio::spawn(async move {
                let inserted = store
                    .insert(
                        &message,
                        store::Status::Pending,
                        Some(&sender),
                        Some(&key),
                        now,
                    )
                    .await;
                inserted.unwrap()
            })
        };
        wait_for_waiting(&mut root, 1).await;
        let removal = {
            let (store, sender) = (store.clone(), sender.clone());
            tokio::spawn(async move { refuse_and_remove(&store, &sender).await })
        };
        // It waits for the insert, or it has passed it by.
        let is_decided =
            async |root: &mut MySqlConnection| removal.is_finished() || waiting(root).await == 2;
        while !is_decided(&mut root).await {}
        other.execute("ROLLBACK").await.unwrap();
        assert_eq!(insert.await.unwrap(), Inserted::First);
        removal.await.unwrap();
        let left = rows(&mut root, &format!("USE {}", own.name)).await;
        assert!(left.is_empty());
        let left = rows(&mut root, &statuses(&sender)).await;
        assert_eq!(left, [["deleting", "1"]], "known: {is_known}");
        let late = text(MessageId::generate(), "late");
        let late = store
            .insert(&late, store::Status::Pending, Some(&sender), None, now)
            .await
            .unwrap();
        assert_eq!(late, Inserted::Refused);
    }
}

/// How many transactions wait for another. The server looks anew only when nobody has asked for a tenth of a second.
async fn waiting(root: &mut MySqlConnection) -> u32 {
    sleep(Duration::from_millis(150)).await;
    let waiting =
        "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    rows(root, waiting).await[0][0].parse().unwrap()
}

async fn wait_for_waiting(root: &mut MySqlConnection, count: u32) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while waiting(root).await < count {
        assert!(Instant::now() < deadline, "nobody waits");
    }
}

#[tokio::test]
async fn an_insert_that_began_before_the_refusal_is_removed_by_a_direct_connection() {
    let (server, own) = careless().await;
    let database = direct(&own.url, 4);
    what_began_before_a_refusal_is_removed(&server, &own, database).await;
}

/// There, the server's isolation level is the session's: Aurora's is REPEATABLE READ.
#[tokio::test]
async fn an_insert_that_began_before_the_refusal_is_removed_by_the_data_api() {
    let server = Server::start(&[]).await;
    let own = server.database().await;
    let corkboard = Corkboard::start(|command| {
        command.arg("--database").arg(&own.url);
    });
    let database = corkboard.database().await;
    what_began_before_a_refusal_is_removed(&server, &own, database).await;
}
