//! Messages, and what is needed to have them in the ledger.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use domain::{
    BoardSecret, Idempotency, IdempotencyKey, Message, MessageId, MessageText, NewMessage,
    PostedPicture, Repeats, Sender, Senders,
};
use store::{Inserted, Mark, Store};
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
        generation: 0,
        author: None,
        text: text.into(),
        picture: None,
    }
}

/// A message with everything.
pub fn picture(id: MessageId) -> Message {
    Message {
        id,
        generation: 0,
        author: Some("Ada".into()),
        text: "hello".into(),
        picture: Some(PostedPicture {
            format: "jpg".parse().unwrap(),
            width: 1600,
            height: 1200,
            animated: Some(false),
            alt: Some("a red bridge".into()),
        }),
    }
}

/// The same, of code that did not look whether its picture moves.
pub fn picture_of_before(id: MessageId) -> Message {
    let mut message = picture(id);
    message.picture.as_mut().unwrap().animated = None;
    message
}

/// The largest message that the limits allow, in bytes.
pub fn largest(id: MessageId) -> Message {
    let mut largest = picture(id);
    largest.text = "🌉".repeat(2_000);
    largest.author = Some("🌉".repeat(40));
    largest.picture.as_mut().unwrap().alt = Some("🌉".repeat(500));
    largest
}

/// A time as the ledger has it.
pub fn milliseconds(time: SystemTime) -> i64 {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since_1970.as_millis()).unwrap()
}

/// A board's secret.
pub fn secret() -> BoardSecret {
    BoardSecret::new("0123456789abcdef0123456789abcdef").unwrap()
}

/// Who posts from this address now.
pub fn sender(address: u8, now: SystemTime) -> Sender {
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, address));
    Senders::new(&secret()).sender(Some(address), now)
}

/// A key, and the text that is posted with it.
pub fn idempotency(key: &str, text: &str) -> Idempotency {
    let new = NewMessage {
        author: None,
        text: MessageText::parse(text).unwrap(),
        picture: None,
    };
    let key = IdempotencyKey::parse(format!("{key:-<16}").as_bytes()).unwrap();
    Repeats::new(&secret(), None).of(&key, &new, None)
}

/// Inserts a message, which is pending from now on.
pub async fn insert(store: &Store, message: &Message) {
    insert_of(store, message, None).await;
}

/// The same of a sender.
pub async fn insert_of(store: &Store, message: &Message, sender: Option<&Sender>) {
    let inserted = store
        .insert(
            message,
            store::Status::Pending,
            sender,
            None,
            SystemTime::now(),
        )
        .await;
    assert_eq!(inserted.unwrap(), Inserted::First);
}

/// Every mark but those of what nobody decided on in time.
pub const MARKS: [Mark; 15] = [
    Mark::Taken,
    Mark::Posted,
    Mark::Deleting,
    Mark::DeletingForGood,
    Mark::Deleted,
    Mark::TakenToHold,
    Mark::Held,
    Mark::Approved,
    Mark::Rejected,
    Mark::HeldAgain,
    Mark::Removing,
    Mark::Removed,
    Mark::Restored,
    Mark::Published,
    Mark::Lost,
];

/// Marks a message, and says whether that changed its status.
pub async fn mark(store: &Store, id: MessageId, mark: Mark) -> bool {
    store.mark(id, mark, SystemTime::now()).await.unwrap()
}

/// Has a message be posted.
pub async fn post(store: &Store, message: &Message) {
    insert(store, message).await;
    assert!(mark(store, message.id, Mark::Posted).await);
}

/// Has a message be a tombstone.
pub async fn delete(store: &Store, id: MessageId) {
    assert!(mark(store, id, Mark::Deleting).await);
    assert!(mark(store, id, Mark::Deleted).await);
}

/// The posted messages, oldest first.
pub async fn posted(store: &Store) -> Vec<Message> {
    let read = store.page_after(50, None).await.unwrap();
    read.into_iter().flatten().collect()
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
