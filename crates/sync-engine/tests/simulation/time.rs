//! Times as text.

use chrono::{DateTime, SecondsFormat};

/// A time to the nanosecond.
pub(super) fn iso8601(nanoseconds: i64) -> String {
    DateTime::from_timestamp_nanos(nanoseconds).to_rfc3339_opts(SecondsFormat::Nanos, true)
}
