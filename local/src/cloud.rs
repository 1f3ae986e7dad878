//! What is started, in which order, and stopped. Nothing is started before all that can be refused was
//! asked for: ports, the data directory, the database, settings.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_s3::config::ResponseChecksumValidation;
use message_board::app;
use shared::bucket::Bucket;
use shared::settings::{SettingError, environment};
use shared::store::{Database, DatabaseSettings, migrate};
use sync_s3_bucket::SyncS3Bucket;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use url::Url;

use crate::data_api::{self, Engine};
use crate::data_dir::DataDir;
use crate::front_door::{self, FrontDoor};
use crate::functions::Functions;
use crate::options::Options;
use crate::queue::Queue;
use crate::s3;
use crate::signature;

/// How long the migrations may take.
const MIGRATIONS: Duration = Duration::from_mins(5);
/// How long requests under way may take once the end has come.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// Runs the whole system until Ctrl-C.
pub async fn run(options: Options) -> Result<(), String> {
    options.check()?;
    let site = listen(options.listen, "--listen").await?;
    let s3_listener = listen(options.s3_listen, "--s3-listen").await?;
    let data_api_listener = listen(options.data_api_listen, "--data-api-listen").await?;
    let addresses = [&site, &s3_listener, &data_api_listener].map(TcpListener::local_addr);
    let [Ok(site_address), Ok(s3_address), Ok(data_api_address)] = addresses else {
        return Err("the system does not say which ports it gave".into());
    };

    let data_dir = DataDir::open(&options.data_dir)?;
    let engine = engine(options.database.as_ref(), &data_dir).await?;
    let config = sdk_config(&options);
    let s3_client = s3_client(&config, s3_address);
    let database = database(&config, data_api_address);
    let functions = match &options.lambda {
        Some(url) => Functions::lambda(url.clone()).await?,
        None => in_process(&data_dir, &s3_client, database.clone())?,
    };
    let queue = Queue::start({
        let functions = functions.clone();
        move |event| {
            let functions = functions.clone();
            async move { functions.sync_s3_bucket(event).await }
        }
    });
    let keys = (
        options.access_key_id.as_str(),
        options.secret_access_key.as_str(),
    );
    let notify = {
        let queue = queue.clone();
        move |event| queue.send(&event)
    };
    let s3_endpoint = s3::service(&data_dir.objects(), keys, s3_address, notify)
        .map_err(|error| format!("{} cannot be used: {error}", data_dir.objects().display()))?;

    let (stop, stopped) = watch::channel(false);
    let s3_server = tokio::spawn(s3::serve(s3_listener, s3_endpoint, until(stopped.clone())));
    let credentials = signature::Credentials {
        access_key_id: options.access_key_id.clone(),
        secret_access_key: options.secret_access_key.clone(),
    };
    let data_api = data_api::router(engine, credentials, data_api_address);
    let data_api_server = tokio::spawn(
        axum::serve(data_api_listener, data_api)
            .with_graceful_shutdown(until(stopped))
            .into_future(),
    );
    migrate(&database, Instant::now() + MIGRATIONS)
        .await
        .map_err(|error| format!("the migrations failed: {error}"))?;
    // What was undelivered when the last run ended is not known.
    queue.reconcile();

    println!(
        "Corkboard is ready.\n  site      http://{}/\n  S3        http://{s3_address}\n  Data API  http://{data_api_address}",
        reachable(site_address)
    );
    let front_door = front_door::router(FrontDoor {
        functions,
        s3: s3_client,
        media_bucket: s3::BUCKET.to_owned(),
        trusted_proxy: options.trusted_proxy,
    });
    let (close, closing) = watch::channel(false);
    let front_door = front_door.into_make_service_with_connect_info::<SocketAddr>();
    let site_server = tokio::spawn(
        axum::serve(site, front_door)
            .with_graceful_shutdown(until(closing))
            .into_future(),
    );

    interrupted().await;
    // First those who ask, then what they ask for.
    close.send_replace(true);
    let _ = timeout(LAST_REQUESTS, site_server).await;
    queue.shutdown().await;
    stop.send_replace(true);
    let _ = timeout(LAST_REQUESTS, async {
        tokio::join!(s3_server, data_api_server)
    })
    .await;
    Ok(())
}

async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => format!(
                "port {} is in use: choose another with {flag}",
                address.port()
            ),
            _ => format!("{flag} {address} cannot be listened on: {error}"),
        })
}

/// The database behind the Data API.
async fn engine(url: Option<&Url>, data_dir: &DataDir) -> Result<Engine, String> {
    match url {
        None => Engine::sqlite(&data_dir.database())
            .await
            .map_err(|error| format!("{} cannot be used: {error}", data_dir.database().display())),
        Some(url) if url.scheme() == "mysql" => {
            Engine::mysql(url.as_str()).await.map_err(|error| {
                let host = url.host_str().unwrap_or_default();
                format!("the database at {host} cannot be used: {error}")
            })
        }
        Some(_) => {
            Err("--database is malformed: expected mysql://user:password@host:3306/name".into())
        }
    }
}

fn sdk_config(options: &Options) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .http_client(shared::aws::http_client())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(
            Credentials::new(
                &options.access_key_id,
                &options.secret_access_key,
                None,
                None,
                "corkboard",
            ),
        ))
        .build()
}

fn s3_client(config: &SdkConfig, address: SocketAddr) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config)
        .endpoint_url(endpoint(address))
        // The bytes come from this process.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    aws_sdk_s3::Client::from_conf(config.build())
}

fn database(config: &SdkConfig, address: SocketAddr) -> Database {
    let config = aws_sdk_rdsdata::config::Builder::from(config).endpoint_url(endpoint(address));
    // The endpoint has one database, whatever it is called.
    let settings = DatabaseSettings {
        cluster_arn: "arn:aws:rds:us-east-1:000000000000:cluster:corkboard".into(),
        secret_arn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:corkboard".into(),
        name: "corkboard".into(),
    };
    Database::new(aws_sdk_rdsdata::Client::from_conf(config.build()), settings)
}

/// The functions' libraries with the settings that a deployment would give them.
fn in_process(
    data_dir: &DataDir,
    s3: &aws_sdk_s3::Client,
    database: Database,
) -> Result<Functions, String> {
    let secret = data_dir.secret()?;
    let lookup = |variable: &str| match variable {
        "MEDIA_BUCKET" => Some(s3::BUCKET.to_owned()),
        "PUBLIC_BASE_URL" => Some(environment(variable).unwrap_or_default()),
        "BOARD_SECRET" => Some(environment(variable).unwrap_or_else(|| secret.clone())),
        _ => environment(variable),
    };
    let failed = |error: SettingError| error.to_string();
    let settings = message_board::Settings::from_lookup(&lookup).map_err(failed)?;
    let bucket = Bucket::new(s3.clone(), settings.media_bucket.clone());
    let sync = sync_s3_bucket::Settings::from_lookup(&lookup).map_err(failed)?;
    Ok(Functions::InProcess {
        message_board: app(settings, database, bucket),
        sync_s3_bucket: SyncS3Bucket::new(s3.clone(), sync),
    })
}

fn endpoint(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

/// Bound to every address, this machine is reached by loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn until(mut end: watch::Receiver<bool>) {
    // The sender gone is an end, too.
    let _ = end.wait_for(|end| *end).await;
}

/// Ctrl-C, or the request of the system to end.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}
