//! The protocol: in which order the ledger and the bucket are changed, so that a crash between any two steps heals; and
//! how readers see what is in the bucket.
//!
//! In reading order:
//!
//! - [`protocol`]: a [`Board`], what stands where, and what becomes of a request that dies after each step;
//! - [`post`], [`delete`], [`clear_up`], [`import`], [`republish`]: the steps;
//! - [`moderate`], [`publish_from_copy`], [`take_down`], [`remove_sender`], [`pictures`]: those of what moderators decide;
//! - [`logged`]: what moderators do stands in a log;
//! - [`posting`]: whether there are new messages, as moderators set it;
//! - [`published`]: a message as it stands in the bucket;
//! - [`reader`]: pages of messages, from the bucket alone;
//! - [`deadline`]: how long a request's steps may take;
//! - [`error`]: why they were not done.
//!
//! This crate knows no HTTP and no Lambda.

mod clear_up;
mod deadline;
mod delete;
mod error;
mod import;
mod logged;
mod moderate;
mod pictures;
mod post;
mod posting;
mod protocol;
mod publish_from_copy;
mod published;
mod reader;
mod remove_sender;
mod republish;
mod take_down;

pub use deadline::Deadline;
pub use error::Error;
pub use import::Imported;
pub use moderate::Decision;
pub use post::{Posted, Poster};
pub use protocol::{Board, Protocol};
pub use reader::Page;
pub use republish::{Listed, Republished};
