//! End to end: every test talks to a `corkboard` process of its own (or one that it shares), over HTTP and
//! with the real AWS SDK.
//!
//! - [`board`], [`moderators`], [`answer`], [`media`], [`environment`] and [`lambda`]: what the tests are made of;
//! - [`api`], [`list`], [`post`], [`forms`], [`delete`], [`pictures`], [`carrousel`]: the HTTP API, route by route;
//! - [`small`]: small versions of pictures;
//! - [`repeats`], [`rotation`], [`limit`], [`viewers`], [`origin`], [`moderation`], [`review`], [`taken_down`], [`closed`], [`cross_site`]: who may post what,
//!   and how often;
//! - [`foreign_rows`]: rows that the code never writes;
//! - [`front_door`] and [`gateway`]: what stands before the API and the bucket;
//! - [`concurrency`], [`crash`], [`chaos`], [`durability`], [`steps`], [`decisions`], [`outage`]: many at once, and what goes wrong;
//! - [`resources`], [`budgets`]: too much; [`clock`], [`drive`]: the machine changes;
//! - [`reading`]: of the bucket alone; [`republish`]: what brings bucket and database in step;
//! - [`log_privacy`]: what no log may have;
//! - [`bulk`], [`delivery`], [`request_counts`]: from the bucket through the queue to syncS3Bucket;
//! - [`costs`]: what it costs, for `make bench`;
//! - [`refusals`], [`shutdown`]: the process itself;
//! - [`events`]: the functions with the sample events of AWS;
//! - [`fuzz`]: with inputs that nobody thought of.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod answer;
mod api;
mod board;
mod budgets;
mod bulk;
mod carrousel;
mod chaos;
mod clock;
mod closed;
mod concurrency;
mod costs;
mod crash;
mod cross_site;
mod decisions;
mod delete;
mod delivery;
mod drive;
mod durability;
mod environment;
mod events;
mod foreign_rows;
mod forms;
mod front_door;
mod fuzz;
mod gateway;
mod lambda;
mod limit;
mod list;
mod log_privacy;
mod media;
mod moderation;
mod moderators;
mod notices;
mod origin;
mod outage;
mod pictures;
mod post;
mod reading;
mod refusals;
mod repeats;
mod republish;
mod request_counts;
mod resources;
mod review;
mod rotation;
mod sessions;
mod shutdown;
mod small;
mod steps;
mod taken_down;
mod viewers;
