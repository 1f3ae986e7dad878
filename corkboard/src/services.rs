//! What the functions and the front door stand on: S3, a database, and the queues from the bucket to syncS3Bucket and
//! notify.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use local_aws::backup::Place;
use local_aws::connections::{LAST_REQUESTS, Listener, in_process};
use local_aws::drive::Drive;
use local_aws::queue::Queue;
use local_aws::{data_api, s3};
use media::Bucket;
use message_board::app;
use settings::{SettingError, environment, optional};
use small_pictures::SmallPictures;
use store::Database;
use sync_s3_bucket::SyncS3Bucket;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tracing::warn;

use crate::budget::Budget;
use crate::data_dir::DataDir;
use crate::database::{Chosen, database};
use crate::decoder::Child;
use crate::endpoints::{address_of, listen, s3_client, sdk_config};
use crate::functions::{Functions, small_pictures_secret};
use crate::notices;
use crate::options::Options;
use crate::progress::follow;

/// How long the migrations may take.
const MIGRATIONS: Duration = Duration::from_mins(5);

/// Everything behind the front door, running.
pub struct Services {
    pub s3: aws_sdk_s3::Client,
    pub functions: Functions,
    pub database: Database,
    /// What everything is kept on.
    pub drive: Arc<Drive>,
    queues: Vec<Queue>,
    s3_address: SocketAddr,
    data_api_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    servers: JoinSet<()>,
    data_dir: DataDir,
}

impl Services {
    /// Starts the services that the flags ask for. Unless the board is only read, the schema is brought up to date.
    pub async fn start(options: &Options, budget: &Budget, access: Access) -> Result<Self, String> {
        options.check()?;
        let channels = match access {
            Access::Run => notices::channels(options)?,
            _ => None,
        };
        let s3_listener = listen(options.s3_listen, "--s3-listen").await?;
        let s3_address = address_of(&s3_listener)?;
        let chosen = Chosen::by(options).await?;
        let lambda = match &options.lambda {
            Some(url) => Some(Functions::lambda(url.clone()).await?),
            None => None,
        };
        if lambda.is_none() {
            FunctionSettings::read(ANY_SECRET)?;
        }
        // All that can be refused without the folder was asked for before, so that a refusal leaves no folder behind.
        let data_dir = access.open(&options.data_dir)?;
        let is_alone = matches!(&chosen, Chosen::DataApi(_, None));
        let config = sdk_config(options);
        let (s3_connector, s3_calls) = in_process::line();
        let s3 = s3_client(&config, s3_connector, s3_address);
        let (database, data_api) = database(chosen, options, &config, &data_dir, budget).await?;
        let functions = match lambda {
            Some(functions) => functions,
            None => functions(&data_dir, &s3, database.clone())?,
        };
        let notices = channels.map(|channels| notices::queue(channels, clone_of(&s3)));
        let queues: Vec<_> = [functions.clone().queue()]
            .into_iter()
            .chain(notices)
            .collect();
        let s3_endpoint = s3::service(
            open_objects(&data_dir, &queues)?,
            (&options.access_key_id, &options.secret_access_key),
            s3_address,
            budget.program_memory.clone(),
        );

        let drive = s3_endpoint.drive();
        let (stop, stopped) = watch::channel(false);
        let mut servers = JoinSet::new();
        let s3_listener = Listener {
            tcp: s3_listener,
            calls: Some(s3_calls),
            connections: Arc::clone(&budget.connections),
        };
        servers.spawn(s3::serve(s3_listener, s3_endpoint, until(stopped.clone())));
        let mut data_api_address = None;
        if let Some((listener, router)) = data_api {
            data_api_address = Some(address_of(&listener.tcp)?);
            servers.spawn(data_api::serve(listener, router, until(stopped)));
        }
        if !data_dir.is_read_only() {
            migrate(&database, is_alone).await?;
            if !matches!(access, Access::Republish) {
                let in_step = bring_in_step(&database, &s3).await;
                in_step.map_err(|error| damage_or(error, &data_dir.objects()))?;
            }
            // Events that were undelivered when the last run ended are lost: each function compares the whole bucket.
            queues.iter().for_each(Queue::reconcile);
        }
        Ok(Self {
            s3,
            functions,
            database,
            drive,
            queues,
            s3_address,
            data_api_address,
            stop,
            servers,
            data_dir,
        })
    }

    /// The media bucket.
    pub fn bucket(&self) -> Bucket {
        bucket(&self.s3)
    }

    /// Where everything is kept.
    pub fn place(&self) -> Place {
        self.data_dir.place()
    }

    /// The endpoints for programs.
    pub fn endpoints(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        let data_api = self.data_api_address.map(|address| ("Data API", address));
        [("S3", self.s3_address)].into_iter().chain(data_api)
    }

    /// Delivers what is queued, lets requests end, and gives the data directory up.
    pub async fn stop(mut self) {
        join_all(self.queues.iter().map(Queue::shutdown)).await;
        self.stop.send_replace(true);
        let ended = timeout(LAST_REQUESTS, async {
            while self.servers.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            // A request may still write something: the folder stays locked until the process has ended.
            std::mem::forget(self.data_dir);
        }
    }
}

/// What is done with a board.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// The board is only read, also beside one that runs, and left as it is.
    Read,
    /// The board is run, and made where there is none.
    Run,
    /// The board is changed, and made where there is none.
    Write,
    /// The board is changed to bring its bucket in step with its database, which a start does not do then.
    Republish,
}

impl Access {
    fn open(self, path: &Path) -> Result<DataDir, String> {
        match self {
            Self::Read => DataDir::open_to_read(path),
            Self::Run | Self::Write => DataDir::open(path),
            Self::Republish => DataDir::kept_secret(path).and_then(|_| DataDir::open(path)),
        }
    }
}

/// Opens the bucket, whose events go to the `queues`.
fn open_objects(data_dir: &DataDir, queues: &[Queue]) -> Result<s3::Store, String> {
    let objects = data_dir.objects();
    let store = if data_dir.is_read_only() {
        s3::Store::open_to_read(&objects)
    } else {
        let queues = queues.to_vec();
        let events = move |event| queues.iter().for_each(|queue| queue.send(&event));
        let mut progress = follow("pictures of an earlier version");
        s3::Store::open(&objects, events, &mut |done, total| {
            progress(done as u64, total as u64);
        })
    };
    store.map_err(|error| format!("{} cannot be used: {error}", objects.display()))
}

/// Brings the schema up to date, with `is_alone` as the only process at the database.
async fn migrate(database: &Database, is_alone: bool) -> Result<(), String> {
    let until = Instant::now() + MIGRATIONS;
    let migrated = if is_alone {
        database.migrate_alone(until).await
    } else {
        database.migrate(until).await
    };
    match migrated {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the database cannot be used: {error}")),
    }
}

/// Brings the bucket in step with the database: the bucket may be that of another database, or of an earlier version.
async fn bring_in_step(database: &Database, s3: &aws_sdk_s3::Client) -> Result<(), String> {
    let board = board::Board::new(database.clone(), bucket(s3));
    let published = board.publish_all(follow("messages of an earlier version"));
    published.await.map_err(|error| error.to_string())?;
    let removed = bucket(s3).remove_what_was_before().await;
    removed.map_err(|error| error.to_string())?;
    let deadline = board::Deadline::at(Instant::now() + MIGRATIONS);
    let is_in_step = board.is_in_step(deadline).await;
    if !is_in_step.map_err(|error| error.to_string())? {
        warn!("the objects are not those of the database: they are brought in step");
        let done = board.republish(follow("messages")).await;
        let done = done.map_err(|error| error.to_string())?;
        let messages = done.deleted.len() + done.missing.len() + done.without_picture.len();
        if messages > 0 {
            warn!(
                messages,
                "messages or pictures are gone: see corkboard republish"
            );
        }
    }
    Ok(())
}

/// The error of a start: where the index is damaged, it says that the next start rebuilds it.
fn damage_or(error: String, objects: &Path) -> String {
    if s3::damage_note_of(objects).exists() {
        let index = s3::index_of(objects);
        format!(
            "{} is damaged: start again, and it is rebuilt",
            index.display()
        )
    } else {
        error
    }
}

/// What stands for the board's secret while the settings are checked, before the folder with the secret is opened.
const ANY_SECRET: &str = "as long as a board's secret has to be";

/// What a deployment would give the functions.
struct FunctionSettings {
    message_board: message_board::Settings,
    sync_s3_bucket: sync_s3_bucket::Settings,
    small_pictures: small_pictures::Settings,
}

impl FunctionSettings {
    fn read(secret: &str) -> Result<Self, String> {
        let lookup = |variable: &str| match variable {
            "MEDIA_BUCKET" => Some(s3::BUCKET.to_owned()),
            "PUBLIC_BASE_URL" => Some(environment(variable).unwrap_or_default()),
            "BOARD_SECRET" => optional(&environment, variable).or_else(|| Some(secret.to_owned())),
            _ => environment(variable),
        };
        let of_small_pictures = |variable: &str| match variable {
            "ORIGIN_SECRET" => Some(small_pictures_secret()),
            _ => lookup(variable),
        };
        let read = || {
            Ok(Self {
                message_board: message_board::Settings::from_lookup(&lookup)?,
                sync_s3_bucket: sync_s3_bucket::Settings::from_lookup(&lookup)?,
                small_pictures: small_pictures::Settings::from_lookup(&of_small_pictures)?,
            })
        };
        read().map_err(|error: SettingError| error.to_string())
    }
}

/// The functions' libraries.
fn functions(
    data_dir: &DataDir,
    s3: &aws_sdk_s3::Client,
    database: Database,
) -> Result<Functions, String> {
    let settings = FunctionSettings::read(&data_dir.secret()?)?;
    let child = Child::new();
    Ok(Functions::InProcess {
        message_board: app(settings.message_board, database, bucket(s3)),
        sync_s3_bucket: SyncS3Bucket::new(clone_of(s3), settings.sync_s3_bucket),
        small_pictures: SmallPictures::new(clone_of(s3), settings.small_pictures, child),
    })
}

fn bucket(s3: &aws_sdk_s3::Client) -> Bucket {
    Bucket::new(clone_of(s3), s3::BUCKET)
}

/// The closure by which a function gets its client of S3.
fn clone_of(s3: &aws_sdk_s3::Client) -> impl FnOnce() -> aws_sdk_s3::Client + Send + 'static {
    let s3 = s3.clone();
    || s3
}

pub async fn until(mut end: watch::Receiver<bool>) {
    // That the sender is gone is an end, too.
    let _ = end.wait_for(|end| *end).await;
}
