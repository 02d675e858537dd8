//! The audit: what was read is held against what the database counts.

use crate::late::tally::Tally;
use crate::late::units::Units;
use crate::sync::{NoAnswer, Session};
use crate::table::SelectedTable;
use crate::time_series::{Bin, TimeSeries};
use crate::window::Window;

/// Counts what the database has of the hours and days that are compared, in two questions, or more
/// where one reads too much.
///
/// # Errors
///
/// A question is not answered.
pub(crate) async fn count<D: TimeSeries, S>(
    session: &Session<'_, D, S>,
    selected: &SelectedTable,
    units: &Units,
) -> Result<Tally, NoAnswer> {
    let measurement = &selected.source.measurement;
    let fields = selected.fields();
    let mut tally = Tally::default();
    let windows = units.compared_by().into_iter().zip([Bin::Day, Bin::Hour]);
    let mut open: Vec<_> = windows.filter_map(|(window, bin)| Some((window?, bin))).collect();
    while let Some((window, bin)) = open.pop() {
        let ask = || session.database.counts(measurement, &fields, window, bin);
        match session.ask(measurement, ask).await {
            Ok(bins) => {
                for (start, count) in bins {
                    tally.counted(start.max(window.from()), count);
                }
            }
            Err(NoAnswer::This(failure)) if failure.refusal().is_some() => {
                let middle = window.from().midpoint(window.to());
                let halves =
                    Window::new(window.from(), middle).zip(Window::new(middle, window.to()));
                let Some((first, second)) = halves else { return Err(NoAnswer::This(failure)) };
                open.extend([(second, bin), (first, bin)]);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(tally)
}
