//! The Data API on a bad day: what the store makes of it, and what the board answers.

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use domain::{Era, MessageId, Tokens};
use http::{Request, StatusCode, header};
use media::Bucket;
use message_board::{Settings, app};
use serde_json::{Value, json};
use store::{Database, Store, StoreError};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::corkboard::{BUCKET, Corkboard};
use crate::samples::{secret, text};
use crate::scripted_data_api::{Endpoint, Reply, in_fast_time};

const INSERT: &str = "INSERT INTO message";
const MARK: &str = "UPDATE message SET status = 'posted'";
const DELETE: &str = "UPDATE message SET status = 'deleting'";
const SENDER: &str = "SELECT sender FROM message";
/// Before anything else: whether the schema is one for this code.
const SCHEMA: &str = "SELECT version";
const PAGE: &str = "SELECT id, generation, author";
/// What a function of AWS gives a request; the board has less.
const ANSWER: Duration = Duration::from_secs(25);

fn refusal(status: u16, code: &'static str, message: &str) -> Reply {
    Reply::Refusal(status, code, message.to_owned())
}

fn resuming() -> Reply {
    let message = "The Aurora DB instance db-ABCDEFGHIJ is resuming after being auto-paused. \
                   Please wait a few seconds and try again.";
    refusal(400, "DatabaseResumingException", message)
}

/// Every kind of refusal that stays one, with something in its text that is nobody's business.
fn lasting() -> Vec<Reply> {
    vec![
        refusal(
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        refusal(
            403,
            "AccessDeniedException",
            "User: arn:aws:sts::123456789012:assumed-role/board is not authorized to perform: \
             rds-data:ExecuteStatement on resource: arn:aws:rds:eu-central-1:123456789012:cluster:board",
        ),
        refusal(
            400,
            "SecretsErrorException",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:board cannot be read",
        ),
        refusal(
            400,
            "InvalidSecretException",
            "Access denied for user 'board'@'10.0.0.1' (using password: YES)",
        ),
        refusal(
            404,
            "DatabaseNotFoundException",
            "DB Cluster board-1 is not found",
        ),
        refusal(
            400,
            "HttpEndpointNotEnabledException",
            "HttpEndpoint is not enabled for cluster board-1",
        ),
        refusal(
            400,
            "InvalidResourceStateException",
            "The cluster board-1 is stopped",
        ),
        refusal(
            400,
            "StatementTimeoutException",
            "INSERT INTO message was cut off",
        ),
        refusal(
            400,
            "DatabaseErrorException",
            "Data too long for column 'text' at row 1; Error code: 1406; SQLState: 22001",
        ),
        refusal(
            400,
            "BadRequestException",
            "Communications link failure: The last packet successfully received from the server \
             was 1062 milliseconds ago",
        ),
        refusal(418, "TeapotException", "short and stout at 10.0.0.1"),
    ]
}

/// Troubles that the SDK asks again about.
fn passing() -> Vec<Reply> {
    vec![
        refusal(400, "ThrottlingException", "Rate exceeded"),
        refusal(429, "ThrottlingException", "Rate exceeded"),
        refusal(500, "InternalServerErrorException", "db.internal:3306"),
        refusal(502, "", "bad gateway"),
        refusal(503, "ServiceUnavailableError", "db.internal:3306"),
        refusal(504, "DatabaseUnavailableException", "db.internal:3306"),
        Reply::Cut,
    ]
}

async fn store(endpoint: &Endpoint, time: Duration) -> Store {
    Store::new(endpoint.database().await, Instant::now() + time)
}

fn board(database: Database, s3: aws_sdk_s3::Client) -> Router {
    let settings = Settings::from_lookup(&|variable| match variable {
        "BOARD_SECRET" => Some("0123456789abcdef0123456789abcdef".into()),
        "MEDIA_BUCKET" => Some(BUCKET.into()),
        "PUBLIC_BASE_URL" => Some(String::new()),
        _ => None,
    });
    let bucket = Bucket::new(|| s3, BUCKET);
    app(settings.ok().unwrap(), database, bucket)
}

struct Answer {
    status: StatusCode,
    retry_after: Option<String>,
    body: Value,
}

/// What the board answers over the endpoint, within the time that it has, on an empty bucket.
async fn ask(endpoint: &Endpoint, request: Request<Body>) -> Answer {
    let corkboard = Corkboard::start(|_| {});
    ask_with(endpoint, corkboard.s3().await, request).await
}

/// The same with this S3.
async fn ask_with(endpoint: &Endpoint, s3: aws_sdk_s3::Client, request: Request<Body>) -> Answer {
    let board = board(endpoint.database().await, s3);
    in_fast_time(async {
        let since = Instant::now();
        let response = board.oneshot(request).await.unwrap();
        assert!(since.elapsed() < ANSWER, "{:?}", since.elapsed());
        let retry_after = response.headers().get(header::RETRY_AFTER);
        Answer {
            status: response.status(),
            retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
            body: serde_json::from_slice(
                &to_bytes(response.into_body(), usize::MAX).await.unwrap(),
            )
            .unwrap(),
        }
    })
    .await
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn authorized(request: http::request::Builder, token: &str) -> Request<Body> {
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    request.body(Body::empty()).unwrap()
}

fn tokens() -> Tokens {
    Tokens::new(&secret(), None)
}

/// What is asked of the database, and a request that asks it.
fn every_statement() -> [(&'static str, Request<Body>); 5] {
    [
        (SCHEMA, post()),
        (INSERT, post()),
        (MARK, post()),
        (DELETE, delete()),
        (SENDER, moderate()),
    ]
}

fn delete() -> Request<Body> {
    let id = MessageId::generate();
    let token = tokens().delete_token(id, Era::Current);
    authorized(Request::delete(format!("/api/messages/{id}")), &token)
}

/// A moderator who asks for a sender.
fn moderate() -> Request<Body> {
    let id = MessageId::generate();
    let path = format!("/api/moderation/sender?messageId={id}");
    authorized(Request::get(path), &tokens().moderator_token(None))
}

fn post() -> Request<Body> {
    Request::post("/api/messages")
        .header(header::CONTENT_TYPE, "application/json")
        .body(json!({"text": "hello"}).to_string().into())
        .unwrap()
}

/// The whole answer, so that there is nothing of the cause in it.
fn assert_is(answer: &Answer, code: &str, title: &str, detail: &str) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let seconds: u32 = answer.retry_after.as_ref().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(
        answer.body,
        json!({
            "type": format!("urn:corkboard:problem:{code}"),
            "title": title,
            "status": 503,
            "detail": detail,
        })
    );
}

fn assert_resuming(answer: &Answer) {
    assert_is(
        answer,
        "database-resuming",
        "The board is waking up",
        "Try again in a few seconds.",
    );
}

fn assert_unavailable(answer: &Answer) {
    assert_is(
        answer,
        "database-unavailable",
        "The board is unavailable",
        "Messages cannot be reached now. Try again in a few seconds.",
    );
}

#[tokio::test]
async fn a_database_that_wakes_up_is_asked_until_it_answers() {
    let mut replies = vec![resuming(); 4];
    replies.push(Reply::Done);
    let corkboard = Corkboard::start(|_| {});
    for statement in [INSERT, MARK] {
        let endpoint = Endpoint::start(statement, &replies).await;
        let answer = ask_with(&endpoint, corkboard.s3().await, post()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        assert_eq!(endpoint.asked(), 5);
    }
}

#[tokio::test]
async fn whoever_reads_wakes_no_database_and_needs_none() {
    let corkboard = Corkboard::start(|_| {});
    for reply in [resuming(), Reply::Silence, Reply::Cut] {
        let endpoint = Endpoint::start("", &[reply]).await;
        let answer = ask_with(&endpoint, corkboard.s3().await, get("/api/messages")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.body, json!({"messages": [], "next": null}));
        let one = format!("/api/messages/{}", MessageId::generate());
        let answer = ask_with(&endpoint, corkboard.s3().await, get(&one)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
        assert_eq!(endpoint.asked(), 0);
    }
}

#[tokio::test]
async fn a_waking_database_is_given_most_of_the_time_there_is() {
    let endpoint = Endpoint::start("", &[resuming()]).await;
    let time = Duration::from_secs(20);
    let store = store(&endpoint, time).await;
    in_fast_time(async {
        let since = Instant::now();
        let outcome = store.page_after(20, None).await;
        assert!(matches!(outcome, Err(StoreError::Resuming)), "{outcome:?}");
        let waited = since.elapsed();
        assert!(waited + Duration::from_secs(4) > time, "{waited:?}");
        assert!(waited < time + Duration::from_secs(1), "{waited:?}");
    })
    .await;
    // With pauses: it is not asked without end.
    assert!(endpoint.asked() < 40, "{}", endpoint.asked());
}

#[tokio::test]
async fn a_database_that_does_not_wake_up_in_time_is_a_503_that_says_so() {
    for request in [post(), delete(), moderate()] {
        let endpoint = Endpoint::start("", &[resuming()]).await;
        assert_resuming(&ask(&endpoint, request).await);
        assert!(endpoint.asked() > 5);
    }
}

#[tokio::test]
async fn a_database_that_falls_silent_while_it_wakes_up_is_still_waking_up() {
    let corkboard = Corkboard::start(|_| {});
    for (statement, request) in [(INSERT, post()), (DELETE, delete()), (SENDER, moderate())] {
        let endpoint = Endpoint::start(statement, &[resuming(), Reply::Silence]).await;
        let s3 = corkboard.s3().await;
        assert_resuming(&ask_with(&endpoint, s3, request).await);
    }
}

#[tokio::test]
async fn a_monitor_is_told_at_once_that_the_database_wakes_up() {
    let endpoint = Endpoint::start("SELECT 1", &[resuming()]).await;
    let answer = ask(&endpoint, get("/api/health/ready")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.body["database"], "resuming");
}

#[tokio::test]
async fn what_passes_is_asked_again() {
    let corkboard = Corkboard::start(|_| {});
    for reply in passing() {
        for statement in [INSERT, MARK] {
            let replies = [reply.clone(), reply.clone(), Reply::Done];
            let endpoint = Endpoint::start(statement, &replies).await;
            let answer = ask_with(&endpoint, corkboard.s3().await, post()).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{reply:?}");
            assert_eq!(endpoint.asked(), 3, "{statement}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn what_does_not_pass_is_a_503_without_its_cause() {
    let corkboard = Corkboard::start(|_| {});
    for reply in passing().into_iter().chain(lasting()) {
        for (statement, request) in every_statement() {
            let endpoint = Endpoint::start(statement, std::slice::from_ref(&reply)).await;
            let s3 = corkboard.s3().await;
            assert_unavailable(&ask_with(&endpoint, s3, request).await);
            assert!(endpoint.asked() > 0, "{statement}");
        }
    }
}

#[tokio::test]
async fn what_will_not_pass_is_not_asked_again() {
    for reply in lasting() {
        let endpoint = Endpoint::start(PAGE, std::slice::from_ref(&reply)).await;
        let store = store(&endpoint, ANSWER).await;
        let outcome = in_fast_time(store.page_after(20, None)).await;
        assert!(
            matches!(outcome, Err(StoreError::Unavailable(_))),
            "{reply:?}: {outcome:?}"
        );
        assert_eq!(endpoint.asked(), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn a_silent_database_is_a_503_in_time() {
    let corkboard = Corkboard::start(|_| {});
    for (statement, request) in every_statement() {
        let endpoint = Endpoint::start(statement, &[Reply::Silence]).await;
        let s3 = corkboard.s3().await;
        assert_unavailable(&ask_with(&endpoint, s3, request).await);
    }
}

#[tokio::test]
async fn a_silent_database_holds_the_store_up_until_its_deadline_only() {
    let endpoint = Endpoint::start(INSERT, &[Reply::Silence]).await;
    let time = Duration::from_secs(5);
    let store = store(&endpoint, time).await;
    in_fast_time(async {
        let since = Instant::now();
        let message = text(MessageId::generate(), "hello");
        let outcome = store
            .insert(
                &message,
                store::Status::Pending,
                None,
                None,
                SystemTime::now(),
            )
            .await;
        assert!(
            matches!(outcome, Err(StoreError::Unavailable(_))),
            "{outcome:?}"
        );
        let waited = since.elapsed();
        assert!(waited < time + Duration::from_secs(1), "{waited:?}");
    })
    .await;
}

/// The SDK asks again after a 5xx, and so does whoever cannot know; the row of the first time is a success.
#[tokio::test]
async fn an_insert_that_meets_its_own_row_has_succeeded() {
    let duplicates = [
        refusal(
            400,
            "DatabaseErrorException",
            "Duplicate entry '01ARZ3NDEKTSV4RRFFQ69G5FAV' for key 'message.PRIMARY'; \
             Error code: 1062; SQLState: 23000",
        ),
        refusal(
            400,
            "BadRequestException",
            "Duplicate entry '01ARZ3NDEKTSV4RRFFQ69G5FAV' for key 'message.PRIMARY'; \
             Error code: 1062; SQLState: 23000",
        ),
        refusal(
            400,
            "BadRequestException",
            "Database error code: 1062. Message: Duplicate entry '01ARZ3NDEKTSV4RRFFQ69G5FAV' for key 'PRIMARY'",
        ),
        refusal(
            400,
            "DatabaseErrorException",
            "ERROR 1062 (23000): Duplicate entry '01ARZ3NDEKTSV4RRFFQ69G5FAV' for key 'PRIMARY'",
        ),
    ];
    let corkboard = Corkboard::start(|_| {});
    for duplicate in duplicates {
        for first in passing() {
            let endpoint = Endpoint::start(INSERT, &[first.clone(), duplicate.clone()]).await;
            let answer = ask_with(&endpoint, corkboard.s3().await, post()).await;
            assert_eq!(
                answer.status,
                StatusCode::CREATED,
                "{first:?}, {duplicate:?}"
            );
            assert_eq!(endpoint.asked(), 2, "{first:?}, {duplicate:?}");
        }
    }
}
