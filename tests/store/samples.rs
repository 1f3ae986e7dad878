//! Messages.

use std::time::{Duration, SystemTime};

use domain::{Message, MessageId, PostedPicture};
use ulid::Ulid;

/// The id of a moment; `which` tells those of one millisecond apart.
pub fn id_at(moment: SystemTime, which: u128) -> MessageId {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let milliseconds = u64::try_from(since.as_millis()).unwrap();
    let id = Ulid::from_parts(milliseconds, which);
    id.to_string().parse().unwrap()
}

/// The id of a moment in the past.
pub fn id_aged(age: Duration, which: u128) -> MessageId {
    id_at(SystemTime::now() - age, which)
}

/// A message of text alone.
pub fn text(id: MessageId, text: &str) -> Message {
    Message {
        id,
        author: None,
        text: text.into(),
        picture: None,
    }
}

/// A message with everything.
pub fn picture(id: MessageId) -> Message {
    Message {
        id,
        author: Some("Ada".into()),
        text: "hello".into(),
        picture: Some(PostedPicture {
            format: "jpg".parse().unwrap(),
            width: 1600,
            height: 1200,
            alt: Some("a red bridge".into()),
        }),
    }
}

/// The largest message that the limits allow, in bytes.
pub fn largest(id: MessageId) -> Message {
    let mut largest = picture(id);
    largest.text = "🌉".repeat(2_000);
    largest.author = Some("🌉".repeat(40));
    largest.picture.as_mut().unwrap().alt = Some("🌉".repeat(500));
    largest
}

/// Texts that are valid, and have been trouble somewhere.
pub const ODD: &[&str] = &[
    "it's \"quoted\" `so`",
    "a\\b\\'c\\\\",
    "'; DROP TABLE message; --",
    ":id :text :nobody ::id",
    "? ?? $1 %s {0}",
    "-- # /* */ /*!40101 */",
    "one\ntwo\n\n\tthree",
    "\u{1}\u{8}\u{b}\u{1a}\u{1f}\u{7f}\u{85}\r",
    "\u{202e}desrever\u{202c} \u{2066}x\u{2069}",
    "ends in spaces   ",
    "   ",
    "a",
    "A",
    "á",
    "ß",
    "ss",
    "e\u{301}",
    "é",
    "\u{feff}bom \u{200b}\u{2028}\u{2029}\u{fffd}\u{ffff}\u{10ffff}",
    "中文 한국어 العربية 🇺🇳👩‍👩‍👧‍👦🏴‍☠️",
    "%_\\%\\_",
    "NULL",
    "null",
    "0",
    "1e3",
    "{\"stringValue\": \"x\"}",
    "2026-11-22 10:00:00",
    "</script><b>&amp;",
];
