//! What every bootstrap needs.
//!
//! In reading order:
//!
//! - [`aws`]: the configuration of the AWS SDK, and the one HTTP client of its services;
//! - [`telemetry`]: logs as JSON lines;
//! - [`metrics`]: what is counted in such lines;
//! - [`origin`]: by what a function knows that CloudFront asks.
//!
//! This crate knows nothing of messages, the ledger or the bucket.

pub mod aws;
pub mod metrics;
pub mod origin;
pub mod telemetry;
