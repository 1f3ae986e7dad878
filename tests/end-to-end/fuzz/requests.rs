use domain::{MessageId, Picture};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use reqwest::RequestBuilder;
use rustix::process::Signal;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use super::{pictures, run};
use crate::answer::{Answer, ask};
use crate::board::{Board, http};

/// Sends each input to a board of their own, which lives through all of them without a panic.
fn run_on_a_board<S: Strategy>(
    name: &str,
    inputs: u32,
    strategy: &S,
    test: &impl AsyncFn(&Board, &reqwest::Client, S::Value) -> Result<(), TestCaseError>,
) {
    let runtime = Runtime::new().unwrap();
    let board = Board::start();
    let client = http();
    run(name, inputs, strategy, |input| {
        runtime.block_on(test(&board, &client, input))
    });
    let (status, errors, _) = board.stop(Signal::INT);
    assert!(status.success(), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}

/// That a post is created and can be read, or is refused with a problem.
async fn posted(
    board: &Board,
    client: &reqwest::Client,
    post: RequestBuilder,
) -> Result<(), TestCaseError> {
    let answer = ask(post).await;
    if answer.status != 201 {
        return refused(&answer, &[400, 413, 415, 422]);
    }
    let created = answer.json();
    let id = created["id"].as_str().unwrap();
    let read = ask(client.get(board.url(&format!("/api/messages/{id}")))).await;
    let mut expected = created.clone();
    expected.as_object_mut().unwrap().remove("deleteToken");
    prop_assert_eq!(read.json(), expected);
    if let Some(url) = created["picture"]["url"].as_str() {
        let served = ask(client.get(board.url(url))).await;
        let picture = Picture::parse(&served.body).unwrap();
        prop_assert_eq!(picture.bytes(), &served.body);
        prop_assert_eq!(picture.format().media_type(), served.header("content-type"));
        prop_assert_eq!(&created["picture"]["width"], picture.width());
    }
    Ok(())
}

fn refused(answer: &Answer, statuses: &[u16]) -> Result<(), TestCaseError> {
    prop_assert!(statuses.contains(&answer.status), "{:?}", answer);
    prop_assert_eq!(answer.header("content-type"), "application/problem+json");
    prop_assert_eq!(&answer.json()["status"], answer.status);
    Ok(())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        ".{0,60}",
        "[ \\n\\t\u{200b}\u{202e}\u{0}a]{0,6}",
        (0..2_100_usize).prop_map(|length| "𝒳".repeat(length)),
    ]
}

/// A part of a form: its head and its data.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        4 => select(vec!["text", "author", "alt", "picture"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let file = prop_oneof![
        2 => Just(String::new()),
        2 => Just("; filename=\"a.jpg\"".to_owned()),
        1 => any::<String>().prop_map(|name| format!("; filename=\"{name}\"")),
    ];
    let head = prop_oneof![
        3 => Just("\r\n".to_owned()),
        1 => "[ -~]{0,20}".prop_map(|line| format!("\r\n{line}\r\n")),
        1 => any::<String>(),
    ];
    let data = prop_oneof![
        3 => text().prop_map(String::into_bytes),
        2 => pictures::changed().prop_map(pictures::picture),
        1 => vec(any::<u8>(), 0..200),
    ];
    (name, file, head, data).prop_map(|(name, file, head, data)| {
        let head =
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}{head}\r\n");
        [head.as_bytes(), &data, b"\r\n"].concat()
    })
}

/// Bytes that are other ones.
fn damage() -> impl Strategy<Value = Vec<(Index, u8)>> {
    prop_oneof![3 => Just(vec![]), 2 => vec((any::<Index>(), any::<u8>()), 1..4)]
}

fn damaged(mut body: Vec<u8>, damage: &[(Index, u8)]) -> Vec<u8> {
    for (at, byte) in damage {
        if !body.is_empty() {
            let at = at.index(body.len());
            body[at] = *byte;
        }
    }
    body
}

#[test]
fn every_form_is_posted_or_refused() {
    let content_type = prop_oneof![
        8 => Just("multipart/form-data; boundary=b".to_owned()),
        1 => "multipart/form-data; boundary=[ -~]{0,20}",
        1 => "[ -~]{0,20}",
    ];
    let end = prop_oneof![4 => Just(b"--b--\r\n".to_vec()), 1 => vec(any::<u8>(), 0..9)];
    let form = (content_type, vec(part(), 0..5), end, damage());
    run_on_a_board("forms", 600, &form, &async |board,
                                                client,
                                                (
        content_type,
        parts,
        end,
        damage,
    )| {
        let body = damaged([parts.concat(), end].concat(), &damage);
        let post = client.post(board.url("/api/messages"));
        let post = post.header("content-type", content_type).body(body);
        posted(board, client, post).await
    });
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    let name = || {
        let known = select(vec!["text", "author", "alt", "picture"]).prop_map(str::to_owned);
        prop_oneof![4 => known, 1 => any::<String>()]
    };
    leaf.prop_recursive(4, 24, 6, move |value| {
        let members = vec((name(), value.clone()), 0..6);
        let object = members.prop_map(|members| Value::from(Map::from_iter(members)));
        prop_oneof![3 => object, 1 => vec(value, 0..6).prop_map(Value::from)]
    })
}

#[test]
fn every_json_is_posted_or_refused() {
    run_on_a_board("JSON", 800, &(json(), damage()), &async |board,
                                                             client,
                                                             (
        value,
        damage,
    )| {
        let body = damaged(value.to_string().into_bytes(), &damage);
        let post = client.post(board.url("/api/messages"));
        posted(
            board,
            client,
            post.header("content-type", "application/json").body(body),
        )
        .await
    });
}

#[test]
fn every_list_is_given_or_refused() {
    let id = "[0-9A-HJKMNP-TV-Za-z]{25,27}";
    let before = prop_oneof![2 => "[0-7][0-9A-HJKMNP-TV-Z]{25}", 1 => id, 1 => any::<String>()];
    let limit = prop_oneof![
        2 => (0..60_i64).prop_map(|limit| limit.to_string()),
        1 => "[+-]?[0-9]{0,20}",
        1 => any::<String>(),
    ];
    let list = (
        proptest::option::of(limit),
        proptest::option::of(before),
        any::<bool>(),
    );
    run_on_a_board(
        "lists",
        1_000,
        &list,
        &async |board, client, (limit, before, twice)| {
            let is_id = |text: &String| {
                text.parse::<MessageId>()
                    .is_ok_and(|id| id.to_string() == *text)
            };
            let is_limit = |text: &String| {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                is_number
                    && text
                        .parse()
                        .is_ok_and(|limit| (1..=50_u32).contains(&limit))
            };
            let is_right =
                limit.as_ref().is_none_or(is_limit) && before.as_ref().is_none_or(is_id) && !twice;
            let mut query = Vec::new();
            query.extend(limit.map(|limit| ("limit", limit)));
            query.extend(before.map(|before| ("before", before)));
            if twice {
                query.extend([("limit", "1".to_owned()), ("limit", "1".to_owned())]);
            }
            let mut url = url::Url::parse(&board.url("/api/messages")).unwrap();
            url.query_pairs_mut().extend_pairs(query);
            let answer = ask(client.get(url)).await;
            if is_right {
                prop_assert_eq!(answer.status, 200, "{:?}", answer);
                Ok(())
            } else {
                refused(&answer, &[400])
            }
        },
    );
}
