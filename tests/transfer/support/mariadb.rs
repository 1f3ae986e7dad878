use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use tempfile::TempDir;
use ulid::Ulid;

/// A private MariaDB; it ends with the last database of it.
struct Server {
    child: Child,
    port: u16,
    _folder: TempDir,
}

static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    fn shared() -> Arc<Self> {
        let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        server.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *server = Arc::downgrade(&started);
            started
        })
    }

    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let option =
            |name: &str, path: &str| format!("--{name}={}", folder.path().join(path).display());
        let data = option("datadir", "data");
        let installed = Command::new("mariadb-install-db")
            .args([
                "--no-defaults",
                &data,
                "--auth-root-authentication-method=normal",
            ])
            .args(["--skip-test-db", "--skip-log-bin"])
            .output()
            .expect("MariaDB is installed (make tools)");
        assert!(installed.status.success(), "{installed:?}");
        loop {
            // Somebody else may take the port in between; then it is tried again.
            let port = free_port();
            let mut child = Command::new("mariadbd")
                .args(["--no-defaults", &data, &option("socket", "socket")])
                .args([&option("pid-file", "pid"), &option("log-error", "log")])
                .args([&format!("--port={port}"), "--bind-address=127.0.0.1"])
                .args(["--user=root", "--innodb-flush-log-at-trx-commit=0"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            while child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self {
                        child,
                        port,
                        _folder: folder,
                    };
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty database of its own on the shared server.
pub struct Database {
    server: Arc<Server>,
    name: String,
}

impl Database {
    pub async fn new() -> Self {
        let server = tokio::task::spawn_blocking(Server::shared).await.unwrap();
        let name = format!("old_{}", Ulid::generate().to_string().to_lowercase());
        let database = Self { server, name };
        let mut connection = MySqlConnection::connect(&database.url_of("mysql"))
            .await
            .unwrap();
        let sql = format!("CREATE DATABASE {} CHARACTER SET utf8mb4", database.name);
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
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
        self.url_of(&self.name)
    }

    fn url_of(&self, name: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{name}", self.server.port)
    }
}
