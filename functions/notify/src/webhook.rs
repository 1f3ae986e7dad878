//! One webhook, signed as Standard Webhooks says: whoever gets a notice can tell who sent it, when, and whether it is one
//! that came before. No redirect is followed, and no proxy is asked, which would look names up by itself.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::error::Error;
use std::time::{Duration, SystemTime};
use std::{io, iter};

use async_trait::async_trait;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use sha2::Sha256;
use tokio::time::timeout;

use crate::channel::{Channel, NotSent};
use crate::destination::{NOT_PUBLIC, Resolver, is_refusal, resolver};
use crate::form::Form;
use crate::notice::Notice;
use crate::settings::WebhookSettings;

/// How long sending a notice may take, from the look-up of the host to the status of the answer.
const TIME: Duration = Duration::from_secs(5);

/// The webhook.
pub struct Webhook {
    settings: WebhookSettings,
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
}

impl Webhook {
    /// The one that these settings name.
    pub fn new(settings: WebhookSettings) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver());
        // TCP connections are made for `https` as well: the layer above encrypts them where the URL says so.
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(lambda::aws::tls())
            .https_only()
            .enable_http1()
            .wrap_connector(tcp);
        // A connection is not kept: the next notice looks the host up again.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Self { settings, client }
    }

    fn request(&self, notice: &Notice, board: &str, now: u64) -> Option<Request<Full<Bytes>>> {
        let WebhookSettings {
            destination,
            form,
            secret,
        } = &self.settings;
        let (media_type, body) = form.body(notice, board);
        let mut request = Request::post(destination.uri())
            .header(USER_AGENT, concat!("corkboard/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, media_type)
            .header("webhook-id", &notice.id)
            .header("webhook-timestamp", now);
        if *form == Form::Ntfy {
            request = request.header("click", notice.link(board));
        }
        if let Some(secret) = secret {
            let signature = signature(secret, &notice.id, now, &body)?;
            request = request.header("webhook-signature", signature);
        }
        request.body(Full::from(body)).ok()
    }
}

fn signature(secret: &[u8], id: &str, now: u64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{id}.{now}.{body}").as_bytes());
    Some(format!(
        "v1,{}",
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[async_trait]
impl Channel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn send(&self, notice: &Notice, board: &str) -> Result<(), NotSent> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let request = self.request(notice, board, now.unwrap_or_default().as_secs());
        let request = request.ok_or_else(|| NotSent::because("it cannot be written"))?;
        let answer = timeout(TIME, self.client.request(request)).await;
        let answer = answer.map_err(|_| NotSent::because("no answer within 5 s"))?;
        // Only the status of the answer is read.
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(NotSent(format!("answered {}", answer.status().as_u16()))),
            Err(error) if error.is_connect() => Err(NotSent(reason(&error))),
            Err(_) => Err(NotSent::because("the connection broke")),
        }
    }
}

/// Why no connection came about, in words that name no host: what TLS says of a wrong certificate does.
fn reason(error: &(dyn Error + 'static)) -> String {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    match causes.find_map(<dyn Error>::downcast_ref).map(innermost) {
        Some(cause) if is_refusal(cause) => NOT_PUBLIC.to_owned(),
        Some(cause) if cause.kind() == io::ErrorKind::InvalidData => {
            "no connection: not by TLS, or not with this certificate".to_owned()
        }
        Some(cause) => format!("no connection: {}", cause.kind()),
        None => "no connection".to_owned(),
    }
}

/// The innermost error. It is no `source()` of the error that wraps it, which names the cause of the innermost as its
/// own.
fn innermost(error: &io::Error) -> &io::Error {
    let within = error.get_ref().and_then(|it| it.downcast_ref());
    within.map_or(error, innermost)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::Counts;
    use crate::settings::Settings;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn webhook(form: &str) -> Webhook {
        let settings = Settings::from_lookup(&|variable| {
            let value = match variable {
                "MEDIA_BUCKET" => "media",
                "PUBLIC_BASE_URL" => "https://board.example/a&b",
                "NOTICE_WEBHOOK_URL" => "https://hook.example/a?b=c",
                "NOTICE_WEBHOOK_SECRET" => SECRET,
                "NOTICE_WEBHOOK_FORM" => form,
                _ => return None,
            };
            Some(value.to_owned())
        });
        Webhook::new(settings.unwrap().webhook.unwrap())
    }

    async fn request(form: &str) -> (http::request::Parts, Bytes) {
        let notice = Notice {
            id: "msg_1".to_owned(),
            counts: Counts { new: 12, held: 3 },
            made: 1_795_341_600_317,
        };
        let board = "https://board.example/a&b";
        let request = webhook(form).request(&notice, board, 1_795_341_601);
        let (parts, body) = request.unwrap().into_parts();
        (parts, body.collect().await.unwrap().to_bytes())
    }

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py
        let secret = BASE64_STANDARD
            .decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .unwrap();
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[tokio::test]
    async fn the_standard_form_counts_and_is_signed() {
        let (parts, body) = request("").await;
        assert_eq!(
            (parts.method, parts.uri.to_string()),
            (http::Method::POST, "https://hook.example/a?b=c".to_owned())
        );
        let expected = json!({
            "type": "messages.came",
            "timestamp": "2026-11-22T10:00:00.317Z",
            "data": {"new": 12, "held": 3, "url": "https://board.example/a&b/#moderate"},
        });
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
        let headers = ["webhook-id", "webhook-timestamp"].map(|name| &parts.headers[name]);
        assert_eq!(headers, ["msg_1", "1795341601"]);
        let signature = parts.headers["webhook-signature"].to_str().unwrap();
        assert!(signature.starts_with("v1,") && signature.len() == 3 + 44);
    }

    #[tokio::test]
    async fn each_service_gets_the_body_that_it_documents() {
        let (parts, body) = request("ntfy").await;
        assert_eq!(
            body,
            "12 new messages, 3 wait for you\nhttps://board.example/a&b/#moderate"
        );
        assert_eq!(
            parts.headers["click"],
            "https://board.example/a&b/#moderate"
        );
        for (form, expected) in [
            (
                "slack",
                json!({"text": "12 new messages, 3 wait for you\n<https://board.example/a&amp;b/#moderate>"}),
            ),
            (
                "discord",
                json!({
                    "content": "12 new messages, 3 wait for you\n<https://board.example/a&b/#moderate>",
                    "allowed_mentions": {"parse": []},
                }),
            ),
        ] {
            let (parts, body) = request(form).await;
            assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
            assert_eq!(parts.headers[CONTENT_TYPE], "application/json");
        }
    }
}
