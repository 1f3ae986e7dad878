//! A `corkboard` process: started, talked to, stopped or killed.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_s3::config::SharedHttpClient;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use store::{DataApiSettings, Database};
use support::corkboard::{Addresses, alone};
use tempfile::TempDir;

use crate::answer::{Answer, ask};
use crate::environment::{Environment, get};
use crate::log_privacy::{Log, plant};

/// How long anything may take before it counts as not happening.
pub const PATIENCE: Duration = Duration::from_mins(2);
pub const BUCKET: &str = "corkboard-media";
pub const CLUSTER: &str = "arn:aws:rds:us-east-1:000000000000:cluster:corkboard";
pub const SECRET: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:corkboard";

/// A board that runs as long as the value lives.
pub struct Board {
    process: Process,
    site: String,
    s3: String,
    data_api: String,
    // Searched when the process has ended, and before its folder goes.
    _log: Log,
    folder: TempDir,
}

/// However a test ends, the process ends with it.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `corkboard` with its data in `folder`.
pub fn command(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corkboard"));
    alone(&mut command, folder.path());
    command
}

impl Board {
    /// An empty board.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// An empty board with other settings or flags.
    pub fn start_with(configure: impl FnOnce(&mut Command)) -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), configure)
    }

    /// The board whose data is in `folder`.
    pub fn start_on(folder: TempDir, configure: impl FnOnce(&mut Command)) -> Self {
        let errors = folder.path().join("stderr");
        let mut command = command(&folder);
        command.env("RUST_LOG", "trace");
        configure(&mut command);
        let child = command
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let mut process = Process(child);
        let stdout = process.0.stdout.take().unwrap();
        let addresses = Addresses::told(stdout, &errors, true);
        Self {
            site: addresses.site,
            s3: addresses.s3,
            data_api: addresses.data_api.unwrap(),
            process,
            _log: Log::of(errors.clone()),
            folder,
        }
    }

    /// A board for tests that neither need it empty nor change its settings. It ends with the last of those
    /// that hold it; a static would outlive them all.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Board>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let board = Arc::new(Self::start());
            *shared = Arc::downgrade(&board);
            board
        })
    }

    /// Ends it as a power cut would.
    pub fn kill(self) -> TempDir {
        drop(self.process);
        self.folder
    }

    /// Asks it to end, and gives its exit status, what it wrote to standard error, and its data.
    pub fn stop(mut self, signal: Signal) -> (ExitStatus, String, TempDir) {
        kill_process(Pid::from_child(&self.process.0), signal).unwrap();
        let status = exit_of(&mut self.process.0);
        let errors = fs::read_to_string(self.folder.path().join("stderr")).unwrap();
        (status, errors, self.folder)
    }

    pub fn process_id(&self) -> u32 {
        self.process.0.id()
    }

    pub fn folder(&self) -> &TempDir {
        &self.folder
    }

    /// The absolute URL of a path of the site.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site)
    }

    /// Site, S3 and Data API.
    pub fn addresses(&self) -> [SocketAddr; 3] {
        [&self.site, &self.s3, &self.data_api].map(|url| url["http://".len()..].parse().unwrap())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).await
    }

    pub async fn request(&self, method: Method, path: &str) -> Answer {
        ask(http().request(method, self.url(path))).await
    }

    /// `POST /api/messages` with JSON.
    pub async fn post(&self, message: &Value) -> Answer {
        message["text"].as_str().map(plant);
        ask(http().post(self.url("/api/messages")).json(message)).await
    }

    /// `POST /api/messages` with a form.
    pub async fn post_form(&self, form: Form) -> Answer {
        ask(http().post(self.url("/api/messages")).multipart(form)).await
    }

    /// Posts a text, and gives what was answered.
    pub async fn post_text(&self, text: &str) -> Value {
        self.post(&serde_json::json!({ "text": text }))
            .await
            .created()
    }

    /// Posts a text with a picture, and gives what was answered.
    pub async fn post_picture(&self, text: &str, picture: Vec<u8>) -> Value {
        plant(text);
        let form = Form::new().text("text", text.to_owned());
        let form = form.part("picture", file(picture, "picture"));
        self.post_form(form).await.created()
    }

    pub async fn delete(&self, id: &str, token: &str) -> Answer {
        let delete = http().delete(self.url(&format!("/api/messages/{id}")));
        ask(delete.bearer_auth(token)).await
    }

    /// Every message, from the list, as an execution environment reads it that remembers nothing.
    pub async fn messages(&self) -> Vec<Value> {
        let environment = Environment::on(self);
        let mut messages = Vec::new();
        let mut path = "/api/messages?limit=50".to_owned();
        loop {
            let (status, page) = environment.ask(get(&path)).await;
            assert_eq!(status, 200, "{page}");
            messages.extend(page["messages"].as_array().unwrap().iter().cloned());
            match &page["next"] {
                Value::Null => return messages,
                next => {
                    path = format!("/api/messages?limit=50&before={}", next.as_str().unwrap());
                }
            }
        }
    }

    /// The pictures' URLs, from the carrousel.
    pub async fn carrousel(&self) -> Vec<String> {
        let pictures = self.get("/api/carrousel.json").await.json();
        let urls = pictures.as_array().unwrap().iter();
        urls.map(|picture| picture["url"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn s3(&self) -> aws_sdk_s3::Client {
        s3(&self.s3)
    }

    pub fn data_api(&self) -> aws_sdk_rdsdata::Client {
        data_api(&self.data_api)
    }

    /// The database as the functions see it.
    pub fn database(&self) -> Database {
        database(&self.data_api)
    }
}

/// The client of a page: no proxy, and redirects are looked at, not followed.
pub fn http() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy();
    client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// A file of a form; the name and the declared type say nothing of what is in it.
pub fn file(bytes: Vec<u8>, name: &str) -> Part {
    Part::bytes(bytes).file_name(name.to_owned())
}

pub fn s3(endpoint: &str) -> aws_sdk_s3::Client {
    s3_with(endpoint, lambda::aws::http_client())
}

pub fn s3_with(endpoint: &str, client: SharedHttpClient) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .http_client(client)
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url(endpoint);
    aws_sdk_s3::Client::from_conf(config.build())
}

pub fn data_api(endpoint: &str) -> aws_sdk_rdsdata::Client {
    data_api_with(endpoint, lambda::aws::http_client())
}

pub fn data_api_with(endpoint: &str, client: SharedHttpClient) -> aws_sdk_rdsdata::Client {
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(aws_sdk_rdsdata::config::BehaviorVersion::latest())
        .http_client(client)
        .region(aws_sdk_rdsdata::config::Region::new("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url(endpoint);
    aws_sdk_rdsdata::Client::from_conf(config.build())
}

pub fn database(endpoint: &str) -> Database {
    let settings = DataApiSettings {
        cluster_arn: CLUSTER.into(),
        secret_arn: SECRET.into(),
        name: "corkboard".into(),
    };
    let client = data_api(endpoint);
    Database::data_api(|| client, settings)
}

fn credentials() -> Credentials {
    Credentials::new("local", "corkboard-local", None, None, "test")
}

/// Waits for the end of a process.
pub fn exit_of(process: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < deadline, "the process does not end");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Tries until `attempt` gives something.
pub async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A picture of `tests/pictures`.
pub fn picture(name: &str) -> Vec<u8> {
    fs::read(format!(
        "{}/../tests/pictures/{name}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}
