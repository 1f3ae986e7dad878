//! The functions as they are shipped, with the real SDK, against a bucket in which a scheduler decides what
//! happens when: each request to S3 is a step, and between any two steps a picture may come or go, another
//! invocation may begin, or one may die and its messages be delivered again.
//!
//! - [`schedule`]: every order of the steps, or random ones;
//! - [`world`]: the sandboxes and what waits between them and the bucket;
//! - [`bucket`], [`database`], [`request`]: S3 and the Data API, as much as is used;
//! - [`carrousel`]: whatever happens, `carrousel.json` ends as the list of what is there;
//! - [`canonical`]: what makes two runs of the same states;
//! - [`ledger`]: whatever happens, the board keeps its promises;
//! - [`small`]: whatever happens, small versions are of the pictures that are there;
//! - [`passes`]: what an invocation costs;
//! - [`faults`]: S3 fails at any step.
//!
//! `tests/exploration/mutants/run` shows that it would notice.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod bucket;
mod canonical;
mod carrousel;
mod database;
mod faults;
mod ledger;
mod passes;
mod request;
mod schedule;
mod small;
mod world;
