//! A moderator's decision dies at every step, and takes so many round trips where it does not.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::body::Body;
use domain::{BoardSecret, Tokens};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::board::{Board, picture};
use crate::repeats::new_key;
use crate::steps::{
    BOARD_SECRET, Chained, answer, delete, dies, function, function_with, post, text,
};

/// Posts a message that waits for a moderator.
async fn held(board: &Board, request: Request<Body>) -> Value {
    let client = lambda::aws::http_client;
    let reviewing = function_with(&[("POSTING", "reviewed")], board, client(), client());
    let (status, message) = answer(reviewing, request).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{message}");
    message
}

fn token() -> String {
    Tokens::new(&BoardSecret::new(BOARD_SECRET).unwrap(), None).moderator_token(None)
}

fn decide(decision: &str, message: &Value) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("/api/moderation/{decision}"))
        .header("authorization", format!("Bearer {}", token()))
        .header("content-type", "application/json")
        .body(json!({"messageIds": [message["id"]]}).to_string().into())
        .unwrap()
}

fn take_down(message: &Value) -> Request<Body> {
    let mut request = delete(message);
    let bearer = format!("Bearer {}", token()).parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    request
}

/// What moderators do with a message that waits, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Approve,
    TakeDown,
    Restore,
}

impl Step {
    fn request(self, message: &Value) -> Request<Body> {
        match self {
            Self::Approve => decide("approve", message),
            Self::TakeDown => take_down(message),
            Self::Restore => decide("restore", message),
        }
    }

    /// Has the step be done.
    async fn take(self, board: &Board, message: &Value) {
        let (status, body) = answer(function(board, None), self.request(message)).await;
        match self {
            Self::TakeDown => assert_eq!(status, StatusCode::NO_CONTENT, "{body}"),
            _ => assert_eq!(
                body["outcomes"][0]["outcome"], "done",
                "{self:?}: {status} {body}"
            ),
        }
    }
}

const STEPS: [Step; 3] = [Step::Approve, Step::TakeDown, Step::Restore];

/// What readers see of a message is whole, or nothing.
async fn seen(board: &Board, message: &Value) -> bool {
    let messages = board.messages().await;
    let Some(found) = messages.iter().find(|it| it["id"] == message["id"]) else {
        return false;
    };
    let url = found["picture"]["url"].as_str().unwrap();
    assert_eq!(board.get(url).await.body, picture("small.jpg"));
    true
}

#[tokio::test]
async fn a_decision_that_died_at_any_step_is_finished_by_its_repeat_or_by_a_later_post() {
    let board = Board::start();
    let mut died = [0; STEPS.len()];
    for (which, step) in STEPS.into_iter().enumerate() {
        for arrives in [false, true] {
            for requests in 1.. {
                let message = held(&board, post(&new_key(), "hello", "small.jpg")).await;
                for before in &STEPS[..which] {
                    before.take(&board, &message).await;
                }
                if !dies(&board, requests, arrives, step.request(&message)).await {
                    break;
                }
                died[which] += 1;
                let what = format!("{step:?} {arrives} {requests}");
                seen(&board, &message).await;
                if requests % 2 == 0 {
                    let (status, _) = answer(function(&board, None), text("later")).await;
                    assert_eq!(status, StatusCode::CREATED, "{what}");
                    seen(&board, &message).await;
                }
                step.take(&board, &message).await;
                assert_eq!(
                    seen(&board, &message).await,
                    step != Step::TakeDown,
                    "{what}"
                );
                let (status, _) = answer(function(&board, None), delete(&message)).await;
                assert_eq!(status, StatusCode::NO_CONTENT, "{what}");
                let left = board.media().keys().await;
                let is_of_it = |key: &String| key.contains(message["id"].as_str().unwrap());
                assert!(!left.iter().any(is_of_it), "{what}: {left:?}");
            }
        }
    }
    // The schema and two look-ups apart: marks, copies, puts.
    assert!(died.iter().all(|died| *died >= 16), "{died:?}");
}

/// It is told first, beside the first step.
#[tokio::test]
async fn a_decision_that_died_at_any_step_is_in_the_log_if_anything_was_done() {
    let board = Board::start();
    let number = async |sql: &str, id: &str| match &board.sql(sql, id).await[0][..] {
        [aws_sdk_rdsdata::types::Field::LongValue(number)] => *number,
        other => panic!("{other:?}"),
    };
    let mut unlogged = 0;
    for arrives in [false, true] {
        for requests in 1.. {
            let message = held(&board, text("hello")).await;
            if !dies(&board, requests, arrives, decide("reject", &message)).await {
                break;
            }
            let id = message["id"].as_str().unwrap();
            let logged = "SELECT count(*) FROM moderation_log WHERE message_id = :id";
            let logged = number(logged, id).await;
            let waiting = "SELECT count(*) FROM message WHERE id = :id AND status = 'held'";
            let waiting = number(waiting, id).await;
            assert!(logged + waiting > 0, "{arrives} {requests}");
            unlogged += 1 - logged;
        }
    }
    // It died before the log was told.
    assert!(unlogged > 0);
}

/// How many round trips follow one another.
#[tokio::test]
async fn decisions_take_as_many_round_trips_as_promised() {
    let board = Board::start();
    for (is_picture, expected) in [(true, [4, 4, 4]), (false, [3, 3, 3])] {
        let request = if is_picture {
            post(&new_key(), "hello", "small.jpg")
        } else {
            text("hello")
        };
        let message = held(&board, request).await;
        for (step, expected) in STEPS.into_iter().zip(expected) {
            assert_eq!(
                trips(&board, step.request(&message)).await,
                expected,
                "{step:?} {is_picture}"
            );
        }
    }
    let message = held(&board, text("hello")).await;
    assert_eq!(trips(&board, decide("reject", &message)).await, 1);
}

async fn trips(board: &Board, request: Request<Body>) -> usize {
    let chained = Chained::new();
    let way = || SharedHttpClient::new(chained.clone());
    let function = function_with(&[], board, way(), way());
    // It has looked at the schema.
    let (status, _) = answer(
        function.clone(),
        decide("reject", &json!({"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let before = chained.longest();
    let (status, body) = answer(function, request).await;
    assert!(status.is_success(), "{status} {body}");
    chained.longest() - before
}
