use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use shared::aws;
use shared::bucket::Bucket;
use shared::domain::{Message, MessageId, MessageText, NewMessage};
use shared::front_page;
use shared::settings::{environment, media_bucket, optional};
use shared::store::{Database, DatabaseSettings, Status, Store};
use tokio::time::{Instant, sleep};

use super::report::{Fate, Outcome};
use crate::options::Options;
use crate::s3;
use crate::services::Services;

/// How long one statement may take; a database that sleeps has woken by then.
const STATEMENT: Duration = Duration::from_mins(1);
/// message-board spends at most two seconds on clearing leftovers away.
const CLEARING: Duration = Duration::from_secs(3);

/// The board that a command works on.
pub struct Board {
    pub bucket: Bucket,
    database: Database,
    /// What the local board stands on, as long as it is open.
    services: Option<Services>,
}

impl Board {
    /// The deployed board where `MEDIA_BUCKET` is set, and otherwise the local one, which nobody else may be
    /// running.
    pub async fn open(options: &Options) -> Result<Self, String> {
        let board = if optional(&environment, "MEDIA_BUCKET").is_some() {
            Self::deployed().await?
        } else {
            Self::local(options).await?
        };
        board.store().ping().await.map_err(failed)?;
        board.bucket.ping().await.map_err(failed)?;
        Ok(board)
    }

    async fn deployed() -> Result<Self, String> {
        let name = media_bucket(&environment).map_err(|error| error.to_string())?;
        let database =
            DatabaseSettings::from_lookup(&environment).map_err(|error| error.to_string())?;
        eprintln!("Working on the deployed board: bucket {name}.");
        // With the profile of whoever runs the command.
        let config = aws_config::defaults(aws::behavior())
            .http_client(aws::http_client())
            .load()
            .await;
        Ok(Self {
            bucket: Bucket::new(aws_sdk_s3::Client::new(&config), name),
            database: Database::new(database, &config),
            services: None,
        })
    }

    async fn local(options: &Options) -> Result<Self, String> {
        // The endpoints serve this command alone, and the functions run in this process.
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let services = Services::start(&Options {
            s3_listen: any_port,
            data_api_listen: any_port,
            lambda: None,
            ..options.clone()
        })
        .await?;
        eprintln!("Working on the board in {}.", options.data_dir.display());
        Ok(Self {
            bucket: Bucket::new(services.s3.clone(), s3::BUCKET),
            database: services.database.clone(),
            services: Some(services),
        })
    }

    /// Does the work of an import: however it ends, the front page shows what was taken. A mark tells of it
    /// should the command be killed.
    pub async fn change<T>(
        &self,
        work: impl AsyncFnOnce(&Self) -> Result<T, String>,
    ) -> Result<T, String> {
        let mark = front_page::begin(&self.bucket).await.map_err(failed)?;
        let done = work(self).await;
        front_page::refresh(&self.bucket, &self.store(), None)
            .await
            .map_err(failed)?;
        self.bucket.delete_mark(mark).await.map_err(failed)?;
        done
    }

    /// Lets the carrousel catch up.
    pub async fn close(self) {
        if let Some(services) = self.services {
            services.stop().await;
        }
    }

    /// The board's messages, for one statement.
    pub fn store(&self) -> Store {
        Store::new(self.database.clone(), Instant::now() + STATEMENT)
    }

    /// Takes a message under its id in the order of every post: the row, the picture, the row made visible.
    /// What a run that was killed left of it is cleared away first; if that run is alive after all, it can
    /// no longer post the message.
    pub async fn take(&self, id: MessageId, new: &NewMessage) -> Result<Outcome, String> {
        if let Some(found) = self.store().find(id).await.map_err(failed)? {
            return self.complete(&found, new).await;
        }
        if let Some(leftover) = self.store().unposted(id).await.map_err(failed)? {
            let (false, Some(format)) = (leftover.status == Status::Deleted, leftover.picture)
            else {
                return Ok(Outcome::not_taken("it was deleted from this board"));
            };
            let taken = self.store().take_pending(id, MessageId::generate()).await;
            taken.map_err(failed)?;
            if let Some(found) = self.store().find(id).await.map_err(failed)? {
                return self.complete(&found, new).await;
            }
            let deleted = self.bucket.delete_picture(id, format).await;
            deleted.map_err(failed)?;
            self.store().remove_leftover(id).await.map_err(failed)?;
            // message-board may be clearing it away, too; what is put too early would go with it.
            sleep(CLEARING).await;
        }
        let message = new.with_id(id);
        let since = MessageId::generate();
        let inserted = self.store().insert_old(&message, since).await;
        inserted.map_err(failed)?;
        if let Some(picture) = &new.picture {
            let put = self.bucket.put_picture(id, &picture.picture).await;
            put.map_err(failed)?;
            let marked = self.store().mark_old_posted(id, since).await;
            if !marked.map_err(failed)? {
                return Err(failed("another run took a message"));
            }
        }
        Ok(Outcome {
            message: Fate::Taken,
            picture: new.picture.as_ref().map(|_| Fate::Taken),
        })
    }

    /// The message is there; a picture that could not be taken the last time is added.
    async fn complete(&self, found: &Message, new: &NewMessage) -> Result<Outcome, String> {
        let message = new.with_id(found.id);
        let Message {
            id: _,
            author,
            text,
            picture,
        } = found;
        // A board of before may have a text whose line breaks would be kept otherwise today.
        let text = MessageText::parse(text);
        if *author != message.author || text.as_ref() != Ok(&new.text) {
            return Ok(Outcome::not_taken("another message has its id"));
        }
        let (Some(posted), Some(sent)) = (&message.picture, &new.picture) else {
            return Ok(Outcome {
                message: Fate::AlreadyThere,
                picture: None,
            });
        };
        let picture = match picture {
            Some(other) if other == posted => Fate::AlreadyThere,
            Some(_) => Fate::NotTaken("the message has another one".into()),
            None => {
                let put = self.bucket.put_picture(found.id, &sent.picture).await;
                put.map_err(failed)?;
                let added = self.store().add_picture(found.id, posted).await;
                added.map_err(failed)?;
                Fate::Taken
            }
        };
        Ok(Outcome {
            message: Fate::AlreadyThere,
            picture: Some(picture),
        })
    }
}

/// The board fails: the end of the command, which can be run again.
pub fn failed(cause: impl Display) -> String {
    format!("{cause} (the same command can be run again)")
}
