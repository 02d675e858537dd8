//! The time, in nanoseconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far behind the present the connector stops reading, as the README says.
pub(crate) const SETTLE: Duration = Duration::from_secs(10);

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    nanoseconds(since)
}

pub(crate) fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
