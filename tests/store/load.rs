//! Many clients who post to a board and read it, and what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;
use ulid::Ulid;

const POSTERS: usize = 6;
const READERS: usize = 3;
/// How long anything may take before it counts as not happening.
const PATIENCE: Duration = Duration::from_secs(90);
/// No answer takes longer (the contract's deadline).
const ANSWER: Duration = Duration::from_secs(25);
const PHOTO: &[u8] = include_bytes!("../pictures/small.jpg");

/// What the clients were told so far.
#[derive(Debug, Default)]
pub struct Told {
    /// Text by id, of what was answered by 201.
    pub acknowledged: BTreeMap<String, String>,
    /// Texts whose fate the clients do not know.
    pub unknown: BTreeSet<String>,
    /// Answers other than success, by status; 0 is a connection that broke.
    pub errors: BTreeMap<u16, usize>,
    /// Successful reads since the last failed one.
    pub good_reads: usize,
    /// The slowest answer.
    pub slowest: Duration,
}

/// Clients at work until they are told to end.
pub struct Load {
    told: Arc<Mutex<Told>>,
    is_over: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

impl Load {
    /// Posts texts, or photos with them, and reads the first page.
    pub fn on(site: &str, with_photos: bool) -> Self {
        let told = Arc::<Mutex<Told>>::default();
        let is_over = Arc::<AtomicBool>::default();
        let mut clients = JoinSet::new();
        for client in 0..POSTERS + READERS {
            let (site, told, is_over) = (site.to_owned(), told.clone(), is_over.clone());
            clients.spawn(async move {
                let http = Client::new();
                while !is_over.load(Ordering::Relaxed) {
                    if client < POSTERS {
                        post(&http, &site, with_photos, &told).await;
                    } else {
                        read(&http, &site, &told).await;
                    }
                }
            });
        }
        Self {
            told,
            is_over,
            clients,
        }
    }

    pub fn told(&self) -> MutexGuard<'_, Told> {
        lock(&self.told)
    }

    /// Waits until the clients have been told so.
    pub async fn until(&self, so: impl Fn(&Told) -> bool) {
        let since = Instant::now();
        while !so(&self.told()) {
            assert!(since.elapsed() < PATIENCE, "{:?}", self.told());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets every client wait for its last answer.
    pub async fn end(self) -> Told {
        self.is_over.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        std::mem::take(&mut *lock(&self.told))
    }
}

async fn post(client: &Client, site: &str, with_photo: bool, told: &Mutex<Told>) {
    let text = Ulid::generate().to_string();
    let request = client.post(format!("{site}/api/messages"));
    let request = if with_photo {
        let photo = Part::bytes(PHOTO).file_name("photo.jpg");
        let form = Form::new().text("text", text.clone());
        request.multipart(form.part("picture", photo))
    } else {
        request.json(&json!({ "text": text }))
    };
    lock(told).unknown.insert(text.clone());
    let since = Instant::now();
    let answer = request.send().await.ok();
    if !lock(told).note_post(since, answer.as_ref(), text) {
        // A board that is gone refuses at once.
        sleep(Duration::from_millis(50)).await;
    }
}

async fn read(client: &Client, site: &str, told: &Mutex<Told>) {
    let since = Instant::now();
    let answer = client.get(format!("{site}/api/messages")).send().await.ok();
    let is_good = lock(told).note_read(since, answer.as_ref());
    sleep(Duration::from_millis(if is_good { 5 } else { 50 })).await;
}

impl Told {
    /// Notes what became of a post, and whether that was good.
    fn note_post(&mut self, since: Instant, answer: Option<&Response>, text: String) -> bool {
        let is_good = self.note(since, answer);
        if let Some(answer) = answer.filter(|_| is_good) {
            let location = answer.headers()["location"].to_str().unwrap();
            let (_, id) = location.rsplit_once('/').unwrap();
            self.unknown.remove(&text);
            self.acknowledged.insert(id.to_owned(), text);
        }
        is_good
    }

    fn note_read(&mut self, since: Instant, answer: Option<&Response>) -> bool {
        let is_good = self.note(since, answer);
        self.good_reads = if is_good { self.good_reads + 1 } else { 0 };
        is_good
    }

    fn note(&mut self, since: Instant, answer: Option<&Response>) -> bool {
        self.slowest = self.slowest.max(since.elapsed());
        let status = answer.map_or(0, |answer| answer.status().as_u16());
        let is_success = (200..300).contains(&status);
        if !is_success {
            *self.errors.entry(status).or_default() += 1;
        }
        is_success
    }

    /// What other clients were told, too.
    pub fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unknown.extend(other.unknown);
        for (status, count) in other.errors {
            *self.errors.entry(status).or_default() += count;
        }
        self.slowest = self.slowest.max(other.slowest);
    }

    /// That the board has what it acknowledged, and nothing else but what it could not answer for; each
    /// once.
    pub fn assert_kept(&self, what: &str, listed: &[Value]) {
        let mut there = BTreeMap::new();
        for message in listed {
            let value = |name: &str| message[name].as_str().unwrap().to_owned();
            let twice = there.insert(value("id"), value("text"));
            assert_eq!(twice, None, "{what}: a message is listed twice");
        }
        let unacknowledged: Vec<_> = there
            .iter()
            .filter(|(id, _)| !self.acknowledged.contains_key(*id))
            .map(|(_, text)| text)
            .collect();
        eprintln!(
            "{what}: {} acknowledged, {} there, {} of them unacknowledged; of unknown fate {}; \
             errors {:?}; the slowest answer took {:?}",
            self.acknowledged.len(),
            there.len(),
            unacknowledged.len(),
            self.unknown.len(),
            self.errors,
            self.slowest,
        );
        for (id, text) in &self.acknowledged {
            assert_eq!(there.get(id), Some(text), "{what}: {id} was acknowledged");
        }
        let mut texts = BTreeSet::new();
        for text in unacknowledged {
            assert!(self.unknown.contains(text), "{what}: nobody posted {text}");
            assert!(texts.insert(text), "{what}: {text} was posted once");
        }
        assert!(self.slowest < ANSWER, "{what}: {:?}", self.slowest);
    }
}

/// Every message of the board, page by page.
pub async fn all_messages(site: &str) -> Vec<Value> {
    let (client, mut all) = (Client::new(), vec![]);
    let mut before = String::new();
    loop {
        let url = format!("{site}/api/messages?limit=50{before}");
        let page: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        all.extend(page["messages"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => return all,
        }
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
