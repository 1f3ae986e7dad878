//! A full board on a server that writes down what it is asked, and the same rows in `SQLite`: what a statement touches
//! is counted on both.

use std::fs;
use std::path::Path;

use rusqlite::StatementStatus;
use sqlx::MySqlConnection;
use store::{Store, StoreError};

use crate::backend::{direct, rows, soon};
use support::mariadb::{OwnDatabase, Server};

/// How many messages there are before a test adds others.
pub const MESSAGES: u32 = 20_000;

pub struct FullBoard {
    own: OwnDatabase,
    pub store: Store,
    session: MySqlConnection,
    sqlite: rusqlite::Connection,
    _server: Server,
}

impl FullBoard {
    pub async fn new() -> Self {
        // The statistics by which plans are made are those of `fill` alone, and never made anew meanwhile.
        let options = ["--log-output=TABLE", "--innodb-stats-auto-recalc=OFF"];
        let server = Server::start(&options).await;
        let own = server.database().await;
        let database = direct(&own.url, 1);
        database.migrate(soon()).await.unwrap();
        let mut session = server.root().await;
        for statement in [&format!("USE {}", own.name), "SET GLOBAL general_log = 1"] {
            rows(&mut session, statement).await;
        }
        let store = Store::new(database, soon());
        store.ping().await.unwrap();
        let mut board = Self {
            own,
            store,
            session,
            sqlite: empty_sqlite(),
            _server: server,
        };
        board
            .fill(&[&format!(
                "INSERT INTO message (id, status, text, since) \
                 SELECT CONCAT('01', LPAD(seq, 24, '0')), 'posted', REPEAT('x', 200), 1000 + seq \
                 FROM seq_1_to_{MESSAGES}"
            )])
            .await;
        board
    }

    /// Changes the rows, in both databases.
    pub async fn fill(&mut self, statements: &[&str]) {
        for statement in statements {
            rows(&mut self.session, statement).await;
        }
        rows(&mut self.session, "ANALYZE TABLE message, sender").await;
        for table in ["message", "sender"] {
            self.copy(table).await;
        }
    }

    async fn copy(&mut self, table: &str) {
        let columns = format!(
            "SELECT column_name FROM information_schema.columns \
             WHERE table_name = '{table}' AND table_schema = DATABASE()"
        );
        let columns = rows(&mut self.session, &columns).await.concat();
        let (names, places) = (columns.join(", "), vec!["?"; columns.len()].join(", "));
        let all = rows(&mut self.session, &format!("SELECT {names} FROM {table}")).await;
        let transaction = self.sqlite.transaction().unwrap();
        transaction
            .execute(&format!("DELETE FROM {table}"), [])
            .unwrap();
        {
            let insert = format!("INSERT INTO {table} ({names}) VALUES ({places})");
            let mut insert = transaction.prepare(&insert).unwrap();
            for row in all {
                let values = row
                    .into_iter()
                    .map(|value| (value != "NULL").then_some(value));
                insert.execute(rusqlite::params_from_iter(values)).unwrap();
            }
        }
        transaction.commit().unwrap();
    }

    /// The statements that an operation sends.
    pub async fn statements(
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
        rows(&mut self.session, &said).await.concat()
    }

    /// That each statement of an operation goes by one of `keys`, and reads at most `most` entries.
    pub async fn assert_reads(
        &mut self,
        operation: impl AsyncFnOnce(&Store) -> Result<(), StoreError>,
        keys: &[&str],
        most: u32,
    ) {
        let statements = self.statements(operation).await;
        assert!(!statements.is_empty());
        for statement in statements {
            self.assert_touches(&statement, keys, most).await;
        }
    }

    /// That the statements of an operation read one row, found by its id.
    pub async fn assert_reads_one(
        &mut self,
        operation: impl AsyncFnOnce(&Store) -> Result<(), StoreError>,
    ) {
        self.assert_reads(operation, &["PRIMARY", "message_by_status"], 2)
            .await;
    }

    /// That a statement goes by one of `keys`, and reads at most `most` entries.
    pub async fn assert_touches(&mut self, statement: &str, keys: &[&str], most: u32) {
        self.assert_touches_in_mariadb(statement, keys, most).await;
        self.assert_touches_in_sqlite(statement, most);
    }

    pub async fn assert_touches_in_mariadb(&mut self, statement: &str, keys: &[&str], most: u32) {
        if !statement.starts_with("INSERT") {
            let plan = rows(&mut self.session, &format!("EXPLAIN {statement}")).await;
            // What asks whether there is any has a step of its own without a table, and so has what is looked up while
            // the statement is planned. What other steps found is read whole, and counted below.
            let is_found = |step: &[String]| step[2].starts_with("<derived");
            let is_looked_up = |step: &[String]| step[9] == "Select tables optimized away";
            let steps: Vec<_> = plan
                .iter()
                .filter(|step| step[2] != "NULL" || is_looked_up(step))
                .filter(|step| !is_found(step))
                .collect();
            assert!(!steps.is_empty(), "{statement}: {plan:?}");
            for step in steps {
                let (access, chosen, extra) = (&step[3], &step[5], &step[9]);
                let is_by_index = ["const", "ref", "range"].contains(&access.as_str());
                let is_by_index = is_by_index && keys.contains(&chosen.as_str());
                assert!(is_by_index || is_looked_up(step), "{statement}: {plan:?}");
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
        eprintln!("{read:>4} read: {statement:.90}");
        assert!(read <= most, "{read} read: {statement}");
    }

    fn assert_touches_in_sqlite(&self, statement: &str, most: u32) {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let mut plan = self.sqlite.prepare(&plan).unwrap();
        let plan: Vec<String> = plan
            .query_map([], |row| row.get("detail"))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for step in &plan {
            let reads_all = ["SCAN message", "SCAN sender"];
            let reads_all = reads_all.iter().any(|all| step.starts_with(all));
            let sorts = step.starts_with("USE TEMP B-TREE FOR ORDER BY");
            let is_grouped = statement.contains("GROUP BY");
            assert!(
                !reads_all && (!sorts || is_grouped),
                "{statement}: {plan:?}"
            );
        }
        // Counted in steps of its machine, of which an entry takes some dozens.
        self.sqlite.execute_batch("SAVEPOINT before").unwrap();
        let steps = {
            let mut prepared = self.sqlite.prepare(statement).unwrap();
            let mut found = prepared.raw_query();
            while found.next().unwrap().is_some() {}
            drop(found);
            prepared.get_status(StatementStatus::VmStep)
        };
        self.sqlite
            .execute_batch("ROLLBACK TO before; RELEASE before")
            .unwrap();
        let steps = u32::try_from(steps).unwrap();
        eprintln!("{:>4} in SQLite, {plan:?}", steps / 25);
        assert!(steps <= 25 * most + 250, "{steps} steps: {statement}");
    }
}

/// With the schema of a board.
fn empty_sqlite() -> rusqlite::Connection {
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/store/src/migrations");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        sqlite
            .execute_batch(&fs::read_to_string(file).unwrap())
            .unwrap();
    }
    sqlite
}
