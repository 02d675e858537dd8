//! Stretches of time, and how long the next one should be.

use std::fmt;

use crate::time::iso8601;

/// The earliest time that InfluxDB 3 keeps, in nanoseconds since 1970-01-01T00:00:00Z: 1677-09-21T00:12:43.145224194Z.
pub(crate) const EARLIEST: i64 = -9_223_372_036_854_775_806;

/// A half-open stretch of time, `from` included and `to` not. It is never empty: InfluxDB 3 Core fails on an empty range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    from: i64,
    to: i64,
}

impl Window {
    /// `None` if nothing lies between the bounds (nanoseconds since 1970-01-01T00:00:00Z).
    pub(crate) fn new(from: i64, to: i64) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    pub(crate) fn from(self) -> i64 {
        self.from
    }

    pub(crate) fn to(self) -> i64 {
        self.to
    }

    fn length(self) -> u64 {
        self.to.abs_diff(self.from)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} to {}", iso8601(self.from), iso8601(self.to))
    }
}

/// How long windows should be, learnt from those that were read.
///
/// A window should bring about as many rows as it was told, or 64 MB of Arrow, whichever comes first: enough to be worth a query, and
/// little enough to be read again after a fault. A window beyond a limit of the server is never tried again at that length.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    rows: u64,
    length: u64,
    longest: u64,
}

/// Why a server refused a window as too big.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A limit that stays: windows of that length are not tried again.
    Limit,
    /// Memory or time that the server has not now, and may have later.
    Pressure,
}

/// A window that cannot be made any shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shortest;

const BYTES: usize = 64 * 1024 * 1024;
const HOUR: u64 = 3_600_000_000_000;
/// How much longer the next window may be: enough to cross a year of nothing in a handful of queries.
const GROWTH: f64 = 8.0;

impl Pace {
    pub(crate) fn new(rows: u64) -> Self {
        Self { rows, length: HOUR, longest: u64::MAX }
    }

    /// The window that starts at `from` and ends at `upper` at the latest, or `None` if there is nothing left.
    pub(crate) fn next(&self, from: i64, upper: i64) -> Option<Window> {
        Window::new(from, from.saturating_add_unsigned(self.length).min(upper))
    }

    /// Learns from a window that was read.
    pub(crate) fn learn(&mut self, window: Window, rows: u64, bytes: usize) {
        // One window says only roughly what the next will hold: floating point is exact enough.
        let load = f64::max(rows as f64 / self.rows as f64, bytes as f64 / BYTES as f64);
        let factor = (1.0 / load).clamp(1.0 / GROWTH, GROWTH);
        let length = (window.length() as f64 * factor) as u64;
        self.length = length.clamp(1, self.longest);
    }

    /// Learns from a window that the server refused as too big.
    pub(crate) fn halve(&mut self, window: Window, refusal: Refusal) -> Result<(), Shortest> {
        let half = window.length() / 2;
        if half == 0 {
            return Err(Shortest);
        }
        self.length = half;
        if refusal == Refusal::Limit {
            self.longest = half;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{EARLIEST, HOUR, Pace, Refusal, Shortest, Window};
    use proptest::prelude::*;

    #[test]
    fn a_window_is_never_empty() {
        assert_eq!(Window::new(5, 5), None);
        assert_eq!(Window::new(6, 5), None);
        assert!(Window::new(i64::MIN, i64::MAX).is_some());
    }

    #[test]
    fn grows_over_gaps() {
        let mut pace = Pace::new(500_000);
        let (mut from, upper, mut queries) = (0, 365 * 24 * HOUR as i64, 0);
        while let Some(window) = pace.next(from, upper) {
            pace.learn(window, 0, 0);
            from = window.to();
            queries += 1;
        }
        assert_eq!((from, queries), (upper, 6));
    }

    #[test]
    fn aims_at_rows_or_bytes() {
        let hour = Window::new(0, HOUR as i64).unwrap();
        let mut pace = Pace::new(1_000);
        pace.learn(hour, 2_000, 0);
        assert_eq!(pace.length, HOUR / 2);
        pace.learn(hour, 500, 0);
        assert_eq!(pace.length, HOUR * 2);
        pace.learn(hour, 500, 4 * super::BYTES);
        assert_eq!(pace.length, HOUR / 4);
    }

    #[test]
    fn what_a_limit_refused_is_not_tried_again() {
        let mut pace = Pace::new(1_000);
        let hour = Window::new(0, HOUR as i64).unwrap();
        assert_eq!(pace.halve(hour, Refusal::Limit), Ok(()));
        pace.learn(Window::new(0, HOUR as i64 / 2).unwrap(), 0, 0);
        assert_eq!(pace.next(0, i64::MAX), Window::new(0, HOUR as i64 / 2));
        assert_eq!(pace.halve(Window::new(7, 8).unwrap(), Refusal::Limit), Err(Shortest));
    }

    #[test]
    fn what_pressure_refused_is_tried_again_later() {
        let mut pace = Pace::new(1_000);
        let hour = Window::new(0, HOUR as i64).unwrap();
        assert_eq!(pace.halve(hour, Refusal::Pressure), Ok(()));
        let half = pace.next(0, i64::MAX).unwrap();
        assert_eq!(half.length(), HOUR / 2);
        pace.learn(half, 500, 0);
        assert_eq!(pace.length, HOUR);
    }

    proptest! {
        #[test]
        fn windows_tile_without_holes(
            from in EARLIEST..i64::MAX,
            upper in EARLIEST..i64::MAX,
            steps in proptest::collection::vec((any::<bool>(), 0u64..10_000_000, 0usize..1_000_000_000), 1..50),
        ) {
            let mut pace = Pace::new(500_000);
            let mut at = from;
            for (refused, rows, bytes) in steps {
                let Some(window) = pace.next(at, upper) else { break };
                prop_assert_eq!(window.from(), at);
                prop_assert!(window.to() > at && window.to() <= upper);
                if refused {
                    let _ = pace.halve(window, if rows % 2 == 0 { Refusal::Limit } else { Refusal::Pressure });
                } else {
                    pace.learn(window, rows, bytes);
                    at = window.to();
                }
            }
        }
    }
}
