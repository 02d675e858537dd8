//! The audit of a table, when all else of it is read.

use sync_core::Sink;

use crate::error::Failure;
use crate::late::count;
use crate::sync::NoAnswer;
use crate::table::sync::TableSync;
use crate::time_series::TimeSeries;
use crate::window::{MOST_RANGES, TimeRangeSet, WindowQueue};

impl<D: TimeSeries, S: Sink> TableSync<'_, '_, D, S> {
    /// Holds what was read against what the database counts, every few hours; gives whether there
    /// is more to read.
    ///
    /// It comes after the rows, so that nobody waits for it. Whatever came since they were read
    /// makes a difference, and is read then.
    ///
    /// # Errors
    ///
    /// The database is out of reach. That it does not count is no error: the other nets remain.
    pub(super) async fn audit(&mut self) -> Result<bool, Failure> {
        let Some(keeper) = self.counts.as_mut().filter(|_| !self.is_audited) else {
            return Ok(false);
        };
        self.is_audited = true;
        let (measurement, upper_bound) =
            (&self.selected.source.measurement, self.session.upper_bound);
        let progress = &self.session.progress;
        let counts = progress.position(measurement).and_then(|position| position.notes.counts);
        if !counts.is_some_and(|counts| counts.are_due(upper_bound)) {
            return Ok(false);
        }
        let now = match count(self.session, &self.selected, keeper.units()).await {
            Ok(now) => now,
            Err(NoAnswer::All(failure)) => return Err(failure),
            Err(NoAnswer::This(failure)) => {
                let reason = failure.reason();
                tracing::info!(measurement, reason, "the points of a table could not be counted");
                return Ok(false);
            }
        };
        let mut different = TimeRangeSet::default();
        progress.note(measurement, |notes| {
            let Some(counts) = &mut notes.counts else { return false };
            different = counts.compare(keeper.units(), &now, upper_bound).coarsened(MOST_RANGES);
            notes.backfill.extend(&different);
            true
        });
        if different.is_empty() {
            return Ok(false);
        }
        tell(measurement, &different);
        keeper.main_is_read();
        self.queue = WindowQueue::new(upper_bound, upper_bound, &different);
        Ok(true)
    }
}

fn tell(measurement: &str, different: &TimeRangeSet) {
    const HOUR: u64 = 3_600_000_000_000;
    let hours = different.iter().map(|window| window.length().div_ceil(HOUR)).sum::<u64>();
    tracing::info!(
        measurement,
        hours,
        "hours have other numbers of points or values than were read, and are read again"
    );
}
