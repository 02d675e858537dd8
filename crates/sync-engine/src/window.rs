//! Windows of time: which there are, how long they should be, and how one is read.

mod batches;
mod density;
mod failure;
mod queue;
mod range_set;
mod read;
mod sizer;

pub(crate) use batches::Batches;
pub(crate) use density::Density;
pub(crate) use failure::{WindowFailure, unexpected};
pub(crate) use queue::WindowQueue;
pub(crate) use range_set::{MOST_RANGES, TimeRangeSet};
pub(crate) use read::{WindowRead, read_window};
pub(crate) use sizer::{CannotShrink, WindowSizer};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::iso8601;

/// The earliest time that is asked for, in nanoseconds since 1970-01-01T00:00:00Z:
/// 1677-09-21T00:12:43.145224194Z, before which no database of 64 bits keeps a point.
pub const EARLIEST: i64 = -9_223_372_036_854_775_806;

/// A half-open stretch of time, `from` included and `to` not. It is never empty.
///
/// In JSON it is a pair of texts: nanoseconds do not survive every JSON library as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "[String; 2]", into = "[String; 2]")]
pub struct Window {
    from: i64,
    to: i64,
}

impl Window {
    /// `None` if nothing lies between the bounds (nanoseconds since 1970-01-01T00:00:00Z).
    #[must_use]
    pub fn new(from: i64, to: i64) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// Its first nanosecond.
    #[must_use]
    pub fn from(self) -> i64 {
        self.from
    }

    /// The nanosecond after its last.
    #[must_use]
    pub fn to(self) -> i64 {
        self.to
    }

    /// How long it is, in nanoseconds.
    #[must_use]
    pub fn length(self) -> u64 {
        self.to.abs_diff(self.from)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} to {}", iso8601(self.from), iso8601(self.to))
    }
}

impl From<Window> for [String; 2] {
    fn from(window: Window) -> Self {
        [window.from.to_string(), window.to.to_string()]
    }
}

impl TryFrom<[String; 2]> for Window {
    type Error = String;

    fn try_from([from, to]: [String; 2]) -> Result<Self, String> {
        let window = from.parse().ok().zip(to.parse().ok());
        window
            .and_then(|(from, to)| Self::new(from, to))
            .ok_or_else(|| format!("{from:?} to {to:?} is no stretch of time"))
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn a_window_is_never_empty() {
        assert_eq!(Window::new(5, 5), None);
        assert_eq!(Window::new(6, 5), None);
        assert!(Window::new(i64::MIN, i64::MAX).is_some());
    }
}
