//! What Corkboard's functions have in common.
//!
//! In reading order:
//!
//! - [`domain`]: messages, pictures and tokens, valid by construction;
//! - [`store`]: where messages are kept (SQL), and the migrations of its schema;
//! - [`bucket`]: where pictures and the carrousel are kept (S3);
//! - [`front_page`]: the newest messages as a file, so that most reads need no database;
//! - [`settings`]: typed settings and the errors that name a variable;
//! - [`aws`]: the one SDK configuration;
//! - [`telemetry`]: logs as JSON lines;
//! - [`metrics`]: what is counted in such lines.
//!
//! This crate knows nothing of Lambda, HTTP routes or the local cloud. It never reads the environment by
//! itself: `main` hands in a lookup.

pub mod aws;
pub mod bucket;
pub mod domain;
pub mod front_page;
pub mod metrics;
pub mod settings;
pub mod store;
pub mod telemetry;
