//! What each statement touches on a large table: an index range of the size of its answer, and no more.
//!
//! The statements are those that the server saw, in its general log.

use std::time::{Duration, SystemTime};

use shared::domain::MessageId;
use shared::store::{Store, StoreError, migrate};
use sqlx::MySqlConnection;

use crate::mariadb::{OwnDatabase, Server};
use crate::samples::{id_aged, picture, text};
use crate::way::{direct, rows, soon};

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
        migrate(&database, soon()).await.unwrap();
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
            let [step] = &plan[..] else {
                panic!("{plan:?}");
            };
            let (access, chosen, extra) = (&step[3], &step[5], &step[9]);
            let is_by_index = ["const", "ref", "range"].contains(&access.as_str());
            let is_by_index = is_by_index && keys.contains(&chosen.as_str());
            assert!(is_by_index, "{statement}: {plan:?}");
            let sorts = ["filesort", "temporary"];
            let sorts = sorts.iter().any(|word| extra.contains(word));
            assert!(!sorts, "{statement}: {plan:?}");
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
    setup.store.insert(&pending).await.unwrap();
    let unmarked = setup
        .statements(async |store| store.remove_leftover(one).await)
        .await;
    setup.assert_touch_one(&unmarked).await;
    let inserted = setup
        .statements(async |store| store.insert(&text(MessageId::generate(), "new")).await)
        .await;
    // The row is there by now: it is read, and refused.
    let [inserted] = &inserted[..] else {
        panic!("{inserted:?}");
    };
    let again = inserted.replacen("INSERT", "INSERT IGNORE", 1);
    setup.assert_touch_one(&[again]).await;
    let marked = setup
        .statements(async |store| store.mark_posted(pending.id).await)
        .await;
    setup.assert_touch_one(&marked).await;
    let blanked = setup.statements(async |store| store.blank(one).await).await;
    setup.assert_touch_one(&blanked).await;
}

#[tokio::test]
async fn clearing_away_reads_a_few_rows_whatever_is_there() {
    let (_server, mut setup) = Setup::new().await;
    let leftovers = async |store: &Store| store.leftovers(SystemTime::now()).await.map(drop);
    for statement in setup.statements(leftovers).await {
        setup
            .assert_touches(&statement, &["message_by_status"], 8)
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
    for statement in setup.statements(leftovers).await {
        setup
            .assert_touches(&statement, &["message_by_status"], 8)
            .await;
    }
}
