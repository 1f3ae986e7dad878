//! Sandboxes that run a function's real code with the real SDK, and between them and the bucket somebody who
//! decides which request happens next. A request that nobody lets happen waits; its sandbox waits with it.

use std::cell::RefCell;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::bucket::{Bucket, error};
use crate::canonical::Names;
use crate::carrousel::ALL;
use crate::database::Database;
use crate::request::{MADE_OF, Request};

pub const MEDIA: &str = "corkboard-media";
const ADDRESS: &str = "http://127.0.0.1";

/// `T` is what an invocation gives.
pub struct World<T> {
    pub bucket: Bucket,
    pub database: Option<Database>,
    /// Where ids and times are in what is sent: what stands for them in the digest of a state.
    pub names: Option<RefCell<Names>>,
    /// Which of the requests that wait happen without being asked for, in whatever order: of all that wait, this one.
    pub at_once: fn(&[(usize, Request)], usize) -> bool,
    /// How long nobody looks at a clock for which somebody waits.
    pub nap: Duration,
    sandboxes: Vec<Sandbox<T>>,
    /// Sent, and not yet happened.
    waiting: Arc<Mutex<Vec<Waiting>>>,
    /// For the timers of the SDK; its clock moves only when nothing else can.
    runtime: Runtime,
}

struct Sandbox<T> {
    client: Client,
    data_api: aws_sdk_rdsdata::Client,
    running: Option<Running<T>>,
    /// Digest of all that the running invocation was told, which decides where it is.
    told: DefaultHasher,
}

struct Running<T> {
    invocation: Pin<Box<dyn Future<Output = T>>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Waiting {
    sandbox: usize,
    request: Request,
    answer: oneshot::Sender<Result<HttpResponse, ConnectorError>>,
}

/// A way to S3 on which requests wait.
#[derive(Clone)]
struct Way {
    sandbox: usize,
    waiting: Arc<Mutex<Vec<Waiting>>>,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the way of sandbox {}", self.sandbox)
    }
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().unwrap().push(Waiting {
            sandbox: self.sandbox,
            request: Request::read(&request),
            answer,
        });
        HttpConnectorFuture::new(async { answered.await.unwrap() })
    }
}

impl<T> World<T> {
    pub fn new(sandboxes: usize) -> Self {
        let waiting = Arc::default();
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let sandbox = |sandbox| {
            let way = Way {
                sandbox,
                waiting: Arc::clone(&waiting),
            };
            Sandbox {
                client: client(way.clone()),
                data_api: data_api(way),
                running: None,
                told: DefaultHasher::new(),
            }
        };
        Self {
            bucket: Bucket::new(),
            database: None,
            names: None,
            at_once: is_of_small,
            nap: Duration::from_millis(50),
            sandboxes: (0..sandboxes).map(sandbox).collect(),
            runtime,
            waiting: Arc::clone(&waiting),
        }
    }

    /// Everything from the start, with this bucket.
    pub fn reset(&mut self, bucket: Bucket) {
        for sandbox in 0..self.sandboxes.len() {
            self.crash(sandbox);
        }
        self.bucket = bucket;
    }

    /// The way to S3 from a sandbox.
    pub fn client(&self, sandbox: usize) -> Client {
        self.sandboxes[sandbox].client.clone()
    }

    /// The way to the database from a sandbox.
    pub fn data_api(&self, sandbox: usize) -> aws_sdk_rdsdata::Client {
        self.sandboxes[sandbox].data_api.clone()
    }

    pub fn sandboxes(&self) -> usize {
        self.sandboxes.len()
    }

    /// A sandbox in which nothing runs.
    pub fn idle(&self) -> Option<usize> {
        self.sandboxes.iter().position(|it| it.running.is_none())
    }

    pub fn busy(&self) -> impl Iterator<Item = usize> {
        let sandboxes = self.sandboxes.iter().enumerate();
        sandboxes.filter_map(|(sandbox, it)| it.running.is_some().then_some(sandbox))
    }

    /// Invokes the function in an idle sandbox. Two invocations that are told the same do the same, `told`
    /// here and what S3 answers later.
    pub fn invoke(
        &mut self,
        sandbox: usize,
        told: impl std::hash::Hash,
        invocation: impl Future<Output = T> + 'static,
    ) {
        let it = &mut self.sandboxes[sandbox];
        assert!(it.running.is_none());
        told.hash(&mut it.told);
        it.running = Some(Running {
            invocation: Box::pin(invocation),
            woken: Arc::new(Woken(AtomicBool::new(true))),
        });
    }

    /// Lets every sandbox run until it waits for S3, and gives those that have ended, each with what it gave.
    pub fn settle(&mut self) -> Vec<(usize, T)> {
        let mut ended = Vec::new();
        loop {
            for sandbox in 0..self.sandboxes.len() {
                if let Some(given) = self.poll(sandbox) {
                    self.sandboxes[sandbox].told = DefaultHasher::new();
                    ended.push((sandbox, given));
                }
            }
            if self.answer_at_once() {
                continue;
            }
            let waits = |sandbox| {
                self.waiting
                    .lock()
                    .unwrap()
                    .iter()
                    .any(|it| it.sandbox == sandbox)
            };
            if self.busy().all(waits) {
                return ended;
            }
            // Somebody waits for nothing but the time: the SDK, before it tries again.
            self.pass(self.nap);
        }
    }

    fn answer_at_once(&mut self) -> bool {
        let waiting = self.waiting();
        let found = (0..waiting.len()).find(|&n| (self.at_once)(&waiting, n));
        found.map(|n| self.answer(n)).is_some()
    }

    fn poll(&mut self, sandbox: usize) -> Option<T> {
        let _context = self.runtime.enter();
        let it = &mut self.sandboxes[sandbox].running;
        let running = it.as_mut()?;
        while running.woken.0.swap(false, Ordering::Relaxed) {
            let waker = Waker::from(Arc::clone(&running.woken));
            let polled = running
                .invocation
                .as_mut()
                .poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(given) = polled {
                *it = None;
                return Some(given);
            }
        }
        None
    }

    /// What waits: by whom, and what.
    pub fn waiting(&self) -> Vec<(usize, Request)> {
        let waiting = self.waiting.lock().unwrap();
        waiting
            .iter()
            .map(|it| (it.sandbox, it.request.clone()))
            .collect()
    }

    /// Lets the `n`th of what waits happen.
    pub fn answer(&mut self, n: usize) {
        let request = self.waiting()[n].1.clone();
        let answer = self.happen(&request);
        self.answer_with(n, Ok(answer));
    }

    /// Answers the `n`th of what waits without its happening.
    pub fn answer_with(&mut self, n: usize, answer: Result<HttpResponse, ConnectorError>) {
        let waiting = self.waiting.lock().unwrap().remove(n);
        let request = self.digest(waiting.sandbox, &waiting.request);
        let answered = answer.as_ref().ok().map(|answer| {
            let body = answer.body().bytes().unwrap_or_default();
            let body = self.digest_of(waiting.sandbox, body);
            // By which HEAD tells what is there, and since when.
            let header = |name: &str| answer.headers().get(name).map(str::to_owned);
            let head = [header("content-length"), header("last-modified")];
            // Where there are times in what is kept, there is another tag for each run.
            let version = [header("etag"), header(MADE_OF)];
            let version = self.names.is_none().then_some(version);
            (answer.status().as_u16(), head, version, body)
        });
        (request, answered).hash(&mut self.sandboxes[waiting.sandbox].told);
        // An invocation that has given up on the request does not wait for it.
        let _ = waiting.answer.send(answer);
    }

    /// Digest of what a sandbox asks.
    pub fn digest(&self, sandbox: usize, request: &Request) -> u64 {
        let mut digest = DefaultHasher::new();
        match &self.names {
            Some(_) => self.digest_of(sandbox, &request.bytes()).hash(&mut digest),
            None => request.hash(&mut digest),
        }
        digest.finish()
    }

    /// Digest of what a sandbox sent, or was told.
    pub fn digest_of(&self, sandbox: usize, bytes: &[u8]) -> u64 {
        let mut digest = DefaultHasher::new();
        match &self.names {
            Some(names) => return names.borrow_mut().digest(sandbox, bytes),
            None => bytes.hash(&mut digest),
        }
        digest.finish()
    }

    /// Digest of the objects and the rows, in any order: with other ids it is another one in the next run.
    pub fn kept(&self) -> u64 {
        let objects = self.bucket.objects.iter().map(|(key, object)| {
            let object = [key.as_bytes(), b" ", &object.bytes].concat();
            self.digest_of(usize::MAX, &object)
        });
        let rows = self.database.iter().flat_map(Database::rows);
        let rows = rows.map(|row| self.digest_of(usize::MAX, row.as_bytes()));
        objects.chain(rows).fold(0, u64::wrapping_add)
    }

    /// What time it is for timers.
    pub fn time(&self) -> Instant {
        let _context = self.runtime.enter();
        Instant::now()
    }

    /// Lets time pass while nothing happens.
    pub fn pass(&self, time: Duration) {
        self.runtime.block_on(tokio::time::advance(time));
    }

    /// What a request does to the bucket or the database, whoever still waits for it.
    pub fn happen(&mut self, request: &Request) -> HttpResponse {
        if let Some(statement) = request.statement() {
            return self.database.as_ref().unwrap().answer(&statement);
        }
        if request.bucket == MEDIA {
            self.bucket.answer(request)
        } else {
            error(404, "NoSuchBucket")
        }
    }

    /// Ends what runs in a sandbox, and gives the requests that it had on the way.
    pub fn crash(&mut self, sandbox: usize) -> Vec<Request> {
        let _context = self.runtime.enter();
        let it = &mut self.sandboxes[sandbox];
        it.running = None;
        it.told = DefaultHasher::new();
        let mut waiting = self.waiting.lock().unwrap();
        let dead = waiting.extract_if(.., |it| it.sandbox == sandbox);
        dead.map(|it| it.request).collect()
    }

    /// Digest of the bucket and of where each invocation is.
    pub fn state(&self) -> u64 {
        let mut state = DefaultHasher::new();
        match &self.names {
            Some(_) => self.kept().hash(&mut state),
            None => self.bucket.hash(&mut state),
        }
        for sandbox in &self.sandboxes {
            (sandbox.running.is_some(), sandbox.told.finish()).hash(&mut state);
        }
        state.finish()
    }
}

/// What is asked of small versions, which are explored by themselves; and of originals on their behalf, which
/// sync-s3-bucket looks at while it reads the first of its lists.
fn is_of_small(waiting: &[(usize, Request)], n: usize) -> bool {
    let (sandbox, request) = &waiting[n];
    let reads_list = || {
        let mut others = waiting.iter().filter(|(other, _)| other == sandbox);
        others.any(|(_, other)| other.method == "GET" && other.key == ALL)
    };
    request.concerns("small") || (request.concerns("images/") && reads_list())
}

/// The shipped client but for what takes half of its time and decides nothing here: it signs nothing, and finds the
/// bucket without the rules for all of AWS.
fn client(way: Way) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(lambda::aws::behavior())
        .http_client(http_client(way))
        .region(Region::new("us-east-1"))
        .allow_no_auth()
        .endpoint_resolver(ByPath);
    Client::from_conf(config.build())
}

fn data_api(way: Way) -> aws_sdk_rdsdata::Client {
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(lambda::aws::behavior())
        .http_client(http_client(way))
        .region(Region::new("us-east-1"))
        .allow_no_auth()
        .endpoint_url(ADDRESS);
    aws_sdk_rdsdata::Client::from_conf(config.build())
}

fn http_client(way: Way) -> SharedHttpClient {
    http_client_fn(move |_, _| SharedHttpConnector::new(way.clone()))
}

/// A bucket is the first part of a path.
#[derive(Debug)]
struct ByPath;

impl ResolveEndpoint for ByPath {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        let bucket = params.bucket().unwrap_or_default();
        let url = format!("{ADDRESS}/{bucket}");
        EndpointFuture::ready(Ok(Endpoint::builder().url(url).build()))
    }
}
