//! What the store's operations cost the database at 10², 10⁴ and 10⁶ messages: CPU time of a private MariaDB
//! per operation. The three tables take turns, so that whatever else the machine does falls on all alike.
//!
//! `make bench`; needs what `make test` installs.

#![expect(clippy::unwrap_used, reason = "a benchmark ends at the first fault")]

use std::fs;
use std::time::{Duration, SystemTime};

use domain::{Message, MessageId};
use settings::Lookup;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _};
use store::{Database, Mark, MySqlSettings, Status, Store};
use support::mariadb::{OwnDatabase, Server};
use tokio::time::Instant;

const SIZES: [u32; 3] = [100, 10_000, 1_000_000];
const ROUNDS: u32 = 20;
const OPERATIONS_A_ROUND: u32 = 200;
/// As far down as the board of 10⁴ goes.
const DEEP: u32 = 9_900;
/// The kernel's clock ticks a second, `getconf CLK_TCK`, on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

struct Table {
    size: u32,
    store: Store,
}

/// The id of the n-th oldest message: hexadecimal digits are Crockford's, too.
fn id(n: u32) -> MessageId {
    format!("01M8{n:022X}").parse().unwrap()
}

async fn fill(own: &OwnDatabase, size: u32) -> Table {
    let url = own.url.clone();
    let lookup: Lookup<'_> = &|name| (name == "DATABASE_URL").then(|| url.clone());
    let database = Database::mysql(&MySqlSettings::from_lookup(lookup).unwrap(), 1);
    let deadline = Instant::now() + Duration::from_hours(1);
    database.migrate(deadline).await.unwrap();
    let mut connection = MySqlConnection::connect(&own.url).await.unwrap();
    connection
        .execute("CREATE TEMPORARY TABLE digit (n INT)")
        .await
        .unwrap();
    connection
        .execute("INSERT INTO digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
        .await
        .unwrap();
    let mut made = 0;
    while made < size {
        let some = (size - made).min(10_000);
        let insert = format!(
            "INSERT INTO message (id, status, since, author, text) \
             SELECT CONCAT('01M8', LPAD(HEX(n), 22, '0')), 'posted', n, 'Ada', REPEAT('字', 40) FROM \
             (WITH RECURSIVE number AS (SELECT {made} AS n UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {}) \
             SELECT n FROM number) AS numbers",
            made + some
        );
        connection
            .execute("SET max_recursive_iterations = 10000000")
            .await
            .unwrap();
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(insert)))
            .await
            .unwrap();
        made += some;
    }
    connection.execute("ANALYZE TABLE message").await.unwrap();
    Table {
        size,
        store: Store::new(database, deadline),
    }
}

/// What the server has used of the processors so far.
fn cpu(pid: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // After the name, which may have spaces: utime and stime are the 12th and 13th.
    let fields: Vec<_> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    TICK * (fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap())
}

async fn operate(operation: &str, table: &Table, count: u32) {
    let middle = table.size.saturating_sub(DEEP).max(50);
    for n in 0..count {
        match operation {
            "page of an export" => {
                let page = table.store.page_after(21, Some(id(middle))).await;
                assert_eq!(page.unwrap().len(), 21);
            }
            "one message" => assert!(table.store.entry(id(n % 100)).await.unwrap().is_some()),
            "leftovers" => {
                let leftovers = table.store.leftovers(SystemTime::now()).await;
                assert!(leftovers.unwrap().is_empty());
            }
            _ => {
                let message = Message {
                    id: MessageId::generate(),
                    generation: 0,
                    author: None,
                    text: "text".into(),
                    picture: None,
                };
                let (store, now) = (&table.store, SystemTime::now());
                let inserted = store.insert(&message, Status::Pending, None, None, now);
                inserted.await.unwrap();
                for mark in [Mark::Posted, Mark::Deleting, Mark::Deleted] {
                    assert!(store.mark(message.id, mark, now).await.unwrap());
                }
                store.remove(message.id, Status::Deleted).await.unwrap();
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let server = Server::start(&["--innodb-buffer-pool-size=1G"]).await;
    let mut root = server.root().await;
    let pid_file: String = root.fetch_one("SELECT @@pid_file").await.unwrap().get(0);
    let pid = fs::read_to_string(pid_file).unwrap().trim().to_owned();
    let mut tables = Vec::new();
    for size in SIZES {
        tables.push(fill(&server.database().await, size).await);
    }

    println!(
        "CPU of MariaDB in µs per operation, {} operations each",
        ROUNDS * OPERATIONS_A_ROUND
    );
    println!(
        "{:<24}{:>10}{:>10}{:>10}  largest : smallest",
        "messages", SIZES[0], SIZES[1], SIZES[2]
    );
    for operation in [
        "page of an export",
        "one message",
        "insert, post and delete",
        "leftovers",
    ] {
        let mut used = [Duration::ZERO; SIZES.len()];
        for _ in 0..ROUNDS {
            for (table, used) in tables.iter().zip(&mut used) {
                let before = cpu(&pid);
                operate(operation, table, OPERATIONS_A_ROUND).await;
                *used += cpu(&pid).saturating_sub(before);
            }
        }
        let each =
            used.map(|used| used.as_secs_f64() * 1e6 / f64::from(ROUNDS * OPERATIONS_A_ROUND));
        let most = each.iter().copied().fold(0.0, f64::max);
        let least = each.iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "{operation:<24}{:>10.0}{:>10.0}{:>10.0}  {:.2}",
            each[0],
            each[1],
            each[2],
            most / least
        );
    }
}
