//! A `corkboard` process: started, talked to, killed.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_config::Region;
use aws_credential_types::Credentials;
use store::{DataApiSettings, Database};

use support::corkboard::{Addresses, alone};
use support::process::{Process, folder, supervised};

pub const BUCKET: &str = "corkboard-media";
/// Well formed is all that the endpoint asks of the two.
pub const CLUSTER_ARN: &str = "arn:aws:rds:us-east-1:000000000000:cluster:corkboard";
pub const SECRET_ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:corkboard";

/// A board that runs as long as the value lives. Dropped, it is killed as by `kill -9`.
pub struct Corkboard {
    process: Process,
    folder: PathBuf,
    addresses: Addresses,
}

/// `corkboard` with its data in `folder`, which is killed with the tests.
fn command(folder: &Path) -> Command {
    let program = std::env::var_os("CORKBOARD_BIN")
        .map_or_else(|| env!("CARGO_BIN_EXE_corkboard").into(), PathBuf::from);
    let mut command = supervised(program);
    alone(&mut command, folder).stdout(Stdio::piped());
    command
}

impl Corkboard {
    /// A board with nothing in its folder.
    pub fn start(configure: impl FnOnce(&mut Command)) -> Self {
        Self::start_in(folder(), configure)
    }

    /// The board whose data is in `folder`.
    pub fn start_in(folder: PathBuf, configure: impl FnOnce(&mut Command)) -> Self {
        let errors = folder.join("stderr");
        let mut command = command(&folder);
        command.stderr(File::create(&errors).unwrap());
        configure(&mut command);
        let is_direct = command.get_envs().any(|(name, _)| name == "DATABASE_URL");
        let mut process = Process::spawn(&mut command);
        let stdout = process.shell().stdout.take().unwrap();
        let addresses = Addresses::told(stdout, &errors, !is_direct);
        Self {
            process,
            folder,
            addresses,
        }
    }

    /// How one that cannot start ends: its exit code, and what it says on standard error.
    pub fn refused(configure: impl FnOnce(&mut Command)) -> (Option<i32>, String) {
        let mut command = command(&folder());
        command.stderr(Stdio::piped());
        configure(&mut command);
        let mut process = Process::spawn(&mut command);
        let mut errors = String::new();
        let mut stderr = process.shell().stderr.take().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        (process.shell().wait().unwrap().code(), errors)
    }

    /// The absolute URL of the site, without a trailing slash.
    pub fn site(&self) -> &str {
        &self.addresses.site
    }

    /// As by `kill -9`; its folder stays.
    pub fn kill(self) -> PathBuf {
        drop(self.process);
        self.folder
    }

    /// The embedded database's file.
    pub fn sqlite(&self) -> PathBuf {
        self.folder.join("data/corkboard.sqlite")
    }

    /// Its database, as a function in Lambda would see it.
    pub async fn database(&self) -> Database {
        let endpoint = self.addresses.data_api.as_ref().unwrap();
        data_api(endpoint).await
    }

    /// A client of its Data API.
    pub async fn rds_data(&self) -> aws_sdk_rdsdata::Client {
        let endpoint = self.addresses.data_api.as_ref().unwrap();
        aws_sdk_rdsdata::Client::new(&sdk_config(endpoint).await)
    }

    /// A client of its bucket.
    pub async fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&sdk_config(&self.addresses.s3).await)
    }
}

/// The store behind a Data API endpoint.
pub async fn data_api(endpoint: &str) -> Database {
    let settings = DataApiSettings {
        cluster_arn: CLUSTER_ARN.into(),
        secret_arn: SECRET_ARN.into(),
        name: "corkboard".into(),
    };
    let client = aws_sdk_rdsdata::Client::new(&sdk_config(endpoint).await);
    Database::data_api(|| client, settings)
}

/// The functions' own configuration of the SDK, with another endpoint.
pub async fn sdk_config(endpoint: &str) -> aws_config::SdkConfig {
    let credentials = Credentials::new("local", "corkboard-local", None, None, "test");
    aws_config::defaults(lambda::aws::behavior())
        .http_client(lambda::aws::http_client())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(endpoint)
        .load()
        .await
}
