//! Whole requests to message-board.

use std::fmt;

use axum::Router;
use axum::body::Body;
use http::{Request as HttpRequest, StatusCode};
use http_body_util::BodyExt as _;
use media::Bucket;
use message_board::{Settings, app};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{alone, database, far, wrong};
use crate::request::Request;
use crate::schedule::{End, Schedule, random_schedules};
use crate::world::{MEDIA, World};

type Answer = (StatusCode, Value);

const CHANGES: &str = "board/changes/";
/// A mark of 2016.
const OLD: &str = "board/changes/01ARZ3NDEKTSV4RRFFQ69G5FAV";

fn function(world: &World<Answer>, sandbox: usize) -> Router {
    let settings = Settings::from_lookup(&|variable| match variable {
        "BOARD_SECRET" => Some("the secret of a board that is explored".into()),
        "MEDIA_BUCKET" => Some(MEDIA.into()),
        "PUBLIC_BASE_URL" => Some(String::new()),
        "POSTS_PER_MINUTE" => Some("0".into()),
        _ => None,
    });
    let Ok(settings) = settings else {
        panic!("the settings are wrong");
    };
    let client = world.client(sandbox);
    let bucket = Bucket::new(|| client, MEDIA);
    app(settings, database(world, sandbox), bucket)
}

async fn ask(function: Router, request: HttpRequest<Body>) -> Answer {
    let response = function.oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn post(text: &str) -> HttpRequest<Body> {
    let body = json!({"text": text}).to_string();
    let post = HttpRequest::post("/api/messages").header("content-type", "application/json");
    post.body(body.into()).unwrap()
}

fn delete(message: &Value) -> HttpRequest<Body> {
    let of = |name: &str| message[name].as_str().unwrap();
    let delete = HttpRequest::delete(format!("/api/messages/{}", of("id")));
    let delete = delete.header("authorization", format!("Bearer {}", of("deleteToken")));
    delete.body(Body::empty()).unwrap()
}

fn read() -> HttpRequest<Body> {
    let read = HttpRequest::get("/api/messages").body(Body::empty());
    read.unwrap()
}

enum Step {
    Post,
    Delete(usize),
    Read,
    Happen(usize, usize, Box<Request>),
    Die(usize),
    Arrive(usize),
    Lose(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Post => write!(f, "a post begins"),
            Self::Delete(n) => write!(f, "the delete of message {n} begins"),
            Self::Read => write!(f, "a read begins"),
            Self::Happen(_, sandbox, request) => write!(f, "sandbox {sandbox}: {request}"),
            Self::Die(sandbox) => write!(f, "sandbox {sandbox} dies"),
            Self::Arrive(_) => write!(f, "what a dead one sent arrives"),
            Self::Lose(_) => write!(f, "what a dead one sent is lost"),
        }
    }
}

fn run(
    world: &mut World<Answer>,
    mut requests: usize,
    mut deaths: usize,
    schedule: &mut Schedule<'_>,
) -> Result<End, String> {
    world.reset(crate::bucket::Bucket::new());
    world.database.as_ref().unwrap().empty();
    // The file is made.
    let first = function(world, 0);
    alone(world, 0, ask(first, read()));
    let mut functions: Vec<_> = (0..world.sandboxes())
        .map(|it| function(world, it))
        .collect();
    let (mut posted, mut late) = (Vec::<Value>::new(), Vec::<Request>::new());
    loop {
        for (_, (status, body)) in world.settle() {
            if status == StatusCode::CREATED {
                posted.push(body);
            } else if !matches!(status.as_u16(), 200 | 204 | 404) {
                return Err(format!("{status}: {body}"));
            }
        }
        let waiting = world.waiting().into_iter().enumerate();
        let mut steps: Vec<_> = waiting
            .map(|(n, (sandbox, request))| Step::Happen(n, sandbox, Box::new(request)))
            .collect();
        if requests > 0 && world.idle().is_some() {
            steps.extend([Step::Post, Step::Read]);
            steps.extend((0..posted.len()).map(Step::Delete));
        }
        if deaths > 0 {
            steps.extend(world.busy().map(Step::Die));
        }
        for n in 0..late.len() {
            steps.extend([Step::Arrive(n), Step::Lose(n)]);
        }
        if steps.is_empty() {
            break;
        }
        let request = match schedule.choose(steps) {
            Step::Post => post(&requests.to_string()),
            Step::Delete(n) => delete(&posted.remove(n)),
            Step::Read => read(),
            Step::Happen(n, ..) => {
                world.answer(n);
                continue;
            }
            Step::Die(sandbox) => {
                deaths -= 1;
                let sent = world.crash(sandbox).into_iter();
                late.extend(sent.filter(Request::changes));
                functions[sandbox] = function(world, sandbox);
                continue;
            }
            Step::Arrive(n) => {
                let request = late.remove(n);
                world.happen(&request);
                continue;
            }
            Step::Lose(n) => {
                late.remove(n);
                continue;
            }
        };
        requests -= 1;
        if let Some(sandbox) = world.idle() {
            world.invoke(sandbox, (), ask(functions[sandbox].clone(), request));
        }
    }
    at_rest(world)
}

/// Minutes later somebody reads the page.
fn at_rest(world: &mut World<Answer>) -> Result<End, String> {
    let before = world.bucket.objects.len();
    world
        .bucket
        .objects
        .retain(|key, _| !key.starts_with(CHANGES));
    if world.bucket.objects.len() < before {
        world.bucket.put(OLD, "");
    }
    let function = function(world, 0);
    let (status, page) = alone(world, 0, ask(function, read()));
    let right = world.database.as_ref().unwrap().newest();
    let shown: Vec<_> = page["messages"].as_array().into_iter().flatten().collect();
    let is_shown = shown
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .eq(right.iter().take(20));
    if status != StatusCode::OK || !is_shown {
        return Err(format!(
            "a lost update: {status} {page:.300}, and there is {right:?}"
        ));
    }
    if world.bucket.objects.contains_key(OLD) {
        return Err("a mark is left".into());
    }
    wrong(world).map_or(Ok(End::Rest), Err)
}

fn board(sandboxes: usize) -> World<Answer> {
    let mut world = World::new(sandboxes);
    world.database = Some(crate::database::Database::new());
    let first = database(&world, 0);
    let migrated = async move {
        let migrated = first.migrate(far()).await;
        (StatusCode::OK, json!(migrated.is_ok()))
    };
    assert_eq!(alone(&mut world, 0, migrated).1, json!(true));
    world
}

#[test]
fn a_post_that_dies() {
    let mut world = board(1);
    random_schedules(100, |schedule, _| run(&mut world, 1, 1, schedule));
}

#[test]
fn posts_deletes_and_reads_that_overlap_and_die() {
    let mut world = board(4);
    random_schedules(100, |schedule, random| {
        let (requests, deaths) = (random.usize(2..12), random.usize(..4));
        run(&mut world, requests, deaths, schedule)
    });
}
