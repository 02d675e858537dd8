//! What of a table is still to be read.

use std::collections::VecDeque;

use crate::window::{TimeRangeSet, Window, WindowSizer};

/// What of a table is still to be read, handed out as windows that never overlap.
///
/// There is the main stretch, from about the cursor up to the upper bound, which the cursor
/// follows; and there is the backfill before it, which begins when the main stretch is read to its
/// end: what is wrong with old points must not keep fresh ones back. Windows may be read in
/// parallel and end in any order; whatever their order, two of them never read the same point, so
/// that an older answer cannot overwrite a newer one.
#[derive(Debug)]
pub(crate) struct WindowQueue {
    /// Where the main stretch begins.
    from: i64,
    /// Where it ends.
    upper_bound: i64,
    /// What of the main stretch nobody reads yet, in order.
    main: VecDeque<Window>,
    /// What of the backfill nobody reads yet, in order.
    backfill: VecDeque<Window>,
    in_flight: Vec<Window>,
}

impl WindowQueue {
    /// Reads `from` to `upper_bound`, and then the backfill as far as it lies before that.
    pub(crate) fn new(from: i64, upper_bound: i64, backfill: &TimeRangeSet) -> Self {
        Self {
            from,
            upper_bound,
            main: Window::new(from, upper_bound).into_iter().collect(),
            backfill: backfill.between(i64::MIN, from).iter().collect(),
            in_flight: Vec::new(),
        }
    }

    /// Where the main stretch begins, in nanoseconds since 1970-01-01T00:00:00Z.
    pub(crate) fn from(&self) -> i64 {
        self.from
    }

    /// How much is to be read, in nanoseconds.
    pub(crate) fn length(&self) -> u64 {
        let pending = self.main.iter().chain(&self.backfill);
        pending.fold(0, |length, window| length.saturating_add(window.length()))
    }

    /// The next window to read; `None` if there is none, or none yet.
    pub(crate) fn next(&mut self, sizer: &WindowSizer) -> Option<Window> {
        let is_main_read = self.low_watermark() == self.upper_bound;
        let pending = if is_main_read { &mut self.backfill } else { &mut self.main };
        let stretch = pending.pop_front()?;
        let window = sizer.next(stretch.from(), stretch.to())?;
        if let Some(rest) = Window::new(window.to(), stretch.to()) {
            pending.push_front(rest);
        }
        self.in_flight.push(window);
        Some(window)
    }

    /// Notes that a window was read to its end.
    pub(crate) fn done(&mut self, window: Window) {
        self.in_flight.retain(|other| *other != window);
    }

    /// Takes back a window that could not be read.
    pub(crate) fn put_back(&mut self, window: Window) {
        self.done(window);
        let is_main = window.from() >= self.from;
        let pending = if is_main { &mut self.main } else { &mut self.backfill };
        // What comes right after it joins it, so that the next window may be of any length.
        match pending.front().copied() {
            Some(next) if next.from() == window.to() => {
                pending.pop_front();
                if let Some(joined) = Window::new(window.from(), next.to()) {
                    pending.push_front(joined);
                }
            }
            _ => pending.push_front(window),
        }
    }

    /// The time up to which all of the main stretch has been read: a safe place for the cursor.
    pub(crate) fn low_watermark(&self) -> i64 {
        let open = self.main.iter().chain(&self.in_flight);
        let open = open.map(|window| window.from()).filter(|from| *from >= self.from);
        open.min().unwrap_or(self.upper_bound)
    }
}

#[cfg(test)]
mod tests {
    use super::WindowQueue;
    use crate::error::Refusal;
    use crate::window::{TimeRangeSet, Window, WindowSizer};
    use proptest::prelude::*;

    const TEN_MINUTES: i64 = 600_000_000_000;

    fn window(from: i64, to: i64) -> Window {
        Window::new(from, to).unwrap()
    }

    #[test]
    fn the_cursor_waits_for_the_first_window_that_is_open() {
        const HOUR: i64 = 3_600_000_000_000;
        let mut queue = WindowQueue::new(0, 5 * HOUR, &TimeRangeSet::default());
        let sizer = WindowSizer::new(1_000, None, Vec::new(), TEN_MINUTES);
        let windows: Vec<_> = std::iter::from_fn(|| queue.next(&sizer)).collect();
        assert_eq!(
            windows,
            [window(0, 2 * HOUR), window(2 * HOUR, 4 * HOUR), window(4 * HOUR, 5 * HOUR)]
        );
        queue.done(windows[1]);
        assert_eq!(queue.low_watermark(), 0);
        queue.done(windows[0]);
        assert_eq!(queue.low_watermark(), 4 * HOUR);
        queue.put_back(windows[2]);
        assert_eq!(queue.low_watermark(), 4 * HOUR);
        assert_eq!(queue.next(&sizer), Some(windows[2]));
        queue.done(windows[2]);
        assert_eq!((queue.low_watermark(), queue.next(&sizer)), (5 * HOUR, None));
    }

    #[test]
    fn a_queue_without_a_stretch_is_done() {
        let mut queue = WindowQueue::new(7, 7, &TimeRangeSet::default());
        assert_eq!(
            (
                queue.next(&WindowSizer::new(1, None, Vec::new(), TEN_MINUTES)),
                queue.low_watermark()
            ),
            (None, 7)
        );
    }

    proptest! {
        /// However windows end, what is read is what was queued, each nanosecond once, and the
        /// cursor never passes what is open.
        #[test]
        fn everything_is_read_once(
            from in 0i64..1_000,
            length in 0i64..1_000,
            again in proptest::collection::vec((0i64..2_000, 1i64..200), 0..5),
            steps in proptest::collection::vec((0u8..4, any::<prop::sample::Index>()), 1..200),
        ) {
            let upper = from + length;
            let again = again.into_iter().map(|(from, length)| window(from, from + length));
            let again: TimeRangeSet = again.collect();
            let mut wanted = again.between(0, from);
            if let Some(main) = Window::new(from, upper) {
                wanted.insert(main);
            }
            let mut sizer = WindowSizer::new(1_000, None, Vec::new(), TEN_MINUTES);
            // A nanosecond a row, so that windows are a few nanoseconds long.
            sizer.halve(window(0, 64), Refusal::Limit).unwrap();
            let mut queue = WindowQueue::new(from, upper, &again);
            let (mut open, mut read) = (Vec::new(), TimeRangeSet::default());
            // Then whatever is left, in order.
            let end = std::iter::repeat_n((0, steps[0].1), 10_000);
            for (step, index) in steps.into_iter().chain(end) {
                match step {
                    0 | 1 => open.extend(queue.next(&sizer)),
                    2 if !open.is_empty() => {
                        queue.put_back(open.swap_remove(index.index(open.len())));
                    }
                    _ => {}
                }
                if (step == 0 || step == 3) && !open.is_empty() {
                    let done = open.swap_remove(index.index(open.len()));
                    let before = read.between(done.from(), done.to());
                    prop_assert!(before.is_empty(), "{done} is read twice");
                    read.insert(done);
                    queue.done(done);
                }
                let main_first = open.iter().all(|window: &Window| window.from() >= from);
                let up_to = queue.low_watermark();
                prop_assert!(main_first || up_to == upper, "the backfill does not wait");
                let missing = Window::new(from, up_to).is_some_and(|window| {
                    read.between(window.from(), window.to()) != [window].into_iter().collect()
                });
                prop_assert!(!missing, "the cursor is at {up_to}, and only {read:?} is read");
            }
            prop_assert_eq!(read, wanted);
            prop_assert_eq!(queue.low_watermark(), upper);
        }
    }
}
