//! Many at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::multipart::Form;
use serde_json::Value;

use crate::answer::{ask, shown};
use crate::board::{Board, eventually, file, http, picture};

#[tokio::test]
async fn fifty_clients_post_at_once_and_nothing_is_lost_or_doubled() {
    let board = Board::start();
    let pictures = [
        "small.jpg",
        "drawing.png",
        "still.gif",
        "photo.webp",
        "drawing.bmp",
    ];
    let posts = (0..50).map(|number| {
        let form = Form::new()
            .text("text", format!("message {number}"))
            .text("alt", format!("picture {number}"))
            .part("picture", file(picture(pictures[number % 5]), "picture"));
        // A client of its own for each.
        ask(http().post(board.url("/api/messages")).multipart(form))
    });
    let posted: Vec<_> = join_all(posts)
        .await
        .iter()
        .map(|answer| shown(&answer.created()))
        .collect();

    let listed = board.messages().await;
    let id = |message: &Value| message["id"].as_str().unwrap().to_owned();
    assert!(listed.is_sorted_by(|newer, older| id(newer) > id(older)));
    let mut expected = posted.clone();
    expected.sort_by_key(id);
    expected.reverse();
    assert_eq!(listed, expected);

    let media = board.media();
    let mut urls = BTreeSet::new();
    for (number, message) in posted.iter().enumerate() {
        assert_eq!(message["text"], format!("message {number}"));
        assert_eq!(message["picture"]["alt"], format!("picture {number}"));
        let url = message["picture"]["url"].as_str().unwrap();
        assert!(url.starts_with(&format!("/images/{}.", id(message))));
        assert_eq!(board.get(url).await.status, 200);
        urls.insert(url.to_owned());
    }
    assert_eq!(urls.len(), 50);
    let urls: Vec<_> = urls.into_iter().collect();
    eventually("all pictures in the carrousel", async || {
        (board.carrousel().await == urls).then_some(())
    })
    .await;
    let mut keys = media.keys().await;
    keys.retain(|key| key.starts_with("images/"));
    assert_eq!(keys, urls.iter().map(|url| &url[1..]).collect::<Vec<_>>());
}
