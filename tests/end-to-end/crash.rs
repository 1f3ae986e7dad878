//! The end of the process at the wrong moment, and what it left behind.

use std::time::{Duration, SystemTime};

use aws_sdk_rdsdata::types::{Field, SqlParameter};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use ulid::Ulid;

use crate::answer::shown;
use crate::board::{Board, CLUSTER, SECRET, eventually, file, http, picture};

impl Board {
    /// Runs a statement with an `:id`, and gives its rows.
    pub async fn sql(&self, sql: &str, id: &str) -> Vec<Vec<Field>> {
        let parameter = SqlParameter::builder()
            .name("id")
            .value(Field::StringValue(id.into()));
        let statement = self.data_api().execute_statement();
        let statement = statement.resource_arn(CLUSTER).secret_arn(SECRET);
        let statement = statement.database("corkboard").sql(sql);
        let answer = statement.parameters(parameter.build()).send().await;
        answer.unwrap().records.unwrap_or_default()
    }

    /// Runs a statement.
    pub async fn run(&self, sql: &str) {
        let statement = self.data_api().execute_statement();
        let statement = statement.resource_arn(CLUSTER).secret_arn(SECRET);
        statement
            .database("corkboard")
            .sql(sql)
            .send()
            .await
            .unwrap();
    }

    /// What a post leaves behind that dies after the picture was put.
    pub async fn leave_pending(&self, age: Duration, with_picture: bool) -> String {
        let id = id_of(age);
        let since = milliseconds_ago(age);
        self.sql(
            &format!(
                "INSERT INTO message (id, status, since, text, picture_format, picture_width, picture_height) \
                 VALUES (:id, 'pending', {since}, 'interrupted', 'jpg', 48, 32)"
            ),
            &id,
        )
        .await;
        if with_picture {
            let key = format!("images/{id}.jpg");
            self.media().put(&key, picture("small.jpg")).await;
        }
        id
    }

    async fn has_row(&self, id: &str) -> bool {
        let rows = self.sql("SELECT id FROM message WHERE id = :id", id);
        !rows.await.is_empty()
    }

    pub async fn has_picture(&self, id: &str) -> bool {
        let picture = self.get(&format!("/images/{id}.jpg")).await;
        picture.status == 200 && !picture.body.is_empty()
    }
}

fn milliseconds_ago(age: Duration) -> u64 {
    let then = SystemTime::now() - age;
    let milliseconds = then.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    milliseconds.as_millis().try_into().unwrap()
}

fn id_of(age: Duration) -> String {
    Ulid::from_parts(milliseconds_ago(age), Ulid::generate().random()).to_string()
}

#[tokio::test]
async fn after_a_kill_and_a_restart_the_board_is_as_it_was() {
    let board = Board::start();
    let text = board.post_text("你好 🌉").await;
    let deleted = board.post_picture("gone", picture("small.jpg")).await;
    let kept = board.post_picture("kept", picture("drawing.bmp")).await;
    board
        .media()
        .put("images/by hand.gif", picture("still.gif"))
        .await;
    let id = |message: &Value| message["id"].as_str().unwrap().to_owned();
    let token = |message: &Value| message["deleteToken"].as_str().unwrap().to_owned();
    let answer = board.delete(&id(&deleted), &token(&deleted)).await;
    assert_eq!(answer.status, 204);
    let url = kept["picture"]["url"].as_str().unwrap();
    let bytes = board.get(url).await.body;
    let secret = std::fs::read(board.folder().path().join("data/secret")).unwrap();

    // The carrousel was perhaps not yet written.
    let board = Board::start_on(board.kill(), |_| {});
    let list = json!({"messages": [shown(&kept), shown(&text)], "next": null});
    let tag = board.get("/api/messages").await.is_cacheable(&list);
    assert_eq!(board.get(url).await.body, bytes);
    assert_eq!(
        board.media().get("images/by hand.gif").await.unwrap(),
        picture("still.gif")
    );
    let pictures = [url.to_owned(), "/images/by%20hand.gif".to_owned()];
    eventually("the carrousel", async || {
        (board.carrousel().await == pictures).then_some(())
    })
    .await;

    // Once more, now that all is written; and tokens are still good.
    let board = Board::start_on(board.kill(), |_| {});
    assert_eq!(board.get("/api/messages").await.is_cacheable(&list), tag);
    eventually("the carrousel, still", async || {
        (board.carrousel().await == pictures).then_some(())
    })
    .await;
    let kept_secret = std::fs::read(board.folder().path().join("data/secret")).unwrap();
    assert_eq!(kept_secret, secret);
    for message in [&text, &kept] {
        let answer = board.delete(&id(message), &token(message)).await;
        assert_eq!(answer.status, 204);
    }
    let empty = json!({"messages": [], "next": null});
    board.get("/api/messages").await.is_cacheable(&empty);
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let board = Board::start();
    let mut posts: FuturesUnordered<_> = (0..30)
        .map(|number| {
            let form = Form::new()
                .text("text", format!("message {number}"))
                .part("picture", file(picture("small.jpg"), "a.jpg"));
            let post = http().post(board.url("/api/messages")).multipart(form);
            async {
                let answer = post.send().await.ok()?.error_for_status().ok()?;
                answer.json::<Value>().await.ok()
            }
        })
        .collect();
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 5 {
        acknowledged.extend(posts.next().await.unwrap());
    }
    let board = Board::start_on(board.kill(), |_| {});
    while let Some(answer) = posts.next().await {
        acknowledged.extend(answer);
    }

    let listed = board.messages().await;
    for message in &acknowledged {
        assert!(listed.contains(&shown(message)), "{message}");
    }
    for message in &listed {
        let url = message["picture"]["url"].as_str().unwrap();
        assert_eq!(board.get(url).await.body, picture("small.jpg"));
    }
    // Pictures of posts that were interrupted before the last step are there, too, for fifteen minutes.
    let mut pictures = board.media().keys().await;
    pictures.retain(|key| key.starts_with("images/"));
    for key in &pictures {
        assert!(board.has_row(&key["images/".len()..][..26]).await, "{key}");
    }
    eventually("the carrousel", async || {
        let carrousel = board.carrousel().await;
        let keys = carrousel.iter().map(|url| &url[1..]);
        keys.eq(pictures.iter()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_post_is_invisible_and_cleared_away_by_a_later_one() {
    const MINUTE: Duration = Duration::from_mins(1);
    let board = Board::start();
    let old = [
        board.leave_pending(16 * MINUTE, true).await,
        board.leave_pending(17 * MINUTE, false).await,
        board.leave_pending(24 * 60 * MINUTE, true).await,
    ];
    let fresh = board.leave_pending(14 * MINUTE, true).await;
    let empty = json!({"messages": [], "next": null});
    board.get("/api/messages").await.is_cacheable(&empty);
    for id in old.iter().chain([&fresh]) {
        let answer = board.get(&format!("/api/messages/{id}")).await;
        answer.is_problem(404, "message-not-found", &json!([]));
    }

    board.post_text("a later one").await;
    eventually("the orphans are gone", async || {
        board.is_cleared_up().await;
        for id in &old {
            if board.has_row(id).await || board.has_picture(id).await {
                return None;
            }
        }
        Some(())
    })
    .await;
    // Its request may still be at work.
    assert!(board.has_row(&fresh).await && board.has_picture(&fresh).await);
    assert_eq!(board.messages().await.len(), 1);
    let carrousel = [format!("/images/{fresh}.jpg")];
    eventually("the carrousel without them", async || {
        (board.carrousel().await == carrousel).then_some(())
    })
    .await;
}

#[tokio::test]
async fn more_leftovers_than_one_post_clears_up_go_with_the_next_ones() {
    let board = Board::start();
    let mut ids = Vec::new();
    for n in 0..70 {
        let with_picture = n % 10 == 0;
        ids.push(
            board
                .leave_pending(Duration::from_hours(1), with_picture)
                .await,
        );
    }
    eventually("all are gone", async || {
        board.is_cleared_up().await;
        for id in &ids {
            if board.has_row(id).await || board.has_picture(id).await {
                return None;
            }
        }
        Some(())
    })
    .await;
}

/// A post that published its message, and died before its row said so.
#[tokio::test]
async fn what_is_published_is_posted_by_a_later_post() {
    let board = Board::start();
    let created = board.post_picture("hello", picture("small.jpg")).await;
    let id = created["id"].as_str().unwrap();
    board
        .sql("UPDATE message SET status = 'pending' WHERE id = :id", id)
        .await;
    board.ages(Duration::from_mins(16)).await;
    board.is_cleared_up().await;
    let status = board
        .sql("SELECT status FROM message WHERE id = :id", id)
        .await;
    assert_eq!(status, [[Field::StringValue("posted".into())]]);
    assert_eq!(board.messages().await, [shown(&created)]);
}

#[tokio::test]
async fn a_delete_that_died_is_finished_by_a_later_post() {
    let board = Board::start();
    let created = board.post_picture("mine", picture("small.jpg")).await;
    let id = created["id"].as_str().unwrap();
    board
        .sql("UPDATE message SET status = 'deleting' WHERE id = :id", id)
        .await;
    assert_eq!(board.messages().await, [shown(&created)]);
    board.is_cleared_up().await;
    assert_eq!(board.messages().await, [] as [Value; 0]);
    assert!(!board.has_picture(id).await);
    // What stays for a day is blank.
    let left =
        "SELECT status, text, author, picture_alt, picture_format FROM message WHERE id = :id";
    let blank = [
        Field::StringValue("deleted".into()),
        Field::StringValue(String::new()),
        Field::IsNull(true),
        Field::IsNull(true),
        Field::StringValue("jpg".into()),
    ];
    assert_eq!(board.sql(left, id).await, [blank]);
    let token = created["deleteToken"].as_str().unwrap();
    assert_eq!(board.delete(id, token).await.status, 404);
}

/// What keeps late ones from putting a deleted message goes after a quarter of an hour, and its row after a day.
#[tokio::test]
async fn a_deleted_message_leaves_the_bucket_and_then_the_ledger() {
    let board = Board::start();
    let created = board.post_picture("mine", picture("small.jpg")).await;
    let (id, token) = (created["id"].as_str().unwrap(), &created["deleteToken"]);
    let answer = board.delete(id, token.as_str().unwrap()).await;
    assert_eq!(answer.status, 204);
    let object = media::Bucket::message_key(id.parse::<domain::Name>().unwrap());
    let keys = [object, format!("images/{id}.jpg")];
    let left = async || {
        let mut left = [false; 2];
        for (left, key) in left.iter_mut().zip(&keys) {
            *left = board.media().get(key).await.is_some();
        }
        (left, board.has_row(id).await)
    };
    for (time, is_left, has_row) in [(0, true, true), (14, true, true), (2, false, true)] {
        board.ages(Duration::from_mins(time)).await;
        board.is_cleared_up().await;
        assert_eq!(left().await, ([is_left; 2], has_row), "{time}");
    }
    board.ages(Duration::from_hours(23)).await;
    board.is_cleared_up().await;
    assert!(board.has_row(id).await);
    board.ages(Duration::from_hours(2)).await;
    board.is_cleared_up().await;
    assert!(!board.has_row(id).await);
}
