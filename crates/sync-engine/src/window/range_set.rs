//! Sets of times.

use rangemap::RangeSet;
use serde::{Deserialize, Serialize};

use crate::window::Window;

/// How many ranges are told apart, at most, of what stands in a state until it is read.
pub(crate) const MOST_RANGES: usize = 500;

/// Ranges of time that neither overlap nor touch, in order.
///
/// In JSON each is a pair of texts: nanoseconds do not survive every JSON library as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Window>", into = "Vec<Window>")]
pub(crate) struct TimeRangeSet(RangeSet<i64>);

impl TimeRangeSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Window> {
        self.0.iter().filter_map(|range| Window::new(range.start, range.end))
    }

    pub(crate) fn insert(&mut self, window: Window) {
        self.0.insert(window.from()..window.to());
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        self.0.extend(others.0.iter().cloned());
    }

    /// Whether all of a window is in it.
    pub(crate) fn has(&self, window: Window) -> bool {
        self.0.gaps(&(window.from()..window.to())).next().is_none()
    }

    /// Takes a window out; gives whether there was anything of it.
    pub(crate) fn remove(&mut self, window: Window) -> bool {
        let is_any = self.0.overlaps(&(window.from()..window.to()));
        self.0.remove(window.from()..window.to());
        is_any
    }

    /// What of this lies between two times.
    pub(crate) fn between(&self, from: i64, to: i64) -> Self {
        let Some(window) = Window::new(from, to) else { return Self::default() };
        let cut = |range: &std::ops::Range<i64>| range.start.max(from)..range.end.min(to);
        Self(self.0.overlapping(window.from()..window.to()).map(cut).collect())
    }

    /// The same with at most so many ranges: those that lie nearest to each other become one. What
    /// it covers only grows.
    pub(crate) fn coarsened(mut self, most: usize) -> Self {
        while self.len() > most.max(1) {
            let mut gaps: Vec<_> = self
                .0
                .iter()
                .zip(self.0.iter().skip(1))
                .map(|(one, next)| (next.start.abs_diff(one.end), one.end..next.start))
                .collect();
            gaps.sort_unstable_by_key(|(length, _)| *length);
            gaps.truncate(self.len() - most.max(1));
            self.0.extend(gaps.into_iter().map(|(_, gap)| gap));
        }
        self
    }
}

impl FromIterator<Window> for TimeRangeSet {
    fn from_iter<T: IntoIterator<Item = Window>>(windows: T) -> Self {
        Self(windows.into_iter().map(|window| window.from()..window.to()).collect())
    }
}

impl From<Vec<Window>> for TimeRangeSet {
    fn from(windows: Vec<Window>) -> Self {
        windows.into_iter().collect()
    }
}

impl From<TimeRangeSet> for Vec<Window> {
    fn from(set: TimeRangeSet) -> Self {
        set.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::TimeRangeSet;
    use crate::window::Window;

    fn ranges(all: &[(i64, i64)]) -> TimeRangeSet {
        all.iter().filter_map(|&(from, to)| Window::new(from, to)).collect()
    }

    #[test]
    fn ranges_that_touch_become_one() {
        assert_eq!(ranges(&[(5, 7), (0, 2), (2, 5), (9, 10)]), ranges(&[(0, 7), (9, 10)]));
    }

    #[test]
    fn are_cut_to_what_lies_between() {
        let all = ranges(&[(0, 10), (20, 30), (40, 50)]);
        assert_eq!(all.between(5, 45), ranges(&[(5, 10), (20, 30), (40, 45)]));
        assert_eq!(all.between(12, 12), TimeRangeSet::default());
    }

    #[test]
    fn the_nearest_become_one_when_there_are_too_many() {
        let all = ranges(&[(0, 1), (10, 11), (12, 13), (100, 101)]);
        assert_eq!(all.clone().coarsened(3), ranges(&[(0, 1), (10, 13), (100, 101)]));
        assert_eq!(all.clone().coarsened(1), ranges(&[(0, 101)]));
        assert_eq!(all.clone().coarsened(9), all);
    }

    #[test]
    fn times_are_texts_in_json() {
        let all = ranges(&[(i64::MIN, -1), (1, i64::MAX)]);
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(json, r#"[["-9223372036854775808","-1"],["1","9223372036854775807"]]"#);
        assert_eq!(serde_json::from_str::<TimeRangeSet>(&json).unwrap(), all);
        assert!(serde_json::from_str::<TimeRangeSet>(r#"[["2","1"]]"#).is_err());
    }
}
