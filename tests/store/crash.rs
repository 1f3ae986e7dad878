//! `corkboard` killed in the middle of its work, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use sqlx::{Connection as _, MySqlConnection};
use tokio::time::sleep;
use ulid::Ulid;

use crate::backend::{rows, sqlite_rows};
use crate::corkboard::{BUCKET, Corkboard};
use crate::load::{Load, Told, all_messages};
use crate::samples::id_aged;
use support::mariadb::{OwnDatabase, Server};
use support::process::folder;

const KILLS: usize = 6;

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
    assert_no_picture_without_a_row(what, &database, &corkboard).await;
    assert_orphans_go(&database, &corkboard).await;
}

/// Every picture has a row, if only a pending one, and every posted row its picture.
async fn assert_no_picture_without_a_row(what: &str, database: &Database, corkboard: &Corkboard) {
    let pictures = pictures(corkboard).await;
    let statuses = database.statuses(corkboard).await;
    let with_status = |wanted| {
        let ids = statuses.iter().filter(move |(_, status)| *status == wanted);
        ids.map(|(id, _)| id.clone()).collect::<BTreeSet<_>>()
    };
    let (posted, pending) = (with_status("posted"), with_status("pending"));
    eprintln!(
        "{what}: {} pictures, {} posted, {} pending, {} of them with a picture",
        pictures.len(),
        posted.len(),
        pending.len(),
        pending.intersection(&pictures).count()
    );
    let rows = posted.union(&pending).cloned().collect();
    assert!(pictures.is_subset(&rows), "{pictures:?} {statuses:?}");
    assert!(posted.is_subset(&pictures), "{pictures:?} {statuses:?}");
}

/// What crashes left behind goes with later posts once it is old: made older here than any of this run.
async fn assert_orphans_go(database: &Database, corkboard: &Corkboard) {
    let fresh = database.statuses(corkboard).await;
    let s3 = corkboard.s3().await;
    let mut old = vec![];
    for which in 0..6 {
        let id = id_aged(Duration::from_mins(16), which).to_string();
        let row = format!(
            "INSERT INTO message (id, status, text, picture_format, picture_width, picture_height) \
             VALUES ('{id}', 'pending', '', 'jpg', 16, 16)"
        );
        database.sql(corkboard, &row).await;
        // Half of them died before the picture.
        if which % 2 == 0 {
            let put = s3
                .put_object()
                .bucket(BUCKET)
                .key(format!("images/{id}.jpg"));
            put.send().await.unwrap();
        }
        old.push(id);
    }
    let is_there = async || {
        let (pictures, rows) = (
            pictures(corkboard).await,
            database.statuses(corkboard).await,
        );
        old.iter()
            .any(|id| pictures.contains(id) || rows.contains_key(id))
    };
    assert!(is_there().await);
    let mut posts = 0;
    while is_there().await {
        posts += 1;
        assert!(posts <= 10, "they stay");
        let url = format!("{}/api/messages", corkboard.site());
        let post = Client::new()
            .post(url)
            .json(&json!({"text": "a later post"}));
        assert_eq!(post.send().await.unwrap().status(), 201);
    }
    // A few at a time, and nothing that is young.
    assert!(posts >= 2);
    let left = database.statuses(corkboard).await;
    for (id, status) in fresh {
        assert_eq!(left.get(&id), Some(&status), "{id}");
    }
}

/// The ids of the pictures in the bucket.
async fn pictures(corkboard: &Corkboard) -> BTreeSet<String> {
    let s3 = corkboard.s3().await;
    let list = s3.list_objects_v2().bucket(BUCKET).prefix("images/");
    let mut pages = list.into_paginator().send();
    let mut ids = BTreeSet::new();
    while let Some(page) = pages.next().await {
        for object in page.unwrap().contents() {
            let name = object.key().unwrap().strip_prefix("images/").unwrap();
            ids.insert(name.strip_suffix(".jpg").unwrap().to_owned());
        }
    }
    ids
}
