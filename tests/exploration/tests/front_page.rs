//! The front page: however changes overlap, are late and die, at rest its file is the first page of the
//! database.
//!
//! - here: every order of the steps of a few changes, each a statement and the writing of the file;
//! - [`board`]: random orders of whole posts, deletes and reads, marks and all.

mod board;

use std::cell::RefCell;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use ::board::front_page::{File, Known, refresh};
use domain::{Message, MessageId};
use media::Bucket;
use serde_json::Value;
use store::{DataApiSettings, Database, Store};
use tokio::time::Instant;

use crate::request::Request;
use crate::schedule::{End, Schedule, every_schedule, random_schedules};
use crate::world::{MEDIA, World};

const FILE: &str = "board/front-page.json";

#[derive(Debug, Clone, Copy, Hash)]
enum Change {
    Post(u128),
    Delete(u128),
    /// A reader who finds a mark.
    Heal,
}

struct Board {
    world: World<Result<(), String>>,
    /// One for each sandbox.
    databases: Vec<Database>,
    /// The version of the file that all sandboxes know, before the changes begin.
    known: Option<Known>,
}

fn id(n: u128) -> MessageId {
    MessageId::from_parts(1_800_000_000_000, n)
}

fn message(n: u128) -> Message {
    Message {
        id: id(n),
        author: None,
        text: n.to_string(),
        picture: None,
    }
}

/// The database as a sandbox sees it.
pub fn database<T>(world: &World<T>, sandbox: usize) -> Database {
    let settings = DataApiSettings {
        cluster_arn: "arn:aws:rds:us-east-1:123456789012:cluster:board".into(),
        secret_arn: "arn:aws:secretsmanager:us-east-1:123456789012:secret:board".into(),
        name: "board".into(),
    };
    let client = world.data_api(sandbox);
    Database::data_api(|| client, settings)
}

fn far() -> Instant {
    Instant::now() + std::time::Duration::from_hours(24)
}

/// Lets an invocation run to its end, alone.
pub fn alone<T: 'static>(
    world: &mut World<T>,
    sandbox: usize,
    invocation: impl Future<Output = T> + 'static,
) -> T {
    world.invoke(sandbox, (), invocation);
    loop {
        if let Some((_, given)) = world.settle().pop() {
            return given;
        }
        world.answer(0);
    }
}

impl Board {
    fn new(sandboxes: usize) -> Self {
        let mut world = World::new(sandboxes);
        world.database = Some(crate::database::Database::new());
        let databases: Vec<_> = (0..sandboxes).map(|it| database(&world, it)).collect();
        let first = databases[0].clone();
        let made = alone(&mut world, 0, async move {
            first
                .migrate(far())
                .await
                .map_err(|error| error.to_string())?;
            Ok(())
        });
        made.unwrap();
        // Each looks at the schema once.
        for (sandbox, database) in databases.iter().cloned().enumerate() {
            let ping = async move { Store::new(database, far()).ping().await };
            let ping = async { ping.await.map_err(|error| error.to_string()) };
            alone(&mut world, sandbox, ping).unwrap();
        }
        Self {
            world,
            databases,
            known: None,
        }
    }

    fn start(&mut self, sandbox: usize, change: Change) {
        let store = self.databases[sandbox].clone();
        let client = self.world.client(sandbox);
        let bucket = Bucket::new(|| client, MEDIA);
        let known = self.known.clone();
        self.world.invoke(sandbox, change, async move {
            let store = Store::new(store, far());
            let made = match change {
                Change::Post(n) => store.insert(&message(n), None, None).await.map(|_| ()),
                Change::Delete(n) => store.make_tombstone(id(n)).await,
                Change::Heal => Ok(()),
            };
            made.map_err(|error| error.to_string())?;
            let refreshed = refresh(&bucket, &store, known.as_ref()).await;
            refreshed.map(|_| ()).map_err(|error| error.to_string())
        });
    }

    /// Nobody fails.
    fn settle(&mut self) {
        for (_, ended) in self.world.settle() {
            ended.unwrap();
        }
    }

    /// Lets so many requests of a sandbox happen, one after the other.
    fn steps(&mut self, sandbox: usize, requests: usize) {
        for _ in 0..requests {
            self.settle();
            let mut waiting = self.world.waiting().into_iter();
            let next = waiting.position(|(of, _)| of == sandbox);
            self.world.answer(next.unwrap());
        }
    }

    /// A board at rest with so many messages, the oldest of them 1, and the first version of its file.
    fn reset(&mut self, messages: u128, is_known: bool) {
        self.known = None;
        self.world.reset(crate::bucket::Bucket::new());
        self.world.database.as_ref().unwrap().empty();
        for n in 1..=messages {
            let store = Store::new(self.databases[0].clone(), far());
            let insert = async move { store.insert(&message(n), None, None).await };
            let insert = async { insert.await.map(|_| ()).map_err(|error| error.to_string()) };
            alone(&mut self.world, 0, insert).unwrap();
        }
        let file = r#"{"shape":1,"number":1,"more":false,"messages":[]}"#;
        self.world.bucket.put(FILE, file);
        self.start(0, Change::Heal);
        while self.world.settle().is_empty() {
            self.world.answer(0);
        }
        assert_eq!(wrong(&self.world), None);
        if is_known {
            let client = self.world.client(0);
            let (bucket, known) = (Bucket::new(|| client, MEDIA), Rc::default());
            let given: Rc<RefCell<Option<Known>>> = Rc::clone(&known);
            let read = async move {
                let file = File::read(&bucket).await.map_err(|error| error.to_string());
                *given.borrow_mut() = file?.map(|file| file.known);
                Ok(())
            };
            alone(&mut self.world, 0, read).unwrap();
            self.known = known.take();
            assert!(self.known.is_some());
        }
    }
}

/// What is wrong with the file.
pub fn wrong<T>(world: &World<T>) -> Option<String> {
    let mut right = world.database.as_ref().unwrap().newest();
    let more = right.len() > 20;
    right.truncate(20);
    let file: Value = serde_json::from_slice(&world.bucket.objects.get(FILE)?.bytes).unwrap();
    let messages = file["messages"].as_array().unwrap().iter();
    let file_has: Vec<_> = messages.map(|it| it["id"].as_str().unwrap()).collect();
    let is_right = file_has == right && file["more"] == more;
    (!is_right)
        .then(|| format!("a lost update: the file has {file_has:?} and should have {right:?}"))
}

enum Step {
    Start(usize),
    Happen(usize, usize, Box<Request>),
    Die(usize),
    Arrive(usize),
    Lose(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(change) => write!(f, "change {change} begins"),
            Self::Happen(_, sandbox, request) => write!(f, "sandbox {sandbox}: {request}"),
            Self::Die(sandbox) => write!(f, "sandbox {sandbox} dies"),
            Self::Arrive(_) => write!(f, "what a dead one sent arrives"),
            Self::Lose(_) => write!(f, "what a dead one sent is lost"),
        }
    }
}

/// One order of these changes, of which so many die. When all are over, a reader heals what the dead left.
fn run(
    board: &mut Board,
    changes: &[Change],
    mut deaths: usize,
    schedule: &mut Schedule<'_>,
) -> Result<End, String> {
    let (mut begun, mut healed, mut died) = (0, false, false);
    let mut late: Vec<Request> = Vec::new();
    loop {
        for (_, ended) in board.world.settle() {
            ended?;
        }
        let mut state = DefaultHasher::new();
        (board.world.state(), begun, healed, died, deaths, &late).hash(&mut state);
        if schedule.is_seen(state.finish()) {
            return Ok(End::Seen);
        }
        let waiting = board.world.waiting().into_iter().enumerate();
        let mut steps: Vec<_> = waiting
            .map(|(n, (sandbox, request))| Step::Happen(n, sandbox, Box::new(request)))
            .collect();
        if begun < changes.len() {
            steps.push(Step::Start(begun));
        } else if died && !healed && board.world.busy().next().is_none() {
            // Not before what the dead asked of the database has come or will not come any more.
            if late.iter().all(|request| request.statement().is_none()) {
                board.start(0, Change::Heal);
                healed = true;
                continue;
            }
        }
        if deaths > 0 && !healed {
            steps.extend(board.world.busy().map(Step::Die));
        }
        for n in 0..late.len() {
            steps.extend([Step::Arrive(n), Step::Lose(n)]);
        }
        if steps.is_empty() {
            return wrong(&board.world).map_or(Ok(End::Rest), Err);
        }
        match schedule.choose(steps) {
            Step::Start(n) => {
                let sandbox = n;
                board.start(sandbox, changes[n]);
                begun += 1;
            }
            Step::Happen(n, ..) => board.world.answer(n),
            Step::Die(sandbox) => {
                deaths -= 1;
                died = true;
                let sent = board.world.crash(sandbox).into_iter();
                late.extend(sent.filter(Request::changes));
            }
            Step::Arrive(n) => {
                let request = late.remove(n);
                board.world.happen(&request);
            }
            Step::Lose(n) => drop(late.remove(n)),
        }
    }
}

fn explore(messages: u128, changes: &[Change], deaths: usize) {
    let mut board = Board::new(changes.len());
    for is_known in [false, true] {
        let explored = every_schedule(|schedule| {
            board.reset(messages, is_known);
            run(&mut board, changes, deaths, schedule)
        });
        println!("{messages} {changes:?}: {explored:?}");
        assert!(explored.rests > 0);
    }
}

use Change::{Delete, Post};

#[test]
fn a_message_comes_and_goes() {
    explore(1, &[Post(2), Delete(2)], 1);
}

#[test]
fn one_comes_and_another_goes() {
    explore(1, &[Post(2), Delete(1)], 1);
}

/// Of more, their orders are too many for all to be tried.
#[test]
fn four_changes_at_once() {
    let mut board = Board::new(4);
    random_schedules(100, |schedule, random| {
        board.reset(if random.bool() { 1 } else { 20 }, random.bool());
        let changes = [Post(22), Post(23), Delete(22), Delete(1)];
        run(&mut board, &changes, random.usize(..2), schedule)
    });
}

#[test]
fn an_old_message_comes_up_when_a_new_one_goes() {
    explore(21, &[Delete(21), Post(22)], 0);
}

/// Who knows an old version is overtaken by what may be older than the change, so that counts for nothing.
#[test]
fn being_overtaken_over_a_known_version_is_not_enough() {
    let mut board = Board::new(3);
    board.reset(1, true);
    let [late, first, between] = [0, 1, 2];
    for (sandbox, n) in [(late, 22), (first, 23), (between, 24)] {
        board.start(sandbox, Post(n));
    }
    // Inserts, reads the page, and writes it over the known version.
    board.steps(first, 3);
    // The same, but is overtaken; reads the file and, before the last change is made, the page.
    board.steps(between, 5);
    board.steps(late, 5);
    // Writes a version without the last change; the last one must not take that for enough.
    board.steps(between, 1);
    board.steps(late, 1);
    loop {
        board.settle();
        if board.world.waiting().is_empty() {
            break;
        }
        board.world.answer(0);
    }
    assert_eq!(wrong(&board.world), None);
}
