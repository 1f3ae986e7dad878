//! Messages, pictures and tokens. A value of these types is valid: input is parsed once, at the edge.

mod id;
mod message;
mod picture;
mod text;
mod token;

pub use id::{MessageId, NotAMessageId};
pub use message::{Message, NewMessage, NewPicture, PostedPicture};
pub use picture::{Format, InvalidPicture, Picture, UnknownFormat};
pub use text::{Alt, Author, InvalidField, MessageText};
pub use token::{InvalidSecret, Tokens};
