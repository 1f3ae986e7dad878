//! The deployed board, which goes on running: here it is another corkboard, reached through the same two
//! endpoints as AWS.

use std::fs;
use std::path::{Path, PathBuf};

use domain::Picture;
use media::Bucket;
use serde_json::json;

use crate::parts::corkboard::{Board, Content, Running};
use crate::parts::forged::Forged;
use crate::parts::mariadb::Database;
use crate::parts::pictures;

/// The functions' settings for `deployed`.
fn operator(deployed: &Running) -> Board {
    Board::new()
        .with("AWS_REGION", "us-east-1")
        .with("AWS_ACCESS_KEY_ID", "local")
        .with("AWS_SECRET_ACCESS_KEY", "corkboard-local")
        .with("AWS_ENDPOINT_URL_S3", &deployed.addresses.s3)
        .with(
            "AWS_ENDPOINT_URL_RDS_DATA",
            deployed.addresses.data_api.as_ref().unwrap(),
        )
        .with("MEDIA_BUCKET", "corkboard-media")
        .with(
            "DATABASE_CLUSTER_ARN",
            "arn:aws:rds:us-east-1:000000000000:cluster:corkboard",
        )
        .with(
            "DATABASE_SECRET_ARN",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:corkboard",
        )
        .with("DATABASE_NAME", "corkboard")
}

async fn post(board: &Running, text: String) {
    let form = reqwest::multipart::Form::new().text("text", text);
    let request = reqwest::Client::new()
        .post(board.url("/api/messages"))
        .multipart(form);
    assert_eq!(request.send().await.unwrap().status(), 201);
}

/// An archive with a message for each picture, in the folder of `board`.
fn archive(board: &Board) -> PathBuf {
    let mut messages = vec![];
    let mut images = vec![];
    // A BMP becomes a PNG when it is posted, so a board has none, nor has it metadata.
    let names = pictures::names()
        .into_iter()
        .filter(|it| Path::new(it).extension() != Some("bmp".as_ref()));
    for (name, number) in names.zip(10..) {
        let id = format!("01ARZ3NDEKTSV4RRFFQ69G5F{number}");
        let key = format!("images/{id}.{}", name.rsplit_once('.').unwrap().1);
        let kept = Picture::parse(&pictures::read(&name).into()).unwrap();
        messages.push(json!({
            "id": id, "createdAt": "2016-07-30T23:54:10.259Z", "author": null, "text": name,
            "picture": {"key": key, "width": kept.width(), "height": kept.height(), "alt": null},
        }));
        images.push((key, kept.bytes().clone()));
    }
    let mut forged = Forged::new(&messages);
    for (key, bytes) in images {
        forged = forged.with(&key, &bytes);
    }
    let path = board.data.path().join("source.tar");
    fs::write(&path, forged.bytes()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_board_is_carried_to_the_deployed_one_and_back() {
    let home = Board::new();
    let archive = archive(&home);
    let deployed = home.open();
    let page = async || {
        let page = reqwest::get(deployed.url("/api/messages")).await.unwrap();
        page.text().await.unwrap()
    };
    assert!(page().await.contains("\"messages\":[]"));
    let operator = operator(&deployed);
    let said = operator.import(&archive);
    assert_eq!(
        said.told(),
        "Working on the deployed board: bucket corkboard-media.\n"
    );
    let content = Content::of(&archive);
    let said = said.done();
    assert!(
        said.starts_with(&format!("messages: {} taken", content.messages.len())),
        "{said}"
    );
    let exported = operator.export();
    assert_eq!(home.objects("board/messages/"), content.messages.len());

    assert_eq!(Content::of(&exported), content);
    let back = Board::new();
    back.import(&exported).done();
    assert_eq!(
        fs::read(back.export()).unwrap(),
        fs::read(&exported).unwrap()
    );
    // Nothing was kept beside the deployed board.
    assert!(!operator.data.path().join("data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployed_board_on_a_plain_mysql_is_reached_by_its_url() {
    let database = Database::new().await;
    let home = Board::new().with("DATABASE_URL", &database.url());
    let archive = archive(&home);
    let deployed = home.open();
    let operator = Board::new()
        .with("AWS_REGION", "us-east-1")
        .with("AWS_ACCESS_KEY_ID", "local")
        .with("AWS_SECRET_ACCESS_KEY", "corkboard-local")
        .with("AWS_ENDPOINT_URL_S3", &deployed.addresses.s3)
        .with("MEDIA_BUCKET", "corkboard-media")
        .with("DATABASE_URL", &database.url());
    operator.import(&archive).done();
    assert_eq!(operator.content(), Content::of(&archive));
}

/// As where somebody is impatient.
#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_lose_no_picture() {
    let home = Board::new();
    let archive = archive(&home);
    let deployed = home.open();
    let operator = operator(&deployed);
    let import = || {
        operator
            .command(&["import", archive.to_str().unwrap()])
            .spawn()
            .unwrap()
    };
    let runs = [import(), import()];
    for run in runs {
        // Either may end early, because the other took a message away from it.
        run.wait_with_output().unwrap();
    }
    operator.import(&archive).done();
    assert_eq!(operator.content(), Content::of(&archive));
}

/// Each post clears away what has been pending for long, and an imported message looks so.
#[tokio::test(flavor = "multi_thread")]
async fn visitors_who_post_meanwhile_take_no_picture_away() {
    let home = Board::new().with("POSTS_PER_MINUTE", "0");
    let archive = archive(&home);
    let deployed = home.open();
    let operator = operator(&deployed);
    let mut import = operator
        .command(&["import", archive.to_str().unwrap()])
        .spawn()
        .unwrap();
    let mut posts = 0;
    while import.try_wait().unwrap().is_none() {
        post(&deployed, format!("post {posts}")).await;
        posts += 1;
    }
    let said = import.wait_with_output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.matches(" 0 not taken\n").count(), 2, "{said}");
    let content = operator.content();
    content.assert_whole();
    assert_eq!(content.messages.len(), content.images.len() + posts);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_import_left_is_cleared_away_by_the_next_post() {
    let database = Database::new().await;
    let home = Board::new().with("CORKBOARD_DATABASE", &database.url());
    let archive = archive(&home);
    home.import(&archive).done();
    let content = home.content();
    let ids = content.of_each("id");
    // As if they had been pending since 1970, but for the last one, which has been since now.
    for (number, id) in ids[..4].iter().enumerate() {
        let since = if number < 3 { "1" } else { "since" };
        let set = format!("status = 'pending', since = {since}");
        let sql = format!("UPDATE message SET {set} WHERE id = '{id}'");
        database.run(&sql).await;
        home.remove_object(&Bucket::message_key(id.parse::<domain::Name>().unwrap()));
    }
    let deployed = home.open();
    post(&deployed, "a post".into()).await;
    drop(deployed);
    let left = database
        .texts("SELECT id FROM message WHERE status <> 'posted'")
        .await;
    assert_eq!(left, [ids[3]]);
    for (number, key) in content.images.keys().enumerate() {
        assert_eq!(home.object(key).is_some(), number >= 3, "{key}");
    }
}

#[test]
fn settings_of_the_deployed_board_are_whole_or_refused() {
    let archive = Board::started().export();
    let board = Board::new().with("MEDIA_BUCKET", "corkboard-media");
    let line = board.run(&["export", archive.to_str().unwrap()]).refused();
    assert!(
        line.starts_with("DATABASE_CLUSTER_ARN is missing"),
        "{line}"
    );
    let board = Board::new().with("MEDIA_BUCKET", "no bucket");
    let line = board.run(&["export", archive.to_str().unwrap()]).refused();
    assert!(line.starts_with("MEDIA_BUCKET is malformed"), "{line}");
}
