//! `corkboard`: the cloud side of Corkboard on one machine, for development and small self-hosting.
//!
//! In reading order:
//!
//! - [`options`]: the flags;
//! - [`cloud`]: the whole system, from start to Ctrl-C;
//! - [`services`]: what the functions stand on: S3, a database, and the queue between them;
//! - [`database`]: which database that is, and [`endpoints`]: the addresses of all and the clients that reach them;
//! - [`budget`]: how many connections and how much memory all that may have;
//! - [`front_door`]: the site as CloudFront and API Gateway would show it;
//! - [`site`]: the page's files, stamped and joined;
//! - [`functions`]: the functions, in this process or under `cargo lambda watch`;
//! - [`notices`]: by what notices of new messages are sent, and [`mail`] among it;
//! - [`decoder`]: the process in which pictures are decoded;
//! - [`data_dir`]: what stays after the end;
//! - [`transfer`]: the commands that carry a board from and to another place;
//! - [`progress`]: how far such a command is.
//!
//! The functions know nothing of all this: they reach the two services through the AWS SDK, by an address.

mod budget;
mod cloud;
mod data_dir;
mod database;
mod decoder;
mod endpoints;
mod front_door;
mod functions;
mod mail;
mod notices;
mod options;
mod progress;
mod services;
mod site;
mod transfer;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser as _;
use tracing_subscriber::prelude::*;

use data_dir::DataDir;
use domain::{BoardSecret, ModeratorName, Tokens};
use options::{Command, Options};
use settings::{SettingError, environment, optional};

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Command::DecodePicture { link_preview }) = options.command {
        return decoder::run(link_preview)
            .map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS);
    }
    if let Err(error) = log() {
        return failed(&error.to_string());
    }
    // Nobody but who runs the board may read the files that are written, archives too.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("no runtime can be started: {error}")),
    };
    let done = runtime.block_on(async {
        match &options.command {
            None => cloud::run(options).await,
            Some(Command::Export { file }) => transfer::export(&options, file).await,
            Some(Command::Backup { folder }) => transfer::backup::run(&options, folder),
            Some(Command::Site { out }) => {
                site::write(site::Source::of(options.site.as_deref()), out, &environment)
            }
            Some(Command::Check) => transfer::check(&options).await,
            Some(Command::Health) => health(&options).await,
            Some(Command::Import(import)) => transfer::import(&options, import).await,
            Some(Command::Republish { accept_missing }) => {
                transfer::republish(&options, *accept_missing).await
            }
            Some(Command::ModeratorToken { name, link }) => {
                moderator_token(&options, name.as_ref(), *link)
            }
            // This command was run above, without the runtime.
            Some(Command::DecodePicture { .. }) => Ok(()),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Prints a moderator's token or sign-in link. The board may run meanwhile.
fn moderator_token(
    options: &Options,
    name: Option<&ModeratorName>,
    is_link: bool,
) -> Result<(), String> {
    let secret = match optional(&environment, "BOARD_SECRET") {
        Some(secret) => BoardSecret::new(&secret)
            .map_err(|_| "BOARD_SECRET is malformed: expected at least 32 characters")?,
        None => BoardSecret::new(&DataDir::kept_secret(&options.data_dir)?)
            .map_err(|error| error.to_string())?,
    };
    let tokens = Tokens::new(&secret, None);
    if is_link {
        let base = optional(&environment, "PUBLIC_BASE_URL").unwrap_or_else(|| {
            let base = format!("http://{}", endpoints::reachable(options.listen));
            eprintln!("corkboard: PUBLIC_BASE_URL is not set, so the link leads to {base}");
            base
        });
        let code = tokens.sign_in_code(name, SystemTime::now());
        println!("{}/#moderate={code}", base.trim_end_matches('/'));
    } else {
        println!("{}", tokens.moderator_token(name));
    }
    Ok(())
}

/// How long `corkboard health` waits for an answer.
const HEALTH: Duration = Duration::from_secs(5);

async fn health(options: &Options) -> Result<(), String> {
    let url = format!("http://{}/api/health", endpoints::reachable(options.listen));
    let asked = reqwest::Client::builder()
        .no_proxy()
        .timeout(HEALTH)
        .build()
        .map_err(|error| error.to_string())?
        .get(&url)
        .send()
        .await;
    asked
        .and_then(reqwest::Response::error_for_status)
        .map(|_| ())
        .map_err(|error| format!("the board does not answer: {error}"))
}

fn failed(error: &str) -> ExitCode {
    eprintln!("corkboard: {error}");
    ExitCode::FAILURE
}

/// Logs to standard error, for a person. `RUST_LOG` is read as by the functions; without it s3s is left out, which logs
/// every missing key as an error.
fn log() -> Result<(), SettingError> {
    let filter = optional(&environment, "RUST_LOG").unwrap_or_else(|| "warn,s3s=off".into());
    let filter = lambda::telemetry::filtered(Some(&filter))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
    Ok(())
}
