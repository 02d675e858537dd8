//! What of a table is still to be read.

use std::collections::VecDeque;

use crate::pace::Pace;
use crate::plant::{Defect, is_planted};
use crate::stretches::Stretches;
use crate::window::Window;

/// What of a table is still to be read, handed out as windows that never overlap.
///
/// There is the stretch from about the cursor up to the upper bound, which the cursor follows, and there are stretches before it that
/// are read again. Windows may be read in parallel and end in any order; whatever their order, two of them never read the same point, so
/// that an older answer cannot overwrite a newer one.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Where the stretch begins that the cursor follows.
    from: i64,
    /// Where it ends.
    upper: i64,
    /// Stretches that nobody reads yet, in the order in which they are to be read.
    pending: VecDeque<Window>,
    in_flight: Vec<Window>,
}

impl Plan {
    /// Reads `from` to `upper`, and then `again` as far as it lies before that.
    pub(crate) fn new(from: i64, upper: i64, again: &Stretches) -> Self {
        let again = if is_planted(Defect::RangesOverlap) {
            again.clone()
        } else {
            again.between(i64::MIN, from)
        };
        let pending = Window::new(from, upper).into_iter().chain(again.iter()).collect();
        Self { from, upper, pending, in_flight: Vec::new() }
    }

    /// How much is to be read, in nanoseconds.
    pub(crate) fn length(&self) -> u64 {
        self.pending.iter().fold(0, |length, window| length.saturating_add(window.length()))
    }

    /// The next window to read.
    pub(crate) fn next(&mut self, pace: &Pace) -> Option<Window> {
        let stretch = self.pending.pop_front()?;
        let window = pace.next(stretch.from(), stretch.to())?;
        let rest_from = if is_planted(Defect::HolesBetweenWindows) {
            window.to().saturating_add(1)
        } else {
            window.to()
        };
        if let Some(rest) = Window::new(rest_from, stretch.to()) {
            self.pending.push_front(rest);
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
        if is_planted(Defect::RefusedWindowSkipped) {
            return;
        }
        // What comes right after it joins it, so that the next window may be of any length.
        match self.pending.front().copied() {
            Some(next) if next.from() == window.to() => {
                self.pending.pop_front();
                if let Some(joined) = Window::new(window.from(), next.to()) {
                    self.pending.push_front(joined);
                }
            }
            _ => self.pending.push_front(window),
        }
    }

    /// The time up to which everything has been read, beginning at where the plan began: a safe place for the cursor.
    pub(crate) fn read_up_to(&self) -> i64 {
        let open = self.pending.iter().chain(&self.in_flight);
        let open = open.map(|window| window.from()).filter(|from| *from >= self.from);
        open.min().unwrap_or(self.upper)
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;
    use crate::pace::{Pace, Refusal};
    use crate::stretches::Stretches;
    use crate::window::Window;
    use proptest::prelude::*;

    fn window(from: i64, to: i64) -> Window {
        Window::new(from, to).unwrap()
    }

    #[test]
    fn the_cursor_waits_for_the_first_window_that_is_open() {
        const HOUR: i64 = 3_600_000_000_000;
        let mut plan = Plan::new(0, 5 * HOUR, &Stretches::default());
        let pace = Pace::new(1_000, None);
        let windows: Vec<_> = std::iter::from_fn(|| plan.next(&pace)).collect();
        assert_eq!(
            windows,
            [window(0, 2 * HOUR), window(2 * HOUR, 4 * HOUR), window(4 * HOUR, 5 * HOUR)]
        );
        plan.done(windows[1]);
        assert_eq!(plan.read_up_to(), 0);
        plan.done(windows[0]);
        assert_eq!(plan.read_up_to(), 4 * HOUR);
        plan.put_back(windows[2]);
        assert_eq!(plan.read_up_to(), 4 * HOUR);
        assert_eq!(plan.next(&pace), Some(windows[2]));
        plan.done(windows[2]);
        assert_eq!((plan.read_up_to(), plan.next(&pace)), (5 * HOUR, None));
    }

    #[test]
    fn a_plan_without_a_stretch_is_done() {
        let mut plan = Plan::new(7, 7, &Stretches::default());
        assert_eq!((plan.next(&Pace::new(1, None)), plan.read_up_to()), (None, 7));
    }

    proptest! {
        /// However windows end, what is read is what was planned, each nanosecond once, and the cursor never passes what is open.
        #[test]
        fn everything_is_read_once(
            from in 0i64..1_000,
            length in 0i64..1_000,
            again in proptest::collection::vec((0i64..2_000, 1i64..200), 0..5),
            steps in proptest::collection::vec((0u8..4, any::<prop::sample::Index>()), 1..200),
        ) {
            let upper = from + length;
            let again: Stretches = again.into_iter().map(|(from, length)| window(from, from + length)).collect();
            let mut wanted = again.between(0, from);
            if let Some(main) = Window::new(from, upper) {
                wanted.insert(main);
            }
            let mut pace = Pace::new(1_000, None);
            // A nanosecond a row, so that windows are a few nanoseconds long.
            pace.halve(window(0, 64), Refusal::Limit).unwrap();
            let (mut plan, mut open, mut read) = (Plan::new(from, upper, &again), Vec::new(), Stretches::default());
            // Then whatever is left, in order.
            let end = std::iter::repeat_n((0, steps[0].1), 10_000);
            for (step, index) in steps.into_iter().chain(end) {
                match step {
                    0 | 1 => open.extend(plan.next(&pace)),
                    2 if !open.is_empty() => plan.put_back(open.swap_remove(index.index(open.len()))),
                    _ => {}
                }
                if (step == 0 || step == 3) && !open.is_empty() {
                    let done = open.swap_remove(index.index(open.len()));
                    prop_assert!(read.between(done.from(), done.to()).is_empty(), "{done} is read twice");
                    read.insert(done);
                    plan.done(done);
                }
                let up_to = plan.read_up_to();
                let missing = Window::new(from, up_to).is_some_and(|window| {
                    read.between(window.from(), window.to()) != [window].into_iter().collect()
                });
                prop_assert!(!missing, "the cursor is at {up_to}, and only {read:?} is read");
            }
            prop_assert_eq!(read, wanted);
            prop_assert_eq!(plan.read_up_to(), upper);
        }
    }
}
