//! The database's server killed in the middle of a load, and started again.

use std::process::Command;

use crate::corkboard::Corkboard;
use crate::load::{Load, all_messages};
use support::mariadb::Server;

async fn survives_a_kill(what: &str, configure: impl FnOnce(&mut Command, &str)) {
    let mut server = Server::start(&[]).await;
    let own = server.database().await;
    let corkboard = Corkboard::start(|command| configure(command, &own.url));

    let load = Load::on(corkboard.site(), false);
    load.until(|told| told.acknowledged.len() >= 60).await;
    server.kill();
    // Until somebody was told.
    load.until(|told| told.errors.contains_key(&503)).await;
    let before = load.told().acknowledged.len();
    server.restart().await;

    load.until(|told| told.acknowledged.len() >= before + 60 && told.good_reads >= 100)
        .await;
    let told = load.end().await;
    told.assert_kept(what, &all_messages(corkboard.site()).await);
    let others: Vec<_> = told
        .errors
        .keys()
        .filter(|status| **status != 503)
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

#[tokio::test]
async fn a_server_killed_under_load_costs_no_acknowledged_message_by_a_direct_connection() {
    survives_a_kill("direct", |command, url| {
        command.env("DATABASE_URL", url);
    })
    .await;
}

#[tokio::test]
async fn a_server_killed_under_load_costs_no_acknowledged_message_by_the_data_api() {
    survives_a_kill("Data API", |command, url| {
        command.arg("--database").arg(url);
    })
    .await;
}
