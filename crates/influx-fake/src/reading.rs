//! What a query must read to be struck by a fault.

use std::ops::Range;

use crate::engine::Scan;

/// What one of a query's scans must read, all of it; any scan will do if nothing is said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) rows_over: Option<usize>,
    pub(crate) files_over: Option<usize>,
    /// A half-open range of time, in nanoseconds, of which no part may be left out.
    pub(crate) whole: Option<Range<i64>>,
}

impl Reading {
    pub(crate) fn is_in(&self, scans: &[Scan]) -> bool {
        scans.iter().any(|scan| {
            self.rows_over.is_none_or(|rows| scan.rows > rows)
                && self.files_over.is_none_or(|files| scan.files > files)
                && self.whole.as_ref().is_none_or(|whole| {
                    scan.times.start <= i128::from(whole.start)
                        && scan.times.end >= i128::from(whole.end)
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scan_must_read_all_of_it() {
        let scan = |times, rows, files| Scan { times, rows, files };
        let scans = [scan(0..10, 5, 1), scan(20..30, 1, 5)];
        let reading = |rows_over, files_over, whole| Reading { rows_over, files_over, whole };
        for (reading, expect) in [
            (Reading::default(), true),
            (reading(Some(4), None, None), true),
            (reading(Some(5), None, None), false),
            (reading(None, Some(4), None), true),
            (reading(Some(4), Some(4), None), false),
            (reading(None, None, Some(0..10)), true),
            (reading(None, None, Some(3..4)), true),
            (reading(None, None, Some(5..11)), false),
            (reading(None, Some(4), Some(5..6)), false),
        ] {
            assert_eq!(reading.is_in(&scans), expect, "{reading:?}");
            assert!(!reading.is_in(&[]));
        }
    }
}
