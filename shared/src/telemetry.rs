//! Logs as JSON lines on standard output, filtered by `RUST_LOG`.
//!
//! Never log a message's text, a token, an address or a secret.

use std::str::FromStr;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Starts logging. `filter` is the value of `RUST_LOG` (`info`, `warn,shared=debug`, …); without one, or
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
        .with(lines.with_filter(targets(filter)))
        .try_init();
}

/// The filter that `RUST_LOG` asks for: targets and levels, without `EnvFilter`'s regular expressions,
/// which would cost start-up time.
pub fn targets(filter: Option<&str>) -> Targets {
    filter
        .and_then(|filter| Targets::from_str(filter).ok())
        .unwrap_or_else(|| Targets::new().with_default(Level::INFO))
}
