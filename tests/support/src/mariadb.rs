//! Private MariaDB servers.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};
use ulid::Ulid;

use crate::process::{Process, folder, supervised};

/// How long anything may take before it counts as not happening.
const PATIENCE: Duration = Duration::from_mins(1);
const OPTIONS: [&str; 7] = [
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=8M",
    // The server looks at this option only where the tests run as root.
    "--user=root",
];
/// What every password has in it, so that a test sees where one is shown.
pub const PASSWORD: &str = "correct-horse-battery";

/// A server of its own, with a folder of its own.
pub struct Server {
    process: Option<Process>,
    folder: PathBuf,
    options: Vec<String>,
    port: u16,
}

/// An empty database on a server, and a user who may do everything in it and nothing elsewhere.
#[derive(Clone)]
pub struct OwnDatabase {
    /// What the database and its user are called.
    pub name: String,
    /// The URL of the database for its user, who is called as the database is.
    pub url: String,
}

impl Server {
    /// The server that tests share which do it no harm.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Server> = OnceCell::const_new();
        SHARED.get_or_init(|| Self::start(&[])).await
    }

    /// A server of a test's own, which may be stopped or killed.
    pub async fn start(options: &[&str]) -> Self {
        let folder = folder();
        let copied = Command::new("cp")
            .arg("-r")
            .args([template().await, &folder.join("data")])
            .status();
        assert!(copied.unwrap().success());
        let mut server = Self {
            process: None,
            folder,
            options: options.iter().map(ToString::to_string).collect(),
            port: 0,
        };
        server.restart().await;
        server
    }

    /// Starts the server, again on the same port, and waits until it answers.
    pub async fn restart(&mut self) {
        let since = Instant::now();
        let log = self.folder.join("log");
        let is_first = self.port == 0;
        loop {
            if is_first {
                self.port = free_port();
            }
            let mut command = supervised(program("mariadbd"));
            command
                .args(OPTIONS)
                .arg(argument("datadir", &self.folder.join("data")))
                .arg(argument("socket", &self.folder.join("socket")))
                .arg(argument("pid-file", &self.folder.join("pid")))
                .arg(format!("--port={}", self.port))
                .args(&self.options)
                .stdout(File::create(&log).unwrap())
                .stderr(File::options().append(true).open(&log).unwrap());
            let mut process = Process::spawn(&mut command);
            while !process.is_over() {
                if let Ok(connection) = MySqlConnection::connect(&self.root_url()).await {
                    drop(connection);
                    self.process = Some(process);
                    return;
                }
                assert!(since.elapsed() < PATIENCE, "{}", read(&log));
                sleep(Duration::from_millis(50)).await;
            }
            // Where another process has taken the port, the server is started again.
            assert!(since.elapsed() < PATIENCE, "{}", read(&log));
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Kills the server as `kill -9` does.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// An empty database of its own.
    pub async fn database(&self) -> OwnDatabase {
        create_database(&self.root_url(), &format!("127.0.0.1:{}", self.port)).await
    }

    /// A connection of the administrator.
    pub async fn root(&self) -> MySqlConnection {
        MySqlConnection::connect(&self.root_url()).await.unwrap()
    }

    /// Runs statements as root.
    pub async fn run(&self, statements: &str) {
        self.root()
            .await
            .execute(sqlx::raw_sql(AssertSqlSafe(statements)))
            .await
            .unwrap();
    }

    /// The administrator's URL.
    pub fn root_url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/mysql", self.port)
    }
}

/// Makes an empty database with a user of its own, by an administrator's URL.
pub async fn create_database(administrator: &str, address: &str) -> OwnDatabase {
    let name = format!("board_{}", &Ulid::generate().to_string().to_lowercase());
    let mut connection = MySqlConnection::connect(administrator).await.unwrap();
    let statements = format!(
        "CREATE DATABASE {name}; CREATE USER {name} IDENTIFIED BY '{PASSWORD}'; \
         GRANT ALL ON {name}.* TO {name}"
    );
    connection
        .execute(sqlx::raw_sql(AssertSqlSafe(statements)))
        .await
        .unwrap();
    OwnDatabase {
        url: format!("mysql://{name}:{PASSWORD}@{address}/{name}"),
        name,
    }
}

/// A data directory as `mariadb-install-db` makes it, which takes seconds; servers get copies.
async fn template() -> &'static Path {
    static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(async || {
            let data = folder().join("data");
            let made = Command::new(program("mariadb-install-db"))
                .args(OPTIONS)
                .arg(argument("datadir", &data))
                .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
            data
        })
        .await
}

fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is not here: `make test` installs it (by tests/tools/install)")
        })
}

fn argument(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn read(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}
