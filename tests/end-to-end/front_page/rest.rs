//! Many changes at once, and some of them dying: at rest the file is right.

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::Value;

use super::sandbox::{FILE, Sandbox};
use crate::board::Board;
use crate::steps::{delete, text};

const AT_ONCE: usize = 100;

/// What a change asked, on average: S3 of the file, S3 of its mark, the database.
#[derive(Debug)]
struct Cost {
    reads: f64,
    writes: f64,
    marks: f64,
    statements: f64,
    requests: f64,
}

fn cost(sandboxes: &[Sandbox], changes: usize) -> Cost {
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    let each = |count: &dyn Fn(&Sandbox) -> usize| {
        sandboxes.iter().map(count).sum::<usize>() as f64 / changes as f64
    };
    Cost {
        reads: each(&|it| it.s3.count(&format!("GET {FILE}"))),
        writes: each(&|it| it.s3.count(&format!("PUT {FILE}"))),
        marks: each(&|it| it.s3.count("PUT board/changes/") + it.s3.count("DELETE board/changes/")),
        statements: each(&|it| it.data_api.requests().len()),
        requests: each(&|it| it.s3.requests().len()),
    }
}

async fn post_at_once(sandboxes: &[Sandbox]) {
    let posts = (0..AT_ONCE).map(|n| sandboxes[n % sandboxes.len()].ask(text(&n.to_string())));
    for (status, body) in join_all(posts).await {
        assert_eq!(status, StatusCode::CREATED, "{body}");
    }
}

#[tokio::test]
async fn a_hundred_posts_at_once_do_not_multiply_the_work() {
    // One after the other, in one sandbox.
    let board = Board::start();
    let alone = [Sandbox::on(&board)];
    for n in 0..10 {
        alone[0].ask(text(&n.to_string())).await;
    }
    let alone = cost(&alone, 10);
    println!("one at a time: {alone:.2?}");
    // The sender's row and its count, the message, what is left over and forgotten (3), and the page.
    assert!(
        alone.statements <= 8.0 && alone.requests <= 4.0,
        "{alone:?}"
    );
    assert!(alone.reads <= 1.0 && alone.writes <= 1.0);
    assert!(
        (2.0..=2.0).contains(&alone.marks),
        "each is put and removed"
    );
    board.shows_what_it_has().await;

    // At once, each in a sandbox of its own, as Lambda has it: two tries each at most.
    let board = Board::start();
    let apart: Vec<_> = (0..AT_ONCE).map(|_| Sandbox::on(&board)).collect();
    post_at_once(&apart).await;
    let apart = cost(&apart, AT_ONCE);
    println!("{AT_ONCE} at once in as many sandboxes: {apart:.2?}");
    assert!(apart.reads <= 2.0 && apart.writes <= 2.0 && apart.marks <= 2.0);
    is_right(&board).await;

    // At once in one sandbox, as corkboard has it: one writes for all that wait.
    let board = Board::start();
    let together = [Sandbox::on(&board)];
    post_at_once(&together).await;
    let together = cost(&together, AT_ONCE);
    println!("{AT_ONCE} at once in one sandbox: {together:.2?}");
    assert!(together.writes <= 0.5, "{together:?}");
    is_right(&board).await;
}

/// The file is right at once; on a machine so slow that a change gave up waiting for it, which its mark tells,
/// when a reader has been.
async fn is_right(board: &Board) {
    if board.marks().await.is_empty() {
        board.shows_what_it_has().await;
    } else {
        board.is_healed_by_a_reader().await;
    }
}

#[tokio::test]
async fn whatever_dies_among_a_hundred_posts_and_deletes_the_file_is_right_at_rest() {
    let board = Board::start();
    let seed = std::env::var("FRONT_PAGE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let mut random = Random(seed.unwrap_or_else(|| u64::from(std::process::id())));
    println!("FRONT_PAGE_SEED={}", random.0);
    let first: Vec<_> = (0..30).map(|_| Sandbox::on(&board)).collect();
    let posts = first.iter().map(|sandbox| sandbox.ask(text("first")));
    let messages: Vec<Value> = join_all(posts).await.into_iter().map(|it| it.1).collect();

    let (mut changes, mut ways) = (Vec::new(), Vec::new());
    for n in 0..AT_ONCE {
        let sandbox = Sandbox::on(&board);
        ways.extend([sandbox.s3.clone(), sandbox.data_api.clone()]);
        let request = match messages.get(n / 2).filter(|_| n % 2 == 0) {
            Some(message) => delete(message),
            None => text(&n.to_string()),
        };
        // Every third dies after so many requests that it made.
        let dies = (n % 3 == 0).then(|| random.below(14));
        changes.push(async move {
            let work = sandbox.ask(request);
            let death = async {
                match dies {
                    Some(requests) => loop {
                        let so_far =
                            sandbox.s3.requests().len() + sandbox.data_api.requests().len();
                        if so_far > requests {
                            break;
                        }
                        tokio::task::yield_now().await;
                    },
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = death => true,
                (status, body) = work => {
                    assert!(status.is_success(), "{status} {body}");
                    false
                }
            }
        });
    }
    let deaths = join_all(changes)
        .await
        .into_iter()
        .filter(|died| *died)
        .count();
    println!("{deaths} died");
    assert!(deaths >= 10);
    // What was on its way still arrives.
    for way in ways {
        way.is_quiet().await;
    }
    board.is_healed_by_a_reader().await;
}

/// `xorshift64*`: the same seed, the same deaths.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % bound
    }
}
