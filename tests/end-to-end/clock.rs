//! The clock is set while the board runs.

use std::fs;
use std::process::Command;

use chrono::DateTime;

use crate::board::{Board, eventually, picture};

/// In seconds.
const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// The library that shows a program another time of day.
fn library() -> String {
    let shown = Command::new("faketime")
        .args(["-f", "+0", "printenv", "LD_PRELOAD"])
        .output()
        .expect("tests/tools/install installs faketime");
    String::from_utf8(shown.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_clock_that_is_set_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    // Nobody reads half of it.
    let draft = folder.path().join("clock.new");
    let set = |offset: &str| {
        fs::write(&draft, offset).unwrap();
        fs::rename(&draft, &clock).unwrap();
    };
    set("+0");
    let board = Board::start_on(folder, |command| {
        command
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            // The library looks once a second: it looks without a lock, and threads that do so together may differ.
            .env("FAKETIME_CACHE_DURATION", "0")
            // Time goes on, whatever the clock says.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("POSTS_PER_MINUTE", "2");
    });
    let date = async || {
        let answer = board.get("/api/health").await;
        let date = DateTime::parse_from_rfc2822(answer.header("date"));
        date.unwrap().timestamp()
    };
    let begun = date().await;
    // Not the same time twice: in the first hours of a day what lies between is another day's, and its posts another
    // sender's.
    for (offset, seconds) in [
        ("+0", 0),
        ("-2h", -2 * HOUR),
        ("-30d", -30 * DAY),
        ("+10m", HOUR / 6),
        ("+1d", DAY),
        ("+2d", 2 * DAY),
        ("-1h", -HOUR),
    ] {
        set(offset);
        eventually("the clock is set", async || {
            let set = date().await - begun - seconds;
            (0..HOUR / 12).contains(&set).then_some(())
        })
        .await;
        // Both are within the limit of the minute that is now.
        let text = board.post_text(offset).await;
        let with_picture = board
            .post_picture(offset, picture("orientation-1.jpg"))
            .await;
        let url = with_picture["picture"]["url"].as_str().unwrap();
        assert_eq!(board.get(url).await.status, 200, "{offset}");
        for posted in [&text, &with_picture] {
            let path = format!("/api/messages/{}", posted["id"].as_str().unwrap());
            assert_eq!(board.get(&path).await.status, 200, "{offset}");
        }
        let (id, token) = (&text["id"], &text["deleteToken"]);
        let deleted = board.delete(id.as_str().unwrap(), token.as_str().unwrap());
        assert_eq!(deleted.await.status, 204, "{offset}");
        assert_eq!(board.get("/api/health/ready").await.status, 200, "{offset}");
    }
}
