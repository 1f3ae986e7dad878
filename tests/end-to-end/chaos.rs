//! `kill -9` at any moment, of the board and of its database, while posts, deletes and puts are under way. What was
//! under way is asked for again, as clients do; in the end everything that was acknowledged is there once, with its
//! bytes, and nothing else.
//!
//! A few rounds, always the same; or with `CHAOS_SECONDS` other ones until that time is over.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_rdsdata::types::Field;
use futures_util::future::join_all;
use media::Bucket;
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use support::mariadb::Server;
use support::png;
use tempfile::TempDir;
use tokio::time::sleep;
use ulid::Ulid;

use crate::answer::shown;
use crate::board::{BUCKET, Board, eventually, file, http, s3};
use crate::environment::MESSAGES;

const WORKERS: usize = 6;
/// Without `CHAOS_SECONDS`.
const ROUNDS: usize = 6;
/// Between two tries of what fails.
const PAUSE: Duration = Duration::from_millis(50);

/// What a worker asks for, and asks for again until it is acknowledged.
#[derive(Debug, Clone)]
enum Change {
    Post {
        key: String,
        text: String,
        picture: Option<Vec<u8>>,
    },
    /// Of the message at this place.
    Delete(usize),
    Put {
        key: String,
        bytes: Vec<u8>,
    },
    Remove(String),
}

/// One who changes the board and knows what was acknowledged.
#[derive(Debug)]
struct Worker {
    number: usize,
    random: fastrand::Rng,
    under_way: Option<Change>,
    /// What was answered to posts, and the picture that was sent.
    posted: Vec<(Value, Option<Vec<u8>>)>,
    objects: BTreeMap<String, Vec<u8>>,
}

impl Worker {
    fn next(&mut self) -> Change {
        if let Some(change) = self.under_way.take() {
            return change;
        }
        let random = &mut self.random;
        let some = |random: &mut fastrand::Rng| {
            let (kib, seed) = (random.u32(1..80), random.u64(..));
            png::noise(kib, seed)
        };
        let key = Ulid::generate().to_string();
        match random.u8(..10) {
            0 | 1 if !self.posted.is_empty() => Change::Delete(random.usize(..self.posted.len())),
            2 if !self.objects.is_empty() => {
                let at = random.usize(..self.objects.len());
                Change::Remove(self.objects.keys().nth(at).unwrap().clone())
            }
            3 | 4 => Change::Put {
                key: format!("images/by-hand-{}-{key}.png", self.number),
                bytes: some(random),
            },
            5 | 6 => Change::Post {
                text: format!("text {key}"),
                key,
                picture: None,
            },
            _ => Change::Post {
                text: format!("picture {key}"),
                key,
                picture: Some(some(random)),
            },
        }
    }

    /// Whether it was acknowledged; if not, it is the next change.
    async fn make(&mut self, change: Change, site: &str, bucket: &aws_sdk_s3::Client) -> bool {
        let is_done = match &change {
            Change::Post { key, text, picture } => {
                let mut form = Form::new().text("text", text.clone());
                if let Some(picture) = picture {
                    form = form.part("picture", file(picture.clone(), "a.png"));
                }
                let post = http().post(format!("{site}/api/messages")).multipart(form);
                match answered(post.header("idempotency-key", key)).await {
                    Some((200 | 201, posted)) => {
                        self.posted.push((posted, picture.clone()));
                        true
                    }
                    Some((503, _)) | None => false,
                    Some(other) => panic!("{text}: {other:?}"),
                }
            }
            Change::Delete(at) => {
                let posted = &self.posted[*at].0;
                let text = |field: &str| posted[field].as_str().unwrap();
                let url = format!("{site}/api/messages/{}", text("id"));
                let delete = http().request(Method::DELETE, url);
                match answered(delete.bearer_auth(text("deleteToken"))).await {
                    // An earlier try may have come through.
                    Some((204 | 404, _)) => {
                        self.posted.remove(*at);
                        true
                    }
                    Some((503, _)) | None => false,
                    Some(other) => panic!("{posted}: {other:?}"),
                }
            }
            Change::Put { key, bytes } => {
                let put = bucket.put_object().bucket(BUCKET).key(key);
                let is_done = put.body(bytes.clone().into()).send().await.is_ok();
                if is_done {
                    self.objects.insert(key.clone(), bytes.clone());
                }
                is_done
            }
            Change::Remove(key) => {
                let remove = bucket.delete_object().bucket(BUCKET).key(key);
                let is_done = remove.send().await.is_ok();
                if is_done {
                    self.objects.remove(key);
                }
                is_done
            }
        };
        if !is_done {
            self.under_way = Some(change);
        }
        is_done
    }

    /// Changes the board until that is gone.
    async fn work(mut self, board: Arc<Shared>) -> Self {
        let bucket = s3(&board.s3);
        while board.left.load(Ordering::Relaxed) > 0 {
            let change = self.next();
            if self.make(change, &board.site, &bucket).await {
                let _ = board
                    .left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(1)
                    });
            } else {
                sleep(PAUSE).await;
            }
        }
        self
    }
}

/// A status and what was answered, if anything was.
async fn answered(request: RequestBuilder) -> Option<(u16, Value)> {
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let body = response.bytes().await.ok()?;
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// What the workers of a round share.
struct Shared {
    site: String,
    s3: String,
    /// So many changes are acknowledged before the end comes.
    left: AtomicUsize,
}

/// A board, and the database that may be killed as well.
struct Subject {
    folder: Option<TempDir>,
    database: Option<(Server, String)>,
}

impl Subject {
    fn start(&mut self) -> Board {
        Board::start_on(self.folder.take().unwrap(), |command| {
            command.env_remove("RUST_LOG");
            if let Some((_, url)) = &self.database {
                command.args(["--database", url]);
            }
        })
    }

    /// Changes until the end, which comes in the midst of them.
    async fn round(&mut self, workers: Vec<Worker>, random: &mut fastrand::Rng) -> Vec<Worker> {
        let board = self.start();
        let [site, s3, _] = board.addresses().map(|address| format!("http://{address}"));
        let changes = random.usize(5..40);
        let left = AtomicUsize::new(changes);
        let shared = Arc::new(Shared { site, s3, left });
        let work = workers
            .into_iter()
            .map(|worker| tokio::spawn(worker.work(Arc::clone(&shared))));
        let work: Vec<_> = work.collect();
        let database_at = random.usize(..changes * 2);
        let mut kills_database = self.database.is_some() && database_at < changes;
        while shared.left.load(Ordering::Relaxed) > 0 {
            if kills_database && shared.left.load(Ordering::Relaxed) <= database_at {
                kills_database = false;
                let (server, _) = self.database.as_mut().unwrap();
                server.kill();
                server.restart().await;
            }
            sleep(Duration::from_millis(1)).await;
        }
        self.folder = Some(board.kill());
        join_all(work)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect()
    }

    /// What was under way is asked for once more, and then everything is compared.
    async fn compare(&mut self, workers: &mut [Worker]) {
        let board = self.start();
        let [site, ..] = board.addresses().map(|address| format!("http://{address}"));
        for worker in &mut *workers {
            if let Some(change) = worker.under_way.take() {
                let what = format!("{change:?}").chars().take(80).collect::<String>();
                assert!(worker.make(change, &site, &board.s3()).await, "{what}");
            }
        }
        let posted = workers.iter().flat_map(|worker| &worker.posted);
        let mut expected: Vec<_> = posted.clone().map(|(posted, _)| shown(posted)).collect();
        expected
            .sort_by_key(|message| std::cmp::Reverse(message["id"].as_str().map(str::to_owned)));
        let listed = board.messages().await;
        assert_eq!(listed.len(), expected.len());
        assert_eq!(listed, expected);

        // The ledger has the same, and of all others at most that they are deleted.
        let rows = board
            .sql("SELECT id, status FROM message WHERE id <> :id", "")
            .await;
        let text = |field: &Field| field.as_string_value().unwrap().clone();
        let rows: BTreeMap<_, _> = rows
            .iter()
            .map(|row| (text(&row[0]), text(&row[1])))
            .collect();
        let ids: BTreeSet<_> = expected
            .iter()
            .map(|message| message["id"].as_str().unwrap())
            .collect();
        for (id, status) in &rows {
            let is_there = ids.contains(id.as_str());
            assert_eq!(status, if is_there { "posted" } else { "deleted" }, "{id}");
        }
        assert!(ids.iter().all(|id| rows.contains_key(*id)));

        let mut objects = BTreeMap::new();
        for worker in &*workers {
            objects.extend(worker.objects.clone());
            for (posted, picture) in &worker.posted {
                if let Some(picture) = picture {
                    let url = posted["picture"]["url"].as_str().unwrap();
                    objects.insert(url[1..].to_owned(), picture.clone());
                }
            }
        }
        let media = board.media();
        let mut keys = media.keys().await;
        let published: BTreeSet<_> = keys
            .extract_if(.., |key| key.starts_with(MESSAGES))
            .collect();
        let of_ids = ids
            .iter()
            .map(|id| Bucket::message_key(id.parse::<domain::Name>().unwrap()));
        assert_eq!(published, of_ids.collect());
        keys.retain(|key| key.starts_with("images/"));
        assert!(keys.iter().eq(objects.keys()), "{keys:?}");
        for (key, bytes) in &objects {
            assert_eq!(media.get(key).await.as_ref(), Some(bytes), "{key}");
        }
        let urls: BTreeSet<_> = keys.iter().map(|key| format!("/{key}")).collect();
        eventually("the carrousel is the bucket", async || {
            let shown: BTreeSet<_> = board.carrousel().await.into_iter().collect();
            (shown == urls).then_some(())
        })
        .await;
        self.folder = Some(board.kill());
    }
}

async fn chaos(mut subject: Subject) {
    let seconds: Option<u64> = env::var("CHAOS_SECONDS")
        .ok()
        .map(|seconds| seconds.parse().expect("CHAOS_SECONDS is a number"));
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let seed = seconds.map_or(1, |_| fastrand::u64(..));
    eprintln!("chaos with the seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut workers: Vec<_> = (0..WORKERS)
        .map(|number| Worker {
            number,
            random: random.fork(),
            under_way: None,
            posted: Vec::new(),
            objects: BTreeMap::new(),
        })
        .collect();
    for round in 1.. {
        workers = subject.round(workers, &mut random).await;
        let is_last = end.map_or(round == ROUNDS, |end| Instant::now() >= end);
        if is_last || round % 10 == 0 {
            subject.compare(&mut workers).await;
            let messages: usize = workers.iter().map(|worker| worker.posted.len()).sum();
            eprintln!("after {round} rounds {messages} messages are on the board, and all fits");
        }
        if is_last {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_board_lose_and_double_nothing() {
    let folder = Some(tempfile::tempdir().unwrap());
    chaos(Subject {
        folder,
        database: None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_board_and_of_its_database_lose_and_double_nothing() {
    let server = Server::start(&[]).await;
    let url = server.database().await.url;
    let folder = Some(tempfile::tempdir().unwrap());
    chaos(Subject {
        folder,
        database: Some((server, url)),
    })
    .await;
}
