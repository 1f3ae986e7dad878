//! Where messages are kept: one table, written in SQL that MySQL, MariaDB and SQLite all take.
//!
//! - [`messages`](self::messages): posting and reading messages;
//! - [`row`](self::row): a message as a row, and what is left of it when it is deleted;
//! - [`senders`](self::senders): the posting limit, and who may not post;
//! - [`leftovers`](self::leftovers): what a crash or a delete left behind, and what is to be forgotten;
//! - [`database`](self::database): one statement at a time, by whichever way leads to the database;
//! - [`data_api`](self::data_api) and [`mysql`](self::mysql): the two ways, through the RDS Data API and by a
//!   connection;
//! - [`migrations`](self::migrations): the versions of the schema;
//! - [`user`](self::user): the database's user that message-board is.
//!
//! The store knows no HTTP and no pictures' bytes.

mod data_api;
mod database;
mod leftovers;
mod messages;
mod migrations;
mod mysql;
mod row;
mod senders;
mod user;

pub use data_api::DataApi;
pub use database::{DataApiSettings, Database, DatabaseSettings, MySqlSettings, StoreError};
pub use leftovers::Leftover;
pub use messages::{Before, Inserted, Status, Store};
pub use migrations::{Migrated, migrate};
pub use senders::{Admission, Post, Summary};
pub use user::{DatabaseUser, InvalidUser};
