//! What files name, until it is sure that every query shows it.

use serde::{Deserialize, Serialize};
use sync_state::Cursor;

use crate::window::{TimeRangeSet, Window};

/// Ranges that files name, and when these were listed.
///
/// A query may be answered by a node that lags behind the one that listed the files. So what they
/// name is to be read again until a read has begun a while after that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Named {
    /// When the last of the files were listed.
    at: Cursor,
    ranges: TimeRangeSet,
}

impl Named {
    /// `None` if there is nothing to read.
    pub(crate) fn new(at: i64, ranges: TimeRangeSet) -> Option<Self> {
        (!ranges.is_empty()).then_some(Self { at: Cursor(at), ranges })
    }

    /// Both, as of the later of the two.
    pub(crate) fn and(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        let mut ranges = self.ranges;
        ranges.extend(&other.ranges);
        Self { at: self.at.max(other.at), ranges }
    }

    /// The same, where a clock that was ahead may have listed them.
    pub(crate) fn seen_at(self, now: i64) -> Self {
        Self { at: self.at.min(Cursor(now)), ..self }
    }

    pub(crate) fn ranges(&self) -> &TimeRangeSet {
        &self.ranges
    }

    /// What of a window is still to be read again after it was read from `began` on, where every
    /// query shows within `settle` what one shows. Times are nanoseconds.
    pub(crate) fn left_of(&mut self, window: Window, began: i64, settle: i64) -> TimeRangeSet {
        if began < self.at.0.saturating_add(settle) {
            return self.ranges.between(window.from(), window.to());
        }
        self.ranges.remove(window);
        TimeRangeSet::default()
    }
}

#[cfg(test)]
mod tests {
    use super::Named;
    use crate::window::Window;

    #[test]
    fn is_read_again_until_it_has_settled() {
        let window = |from, to| Window::new(from, to).unwrap();
        let mut named =
            Named::new(100, [window(0, 10), window(20, 30)].into_iter().collect()).unwrap();
        let left: Vec<_> = named.left_of(window(5, 25), 109, 10).iter().collect();
        assert_eq!(left, [window(5, 10), window(20, 25)]);
        assert!(named.left_of(window(5, 25), 110, 10).is_empty());
        assert_eq!(named.ranges().iter().collect::<Vec<_>>(), [window(0, 5), window(25, 30)]);
    }
}
