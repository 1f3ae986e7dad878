//! The board that is explored: message-board in some execution environments, over one bucket and one database.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ::board::{Board, Deadline, Error};
use axum::Router;
use axum::body::Body;
use domain::{BoardSecret, Era, MessageId, Tokens};
use http::Request;
use http_body_util::BodyExt as _;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use media::{Bucket, Small};
use message_board::{Settings, app};
use serde_json::{Value, json};
use store::{DataApiSettings, Database};
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::watch::Watch;
use crate::canonical::mirrored;
use crate::database::Tables;
use crate::world::{MEDIA, World};

const SECRET: &str = "the secret of a board that is explored";
const BOUNDARY: &str = "boundary";
/// One grey pixel.
const PICTURE: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\x0aIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82";

/// A status and a body; of what is no request to the API, 200 or 500.
pub type Answer = (u16, Value);

/// What somebody asks of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The message of this number is posted, with a picture or without, for the first time or again.
    Post(u8, bool),
    /// The same, where messages are reviewed.
    Hold(u8, bool),
    /// A moderator approves the message of this number.
    Approve(u8),
    /// A moderator rejects the message of this number.
    Reject(u8),
    /// A moderator takes the message of this number down.
    TakeDown(u8),
    /// A moderator restores the message of this number.
    Restore(u8),
    /// Its author deletes the message of this number.
    Delete(u8),
    /// A moderator deletes the message of this number for good.
    Moderate(u8),
    /// A moderator removes all of the sender.
    RemoveSender,
    /// A moderator lets the sender in again.
    LetIn,
    /// Leftovers are cleared up, as beside some post.
    ClearUp,
    /// The bucket is brought in step with the database.
    Republish,
    /// The newest page is read.
    Read,
    /// The message of this number is read.
    ReadOne(u8),
}

/// A board at some moment.
#[derive(Clone)]
pub struct Saved {
    bucket: crate::bucket::Bucket,
    tables: Tables,
    pub watch: Watch,
}

pub struct Explored {
    pub world: World<Answer>,
    /// One for each execution environment, which is a sandbox.
    functions: Vec<Router>,
    /// The same, where messages are reviewed.
    reviewing: Vec<Router>,
    boards: Vec<Arc<Board>>,
    tokens: Tokens,
    /// What nothing but clearing up makes of a state.
    pub calm: HashMap<u64, Option<String>>,
}

/// The database as a sandbox sees it.
fn database(world: &World<Answer>, sandbox: usize) -> Database {
    let settings = DataApiSettings {
        cluster_arn: "arn:aws:rds:us-east-1:123456789012:cluster:board".into(),
        secret_arn: "arn:aws:secretsmanager:us-east-1:123456789012:secret:board".into(),
        name: "board".into(),
    };
    let client = world.data_api(sandbox);
    Database::data_api(|| client, settings)
}

fn bucket(world: &World<Answer>, sandbox: usize) -> Bucket {
    let client = world.client(sandbox);
    Bucket::new(|| client, MEDIA)
}

fn function(world: &World<Answer>, sandbox: usize, posting: &str) -> Router {
    let settings = Settings::from_lookup(&|variable| match variable {
        "BOARD_SECRET" => Some(SECRET.into()),
        "MEDIA_BUCKET" => Some(MEDIA.into()),
        "PUBLIC_BASE_URL" => Some(String::new()),
        "POSTS_PER_MINUTE" => Some("0".into()),
        "POSTING" => Some(posting.to_owned()),
        _ => None,
    });
    let Ok(settings) = settings else {
        panic!("the settings are wrong");
    };
    app(settings, database(world, sandbox), bucket(world, sandbox))
}

async fn ask(function: Router, request: Request<Body>) -> Answer {
    let response = function.oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (
        status.as_u16(),
        serde_json::from_slice(&body).unwrap_or_default(),
    )
}

/// What the message of a number says.
pub fn text(message: u8) -> String {
    format!("message {message}")
}

fn post(message: u8, with_picture: bool) -> Request<Body> {
    let key = format!("the key of message {message}").replace(' ', "-");
    let post = Request::post("/api/messages").header("idempotency-key", key);
    let text = text(message);
    let (media_type, body) = if with_picture {
        let part = |name: &str, is: &str| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{is}\r\n\r\n")
        };
        let picture = part("picture", "; filename=\"a.png\"\r\nContent-Type: image/png");
        let text = [part("text", "").as_bytes(), text.as_bytes(), b"\r\n"].concat();
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        let body = [&text, picture.as_bytes(), PICTURE, end.as_bytes()].concat();
        (format!("multipart/form-data; boundary={BOUNDARY}"), body)
    } else {
        let body = json!({"text": text}).to_string();
        ("application/json".to_owned(), body.into_bytes())
    };
    post.header("content-type", media_type)
        .body(body.into())
        .unwrap()
}

impl Explored {
    pub fn new(environments: usize) -> Self {
        let mut world = World::new(environments);
        world.database = Some(crate::database::Database::new());
        let first = database(&world, 0);
        alone(&mut world, 0, async move {
            first
                .migrate(Instant::now() + Duration::from_hours(1))
                .await
                .unwrap();
            (200, Value::Null)
        });
        let Ok(secret) = BoardSecret::new(SECRET) else {
            panic!("the secret is wrong");
        };
        let mut explored = Self {
            functions: Vec::new(),
            reviewing: Vec::new(),
            boards: Vec::new(),
            tokens: Tokens::new(&secret, None),
            world,
            calm: HashMap::new(),
        };
        for environment in 0..environments {
            explored
                .functions
                .push(function(&explored.world, environment, "open"));
            let reviewing = function(&explored.world, environment, "reviewed");
            explored.reviewing.push(reviewing);
            let (database, bucket) = (
                database(&explored.world, environment),
                bucket(&explored.world, environment),
            );
            explored.boards.push(Arc::new(Board::new(database, bucket)));
            // So that it has looked at the schema, and clears up beside no other post within this minute.
            let message = u8::MAX - u8::try_from(environment).unwrap();
            explored.alone(environment, Ask::Post(message, false), None);
            explored.alone(environment, Ask::Hold(message - 100, false), None);
            explored.alone(environment, Ask::ClearUp, None);
        }
        explored.empty();
        explored
    }

    /// Nothing was ever posted.
    pub fn empty(&mut self) {
        self.world.reset(crate::bucket::Bucket::new());
        let database = self.world.database.as_ref().unwrap();
        for message in database.messages() {
            database.lose(&message.id);
        }
        self.world.names = Some(RefCell::default());
    }

    /// Puts whatever may be made of the pictures that are there.
    pub fn make_small(&mut self) {
        let bucket = &mut self.world.bucket;
        let keys = bucket.objects.keys();
        let originals: Vec<_> = keys.filter_map(|key| key.strip_prefix("images/")).collect();
        let small = originals.iter().flat_map(|name| {
            let small = Small::ALL.map(|small| small.key_of(name));
            small.into_iter().chain([format!("small-failed/{name}")])
        });
        for key in small.collect::<Vec<_>>() {
            bucket.put(&key, "small");
        }
    }

    /// Begins an execution environment anew, which remembers nothing and clears up beside its first post; and gives
    /// what was there.
    pub fn replace(&mut self, environment: usize) -> Router {
        let new = function(&self.world, environment, "open");
        std::mem::replace(&mut self.functions[environment], new)
    }

    pub fn put_back(&mut self, environment: usize, function: Router) {
        self.functions[environment] = function;
    }

    /// The database as it is, to be put back.
    pub fn tables(&self) -> Tables {
        self.world.database.as_ref().unwrap().save()
    }

    pub fn put_database_back(&self, tables: &Tables) {
        self.world.database.as_ref().unwrap().restore(tables);
    }

    pub fn save(&self, watch: Watch) -> Saved {
        Saved {
            bucket: self.world.bucket.clone(),
            tables: self.world.database.as_ref().unwrap().save(),
            watch,
        }
    }

    pub fn restore(&mut self, saved: &Saved) -> Watch {
        self.world.reset(saved.bucket.clone());
        self.world.database.as_ref().unwrap().restore(&saved.tables);
        self.world.names = Some(RefCell::default());
        saved.watch.clone()
    }

    /// Begins what is asked, of the message of this id where it is asked of one.
    pub fn begin(&mut self, environment: usize, ask: Ask, id: Option<MessageId>) {
        let of = |id: Option<MessageId>| format!("/api/messages/{}", id.unwrap());
        let decide = |decision: &str| {
            let token = self.tokens.moderator_token(None);
            let body = json!({"messageIds": [id.unwrap().to_string()]}).to_string();
            let decide = Request::post(format!("/api/moderation/{decision}"));
            let decide = decide.header("authorization", format!("Bearer {token}"));
            let decide = decide.header("content-type", "application/json");
            decide.body(body.into()).unwrap()
        };
        let of_sender = |what: &str| {
            let token = self.tokens.moderator_token(None);
            let body = json!({"messageId": id.unwrap().to_string()}).to_string();
            let change = Request::post(format!("/api/moderation/{what}"));
            let change = change.header("authorization", format!("Bearer {token}"));
            let change = change.header("content-type", "application/json");
            change.body(body.into()).unwrap()
        };
        let for_good = |token: String| {
            let path = format!("{}?forever=true", of(id));
            let delete = Request::delete(path).header("authorization", format!("Bearer {token}"));
            delete.body(Body::empty()).unwrap()
        };
        let delete = |token: String| {
            let delete = Request::delete(of(id)).header("authorization", format!("Bearer {token}"));
            delete.body(Body::empty()).unwrap()
        };
        let mut request = match ask {
            Ask::Post(message, with_picture) | Ask::Hold(message, with_picture) => {
                post(message, with_picture)
            }
            Ask::Approve(_) => decide("approve"),
            Ask::Reject(_) => decide("reject"),
            Ask::Restore(_) => decide("restore"),
            Ask::TakeDown(_) => delete(self.tokens.moderator_token(None)),
            Ask::Delete(_) => delete(self.tokens.delete_token(id.unwrap(), Era::Current)),
            Ask::Moderate(_) => for_good(self.tokens.moderator_token(None)),
            Ask::RemoveSender => of_sender("remove-sender"),
            Ask::LetIn => of_sender("let-in"),
            Ask::Read => Request::get("/api/messages").body(Body::empty()).unwrap(),
            Ask::ReadOne(_) => Request::get(of(id)).body(Body::empty()).unwrap(),
            Ask::ClearUp | Ask::Republish => {
                let board = Arc::clone(&self.boards[environment]);
                self.world
                    .invoke(environment, (ask, environment), async move {
                        let deadline = Deadline::at(Instant::now() + Duration::from_secs(20));
                        let done = if ask == Ask::Republish {
                            republish(&board, deadline).await
                        } else {
                            board.protocol(deadline).clear_up().await
                        };
                        done.map_or_else(
                            |error| (500, error.to_string().into()),
                            |()| (200, Value::Null),
                        )
                    });
                return;
            }
        };
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.http.source_ip = Some("192.0.2.1".into());
        request
            .extensions_mut()
            .insert(RequestContext::ApiGatewayV2(context));
        let functions = match ask {
            Ask::Hold(..) => &self.reviewing,
            _ => &self.functions,
        };
        let function = functions[environment].clone();
        // The id, which is another one in the next run, is in the first request.
        self.world.invoke(
            environment,
            (ask, environment),
            self::ask(function, request),
        );
    }

    /// Has it done while nothing else is.
    pub fn alone(&mut self, environment: usize, ask: Ask, id: Option<MessageId>) -> Answer {
        self.begin(environment, ask, id);
        run(&mut self.world)
    }

    /// Has so many requests of it happen, and then it dies.
    pub fn died(&mut self, environment: usize, ask: Ask, id: Option<MessageId>, requests: usize) {
        self.begin(environment, ask, id);
        for _ in 0..requests {
            assert!(self.world.settle().is_empty());
            self.world.answer(0);
        }
        assert!(self.world.settle().is_empty());
        self.world.crash(environment);
    }

    /// Time passes. Where nothing runs, ids get older, too; whoever knows one knows the new one.
    pub fn pass(&mut self, time: Duration, watch: &mut Watch) {
        let database = self.world.database.as_ref().unwrap();
        database.age(time);
        if self.world.busy().next().is_some() {
            return;
        }
        let mut renamed = BTreeMap::new();
        for id in &watch.ids() {
            let older = older(*id, time);
            let pair = (id.to_string(), older.to_string());
            database.rename(&pair.0, &pair.1);
            if let Some(names) = &self.world.names {
                names.borrow_mut().rename(&pair.0, &pair.1);
            }
            let objects = &mut self.world.bucket.objects;
            let is_of = |key: &String| key.contains(&pair.0) || key.contains(&mirrored(&pair.0));
            let keys: Vec<_> = objects.keys().filter(|key| is_of(key)).cloned().collect();
            for key in keys {
                let mut object = objects.remove(&key).unwrap();
                if let Ok(body) = str::from_utf8(&object.bytes) {
                    let body = body.replace(&pair.0, &pair.1);
                    object.bytes = body.replace(&id.created_at(), &older.created_at()).into();
                }
                let key = key.replace(&pair.0, &pair.1);
                objects.insert(key.replace(&mirrored(&pair.0), &mirrored(&pair.1)), object);
            }
            renamed.insert(*id, older);
        }
        watch.rename(&renamed);
    }
}

/// As the command does it for which all that is gone is to be deleted.
async fn republish(board: &Board, deadline: Deadline) -> Result<(), Error> {
    let done = board.republish(|_, _| {}).await?;
    for id in done.deleted.into_iter().chain(done.missing) {
        match board.protocol(deadline).delete(id).await {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn older(id: MessageId, time: Duration) -> MessageId {
    const TIME: usize = 10;
    let id = id.to_string();
    let digits = id[..TIME]
        .bytes()
        .map(|it| crate::canonical::place(it).unwrap());
    let milliseconds = digits.fold(0_u64, |number, digit| number * 32 + digit as u64);
    let then = milliseconds - u64::try_from(time.as_millis()).unwrap();
    let then = MessageId::from_parts(then, 0).to_string();
    format!("{}{}", &then[..TIME], &id[TIME..]).parse().unwrap()
}

fn alone(
    world: &mut World<Answer>,
    sandbox: usize,
    invocation: impl Future<Output = Answer> + 'static,
) -> Answer {
    world.invoke(sandbox, (), invocation);
    run(world)
}

fn run(world: &mut World<Answer>) -> Answer {
    loop {
        if let Some((_, given)) = world.settle().pop() {
            return given;
        }
        world.answer(0);
    }
}
