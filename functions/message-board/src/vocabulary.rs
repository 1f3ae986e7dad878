//! What the descriptions of several operations share: problems, parameters, and the fields of a message.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Alt, Author, MessageText, Posting};
use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{
    AllOfBuilder, Array, ArrayBuilder, Object, ObjectBuilder, SchemaType, Type,
};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoParams, ToSchema};

use crate::json::MOST_TEXTS;
use crate::problem::{Body, Code};

/// Declares the problems of an operation: these, and the one of a request that does not come through CloudFront.
macro_rules! problems {
    ($name:ident: $($code:ident),* $(,)?) => {
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::response::Response>,
            > {
                use crate::problem::Code;
                crate::vocabulary::answers(&[Code::OriginRequired, $(Code::$code),*])
            }
        }
    };
}
pub(crate) use problems;

/// The answers that are problems of these kinds: one for each status.
pub fn answers(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let statuses: BTreeSet<_> = codes.iter().map(|code| code.describe().0).collect();
    let problem = |status: http::StatusCode| {
        let codes: Vec<_> = codes
            .iter()
            .filter(|code| code.describe().0 == status)
            .collect();
        let titles: Vec<_> = codes.iter().map(|code| code.describe().1).collect();
        let kinds = ObjectBuilder::new()
            .property(
                "type",
                one_of(Type::String, codes.iter().map(|code| json!(code))),
            )
            .property("status", one_of(Type::Integer, [json!(status.as_u16())]));
        let schema = AllOfBuilder::new()
            .item(Ref::from_schema_name(Body::name()))
            .item(kinds);
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let mut response = ResponseBuilder::new()
            .description(titles.join("; "))
            .content("application/problem+json", content);
        let header = |words: &str, schema: Object| {
            HeaderBuilder::new()
                .schema(Some(schema))
                .description(Some(words))
                .build()
        };
        match status.as_u16() {
            429 | 503 => {
                let seconds = ObjectBuilder::new()
                    .schema_type(SchemaType::new(Type::Integer))
                    .build();
                response = response.header("Retry-After", header("In seconds.", seconds));
            }
            401 => {
                response =
                    response.header("WWW-Authenticate", header("`Bearer`", string().build()));
            }
            _ => {}
        }
        (status.as_str().to_owned(), response.build().into())
    };
    statuses.into_iter().map(problem).collect()
}

/// What a client has of before.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes")]
pub struct Known {
    /// An `ETag`: where it is still right, the answer is 304.
    #[param(rename = "If-None-Match", value_type = String, required = false)]
    if_none_match: (),
}

/// What makes a post repeatable.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes")]
pub struct Repeatable {
    /// Random: a UUID. The same key answers as the first time, for 24 hours at least.
    #[param(rename = "Idempotency-Key", value_type = String, required = false, pattern = "^[!-~]{16,64}$")]
    idempotency_key: (),
}

/// Which message.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it describes")]
pub struct Id {
    /// The message's id.
    #[param(schema_with = id)]
    id: (),
}

/// A message's id.
pub fn id() -> Object {
    string()
        .pattern(Some("^[0-7][0-9A-HJKMNP-TV-Z]{25}$"))
        .examples([json!("01JDB0Q3W3M3YQ6W0ZK4T9H5XG")])
        .build()
}

/// The messages that moderators decide on.
pub fn message_ids() -> Array {
    let ids = ArrayBuilder::new().items(id());
    ids.min_items(Some(1)).max_items(Some(MOST_TEXTS)).build()
}

/// Whether a board takes new messages.
pub fn posting() -> Object {
    let words = [Posting::Open, Posting::Reviewed, Posting::Closed];
    one_of(Type::String, words.map(|posting| json!(posting)))
}

fn one_of(kind: Type, values: impl IntoIterator<Item = serde_json::Value>) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(kind))
        .enum_values(Some(values))
        .build()
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

/// What no text may contain: control characters but line breaks and tabs.
const CONTROLS: &str = "\u{0}-\u{8}\u{e}-\u{1f}\u{7f}-\u{84}\u{86}-\u{9f}";
/// What no single line may contain besides.
const LINE_BREAKS: &str = "\t\n\u{b}\u{c}\r\u{85}\u{2028}\u{2029}";
/// Unicode's `Bidi_Control`.
const BIDIRECTIONAL: &str = "\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}";
/// Unicode's `White_Space` and `Default_Ignorable_Code_Point`, and the empty braille pattern: nothing that could
/// be seen.
const INVISIBLE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{2800}\
    \u{ad}\u{34f}\u{61c}\u{115f}-\u{1160}\u{17b4}\u{17b5}\u{180b}-\u{180f}\u{200b}-\u{200f}\u{202a}-\u{202e}\
    \u{2060}-\u{206f}\u{3164}\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\u{fff0}-\u{fff8}\u{1bca0}-\u{1bca3}\
    \u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}";

/// A text that stands alone.
fn visible_text() -> Object {
    let (any, visible) = (
        format!("[^{CONTROLS}]"),
        format!("[^{CONTROLS}{INVISIBLE}]"),
    );
    string()
        .max_length(Some(MessageText::LIMIT))
        .pattern(Some(format!("^{any}*{visible}{any}*$")))
        .description(Some(
            "At most 2,000 characters after trimming, not only invisible ones.",
        ))
        .build()
}

/// A text that may be missing beside a picture.
fn text() -> Object {
    string()
        .max_length(Some(MessageText::LIMIT))
        .pattern(Some(format!("^[^{CONTROLS}]*$")))
        .description(Some("May be empty only beside a picture."))
        .build()
}

fn line(limit: usize, words: &str) -> ObjectBuilder {
    string()
        .max_length(Some(limit))
        .pattern(Some(format!(
            "^[^{CONTROLS}{LINE_BREAKS}{BIDIRECTIONAL}]*$"
        )))
        .description(Some(words))
}

fn author() -> Object {
    line(Author::LIMIT, "Blank is none.").build()
}

fn author_or_null() -> Object {
    line(Author::LIMIT, "Blank is none.")
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .build()
}

fn alt() -> Object {
    line(Alt::LIMIT, "What the picture shows; only beside a picture.").build()
}

/// A message without a picture.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes")]
pub struct NewText {
    #[schema(schema_with = visible_text)]
    text: String,
    #[schema(schema_with = author_or_null, required = false)]
    author: Option<String>,
}

/// A message, perhaps with a picture.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes")]
pub struct NewMessage {
    #[schema(schema_with = text, required = false)]
    text: String,
    #[schema(schema_with = author, required = false)]
    author: String,
    /// JPEG, PNG, GIF, WebP or uncompressed BMP of at most 4 MiB, 16,384 pixels a side and 50 megapixels (BMP: 4).
    #[schema(required = false, content_media_type = "application/octet-stream", value_type = String, format = Binary)]
    picture: Vec<u8>,
    #[schema(schema_with = alt, required = false)]
    alt: String,
}
