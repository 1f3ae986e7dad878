//! Logs as JSON lines on standard output, filtered by `RUST_LOG`.
//!
//! Never log a message's text, a token, an address or a secret.

use std::str::FromStr;

use tracing::Level;
use tracing_subscriber::filter::{FilterExt as _, Targets, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::prelude::*;

/// Starts logging. `filter` is the value of `RUST_LOG` (`info`, `warn,store=debug`, …); without one, or
/// with one that cannot be read, it is `info`.
///
/// Each line carries the fields of the spans around it; the Lambda runtime's span has the request id.
pub fn init(filter: Option<&str>) {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    // A second call, as in tests, keeps the first subscriber.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(filtered(filter)))
        .try_init();
}

/// The crates of this workspace, which log nothing that must not be shown (tests/repository/places.py compares them).
const OWN: [&str; 16] = [
    "board",
    "corkboard",
    "domain",
    "lambda",
    "local_aws",
    "media",
    "message_board",
    "migrate_database",
    "notify",
    "pixels",
    "public_address",
    "settings",
    "small_pictures",
    "store",
    "sync_s3_bucket",
    "webp_encoder",
];

/// The filter that `RUST_LOG` asks for: targets and levels, without `EnvFilter`'s regular expressions,
/// which would cost start-up time. Others' crates log whole requests and answers when they trace, and s3s
/// when it debugs; that is never shown.
pub fn filtered<S>(filter: Option<&str>) -> impl Filter<S> + use<S> {
    let asked = filter
        .and_then(|filter| Targets::from_str(filter).ok())
        .unwrap_or_else(|| Targets::new().with_default(Level::INFO));
    let discreet = filter_fn(|metadata| {
        let of_crate = metadata.target().split("::").next().unwrap_or_default();
        let most = if OWN.contains(&of_crate) {
            Level::TRACE
        } else if of_crate.starts_with("s3s") {
            Level::INFO
        } else {
            Level::DEBUG
        };
        *metadata.level() <= most
    });
    asked.and(discreet)
}
