//! The queue from the bucket to syncS3Bucket, as a whole system has it: what fails comes again, and what a
//! restart loses is made up for once.

use crate::board::{Board, eventually};
use crate::lambda::{Lambda, sync_s3_bucket};
use crate::media::CARROUSEL;

async fn put_some(board: &Board) {
    let media = board.media();
    let keys = ["images/a.jpg", "images/b.jpg", "images/c.jpg"].map(str::to_owned);
    media.put_all(&keys).await;
    media.delete("images/b.jpg").await;
}

const LEFT: &str = r#"[{"url":"https://board.example/images/a.jpg"},{"url":"https://board.example/images/c.jpg"}]"#;

#[tokio::test]
async fn a_function_that_fails_for_a_while_gets_every_event_again() {
    let lambda = Lambda::start().await;
    lambda.fail();
    let board = lambda.board();
    put_some(&board).await;
    eventually("several failures", async || {
        (lambda.events("sync-s3-bucket").len() > 5).then_some(())
    })
    .await;
    assert_eq!(board.media().get(CARROUSEL).await, None);

    lambda.run(sync_s3_bucket(board.s3()));
    eventually("the file", async || {
        let file = board.media().get(CARROUSEL).await?;
        (file == LEFT.as_bytes()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn events_that_a_kill_cuts_off_are_made_up_for_once_at_the_next_start() {
    let lambda = Lambda::start().await;
    lambda.fail();
    let board = lambda.board();
    put_some(&board).await;
    let folder = board.kill();

    let lambda = Lambda::start().await;
    lambda.fail();
    let board = Board::start_on(folder, |command| {
        command.args(["--lambda", &lambda.url]);
    });
    lambda.run(sync_s3_bucket(board.s3()));
    eventually("the file", async || {
        let file = board.media().get(CARROUSEL).await?;
        (file == LEFT.as_bytes()).then_some(())
    })
    .await;
    // What was reconciled, perhaps after failures, is one and the same event.
    let mut events = lambda.events("sync-s3-bucket");
    events.dedup();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["detail-type"], "Scheduled Event");
}
