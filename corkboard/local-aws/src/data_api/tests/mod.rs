//! The endpoint as its clients see it, over TCP, on SQLite and on a MariaDB of the tests' own, or on the server that
//! `CORKBOARD_TEST_MYSQL_URL` names (`mysql://user:password@host:3306/name`; the user may create databases).

mod aws_examples;
mod clients;
mod mysql;
mod refusals;
mod sdk;
mod transactions;

use std::net::SocketAddr;
use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use ulid::Ulid;

use super::{Engine, router, serve};
use crate::connections::memory::Memory;
use crate::signature::Credentials;

pub const CLUSTER: &str = "arn:aws:rds:us-east-1:123456789012:cluster:mydbcluster";
pub const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mysecret";

/// A running endpoint; it stops with the value.
pub struct Endpoint {
    pub address: SocketAddr,
    pub is_mysql: bool,
    database: Option<(String, String)>,
    server: AbortHandle,
    directory: Option<TempDir>,
}

impl Endpoint {
    pub async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let engine = Engine::sqlite(&directory.path().join("board.sqlite"))
            .await
            .unwrap();
        Self::start(engine, None, Some(directory)).await
    }

    /// SQLite and MySQL: an empty database each.
    pub async fn all() -> [Self; 2] {
        [Self::sqlite().await, Self::mysql().await]
    }

    pub async fn mysql() -> Self {
        let url = match std::env::var("CORKBOARD_TEST_MYSQL_URL") {
            Ok(url) => url,
            Err(_) => support::mariadb::Server::shared().await.root_url(),
        };
        let name = format!("corkboard_{}", Ulid::generate().to_string().to_lowercase());
        let mut connection = MySqlConnection::connect(&url).await.unwrap();
        let sql = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
        let (server, _) = url.rsplit_once('/').unwrap();
        let engine = Engine::mysql(&format!("{server}/{name}")).await.unwrap();
        Self::start(engine, Some((url, name)), None).await
    }

    async fn start(
        engine: Engine,
        database: Option<(String, String)>,
        directory: Option<TempDir>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router(engine, credentials(), address, Memory::of(16 * 1024 * 1024));
        let server = tokio::spawn(serve(listener.into(), app, std::future::pending()));
        Self {
            address,
            is_mysql: database.is_some(),
            database,
            server: server.abort_handle(),
            directory,
        }
    }

    /// Removes what the test made on the MySQL server.
    pub async fn stop(self) {
        self.server.abort();
        if let Some((url, name)) = &self.database {
            let mut connection = MySqlConnection::connect(url).await.unwrap();
            connection
                .execute(AssertSqlSafe(format!("DROP DATABASE {name}")))
                .await
                .unwrap();
        }
    }

    pub fn sdk(&self) -> aws_sdk_rdsdata::Client {
        let Credentials {
            access_key_id,
            secret_access_key,
        } = credentials();
        let config = aws_sdk_rdsdata::Config::builder()
            .behavior_version(aws_sdk_rdsdata::config::BehaviorVersion::latest())
            .region(aws_sdk_rdsdata::config::Region::new("eu-central-1"))
            .endpoint_url(format!("http://{}", self.address))
            .retry_config(aws_sdk_rdsdata::config::retry::RetryConfig::disabled())
            .credentials_provider(aws_credential_types::Credentials::new(
                access_key_id,
                secret_access_key,
                None,
                None,
                "test",
            ))
            .http_client(lambda::aws::http_client())
            .build();
        aws_sdk_rdsdata::Client::from_conf(config)
    }

    /// Posts `body` with the common parameters added, signed.
    pub async fn post(&self, path: &str, mut body: Value) -> Answer {
        body["resourceArn"] = json!(CLUSTER);
        body["secretArn"] = json!(SECRET);
        self.send(&Signed::new(self.address, path, body.to_string()))
            .await
    }

    /// Runs SQL that must work, and answers the response's body.
    pub async fn run(&self, sql: &str) -> Value {
        let answer = self.post("/Execute", json!({ "sql": sql })).await;
        assert_eq!(answer.status, 200, "{sql}: {:?}", answer.body);
        answer.body
    }

    pub async fn send(&self, request: &Signed) -> Answer {
        let mut sending =
            reqwest::Client::new().post(format!("http://{}{}", self.address, request.path));
        for (name, value) in &request.headers {
            sending = sending.header(name, value);
        }
        let response = sending.body(request.body.clone()).send().await.unwrap();
        let error = response.headers().get("x-amzn-errortype");
        Answer {
            status: response.status().as_u16(),
            error: error.map(|error| error.to_str().unwrap().to_owned()),
            body: response.json().await.unwrap(),
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub fn credentials() -> Credentials {
    Credentials {
        access_key_id: "local".into(),
        secret_access_key: "corkboard-local".into(),
    }
}

#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub error: Option<String>,
    pub body: Value,
}

impl Answer {
    pub fn refused(status: u16, error: &str, message: &str) -> Self {
        Self {
            status,
            error: Some(error.into()),
            body: json!({ "message": message }),
        }
    }
}

/// A raw request, signed; a test may change it afterwards.
pub struct Signed {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Signed {
    pub fn new(address: SocketAddr, path: &str, body: String) -> Self {
        Self::with(address, path, body, &credentials(), SystemTime::now(), &[])
    }

    pub fn with(
        address: SocketAddr,
        path: &str,
        body: String,
        credentials: &Credentials,
        time: SystemTime,
        more: &[(&str, &str)],
    ) -> Self {
        let host = address.to_string();
        let mut headers = vec![
            ("host", host.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend(more);
        let identity = aws_credential_types::Credentials::new(
            &credentials.access_key_id,
            &credentials.secret_access_key,
            None,
            None,
            "test",
        )
        .into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("rds-data")
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let signable = SignableRequest::new(
            "POST",
            path,
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let (instructions, _) = sign(signable.unwrap(), &parameters).unwrap().into_parts();
        let headers = headers.into_iter().chain(instructions.headers());
        let headers = headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            path: path.to_owned(),
            headers,
            body,
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}
