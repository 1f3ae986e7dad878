//! Logs as JSON lines on standard output, filtered by `RUST_LOG`.
//!
//! Never log a message's text, a token, an address or a secret.

use std::str::FromStr;

use settings::{SettingError, parsed};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt as _, Targets, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::prelude::*;

/// Starts logging. `filter` is the value of `RUST_LOG` (`info`, `warn,store=debug`, …); without one it is `info`.
///
/// Each line carries the fields of the spans around it; the Lambda runtime's span has the request id.
///
/// # Errors
/// Where the filter cannot be read.
pub fn init(filter: Option<&str>) -> Result<(), SettingError> {
    let filter = filtered(filter)?;
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    // A second call, as in tests, keeps the first subscriber.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init();
    Ok(())
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
///
/// # Errors
/// Where the filter cannot be read.
pub fn filtered<S>(filter: Option<&str>) -> Result<impl Filter<S> + use<S>, SettingError> {
    let asked = filter.filter(|filter| !filter.is_empty()).map(|filter| {
        let expected = "a level such as info, or several such as warn,store=debug";
        parsed("RUST_LOG", filter, expected, targets)
    });
    let asked = asked
        .transpose()?
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
    Ok(asked.and(discreet))
}

/// A word alone is a level, or one of our crates, which then logs all: a mistyped level would be a crate that nobody
/// knows, and silence.
fn targets(filter: &str) -> Option<Targets> {
    let is_known = |word: &str| {
        let of_crate = word.split("::").next().unwrap_or_default();
        word.is_empty() || word.parse::<LevelFilter>().is_ok() || OWN.contains(&of_crate)
    };
    let mut words = filter.split(',').map(str::trim);
    words
        .all(|word| word.contains('=') || is_known(word))
        .then(|| Targets::from_str(filter).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_levels_and_what_of_whom() {
        for filter in [
            "info",
            "WARN",
            "off",
            "warn,store=debug",
            "info, store::messages",
            "warn,s3s=off,hyper::client=trace",
            "message_board",
        ] {
            assert!(targets(filter).is_some(), "{filter}");
        }
        // A word that is nobody's would mean silence.
        for filter in ["inof", "!!", "warn,stroe", "info,store=loud", "hyper"] {
            assert!(targets(filter).is_none(), "{filter}");
        }
    }
}
