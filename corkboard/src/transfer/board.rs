use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use board::{Deadline, Imported, Listed, Protocol, Republished};
use domain::{Author, Message, MessageId, MessageText, NewMessage, NewPicture};
use lambda::aws;
use local_aws::backup::Place;
use media::Bucket;
use media::bucket_name;
use settings::{environment, optional};
use store::{Database, DatabaseSettings, Store};
use tokio::time::Instant;

use super::report::{Fate, Transferred};
use crate::budget::Budget;
use crate::options::Options;
use crate::progress::follow;
use crate::services::{Access, Services};

/// How long one statement may take; a database that sleeps has woken by then.
const STATEMENT: Duration = Duration::from_mins(1);
/// How long the steps for one message may take, from a database that sleeps to a picture that goes up slowly.
const MESSAGE: Duration = Duration::from_mins(10);

/// The board that a command works on.
pub struct Board {
    board: board::Board,
    /// What the local board stands on, as long as it is open.
    services: Option<Services>,
}

impl Board {
    /// The deployed board where `MEDIA_BUCKET` is set, and otherwise the local one, which nobody else may be
    /// running unless it is only read.
    pub async fn open(options: &Options, access: Access) -> Result<Self, String> {
        let board = if optional(&environment, "MEDIA_BUCKET").is_some() {
            Self::deployed().await?
        } else {
            Self::local(options, access).await?
        };
        board.store().ping().await.map_err(failed)?;
        Ok(board)
    }

    async fn deployed() -> Result<Self, String> {
        let name = bucket_name(&environment).map_err(|error| error.to_string())?;
        let database =
            DatabaseSettings::from_lookup(&environment).map_err(|error| error.to_string())?;
        eprintln!("Working on the deployed board: bucket {name}.");
        // The credentials are those of whoever runs the command.
        let config = aws_config::defaults(aws::behavior())
            .http_client(aws::http_client())
            .load()
            .await;
        Ok(Self {
            board: board::Board::new(
                Database::new(database, &config),
                Bucket::new(move || aws_sdk_s3::Client::new(&config), name),
            ),
            services: None,
        })
    }

    async fn local(options: &Options, access: Access) -> Result<Self, String> {
        // The endpoints serve this command alone, and the functions run in this process.
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = Options {
            s3_listen: any_port,
            data_api_listen: any_port,
            lambda: None,
            ..options.clone()
        };
        let budget = Budget::of(&options);
        let services = Services::start(&options, &budget, access).await?;
        eprintln!("Working on the board in {}.", options.data_dir.display());
        Ok(Self {
            board: board::Board::new(services.database.clone(), services.bucket()),
            services: Some(services),
        })
    }

    /// Brings the bucket in step with the database.
    pub async fn republish(&self) -> Result<Republished, String> {
        let done = self.board.republish(follow("messages")).await;
        done.map_err(failed)
    }

    /// Whether what was listed of a message is what its row says.
    pub async fn is_as_listed(&self, message: &Message, listed: &Listed) -> Result<bool, String> {
        let is_as_listed = self.protocol().is_as_listed(message, listed).await;
        is_as_listed.map_err(failed)
    }

    /// Deletes a message, and succeeds also where it was deleted before.
    pub async fn delete(&self, id: MessageId) -> Result<(), String> {
        match self.protocol().delete(id).await {
            Ok(()) | Err(board::Error::NotFound) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// The steps that change the board, for one message.
    fn protocol(&self) -> Protocol<'_> {
        self.board.protocol(Deadline::at(Instant::now() + MESSAGE))
    }

    /// What is in the bucket.
    pub async fn list(&self) -> Result<Listed, String> {
        self.board.list().await.map_err(failed)
    }

    /// Lets the carrousel catch up.
    pub async fn close(self) {
        if let Some(services) = self.services {
            services.stop().await;
        }
    }

    /// Where the board is kept, if that is on this machine.
    pub fn place(&self) -> Option<Place> {
        self.services.as_ref().map(Services::place)
    }

    /// The media bucket.
    pub fn bucket(&self) -> &Bucket {
        self.board.bucket()
    }

    /// The board's messages, for one statement.
    pub fn store(&self) -> Store {
        self.board.store(Deadline::at(Instant::now() + STATEMENT))
    }

    /// Imports a message under its id, to the board or to wait for a moderator, and says what became of it and of its
    /// picture, which may be none that can be taken.
    pub async fn import(
        &self,
        id: MessageId,
        author: Option<Author>,
        text: MessageText,
        picture: Option<Result<NewPicture, String>>,
        is_held: bool,
    ) -> Result<Transferred, String> {
        let (picture, not_taken) = match picture.transpose() {
            Ok(picture) => (picture, None),
            Err(why) => (None, Some(why)),
        };
        if text.is_empty() && picture.is_none() {
            return Ok(Transferred::not_taken(match not_taken {
                Some(why) => format!("it has no text, and of its picture: {why}"),
                None => "it has neither text nor picture".into(),
            }));
        }
        let new = NewMessage {
            author,
            text,
            picture,
        };
        let mut outcome = self.take(id, &new, is_held).await?;
        if let Some(why) = not_taken
            && !matches!(outcome.message, Fate::NotTaken(_))
        {
            outcome.picture = Some(Fate::NotTaken(why));
        }
        Ok(outcome)
    }

    async fn take(
        &self,
        id: MessageId,
        new: &NewMessage,
        is_held: bool,
    ) -> Result<Transferred, String> {
        let protocol = self.protocol();
        let imported = if is_held {
            protocol.import_held(id, new).await
        } else {
            protocol.import(id, new).await
        };
        let imported = imported.map_err(failed)?;
        let of_picture = |fate| new.picture.as_ref().map(|_| fate);
        let (message, picture) = match imported {
            Imported::New => (Fate::Taken, of_picture(Fate::Taken)),
            Imported::AlreadyThere => (Fate::AlreadyThere, of_picture(Fate::AlreadyThere)),
            Imported::PictureAdded => (Fate::AlreadyThere, Some(Fate::Taken)),
            Imported::OtherPicture => {
                let why = "the message has another one".into();
                (Fate::AlreadyThere, Some(Fate::NotTaken(why)))
            }
            Imported::OtherMessage => {
                return Ok(Transferred::not_taken("another message has its id"));
            }
            Imported::Deleted => {
                return Ok(Transferred::not_taken("it was deleted from this board"));
            }
            Imported::Waiting => {
                return Ok(Transferred::not_taken(
                    "it waits for a moderator of this board",
                ));
            }
            Imported::Overtaken => return Err(failed("another run took a message")),
        };
        Ok(Transferred { message, picture })
    }
}

/// The board fails: the end of the command, which can be run again.
pub fn failed(cause: impl Display) -> String {
    format!("{cause} (the same command can be run again)")
}
