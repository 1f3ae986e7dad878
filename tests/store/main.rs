//! The store, proved on real servers: what it promises by every way to a database, and what it does when one
//! of them fails.
//!
//! - [`corkboard`]: a real one, started, killed, and never left behind;
//! - [`backend`]: the ways to a database, each with an empty one;
//! - [`samples`], [`load`]: messages, and many clients who post and read them;
//! - [`conformance`], [`marks`], [`leftovers`], [`posting`], [`rate_limit`], [`senders`], [`removal`], [`foreign_rows`],
//!   [`migrations`], [`upgrade`]: written once, run on every backend;
//! - [`scripted_data_api`], [`data_api_failures`]: the Data API as AWS answers on a bad day, by a script;
//! - [`outage`], [`connections`], [`tls`], [`refusals`]: the server in trouble, and at the other end of the line;
//! - [`sessions`]: what strangers' statements make of a connection;
//! - [`crash`]: the board itself killed in the middle of its work;
//! - [`cost`] on a [`full_board`]: what each statement touches.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backend;
mod conformance;
mod connections;
mod corkboard;
mod cost;
mod crash;
mod data_api_failures;
mod foreign_rows;
mod full_board;
mod leftovers;
mod load;
mod marks;
mod migrations;
mod moderation_log;
mod outage;
mod posting;
mod rate_limit;
mod refusals;
mod removal;
mod samples;
mod scripted_data_api;
mod senders;
mod sessions;
mod tls;
mod upgrade;
