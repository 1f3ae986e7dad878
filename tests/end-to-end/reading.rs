//! Reading is of the bucket alone: what is answered, what is asked for it, and what becomes of it while messages come and
//! go.

use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::answer::shown;
use crate::board::{Board, picture};
use crate::environment::{Environment, MESSAGES, NEWEST, Way, get, later};
use crate::steps::{delete, post, text};

const PAGE: &str = "/api/messages";
const SECOND: Duration = Duration::from_secs(1);

impl Environment {
    /// A page's ids, and its `next`.
    async fn ids(&self, query: &str) -> (Vec<String>, Option<String>) {
        let (status, page) = self.ask(get(&format!("{PAGE}{query}"))).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let messages = page["messages"].as_array().unwrap().iter();
        let ids = messages.map(|message| message["id"].as_str().unwrap().to_owned());
        (ids.collect(), page["next"].as_str().map(str::to_owned))
    }

    /// How many of a kind arrived meanwhile.
    async fn counted<T>(&self, work: impl Future<Output = T>) -> (T, Counts) {
        let before = Counts::of(self);
        let done = work.await;
        let after = Counts::of(self);
        let counts = Counts {
            lists: after.lists - before.lists,
            bodies: after.bodies - before.bodies,
            newest: after.newest - before.newest,
            writes: after.writes - before.writes,
            statements: after.statements - before.statements,
        };
        (done, counts)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Counts {
    lists: usize,
    bodies: usize,
    newest: usize,
    writes: usize,
    statements: usize,
}

impl Counts {
    fn of(environment: &Environment) -> Self {
        let s3 = &environment.s3;
        Self {
            lists: s3.count(&format!("LIST {MESSAGES}")),
            bodies: s3.count(&format!("GET {MESSAGES}")),
            newest: s3.count(&format!("GET {NEWEST}")),
            writes: s3.count("PUT "),
            statements: environment.data_api.requests().len(),
        }
    }
}

fn counts(lists: usize, bodies: usize, newest: usize, writes: usize) -> Counts {
    Counts {
        lists,
        bodies,
        newest,
        writes,
        statements: 0,
    }
}

/// The ids of so many messages, newest first.
async fn posted(board: &Board, messages: usize) -> Vec<Value> {
    let writer = Environment::on(board);
    let mut posted = Vec::new();
    for number in 0..messages {
        let (status, message) = writer.ask(text(&format!("message {number}"))).await;
        assert_eq!(status, StatusCode::CREATED);
        posted.insert(0, message);
    }
    posted
}

fn ids(messages: &[Value]) -> Vec<String> {
    let ids = messages.iter();
    ids.map(|message| message["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn while_the_database_is_away_everything_can_be_read_and_posting_says_that_it_cannot_be() {
    let board = Board::start();
    let first = board.post_picture("a picture", picture("small.jpg")).await;
    let mut all = posted(&board, 45).await;
    all.push(first);
    let environment = Environment::on(&board);
    environment.data_api.cut();
    for _ in 0..3 {
        let mut read = Vec::new();
        let mut query = String::new();
        loop {
            let (status, page) = environment.ask(get(&format!("{PAGE}{query}"))).await;
            assert_eq!(status, StatusCode::OK);
            read.extend(page["messages"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            query = format!("?before={next}");
        }
        assert_eq!(read, all.iter().map(shown).collect::<Vec<_>>());
        for message in &all {
            let path = format!("{PAGE}/{}", message["id"].as_str().unwrap());
            assert_eq!(
                environment.ask(get(&path)).await,
                (StatusCode::OK, shown(message))
            );
        }
        for change in [text("later"), delete(&all[0])] {
            let (status, problem) = environment.ask(change).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            let kind = "urn:corkboard:problem:database-unavailable";
            assert_eq!(problem["type"], kind);
        }
        later(Duration::from_mins(2)).await;
    }
    environment.data_api.mend();
    assert_eq!(environment.ask(text("later")).await.0, StatusCode::CREATED);
    let (_, page) = environment.ask(get(PAGE)).await;
    assert_eq!(page["messages"][0]["text"], "later");
}

#[tokio::test]
async fn while_the_bucket_is_away_reading_says_so() {
    let board = Board::start();
    let message = board.post_text("hello").await;
    let environment = Environment::on(&board);
    environment.ask(get(PAGE)).await;
    environment.s3.cut();
    later(SECOND).await;
    let one = format!("{PAGE}/{}", message["id"].as_str().unwrap());
    for path in [PAGE, &one] {
        let (status, problem) = environment.ask(get(path)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(problem["type"], "urn:corkboard:problem:media-unavailable");
    }
    environment.s3.mend();
    assert_eq!(environment.ask(get(PAGE)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_thousand_reads_ask_the_bucket_once_a_second_and_the_database_nothing() {
    let board = Board::start();
    board.post_text("hello").await;
    let environment = Environment::on(&board);
    let began = Instant::now();
    for _ in 0..10 {
        let answers = join_all((0..100).map(|_| environment.ask(get(PAGE)))).await;
        for (status, page) in answers {
            assert_eq!(status, StatusCode::OK);
            assert_eq!(page["messages"][0]["text"], "hello");
        }
    }
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    let Counts { lists, .. } = Counts::of(&environment);
    assert!((1..=1 + seconds).contains(&lists), "{lists} in {seconds} s");
    assert_eq!(Counts::of(&environment), counts(lists, 1, 1, 0));
}

#[tokio::test]
async fn what_is_known_is_not_asked_for_again() {
    let board = Board::start();
    let mut all = posted(&board, 30).await;
    let environment = Environment::on(&board);
    let (read, asked) = environment.counted(environment.ids("")).await;
    assert_eq!(read.0, ids(&all)[..20]);
    assert_eq!(asked, counts(1, 20, 1, 0));
    // It writes what it had to ask for beside the next listing.
    later(SECOND).await;
    let (_, asked) = environment.counted(environment.ids("")).await;
    assert_eq!(asked, counts(1, 0, 0, 1));
    // An older page has ten more, of which nothing is written; a longer one lists, and knows them all.
    let before = format!("?before={}", ids(&all)[19]);
    let (read, asked) = environment.counted(environment.ids(&before)).await;
    assert_eq!(read, (ids(&all)[20..].to_vec(), None));
    assert_eq!(asked, counts(1, 10, 0, 0));
    let (read, asked) = environment.counted(environment.ids("?limit=50")).await;
    assert_eq!(read.0, ids(&all));
    assert_eq!(asked, counts(1, 0, 0, 0));
    // Of what came and went since it asks for what came.
    all.splice(0..0, posted(&board, 1).await);
    board.is_deleted(&all.remove(3)).await;
    later(SECOND).await;
    let (read, asked) = environment.counted(environment.ids("")).await;
    assert_eq!(read.0, ids(&all)[..20]);
    assert_eq!(asked, counts(1, 1, 0, 0));
}

#[tokio::test]
async fn who_knows_nothing_reads_what_others_wrote_beside_the_listing() {
    let board = Board::start();
    let mut all = posted(&board, 22).await;
    let writer = Environment::on(&board);
    writer.ids("").await;
    later(SECOND).await;
    writer.ids("").await;
    let cold = Environment::on(&board);
    let (read, asked) = cold.counted(cold.ids("")).await;
    assert_eq!(read.0, ids(&all)[..20]);
    assert_eq!(asked, counts(1, 0, 1, 0));
    // It is a help, and the listing decides.
    all.splice(0..0, posted(&board, 1).await);
    board.is_deleted(&all.remove(5)).await;
    let other = Environment::on(&board);
    let (read, asked) = other.counted(other.ids("")).await;
    assert_eq!(read.0, ids(&all)[..20]);
    assert_eq!(asked, counts(1, 1, 1, 0));

    let written = board.media().get(NEWEST).await.unwrap();
    let mut of_others: Value = serde_json::from_slice(&written).unwrap();
    for message in of_others["messages"].as_array_mut().unwrap() {
        message["eTag"] = json!("\"another\"");
        message["message"]["text"] = json!("another");
    }
    for instead in [
        None,
        Some(String::new()),
        Some("not json".into()),
        Some(r#"{"messages":[{"eTag":"x","message":{"id":"none"}}]}"#.into()),
        Some(of_others.to_string()),
    ] {
        match &instead {
            None => board.media().delete(NEWEST).await,
            Some(bytes) => board.media().put(NEWEST, bytes.clone().into_bytes()).await,
        }
        let environment = Environment::on(&board);
        let (status, page) = environment.ask(get(PAGE)).await;
        assert_eq!(status, StatusCode::OK, "{instead:?}");
        let right: Vec<_> = all[..20].iter().map(shown).collect();
        assert_eq!(page["messages"], json!(right), "{instead:?}");
    }
}

#[tokio::test]
async fn what_was_deleted_takes_no_other_message_s_place() {
    let board = Board::start();
    let mut all = posted(&board, 70).await;
    // More than a listing passes over, at the newest end and in between.
    for deleted in all.extract_if(2..48, |_| true) {
        board.is_deleted(&deleted).await;
    }
    board.is_deleted(&all.remove(0)).await;
    let all = ids(&all);
    let environment = Environment::on(&board);
    for limit in [1, 3, 20, 22, 23, 24, 50] {
        let (read, next) = environment.ids(&format!("?limit={limit}")).await;
        assert_eq!(read, all[..limit.min(all.len())], "{limit}");
        assert_eq!(next.is_some(), limit < all.len(), "{limit}");
    }
}

#[tokio::test]
async fn a_page_neither_skips_nor_repeats_while_messages_come_and_go() {
    let board = Board::start();
    let all = posted(&board, 30).await;
    let environment = Environment::on(&board);
    let (mut read, mut next) = environment.ids("?limit=7").await;
    let mut round = 0;
    while let Some(before) = next {
        // The last that was read goes, and one that was not; and another comes.
        board.is_deleted(&all[read.len() - 1]).await;
        let unread = &all[(read.len() + 2).min(all.len() - 1)];
        board.is_deleted(unread).await;
        posted(&board, 1).await;
        let page = environment.ids(&format!("?limit=7&before={before}")).await;
        round += 1;
        assert!(round < 20);
        read.extend(page.0);
        next = page.1;
    }
    assert!(read.is_sorted_by(|newer, older| newer > older), "{read:?}");
    let gone = board.messages().await;
    for kept in ids(&all) {
        let is_there = gone.iter().any(|message| message["id"] == kept.as_str());
        assert!(!is_there || read.contains(&kept), "{kept}");
    }
}

#[tokio::test]
async fn what_somebody_else_put_among_the_messages_is_passed_over() {
    let board = Board::start();
    let all = posted(&board, 3).await;
    let media = board.media();
    let key = |id: &str| media::Bucket::message_key(id.parse::<domain::Name>().unwrap());
    let newest = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ";
    media.put(&key(newest), b"not json".to_vec()).await;
    media
        .put(&key("7ZZZZZZZZZZZZZZZZZZZZZZZZY"), vec![b' '; 70_000])
        .await;
    let of_another = media.get(&key(&ids(&all)[0])).await.unwrap();
    media
        .put(&key("7ZZZZZZZZZZZZZZZZZZZZZZZZX"), of_another)
        .await;
    for name in ["a.json", "0.txt", "0/0.json"] {
        media
            .put(&format!("{MESSAGES}{name}"), b"{}".to_vec())
            .await;
    }
    let environment = Environment::on(&board);
    assert_eq!(environment.ids("").await, (ids(&all), None));
    assert_eq!(environment.ids("?limit=1").await.0, ids(&all)[..1]);
    let (status, _) = environment.ask(get(&format!("{PAGE}/{newest}"))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    later(SECOND).await;
    let (_, asked) = environment.counted(environment.ids("")).await;
    assert_eq!(asked, counts(1, 0, 0, 0));
}

#[tokio::test]
async fn a_change_is_seen_by_its_own_environment_at_once_and_by_others_when_a_second_is_over() {
    let board = Board::start();
    let (writer, reader) = (Environment::on(&board), Environment::on(&board));
    let seen = async |environment: &Environment| environment.ids("").await.0.len();
    assert_eq!(seen(&reader).await, 0);
    assert_eq!(seen(&writer).await, 0);
    let (status, message) = writer.ask(text("hello")).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(seen(&writer).await, 1);
    later(SECOND).await;
    assert_eq!(seen(&reader).await, 1);

    let (status, _) = writer.ask(delete(&message)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(seen(&writer).await, 0);
    later(SECOND).await;
    assert_eq!(seen(&reader).await, 0);
    let (status, _) = reader
        .ask(get(&format!("{PAGE}/{}", message["id"].as_str().unwrap())))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(Counts::of(&reader).statements, 0);
}

#[tokio::test]
async fn thirty_posts_at_once_cost_each_as_much_as_one() {
    const AT_ONCE: usize = 30;
    let board = Board::start();
    let environments: Vec<_> = (0..AT_ONCE).map(|_| Environment::on(&board)).collect();
    // Each environment has looked at the schema, and has cleared up.
    join_all(environments.iter().map(|it| it.ask(text("first")))).await;
    let before: Vec<_> = environments.iter().map(Counts::of).collect();
    let posts = environments.iter().map(|it| it.ask(text("hello")));
    for (status, body) in join_all(posts).await {
        assert_eq!(status, StatusCode::CREATED, "{body}");
    }
    for (environment, before) in environments.iter().zip(before) {
        let after = Counts::of(environment);
        assert_eq!(after.writes - before.writes, 1);
        // The count, the row, the mark. The sender is the same for all, but none had to try twice.
        assert_eq!(after.statements - before.statements, 3);
    }
    assert_eq!(board.messages().await.len(), 2 * AT_ONCE);
}

/// Of a picture: the count, the row, the picture, the object, the mark.
#[tokio::test]
async fn what_a_change_asks_for_is_what_the_protocol_says() {
    let board = Board::start();
    let environment = Environment::on(&board);
    environment.ask(text("first")).await;
    // Whether posting is open is asked every ten seconds, however many changes there are meanwhile.
    let counted = |way: &Way| way.count("") - way.count("GET board/posting.json");
    let asked = async |request, expected: [usize; 2]| {
        let before = [&environment.data_api, &environment.s3].map(counted);
        let (status, answer) = environment.ask(request).await;
        assert!(status.is_success(), "{answer}");
        let after = [&environment.data_api, &environment.s3].map(counted);
        assert_eq!([after[0] - before[0], after[1] - before[1]], expected);
        answer
    };
    let key = crate::repeats::new_key();
    let posted = asked(post(&key, "hello", "small.jpg"), [3, 2]).await;
    // The count, the sender's row that is there twice, the message that is there, what it has; the same key was counted,
    // so it is not counted again.
    asked(post(&key, "hello", "small.jpg"), [5, 0]).await;
    // Beside the mark, what may have been made of the picture goes, and what may be held of the message.
    asked(delete(&posted), [3, 8]).await;
    let posted = asked(text("hello"), [3, 1]).await;
    asked(delete(&posted), [3, 2]).await;
}

#[tokio::test]
async fn whatever_dies_among_a_hundred_posts_and_deletes_all_fits_in_the_end() {
    const AT_ONCE: usize = 100;
    let board = Board::start();
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let mut random =
        fastrand::Rng::with_seed(seed.unwrap_or_else(|| u64::from(std::process::id())));
    println!("SEED={}", random.get_seed());
    let messages = posted(&board, 30).await;
    let (mut changes, mut ways) = (Vec::new(), Vec::new());
    for n in 0..AT_ONCE {
        let environment = Environment::on(&board);
        ways.extend([environment.s3.clone(), environment.data_api.clone()]);
        let request = match messages.get(n / 2).filter(|_| n % 2 == 0) {
            Some(message) => delete(message),
            None if n % 5 == 0 => post(&crate::repeats::new_key(), "hello", "small.jpg"),
            None => text(&n.to_string()),
        };
        // Every third dies after so many requests that it made.
        let dies = (n % 3 == 0).then(|| random.usize(..8));
        changes.push(async move {
            let work = environment.ask(request);
            let death = async {
                match dies {
                    Some(requests) => loop {
                        let so_far =
                            environment.s3.requests().len() + environment.data_api.requests().len();
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
                    // On a busy machine, the function's deadline is a death as well.
                    let is_late = status == StatusCode::SERVICE_UNAVAILABLE;
                    assert!(is_late || status.is_success(), "{status} {body}");
                    is_late
                }
            }
        });
    }
    let died = join_all(changes).await.into_iter().filter(|died| *died);
    let deaths = died.count();
    println!("{deaths} died");
    assert!(deaths >= 10);
    // What was on its way still arrives.
    for way in ways {
        way.is_quiet().await;
    }
    board.is_at_rest().await;
}

#[tokio::test]
async fn what_readers_see_is_served_to_nobody_as_a_file() {
    let board = Board::start();
    board.post_text("hello").await;
    for key in board.media().keys().await {
        if key.starts_with("board/") {
            assert_eq!(board.get(&format!("/{key}")).await.status, 404);
        }
    }
    assert_eq!(board.get(&format!("/{NEWEST}")).await.status, 404);
}

impl Board {
    async fn is_deleted(&self, message: &Value) {
        let (status, _) = Environment::on(self).ask(delete(message)).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
}
