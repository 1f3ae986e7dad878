use std::time::{Duration, SystemTime};

/// How long after the beginning of 1970 a moment is; nothing where a clock stands before that.
pub fn since_1970(moment: SystemTime) -> Duration {
    moment
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}
