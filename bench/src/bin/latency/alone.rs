//! One request after the other.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::far::{Counts, Far, milliseconds};
use crate::function::{Environment, delete, get, picture, regular, text};

/// How long message-board keeps the first page.
const FRESH: Duration = Duration::from_secs(1);
/// How many messages there are: more than a page has.
const MESSAGES: usize = 30;

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
        self.counts.push(Counts::of(&environment.calls.take()));
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

pub async fn measure(far: Far, rounds: usize, file: &Path) -> Result<Value, Box<dyn Error>> {
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
        "text post, a sender's first of the day",
        "delete with a picture",
        "delete of a text",
        "first page, new environment",
        "first page, a second after the last",
        "older page, new environment",
        "older page",
        "one message, new environment",
        "one message",
    ]
    .map(Case::new);
    let [
        post_picture,
        post_text,
        post_first,
        delete_picture,
        delete_text,
        first,
        again,
        older_first,
        older_again,
        message_first,
        message_again,
    ] = &mut cases;
    // An environment that has posted and read before.
    let warm = Environment::start(far)?;
    let post = regular(text("to be warm")?);
    warm.ask(post, StatusCode::CREATED).await?;
    warm.ask(get("/api/messages"), StatusCode::OK).await?;
    for n in 0..rounds {
        let request = regular(picture(&format!("picture {n}"), &bytes)?);
        let pictured = post_picture.measure(&warm, request, StatusCode::CREATED);
        let pictured = pictured.await?;
        let request = regular(text(&format!("text {n}"))?);
        let texted = post_text.measure(&warm, request, StatusCode::CREATED);
        let texted = texted.await?;
        let request = text(&format!("first {n}"))?;
        let first_post = post_first.measure(&warm, request, StatusCode::CREATED);
        first_post.await?;
        let new = || Environment::start(far);
        for (case, path) in [
            (&mut *first, "/api/messages"),
            (older_first, &older),
            (message_first, &one),
        ] {
            case.measure(&new()?, get(path), StatusCode::OK).await?;
        }
        for (case, path) in [(&mut *older_again, &older), (message_again, &one)] {
            case.measure(&warm, get(path), StatusCode::OK).await?;
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
