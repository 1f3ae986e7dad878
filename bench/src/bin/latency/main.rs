//! `latency`: message-board on services that are as far away as those of AWS.
//!
//! The functions are the real app on the S3 and the Data API that the environment names. Each has ways of its own to
//! them, which let every answer wait, and remember when each request began and when its answer came.
//!
//! `alone` asks one execution environment for one thing after the other; `together` has many environments post at a
//! rate while others read. Both print JSON.
//!
//! - `far`: the ways to the services;
//! - `function`: an execution environment, and what it is asked;
//! - `alone`, `together`: the two commands.

mod alone;
mod far;
mod function;
mod together;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use far::Far;

/// message-board on services that are far away.
#[derive(Parser)]
struct Options {
    /// How long an answer of the Data API waits, in milliseconds.
    #[arg(long)]
    database: u64,
    /// How long an answer of S3 waits, in milliseconds.
    #[arg(long)]
    s3: u64,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One request after the other.
    Alone {
        /// How often each is asked.
        #[arg(long)]
        rounds: usize,
        /// A JPEG.
        #[arg(long)]
        picture: PathBuf,
    },
    /// Posts of texts at a rate, whether or not those before are answered, and reads beside them.
    Together {
        /// Execution environments that take posts; each serves one request at a time.
        #[arg(long)]
        environments: usize,
        /// Posts a second.
        #[arg(long)]
        rate: u32,
        #[arg(long)]
        seconds: u32,
        /// Execution environments that are asked for the first page.
        #[arg(long)]
        readers: usize,
        /// How often each of them is asked a second.
        #[arg(long)]
        reads: u32,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let far = Far {
        database: Duration::from_millis(options.database),
        s3: Duration::from_millis(options.s3),
    };
    let found = match options.command {
        Command::Alone { rounds, picture } => alone::measure(far, rounds, &picture).await?,
        Command::Together {
            environments,
            rate,
            seconds,
            readers,
            reads,
        } => {
            let readers = (readers, Duration::from_secs(1) / reads);
            together::measure(far, environments, (rate, seconds), readers).await?
        }
    };
    println!("{found}");
    Ok(())
}
