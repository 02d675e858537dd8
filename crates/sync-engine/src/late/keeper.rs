//! What keeps the counts of a table while it is read.

use crate::late::counts::{Counts, MainStretch};
use crate::late::tally::{Counting, Tally};
use crate::late::units::Units;
use crate::window::{TimeRangeSet, Window};

/// Keeps the counts of a table while it is read: a window counts when all before it is read, since
/// the next sync goes on from there and counts what follows once more.
#[derive(Debug)]
pub(crate) struct CountKeeper {
    units: Units,
    main: MainStretch,
    /// What was read of the main stretch beyond a window that is still open.
    pending: Vec<(Window, Tally)>,
    /// What was read again from before the main stretch and is no whole hour or day yet.
    again: TimeRangeSet,
    tally: Tally,
}

impl CountKeeper {
    pub(crate) fn new(units: Units, main: MainStretch) -> Self {
        let (again, tally) = (TimeRangeSet::default(), Tally::default());
        Self { units, main, pending: Vec::new(), again, tally }
    }

    pub(crate) fn units(&self) -> &Units {
        &self.units
    }

    /// What is to be counted of the rows.
    pub(crate) fn counting(&self) -> Counting {
        Counting { from: self.units.first(), cursor: self.main.cursor }
    }

    /// Counts a window that was read to its end, where all of the main stretch before
    /// `low_watermark` is read.
    pub(crate) fn read(
        &mut self,
        counts: &mut Counts,
        window: Window,
        tally: Tally,
        low_watermark: i64,
    ) {
        if window.from() < self.main.from {
            self.again.insert(window);
            self.tally.extend(&tally);
            counts.read_again(&self.units, &mut self.again, &self.tally);
            return;
        }
        self.pending.push((window, tally));
        self.pending.sort_unstable_by_key(|(window, _)| window.from());
        let ready = self.pending.iter().take_while(|(window, _)| window.to() <= low_watermark);
        for (window, tally) in self.pending.drain(..ready.count()) {
            counts.go_on(&self.units, self.main, window, &tally);
        }
    }

    /// Notes that the main stretch is read to its end: what is read from now on is read again.
    pub(crate) fn main_is_read(&mut self) {
        self.main.from = i64::MAX;
        (self.again, self.tally) = (TimeRangeSet::default(), Tally::default());
    }
}
