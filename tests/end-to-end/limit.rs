//! The posting limit of an address.

use std::time::SystemTime;

use aws_sdk_rdsdata::types::Field;
use domain::Sender;
use futures_util::future::join_all;
use serde_json::json;

use crate::answer::{Answer, ask};
use crate::board::{Board, http};
use crate::log_privacy::plant;
use crate::repeats::new_key;

/// A board behind a proxy, so that requests can come from any address.
pub fn board(limit: &str) -> Board {
    Board::start_with(|command| {
        command
            .env("POSTS_PER_MINUTE", limit)
            .args(["--trusted-proxy", "127.0.0.0/8"]);
    })
}

impl Board {
    pub async fn post_from(&self, address: &str, text: &str) -> Answer {
        plant(text);
        let post = http().post(self.url("/api/messages"));
        let post = post.json(&json!({ "text": text }));
        ask(post.header("x-forwarded-for", address)).await
    }
}

fn is_over_the_limit(answer: &Answer) {
    let seconds = answer.header("retry-after").to_owned();
    answer.is_problem_with(
        429,
        "posting-limit",
        &json!([]),
        &[("retry-after", &seconds)],
    );
    let seconds: u64 = seconds.parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn of_a_hundred_at_once_as_many_get_through_as_the_limit_says() {
    let board = board("10");
    let answers = join_all((0..100).map(|_| board.post_from("192.0.2.1", "flood"))).await;
    let (created, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((created.len(), refused.len()), (10, 90));
    refused.into_iter().for_each(is_over_the_limit);
    assert_eq!(board.messages().await.len(), 10);
}

/// The first of a key counts, and those of other keys come between it and its repeats.
#[tokio::test]
async fn repeats_of_as_many_keys_as_the_limit_says_are_all_answered() {
    let board = board("3");
    for address in 1..=10 {
        let address = format!("192.0.2.{address}");
        let keys = [new_key(), new_key(), new_key()];
        let post = async |number: usize| {
            let post = http().post(board.url("/api/messages"));
            let post = post.header("x-forwarded-for", &address);
            let post = post.json(&json!({ "text": format!("number {}", number % 3) }));
            ask(post.header("idempotency-key", &keys[number % 3])).await
        };
        let answers = join_all((0..9).map(post)).await;
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.created(), post(number).await.created());
        }
        is_over_the_limit(&board.post_from(&address, "one more").await);
    }
    assert_eq!(board.messages().await.len(), 30);
}

#[tokio::test]
async fn each_address_has_a_limit_of_its_own_and_a_network_of_ipv6_one_together() {
    let board = board("1");
    for address in [
        "192.0.2.1",
        "192.0.2.2",
        "2001:db8:0:1::1",
        "2001:db8:0:2::1",
    ] {
        board.post_from(address, "first").await.created();
        is_over_the_limit(&board.post_from(address, "second").await);
    }
    is_over_the_limit(
        &board
            .post_from("2001:db8:0:1:ffff::2", "of the same network")
            .await,
    );
    // What a client claims to be counts for nothing.
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.7, 192.0.2.1"),
        ("cloudfront-viewer-address", "198.51.100.7:1"),
        ("x-real-ip", "198.51.100.7"),
        ("forwarded", "for=198.51.100.7"),
    ] {
        let post = http()
            .post(board.url("/api/messages"))
            .json(&json!({"text": "third"}));
        let post = match name {
            "x-forwarded-for" => post.header(name, value),
            _ => post
                .header("x-forwarded-for", "192.0.2.1")
                .header(name, value),
        };
        is_over_the_limit(&ask(post).await);
    }
}

#[tokio::test]
async fn cloudfronts_word_counts_where_it_proves_that_it_is_cloudfront() {
    let board = Board::start_with(|command| {
        command
            .env("POSTS_PER_MINUTE", "1")
            .env("ORIGIN_SECRET", "what only CloudFront sends");
    });
    let post = async |viewer: &str, secret: &str| {
        let post = http()
            .post(board.url("/api/messages"))
            .json(&json!({"text": "hello"}));
        ask(post
            .header("cloudfront-viewer-address", viewer)
            .header("x-origin-verify", secret))
        .await
    };
    for viewer in [
        "198.51.100.7:46532",
        "198.51.100.8:46532",
        "2001:db8:0:1::1:46532",
    ] {
        post(viewer, "what only CloudFront sends").await.created();
        is_over_the_limit(&post(viewer, "what only CloudFront sends").await);
    }
    is_over_the_limit(&post("2001:db8:0:1::2:46532", "what only CloudFront sends").await);
    // Not believed: all of them are the connection's address.
    post("198.51.100.9:46532", "a guess").await.created();
    is_over_the_limit(&post("198.51.100.10:46532", "a guess").await);
}

#[tokio::test]
async fn a_repeat_is_never_refused_and_a_refused_post_may_be_repeated_later() {
    let board = board("1");
    let post = async |key: &str, text: &str| {
        let post = http()
            .post(board.url("/api/messages"))
            .json(&json!({ "text": text }));
        ask(post
            .header("x-forwarded-for", "192.0.2.1")
            .header("idempotency-key", key))
        .await
    };
    let (first, second) = (new_key(), new_key());
    let posted = post(&first, "first").await.created();
    is_over_the_limit(&post(&second, "second").await);
    assert_eq!(post(&first, "first").await.created(), posted);
    let answer = post(&first, "another").await;
    answer.is_problem(422, "idempotency-key-reused", &json!([]));
    // A minute later, as the database knows it.
    board
        .sql(
            "UPDATE sender SET since = since - 60000 WHERE id <> :id",
            "",
        )
        .await;
    assert_eq!(post(&second, "second").await.status, 201);
    assert_eq!(board.messages().await.len(), 2);
}

#[tokio::test]
async fn a_limit_of_zero_is_none() {
    let board = board("0");
    let answers = join_all((0..30).map(|_| board.post_from("192.0.2.1", "many"))).await;
    assert!(answers.iter().all(|answer| answer.status == 201));
    // And what needs no count has none.
    let counted = board.sql("SELECT id FROM sender WHERE id <> :id", "").await;
    assert!(counted.is_empty());
}

#[tokio::test]
async fn addresses_are_kept_as_hmacs_and_forgotten() {
    let board = board("10");
    board.post_from("192.0.2.1", "hello").await.created();
    let everything = "SELECT id FROM sender WHERE id <> :id UNION ALL SELECT sender FROM message";
    let kept = board.sql(everything, "").await;
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0], kept[1]);
    // Two days later, as the database knows it.
    let age = |table, column| {
        format!(
            "UPDATE {table} SET {column} = '000001' || substr({column}, 7) WHERE {column} <> :id"
        )
    };
    board.sql(&age("sender", "id"), "").await;
    board.sql(&age("message", "sender"), "").await;
    board.is_cleared_up().await;
    let kept = board.sql("SELECT id FROM sender WHERE id <> :id UNION ALL SELECT sender FROM message WHERE sender IS NOT NULL", "").await;
    let oldest = Sender::forgotten_below(SystemTime::now());
    let is_later_s = |row: &Vec<Field>| row[0].as_string_value().unwrap() >= &oldest;
    assert!(kept.len() >= 2 && kept.iter().all(is_later_s), "{kept:?}");
    assert_eq!(board.messages().await.len(), 1);
}

#[tokio::test]
async fn repeats_use_nothing_up_of_the_limit() {
    let board = board("3");
    let post = async |key: &str| {
        let post = http()
            .post(board.url("/api/messages"))
            .json(&json!({"text": "the same"}));
        let post = post.header("x-forwarded-for", "192.0.2.1");
        ask(post.header("idempotency-key", key)).await
    };
    let keys = [new_key(), new_key()];
    for _ in 0..5 {
        for key in &keys {
            assert_eq!(post(key).await.status, 201);
        }
    }
    post(&new_key()).await.created();
    is_over_the_limit(&post(&new_key()).await);
    assert_eq!(board.messages().await.len(), 3);
}
