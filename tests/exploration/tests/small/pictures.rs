//! Originals, requests for their small versions, and a decoder that says what it was given.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use bytes::Bytes;
use domain::{Format, MessageId, SMALL_WIDTHS};
use futures_util::future::BoxFuture;
use http::HeaderValue;
use media::{Bucket, BucketError, Small};
use pixels::Original;
use small_pictures::{Decoder, Made, NotMade, Settings, SmallPictures, Wanted};

use crate::carrousel;
use crate::world::{MEDIA, World};

/// In seconds.
pub const HOUR: i64 = 3_600;
/// When every run begins, in seconds since 1970: in an hour. So attempts to decode a picture are under way as long as
/// this test runs, and how long that takes decides nothing.
pub static START: LazyLock<i64> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + HOUR
});
/// The keys of a posted picture, and of one of the operator's.
pub static ORIGINALS: LazyLock<[String; 2]> = LazyLock::new(|| {
    let posted = Bucket::picture_key(*POSTED, Format::Png);
    [posted, "images/holiday/b.png".to_owned()]
});
static POSTED: LazyLock<MessageId> = LazyLock::new(|| MessageId::from_parts(1, 1));
/// What an original may be.
static PICTURES: LazyLock<[Bytes; 3]> = LazyLock::new(|| {
    [0, 1, 2].map(|picture| {
        let width = WIDTH + picture;
        let row = vec![0; usize::try_from(width).unwrap() + 1];
        support::png::grey(width, 1, 8, [row]).into()
    })
});
/// How wide the first of them is, in pixels; the others are each one wider.
const WIDTH: u32 = 1_300;
const SECRET: &str = "the secret of CloudFront";

/// What an invocation gives.
#[expect(clippy::large_enum_variant, reason = "there is one of each invocation")]
pub enum Given {
    Answered(ApiGatewayV2httpResponse),
    Synced(carrousel::Given),
    Deleted(Result<(), BucketError>),
}

/// One of the pictures that an original may be.
pub fn picture(n: u32) -> Bytes {
    PICTURES[usize::try_from(n).unwrap()].clone()
}

/// Which picture an original is; `None` where it is gone.
pub fn picture_at(bucket: &crate::bucket::Bucket, original: &str) -> Option<u32> {
    let there = bucket.objects.get(original);
    let bytes = &there.filter(|there| !there.bytes.is_empty())?.bytes;
    let n = PICTURES.iter().position(|picture| picture == bytes);
    Some(u32::try_from(n.unwrap()).unwrap())
}

/// A small version of a picture, as the decoder below makes it.
pub fn content(small: Small, picture: u32) -> Bytes {
    format!("{small:?} of {picture}").into()
}

/// Decodes nothing: how wide a picture is tells which one it is.
struct Tells;

impl Decoder for Tells {
    fn decode(
        &self,
        original: Original,
        wanted: Wanted,
    ) -> BoxFuture<'static, Result<Vec<Made>, NotMade>> {
        let picture = original.width() - WIDTH;
        let made = |small| Made {
            small,
            bytes: content(small, picture),
        };
        let made = match wanted {
            Wanted::Widths => SMALL_WIDTHS.map(|width| made(Small::Width(width))).into(),
            Wanted::LinkPreview => vec![made(Small::LinkPreview)],
        };
        Box::pin(async { Ok(made) })
    }
}

fn function(world: &World<Given>, sandbox: usize) -> SmallPictures {
    let settings = Settings::from_lookup(&|variable| match variable {
        "MEDIA_BUCKET" => Some(MEDIA.to_owned()),
        "PUBLIC_BASE_URL" => Some(String::new()),
        "ORIGIN_SECRET" => Some(SECRET.to_owned()),
        _ => None,
    });
    let client = world.client(sandbox);
    SmallPictures::new(|| client, settings.unwrap(), Tells)
}

/// A small version is asked for.
pub fn respond(
    world: &World<Given>,
    sandbox: usize,
    small: Small,
    original: &str,
) -> impl Future<Output = Given> + use<> {
    let function = function(world, sandbox);
    let mut request = ApiGatewayV2httpRequest::default();
    let secret = HeaderValue::from_static(SECRET);
    request.headers.insert("x-origin-verify", secret);
    request.raw_path = Some(format!("/{}", small.key_of(original)));
    async move { Given::Answered(function.handle(request).await) }
}

/// The posted picture is deleted, as the board does it once the message is.
pub fn delete(world: &World<Given>, sandbox: usize) -> impl Future<Output = Given> + use<> {
    let client = world.client(sandbox);
    let bucket = Bucket::new(|| client, MEDIA);
    let steps = async move {
        bucket.overwrite_picture(*POSTED, Format::Png).await?;
        bucket.remove_small(&ORIGINALS[0]).await
    };
    async { Given::Deleted(steps.await) }
}

/// What an invocation gives that is the only one.
pub fn alone(world: &mut World<Given>, invocation: impl Future<Output = Given> + 'static) -> Given {
    world.invoke(0, (), invocation);
    loop {
        if let Some((_, given)) = world.settle().pop() {
            return given;
        }
        world.answer(0);
    }
}

/// The status of an answer, and the picture.
pub fn read(answer: &ApiGatewayV2httpResponse) -> (i64, Bytes) {
    let body = match &answer.body {
        Some(Body::Binary(bytes)) => Bytes::copy_from_slice(bytes),
        _ => Bytes::new(),
    };
    (answer.status_code, body)
}
