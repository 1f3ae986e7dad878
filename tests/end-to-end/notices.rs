//! notify on the bucket of a real board: what it tells of, and that it loses nothing where it dies at any of its steps,
//! just before a request to the bucket, its queue or a channel, and just after one.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use domain::MessageId;
use lambda_runtime::Error;
use media::{Bucket, Came};
use notify::{Channel, NotSent, Notice, Notify, Queue, Settings};
use serde_json::{Value, json};

use crate::board::{BUCKET, Board, s3_with};

/// The clock of all that this test runs: it goes on when the test says so.
static NOW: AtomicU64 = AtomicU64::new(0);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(NOW.load(Ordering::SeqCst))
}

/// How many steps may still be taken.
#[derive(Debug, Clone)]
struct Steps(Arc<Life>);

#[derive(Debug)]
struct Life {
    left: AtomicUsize,
    /// Whether the last one has its effect.
    arrives: bool,
    /// It was taken, or not.
    over: tokio::sync::Notify,
}

impl Steps {
    fn until(last: usize, arrives: bool) -> Self {
        Self(Arc::new(Life {
            left: AtomicUsize::new(last),
            arrives,
            over: tokio::sync::Notify::new(),
        }))
    }

    /// Takes a step, or stands still for ever, before it or after it.
    async fn take<T>(&self, step: impl Future<Output = T>) -> T {
        let Life {
            left,
            arrives,
            over,
        } = &*self.0;
        let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        if matches!(before, Ok(2..)) {
            return step.await;
        }
        if *arrives {
            step.await;
        }
        over.notify_one();
        pending().await
    }
}

/// The way to the bucket.
#[derive(Debug, Clone)]
struct Way(Steps, SharedHttpConnector);

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(steps, inner) = self.clone();
        HttpConnectorFuture::new(async move { steps.take(inner.call(request)).await })
    }
}

impl HttpClient for Way {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// What outlives an invocation.
#[derive(Clone, Default)]
struct World {
    /// The queue: by when a message comes, and its body.
    queue: Arc<Mutex<Vec<(u64, String)>>>,
    sent: Arc<Mutex<Vec<Notice>>>,
    /// How often the channel still fails.
    failures: Arc<AtomicUsize>,
}

struct Own(World, Steps);

#[async_trait]
impl Queue for Own {
    async fn send(&self, body: String, delay: u16) -> Result<(), Error> {
        let at = NOW.load(Ordering::SeqCst) + u64::from(delay) * 1_000;
        let sent = async { self.0.queue.lock().unwrap().push((at, body)) };
        self.1.take(sent).await;
        Ok(())
    }
}

struct Told(World, Steps);

#[async_trait]
impl Channel for Told {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn send(&self, notice: &Notice, _: &str) -> Result<(), NotSent> {
        let fails = self
            .0
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        let sent = async {
            if fails.is_err() {
                self.0.sent.lock().unwrap().push(notice.clone());
            }
        };
        self.1.take(sent).await;
        match fails {
            Ok(_) => Err(NotSent::because("the test wants it so")),
            Err(_) => Ok(()),
        }
    }
}

impl World {
    fn function(&self, endpoint: &str, steps: &Steps) -> Notify {
        self.function_by(now, endpoint, steps)
    }

    fn function_by(&self, clock: fn() -> SystemTime, endpoint: &str, steps: &Steps) -> Notify {
        let settings = Settings::from_lookup(&|variable| match variable {
            "MEDIA_BUCKET" => Some(BUCKET.to_owned()),
            "PUBLIC_BASE_URL" => Some("https://board.example".to_owned()),
            _ => None,
        });
        let way = Way(steps.clone(), lambda::aws::connector());
        let s3 = s3_with(endpoint, aws_sdk_s3::config::SharedHttpClient::new(way));
        let own = Own(self.clone(), steps.clone());
        let channel: Box<dyn Channel> = Box::new(Told(self.clone(), steps.clone()));
        Notify::new(|| s3, &settings.unwrap(), own, vec![channel], clock)
    }

    fn sent(&self) -> Vec<Notice> {
        self.sent.lock().unwrap().clone()
    }

    /// What each notice told of, by its id, and how many of them were sent more than once. The same id tells the same.
    fn told(&self) -> (u64, usize) {
        let mut notices = BTreeMap::new();
        let sent = self.sent();
        for notice in &sent {
            let before = notices.insert(notice.id.clone(), notice.clone());
            assert!(before.is_none_or(|before| before == *notice), "{notice:?}");
        }
        let told = notices
            .values()
            .map(|it| it.counts.new + it.counts.held)
            .sum();
        (told, sent.len() - notices.len())
    }

    /// Delivers all that the queue has until it is empty, with time going on.
    async fn run_out(&self, function: &Notify) {
        for _ in 0..100 {
            let next = {
                let mut queue = self.queue.lock().unwrap();
                queue.sort();
                (!queue.is_empty()).then(|| queue.remove(0))
            };
            let Some((at, body)) = next else { return };
            NOW.fetch_max(at, Ordering::SeqCst);
            function.handle(batch(&[body])).await.unwrap();
        }
        panic!("it never ends");
    }
}

fn batch(bodies: &[String]) -> Value {
    let records = bodies
        .iter()
        .map(|body| json!({"messageId": "1", "eventSource": "aws:sqs", "body": body}));
    json!({"Records": records.collect::<Vec<_>>()})
}

fn event(key: &str, size: usize) -> String {
    json!({"Records": [{"eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": {"key": key, "size": size}}}]})
    .to_string()
}

fn published(id: MessageId) -> String {
    event(&Bucket::message_key(id), 7)
}

fn waiting(id: MessageId) -> String {
    let key = Bucket::message_key(id);
    let key = key.replace("board/messages/", "held/waiting/");
    assert_eq!(Came::of(&key), Some(Came::Waiting(id)));
    event(&key, 7)
}

const FOR_EVER: usize = usize::MAX;

/// As many invocations as there are steps in one die, each at another step; what then is there is delivered again.
#[tokio::test]
async fn whichever_step_it_dies_at_no_notice_is_lost_and_a_repeat_is_the_same() {
    let board = Board::start();
    let endpoint = format!("http://{}", board.addresses()[1]);
    let s3 = board.s3();
    let bucket = Bucket::new(|| s3, BUCKET);
    let started = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    NOW.store(started.as_millis().try_into().unwrap(), Ordering::SeqCst);
    let mut repeats = 0;
    for failures in [0, 1] {
        for arrives in [false, true] {
            for last in 1.. {
                bucket_without_told(&board).await;
                let world = World::default();
                world.failures.store(failures, Ordering::SeqCst);
                let id = || {
                    NOW.fetch_add(1, Ordering::SeqCst);
                    MessageId::from_parts(NOW.load(Ordering::SeqCst), 7)
                };
                let ids = [id(), id(), id()];
                let first = batch(&[published(ids[0]), waiting(ids[1])]);
                let second = batch(&[published(ids[1]), published(ids[2])]);
                // Both are delivered, and die at the same number of steps taken together.
                let steps = Steps::until(last, arrives);
                let dying = world.function(&endpoint, &steps);
                let died = async {
                    dying.handle(first.clone()).await.unwrap();
                    dying.handle(second.clone()).await.unwrap();
                };
                let ended = tokio::select! {
                    () = died => true,
                    () = steps.0.over.notified() => false,
                };
                let function = world.function(&endpoint, &Steps::until(FOR_EVER, true));
                if !ended {
                    // SQS delivers again what nobody deleted, after its visibility time-out.
                    NOW.fetch_add(180_000, Ordering::SeqCst);
                    function.handle(first).await.unwrap();
                    function.handle(second).await.unwrap();
                }
                world.run_out(&function).await;
                let (told, more) = world.told();
                // The second is told of when it waits and, unless both came before a notice, when it is published.
                assert!((3..=4).contains(&told), "step {last}: {:?}", world.sent());
                repeats += more;
                let file = bucket.told().await.unwrap().unwrap().0;
                let file: Value = serde_json::from_slice(&file).unwrap();
                assert_eq!(file["batch"], Value::Null, "{file}");
                assert!(!file.to_string().contains("\"due\":true"), "{file}");
                if ended {
                    assert_eq!((told, more), (4, 0), "without a death, none is sent twice");
                    assert!(last > 8, "{last}");
                    break;
                }
            }
        }
    }
    assert!(
        repeats > 0,
        "some died between a notice and the note that it was sent"
    );
}

async fn bucket_without_told(board: &Board) {
    let delete = board.s3().delete_object().bucket(BUCKET);
    delete.key("board/told.json").send().await.unwrap();
}

#[tokio::test]
async fn however_many_invocations_run_at_once_one_of_them_tells() {
    let board = Board::start();
    let endpoint = format!("http://{}", board.addresses()[1]);
    let world = World::default();
    let function = world.function_by(SystemTime::now, &endpoint, &Steps::until(FOR_EVER, true));
    let posts = (0..100).map(|_| published(MessageId::generate()));
    let posts: Vec<_> = posts.collect();
    let batches = posts.chunks(10).map(batch);
    let handled = batches.map(|batch| function.handle(batch));
    for handled in futures_util::future::join_all(handled).await {
        handled.unwrap();
    }
    let sent = world.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    let file = board
        .s3()
        .get_object()
        .bucket(BUCKET)
        .key("board/told.json");
    let file = file.send().await.unwrap().body.collect().await.unwrap();
    let file = String::from_utf8(file.to_vec()).unwrap();
    let due = u64::try_from(file.matches("\"due\":true").count()).unwrap();
    assert_eq!(sent[0].counts.new + due, 100, "{file}");
    let queue = world.queue.lock().unwrap();
    assert!(
        (1..=20).contains(&queue.len()),
        "somebody looks again: {queue:?}"
    );
}

#[tokio::test]
async fn what_was_lost_is_found_by_the_schedule() {
    let board = Board::start();
    let endpoint = format!("http://{}", board.addresses()[1]);
    let world = World::default();
    let function = world.function_by(SystemTime::now, &endpoint, &Steps::until(FOR_EVER, true));
    board.post_text("it was told of by nobody").await;
    let schedule = json!({"source": "aws.events", "detail-type": "Scheduled Event"});
    for _ in 0..2 {
        function.handle(schedule.clone()).await.unwrap();
    }
    let sent = world.sent();
    assert_eq!((sent.len(), sent[0].counts.new), (1, 1));
}
