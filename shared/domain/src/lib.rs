//! Messages, pictures, senders and tokens. A value of these types is valid: input is parsed once, at the edge.
//!
//! In the order in which one stands on the other:
//!
//! - [`text`]: what people write, normalised, and what of it is refused;
//! - [`id`]: a message's id, which says when it came, and its public name;
//! - [`picture`]: what formats there are, what is left of a posted picture, and in which sizes it is offered;
//! - [`message`]: a message, as it is posted and as it is read;
//! - [`secret`]: the board's secret, of which all else is derived;
//! - [`token`]: what lets an author delete, and a moderator moderate;
//! - [`moderator`]: moderators by name, their sign-in links and sessions;
//! - [`sender`]: who posts, as a keyed hash of the address that changes;
//! - [`idempotency`]: what tells a repeat from another request;
//! - [`posting`]: whether the board takes new messages;
//! - [`unix_time`]: a moment as a number.
//!
//! This crate knows no I/O, no AWS, no SQL and no HTTP, and asks no clock but for a new id's moment.

mod id;
mod idempotency;
mod message;
mod moderator;
mod picture;
mod posting;
mod secret;
mod sender;
mod text;
mod token;
mod unix_time;

pub use id::{MessageId, Name, NotAMessageId};
pub use idempotency::{Idempotency, IdempotencyKey, InvalidIdempotencyKey, Repeats};
pub use message::{Message, NewMessage, NewPicture, PostedPicture};
pub use moderator::{InvalidModeratorName, Moderator, ModeratorName, Revoked};
pub use picture::{
    Format, InvalidPicture, Orientation, Picture, SMALL_WIDTHS, UnknownFormat, link_preview_size,
    small_height,
};
pub use posting::{InvalidPosting, Posting};
pub use secret::{BoardSecret, Era, InvalidSecret};
pub use sender::{Sender, Senders};
pub use text::{Alt, Author, InvalidField, MessageText, one_line};
pub use token::Tokens;
pub use unix_time::since_1970;
