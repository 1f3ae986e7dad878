//! Messages, pictures, senders and tokens. A value of these types is valid: input is parsed once, at the edge.

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

pub use id::{MessageId, Name, NotAMessageId};
pub use idempotency::{Idempotency, IdempotencyKey, InvalidIdempotencyKey, Repeats};
pub use message::{Message, NewMessage, NewPicture, PostedPicture};
pub use moderator::{InvalidModeratorName, Moderator, ModeratorName, Revoked};
pub use picture::{
    Format, InvalidPicture, Orientation, Picture, SMALL_WIDTHS, UnknownFormat, small_height,
};
pub use posting::{InvalidPosting, Posting};
pub use secret::{BoardSecret, Era, InvalidSecret};
pub use sender::{Sender, Senders};
pub use text::{Alt, Author, InvalidField, MessageText, one_line};
pub use token::Tokens;
