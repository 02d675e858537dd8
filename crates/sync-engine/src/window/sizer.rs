//! How long the next window should be.

use crate::error::Refusal;
use crate::window::{Density, Window};

/// How long windows should be, learnt from those that were read.
///
/// A window should bring about as many rows as it was told, or 64 MB of Arrow, whichever comes
/// first: enough to be worth a query, and little enough to be read again after a fault. Where the
/// server shows its files, they tell how long that is; elsewhere windows start short, and the next
/// one follows from what the last one brought. A limit of the server is remembered.
#[derive(Clone, Debug)]
pub(crate) struct WindowSizer {
    rows: u64,
    /// How long the next window is, where files do not tell.
    length: u64,
    /// What a limit of the server allows for windows with points in them.
    allowed: u64,
    density: Option<Density>,
    /// How long a stretch one file holds, in nanoseconds counted from 1970.
    file_span: i64,
    /// How many bytes a row takes, as the last window showed.
    row_bytes: f64,
    /// Windows whose reading was interrupted in an earlier sync: where they were, windows are half
    /// as long at most.
    interrupted: Vec<Window>,
    /// Whether the last window was refused, so that the next one must be shorter whatever files
    /// tell.
    is_refused: bool,
    /// How much of what a window should hold the last one held.
    load: f64,
    /// Whether the server was short of memory or time.
    is_pressed: bool,
}

/// A window that cannot be made any shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CannotShrink;

/// How much Arrow a window should hold at most, in bytes.
const BYTES: f64 = 64.0 * 1024.0 * 1024.0;
const HOUR: u64 = 3_600_000_000_000;
/// The first window: what a sync within the hour reads of a table that is caught up, with the usual
/// lookback.
const FIRST: u64 = 2 * HOUR;
/// How much longer the next window may be: enough to cross a year of nothing in a handful of
/// queries.
const GROWTH: f64 = 8.0;

/// Where a window should end that starts at `from` and would end at `end`, next to one that was
/// interrupted: before it, or after half of its length.
fn careful(from: i64, end: i64, interrupted: Window) -> i64 {
    if end <= interrupted.from() || from >= interrupted.to() {
        end
    } else if from < interrupted.from() {
        interrupted.from()
    } else {
        end.min(from.saturating_add_unsigned((interrupted.length() / 2).max(1)))
    }
}

impl WindowSizer {
    /// For windows of about so many rows.
    pub(crate) fn new(
        rows: u64,
        density: Option<Density>,
        interrupted: Vec<Window>,
        file_span: i64,
    ) -> Self {
        Self {
            rows,
            length: FIRST,
            allowed: u64::MAX,
            density,
            file_span: file_span.max(1),
            row_bytes: 0.0,
            interrupted,
            is_refused: false,
            load: 0.0,
            is_pressed: false,
        }
    }

    /// The window that starts at `from` and ends at `to` at the latest, or `None` if there is
    /// nothing left.
    pub(crate) fn next(&self, from: i64, to: i64) -> Option<Window> {
        let end = self.end(from).min(to);
        Window::new(
            from,
            self.interrupted.iter().fold(end, |end, before| careful(from, end, *before)),
        )
    }

    fn end(&self, from: i64) -> i64 {
        let by_length = from.saturating_add_unsigned(self.length);
        let by_files = self.density.as_ref().and_then(|files| files.end(from, self.wanted_rows()));
        match by_files {
            Some(by_files) if self.is_refused => by_files.min(by_length),
            Some(by_files) => by_files,
            None => {
                let whole_files = by_length.saturating_sub(by_length.rem_euclid(self.file_span));
                if whole_files > from { whole_files } else { by_length }
            }
        }
    }

    fn wanted_rows(&self) -> u64 {
        // What a row takes is known only roughly: floating point is exact enough.
        (self.rows as f64).min(BYTES / self.row_bytes.max(1.0)) as u64
    }

    /// How many windows may be read at once, out of `most`. Where points are few, each window tells
    /// how long the next should be; and a server that is short of memory is asked for one window at
    /// a time.
    pub(crate) fn width(&self, most: usize) -> usize {
        let is_worth_it = self.density.is_some() || self.load >= 1.0 / GROWTH;
        if is_worth_it && !self.is_pressed { most } else { 1 }
    }

    /// Learns from a window that was read.
    pub(crate) fn learn(&mut self, window: Window, rows: u64, bytes: usize) {
        self.is_refused = false;
        self.load = f64::max(rows as f64 / self.rows as f64, bytes as f64 / BYTES);
        let factor = (1.0 / self.load).clamp(1.0 / GROWTH, GROWTH);
        let length = (window.length() as f64 * factor) as u64;
        if rows > 0 {
            self.row_bytes = bytes as f64 / rows as f64;
        }
        // Where there are no points there are hardly any files, so that a limit on files may be
        // tried again.
        let longest = if rows > 0 { self.allowed } else { u64::MAX };
        self.length = length.clamp(1, longest);
    }

    /// Learns from a window that the server refused as too big.
    pub(crate) fn halve(&mut self, window: Window, refusal: Refusal) -> Result<(), CannotShrink> {
        let half = window.length() / 2;
        if half == 0 {
            return Err(CannotShrink);
        }
        if let Some(density) = &mut self.density
            && !density.halve(window.from(), window.to())
        {
            // Files do not tell why this one is too big.
            self.density = None;
        }
        self.is_refused = true;
        self.length = half.min(self.allowed);
        match refusal {
            Refusal::Limit => self.allowed = self.length,
            Refusal::Pressure => self.is_pressed = true,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, CannotShrink, FIRST, HOUR, Refusal, WindowSizer};
    use crate::window::{EARLIEST, Window};
    use proptest::prelude::*;

    const DAY: i64 = 24 * HOUR as i64;

    fn new(rows: u64) -> WindowSizer {
        WindowSizer::new(rows, None, Vec::new(), HOUR as i64 / 6)
    }

    /// How many queries a table takes whose points `has_points` describes, where a limit refuses
    /// windows that hold more than `limit` nanoseconds of them.
    fn queries(from: i64, upper: i64, limit: i64, points: impl Fn(Window) -> i64) -> usize {
        let (mut sizer, mut at, mut queries) = (new(500_000), from, 0);
        while let Some(window) = sizer.next(at, upper) {
            queries += 1;
            let points = points(window);
            if points > limit {
                sizer.halve(window, Refusal::Limit).unwrap();
            } else {
                sizer.learn(window, (points > 0).into(), 0);
                at = window.to();
            }
        }
        queries
    }

    #[test]
    fn a_year_of_nothing_takes_a_handful_of_queries() {
        assert_eq!(queries(0, 365 * DAY, 0, |_| 0), 5);
    }

    #[test]
    fn a_gap_is_crossed_fast_also_after_a_limit_was_met() {
        // A year of points, three years without, and a year again; 72 hours of points are the most
        // that a query may read.
        let inside = |window: Window| {
            let overlap =
                |from: i64, to: i64| (window.to().min(to) - window.from().max(from)).max(0);
            overlap(0, 365 * DAY) + overlap(4 * 365 * DAY, 5 * 365 * DAY)
        };
        let queries = queries(0, 5 * 365 * DAY, 3 * DAY, inside);
        assert!((240..420).contains(&queries), "{queries}");
    }

    #[test]
    fn aims_at_rows_or_bytes() {
        let hour = Window::new(0, HOUR as i64).unwrap();
        let mut sizer = new(1_000);
        sizer.learn(hour, 2_000, 0);
        assert_eq!(sizer.length, HOUR / 2);
        sizer.learn(hour, 500, 0);
        assert_eq!(sizer.length, HOUR * 2);
        sizer.learn(hour, 500, 4 * BYTES as usize);
        assert_eq!(sizer.length, HOUR / 4);
    }

    #[test]
    fn what_a_limit_refused_is_not_tried_again() {
        let mut sizer = new(1_000);
        let hour = Window::new(0, HOUR as i64).unwrap();
        assert_eq!(sizer.halve(hour, Refusal::Limit), Ok(()));
        sizer.learn(Window::new(0, HOUR as i64 / 2).unwrap(), 1, 0);
        assert_eq!(sizer.next(0, i64::MAX), Window::new(0, HOUR as i64 / 2));
        assert_eq!(sizer.halve(Window::new(7, 8).unwrap(), Refusal::Limit), Err(CannotShrink));
    }

    #[test]
    fn what_pressure_refused_is_tried_again_later_but_not_in_parallel() {
        let mut sizer = new(1_000);
        let hour = Window::new(0, HOUR as i64).unwrap();
        sizer.learn(hour, 1_000, 0);
        assert_eq!(sizer.width(4), 4);
        assert_eq!(sizer.halve(hour, Refusal::Pressure), Ok(()));
        let half = sizer.next(0, i64::MAX).unwrap();
        assert_eq!(half.length(), HOUR / 2);
        sizer.learn(half, 500, 0);
        assert_eq!((sizer.length, sizer.width(4)), (HOUR, 1));
    }

    #[test]
    fn windows_end_with_files() {
        let sizer = new(1_000);
        let from = 7 * HOUR as i64 + 1;
        let window = sizer.next(from, i64::MAX).unwrap();
        assert_eq!((window.from(), window.to()), (from, 9 * HOUR as i64));
        assert!(window.length() < FIRST);
    }

    proptest! {
        #[test]
        fn windows_tile_without_holes(
            from in EARLIEST..i64::MAX,
            upper in EARLIEST..i64::MAX,
            steps in proptest::collection::vec(
                (any::<bool>(), 0u64..10_000_000, 0usize..1_000_000_000),
                1..50,
            ),
        ) {
            let mut sizer = new(500_000);
            let mut at = from;
            for (refused, rows, bytes) in steps {
                let Some(window) = sizer.next(at, upper) else { break };
                prop_assert_eq!(window.from(), at);
                prop_assert!(window.to() > at && window.to() <= upper);
                if refused {
                    let refusal = if rows % 2 == 0 { Refusal::Limit } else { Refusal::Pressure };
                    if sizer.halve(window, refusal).is_ok() {
                        let shorter = sizer.next(at, upper).map_or(0, Window::length);
                        prop_assert!(shorter <= window.length() / 2);
                    }
                } else {
                    sizer.learn(window, rows, bytes);
                    at = window.to();
                }
            }
        }
    }
}
