//! Clocks, and nanoseconds since 1970-01-01T00:00:00Z as text.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};

/// Tells the time, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// It is passed in, so that a test can say what time it is.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        let nanoseconds =
            |duration: std::time::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => nanoseconds(since),
            Err(before) => -nanoseconds(before.duration()),
        }
    }
}

/// A time to the nanosecond, such as `2025-06-02T06:36:58.190260123Z`.
pub(crate) fn iso8601(nanoseconds: i64) -> String {
    DateTime::from_timestamp_nanos(nanoseconds).to_rfc3339_opts(SecondsFormat::Nanos, true)
}

#[cfg(test)]
mod tests {
    use super::iso8601;

    #[test]
    fn says_every_nanosecond_of_64_bits() {
        for (nanoseconds, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (1_748_846_218_190_260_123, "2025-06-02T06:36:58.190260123Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        ] {
            assert_eq!(iso8601(nanoseconds), text);
        }
    }
}
