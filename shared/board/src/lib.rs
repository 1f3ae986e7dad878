//! The protocol: in which order the ledger and the bucket are changed, so that a crash between any two steps heals.
//!
//! In reading order:
//!
//! - [`protocol`]: a [`Board`], and what becomes of a request that dies after each step;
//! - [`post`], [`delete`], [`clear_up`], [`import`]: the steps;
//! - [`front_page`]: the newest messages as a file, so that most reads need no database;
//! - [`deadline`]: how long a request's steps may take;
//! - [`error`]: why they were not done.
//!
//! This crate knows no HTTP and no Lambda.

mod clear_up;
mod deadline;
mod delete;
mod error;
pub mod front_page;
mod import;
mod post;
mod protocol;

pub use deadline::Deadline;
pub use error::Error;
pub use import::Imported;
pub use post::{Posted, Poster};
pub use protocol::{Board, Protocol};
