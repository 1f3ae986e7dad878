//! API Gateway's event through small-pictures.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde_json::json;
use small_pictures::{InProcess, Settings, SmallPictures};

use super::event;
use crate::board::{BUCKET, Board};
use crate::lambda::Lambda;
use crate::pictures::png_of;

pub const EVENTS: [&str; 1] = ["api-get-small-picture.json"];

async fn answer(board: &Board, secret: &str) -> ApiGatewayV2httpResponse {
    let settings = Settings::from_lookup(&|variable| {
        let value = match variable {
            "MEDIA_BUCKET" => BUCKET,
            "PUBLIC_BASE_URL" => "https://board.example",
            "ORIGIN_SECRET" => secret,
            _ => return None,
        };
        Some(value.to_owned())
    });
    let s3 = board.s3();
    let function = SmallPictures::new(|| s3, settings.unwrap(), InProcess);
    let request: ApiGatewayV2httpRequest = serde_json::from_value(event(EVENTS[0])).unwrap();
    function.handle(request).await
}

#[tokio::test]
async fn a_small_picture_is_made_of_the_key_as_api_gateway_decoded_it() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let secret = event(EVENTS[0])["headers"]["x-origin-verify"].clone();
    let secret = secret.as_str().unwrap();
    assert_eq!(answer(&board, "another secret").await.status_code, 403);
    assert_eq!(answer(&board, secret).await.status_code, 404);
    let key = "harbour/café + bridge 100%.jpg";
    board
        .media()
        .put(&format!("images/{key}"), png_of(1600, 900))
        .await;
    let made = serde_json::to_value(answer(&board, secret).await).unwrap();
    assert_eq!(made["statusCode"], 200);
    let headers = json!({
        "content-type": "image/webp",
        "cache-control": "public, max-age=86400, s-maxage=300",
    });
    assert_eq!(
        (&made["headers"], &made["isBase64Encoded"]),
        (&headers, &json!(true))
    );
    for width in [640, 960, 1280] {
        let key = format!("small/{width}/{key}.webp");
        assert!(board.media().get(&key).await.is_some(), "{key}");
    }
}
