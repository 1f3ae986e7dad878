//! Old boards in a MariaDB of the tests' own.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use support::mariadb::Server;

/// An empty database of its own on the shared server.
pub struct Database {
    name: String,
    url: String,
}

impl Database {
    pub async fn new() -> Self {
        let own = Server::shared().await.database().await;
        let database = Self {
            name: own.name,
            url: own.url,
        };
        let utf8 = format!("ALTER DATABASE {} CHARACTER SET utf8mb4", database.name);
        database.run(&utf8).await;
        database
    }

    /// With an old board's table, `create_time` of the given type, and rows as SQL values.
    pub async fn with_messages(create_time: &str, rows: &[String]) -> Self {
        let database = Self::new().await;
        database
            .run(&format!(
                "CREATE TABLE message (id INT AUTO_INCREMENT PRIMARY KEY, message TEXT, \
                 image_url VARCHAR(2048), create_time {create_time} NULL)"
            ))
            .await;
        for row in rows {
            database
                .run(&format!("INSERT INTO message VALUES ({row})"))
                .await;
        }
        database
    }

    pub async fn run(&self, sql: &str) {
        let mut connection = MySqlConnection::connect(&self.url()).await.unwrap();
        // Zero dates are what old boards have.
        connection
            .execute("SET SESSION sql_mode = ''")
            .await
            .unwrap();
        connection
            .execute(AssertSqlSafe(sql.to_owned()))
            .await
            .unwrap();
    }

    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let mut connection = MySqlConnection::connect(&self.url()).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The URL for another user, with the password: `user:password`.
    pub fn url_of(&self, user: &str) -> String {
        let (_, address) = self.url.split_once('@').unwrap();
        format!("mysql://{user}@{address}")
    }
}
