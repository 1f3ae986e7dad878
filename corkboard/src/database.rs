//! Which database there is: the embedded one, a MySQL behind the Data API, or one that the functions reach directly.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_config::SdkConfig;
use axum::Router;
use lambda::aws::http_client_over;
use local_aws::connections::Listener;
use local_aws::connections::in_process::{self, Connector};
use local_aws::data_api::{self, Engine};
use local_aws::{Credentials as AccessKey, s3};
use settings::{environment, optional};
use store::{DataApiSettings, Database, MySqlSettings};
use tokio::net::TcpListener;
use url::Url;

use crate::budget::Budget;
use crate::data_dir::DataDir;
use crate::endpoints::{address_of, endpoint, listen};
use crate::options::Options;

/// Connections to a database that the functions reach directly: they share this process.
const CONNECTIONS: u32 = 8;

/// Where messages are kept.
pub enum Chosen {
    /// A MySQL that the functions reach directly.
    Direct(MySqlSettings),
    /// What the Data API is served from: a MySQL, or the embedded SQLite.
    DataApi(TcpListener, Option<Engine>),
}

impl Chosen {
    pub async fn by(options: &Options) -> Result<Self, String> {
        if optional(&environment, "DATABASE_URL").is_some() {
            if options.database.is_some() {
                return Err("--database and DATABASE_URL are both given: leave one out".into());
            }
            let settings =
                MySqlSettings::from_lookup(&environment).map_err(|error| error.to_string())?;
            return Ok(Self::Direct(settings));
        }
        let listener = listen(options.data_api_listen, "--data-api-listen").await?;
        let engine = match &options.database {
            Some(url) => Some(mysql(url).await?),
            None => None,
        };
        Ok(Self::DataApi(listener, engine))
    }
}

/// A MySQL behind the Data API. No message repeats the URL, which has a password in it.
async fn mysql(url: &str) -> Result<Engine, String> {
    let parsed = Url::parse(url).ok().filter(|url| url.scheme() == "mysql");
    let parsed =
        parsed.ok_or("--database is malformed: expected mysql://user:password@host:3306/name")?;
    Engine::mysql(url).await.map_err(|error| {
        let host = parsed.host_str().unwrap_or_default();
        format!("the database at {host} cannot be used: {error}")
    })
}

/// The database as the functions see it, and the Data API before it where there is one.
pub async fn database(
    chosen: Chosen,
    options: &Options,
    config: &SdkConfig,
    data_dir: &DataDir,
    budget: &Budget,
) -> Result<(Database, Option<(Listener, Router)>), String> {
    let (listener, engine) = match chosen {
        Chosen::Direct(settings) => return Ok((Database::mysql(&settings, CONNECTIONS), None)),
        Chosen::DataApi(listener, engine) => (listener, engine),
    };
    let engine = match engine {
        Some(engine) => engine,
        None => embedded(data_dir).await?,
    };
    let address = address_of(&listener)?;
    let credentials = AccessKey {
        access_key_id: options.access_key_id.clone(),
        secret_access_key: options.secret_access_key.clone(),
    };
    let router = data_api::router(engine, credentials, address, budget.program_memory.clone());
    let (connector, calls) = in_process::line();
    let listener = Listener {
        tcp: listener,
        calls: Some(calls),
        connections: Arc::clone(&budget.connections),
    };
    let database = behind_data_api(config, connector, address);
    Ok((database, Some((listener, router))))
}

async fn embedded(data_dir: &DataDir) -> Result<Engine, String> {
    let path = data_dir.database();
    let damaged = |what: &str| {
        format!(
            "{what}: put {} back from a backup, or move it away to begin without messages",
            path.display()
        )
    };
    // To SQLite an empty file is an empty database.
    let is_empty = fs::metadata(&path).is_ok_and(|file| file.len() == 0);
    if is_empty && s3::is_there(&data_dir.objects()) {
        return Err(damaged("the database is empty"));
    }
    let opened = Engine::sqlite(&path).await;
    opened.map_err(|error| damaged(&error.to_string()))
}

fn behind_data_api(config: &SdkConfig, connector: Connector, address: SocketAddr) -> Database {
    let config = aws_sdk_rdsdata::config::Builder::from(config)
        .http_client(http_client_over(connector))
        .endpoint_url(endpoint(address));
    // The endpoint has one database, whatever it is called.
    let settings = DataApiSettings {
        cluster_arn: "arn:aws:rds:us-east-1:000000000000:cluster:corkboard".into(),
        secret_arn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:corkboard".into(),
        name: "corkboard".into(),
    };
    let config = config.build();
    Database::data_api(|| aws_sdk_rdsdata::Client::from_conf(config), settings)
}
