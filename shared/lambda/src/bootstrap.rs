//! How every function's process begins and ends.

use std::fmt::Display;
use std::process::ExitCode;

use settings::{SettingError, environment};
use tracing::{error, info};

use crate::{metrics, telemetry};

/// Begins to log and to count, and reads the function's settings.
///
/// # Errors
/// The exit code where a setting is wrong, which is said on standard error.
pub fn begin<T>(settings: impl FnOnce() -> Result<T, SettingError>) -> Result<T, ExitCode> {
    let settings = telemetry::init(environment("RUST_LOG").as_deref())
        .and_then(|()| metrics::init(&environment))
        .and_then(|()| settings());
    let settings = settings.map_err(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })?;
    info!(release = environment("RELEASE"), "starting");
    Ok(settings)
}

/// The exit code of a function whose runtime ended.
pub fn end<E: Display>(ended: Result<(), E>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(%error, "the runtime stopped");
            ExitCode::FAILURE
        }
    }
}
