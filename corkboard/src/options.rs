use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use domain::ModeratorName;
use ipnet::IpNet;
use jiff::tz::TimeZone;
use url::Url;

/// A picture message board that a community runs for itself: the whole system on one machine.
#[derive(Debug, Clone, Parser)]
#[command(name = "corkboard", version)]
pub struct Options {
    /// What to do instead of running the board.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Where the site is served.
    #[arg(
        long,
        global = true,
        env = "CORKBOARD_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// Where S3 is served, for programs.
    #[arg(
        long,
        env = "CORKBOARD_S3_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8081"
    )]
    pub s3_listen: SocketAddr,

    /// Where the RDS Data API is served, for programs.
    #[arg(
        long,
        env = "CORKBOARD_DATA_API_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8082"
    )]
    pub data_api_listen: SocketAddr,

    /// Where everything is kept: objects, database, secret.
    #[arg(
        long,
        global = true,
        env = "CORKBOARD_DATA_DIR",
        value_name = "FOLDER",
        default_value = ".corkboard"
    )]
    pub data_dir: PathBuf,

    /// A folder with the page's files, in place of those that this program carries.
    #[arg(long, global = true, env = "CORKBOARD_SITE", value_name = "FOLDER")]
    pub site: Option<PathBuf>,

    /// A MySQL or MariaDB to keep messages in, instead of the embedded SQLite.
    #[arg(
        long,
        global = true,
        env = "CORKBOARD_DATABASE",
        value_name = "mysql://user:password@host:3306/name",
        hide_env_values = true
    )]
    pub database: Option<String>,

    /// Where `cargo lambda watch` runs the functions, instead of this process.
    #[arg(long, env = "CORKBOARD_LAMBDA", value_name = "URL")]
    pub lambda: Option<Url>,

    /// Proxies in front of the site, whose X-Forwarded-For and X-Forwarded-Proto are believed.
    #[arg(long, env = "CORKBOARD_TRUSTED_PROXY", value_name = "CIDR")]
    pub trusted_proxy: Option<IpNet>,

    /// How much memory the bodies of all requests may take together, in MiB.
    #[arg(
        long,
        env = "CORKBOARD_BODY_MEMORY",
        value_name = "MIB",
        default_value_t = 128,
        value_parser = clap::value_parser!(u16).range(32..)
    )]
    pub body_memory: u16,

    /// The access key of the S3 and Data API endpoints; one of your own beyond loopback.
    #[arg(long, env = "CORKBOARD_ACCESS_KEY_ID", value_name = "ID", default_value = Self::ACCESS_KEY_ID)]
    pub access_key_id: String,

    /// The secret that belongs to the access key.
    #[arg(
        long,
        env = "CORKBOARD_SECRET_ACCESS_KEY",
        value_name = "SECRET",
        default_value = Self::SECRET_ACCESS_KEY,
        hide_env_values = true
    )]
    pub secret_access_key: String,

    #[command(flatten)]
    pub notices: Notices,
}

/// Mail about new messages; the webhook's settings are the function's own.
#[derive(Debug, Clone, Args)]
pub struct Notices {
    /// The mail server by which notices of new messages are sent, with TLS.
    ///
    /// The password is in `--notice-smtp-password-file` or in the variable `CORKBOARD_NOTICE_SMTP_PASSWORD`.
    #[arg(
        id = "notice_smtp",
        long = "notice-smtp",
        env = "CORKBOARD_NOTICE_SMTP",
        value_name = "smtps://user@host or smtp+starttls://user@host",
        requires_all = ["notice_from", "notice_to"]
    )]
    pub smtp: Option<String>,

    /// From whom notices are.
    #[arg(
        id = "notice_from",
        long = "notice-from",
        env = "CORKBOARD_NOTICE_FROM",
        value_name = "ADDRESS",
        requires = "notice_smtp"
    )]
    pub from: Option<String>,

    /// To whom notices are sent.
    #[arg(
        id = "notice_to",
        long = "notice-to",
        env = "CORKBOARD_NOTICE_TO",
        value_name = "ADDRESS",
        requires = "notice_smtp"
    )]
    pub to: Option<String>,

    /// A file with the mail server's password.
    #[arg(
        id = "notice_smtp_password_file",
        long = "notice-smtp-password-file",
        env = "CORKBOARD_NOTICE_SMTP_PASSWORD_FILE",
        value_name = "FILE",
        requires = "notice_smtp"
    )]
    pub password_file: Option<PathBuf>,
}

/// What to do instead of running the board.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Take a board over: from an archive, or from an old board's table in a MySQL.
    ///
    /// Works on the board in the data directory or, with `MEDIA_BUCKET` and the functions' database settings
    /// in the environment, on the deployed one. Can be run again: what is there already is left as it is.
    Import(Import),
    /// Write all messages and pictures into one archive.
    ///
    /// Works on the board in the data directory or, with `MEDIA_BUCKET` and the functions' database settings
    /// in the environment, on the deployed one.
    Export {
        /// The archive to write; one that is there is replaced once the new one is whole.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Copy the board in the data directory to another folder, also while it runs.
    ///
    /// That folder is empty, or has an earlier backup, of which larger pictures are not copied again. Copied back in
    /// place of a data directory, it is the board as it was.
    Backup {
        /// Where to.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Compare every object with its digest and every message with its picture, and print what does not fit.
    ///
    /// Also while the board runs. Of the board in the data directory or, with `MEDIA_BUCKET` and the functions'
    /// database settings in the environment, of the deployed one, whose objects S3 checks by itself.
    Check,
    /// Ask the board that runs at `--listen` whether it answers, for whatever watches over it.
    Health,
    /// Bring the bucket in step with the database, after one of them was restored.
    ///
    /// Publishes what the bucket lacks, and writes the rows of messages that were posted after the database was saved.
    /// A message whose picture is gone was deleted since, and is deleted again. Can be run beside the deployed board, and
    /// again. Works on the board in the data directory or, with `MEDIA_BUCKET` and the functions' database settings in
    /// the environment, on the deployed one.
    Republish {
        /// Delete messages whose picture is gone, also where they are many.
        #[arg(long)]
        accept_missing: bool,
    },
    /// Write the page's files as this board serves them, for an upload.
    ///
    /// They have the board's name, description, colour and picture by `BOARD_NAME`, `BOARD_DESCRIPTION`, `BOARD_ACCENT` and
    /// `BOARD_HEAD`, and absolute addresses by `PUBLIC_BASE_URL`. With `SERVICE_WORKER=off`, browsers give up what they
    /// keep of the page.
    Site {
        /// Where to: a folder that is empty or not there.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Print the token that moderators sign in with, at the page's address with `#moderate` behind it.
    ///
    /// Of the board in the data directory or, with `BOARD_SECRET` in the environment, of the one with that
    /// secret. Whoever has it can remove everything.
    ModeratorToken {
        /// Whose token: 1 to 24 letters, digits and hyphens. It can be revoked by this name.
        #[arg(long, value_name = "NAME")]
        name: Option<ModeratorName>,
        /// Print a link instead that signs in whoever follows it within ten minutes, for a week.
        #[arg(long)]
        link: bool,
    },
    /// Make small versions of a picture: what the board starts for each, with limits of memory and time.
    #[command(hide = true)]
    DecodePicture {
        /// Make the JPEG for previews of links.
        #[arg(long)]
        link_preview: bool,
    },
}

/// Where a board is taken from.
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// An archive that `corkboard export` wrote.
    #[arg(value_name = "FILE", required_unless_present = "from")]
    pub file: Option<PathBuf>,

    /// The database of an old board, whose table has the columns id, message, `image_url`, `create_time`.
    #[arg(
        long,
        env = "CORKBOARD_IMPORT_FROM",
        value_name = "mysql://user:password@host:3306/name",
        hide_env_values = true,
        conflicts_with = "file"
    )]
    pub from: Option<String>,

    /// The old board's table.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "message",
        requires = "from"
    )]
    pub table: String,

    /// The time zone of `create_time`: a name such as Asia/Taipei, or an offset such as +08:00.
    #[arg(long, value_name = "ZONE", value_parser = time_zone, conflicts_with = "file")]
    pub timezone: Option<TimeZone>,

    /// Fetch pictures from private addresses, too; from link-local ones they are never fetched.
    #[arg(long, conflicts_with = "file")]
    pub allow_private: bool,
}

fn time_zone(text: &str) -> Result<TimeZone, String> {
    jiff::fmt::temporal::DateTimeParser::new()
        .parse_time_zone(text)
        .map_err(|_| "expected a name such as Asia/Taipei, or an offset such as +08:00".into())
}

impl Options {
    const ACCESS_KEY_ID: &str = "local";
    const SECRET_ACCESS_KEY: &str = "corkboard-local";

    /// Beyond loopback, everybody knows the default credentials.
    pub fn check(&self) -> Result<(), String> {
        let exposed = [
            ("--s3-listen", self.s3_listen),
            ("--data-api-listen", self.data_api_listen),
        ];
        match exposed
            .into_iter()
            .find(|(_, address)| !address.ip().is_loopback())
        {
            Some((flag, address)) if self.secret_access_key == Self::SECRET_ACCESS_KEY => {
                Err(format!(
                    "{flag} {address} is not loopback: set --access-key-id and --secret-access-key, or bind to 127.0.0.1"
                ))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Result<(), String> {
        Options::parse_from([&["corkboard"], arguments].concat()).check()
    }

    #[test]
    fn beyond_loopback_the_default_credentials_are_refused() {
        assert!(options(&[]).is_ok());
        assert!(options(&["--listen", "0.0.0.0:80"]).is_ok());
        assert!(options(&["--s3-listen", "0.0.0.0:8081"]).is_err());
        assert!(options(&["--data-api-listen", "192.0.2.1:8082"]).is_err());
        let own = [
            "--s3-listen",
            "0.0.0.0:8081",
            "--access-key-id",
            "me",
            "--secret-access-key",
            "mine",
        ];
        assert!(options(&own).is_ok());
    }
}
