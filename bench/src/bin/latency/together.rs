//! Many environments at once.

use std::collections::HashSet;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::far::{Far, Service, milliseconds};
use crate::function::{Answer, Environment, get, text};

/// How many posts are made one by one, to compare with.
const ALONE: usize = 20;

/// What came of the posts or the reads.
#[derive(Default)]
struct Load {
    /// How long each took from when it was due until its answer, in milliseconds.
    took: Vec<f64>,
    /// The answers that were not as they should be.
    failed: Vec<String>,
    /// What the answers of the services took, in milliseconds.
    database: Vec<f64>,
    s3: Vec<f64>,
    posted: HashSet<String>,
}

pub async fn measure(
    far: Far,
    environments: usize,
    (rate, seconds): (u32, u32),
    (readers, pause): (usize, Duration),
) -> Result<Value, Box<dyn Error>> {
    let mut free = Vec::new();
    for n in 0..environments {
        let environment = Environment::start(far)?;
        let post = text(&format!("environment {n}"))?;
        environment.ask(post, StatusCode::CREATED).await?;
        free.push(environment);
    }
    let mut alone = Load::default();
    for n in 0..ALONE {
        let (environment, due) = (&free[0], Instant::now());
        environment.calls.take();
        let request = text(&format!("alone {n}"))?;
        let answer = environment.answer(request).await;
        alone.add(due, answer, environment, StatusCode::CREATED);
    }

    let end = Instant::now() + Duration::from_secs(seconds.into());
    let read = Arc::new(Mutex::new(Load::default()));
    let mut reading = JoinSet::new();
    for _ in 0..readers {
        let (environment, read) = (Environment::start(far)?, Arc::clone(&read));
        reading.spawn(async move {
            let mut due = Instant::now();
            while due < end {
                let answer = environment.answer(get("/api/messages")).await;
                lock(&read).add(due, answer, &environment, StatusCode::OK);
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
        "alone": alone.found(),
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
    rate: u32,
    seconds: u32,
) -> Result<Load, Box<dyn Error>> {
    let load = Arc::new(Mutex::new(Load::default()));
    let permits = Arc::new(Semaphore::new(environments.len()));
    let free = Arc::new(Mutex::new(environments));
    let mut posting = JoinSet::new();
    let begun = Instant::now();
    for n in 0..rate * seconds {
        let due = begun + Duration::from_secs(1) / rate * n;
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
            lock(&load).add(due, answer, &environment, StatusCode::CREATED);
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
        answer: Result<Answer, Box<dyn Error>>,
        environment: &Environment,
        wanted: StatusCode,
    ) {
        for call in environment.calls.take() {
            let took = match call.service {
                Service::Database => &mut self.database,
                Service::S3 => &mut self.s3,
            };
            took.extend(call.took().map(milliseconds));
        }
        match answer {
            Ok(answer) if answer.status == wanted => {
                self.took.push(milliseconds(due.elapsed()));
                let id = answer.body["id"].as_str();
                self.posted.extend(id.map(str::to_owned));
            }
            Ok(answer) => self.failed.push(answer.status.to_string()),
            Err(error) => self.failed.push(error.to_string()),
        }
    }

    fn found(&self) -> Value {
        json!({
            "ms": self.took,
            "failed": self.failed,
            "database": self.database,
            "s3": self.s3,
        })
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
