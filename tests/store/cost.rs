//! What each statement touches on a large table: an index range of the size of its answer, and no more.
//!
//! The statements are those that the server saw, in its general log.

use std::time::{Duration, SystemTime};

use domain::{BoardSecret, IdempotencyKey, MessageId, MessageText, NewMessage, Repeats, Senders};
use sqlx::MySqlConnection;
use store::{Store, StoreError};

use crate::backend::{direct, rows, soon};
use crate::samples::{id_aged, picture, text};
use support::mariadb::{OwnDatabase, Server};

const MESSAGES: u32 = 20_000;
const PAGE: u32 = 21;

/// A full board on a server that writes down what it is asked.
struct Setup {
    own: OwnDatabase,
    store: Store,
    session: MySqlConnection,
}

impl Setup {
    async fn new() -> (Server, Self) {
        let server = Server::start(&["--log-output=TABLE"]).await;
        let own = server.database().await;
        let database = direct(&own.url, 1);
        database.migrate(soon()).await.unwrap();
        let mut session = server.root().await;
        let fill = format!(
            "INSERT INTO {}.message (id, status, text) \
             SELECT CONCAT('01', LPAD(seq, 24, '0')), 'posted', REPEAT('x', 200) FROM seq_1_to_{MESSAGES}",
            own.name
        );
        for statement in [
            &format!("USE {}", own.name),
            &fill,
            "ANALYZE TABLE message",
            "SET GLOBAL general_log = 1",
        ] {
            rows(&mut session, statement).await;
        }
        let store = Store::new(database, soon());
        store.ping().await.unwrap();
        let setup = Self {
            own,
            store,
            session,
        };
        (server, setup)
    }

    /// The statements that an operation sends.
    async fn statements(
        &mut self,
        operation: impl AsyncFnOnce(&Store) -> Result<(), StoreError>,
    ) -> Vec<String> {
        rows(&mut self.session, "TRUNCATE mysql.general_log").await;
        operation(&self.store).await.unwrap();
        let said = format!(
            "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log \
             WHERE user_host LIKE '{}%' AND command_type IN ('Execute', 'Query')",
            self.own.name
        );
        let said = rows(&mut self.session, &said).await;
        assert!(!said.is_empty());
        said.into_iter().map(|mut row| row.remove(0)).collect()
    }

    /// That statements read one row, found by its id.
    async fn assert_touch_one(&mut self, statements: &[String]) {
        for statement in statements {
            self.assert_touches(statement, &["PRIMARY", "message_by_status"], 2)
                .await;
        }
    }

    /// That a statement goes by one of `keys`, and reads at most `most` entries.
    async fn assert_touches(&mut self, statement: &str, keys: &[&str], most: u32) {
        if !statement.starts_with("INSERT") {
            let plan = rows(&mut self.session, &format!("EXPLAIN {statement}")).await;
            // What asks whether there is any has a step of its own without a table.
            let steps: Vec<_> = plan.iter().filter(|step| step[2] != "NULL").collect();
            assert!(!steps.is_empty(), "{plan:?}");
            for step in steps {
                let (access, chosen, extra) = (&step[3], &step[5], &step[9]);
                let is_by_index = ["const", "ref", "range"].contains(&access.as_str());
                let is_by_index = is_by_index && keys.contains(&chosen.as_str());
                assert!(is_by_index, "{statement}: {plan:?}");
                let sorts = ["filesort", "temporary"];
                let sorts = sorts.iter().any(|word| extra.contains(word));
                assert!(
                    !sorts || statement.contains("GROUP BY"),
                    "{statement}: {plan:?}"
                );
            }
        }
        // The plan's number of rows is a guess; this is a count. An entry that the index itself looks at (and may
        // look at ahead of time) counts twice.
        for step in ["BEGIN", "FLUSH STATUS", statement] {
            rows(&mut self.session, step).await;
        }
        let read = "SELECT CAST(SUM(variable_value) AS UNSIGNED) FROM information_schema.session_status \
                    WHERE variable_name LIKE 'Handler_read%' OR variable_name = 'Handler_icp_attempts'";
        let read: u32 = rows(&mut self.session, read).await[0][0].parse().unwrap();
        rows(&mut self.session, "ROLLBACK").await;
        eprintln!("{read:>3} read: {statement:.60}");
        assert!(read <= most, "{read} read: {statement}");
    }
}

/// The id of a message of the full board.
fn id(number: u32) -> MessageId {
    format!("01{number:024}").parse().unwrap()
}

#[tokio::test]
async fn every_operation_reads_what_it_answers_with() {
    let (_server, mut setup) = Setup::new().await;
    let middle = Some(id(MESSAGES / 2));
    for cursor in [None, middle] {
        let newest_first = setup
            .statements(async |store| store.page(PAGE, cursor).await.map(drop))
            .await;
        let oldest_first = setup
            .statements(async |store| store.page_after(PAGE, cursor).await.map(drop))
            .await;
        for statement in [newest_first, oldest_first].concat() {
            setup
                .assert_touches(&statement, &["message_by_status"], 3 * PAGE)
                .await;
        }
    }

    let one = id(MESSAGES / 3);
    let found = setup
        .statements(async |store| store.find(one).await.map(drop))
        .await;
    setup.assert_touch_one(&found).await;
    let pending = picture(MessageId::generate());
    setup.store.insert(&pending, None, None).await.unwrap();
    let unmarked = setup
        .statements(async |store| store.remove_orphan(one).await)
        .await;
    setup.assert_touch_one(&unmarked).await;
    let inserted = setup
        .statements(async |store| {
            store
                .insert(&text(MessageId::generate(), "new"), None, None)
                .await
                .map(drop)
        })
        .await;
    // The row is there by now: it is read, and refused.
    let [inserted] = &inserted[..] else {
        panic!("{inserted:?}");
    };
    let again = inserted.replacen("INSERT", "INSERT IGNORE", 1);
    setup.assert_touch_one(&[again]).await;
    let marked = setup
        .statements(async |store| store.mark_posted(pending.id).await.map(drop))
        .await;
    setup.assert_touch_one(&marked).await;
    let blanked = setup
        .statements(async |store| store.make_tombstone(one).await)
        .await;
    setup.assert_touch_one(&blanked).await;
}

#[tokio::test]
async fn clearing_away_reads_a_few_rows_whatever_is_there() {
    /// The end of each of three ranges, and the rows that are found.
    const LEFTOVERS: u32 = 3 + 2 * 4;
    let (_server, mut setup) = Setup::new().await;
    let orphans = async |store: &Store| store.orphans(SystemTime::now()).await.map(drop);
    for statement in setup.statements(orphans).await {
        setup
            .assert_touches(&statement, &["message_by_status"], LEFTOVERS)
            .await;
    }

    // After a long outage of the bucket, say.
    let oldest = id_aged(Duration::from_hours(48), 0).to_string();
    for status in ["pending", "deleted"] {
        let prefix = format!(
            "{}{}",
            &oldest[..10],
            if status == "pending" { 'P' } else { 'D' }
        );
        let fill = format!(
            "INSERT INTO message (id, status, text) \
             SELECT CONCAT('{prefix}', LPAD(seq, 15, '0')), '{status}', '' FROM seq_1_to_5000"
        );
        rows(&mut setup.session, &fill).await;
    }
    rows(&mut setup.session, "ANALYZE TABLE message").await;
    for statement in setup.statements(orphans).await {
        setup
            .assert_touches(&statement, &["message_by_status"], LEFTOVERS)
            .await;
    }
}

/// The limit, the key and the sender: each is one row, or a few of one index.
#[tokio::test]
async fn what_a_post_asks_besides_is_found_by_its_key() {
    let (_server, mut setup) = Setup::new().await;
    let now = SystemTime::now();
    let secret = BoardSecret::new("0123456789abcdef0123456789abcdef").unwrap();
    let sender = Senders::new(&secret).sender(None, now);
    // Two days of a busy board, and long before that.
    for statement in [
        "UPDATE message SET sender = CONCAT('900000', LPAD(id, 58, 'x'))",
        "INSERT INTO sender (id, since, posts, refused) \
         SELECT CONCAT('900000', LPAD(seq, 58, '0')), 0, 1, 0 FROM seq_1_to_20000",
        "UPDATE message SET idempotency_key = LPAD(id, 64, 'k')",
        "ANALYZE TABLE message, sender",
    ] {
        rows(&mut setup.session, statement).await;
    }
    let own = format!(
        "UPDATE message SET sender = '{}' ORDER BY id LIMIT 500",
        sender.as_str()
    );
    rows(&mut setup.session, &own).await;
    let admit = async |store: &Store| store.admit(&sender, None, 10, now).await.map(drop);
    let first = setup.statements(admit).await;
    let further = setup.statements(admit).await;
    for statement in [first, further].concat() {
        // The row is there by now: it is read, and refused.
        let again = statement.replacen("INSERT", "INSERT IGNORE", 1);
        setup.assert_touches(&again, &["PRIMARY"], 2).await;
    }
    let new = NewMessage {
        author: None,
        text: MessageText::parse("hello").unwrap(),
        picture: None,
    };
    let key = IdempotencyKey::parse(b"0123456789abcdef").unwrap();
    let key = Repeats::new(&secret, None).of(&key, &new, None);
    let before = async |store: &Store| store.posted_with(&key).await.map(drop);
    for statement in setup.statements(before).await {
        let found = statement.replace(key.key(), &format!("{:k>64}", id(7).to_string()));
        setup
            .assert_touches(&found, &["message_by_idempotency_key"], 2)
            .await;
    }
    let posts = async |store: &Store| store.posts_of(&sender).await.map(drop);
    let blank = async |store: &Store| store.make_tombstones_of(&sender, id(1), id(50)).await;
    for statement in [setup.statements(posts).await, setup.statements(blank).await].concat() {
        setup
            .assert_touches(&statement, &["message_by_sender"], 5 * 50)
            .await;
    }
    // A name is not in the index: what is summed up is read, and what is grouped, once more.
    let sums = async |store: &Store| store.summary_of(&sender).await.map(drop);
    for statement in setup.statements(sums).await {
        setup
            .assert_touches(&statement, &["message_by_sender"], 5 * 500)
            .await;
    }
    // Nothing is old; then all is.
    for later in [now, now + Duration::from_hours(24 * 365 * 2_500)] {
        let forget = async |store: &Store| store.forget_senders(later).await;
        for statement in setup.statements(forget).await {
            let plan = ["message_by_sender", "PRIMARY"];
            setup.assert_touches(&statement, &plan, 24).await;
        }
    }
}
