//! Small versions of pictures, from the first request for one to the end of their original.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use futures_util::future::BoxFuture;
use http::Method;
use pixels::Original;
use serde_json::{Value, json};
use small_pictures::{Decoder, InProcess, Made, NotMade, Settings, SmallPictures, Wanted};

use crate::answer::{Answer, shown, until_not_late};
use crate::board::{BUCKET, Board, eventually, picture};
use crate::lambda::{Lambda, sync_s3_bucket};
use crate::pictures::png_of;

const SECRET: &str = "what CloudFront sends";
const CACHED: &str = "public, max-age=86400, s-maxage=300";
const MEDIA: [(&str, &str); 2] = [
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("x-content-type-options", "nosniff"),
];

/// A picture of 1,600 × 900.
pub fn photo() -> Vec<u8> {
    png_of(1600, 900)
}

/// The addresses of a picture's small versions.
pub fn small_of(url: &str) -> [String; 4] {
    let name = url.strip_prefix("/images/").unwrap();
    [
        format!("/small/640/{name}.webp"),
        format!("/small/960/{name}.webp"),
        format!("/small/1280/{name}.webp"),
        format!("/small/1280/{name}.jpg"),
    ]
}

pub fn url_of(created: &Value) -> &str {
    created["picture"]["url"].as_str().unwrap()
}

impl Board {
    /// A small version, asked for again where a busy machine did not get to it before the decoder's deadline.
    pub async fn made(&self, url: &str) -> Answer {
        until_not_late(async || self.get(url).await).await
    }
}

pub fn is_missing(answer: &Answer) {
    assert_eq!(answer.status, 404, "{answer:?}");
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=0, s-maxage=60"
    );
}

#[tokio::test]
async fn a_small_version_is_made_when_it_is_first_asked_for_and_stands_then() {
    let board = Board::start();
    let media = board.media();
    let created = board.post_picture("a bridge", photo()).await;
    let [narrow, middling, wide, preview] = small_of(url_of(&created));
    let small = json!([
        {"url": narrow, "width": 640, "height": 360, "type": "image/webp"},
        {"url": middling, "width": 960, "height": 540, "type": "image/webp"},
        {"url": wide, "width": 1280, "height": 720, "type": "image/webp"},
    ]);
    assert_eq!(created["picture"]["small"], small);
    assert_eq!(board.messages().await, [shown(&created)]);

    let keys = media.keys().await;
    assert!(!keys.iter().any(|key| key.starts_with("small")), "{keys:?}");
    for (url, media_type, magic) in [
        (&narrow, "image/webp", b"RIFF".as_slice()),
        (&preview, "image/jpeg", b"\xff\xd8\xff"),
    ] {
        let made = board.made(url).await;
        let mut headers = vec![("content-type", media_type), ("cache-control", CACHED)];
        headers.extend(MEDIA);
        made.has(200, &headers);
        assert!(made.body.starts_with(magic), "{url}");
        // From now on by the bucket.
        let stands = board.get(url).await;
        assert_eq!(stands.header("accept-ranges"), "bytes");
        assert_eq!(stands.header("content-type"), media_type);
        assert_eq!(stands.header("cache-control"), CACHED);
        assert_eq!(stands.body, made.body);
        let head = board.request(Method::HEAD, url).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
    // Decoded once, all widths are made.
    let mut expected: Vec<_> = [&narrow, &middling, &wide, &preview]
        .map(|url| url[1..].to_owned())
        .into();
    expected.sort();
    let keys = media.keys().await;
    let small: Vec<_> = keys.iter().filter(|key| key.starts_with("small")).collect();
    assert_eq!(small, expected.iter().collect::<Vec<_>>());
    for (url, sides) in [
        (narrow, (640, 360)),
        (middling, (960, 540)),
        (wide, (1280, 720)),
    ] {
        let webp = media.get(&url[1..]).await.unwrap();
        let made = Original::inspect(webp.into()).unwrap();
        assert_eq!((made.width(), made.height()), sides);
    }
}

#[tokio::test]
async fn where_nothing_smaller_can_be_made_the_original_is_shown() {
    let board = Board::shared();
    let media = board.media();
    let created = board.post_picture("small", png_of(640, 480)).await;
    assert_eq!(created["picture"]["small"], json!([]));
    let [narrow, middling, wide, preview] = small_of(url_of(&created));
    let mut headers = vec![
        ("location", url_of(&created)),
        ("cache-control", "public, max-age=300, s-maxage=300"),
    ];
    headers.extend(MEDIA);
    for url in [narrow, middling, wide] {
        board.get(&url).await.has(307, &headers);
    }
    // A preview is one all the same.
    let preview = board.made(&preview).await;
    assert_eq!(
        (preview.status, preview.header("content-type")),
        (200, "image/jpeg")
    );

    // Nothing can be made of these.
    media
        .put("images/broken é.png", b"no picture".to_vec())
        .await;
    let broken = board.made("/small/640/broken%20%C3%A9.png.webp").await;
    assert_eq!(
        (broken.status, broken.header("location")),
        (307, "/images/broken%20%C3%A9.png")
    );
    is_missing(&board.get("/small/1280/broken%20%C3%A9.png.jpg").await);
}

#[tokio::test]
async fn what_is_not_there_has_no_small_version() {
    let board = Board::shared();
    for key in ["01JDB0Q3W3M3YQ6W0ZK4T9H5XG.jpg.webp", "a/b.png.webp"] {
        is_missing(&board.get(&format!("/small/640/{key}")).await);
    }
    for path in [
        "/small/641/a.png.webp",
        "/small/960/a.png.webp",
        "/small/640/a.png",
        "/small/640/a.png.jpg",
        "/small/640/a.txt.webp",
        "/small/640/.webp",
        "/small/640/",
        "/small/x",
        // The question mark ends the path, as API Gateway does.
        "/small/640/a%3Fb.png.webp",
        "/small/640/%FF.png.webp",
    ] {
        let answer = board.get(path).await;
        assert_eq!(answer.status, 404, "{path} {answer:?}");
    }
    for method in [Method::POST, Method::DELETE, Method::PUT] {
        let answer = board.request(method, "/small/640/a.png.webp").await;
        assert_eq!(answer.status, 405);
    }
}

#[tokio::test]
async fn a_key_is_what_it_is_however_it_is_written() {
    let board = Board::shared();
    let media = board.media();
    for (key, path) in [
        ("a b/é 你.png", "a%20b/%C3%A9%20%E4%BD%A0.png"),
        ("100%.png", "100%25.png"),
        ("a%20b.png", "a%2520b.png"),
        ("a#b+c.png", "a%23b%2Bc.png"),
        ("..PNG", "..PNG"),
    ] {
        media.put(&format!("images/{key}"), photo()).await;
        let made = board.made(&format!("/small/640/{path}.webp")).await;
        assert_eq!(
            (made.status, made.header("content-type")),
            (200, "image/webp"),
            "{key}"
        );
        let kept = media.get(&format!("small/640/{key}.webp")).await;
        assert_eq!(kept.unwrap(), made.body, "{key}");
    }
}

#[tokio::test]
async fn what_moves_is_said_to_and_its_small_version_stands_still() {
    let board = Board::shared();
    for (name, animated) in [
        ("animation.gif", true),
        ("animation.png", true),
        ("animation.webp", true),
        ("still.gif", false),
        ("small.jpg", false),
        ("photo.webp", false),
        ("drawing.bmp", false),
    ] {
        let created = board.post_picture(name, picture(name)).await;
        assert_eq!(created["picture"]["animated"], animated, "{name}");
    }
}

#[tokio::test]
async fn small_versions_go_with_their_original() {
    let board = Board::start();
    let media = board.media();
    let small = async || {
        let keys = media.keys().await.into_iter();
        let small: Vec<_> = keys.filter(|key| key.starts_with("small")).collect();
        small
    };
    let made_of = async |url: &str| {
        for url in small_of(url) {
            assert_eq!(board.made(&url).await.status, 200);
        }
        assert_eq!(small().await.len(), 4);
    };
    let created = board.post_picture("a bridge", photo()).await;
    made_of(url_of(&created)).await;
    let (id, token) = (&created["id"], &created["deleteToken"]);
    let deleted = board.delete(id.as_str().unwrap(), token.as_str().unwrap());
    assert_eq!(deleted.await.status, 204);
    // With the message, and not only when an event comes.
    assert_eq!(small().await, [""; 0]);
    for url in small_of(url_of(&created)) {
        is_missing(&board.get(&url).await);
    }

    // An operator's picture is removed, or is another.
    media.put("images/a.png", photo()).await;
    made_of("/images/a.png").await;
    media.put("images/a.png", png_of(1600, 901)).await;
    eventually("small versions of another picture are gone", async || {
        small().await.is_empty().then_some(())
    })
    .await;
    made_of("/images/a.png").await;
    media.delete("images/a.png").await;
    eventually("small versions of no picture are gone", async || {
        small().await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_daily_pass_removes_what_outlived_its_original() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let media = board.media();
    media.put("images/there.png", photo()).await;
    let there = e_tag(&board, "images/there.png").await;
    for (key, of) in [
        ("small/640/there.png.webp", there.as_str()),
        ("small-failed/there.png", there.as_str()),
        ("small/1280/there.png.webp", "\"another\""),
        ("small/1280/there.png.jpg", "\"another\""),
        ("small/640/gone.png.webp", there.as_str()),
        ("small/800/gone.png.webp", there.as_str()),
        ("small-failed/gone.png", there.as_str()),
        ("small/readme.txt", "\"nobody's\""),
    ] {
        put_made_of(&board, key, of).await;
    }
    let schedule = json!({"detail-type": "Scheduled Event", "source": "aws.events"});
    sync_s3_bucket(board.s3()).handle(schedule).await.unwrap();
    let keys = media.keys().await.into_iter();
    let small: Vec<_> = keys.filter(|key| key.starts_with("small")).collect();
    let left = [
        "small-failed/there.png",
        "small/640/there.png.webp",
        "small/readme.txt",
    ];
    assert_eq!(small, left);
}

#[tokio::test]
async fn the_late_event_of_a_new_picture_leaves_what_was_made_of_it() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let media = board.media();
    media.put("images/a.png", photo()).await;
    let made = ask(
        &function(&board, InProcess),
        "/small/640/a.png.webp",
        Some(SECRET),
    )
    .await;
    assert_eq!(made.status_code, 200);
    let before = media.keys().await;
    let event = json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": {"key": "images/a.png"}}}]});
    sync_s3_bucket(board.s3()).handle(event).await.unwrap();
    let after = media.keys().await;
    let is_small = |key: &&String| key.starts_with("small/");
    assert_eq!(after.iter().filter(is_small).count(), 3, "{after:?}");
    assert!(
        before
            .iter()
            .filter(is_small)
            .eq(after.iter().filter(is_small))
    );
}

#[tokio::test]
async fn the_function_answers_cloudfront_alone() {
    let board = Board::shared();
    let function = function(&board, InProcess);
    for sent in [
        None,
        Some(""),
        Some("what CloudFront send"),
        Some("another"),
    ] {
        let answer = ask(&function, "/small/640/a.png.webp", sent).await;
        assert_eq!(answer.status_code, 403);
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    for sent in [SECRET, "what CloudFront sent before"] {
        let answer = ask(&function, "/small/640/no-such.png.webp", Some(sent)).await;
        assert_eq!(answer.status_code, 404);
    }
}

#[tokio::test]
async fn a_picture_that_ends_its_decoder_is_decoded_once() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let media = board.media();
    media.put("images/a.png", photo()).await;
    let decoder = Dies::default();
    let dying = function(&board, decoder.clone());
    let first = {
        let dying = dying.clone();
        tokio::spawn(async move { ask(&dying, "/small/640/a.png.webp", Some(SECRET)).await })
    };
    eventually("the picture is being decoded", async || {
        (decoder.decoded.load(Ordering::SeqCst) == 1).then_some(())
    })
    .await;
    // As Lambda ends an environment: nothing comes after it.
    first.abort();
    // Whoever comes meanwhile does not decode it as well, and is told so for this once.
    for (path, status, cached) in [
        ("/small/1280/a.png.webp", 307, "no-store"),
        ("/small/1280/a.png.jpg", 503, "no-store"),
    ] {
        let answer = ask(&dying, path, Some(SECRET)).await;
        assert_eq!(answer.status_code, status);
        assert_eq!(answer.headers["cache-control"], cached);
    }
    assert_eq!(decoder.decoded.load(Ordering::SeqCst), 1);
    // Another picture under the key is another matter.
    media.put("images/a.png", png_of(1600, 901)).await;
    let healthy = function(&board, InProcess);
    let made = ask(&healthy, "/small/640/a.png.webp", Some(SECRET)).await;
    assert_eq!(made.status_code, 200);
    assert_eq!(media.get("small-failed/a.png").await, None);
}

#[tokio::test]
async fn what_nothing_can_be_made_of_stays_noted() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    board.media().put("images/a.png", photo()).await;
    let failing = function(&board, Fails(NotMade::Undecodable("damaged".to_owned())));
    let answer = ask(&failing, "/small/640/a.png.webp", Some(SECRET)).await;
    assert_eq!(answer.status_code, 307);
    assert_eq!(answer.headers["location"], "/images/a.png");
    assert_eq!(
        answer.headers["cache-control"],
        "public, max-age=300, s-maxage=300"
    );
    let mark = board
        .s3()
        .head_object()
        .bucket(BUCKET)
        .key("small-failed/a.png");
    let mark = mark.send().await.unwrap();
    let of = &mark.metadata().unwrap()["original"];
    assert_eq!(*of, e_tag(&board, "images/a.png").await);
}

#[tokio::test]
async fn what_there_was_no_time_for_is_made_when_it_is_asked_for_again() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    board.media().put("images/a.png", photo()).await;
    let busy = function(&board, Fails(NotMade::Busy("no time".to_owned())));
    let answer = ask(&busy, "/small/640/a.png.webp", Some(SECRET)).await;
    assert_eq!(answer.status_code, 503);
    assert_eq!(answer.headers["retry-after"], "5");
    assert_eq!(board.media().get("small-failed/a.png").await, None);
    let idle = function(&board, InProcess);
    let made = ask(&idle, "/small/640/a.png.webp", Some(SECRET)).await;
    assert_eq!(made.status_code, 200);
}

#[tokio::test]
async fn what_was_made_of_a_picture_that_went_meanwhile_is_taken_back() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let media = board.media();
    for (then, status) in [(None, 404), (Some(png_of(1600, 901)), 307)] {
        media.put("images/a.png", photo()).await;
        let slow = Slow(Arc::default());
        let (begun, may_end) = (&slow.0.0, &slow.0.1);
        let function = function(&board, slow.clone());
        let asked = ask(&function, "/small/640/a.png.webp", Some(SECRET));
        let replaced = async {
            begun.notified().await;
            match &then {
                // As a delete leaves it.
                None => media.put("images/a.png", Vec::new()).await,
                Some(other) => media.put("images/a.png", other.clone()).await,
            }
            may_end.notify_one();
        };
        let (answer, ()) = tokio::join!(asked, replaced);
        assert_eq!(answer.status_code, status);
        let keys = media.keys().await;
        assert!(!keys.iter().any(|key| key.starts_with("small")), "{keys:?}");
    }
}

#[tokio::test]
async fn many_who_ask_at_once_have_it_decoded_once() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    // So small that nobody waits in vain, however busy the machine is.
    board.media().put("images/a.png", png_of(1600, 9)).await;
    let counting = Counts(Arc::default());
    let function = function(&board, counting.clone());
    let asked = (0..8).map(|_| ask(&function, "/small/640/a.png.webp", Some(SECRET)));
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.status_code, 200);
    }
    assert_eq!(counting.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_function_gets_the_path_decoded_once() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    // It answers nothing here.
    board.get("/small/640/a%20b%2525.png.webp?x=1").await;
    let event = lambda.events("small-pictures").remove(0);
    assert_eq!(event["rawPath"], "/small/640/a b%25.png.webp");
    assert_eq!(event["rawQueryString"], "x=1");
    assert!(event["headers"]["x-origin-verify"].is_string());
    // What stands is the bucket's to answer.
    board
        .media()
        .put("small/640/b.png.webp", b"stands".to_vec())
        .await;
    assert_eq!(board.get("/small/640/b.png.webp").await.text(), "stands");
    assert_eq!(lambda.events("small-pictures").len(), 1);
}

/// small-pictures on the bucket of `board`.
fn function(board: &Board, decoder: impl Decoder + 'static) -> SmallPictures {
    let settings = Settings::from_lookup(&|variable| {
        let value = match variable {
            "MEDIA_BUCKET" => BUCKET,
            "PUBLIC_BASE_URL" => "https://board.example",
            "ORIGIN_SECRET" => SECRET,
            "ORIGIN_SECRET_PREVIOUS" => "what CloudFront sent before",
            _ => return None,
        };
        Some(value.to_owned())
    });
    let s3 = board.s3();
    SmallPictures::new(|| s3, settings.unwrap(), decoder)
}

async fn ask(function: &SmallPictures, path: &str, sent: Option<&str>) -> ApiGatewayV2httpResponse {
    let mut request = ApiGatewayV2httpRequest::default();
    request.raw_path = Some(path.to_owned());
    request.request_context.http.method = Method::GET;
    if let Some(sent) = sent {
        request
            .headers
            .insert("x-origin-verify", sent.parse().unwrap());
    }
    function.handle(request).await
}

async fn e_tag(board: &Board, key: &str) -> String {
    let head = board
        .s3()
        .head_object()
        .bucket(BUCKET)
        .key(key)
        .send()
        .await;
    head.unwrap().e_tag.unwrap()
}

async fn put_made_of(board: &Board, key: &str, of: &str) {
    let put = board.s3().put_object().bucket(BUCKET).key(key);
    let put = put.metadata("original", of).body(b"pixels".to_vec().into());
    put.send().await.unwrap();
}

type Decoding = BoxFuture<'static, Result<Vec<Made>, NotMade>>;

/// A decoder that is killed by what it decodes.
#[derive(Clone, Default)]
struct Dies {
    decoded: Arc<AtomicUsize>,
}

impl Decoder for Dies {
    fn decode(&self, _: Original, _: Wanted) -> Decoding {
        self.decoded.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }
}

/// A decoder that makes nothing of anything, for this reason.
#[derive(Clone)]
struct Fails(NotMade);

impl Decoder for Fails {
    fn decode(&self, _: Original, _: Wanted) -> Decoding {
        let Self(cause) = self.clone();
        Box::pin(async { Err(cause) })
    }
}

/// A decoder that says when it begins, and waits until it may end.
#[derive(Clone)]
struct Slow(Arc<(tokio::sync::Notify, tokio::sync::Notify)>);

impl Decoder for Slow {
    fn decode(&self, original: Original, wanted: Wanted) -> Decoding {
        let signals = Arc::clone(&self.0);
        Box::pin(async move {
            signals.0.notify_one();
            signals.1.notified().await;
            InProcess.decode(original, wanted).await
        })
    }
}

/// A decoder that counts.
#[derive(Clone)]
struct Counts(Arc<AtomicUsize>);

impl Decoder for Counts {
    fn decode(&self, original: Original, wanted: Wanted) -> Decoding {
        self.0.fetch_add(1, Ordering::SeqCst);
        InProcess.decode(original, wanted)
    }
}
