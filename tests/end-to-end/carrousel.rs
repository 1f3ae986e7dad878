//! The carrousel: what the bucket holds, as a list.

use serde_json::{Value, json};

use crate::answer::{SHARED_FOR_A_SECOND, ask};
use crate::board::{Board, eventually, http, picture};
use crate::media::CARROUSEL;

/// Pictures by names that need care, in key order, and the URLs that they should have.
const ODD: [(&str, &str); 13] = [
    (
        "images/\"quoted\" <b>.GIF",
        "/images/%22quoted%22%20%3Cb%3E.GIF",
    ),
    ("images/100%?#&+.jpg", "/images/100%25%3F%23%26%2B.jpg"),
    ("images/a b+c é.png", "/images/a%20b%2Bc%20%C3%A9.png"),
    ("images/a.b.JPEG", "/images/a.b.JPEG"),
    ("images/b.jfif", "/images/b.jfif"),
    ("images/b.jpe", "/images/b.jpe"),
    ("images/b.pjpeg", "/images/b.pjpeg"),
    ("images/c.APNG", "/images/c.APNG"),
    (
        "images/folder/in folder/~x_-.webp",
        "/images/folder/in%20folder/~x_-.webp",
    ),
    (
        "images/it's (1)!*.bmp",
        "/images/it%27s%20%281%29%21%2A.bmp",
    ),
    (
        "images/x:y@z=$,;.avif",
        "/images/x%3Ay%40z%3D%24%2C%3B.avif",
    ),
    ("images/文字.png", "/images/%E6%96%87%E5%AD%97.png"),
    ("images/🌉.jpg", "/images/%F0%9F%8C%89.jpg"),
];

/// What is under `images/` and no picture, and a picture that is elsewhere.
const OTHERS: [&str; 4] = [
    "images/notes.txt",
    "images/png",
    "images/page.html",
    "elsewhere/images/a.png",
];

fn listing(urls: &[String]) -> Value {
    urls.iter().map(|url| json!({ "url": url })).collect()
}

#[tokio::test]
async fn two_thousand_five_hundred_pictures_come_and_go() {
    let board = Board::start();
    let media = board.media();
    let mut pictures: Vec<_> = ODD
        .map(|(key, url)| (key.to_owned(), url.to_owned()))
        .into();
    for number in pictures.len()..2_500 {
        let key = format!("images/{number:04}.jpg");
        pictures.push((key.clone(), format!("/{key}")));
    }
    pictures.sort();
    let (keys, urls): (Vec<_>, Vec<_>) = pictures.into_iter().unzip();
    assert_eq!(keys.len(), 2_500);

    for other in OTHERS {
        media.put(other, b"other".to_vec()).await;
    }
    media.put_all(&keys).await;
    eventually("all pictures", async || {
        (board.carrousel().await == urls).then_some(())
    })
    .await;
    let carrousel = board.get("/api/carrousel.json").await;
    carrousel.is_cacheable(&listing(&urls));
    let file = board.get("/carrousel/carrousel.json").await;
    assert_eq!(file.body, carrousel.body);
    assert_eq!(file.header("cache-control"), SHARED_FOR_A_SECOND);
    let newest = board.get("/carrousel/newest.json").await;
    assert_eq!(newest.header("cache-control"), SHARED_FOR_A_SECOND);
    let newest: Vec<Value> = serde_json::from_slice(&newest.body).unwrap();
    let is_listed = |it: &Value| urls.iter().any(|url| it["url"] == **url);
    assert!(newest.len() == 100 && newest.iter().all(is_listed));
    // The URLs lead to the pictures.
    for (_, url) in ODD {
        let served = board.get(url).await;
        assert_eq!((served.status, served.text()), (200, "pixels"), "{url}");
    }

    media.delete_all(&keys).await;
    eventually("no picture", async || {
        board.carrousel().await.is_empty().then_some(())
    })
    .await;
    board
        .get("/api/carrousel.json")
        .await
        .is_cacheable(&json!([]));
    let mut left = media.keys().await;
    left.retain(|key| !key.starts_with("carrousel/"));
    let mut others = OTHERS.map(str::to_owned);
    others.sort();
    assert_eq!(left, others);
}

#[tokio::test]
async fn three_pictures_and_one_more_are_four_and_without_it_three() {
    let board = Board::start();
    let media = board.media();
    let keys = ["bridge", "dawn", "park"].map(|name| format!("images/{name}.jpg"));
    let shown = async |count: usize| {
        eventually("the carrousel", async || {
            let urls = board.carrousel().await;
            (urls.len() == count).then_some(urls)
        })
        .await
    };
    media.put_all(&keys).await;
    let three = shown(3).await;
    assert_eq!(three, keys.map(|key| format!("/{key}")));
    media.put("images/city.jpg", b"pixels".to_vec()).await;
    assert_eq!(shown(4).await[1], "/images/city.jpg");
    media.delete("images/city.jpg").await;
    assert_eq!(shown(3).await, three);
}

#[tokio::test]
async fn the_carrousel_is_empty_without_its_file_and_then_the_file() {
    let board = Board::start();
    let media = board.media();
    board
        .get("/api/carrousel.json")
        .await
        .is_cacheable(&json!([]));
    // The reconciliation at the start is over when it has written.
    eventually("the file", async || media.get(CARROUSEL).await).await;
    media.delete(CARROUSEL).await;
    assert_eq!(board.get("/carrousel/carrousel.json").await.status, 404);
    let tag = board
        .get("/api/carrousel.json")
        .await
        .is_cacheable(&json!([]));
    let again = http().get(board.url("/api/carrousel.json"));
    let again = ask(again.header("if-none-match", &tag)).await;
    again.is_not_modified(&tag);

    let created = board.post_picture("", picture("small.jpg")).await;
    let url = created["picture"]["url"].as_str().unwrap().to_owned();
    eventually("the picture", async || {
        (board.carrousel().await == [url.clone()]).then_some(())
    })
    .await;
    let carrousel = board.get("/api/carrousel.json").await;
    assert_ne!(carrousel.is_cacheable(&listing(&[url])), tag);
}

#[tokio::test]
async fn a_carrousel_too_large_for_lambda_is_fetched_from_the_bucket() {
    for base in ["", "https://board.example"] {
        let board = Board::start_with(|command| {
            command.env("PUBLIC_BASE_URL", base);
        });
        let media = board.media();
        eventually("the first file", async || media.get(CARROUSEL).await).await;
        let padded = |length: usize| format!("[{}]", " ".repeat(length - 2)).into_bytes();
        media.put(CARROUSEL, padded(5_000_000)).await;
        let largest = board.get("/api/carrousel.json").await;
        largest.is_cacheable(&json!([]));
        assert_eq!(largest.body.len(), 5_000_000);

        media.put(CARROUSEL, padded(5_000_001)).await;
        let moved = board.get("/api/carrousel.json").await;
        let location = format!("{base}/carrousel/carrousel.json");
        moved.is_of_the_api(
            307,
            &[
                ("cache-control", SHARED_FOR_A_SECOND),
                ("location", &location),
            ],
        );
        assert_eq!(moved.text(), "");
        let file = board.get("/carrousel/carrousel.json").await;
        assert_eq!((file.status, file.body.len()), (200, 5_000_001));
    }
}

#[tokio::test]
async fn urls_begin_with_the_public_base_url() {
    const BASE: &str = "https://board.example/pins";
    let board = Board::start_with(|command| {
        command.env("PUBLIC_BASE_URL", BASE);
    });
    let created = board.post_picture("", picture("small.jpg")).await;
    let url = format!("{BASE}/images/{}.jpg", created["id"].as_str().unwrap());
    assert_eq!(created["picture"]["url"], url);
    let page = board.get("/api/messages").await.json();
    assert_eq!(page["messages"][0]["picture"]["url"], url);
    eventually("the picture", async || {
        (board.carrousel().await == [url.clone()]).then_some(())
    })
    .await;
}
