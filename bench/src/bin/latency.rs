//! `latency`: message-board on services that are as far away as those of AWS.
//!
//! The functions are the real app on the S3 and the Data API that the environment names. Each has ways of its own to
//! them, which let every answer wait, and remember when each request began and when its answer came.
//!
//! `alone` asks one execution environment for one thing after the other; `together` has many environments post at a
//! rate while others read. Both print JSON.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use axum::Router;
use axum::body::{Body, to_bytes};
use clap::{Parser, Subcommand};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use lambda::aws::{self, SdkConfig};
use lambda_http::request::RequestContext;
use media::Bucket;
use message_board::{Settings, app};
use serde_json::{Value, json};
use settings::environment;
use store::{Database, DatabaseSettings};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tower::ServiceExt as _;

/// message-board keeps the first page for so long.
const FRESH: Duration = Duration::from_secs(1);
/// There are more messages than a page has.
const MESSAGES: usize = 30;

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
        rate: u64,
        #[arg(long)]
        seconds: u64,
        /// Execution environments that are asked for the first page.
        #[arg(long)]
        readers: usize,
        /// How often each of them is asked a second.
        #[arg(long)]
        reads: u64,
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
        Command::Alone { rounds, picture } => alone(far, rounds, &picture).await?,
        Command::Together {
            environments,
            rate,
            seconds,
            readers,
            reads,
        } => {
            let readers = (readers, Duration::from_secs(1) / u32::try_from(reads)?);
            together(far, environments, (rate, seconds), readers).await?
        }
    };
    println!("{found}");
    Ok(())
}

// The ways to the services -----------------------------------------------------------------------------------------

/// How long the answers of each service wait.
#[derive(Clone, Copy, Default)]
struct Far {
    database: Duration,
    s3: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Database,
    S3,
}

/// A request to a service; without an end as long as its answer is not there.
struct Call {
    service: Service,
    begun: Instant,
    ended: Option<Instant>,
}

/// The requests of an execution environment, in the order in which they began.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<Call>>>);

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those since this was last called.
    fn take(&self) -> Counts {
        let calls = std::mem::take(&mut *self.lock());
        let count = |service| calls.iter().filter(|call| call.service == service).count();
        let mut spans: Vec<_> = calls
            .iter()
            .filter_map(|call| Some((call.ended?, call.begun)))
            .collect();
        // Of requests that follow one another, those that end first leave room for the most.
        spans.sort_unstable();
        let (mut sequence, mut last) = (0, None);
        for (ended, begun) in spans {
            if last.is_none_or(|last| begun >= last) {
                sequence += 1;
                last = Some(ended);
            }
        }
        Counts {
            database: count(Service::Database),
            s3: count(Service::S3),
            sequence,
        }
    }
}

#[derive(Clone, Copy)]
struct Counts {
    database: usize,
    s3: usize,
    /// The most of them of which each began when the answer of the one before was there.
    sequence: usize,
}

/// A way to a service that lets each answer wait.
#[derive(Clone)]
struct Way {
    inner: SharedHttpConnector,
    service: Service,
    wait: Duration,
    calls: Calls,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service.fmt(f)
    }
}

impl Way {
    fn client(self) -> SharedHttpClient {
        let way = SharedHttpConnector::new(self);
        http_client_fn(move |_, _| way.clone())
    }
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let way = self.clone();
        HttpConnectorFuture::new(async move {
            let place = {
                let mut calls = way.calls.lock();
                calls.push(Call {
                    service: way.service,
                    begun: Instant::now(),
                    ended: None,
                });
                calls.len() - 1
            };
            let answer = way.inner.call(request).await;
            sleep(way.wait).await;
            if let Some(call) = way.calls.lock().get_mut(place) {
                call.ended = Some(Instant::now());
            }
            answer
        })
    }
}

// The function -----------------------------------------------------------------------------------------------------

/// An execution environment of Lambda.
struct Environment {
    app: Router,
    calls: Calls,
}

struct Answer {
    status: StatusCode,
    body: Value,
    took: Duration,
}

impl Environment {
    /// A new one, that has answered nothing yet.
    fn start(far: Far) -> Result<Self, Box<dyn Error>> {
        let (config, calls) = (aws::config(), Calls::default());
        let inner = aws::connector();
        let over = |service, wait| -> SdkConfig {
            let (inner, calls) = (inner.clone(), calls.clone());
            let way = Way {
                inner,
                service,
                wait,
                calls,
            };
            config.to_builder().http_client(way.client()).build()
        };
        let settings = Settings::from_lookup(&environment)?;
        let database = DatabaseSettings::from_lookup(&environment)?;
        let database = Database::new(database, &over(Service::Database, far.database));
        let s3 = over(Service::S3, far.s3);
        let bucket = Bucket::new(
            move || aws_sdk_s3::Client::new(&s3),
            settings.media_bucket.clone(),
        );
        Ok(Self {
            app: app(settings, database, bucket),
            calls,
        })
    }

    /// The answer to a request as API Gateway hands it in, each from another network.
    async fn answer(&self, request: Request<Body>) -> Result<Answer, Box<dyn Error>> {
        static SENDERS: AtomicU64 = AtomicU64::new(0);
        let mut request = request;
        let sender = SENDERS.fetch_add(1, Ordering::Relaxed);
        let mut context = ApiGatewayV2httpRequestContext::default();
        // The prefix for documentation (RFC 3849), and a network of 64 bits in it.
        let address = format!("2001:db8:{:x}:{:x}::1", sender >> 16, sender & 0xffff);
        context.http.source_ip = Some(address);
        let context = RequestContext::ApiGatewayV2(context);
        request.extensions_mut().insert(context);
        let begun = Instant::now();
        let answer = self.app.clone().oneshot(request).await?;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), usize::MAX).await?;
        Ok(Answer {
            status,
            took: begun.elapsed(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }

    /// The same, where any other status is an error.
    async fn ask(
        &self,
        request: Request<Body>,
        wanted: StatusCode,
    ) -> Result<Answer, Box<dyn Error>> {
        let answer = self.answer(request).await?;
        if answer.status != wanted {
            return Err(format!("{} {}", answer.status, answer.body).into());
        }
        Ok(answer)
    }
}

fn get(path: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap_or_default();
    request
}

/// A post as the page sends it: with a key that makes it repeatable.
fn post(content_type: &'static str, body: Vec<u8>) -> http::Result<Request<Body>> {
    static POSTS: AtomicU64 = AtomicU64::new(0);
    let key = POSTS.fetch_add(1, Ordering::Relaxed);
    Request::post("/api/messages")
        .header(CONTENT_TYPE, content_type)
        .header(
            "idempotency-key",
            format!("{}-{key:016}", std::process::id()),
        )
        .body(body.into())
}

fn text(text: &str) -> http::Result<Request<Body>> {
    let body = json!({"text": text, "author": "Ada"}).to_string();
    post("application/json", body.into())
}

fn picture(text: &str, bytes: &[u8]) -> http::Result<Request<Body>> {
    let part = "--b\r\nContent-Disposition: form-data; name=";
    let mut body =
        format!("{part}\"text\"\r\n\r\n{text}\r\n{part}\"picture\"; filename=\"a.jpg\"\r\n\r\n")
            .into_bytes();
    body.extend(bytes);
    body.extend(b"\r\n--b--\r\n");
    post("multipart/form-data; boundary=b", body)
}

fn delete(message: &Value) -> http::Result<Request<Body>> {
    let member = |name: &str| message[name].as_str().unwrap_or_default();
    Request::builder()
        .method(Method::DELETE)
        .uri(format!("/api/messages/{}", member("id")))
        .header(AUTHORIZATION, format!("Bearer {}", member("deleteToken")))
        .body(Body::empty())
}

// One request after the other --------------------------------------------------------------------------------------

/// What the rounds of one kind of request took, and what they asked of the services.
struct Case {
    name: &'static str,
    took: Vec<f64>,
    counts: Vec<Counts>,
}

impl Case {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            took: Vec::new(),
            counts: Vec::new(),
        }
    }

    async fn measure(
        &mut self,
        environment: &Environment,
        request: Request<Body>,
        wanted: StatusCode,
    ) -> Result<Value, Box<dyn Error>> {
        environment.calls.take();
        let answer = environment.ask(request, wanted).await?;
        self.counts.push(environment.calls.take());
        self.took.push(milliseconds(answer.took));
        Ok(answer.body)
    }

    fn found(&self) -> Value {
        let counts = |of: fn(&Counts) -> usize| self.counts.iter().map(of).collect::<Vec<_>>();
        json!({
            "name": self.name,
            "ms": self.took,
            "database": counts(|it| it.database),
            "s3": counts(|it| it.s3),
            "sequence": counts(|it| it.sequence),
        })
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

async fn alone(far: Far, rounds: usize, file: &Path) -> Result<Value, Box<dyn Error>> {
    let bytes = std::fs::read(file)?;
    let near = Environment::start(Far::default())?;
    for n in 0..MESSAGES {
        let post = text(&format!("message {n}"))?;
        near.ask(post, StatusCode::CREATED).await?;
    }
    let page = near.ask(get("/api/messages"), StatusCode::OK).await?.body;
    let before = page["next"].as_str().unwrap_or_default();
    let older = format!("/api/messages?before={before}");
    let one = format!("/api/messages/{before}");

    let mut cases = [
        "post with a picture",
        "text post",
        "delete with a picture",
        "delete of a text",
        "first page, new environment",
        "first page, a second after the last",
        "older page, new environment",
        "one message, new environment",
    ]
    .map(Case::new);
    let [
        post_picture,
        post_text,
        delete_picture,
        delete_text,
        first,
        again,
        older_page,
        one_message,
    ] = &mut cases;
    // One that has posted and read before.
    let warm = Environment::start(far)?;
    warm.ask(text("to be warm")?, StatusCode::CREATED).await?;
    warm.ask(get("/api/messages"), StatusCode::OK).await?;
    for n in 0..rounds {
        let request = picture(&format!("picture {n}"), &bytes)?;
        let pictured = post_picture.measure(&warm, request, StatusCode::CREATED);
        let pictured = pictured.await?;
        let request = text(&format!("text {n}"))?;
        let texted = post_text.measure(&warm, request, StatusCode::CREATED);
        let texted = texted.await?;
        let new = || Environment::start(far);
        for (case, path) in [
            (&mut *first, "/api/messages"),
            (older_page, older.as_str()),
            (one_message, one.as_str()),
        ] {
            case.measure(&new()?, get(path), StatusCode::OK).await?;
        }
        warm.ask(get("/api/messages"), StatusCode::OK).await?;
        sleep(FRESH).await;
        let request = get("/api/messages");
        again.measure(&warm, request, StatusCode::OK).await?;
        let gone = StatusCode::NO_CONTENT;
        let request = delete(&pictured)?;
        delete_picture.measure(&warm, request, gone).await?;
        delete_text.measure(&warm, delete(&texted)?, gone).await?;
    }
    Ok(cases.iter().map(Case::found).collect())
}

// Many environments at once ----------------------------------------------------------------------------------------

/// What came of the posts or the reads.
#[derive(Default)]
struct Load {
    /// From when each was due until its answer, in milliseconds.
    took: Vec<f64>,
    failed: Vec<String>,
    calls: usize,
    posted: HashSet<String>,
}

async fn together(
    far: Far,
    environments: usize,
    (rate, seconds): (u64, u64),
    (readers, pause): (usize, Duration),
) -> Result<Value, Box<dyn Error>> {
    let mut free = Vec::new();
    for n in 0..environments {
        let environment = Environment::start(far)?;
        let post = text(&format!("environment {n}"))?;
        environment.ask(post, StatusCode::CREATED).await?;
        free.push(environment);
    }
    let alone = {
        let environment = &free[0];
        environment.calls.take();
        environment.ask(text("alone")?, StatusCode::CREATED).await?;
        let counts = environment.calls.take();
        counts.database + counts.s3
    };
    free.iter()
        .for_each(|environment| drop(environment.calls.take()));

    let end = Instant::now() + Duration::from_secs(seconds);
    let read = Arc::new(Mutex::new(Load::default()));
    let mut reading = JoinSet::new();
    for _ in 0..readers {
        let (environment, read) = (Environment::start(far)?, Arc::clone(&read));
        reading.spawn(async move {
            let mut due = Instant::now();
            while due < end {
                let answer = environment.answer(get("/api/messages")).await;
                let counts = environment.calls.take();
                lock(&read).add(
                    due,
                    &answer.map_err(|error| error.to_string()),
                    counts,
                    StatusCode::OK,
                );
                // An environment is asked nothing while it is busy.
                due = (due + pause).max(Instant::now());
                sleep_until(due).await;
            }
        });
    }
    let posted = posts(free, rate, seconds).await?;
    while let Some(done) = reading.join_next().await {
        done?;
    }
    let lost = lost(&posted.posted).await?;
    let read = lock(&read);
    Ok(json!({
        "alone": alone,
        "posts": posted.found(),
        "reads": read.found(),
        "lost": lost,
    }))
}

fn lock(load: &Mutex<Load>) -> MutexGuard<'_, Load> {
    load.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Posts at a rate, each by one of these environments that is free then.
async fn posts(
    environments: Vec<Environment>,
    rate: u64,
    seconds: u64,
) -> Result<Load, Box<dyn Error>> {
    let load = Arc::new(Mutex::new(Load::default()));
    let permits = Arc::new(Semaphore::new(environments.len()));
    let free = Arc::new(Mutex::new(environments));
    let mut posting = JoinSet::new();
    let begun = Instant::now();
    for n in 0..rate * seconds {
        let due = begun + Duration::from_secs_f64(1.0 / rate as f64) * u32::try_from(n)?;
        sleep_until(due).await;
        let request = text(&format!("post {n}"))?;
        let (load, permits, free) = (Arc::clone(&load), Arc::clone(&permits), Arc::clone(&free));
        posting.spawn(async move {
            let _permit = permits.acquire().await;
            let taken = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(environment) = taken else {
                return;
            };
            let answer = environment.answer(request).await;
            let counts = environment.calls.take();
            lock(&load).add(
                due,
                &answer.map_err(|error| error.to_string()),
                counts,
                StatusCode::CREATED,
            );
            let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
            free.push(environment);
        });
    }
    while let Some(done) = posting.join_next().await {
        done?;
    }
    let load = std::mem::take(&mut *lock(&load));
    Ok(load)
}

impl Load {
    fn add(
        &mut self,
        due: Instant,
        answer: &Result<Answer, String>,
        counts: Counts,
        wanted: StatusCode,
    ) {
        self.calls += counts.database + counts.s3;
        match answer {
            Ok(answer) if answer.status == wanted => {
                self.took.push(milliseconds(due.elapsed()));
                let id = answer.body["id"].as_str();
                self.posted.extend(id.map(str::to_owned));
            }
            Ok(answer) => self.failed.push(answer.status.to_string()),
            Err(error) => self.failed.push(error.clone()),
        }
    }

    fn found(&self) -> Value {
        json!({"ms": self.took, "failed": self.failed, "calls": self.calls})
    }
}

/// How many of these messages are on no page.
async fn lost(posted: &HashSet<String>) -> Result<usize, Box<dyn Error>> {
    let near = Environment::start(Far::default())?;
    let (mut listed, mut path) = (HashSet::new(), "/api/messages?limit=50".to_owned());
    loop {
        let page = near.ask(get(&path), StatusCode::OK).await?.body;
        let messages = page["messages"].as_array().into_iter().flatten();
        listed.extend(messages.filter_map(|message| message["id"].as_str().map(str::to_owned)));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/messages?limit=50&before={next}"),
            None => return Ok(posted.difference(&listed).count()),
        }
    }
}
