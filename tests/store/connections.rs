//! Connections that are refused, limited, killed or only good for reading.

use std::process::Command;
use std::time::{Duration, SystemTime};

use domain::MessageId;
use http::StatusCode;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use store::Store;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::backend::{direct, rows, soon};
use crate::corkboard::Corkboard;
use crate::samples::{insert, text};
use support::mariadb::{OwnDatabase, Server};

/// A board on a server of its own.
struct Setup {
    server: Server,
    own: OwnDatabase,
    corkboard: Corkboard,
    client: Client,
}

type Configure = fn(&mut Command, &str);
const DIRECT: Configure = |command, url| {
    command.env("DATABASE_URL", url);
};
const BY_DATA_API: Configure = |command, url| {
    command.arg("--database").arg(url);
};

impl Setup {
    async fn with(configure: Configure, options: &[&str]) -> Self {
        let server = Server::start(options).await;
        let own = server.database().await;
        let corkboard = Corkboard::start(|command| configure(command, &own.url));
        Self {
            server,
            own,
            corkboard,
            client: Client::new(),
        }
    }

    async fn read(&self) -> StatusCode {
        let url = format!("{}/api/messages", self.corkboard.site());
        self.client.get(url).send().await.unwrap().status()
    }

    async fn post(&self) -> StatusCode {
        self.posted().await.status()
    }

    async fn posted(&self) -> reqwest::Response {
        let url = format!("{}/api/messages", self.corkboard.site());
        let request = self.client.post(url).json(&json!({"text": "hello"}));
        request.send().await.unwrap()
    }

    async fn delete(&self, message: &Value) -> StatusCode {
        let id = message["id"].as_str().unwrap();
        let url = format!("{}/api/messages/{id}", self.corkboard.site());
        let token = message["deleteToken"].as_str().unwrap();
        let request = self.client.delete(url).bearer_auth(token);
        request.send().await.unwrap().status()
    }

    /// All at once. Whoever reads asks no database.
    async fn many(&self, count: usize) -> Vec<StatusCode> {
        let requests = (0..count).map(async |_| self.post().await);
        futures_util::future::join_all(requests).await
    }

    /// Ends the board's connections, by `administrator`, and waits until they are gone.
    async fn kill_connections(&self, administrator: &mut MySqlConnection) {
        let list = format!(
            "SELECT id FROM information_schema.processlist WHERE user = '{}'",
            self.own.name
        );
        loop {
            let open = rows(administrator, &list).await;
            if open.is_empty() {
                return;
            }
            for connection in open {
                let kill = AssertSqlSafe(format!("KILL {}", connection[0]));
                // One that has ended by itself meanwhile is no longer known.
                let _ = administrator.execute(kill).await;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }
}

fn are_good(answers: &[StatusCode]) -> bool {
    answers.iter().all(StatusCode::is_success)
}

async fn waits_for_a_connection(configure: Configure) {
    let setup = Setup::with(configure, &["--max-connections=10"]).await;
    let mut administrator = setup.server.root().await;
    let others = setup.server.database().await;
    setup.kill_connections(&mut administrator).await;
    let mut taken = vec![];
    while let Ok(connection) = MySqlConnection::connect(&others.url).await {
        taken.push(connection);
    }
    assert!(taken.len() >= 9, "{}", taken.len());

    assert_eq!(setup.post().await, StatusCode::SERVICE_UNAVAILABLE);
    // Nobody who reads needs a connection.
    assert_eq!(setup.read().await, StatusCode::OK);
    for connection in taken {
        connection.close().await.unwrap();
    }
    let count = "SELECT COUNT(*) FROM information_schema.processlist";
    while rows(&mut administrator, count).await != [["1"]] {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(setup.read().await, StatusCode::OK);
    assert_eq!(setup.post().await, StatusCode::CREATED);
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_a_503_until_it_has_one() {
    waits_for_a_connection(DIRECT).await;
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_a_503_by_the_data_api_too() {
    waits_for_a_connection(BY_DATA_API).await;
}

async fn reads_on(configure: Configure) {
    let setup = Setup::with(configure, &[]).await;
    let message: Value = setup.posted().await.json().await.unwrap();

    setup.server.run("SET GLOBAL read_only = 1").await;
    assert_eq!(setup.post().await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        setup.delete(&message).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(setup.read().await, StatusCode::OK);

    setup.server.run("SET GLOBAL read_only = 0").await;
    assert_eq!(setup.post().await, StatusCode::CREATED);
    assert_eq!(setup.delete(&message).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_read_only_server_takes_no_posts_and_is_read_on() {
    reads_on(DIRECT).await;
}

#[tokio::test]
async fn a_read_only_server_takes_no_posts_and_is_read_on_by_the_data_api() {
    reads_on(BY_DATA_API).await;
}

async fn replaces_killed_connections(configure: Configure) {
    let setup = Setup::with(configure, &[]).await;
    let mut administrator = setup.server.root().await;
    // At once, when nobody would think of asking whether they live, and after a while.
    for idle in [Duration::ZERO, Duration::from_millis(1_200)] {
        assert!(are_good(&setup.many(16).await));
        setup.kill_connections(&mut administrator).await;
        sleep(idle).await;
        let answers = setup.many(16).await;
        assert!(are_good(&answers), "{idle:?}: {answers:?}");
    }
}

#[tokio::test]
async fn connections_that_the_server_killed_cost_no_request() {
    replaces_killed_connections(DIRECT).await;
}

#[tokio::test]
async fn connections_that_the_server_killed_cost_no_request_by_the_data_api() {
    replaces_killed_connections(BY_DATA_API).await;
}

/// What stands between a function and its server, and forgets connections without a word to either side, as
/// happens while an execution environment is frozen.
struct Network {
    port: u16,
    forget: watch::Sender<()>,
}

impl Network {
    async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let network = Self {
            port: listener.local_addr().unwrap().port(),
            forget: watch::Sender::default(),
        };
        let forget = network.forget.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut forgotten = forget.subscribe();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = forgotten.changed() => std::future::pending().await,
                    }
                });
            }
        });
        network
    }
}

#[tokio::test]
async fn a_connection_that_was_forgotten_while_idle_costs_no_request() {
    let own = Server::shared().await.database().await;
    let url = url::Url::parse(&own.url).unwrap();
    let network = Network::before(url.port().unwrap()).await;
    let mut through = url.clone();
    through.set_port(Some(network.port)).unwrap();
    let database = direct(through.as_str(), 1);
    database.migrate(soon()).await.unwrap();
    let store = Store::new(database, soon());
    store.ping().await.unwrap();

    network.forget.send_replace(());
    sleep(Duration::from_millis(1_200)).await;
    store.ping().await.unwrap();
}

#[tokio::test]
async fn fifty_requests_at_once_need_eight_connections() {
    let setup = Setup::with(DIRECT, &[]).await;
    let mut administrator = setup.server.root().await;
    // The server would refuse a ninth.
    let name = &setup.own.name;
    let limit = format!("ALTER USER {name} WITH MAX_USER_CONNECTIONS 8");
    rows(&mut administrator, &limit).await;
    setup.kill_connections(&mut administrator).await;
    let answers = setup.many(50).await;
    assert!(are_good(&answers), "{answers:?}");
}

#[tokio::test]
async fn a_function_needs_one_connection() {
    let server = Server::start(&[]).await;
    let own = server.database().await;
    server
        .run(&format!(
            "ALTER USER {} WITH MAX_USER_CONNECTIONS 1",
            own.name
        ))
        .await;
    let database = direct(&own.url, 1);
    database.migrate(soon()).await.unwrap();
    let store = Store::new(database, soon());
    // A few, since a request waits for its turn for five seconds only.
    let inserts = (0..8).map(async |_| {
        insert(&store, &text(MessageId::generate(), "hello")).await;
    });
    futures_util::future::join_all(inserts).await;
}

#[tokio::test]
async fn a_session_ends_after_a_minute_of_idleness_cuts_nothing_off_and_locks_what_it_reads() {
    let options = [
        "--general-log=1",
        "--log-output=TABLE",
        "--sql-mode=",
        "--transaction-isolation=READ-COMMITTED",
    ];
    let server = Server::start(&options).await;
    let own = server.database().await;
    let database = direct(&own.url, 1);
    database.migrate(soon()).await.unwrap();
    let store = Store::new(database, soon());

    let long = text(MessageId::generate(), &"x".repeat(2_001));
    let inserted = store
        .insert(&long, store::Status::Pending, None, None, SystemTime::now())
        .await;
    assert!(inserted.is_err(), "{inserted:?}");
    assert_eq!(store.entry(long.id).await.unwrap(), None);

    // What it says at the start, said by another, has this effect.
    let mut session = server.root().await;
    let said = format!(
        "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log \
         WHERE user_host LIKE '{}%' AND argument LIKE 'SET %'",
        own.name
    );
    for statement in rows(&mut session, &said).await {
        rows(&mut session, &statement[0]).await;
    }
    let effect = "SELECT @@SESSION.wait_timeout, @@SESSION.sql_mode LIKE '%STRICT_TRANS_TABLES%', \
                  @@SESSION.tx_isolation";
    assert_eq!(
        rows(&mut session, effect).await,
        [["60", "1", "REPEATABLE-READ"]]
    );
}
