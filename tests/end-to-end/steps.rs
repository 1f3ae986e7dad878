//! message-board dies at every step of what it does: just before a request to the database or the bucket, and
//! just after one, before it hears of the answer. The function is the real one; only its way to the services
//! ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use aws_sdk_rdsdata::types::Field;
use aws_sdk_s3::types::Object;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use axum::Router;
use axum::body::Body;
use domain::{BoardSecret, Tokens};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use lambda_http::request::RequestContext;
use media::Bucket;
use message_board::{Settings, app};
use serde_json::{Value, json};
use store::{DataApiSettings, Database};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use crate::board::{BUCKET, Board, CLUSTER, SECRET, data_api_with, picture, s3_with};
use crate::repeats::new_key;

pub const BOARD_SECRET: &str = "the secret of a board that dies often";
/// More requests than are ever under way at once.
const MANY: u32 = 1_000;

/// A way to the services that ends at one request.
#[derive(Debug, Clone)]
pub struct Cut(Arc<State>);

#[derive(Debug)]
struct State {
    /// Requests until then.
    left: AtomicUsize,
    /// Whether the last one still arrives.
    arrives: bool,
    /// Those before it hold a permit until they are answered.
    under_way: Semaphore,
    /// It ended.
    over: Notify,
    /// It did not end after all: it only stood still.
    resumed: watch::Sender<bool>,
    inner: SharedHttpConnector,
}

impl Cut {
    fn after(requests: usize, arrives: bool) -> Self {
        Self(Arc::new(State {
            left: AtomicUsize::new(requests),
            arrives,
            under_way: Semaphore::new(MANY as usize),
            over: Notify::new(),
            resumed: watch::Sender::new(false),
            inner: lambda::aws::connector(),
        }))
    }
}

impl HttpConnector for Cut {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let cut = self.clone();
        HttpConnectorFuture::new(async move {
            let state = &cut.0;
            // Small versions go beside a step, and whether they go then changes nothing else.
            if request.uri().contains("/small") {
                return state.inner.call(request).await;
            }
            let before = state
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                });
            let is_last = before == Ok(1);
            let answer = match before {
                Ok(2..) => {
                    let _under_way = state.under_way.acquire().await;
                    return state.inner.call(request).await;
                }
                Ok(1) if state.arrives => {
                    Some(state.inner.call(request.try_clone().unwrap()).await)
                }
                _ => None,
            };
            if is_last {
                state.over.notify_one();
            }
            let mut resumed = state.resumed.subscribe();
            let _ = resumed.wait_for(|resumed| *resumed).await;
            match answer {
                Some(answer) => answer,
                None => state.inner.call(request).await,
            }
        })
    }
}

impl HttpClient for Cut {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A way to the services on which it is seen how many requests follow one another.
#[derive(Debug, Clone)]
pub struct Chained {
    /// How many there are in the longest chain of those that are answered.
    longest: Arc<AtomicUsize>,
    way: SharedHttpConnector,
}

impl Chained {
    pub fn new() -> Self {
        Self {
            longest: Arc::default(),
            way: lambda::aws::connector(),
        }
    }

    pub fn longest(&self) -> usize {
        self.longest.load(Ordering::SeqCst)
    }
}

impl HttpConnector for Chained {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { longest, way } = self.clone();
        // It begins when these are over.
        let length = longest.load(Ordering::SeqCst) + 1;
        HttpConnectorFuture::new(async move {
            let answer = way.call(request).await;
            longest.fetch_max(length, Ordering::SeqCst);
            answer
        })
    }
}

impl HttpClient for Chained {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// message-board on the services of `board`.
pub fn function(board: &Board, cut: Option<&Cut>) -> Router {
    let client = || match cut {
        Some(cut) => SharedHttpClient::new(cut.clone()),
        None => lambda::aws::http_client(),
    };
    function_over(board, client(), client())
}

/// message-board with ways of its own to the bucket and the database of `board`.
pub fn function_over(board: &Board, s3: SharedHttpClient, data_api: SharedHttpClient) -> Router {
    function_with(&[], board, s3, data_api)
}

/// The same with further settings.
pub fn function_with(
    further: &[(&str, &str)],
    board: &Board,
    s3: SharedHttpClient,
    data_api: SharedHttpClient,
) -> Router {
    let settings = Settings::from_lookup(&|variable| match variable {
        "BOARD_SECRET" => Some(BOARD_SECRET.into()),
        "MEDIA_BUCKET" => Some(BUCKET.into()),
        "PUBLIC_BASE_URL" => Some(String::new()),
        // Counting is a step, too.
        "POSTS_PER_MINUTE" => Some("1000".into()),
        _ => {
            let given = further.iter().find(|(name, _)| *name == variable);
            given.map(|(_, value)| (*value).to_owned())
        }
    });
    let database = DataApiSettings {
        cluster_arn: CLUSTER.into(),
        secret_arn: SECRET.into(),
        name: "corkboard".into(),
    };
    let [_, s3_url, data_api_url] = board.addresses().map(|address| format!("http://{address}"));
    app(
        settings.unwrap_or_else(|error| panic!("{error}")),
        Database::data_api(move || data_api_with(&data_api_url, data_api), database),
        Bucket::new(move || s3_with(&s3_url, s3), BUCKET),
    )
}

/// As API Gateway hands a request in: with the address of the connection.
fn from_somewhere(mut request: Request<Body>) -> Request<Body> {
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.http.source_ip = Some("192.0.2.1".to_owned());
    let context = RequestContext::ApiGatewayV2(context);
    request.extensions_mut().insert(context);
    request
}

pub async fn answer(function: Router, request: Request<Body>) -> (StatusCode, Value) {
    let request = from_somewhere(request);
    let response = function.oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// A request that stands still after so many requests to the services, of which the last one `arrives` or does
/// not; `None` where it was over before.
async fn paused(
    board: &Board,
    requests: usize,
    arrives: bool,
    request: Request<Body>,
) -> Option<(Cut, JoinHandle<(StatusCode, Value)>)> {
    let cut = Cut::after(requests, arrives);
    let work = tokio::spawn(answer(function(board, Some(&cut)), request));
    tokio::select! {
        biased;
        () = cut.0.over.notified() => {
            // Only of the last one is it in doubt whether it arrives.
            let _ = cut.0.under_way.acquire_many(MANY).await;
            Some((cut, work))
        }
        () = async { while !work.is_finished() { tokio::task::yield_now().await; } } => None,
    }
}

/// Lets the function die there; `true` where it did, and `false` where it had answered before.
pub async fn dies(board: &Board, requests: usize, arrives: bool, request: Request<Body>) -> bool {
    let paused = paused(board, requests, arrives, request).await;
    let Some((_, work)) = paused else {
        return false;
    };
    work.abort();
    let _ = work.await;
    true
}

pub fn post(key: &str, text: &str, name: &str) -> Request<Body> {
    let mut body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{text}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a\"\r\n\r\n"
    )
    .into_bytes();
    body.extend(picture(name));
    body.extend(b"\r\n--b--\r\n");
    Request::builder()
        .method(Method::POST)
        .uri("/api/messages")
        .header("content-type", "multipart/form-data; boundary=b")
        .header("idempotency-key", key)
        .body(body.into())
        .unwrap()
}

pub fn text(text: &str) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri("/api/messages")
        .header("content-type", "application/json")
        .body(json!({ "text": text }).to_string().into())
        .unwrap()
}

pub fn delete(message: &Value) -> Request<Body> {
    let (id, token) = (&message["id"], &message["deleteToken"]);
    Request::builder()
        .method(Method::DELETE)
        .uri(format!("/api/messages/{}", id.as_str().unwrap()))
        .header(
            "authorization",
            format!("Bearer {}", token.as_str().unwrap()),
        )
        .body(Body::empty())
        .unwrap()
}

impl Board {
    /// The ids of all pictures, and of all rows that are not blank.
    async fn pictures_and_rows(&self) -> (Vec<String>, Vec<String>) {
        let mut pictures = self.media().keys().await;
        pictures.retain(|key| key.starts_with("images/"));
        let id = |key: &String| key["images/".len()..][..26].to_owned();
        let rows = "SELECT id FROM message WHERE status NOT IN ('deleted', 'removed', 'rejected') AND id <> :id ORDER BY id";
        let rows = self
            .sql(rows, "")
            .await
            .into_iter()
            .map(|row| match &row[..] {
                [Field::StringValue(id)] => id.clone(),
                other => panic!("{other:?}"),
            });
        (pictures.iter().map(id).collect(), rows.collect())
    }
}

#[tokio::test]
async fn a_post_that_died_at_any_step_is_finished_by_its_repeat() {
    let board = Board::start();
    let mut steps = 0;
    for arrives in [false, true] {
        for requests in 1.. {
            let key = new_key();
            let text = format!("{arrives} {requests}");
            let before = board.messages().await.len();
            if !dies(&board, requests, arrives, post(&key, &text, "small.jpg")).await {
                break;
            }
            steps += 1;
            // Nothing half is to be seen, and no picture is without a row.
            let listed = board.messages().await;
            assert!(listed.len() <= before + 1);
            let (pictures, rows) = board.pictures_and_rows().await;
            assert!(
                pictures.iter().all(|picture| rows.contains(picture)),
                "{text}"
            );

            let again = || answer(function(&board, None), post(&key, &text, "small.jpg"));
            let (status, first) = again().await;
            assert_eq!(status, StatusCode::CREATED, "{text}: {first}");
            assert_eq!(again().await, (StatusCode::CREATED, first.clone()));
            assert_eq!(board.messages().await.len(), before + 1);
            let served = board.get(first["picture"]["url"].as_str().unwrap()).await;
            assert_eq!(served.status, 200);
        }
    }
    let (pictures, rows) = board.pictures_and_rows().await;
    assert_eq!(pictures, rows);
    // The schema, the sender twice, the row, the picture, the mark, and the clearing beside them.
    assert!(steps >= 12, "{steps}");
}

#[tokio::test]
async fn a_delete_that_died_at_any_step_is_finished_by_its_repeat() {
    let board = Board::start();
    let mut steps = 0;
    for arrives in [false, true] {
        for requests in 1.. {
            let (_, message) = answer(
                function(&board, None),
                post(&new_key(), "mine", "small.jpg"),
            )
            .await;
            let died = dies(&board, requests, arrives, delete(&message)).await;
            if died {
                steps += 1;
                let (status, _) = answer(function(&board, None), delete(&message)).await;
                assert!(matches!(status.as_u16(), 204 | 404), "{status}");
            }
            assert_eq!(board.messages().await, [] as [Value; 0]);
            assert_eq!(board.pictures_and_rows().await, (vec![], vec![]));
            if !died {
                break;
            }
        }
    }
    // The schema, the look, the picture, the mark.
    assert!(steps >= 8, "{steps}");
}

#[tokio::test]
async fn clearing_away_that_died_at_any_step_is_finished_by_a_later_post() {
    let board = Board::start();
    let hour = std::time::Duration::from_hours(1);
    for arrives in [false, true] {
        for requests in 1..=16 {
            let left = board.leave_pending(hour, true).await;
            dies(&board, requests, arrives, text("later")).await;
            let (pictures, rows) = board.pictures_and_rows().await;
            assert!(pictures.iter().all(|picture| rows.contains(picture)));
            board.is_cleared_up().await;
            let (pictures, rows) = board.pictures_and_rows().await;
            assert!(
                !rows.contains(&left) && pictures.is_empty(),
                "{arrives} {requests}"
            );
        }
    }
}

/// A repeat comes so late that what it repeats is being cleared away.
#[tokio::test]
async fn a_repeat_of_what_is_being_cleared_away_is_a_post_of_its_own() {
    let board = Board::start();
    let key = new_key();
    // The row and the picture are there, and not posted.
    let (_, first) = answer(function(&board, None), post(&key, "hello", "small.jpg")).await;
    let id = first["id"].as_str().unwrap();
    board
        .sql("UPDATE message SET status = 'clearing' WHERE id = :id", id)
        .await;
    let (status, second) = answer(function(&board, None), post(&key, "hello", "small.jpg")).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_ne!(second["id"], first["id"]);
    let (pictures, rows) = board.pictures_and_rows().await;
    assert_eq!((&pictures, &rows), (&rows, &pictures));
    assert_eq!(rows.len(), 1);
}

/// Whichever of the two was counted, and whichever came into the ledger first.
#[tokio::test]
async fn a_post_that_is_overtaken_by_its_repeat_is_counted_once() {
    let board = Board::start();
    for arrives in [false, true] {
        for requests in 1.. {
            board.run("DELETE FROM sender").await;
            let key = new_key();
            let again = || post(&key, "once", "small.jpg");
            let overtaken = paused(&board, requests, arrives, again()).await;
            let (_, repeat) = answer(function(&board, None), again()).await;
            let is_paused = overtaken.is_some();
            if let Some((cut, work)) = overtaken {
                cut.0.resumed.send_replace(true);
                assert_eq!(work.await.unwrap().1["id"], repeat["id"]);
            }
            let counted = board
                .sql("SELECT posts FROM sender WHERE id <> :id", "")
                .await;
            assert_eq!(counted, [[Field::LongValue(1)]], "{arrives} {requests}");
            if !is_paused {
                break;
            }
        }
    }
}

/// Somebody deletes the message while a repeat is about to put its picture once more.
#[tokio::test]
async fn a_repeat_that_is_overtaken_by_a_delete_takes_its_picture_back() {
    let board = Board::start();
    let mut overtaken = 0;
    for requests in 1.. {
        let key = new_key();
        let (_, first) = answer(function(&board, None), post(&key, "hello", "small.jpg")).await;
        let id = first["id"].as_str().unwrap();
        let pending = "UPDATE message SET status = 'pending' WHERE id = :id";
        board.sql(pending, id).await;

        // The repeat stands still after so many requests; another one finishes the post, and it is deleted.
        let repeat = paused(&board, requests, true, post(&key, "hello", "small.jpg")).await;
        let Some((cut, repeat)) = repeat else {
            break;
        };
        answer(function(&board, None), post(&key, "hello", "small.jpg")).await;
        let (status, _) = answer(function(&board, None), delete(&first)).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{requests}");
        cut.0.resumed.send_replace(true);

        let (status, body) = repeat.await.unwrap();
        match status {
            StatusCode::GONE => overtaken += 1,
            // It was done but for its answer.
            StatusCode::CREATED => {}
            other => panic!("{requests}: {other} {body}"),
        }
        assert_eq!(
            board.pictures_and_rows().await,
            (vec![], vec![]),
            "{requests}"
        );
    }
    assert!(overtaken >= 6, "{overtaken}");
}

/// The machine sleeps in the middle of a post for so long that it is cleared away.
#[tokio::test]
async fn a_post_that_is_cleared_away_while_it_stands_still_is_not_published() {
    let board = Board::start();
    let mut cleared = 0;
    for requests in 1.. {
        let post = post(&new_key(), "hello", "small.jpg");
        let Some((cut, post)) = paused(&board, requests, false, post).await else {
            break;
        };
        board.ages(Duration::from_mins(16)).await;
        board.is_cleared_up().await;
        cut.0.resumed.send_replace(true);
        let (status, body) = post.await.unwrap();
        match status {
            StatusCode::SERVICE_UNAVAILABLE => cleared += 1,
            StatusCode::CREATED => {
                let (status, _) = answer(function(&board, None), delete(&body)).await;
                assert_eq!(status, StatusCode::NO_CONTENT, "{requests}");
            }
            other => panic!("{requests}: {other} {body}"),
        }
        let listing = board.s3().list_objects_v2().bucket(BUCKET);
        let listing = listing.prefix("board/messages/").send().await.unwrap();
        let is_left = |object: &Object| object.size() != Some(0);
        assert!(!listing.contents().iter().any(is_left), "{requests}");
        assert_eq!(
            board.pictures_and_rows().await,
            (vec![], vec![]),
            "{requests}"
        );
    }
    assert!(cleared >= 2, "{cleared}");
}

/// A delete stands still between any two steps while a late repeat of the same message goes on.
#[tokio::test]
async fn a_delete_that_is_overtaken_by_a_repeat_leaves_no_picture() {
    let board = Board::start();
    let mut overtaken = 0;
    for before in 3.. {
        let mut was_paused = false;
        for requests in 1.. {
            let key = new_key();
            let posted = answer(function(&board, None), post(&key, "hello", "small.jpg"))
                .await
                .1;
            let id = posted["id"].as_str().unwrap();
            let pending = "UPDATE message SET status = 'pending' WHERE id = :id";
            board.sql(pending, id).await;
            let Some(repeat) = paused(&board, before, true, post(&key, "hello", "small.jpg")).await
            else {
                break;
            };
            was_paused = true;
            answer(function(&board, None), post(&key, "hello", "small.jpg")).await;
            let delete = paused(&board, requests, true, delete(&posted)).await;
            let is_paused = delete.is_some();
            overtaken += u32::from(is_paused);
            for (cut, work) in [Some(repeat), delete].into_iter().flatten() {
                cut.0.resumed.send_replace(true);
                work.await.unwrap();
            }
            let left = board.pictures_and_rows().await;
            assert_eq!(left, (vec![], vec![]), "{before} {requests}");
            if !is_paused {
                break;
            }
        }
        if !was_paused {
            break;
        }
    }
    assert!(overtaken >= 12, "{overtaken}");
}

/// `remove-sender` stands still between any two steps while its sender goes on posting.
#[tokio::test]
async fn nothing_of_a_removed_sender_comes_in_behind() {
    let board = Board::start();
    let token = Tokens::new(&BoardSecret::new(BOARD_SECRET).unwrap(), None).moderator_token(None);
    let remove = |message: &Value| {
        Request::builder()
            .method(Method::POST)
            .uri("/api/moderation/remove-sender")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(json!({"messageId": message["id"]}).to_string().into())
            .unwrap()
    };
    let mut met = 0;
    for is_picture in [false, true] {
        for before in 1.. {
            let mut was_paused = false;
            for requests in 1.. {
                board.run("DELETE FROM sender").await;
                let named = answer(function(&board, None), text("named")).await.1;
                let request = if is_picture {
                    post(&new_key(), "more", "small.jpg")
                } else {
                    text("more")
                };
                let Some(more) = paused(&board, before, true, request).await else {
                    break;
                };
                was_paused = true;
                let removal = paused(&board, requests, true, remove(&named)).await;
                let is_paused = removal.is_some();
                met += u32::from(is_paused);
                for (cut, work) in [Some(more), removal].into_iter().flatten() {
                    cut.0.resumed.send_replace(true);
                    let (status, body) = work.await.unwrap();
                    assert!(
                        [200, 201, 403, 410].contains(&status.as_u16()),
                        "{status} {body}"
                    );
                }
                let left = board.pictures_and_rows().await;
                assert_eq!(left, (vec![], vec![]), "{is_picture} {before} {requests}");
                if !is_paused {
                    break;
                }
            }
            if !was_paused {
                break;
            }
        }
    }
    assert!(met >= 20, "{met}");
}

/// A post has seen a leftover; before it clears that up, a repeat takes it over, and finishes it.
#[tokio::test]
async fn what_a_repeat_finishes_while_it_is_cleared_away_is_whole_or_new() {
    let board = Board::start();
    let (mut kept, mut cleared) = (0, 0);
    for requests in 1.. {
        let key = new_key();
        // It dies as soon as it has a row.
        let mut left = Vec::new();
        for died_at in 1.. {
            assert!(dies(&board, died_at, true, post(&key, "hello", "small.jpg")).await);
            left = board.pictures_and_rows().await.1;
            if !left.is_empty() {
                break;
            }
        }
        board.ages(std::time::Duration::from_hours(1)).await;
        let Some((cut, clearing)) = paused(&board, requests, true, text("later")).await else {
            break;
        };
        let repeated = answer(function(&board, None), post(&key, "hello", "small.jpg")).await;
        cut.0.resumed.send_replace(true);
        let later = clearing.await.unwrap().1;
        let (status, message) = repeated;
        assert_eq!(status, StatusCode::CREATED, "{requests}: {message}");
        let is_same = left.iter().any(|id| message["id"] == id.as_str());
        *if is_same { &mut kept } else { &mut cleared } += 1;
        let served = board.get(message["picture"]["url"].as_str().unwrap()).await;
        assert_eq!(served.body, picture("small.jpg"), "{requests}");
        for message in [later, message] {
            answer(function(&board, None), delete(&message)).await;
        }
        // The clearing may have stood still for longer than a post has for it.
        board.is_cleared_up().await;
        let left = board.pictures_and_rows().await;
        assert_eq!(left, (vec![], vec![]), "{requests}");
    }
    assert!(kept >= 1 && cleared >= 1, "{kept} {cleared}");
}
