//! `corkboard` killed in the middle of its work, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::ByteStream;
use domain::MessageId;
use media::Bucket;
use reqwest::Client;
use serde_json::json;
use sqlx::{Connection as _, MySqlConnection};
use tokio::time::{Instant, sleep};
use ulid::Ulid;

use crate::backend::{rows, sqlite_rows};
use crate::corkboard::{BUCKET, Corkboard};
use crate::load::{Load, Told, all_messages};
use crate::samples::{id_aged, milliseconds};
use support::mariadb::{OwnDatabase, Server};
use support::process::folder;

const KILLS: usize = 6;
/// Where the published messages are.
const MESSAGES: &str = "board/messages/";

/// Where the messages are, to be looked at behind the board's back.
enum Database {
    Embedded,
    MariaDb(OwnDatabase),
}

impl Database {
    fn configure(&self, command: &mut Command) {
        if let Self::MariaDb(own) = self {
            command.env("DATABASE_URL", &own.url);
        }
    }

    async fn sql(&self, corkboard: &Corkboard, statement: &str) -> Vec<Vec<String>> {
        match self {
            Self::Embedded => sqlite_rows(&corkboard.sqlite(), statement),
            Self::MariaDb(own) => {
                let mut connection = MySqlConnection::connect(&own.url).await.unwrap();
                rows(&mut connection, statement).await
            }
        }
    }

    /// The status of every row, by id.
    async fn statuses(&self, corkboard: &Corkboard) -> BTreeMap<String, String> {
        let found = self.sql(corkboard, "SELECT id, status FROM message").await;
        let pair = |row: Vec<String>| <[String; 2]>::try_from(row).unwrap().into();
        found.into_iter().map(pair).collect()
    }
}

#[tokio::test]
async fn killed_at_random_moments_a_board_keeps_what_it_acknowledged() {
    keeps_what_it_acknowledged("SQLite", Database::Embedded).await;
}

#[tokio::test]
async fn killed_at_random_moments_a_board_on_mariadb_keeps_what_it_acknowledged() {
    let own = Server::shared().await.database().await;
    keeps_what_it_acknowledged("MariaDB", Database::MariaDb(own)).await;
}

async fn keeps_what_it_acknowledged(what: &str, database: Database) {
    let mut told = Told::default();
    let mut folder = folder();
    for _ in 0..KILLS {
        let corkboard = Corkboard::start_in(folder, |command| database.configure(command));
        let load = Load::on(corkboard.site(), true);
        load.until(|told| !told.acknowledged.is_empty()).await;
        let moment = u64::try_from(Ulid::generate().random() % 400).unwrap();
        sleep(Duration::from_millis(moment)).await;
        folder = corkboard.kill();
        told.add(load.end().await);
    }

    let corkboard = Corkboard::start_in(folder, |command| database.configure(command));
    let listed = all_messages(corkboard.site()).await;
    told.assert_kept(&format!("{KILLS} kills on {what}"), &listed);
    for message in &listed {
        let url = message["picture"]["url"].as_str().unwrap();
        let picture = Client::new().get(format!("{}{url}", corkboard.site()));
        assert_eq!(picture.send().await.unwrap().status(), 200, "{message}");
    }
    assert_nothing_without_a_row(what, &database, &corkboard).await;
    assert_leftovers_go(&database, &corkboard).await;
}

/// The ids of the rows of some statuses.
fn of<const N: usize>(rows: &BTreeMap<String, String>, statuses: [&str; N]) -> BTreeSet<String> {
    let ids = rows
        .iter()
        .filter(|(_, status)| statuses.contains(&status.as_str()));
    ids.map(|(id, _)| id.clone()).collect()
}

/// Every picture and every published message has a row, if only a pending one, and every posted row has both.
async fn assert_nothing_without_a_row(what: &str, database: &Database, corkboard: &Corkboard) {
    let (pictures, published) = (pictures(corkboard).await, published(corkboard).await);
    let rows = database.statuses(corkboard).await;
    let (posted, pending) = (of(&rows, ["posted"]), of(&rows, ["pending"]));
    eprintln!(
        "{what}: {} pictures, {} published, {} posted, {} pending, {} of them with a picture, {} published",
        pictures.len(),
        published.len(),
        posted.len(),
        pending.len(),
        pending.intersection(&pictures).count(),
        pending.intersection(&published).count()
    );
    let intended = &posted | &pending;
    assert_eq!(intended.len(), rows.len(), "{rows:?}");
    assert!(pictures.is_subset(&intended), "{pictures:?} {rows:?}");
    // The picture comes first.
    assert!(published.is_subset(&pictures), "{published:?} {pictures:?}");
    assert!(posted.is_subset(&published), "{published:?} {rows:?}");
}

/// What crashes left behind is finished or cleared away by a later post once it is old: all of it is made so here.
async fn assert_leftovers_go(database: &Database, corkboard: &Corkboard) {
    /// A board looks once a minute.
    const PATIENCE: Duration = Duration::from_mins(3);
    let s3 = corkboard.s3().await;
    let put = async |key: String, bytes: &'static [u8]| {
        let body = ByteStream::from_static(bytes);
        let put = s3.put_object().bucket(BUCKET).key(key).body(body);
        put.send().await.unwrap();
    };
    let now = SystemTime::now();
    let picture_key = |id: MessageId| format!("images/{id}.jpg");
    let (mut finished, mut gone, mut deleted) = (vec![], vec![], vec![]);
    for which in 0..12 {
        let id = id_aged(Duration::ZERO, which);
        // How far a request got before it died.
        let (status, has_picture, object) = match which % 6 {
            0 => ("pending", false, None),
            1 => ("pending", true, None),
            2 => ("pending", true, Some(&b"{}"[..])),
            3 => ("clearing", true, None),
            4 => ("deleting", true, Some(&b"{}"[..])),
            _ => ("deleting", true, Some(&b""[..])),
        };
        let row = format!(
            "INSERT INTO message (id, status, text, picture_format, picture_width, picture_height, since) \
             VALUES ('{id}', '{status}', '', 'jpg', 16, 16, {})",
            milliseconds(now)
        );
        database.sql(corkboard, &row).await;
        if has_picture {
            put(picture_key(id), b"picture").await;
        }
        if let Some(bytes) = object {
            put(Bucket::message_key(id), bytes).await;
        }
        match which % 6 {
            2 => finished.push(id.to_string()),
            4 | 5 => deleted.push(id.to_string()),
            _ => gone.push(id.to_string()),
        }
    }
    let before = database.statuses(corkboard).await;
    let age = milliseconds(now) - milliseconds(now - Duration::from_mins(16));
    let older = format!("UPDATE message SET since = since - {age}");
    database.sql(corkboard, &older).await;
    let published_before = published(corkboard).await;

    let since = Instant::now();
    let after = loop {
        let url = format!("{}/api/messages", corkboard.site());
        let post = Client::new()
            .post(url)
            .json(&json!({"text": "a later post"}));
        assert_eq!(post.send().await.unwrap().status(), 201);
        let rows = database.statuses(corkboard).await;
        let old = rows.into_iter().filter(|(id, _)| before.contains_key(id));
        let rows: BTreeMap<_, _> = old.collect();
        if of(&rows, ["pending", "clearing", "deleting"]).is_empty() {
            break rows;
        }
        assert!(since.elapsed() < PATIENCE, "{rows:?}");
        sleep(Duration::from_secs(1)).await;
    };
    // What was published is posted, and what was not is gone, with its picture; a deleted one has left zero bytes.
    let deleted = deleted.into_iter().collect();
    let posted = of(&after, ["posted"]);
    assert_eq!(of(&after, ["deleted"]), deleted);
    assert_eq!(posted, &published_before - &deleted);
    assert!(finished.iter().all(|id| posted.contains(id)));
    assert!(gone.iter().all(|id| !after.contains_key(id)));
    let there = published(corkboard).await;
    let later = there.iter().filter(|id| !before.contains_key(*id));
    assert_eq!(&there - &later.cloned().collect(), posted);
    assert_eq!(pictures(corkboard).await, posted);
}

/// The ids of the pictures in the bucket that have bytes.
async fn pictures(corkboard: &Corkboard) -> BTreeSet<String> {
    let names = with_bytes(corkboard, "images/", ".jpg").await;
    names.into_iter().collect()
}

/// The ids of the published messages.
async fn published(corkboard: &Corkboard) -> BTreeSet<String> {
    /// In which ids are written; keys are, too, read backwards.
    const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mirrored = |character| {
        let place = ALPHABET.find(character).unwrap();
        ALPHABET.chars().rev().nth(place).unwrap()
    };
    let id = |name: String| name.chars().map(mirrored).collect();
    let names = with_bytes(corkboard, MESSAGES, ".json").await;
    names.into_iter().map(id).collect()
}

/// What the objects of some kind that have bytes are called.
async fn with_bytes(corkboard: &Corkboard, prefix: &str, suffix: &str) -> Vec<String> {
    let s3 = corkboard.s3().await;
    let list = s3.list_objects_v2().bucket(BUCKET).prefix(prefix);
    let mut pages = list.into_paginator().send();
    let mut names = vec![];
    while let Some(page) = pages.next().await {
        for object in page.unwrap().contents() {
            if object.size().unwrap() > 0 {
                let name = object.key().unwrap().strip_prefix(prefix).unwrap();
                names.push(name.strip_suffix(suffix).unwrap().to_owned());
            }
        }
    }
    names
}
