//! The ledger: which messages there are, and where each is in its life; who may not post;
//! and what moderators did. Three tables, written in SQL that MySQL, MariaDB and SQLite all take.
//!
//! In the order in which one stands on the other:
//!
//! - [`sql`]: what a statement takes and gives;
//! - [`database_settings`]: where the database is;
//! - [`data_api`] and [`mysql`]: the two ways, through the RDS Data API and by a connection pool;
//! - [`connection`]: one statement at a time, by whichever way;
//! - [`migrations`]: the versions of the schema;
//! - [`database`]: statements on a schema that this code may touch;
//! - [`status`]: where a message is in its life;
//! - [`row`]: a message as a row, and what is left of it when it is deleted;
//! - [`messages`]: messages, and what is intended with each;
//! - [`rate_limit`]: how often a sender has posted within a minute;
//! - [`senders`]: what a sender has on the board, and who may not post;
//! - [`waiting`]: what moderators are shown;
//! - [`moderation_log`]: which moderator did what;
//! - [`leftovers`]: what a crash, a delete or an earlier release left behind, and what is to be forgotten;
//! - [`user`]: the database's user that message-board is.
//!
//! This crate knows no HTTP, and nothing of the bucket or of pictures' bytes.

mod connection;
mod data_api;
mod database;
mod database_settings;
mod leftovers;
mod messages;
mod migrations;
mod moderation_log;
mod mysql;
mod rate_limit;
mod row;
mod senders;
mod sql;
mod status;
mod user;
mod waiting;

pub use database::Database;
pub use database_settings::{DataApiSettings, DatabaseSettings, MySqlSettings};
pub use leftovers::{Leftover, Todo};
pub use messages::{Before, Entry, Inserted, Store};
pub use migrations::Migrated;
pub use moderation_log::{Act, Action, LogEntry, Subject};
pub use rate_limit::Admission;
pub use senders::{Post, Summary};
pub use sql::StoreError;
pub use status::{Mark, Status};
pub use user::{DatabaseUser, InvalidUser};
pub use waiting::{ReviewedMessage, Waiting};
