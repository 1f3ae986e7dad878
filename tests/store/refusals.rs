//! `corkboard` with a database that it cannot use: one line, and the end.

use std::net::TcpListener;
use std::process::Command;

use crate::corkboard::Corkboard;
use support::mariadb::{PASSWORD, Server};

/// Both ways to give a URL.
const WAYS: [fn(&mut Command, &str); 2] = [
    |command, url| {
        command.env("DATABASE_URL", url);
    },
    |command, url| {
        command.arg("--database").arg(url);
    },
];

fn assert_refused(url: &str, reason: &str) {
    for way in WAYS {
        let (code, errors) = Corkboard::refused(|command| way(command, url));
        assert_eq!(code, Some(1), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(errors.starts_with("corkboard: the database "), "{errors}");
        assert!(errors.contains(reason), "{errors}");
        assert!(!errors.contains(PASSWORD), "{errors}");
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_one_line_that_names_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let url = format!("mysql://board:{PASSWORD}@{address}/board");
    assert_refused(&url, &address);
}

#[tokio::test]
async fn a_wrong_password_is_one_line_without_it() {
    let own = Server::shared().await.database().await;
    let wrong = own.url.replace(PASSWORD, "wrong-horse-battery");
    assert_refused(&wrong, "Access denied");
    for way in WAYS {
        let (_, errors) = Corkboard::refused(|command| way(command, &wrong));
        assert!(!errors.contains("wrong-horse-battery"), "{errors}");
    }
}

#[tokio::test]
async fn a_wrong_database_is_one_line() {
    let own = Server::shared().await.database().await;
    let (server, _) = own.url.rsplit_once('/').unwrap();
    // A user without the right to see whether it is there.
    assert_refused(&format!("{server}/nowhere"), "nowhere");
}

#[tokio::test]
async fn a_schema_that_shuts_this_code_out_is_one_line() {
    let own = Server::shared().await.database().await;
    drop(Corkboard::start(|command| WAYS[0](command, &own.url)));
    let name = &own.name;
    let newer = format!("INSERT INTO {name}.schema_migration VALUES (999, 'later', 999)");
    Server::shared().await.run(&newer).await;
    assert_refused(&own.url, "wants code of version 999");
}
